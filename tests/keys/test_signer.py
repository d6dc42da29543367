from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.keys import approver_child, keyfile, recovery, signer, sshsig
from console.keys.approver_child import Answer, frame
from console.keys.faults import BadKeyFile, KeyLocked, KeyRefuses, SigningFailed, WrongPassphrase
from console.keys.keyfile import SavedKey
from tests.keys import openssh
from tests.kit.entropy import SeededEntropy

ORG = "o-" + "0" * 26
PASSPHRASE = b"a long enough one"
PRIVATE = openssh.private_key(1)
PUBLIC = sshsig.public_of(PRIVATE)
APPROVE = sshsig.approve_ns(ORG)


@pytest.fixture
def approver(tmp_path) -> SavedKey:
    return keyfile.save(tmp_path / "approver", keyfile.wrap(PRIVATE, PASSPHRASE, rounds=1), "approver")


def test_a_writer_signs_while_unlocked_and_only_then():
    writer = signer.WriterSigner(PUBLIC)
    with pytest.raises(KeyLocked):
        writer.sign(sshsig.entry_ns(ORG), b"m")
    writer.unlock(PRIVATE)
    for namespace in (sshsig.entry_ns(ORG), sshsig.roster_ns(ORG)):
        for message in (b"m", b"n"):
            sshsig.verify(PUBLIC, namespace, message, writer.sign(namespace, message))
    writer.lock()
    writer.lock()
    assert writer.locked
    with pytest.raises(KeyLocked):
        writer.sign(sshsig.entry_ns(ORG), b"m")


def test_a_lock_forgets_every_reference_to_the_key():
    writer = signer.WriterSigner(PUBLIC)
    writer.unlock(openssh.private_key(1))
    writer.sign(sshsig.entry_ns(ORG), b"m")
    writer.lock()
    assert writer._private is None
    assert writer._stamps == {}


def test_a_lock_during_a_first_signature_leaves_nothing_behind(monkeypatch):
    writer = signer.WriterSigner(PUBLIC)
    writer.unlock(PRIVATE)
    made = sshsig.Stamp

    def locking(private, namespace):
        writer.lock()
        return made(private, namespace)

    monkeypatch.setattr(signer, "Stamp", locking)
    writer.sign(sshsig.entry_ns(ORG), b"m")
    assert writer._stamps == {}


def test_session_keys_keep_to_their_purposes():
    writer, device = signer.WriterSigner(PUBLIC), signer.DeviceSigner(PUBLIC)
    for each in (writer, device):
        each.unlock(PRIVATE)
    sshsig.verify(PUBLIC, sshsig.machine_ns(ORG), b"m", device.sign(sshsig.machine_ns(ORG), b"m"))
    refused = [(writer, sshsig.machine_ns(ORG)), (writer, APPROVE), (device, sshsig.entry_ns(ORG)), (device, APPROVE)]
    for each, namespace in refused:
        with pytest.raises(KeyRefuses):
            each.sign(namespace, b"m")
    with pytest.raises(KeyRefuses):
        signer.SessionSigner(PUBLIC, "approver")


def test_another_key_does_not_unlock_and_nothing_secret_is_shown():
    writer = signer.WriterSigner(PUBLIC)
    with pytest.raises(BadKeyFile):
        writer.unlock(openssh.private_key(2))
    assert "writer" in repr(writer)
    assert "locked" in repr(writer)
    writer.unlock(PRIVATE)
    assert "unlocked" in repr(writer)
    assert PRIVATE.private_bytes_raw().hex() not in repr(writer)


def test_an_approver_key_is_made_and_used_in_child_processes(tmp_path, approver):
    made = signer.create_approver_key(tmp_path / "made", "approver", PASSPHRASE, rounds=1)
    assert keyfile.read_saved(made.path, "approver") == made
    for key in (approver, made):
        blob = signer.sign_once(key, APPROVE, b"message", PASSPHRASE)
        assert sshsig.verify(key.public, APPROVE, b"message", blob).fingerprint == key.public.fingerprint
    with pytest.raises(BadKeyFile, match="never overwritten"):
        signer.create_approver_key(tmp_path / "made", "approver", PASSPHRASE, rounds=1)


