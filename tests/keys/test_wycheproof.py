"""Wycheproof's Ed25519 vectors through the verifier in use: what is invalid is refused, what is valid holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from console.keys.faults import BadPublicKey
from console.keys.publickey import PublicKey, ssh_string
from console.keys.sshsig import Verifier, entry_ns
from tests.keys.rosters import ORG

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "wycheproof" / "ed25519.json").read_text(encoding="utf-8"))


def holds(case) -> bool:
    """What the verifier says below the envelope: the message is not wrapped, for these are plain Ed25519."""
    try:
        key = PublicKey.from_blob(ssh_string(b"ssh-ed25519") + ssh_string(bytes.fromhex(case["pk"])))
        verifier = Verifier(key, entry_ns(ORG))
        verifier._verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
    except (BadPublicKey, InvalidSignature, ValueError):
        return False
    return True


def test_valid_holds_and_invalid_is_refused():
    assert Counter(case["result"] for case in CASES) == {"valid": 117, "invalid": 64, "acceptable": 29}
    wrong = [
        (case["tcId"], case["comment"], case["result"]) for case in CASES
        if case["result"] != "acceptable" and holds(case) is not (case["result"] == "valid")
    ]  # fmt: skip
    assert wrong == []


def test_a_key_of_small_order_proves_nothing():
    for case in CASES:
        if "SmallOrderPublicKey" in case["flags"]:
            assert not holds(case), case["tcId"]
