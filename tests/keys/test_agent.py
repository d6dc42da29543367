"""A writer key that stays in a real ssh-agent; an approver key that lives in hardware, behind `ssh-keygen`."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.app import main
from console.domain.errors import WrongUse
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import keyfile, signer, sshsig
from console.keys.agent import Agent, AgentWriter, NoAgent, agent_of
from console.keys.faults import BadKeyFile, KeyLocked, KeyRefuses, SigningFailed
from console.keys.keyfile import SavedKey
from console.keys.publickey import ssh_string
from console.runtime.paths import ProfilePaths
from console.services import organisation
from console.services.record import start_record
from console.services.session import APPROVER, HELD_WRITER, Locked, Session, nobody_asked
from tests.keys import openssh

ORG = "o-" + "0" * 26
ENTRY = sshsig.entry_ns(ORG)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    """A real ssh-agent on a socket of its own, which the environment names."""
    at = tmp_path / "agent.sock"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(at)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it says where it listens once it does
        monkeypatch.setenv("SSH_AUTH_SOCK", str(at))
        yield Agent(at)
        process.terminate()


def add(folder: Path, name: str = "duty@desk", kind: str = "ed25519") -> Path:
    path = folder / f"key-{name.partition('@')[0]}-{kind}"
    openssh.run("-q", "-t", kind, "-N", "", "-C", name, "-f", path)
    subprocess.run(["ssh-add", "-q", path], check=True, capture_output=True, timeout=300)
    return path.with_suffix(".pub")


def test_its_signatures_are_what_ssh_keygen_verifies(running: Agent, tmp_path: Path) -> None:
    add(tmp_path)
    (held,) = running.keys()
    assert held.comment == "duty@desk"
    blob = running.sign(held.public, ENTRY, b"what is signed")
    sshsig.verify(held.public, ENTRY, b"what is signed", blob)
    (tmp_path / "sig").write_text(sshsig.armour(blob))
    signers = openssh.allowed(tmp_path, held.public)
    openssh.run(
        "-Y", "verify", "-f", signers, "-I", "someone", "-n", ENTRY, "-s", tmp_path / "sig", given=b"what is signed"
    )


def test_a_key_is_found_by_fingerprint_comment_or_file_and_never_guessed(running: Agent, tmp_path: Path) -> None:
    public = add(tmp_path)
    add(tmp_path, "other@desk")
    add(tmp_path, "old@desk", "ecdsa")
    assert len(running.keys()) == 2
    found = running.find("duty@desk")
    assert running.find(found.fingerprint) == running.find(str(public)) == found
    for wanted in ("duty", "old@desk", "", str(tmp_path)):
        with pytest.raises(WrongUse, match="no Ed25519 key called"):
            running.find(wanted)
    (tmp_path / "twice").mkdir()
    add(tmp_path / "twice")
    with pytest.raises(WrongUse, match="more than one"):
        running.find("duty@desk")


def test_a_writer_in_an_agent_keeps_to_a_writers_purposes_and_locks(running: Agent, tmp_path: Path) -> None:
    add(tmp_path)
    writer = AgentWriter(running.find("duty@desk"), running)
    with pytest.raises(KeyLocked):
        writer.sign(ENTRY, b"m")
    writer.unlock()
    assert not writer.locked
    sshsig.verify(writer.public, ENTRY, b"m", writer.sign(ENTRY, b"m"))
    with pytest.raises(KeyRefuses):
        writer.sign(sshsig.approve_ns(ORG), b"m")
    writer.lock()
    with pytest.raises(KeyLocked):
        writer.sign(ENTRY, b"m")
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True, timeout=300)
    with pytest.raises(WrongUse, match="It holds: none"):
        writer.unlock()
    with pytest.raises(SigningFailed, match="refused"):
        running.sign(writer.public, ENTRY, b"m")


def test_a_record_is_kept_with_a_key_that_never_leaves_the_agent(
    running: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = add(tmp_path)
    profile = tmp_path / "p"
    start = ["--profile", str(profile), "record", "start", "--name", "Commander", "--agent", str(public)]
    assert main(start) == 0
    assert not (profile / "keys" / "writer").exists()
    with Session.open(ProfilePaths(profile), nobody_asked) as session:
        said = session.append(Draft("note", disclosures={"text": "signed by the agent"}))
        assert said.entry.key == running.find("duty@desk").fingerprint
        session.lock()
        assert not session.unlocked
        session.offer(HELD_WRITER, b"")
        assert session.append(Draft("note", disclosures={"text": "and again"})).feed == said.feed
        assert verify_profile(session.store).ok
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True, timeout=300)
    capsys.readouterr()
    assert main(["--profile", str(profile), "note", "lost"]) != 0
    assert "The ssh-agent holds no Ed25519 key" in capsys.readouterr().err


def test_a_locked_console_asks_the_agent_for_nothing_until_somebody_unlocks_it(running: Agent, tmp_path: Path) -> None:
    """The agent holds the key all the while; locking is this console's own, before the first use of the key too."""
    add(tmp_path)
    profile = ProfilePaths(tmp_path / "p")
    start_record(profile, nobody_asked, name="Commander", held=running.find("duty@desk"))
    note = Draft("note", disclosures={"text": "t"})
    with Session.open(profile, nobody_asked) as session:
        assert session.usable  # whoever sits here could write: so it is locked when nobody does for a while
        session.lock()
        assert not session.usable
        before = len(session.reader.entries())
        for _ in range(2):
            with pytest.raises(Locked) as locked:
                session.append(note)
            assert locked.value.key == HELD_WRITER
        session.offer(HELD_WRITER, b"")
        session.lock()  # what was said before it was locked serves no more
        with pytest.raises(Locked):
            session.append(note)
        assert len(session.reader.entries()) == before
        session.offer(HELD_WRITER, b"")
        session.append(note)
        session.append(note)
        assert session.usable
        assert session.unlocked


