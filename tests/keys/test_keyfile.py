from __future__ import annotations

import base64
import subprocess
import sys

import pytest

from console.domain.errors import WrongUse
from console.keys import keyfile, sshsig
from console.keys.faults import BadKeyFile, KeyRefuses, WrongPassphrase
from console.keys.keyfile import PURPOSES, KeyUse
from console.runtime import platform
from tests.keys import openssh
from tests.kit.entropy import SeededEntropy

PASSPHRASE = b"a long enough one"
PRIVATE = openssh.private_key(1)
WRAPPED = keyfile.wrap(PRIVATE, PASSPHRASE, rounds=2)


def test_stock_openssh_opens_what_we_wrap(tmp_path):
    keyfile.save(tmp_path / "key", WRAPPED, "approver")
    shown = openssh.run("-y", "-P", PASSPHRASE.decode(), "-f", tmp_path / "key").stdout.decode()
    assert shown.split()[:2] == WRAPPED.public.line.split()
    assert openssh.run("-y", "-P", "another one", "-f", tmp_path / "key", ok=False).returncode != 0
    openssh.run("-p", "-P", PASSPHRASE.decode(), "-N", "changed by openssh", "-f", tmp_path / "key")
    changed = keyfile.read_private(tmp_path / "key", b"changed by openssh")
    assert sshsig.public_of(changed) == WRAPPED.public


def test_the_programs_own_keys_are_hard_to_guess_at():
    """Asked of a process of its own: in this one they are not (`tests/conftest.py`)."""
    code = "from console.keys import keyfile; print(keyfile.SESSION_ROUNDS, keyfile.SINGLE_ROUNDS)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout
    assert told.split() == ["24", "64"]


@pytest.mark.parametrize("phrase", ["", "wrapped by openssh"])
def test_we_open_what_stock_openssh_makes(tmp_path, phrase):
    openssh.run("-q", "-t", "ed25519", "-a", "2", "-N", phrase, "-f", tmp_path / "key")
    private = keyfile.read_private(tmp_path / "key", phrase.encode() or None)
    saved = keyfile.read_saved(tmp_path / "key", "writer")
    assert sshsig.public_of(private) == saved.public
    sshsig.verify(saved.public, "n", b"m", sshsig.sign_blob(private, "n", b"m"))


def test_a_device_key_opens_without_a_passphrase(tmp_path):
    saved = keyfile.save(tmp_path / "console", keyfile.unwrapped(PRIVATE), "console")
    assert sshsig.public_of(keyfile.read_private(saved.path, None)) == saved.public
    assert platform.is_private(saved.path)
    openssh.run("-y", "-P", "", "-f", saved.path)


def test_a_wrong_passphrase_is_named_and_an_absent_one_too():
    for phrase in (b"not the right one", None, b""):
        with pytest.raises(WrongPassphrase):
            keyfile.unwrap(WRAPPED.pem, phrase)


def test_an_unprotected_file_never_passes_for_a_protected_one():
    with pytest.raises(BadKeyFile, match="no passphrase although"):
        keyfile.unwrap(keyfile.unwrapped(PRIVATE).pem, PASSPHRASE)