def test_the_child_says_what_was_wrong(tmp_path, approver):
    with pytest.raises(WrongPassphrase, match="approver key file"):
        signer.sign_once(approver, APPROVE, b"m", b"another long one")
    gone = SavedKey(tmp_path / "gone", PUBLIC, "approver")
    with pytest.raises(BadKeyFile, match="cannot be read"):
        signer.sign_once(gone, APPROVE, b"m", PASSPHRASE)
    other = SavedKey(approver.path, sshsig.public_of(openssh.private_key(9)), "approver")
    with pytest.raises(SigningFailed, match="made by"):
        signer.sign_once(other, APPROVE, b"m", PASSPHRASE)
    keyfile.save(tmp_path / "plain", keyfile.unwrapped(PRIVATE), "approver")
    with pytest.raises(BadKeyFile, match="no passphrase although"):
        signer.sign_once(SavedKey(tmp_path / "plain", PUBLIC, "approver"), APPROVE, b"m", PASSPHRASE)
    with pytest.raises(BadKeyFile, match="No such file"):
        signer.create_approver_key(tmp_path / "no" / "folder", "approver", PASSPHRASE, rounds=1)
    with pytest.raises(WrongUse):
        signer.create_approver_key(tmp_path / "short", "approver", b"short")


def test_uses_that_are_not_for_a_single_signature_are_refused(tmp_path, approver):
    with pytest.raises(KeyRefuses):
        signer.sign_once(SavedKey(approver.path, PUBLIC, "writer"), sshsig.entry_ns(ORG), b"m", PASSPHRASE)
    with pytest.raises(KeyRefuses):
        signer.create_approver_key(tmp_path / "w", "writer", PASSPHRASE)
    with pytest.raises(KeyRefuses):
        signer.sign_once(approver, sshsig.entry_ns(ORG), b"m", PASSPHRASE)


def test_a_recovery_key_signs_rosters_and_never_an_approval(tmp_path):
    sealed = recovery.create_recovery_key(tmp_path / "recovery", ORG, SeededEntropy(1), rounds=1)
    blob = signer.sign_once(sealed.key, sshsig.roster_ns(ORG), b"roster", sealed.phrase.encode())
    sshsig.verify(sealed.key.public, sshsig.roster_ns(ORG), b"roster", blob)
    with pytest.raises(KeyRefuses):
        signer.sign_once(sealed.key, APPROVE, b"m", sealed.phrase.encode())
    # a caller that lies about the use is answered by the file's own mark, in the child
    lied = SavedKey(sealed.key.path, sealed.key.public, "approver")
    with pytest.raises(BadKeyFile, match="recovery key"):
        signer.sign_once(lied, APPROVE, b"m", sealed.phrase.encode())


def test_the_two_envelopes_together_restore_the_key_and_neither_does_alone(tmp_path):
    sealed = recovery.create_recovery_key(tmp_path / "recovery", ORG, SeededEntropy(2), rounds=1)
    assert sealed.phrase not in sealed.file_sheet
    assert sealed.phrase in sealed.words_sheet
    assert "PRIVATE KEY" not in sealed.words_sheet
    for sheet in (sealed.file_sheet, sealed.words_sheet):
        assert sealed.key.public.fingerprint in sheet
        assert ORG in sheet
        assert max(map(len, sheet.splitlines())) <= 120
    begin, end = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
    pem = begin + sealed.file_sheet.partition(begin)[2].partition(end)[0] + end + "\n"
    public = next(line for line in sealed.file_sheet.splitlines() if line.startswith("ssh-ed25519 "))
    (tmp_path / "typed").write_text(pem)
    (tmp_path / "typed.pub").write_text(public + "\n")
    typed = keyfile.read_saved(tmp_path / "typed", "recovery")
    phrase = next(line for line in sealed.words_sheet.splitlines() if line.startswith("    ")).strip()
    signer.sign_once(typed, sshsig.roster_ns(ORG), b"roster", phrase.encode())
    assert sealed.phrase not in repr(sealed)


