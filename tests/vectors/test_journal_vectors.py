"""Every file of the golden vectors is read: good ones hold (under stock OpenSSH too), bad ones are refused as named."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from console.domain import actions, errors
from console.domain.profile import MAX_DOCUMENT_BYTES, check_text
from console.journal import envelope, segments
from console.journal.faults import BadSegment
from console.keys import canon, faults
from console.keys.publickey import PublicKey
from console.keys.sshsig import Verifier, armour

HERE = Path(__file__).parent
FAULTS = {"BadForm": errors.BadForm, "UnknownField": errors.UnknownField, "BadSignature": faults.BadSignature}


def files(folder, pattern="*.json"):
    found = sorted((HERE / folder).glob(pattern))
    assert found
    return [pytest.param(path, id=path.stem) for path in found if path.name != "refused-text.json"]


def load(path):
    value = json.loads(path.read_text())
    assert (value["fault"] is None) == path.name.startswith("good-")
    assert path.name.startswith(("good-", "bad-"))
    return value


def keygen_accepts(tmp_path, value, raw, sig):
    namespace = value["namespace"]
    (tmp_path / "signers").write_text(f'signer namespaces="{namespace}" {value["key"]}\n')
    (tmp_path / "sig").write_text(armour(sig))
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "signer", "-n", namespace,
         "-s", tmp_path / "sig"],
        input=raw, capture_output=True, check=False,
        timeout=300,
    )  # fmt: skip
    return done.returncode == 0


def test_the_files_are_what_the_generator_makes():
    done = subprocess.run(
        [sys.executable, str(HERE / "generate_journal.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", files("entries"))
def test_entry(path, tmp_path):
    value = load(path)
    raw, sig = base64.b64decode(value["e"]), base64.b64decode(value["s"])
    verifier = Verifier(PublicKey.parse(value["key"]), value["namespace"])
    assert canon.sha256_hex(raw) == value["id"]
    if value["fault"] is None:
        entry = envelope.verify_entry(raw, sig, verifier)
        assert canon.encode(entry.as_json()) == raw
        assert keygen_accepts(tmp_path, value, raw, sig)
        return
    with pytest.raises(FAULTS[value["fault"]]):
        envelope.verify_entry(raw, sig, verifier)
    if value["fault"] == "BadSignature":
        assert not keygen_accepts(tmp_path, value, raw, sig)


@pytest.mark.parametrize("path", files("disclosures"))
def test_disclosure(path):
    value = load(path)
    if value["fault"] is None:
        digest, name, found = envelope.verify_disclosure(value["d"], (value["digest"],))
        assert (digest, name, found) == (value["digest"], value["name"], value["value"])
        assert canon.make_disclosure(bytes.fromhex(value["salt"]), name, found) == value["d"]
        with pytest.raises(errors.BadForm):
            envelope.verify_disclosure(value["d"], ("A" * 43,))
        return
    with pytest.raises(errors.BadForm):
        envelope.verify_disclosure(value["d"], (value["digest"],))


@pytest.mark.parametrize("path", [*files("actions"), *files("redactions")])
def test_document_or_approval(path, tmp_path):
    value = load(path)
    if "e" in value:
        check_approval(value, tmp_path)
        return
    raw = base64.b64decode(value["raw"])
    assert canon.sha256_hex(raw) == value["sha256"]
    if value["fault"] is None:
        parsed = canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
        assert canon.encode(actions.document_json(actions.parse_document(parsed))) == raw
        assert {canon.digest(text) for text in value["d"]} == envelope.digests_in(parsed)
        return
    with pytest.raises(FAULTS[value["fault"]]):
        actions.parse_document(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))


def check_approval(value, tmp_path):
    raw, sig = base64.b64decode(value["e"]), base64.b64decode(value["s"])
    verifier = Verifier(PublicKey.parse(value["key"]), value["namespace"])
    if value["fault"] != "BadForm":
        record = actions.ApprovalRecord.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))
        assert canon.encode(record.as_json()) == raw
    assert keygen_accepts(tmp_path, value, raw, sig) == (value["fault"] != "BadSignature")
    if value["fault"] is None:
        verifier.verify(raw, sig)
    elif value["fault"] == "BadSignature":
        with pytest.raises(faults.BadSignature):
            verifier.verify(raw, sig)
    else:
        with pytest.raises(errors.BadForm):
            actions.ApprovalRecord.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))


@pytest.mark.parametrize("path", files("segments", "*.seg"))
def test_segment(path):
    data = path.read_bytes()
    if path.name.startswith("good-"):
        assert segments.encode_segment(segments.decode_segment(data)) == data
        return
    with pytest.raises(BadSegment):
        segments.decode_segment(data)


@pytest.mark.parametrize("path", files("segments", "*.dis"))
def test_disclosure_file(path):
    data = path.read_bytes()
    if path.name.startswith("good-"):
        assert segments.encode_disclosures(segments.decode_disclosures(data)) == data
        return
    with pytest.raises(BadSegment):
        segments.decode_disclosures(data)


def test_refused_code_points_are_exactly_the_listed_ones():
    listed = json.loads((HERE / "entries" / "refused-text.json").read_text())
    first, last = listed["refused_range"]
    refused = {*listed["refused"], *range(first, last + 1)}
    assert not refused & set(listed["allowed"])
    for code in (*range(0x3000), *range(first, last + 1), *listed["allowed"]):
        try:
            check_text(chr(code))
        except errors.BadForm as fault:
            assert code in refused or "normal form" in fault.why  # noqa: PT017  either outcome is judged
        else:
            assert code not in refused