def test_files_that_are_no_ed25519_key_are_refused(tmp_path):
    openssh.run("-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "ecdsa")
    pem = WRAPPED.pem
    plain = keyfile.unwrapped(PRIVATE).pem
    bad = [
        b"", b"junk", pem[:100], plain[:200] + b"AAAA" + plain[204:], pem.replace(b"b3Bl", b"AAAA"),
        (tmp_path / "ecdsa").read_bytes(), b" " + plain,
    ]  # fmt: skip
    for text in bad:
        with pytest.raises(BadKeyFile):
            keyfile.unwrap(text, None)


@pytest.mark.parametrize(("there", "instead"), [(b"aes256-ctr", b"aes256-xyz"), (b"bcrypt", b"bcrypx")])
def test_an_encryption_nobody_knows_is_refused(there, instead):
    lines = WRAPPED.pem.decode().splitlines()
    body = base64.b64decode("".join(lines[1:-1])).replace(there, instead)
    text = base64.b64encode(body).decode()
    pem = "\n".join([lines[0], *(text[at : at + 70] for at in range(0, len(text), 70)), lines[-1], ""])
    with pytest.raises(BadKeyFile):
        keyfile.unwrap(pem.encode(), PASSPHRASE)


def test_a_short_passphrase_is_refused():
    with pytest.raises(WrongUse):
        keyfile.wrap(PRIVATE, b"1234567")


def test_no_key_is_ever_overwritten(tmp_path):
    saved = keyfile.save(tmp_path / "key", WRAPPED, "approver")
    before = saved.path.read_bytes(), (tmp_path / "key.pub").read_bytes()
    with pytest.raises(BadKeyFile, match="never overwritten"):
        keyfile.save(tmp_path / "key", keyfile.wrap(openssh.private_key(2), PASSPHRASE, rounds=2), "approver")
    assert before == (saved.path.read_bytes(), (tmp_path / "key.pub").read_bytes())


def test_of_two_processes_that_make_a_key_at_once_one_is_refused(tmp_path, monkeypatch):
    def taken(path, data, mode=0o600):
        raise FileExistsError

    monkeypatch.setattr(platform, "create_durably", taken)
    with pytest.raises(BadKeyFile, match="another process"):
        keyfile.save(tmp_path / "key", WRAPPED, "approver")


def test_a_key_file_says_what_it_is_for(tmp_path):
    keyfile.save(tmp_path / "key", WRAPPED, "recovery")
    assert keyfile.read_saved(tmp_path / "key", "recovery").public == WRAPPED.public
    with pytest.raises(BadKeyFile, match="is a recovery key"):
        keyfile.read_saved(tmp_path / "key", "approver")
    (tmp_path / "key.pub").write_text(WRAPPED.public.line + "\n")
    assert keyfile.read_saved(tmp_path / "key", "approver").use == "approver"


def test_absent_long_and_odd_files_are_refused(tmp_path):
    with pytest.raises(BadKeyFile, match="cannot be read"):
        keyfile.read_private(tmp_path / "none", None)
    (tmp_path / "long").write_bytes(b"-" * 20_000)
    with pytest.raises(BadKeyFile, match="too long"):
        keyfile.read_private(tmp_path / "long", None)
    for text in (b"", b"ssh-rsa AAAA", b"\xff\xfe"):
        (tmp_path / "key.pub").write_bytes(text)
        with pytest.raises(BadKeyFile, match="no accepted public key"):
            keyfile.read_saved(tmp_path / "key", "writer")


def test_new_keys_come_from_the_given_entropy():
    one, other = (keyfile.new_private(SeededEntropy(seed)).private_bytes_raw() for seed in (1, 2))
    assert one == SeededEntropy(1).token(32) != other


@pytest.mark.parametrize("use", [*PURPOSES, "other"])
@pytest.mark.parametrize(
    "word", ["entry.v1", "machine.v1", "approve.v1", "roster.v1", "bundle.v1", "enrol.v1", "", "git"]
)
def test_each_use_has_its_purposes_and_no_more(use: KeyUse, word):
    table = {
        "writer": {"entry.v1", "bundle.v1", "enrol.v1", "roster.v1"},
        "console": {"machine.v1", "enrol.v1"},
        "approver": {"approve.v1", "enrol.v1", "roster.v1"},
        "recovery": {"enrol.v1", "roster.v1"},
    }
    if word in table.get(use, set()):
        keyfile.require_purpose(use, f"{word}@o-1")
    else:
        with pytest.raises(KeyRefuses):
            keyfile.require_purpose(use, f"{word}@o-1")


def test_no_secret_stands_in_a_representation():
    assert PASSPHRASE.decode() not in repr(WRAPPED)
    assert "PRIVATE" not in repr(WRAPPED)