def test_a_sheet_is_read_whole_or_refused_with_what_is_wrong(tmp_path):
    sealed = recovery.create_recovery_key(tmp_path / "recovery", ORG, SeededEntropy(3), rounds=1)
    sheet = sealed.file_sheet
    typed = recovery.read_sheet(f"read to me:\n{sheet}")
    assert typed.public == sealed.key.public
    begin, end = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
    body = sheet.partition(begin)[2].partition(end)[0]
    other = base64.b64encode(b"another form of key, and long enough for it").decode()
    for text, why in (
        ("", "no whole key"), (sheet.replace(end, ""), "no whole key"),
        (f"{begin}\n{other}\n{end}", "not a key in OpenSSH form"), (f"{begin}{body[:60]}*{body[61:]}{end}", "misread"),
        (f"{begin}{body[:40]}{end}", "misread"), (f"{begin}{body[:100]}{end}", "misread"),
    ):  # fmt: skip
        with pytest.raises(BadKeyFile, match=why):
            recovery.read_sheet(text)


def _request(key, *, verb=b"sign", use=b"approver", namespace=APPROVE, phrase=PASSPHRASE, message=b"m"):
    return frame(verb, use, str(key.path).encode(), namespace.encode(), phrase, message)


def _ask(request):
    result, said = io.BytesIO(), io.BytesIO()
    return approver_child.main(io.BytesIO(request), result, said), result.getvalue(), said.getvalue().decode()


def test_the_child_guards_itself_whoever_calls_it(tmp_path, approver):
    status, blob, said = _ask(_request(approver))
    assert (status, said) == (Answer.DONE, "")
    sshsig.verify(PUBLIC, APPROVE, b"m", blob)
    refused = [
        (Answer.REFUSED, _request(approver, namespace=sshsig.entry_ns(ORG))),
        (Answer.REFUSED, _request(approver, use=b"recovery")),
        (Answer.REFUSED, _request(approver, use=b"writer", namespace=sshsig.entry_ns(ORG))),
        (Answer.REFUSED, _request(approver, verb=b"create", phrase=b"short", message=b"1")),
        (Answer.WRONG_PASSPHRASE, _request(approver, phrase=b"x" * 20)),
        (Answer.BAD_KEY_FILE, _request(approver, verb=b"create", message=b"1")),
        (
            Answer.BAD_KEY_FILE,
            _request(SavedKey(tmp_path / "no" / "key", PUBLIC, "approver"), verb=b"create", message=b"1"),
        ),
        (Answer.BAD_REQUEST, _request(approver, verb=b"sing")),
        (Answer.BAD_REQUEST, _request(approver, verb=b"create", message=b"many")),
        (Answer.BAD_REQUEST, _request(approver, message=b"m" * approver_child.MAX_REQUEST_BYTES)),
        (Answer.BAD_REQUEST, _request(approver) + b"\0"),
        (Answer.BAD_REQUEST, _request(approver, use=b"\xff")),
        (Answer.BAD_REQUEST, b""),
        (Answer.BAD_REQUEST, frame(b"sign")),
    ]
    for expected, request in refused:
        status, blob, said = _ask(request)
        assert (status, blob) == (expected, b"")
        assert PASSPHRASE.decode() not in said


def test_the_two_halves_of_a_key_must_match(tmp_path, approver):
    (tmp_path / "approver.pub").write_text(sshsig.public_of(openssh.private_key(2)).line + "\n")
    assert _ask(_request(approver))[0] is Answer.BAD_KEY_FILE