def test_both_found_an_organisation_with_keys_in_their_agents(running: Agent, tmp_path: Path) -> None:
    for name in ("one@desk", "two@desk"):
        add(tmp_path, name)
    (tmp_path / "share").mkdir()
    one, two = ProfilePaths(tmp_path / "one"), ProfilePaths(tmp_path / "two")

    def ask(what: str, *, new: bool = False) -> bytes:
        assert what == APPROVER
        return b"a long enough passphrase"

    start_record(one, ask, name="Commander", world="drill", held=running.find("one@desk"))
    with Session.open(one, ask) as first:
        words = organisation.prepare_founding(first, tmp_path / "share", tmp_path / "e1").genesis_words
        made = organisation.join(
            two, ask, folder=tmp_path / "share", words=words, name="Approver", envelopes=tmp_path / "e2",
            held=running.find("two@desk"),
        )  # fmt: skip
        organisation.admit(first, made.words)
        with Session.open(two, ask) as second:
            organisation.sign_roster(second)
            assert second.roster.roster.n == 1
            assert second.append(Draft("note", disclosures={"text": "x"})).entry.author == second.me


def test_without_an_agent_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoAgent, match="SSH_AUTH_SOCK is not set"):
        agent_of({})
    with pytest.raises(NoAgent, match="cannot be asked"):
        Agent(tmp_path / "none").keys()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "none"))
    with pytest.raises(NoAgent):
        agent_of().find("x")


def test_an_existing_key_is_not_overwritten_by_one_in_an_agent(tmp_path: Path) -> None:
    saved = keyfile.save(tmp_path / "writer", keyfile.unwrapped(openssh.private_key(1)), "writer")
    assert not keyfile.is_held(saved)
    with pytest.raises(BadKeyFile):
        keyfile.save_held(saved.path, saved.public, "writer")
    held = keyfile.save_held(tmp_path / "other", saved.public, "writer")
    assert keyfile.is_held(held)
    assert keyfile.read_saved(held.path, "writer") == held
    with pytest.raises(BadKeyFile, match="is a writer key"):
        keyfile.read_saved(held.path, "approver")


def answering(folder: Path, answer: bytes) -> tuple[Agent, threading.Thread]:
    """Something that listens like an agent and says this once."""
    at = folder / "liar.sock"
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.bind(str(at))
    line.listen(1)

    def run() -> None:
        with line, line.accept()[0] as asked:
            asked.recv(65_536)
            asked.sendall(answer)

    thread = threading.Thread(target=run)
    thread.start()
    return Agent(at), thread


PUBLIC = sshsig.public_of(openssh.private_key(1))
OTHER = openssh.private_key(2).sign(sshsig.signed_bytes(ENTRY, b"m"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff",
        ssh_string(b"\x05"),
        ssh_string(b"\x0e"),
        ssh_string(b"\x0e" + ssh_string(b"x")),
        ssh_string(b"\x0e" + ssh_string(ssh_string(b"ssh-rsa") + ssh_string(b"0" * 64))),
        ssh_string(b"\x0e" + ssh_string(ssh_string(b"ssh-ed25519") + ssh_string(OTHER))),
        ssh_string(b"\x0e" + ssh_string(ssh_string(b"ssh-ed25519") + ssh_string(OTHER) + b"more")),
    ],
)
def test_an_agent_that_lies_gives_no_signature(tmp_path: Path, answer: bytes) -> None:
    liar, thread = answering(tmp_path, answer)
    with pytest.raises(SigningFailed):
        liar.sign(PUBLIC, ENTRY, b"m")
    thread.join(timeout=60)


