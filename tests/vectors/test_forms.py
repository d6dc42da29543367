"""Every golden vector: good ones read back to the same bytes and verify, bad ones are refused for the stated fact."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.domain import actions, forms
from console.domain.errors import BadForm, UnknownField
from console.domain.kinds import check_kind
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.journal import envelope, segments
from console.keys import canon, roster, sshsig
from console.keys.faults import BadSignature
from console.keys.publickey import PublicKey
from tests.vectors import generate

FACTS: dict[str, type[Exception]] = {"BadForm": BadForm, "UnknownField": UnknownField, "BadSignature": BadSignature}
GOOD = sorted((generate.HERE / "good").glob("*.json"))
BAD = sorted((generate.HERE / "bad").glob("*.json"))


def parse(form: str, raw: bytes) -> Any:
    """What the form's own reader makes of the bytes, as the JSON it would sign again."""
    if form == "segment":
        return segments.encode_segment(segments.decode_segment(raw))
    if form == "disclosures":
        return segments.encode_disclosures(segments.decode_disclosures(raw))
    if form == "entry":
        entry = envelope.read_entry(raw)
        check_kind(entry.kind, entry.pub)
        return canon.encode(entry.as_json())
    value = canon.decode(raw, limit=MAX_DOCUMENT_BYTES)
    readers: dict[str, Any] = {
        "roster": forms.Roster,
        "policy": forms.Policy,
        "enrol": forms.Enrolment,
        "approval": actions.ApprovalRecord,
    }
    if form in readers:
        return canon.encode(readers[form].parse(value).as_json())
    return canon.encode(actions.document_json(actions.parse_document(value)))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_vector_reads_back_to_its_bytes_and_verifies(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    raw = vector["bytes"].encode()
    assert parse(vector["form"], raw) == raw
    assert canon.sha256_hex(raw) == vector["sha256"]
    for one in vector["signatures"]:
        sshsig.verify(PublicKey.parse(one["key"]), one["namespace"], raw, base64.b64decode(one["sig"]))
    if vector["form"] == "entry":
        entry = envelope.read_entry(raw)
        opened = {envelope.verify_disclosure(text, entry.sd)[0] for text in vector["disclosures"]}
        assert opened == set(entry.sd)


def read(vector: dict[str, Any], raw: bytes) -> None:
    if vector["form"] == "signature":
        key = PublicKey.parse(vector["key"])
        sshsig.verify(key, vector["namespace"], raw, base64.b64decode(vector["sig"]))
    else:
        parse(vector["form"], raw)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_vector_is_refused_for_its_fact(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    raw = base64.b64decode(vector["bytes64"])
    with pytest.raises(FACTS[vector["why"]]) as refused:
        read(vector, raw)
    assert str(refused.value)


def test_bad_vectors_differ_from_the_good_ones_they_attack() -> None:
    good = {json.loads(path.read_text(encoding="utf-8"))["bytes"].encode() for path in GOOD}
    for path in BAD:
        vector = json.loads(path.read_text(encoding="utf-8"))
        if vector["form"] != "signature":
            assert base64.b64decode(vector["bytes64"]) not in good, path.stem


def test_generator_writes_the_same_bytes_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_stock_ssh_keygen_verifies_every_signature(tmp_path: Path) -> None:
    checked = 0
    for path in GOOD:
        vector = json.loads(path.read_text(encoding="utf-8"))
        for one in vector["signatures"]:
            (tmp_path / "allowed").write_text(f'who namespaces="{one["namespace"]}" {one["key"]}\n', encoding="utf-8")
            (tmp_path / "sig").write_text(sshsig.armour(base64.b64decode(one["sig"])), encoding="utf-8")
            command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "who", "-n", one["namespace"], "-s", "sig"]
            subprocess.run(
                command, cwd=tmp_path, input=vector["bytes"].encode(), check=True, capture_output=True, timeout=300
            )
            checked += 1
    assert checked >= 14


def test_the_rosters_are_a_chain_whose_split_the_last_one_ends() -> None:
    def read(name: str) -> tuple[bytes, dict[str, bytes]]:
        vector = json.loads((generate.HERE / "good" / f"{name}.json").read_text(encoding="utf-8"))
        signatures = {
            PublicKey.parse(one["key"]).fingerprint: base64.b64decode(one["sig"]) for one in vector["signatures"]
        }
        return vector["bytes"].encode(), signatures

    zero, one, two, rival, end = map(read, ("roster-0", "roster-1", "roster-2", "roster-2-rival", "roster-3-settles"))
    first = roster.verify_next(roster.verify_genesis(*zero, canon.sha256_hex(zero[0])), *one)
    branches = [roster.verify_next(first, *found) for found in (two, rival)]
    assert roster.verify_next(branches[0], *end, branches[1:]).roster.settles == (branches[1].sha256,)