def test_the_child_runs_as_a_module_too(approver):
    command = [sys.executable, "-m", "console.keys.approver_child"]
    root = Path(signer.__file__).parents[2]
    done = subprocess.run(command, input=_request(approver), capture_output=True, check=False, cwd=root, timeout=60)
    assert done.returncode == 0, done.stderr
    sshsig.verify(PUBLIC, APPROVE, b"m", done.stdout)


def test_neither_arguments_nor_environment_carry_the_passphrase(approver, monkeypatch):
    seen = []
    real = subprocess.run

    def recording(command, **options):
        seen.append((command, options))
        return real(command, **options)

    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.setattr(subprocess, "run", recording)
    signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    [(command, options)] = seen
    assert not any(PASSPHRASE.decode() in str(word) for word in (*command, *options["env"].items()))
    assert not any(name.startswith("PYTHON") for name in options["env"])


def test_a_child_that_breaks_or_does_not_start_says_so_without_the_request(approver, monkeypatch):
    monkeypatch.setattr(signer, "_CHILD", "raise SystemExit(99)")
    with pytest.raises(SigningFailed, match="broke"):
        signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    monkeypatch.setattr(signer, "_CHILD", "import time; time.sleep(30)")
    monkeypatch.setattr(signer, "_CHILD_TIMEOUT_S", 0.2)
    with pytest.raises(SigningFailed, match="did not answer") as refused:
        signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    assert refused.value.__suppress_context__
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(SigningFailed, match="did not start"):
        signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    monkeypatch.undo()
    monkeypatch.setattr(signer, "_CHILD", "import sys; sys.stderr.write('no'); sys.exit(12)")
    with pytest.raises(SigningFailed, match="no"):
        signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    monkeypatch.setattr(signer, "_CHILD", "print('nonsense')")
    with pytest.raises(SigningFailed):
        signer.sign_once(approver, APPROVE, b"m", PASSPHRASE)
    with pytest.raises(SigningFailed, match="nonsense"):
        signer.create_approver_key(approver.path.parent / "n", "approver", PASSPHRASE)


def test_ssh_keygen_signs_in_our_stead(tmp_path):
    openssh.run("-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    key = keyfile.read_saved(tmp_path / "key", "approver")
    blob = signer.sign_with_ssh_keygen(key, APPROVE, b"m", openssh.KEYGEN)
    sshsig.verify(key.public, APPROVE, b"m", blob)
    with pytest.raises(KeyRefuses):
        signer.sign_with_ssh_keygen(key, sshsig.entry_ns(ORG), b"m", openssh.KEYGEN)
    with pytest.raises(SigningFailed, match="made by"):
        signer.sign_with_ssh_keygen(SavedKey(key.path, PUBLIC, "approver"), APPROVE, b"m", openssh.KEYGEN)


def test_what_ssh_keygen_cannot_do_is_said(tmp_path, capfd):
    key = SavedKey(tmp_path / "none", PUBLIC, "approver")
    with pytest.raises(SigningFailed, match="refused"):
        signer.sign_with_ssh_keygen(key, APPROVE, b"m", openssh.KEYGEN)
    with pytest.raises(SigningFailed, match="no ssh-keygen"):
        signer.sign_with_ssh_keygen(key, APPROVE, b"m", str(tmp_path / "absent"))
    for name, body in (("nonsense", "echo nonsense"), ("slow", "exec sleep 30")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(SigningFailed, match="no signature"):
        signer.sign_with_ssh_keygen(key, APPROVE, b"m", str(tmp_path / "nonsense"))


def test_a_touch_that_never_comes_ends(tmp_path, monkeypatch):
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "slow").chmod(0o755)
    monkeypatch.setattr(signer, "_TOUCH_TIMEOUT_S", 0.2)
    with pytest.raises(SigningFailed, match="gave no answer"):
        signer.sign_with_ssh_keygen(SavedKey(tmp_path / "k", PUBLIC, "approver"), APPROVE, b"m", str(tmp_path / "slow"))