@pytest.mark.parametrize("answer", [b"\x0c", b"\x0c\x00\x00\x00\x02" + ssh_string(PUBLIC.blob), b"\x0c" + b"\xff" * 9])
def test_a_list_cut_short_is_no_list(tmp_path: Path, answer: bytes) -> None:
    liar, thread = answering(tmp_path, ssh_string(answer))
    if answer == b"\x0c":
        assert liar.keys() == ()
    else:
        with pytest.raises(NoAgent, match="nonsense"):
            liar.keys()
    thread.join(timeout=60)


def test_keys_of_other_kinds_in_its_list_are_left_out(tmp_path: Path) -> None:
    keys = (openssh.hardware_key(openssh.private_key(3)).blob, b"nonsense", PUBLIC.blob)
    listed = b"".join(ssh_string(blob) + ssh_string(b"k\xff") for blob in keys)
    liar, thread = answering(tmp_path, ssh_string(b"\x0c" + len(keys).to_bytes(4, "big") + listed))
    found = liar.keys()
    assert [(one.public, one.comment) for one in found] == [(PUBLIC, "k\ufffd")]
    thread.join(30)


@pytest.mark.parametrize("name", ["noise.pub", "~nobody-of-this-name/key.pub"])
def test_a_file_that_is_no_key_names_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "noise.pub").write_bytes(b"\xff\xfe ssh-ed25519 \x00")
    listed = ssh_string(PUBLIC.blob) + ssh_string(b"duty")
    liar, thread = answering(tmp_path, ssh_string(b"\x0c\x00\x00\x00\x01" + listed))
    with pytest.raises(WrongUse, match="no Ed25519 key called"):
        liar.find(name if name.startswith("~") else str(tmp_path / name))
    thread.join(30)


def test_a_key_in_an_agent_opens_no_file_and_says_what_does(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="opens no file") as told:
        AgentWriter(Agent(tmp_path / "none"), PUBLIC).unseal(b"sealed")
    assert "--identity" in str(told.value)


# -- an approver key in hardware ---------------------------------------------------------------------------------------

TOUCHED = """
import sys
from tests.keys import openssh
from console.keys import sshsig
message, namespace = sys.stdin.buffer.read(), sys.argv[sys.argv.index("-n") + 1]
print("Confirm user presence", file=sys.stderr)
sys.stdout.write(sshsig.armour(openssh.hardware_sign(openssh.private_key(9), namespace, message, flags={flags})))
"""


def hardware(folder: Path, flags: int) -> tuple[SavedKey, str]:
    """A FIDO2 key's public half, and an ssh-keygen that signs as the authenticator behind it would."""
    public = openssh.hardware_key(openssh.private_key(9))
    (folder / "approver.pub").write_text(f"{public.line} standdown approver\n")
    program = folder / "ssh-keygen"
    root = Path(__file__).resolve().parents[2]
    program.write_text(
        f"#!{sys.executable}\nimport sys; sys.path.insert(0, {str(root)!r})\n" + TOUCHED.format(flags=flags)
    )
    program.chmod(0o700)
    return keyfile.read_saved(folder / "approver", "approver"), str(program)


def never_asked() -> bytes:
    raise AssertionError("a FIDO2 key has no passphrase here")


def test_a_key_in_hardware_signs_once_by_touch_and_no_passphrase_is_asked(tmp_path: Path) -> None:
    key, program = hardware(tmp_path, 0x05)
    namespace = sshsig.approve_ns(ORG)
    blob = signer.sign_single(key, namespace, b"record", never_asked, program)
    facts = sshsig.verify(key.public, namespace, b"record", blob)
    assert (facts.hardware, facts.user_verified) == (True, True)


def test_a_signature_without_a_touch_is_none(tmp_path: Path) -> None:
    key, program = hardware(tmp_path, 0x00)
    with pytest.raises(SigningFailed):
        signer.sign_single(key, sshsig.approve_ns(ORG), b"record", never_asked, program)


def test_a_wrapped_key_asks_for_its_passphrase(tmp_path: Path) -> None:
    phrase = b"a long enough one"
    key = keyfile.save(tmp_path / "a", keyfile.wrap(openssh.private_key(3), phrase, rounds=1), "approver")
    blob = signer.sign_single(key, sshsig.approve_ns(ORG), b"record", lambda: phrase)
    sshsig.verify(key.public, sshsig.approve_ns(ORG), b"record", blob)
