"""Every golden vector of keys: good ones hold, here and with stock OpenSSH; bad ones fail for the stated fact."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from console.domain.errors import BadForm
from console.keys import faults, roster, sshsig
from console.keys.publickey import PublicKey
from tests.keys import openssh
from tests.vectors import generate_keys

GOOD = sorted((generate_keys.HERE / "good").glob("*.json"))
BAD = sorted((generate_keys.HERE / "bad").glob("*.json"))


def _sigs(vector: dict[str, Any]) -> dict[str, bytes]:
    return {name: base64.b64decode(sig) for name, sig in vector["signatures"].items()}


def _judge(vector: dict[str, Any]) -> object:
    match vector["about"]:
        case "signature":
            blob = base64.b64decode(vector["sig"])
            assert sshsig.dearmour(vector["armoured"]) == blob
            message = base64.b64decode(vector["message"])
            return sshsig.verify(PublicKey.parse(vector["key"]), vector["namespace"], message, blob)
        case "armour":
            return sshsig.dearmour(vector["armoured"])
        case "enrol":
            return roster.verify_enrolment(vector["bytes"].encode(), _sigs(vector), vector["org"], vector["genesis"])
        case _:
            first, *rest = vector["versions"]
            found = roster.verify_genesis(first["bytes"].encode(), _sigs(first), vector["pinned"])
            for one in rest:
                found = roster.verify_next(found, one["bytes"].encode(), _sigs(one))
            return found


def test_there_are_vectors():
    assert len(GOOD) >= 9
    assert len(BAD) >= 45


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_vector_holds(path, tmp_path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    assert vector["fact"] is None
    assert _judge(vector)
    if vector["about"] == "signature":
        (tmp_path / "sig").write_text(vector["armoured"])
        allowed = openssh.allowed(tmp_path, PublicKey.parse(vector["key"]))
        command = ["-Y", "verify", "-f", allowed, "-I", "someone", "-n", vector["namespace"], "-s", tmp_path / "sig"]
        openssh.run(*command, given=base64.b64decode(vector["message"]))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_vector_is_refused_for_its_fact(path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    fact = BadForm if vector["fact"] == "BadForm" else getattr(faults, vector["fact"])
    with pytest.raises(fact) as refused:
        _judge(vector)
    assert fact is BadForm or type(refused.value) is fact


@pytest.mark.parametrize("path", [path for path in BAD if path.stem.startswith("roster")], ids=lambda path: path.stem)
def test_only_the_last_version_of_a_bad_roster_is_bad(path):
    vector = json.loads(path.read_text(encoding="utf-8"))
    vector["versions"].pop()
    if vector["versions"]:
        assert _judge(vector)


def test_the_vectors_are_what_the_generator_makes():
    assert generate_keys.main(["--check"]) == 0
