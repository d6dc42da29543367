"""A FIDO2 key made and used through stock `ssh-keygen` without a terminal; the device is one in software."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.keys import askpass, hardware, keyfile, signer, sshsig
from console.keys.faults import BadKeyFile, SigningFailed, WrongPin
from tests.keys import openssh
from tests.keys.device import PIN, device_library, security_key

__all__ = ["device_library", "security_key"]

ORG = "o-" + "0" * 26
NAMESPACE = sshsig.approve_ns(ORG)


class Asked:
    """Gives a PIN, and counts how often it was asked for."""

    def __init__(self, pin: bytes = PIN) -> None:
        self.pin, self.times = pin, 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.pin


def test_a_key_is_made_with_pin_and_signs_with_user_verification(security_key, tmp_path: Path) -> None:
    asked = Asked()
    key = hardware.create(tmp_path / "approver", "approver", asked)
    assert asked.times == 1
    assert key.public.hardware
    assert key.public.application == hardware.APPLICATION
    assert key.path.stat().st_mode & 0o077 == 0
    assert keyfile.read_saved(key.path, "approver").public == key.public
    blob = signer.sign_single(key, NAMESPACE, b"a record", asked)
    facts = sshsig.verify(key.public, NAMESPACE, b"a record", blob)
    assert (facts.hardware, facts.user_verified) == (True, True)
    (tmp_path / "sig").write_text(sshsig.armour(blob))
    openssh.run("-Y", "verify", "-f", openssh.allowed(tmp_path, key.public), "-I", "someone", "-n", NAMESPACE,
                "-s", tmp_path / "sig", given=b"a record")  # fmt: skip
    assert PIN not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_wrong_pin_is_tried_once_and_signs_nothing(security_key, tmp_path: Path) -> None:
    key = hardware.create(tmp_path / "approver", "approver", Asked())
    tries = tmp_path / "tries"
    security_key.setenv("TEST_DEVICE_TRIES", str(tries))
    wrong = Asked(b"0815")
    with pytest.raises(WrongPin):
        signer.sign_single(key, NAMESPACE, b"a record", wrong)
    assert wrong.times == 1, "such a key locks itself after a few"
    again = Asked(b"0815")
    with pytest.raises(WrongPin):
        hardware.create(tmp_path / "other", "approver", again)
    assert again.times == 1
    assert tries.read_text().split("\n") == ["0815", "0815", ""], "one try each at the device itself"
    assert not (tmp_path / "other").exists()


def test_whoever_is_asked_may_refuse_and_that_is_what_is_told(security_key, tmp_path: Path) -> None:
    key = hardware.create(tmp_path / "approver", "approver", Asked())

    def nobody() -> bytes:
        raise WrongUse("Nobody is here.")

    with pytest.raises(WrongUse, match="Nobody"):
        signer.sign_single(key, NAMESPACE, b"a record", nobody)


def test_a_key_that_is_not_plugged_in_is_said(security_key, tmp_path: Path) -> None:
    key = hardware.create(tmp_path / "approver", "approver", Asked())
    security_key.setenv("TEST_DEVICE_AWAY", "1")
    for run in (
        lambda: signer.sign_single(key, NAMESPACE, b"a record", Asked()),
        lambda: hardware.create(tmp_path / "other", "approver", Asked()),
    ):
        with pytest.raises(SigningFailed, match="plugged in"):
            run()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("exit 1", "it gave no reason"),
        ("echo 'Key enrollment failed: not today' >&2; exit 1", "not today"),
        ("printf '\\377'", "no signature"),
        ("echo nothing signed", "no signature"),
    ],
)
def test_whatever_else_ssh_keygen_says_is_told_and_nothing_is_signed(tmp_path: Path, program: str, told: str) -> None:
    (tmp_path / "keygen").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "keygen").chmod(0o755)
    public = openssh.hardware_key(openssh.private_key(9))
    key = keyfile.SavedKey(tmp_path / "approver", public, "approver")
    with pytest.raises(SigningFailed, match=told):
        hardware.sign(key, NAMESPACE, b"a record", Asked(), str(tmp_path / "keygen"))


@pytest.mark.parametrize("ends", ["", "trap '' TERM; "])
def test_a_program_that_never_answers_is_ended_even_if_it_does_not_want_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    (tmp_path / "keygen").write_text(f"#!/bin/sh\n{ends}echo $$ > {tmp_path}/pid\nwhile :; do sleep 0.05; done\n")
    (tmp_path / "keygen").chmod(0o755)
    monkeypatch.setattr(askpass, "_KILLED", 0.2)
    with pytest.raises(SigningFailed, match="gave no answer"):
        askpass.run([str(tmp_path / "keygen")], Asked(), timeout_s=1.0)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_is_there_is_not_overwritten_and_other_uses_are_refused(tmp_path: Path) -> None:
    (tmp_path / "approver.pub").write_text("x")
    with pytest.raises(BadKeyFile):
        hardware.create(tmp_path / "approver", "approver", Asked())
    with pytest.raises(WrongUse):
        hardware.create(tmp_path / "writer", "writer", Asked())


def test_without_ssh_keygen_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(SigningFailed, match="no ssh-keygen"):
        hardware.create(tmp_path / "approver", "approver", Asked(), str(tmp_path / "ssh-keygen"))
