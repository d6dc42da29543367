"""`standdown org` after founding: a third person, what waits and is read before it is signed, a lost device."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

from console.app import main
from console.keys import hardware
from console.services.session import APPROVER, WRITER
from tests.keys.device import device_library, security_key
from tests.keys.test_agent import add, running
from tests.kit.pair import founded, pair, passphrase

__all__ = ["device_library", "founded", "pair", "running", "security_key"]


class Terminal:
    """One person's command line, with the passphrases it may ask for."""

    def __init__(self, capsys: pytest.CaptureFixture[str], profile: Path, who: str) -> None:
        self.capsys, self.profile, self.who = capsys, profile, who

    def __call__(self, *words: str, keys: tuple[str, ...] = (), code: int = 0) -> str:
        read, write = os.pipe()
        os.write(write, b"".join(passphrase(self.who, what) + b"\n" for what in keys))
        os.close(write)
        found = main(["--profile", str(self.profile), "--passphrase-fd", str(read), *words])
        os.close(read)
        told = self.capsys.readouterr()
        assert found == code, told.out + told.err
        return told.out + told.err

    def facts(self, *words: str, keys: tuple[str, ...] = ()) -> dict:
        return json.loads(self("--json", *words, keys=keys))


@pytest.fixture
def terminals(capsys: pytest.CaptureFixture[str], pair) -> tuple[Terminal, Terminal]:
    one, two = (
        Terminal(capsys, session.paths.root, who) for session, who in zip(pair, ("commander", "approver"), strict=True)
    )
    return one, two


def test_a_third_person_from_asking_to_rehearsing(terminals, pair, tmp_path: Path) -> None:
    one, two = terminals
    share = pair[0].settings.places[0]
    third = Terminal(one.capsys, tmp_path / "third", "scribe")
    genesis = one.facts("org", "words")["words"]
    asked = third.facts(
        "org", "join", "--folder", share, "--words", genesis, "--name", "Scribe", keys=(WRITER, APPROVER, APPROVER)
    )["words"]  # fmt: skip
    assert third.facts("org", "next")["stage"] == "asking"
    told = one(
        "org", "admit", "--words", asked, "--name", "Scribe", "--role", "approver", "--role", "scribe",
        "--reason", "takes notes", keys=(WRITER, APPROVER),
    )  # fmt: skip
    assert "1 of 2" in told
    two("sync", "run")
    waits = two("org", "pending")
    assert "Added: Scribe" in waits
    assert "May hold: approver, scribe" in waits
    assert waits.count(" key ") >= 3, "the words of every key"
    assert "Why: takes notes" in waits
    assert "Proposed by Commander." in waits
    sha = two.facts("org", "pending")["waiting"][0]["roster"]
    assert "names what it signs" in two("org", "sign", keys=(APPROVER,), code=2)
    signed = two("org", "sign", "--roster", sha[:12], keys=(APPROVER,))
    assert "Added: Scribe" in signed
    assert "Signed. Roster 2 is in force here." in signed
    assert third.facts("org", "next")["stage"] == "rehearsing"
    third("org", "rehearse", keys=(WRITER, APPROVER))
    third("sync", "run")
    one("sync", "run")
    assert "Scribe" in one("org", "show")
    assert one.facts("org", "pending")["waiting"] == []
    changed = one("person", "roles", "Scribe", "--role", "observer", keys=(WRITER, APPROVER))
    assert "1 of 2" in changed
    one("org", "withdraw", keys=(WRITER,))
    assert "Signed" in one("person", "leave", "Scribe", keys=(WRITER, APPROVER))


def test_in_a_terminal_a_person_types_the_first_word_of_what_they_read(terminals, pair) -> None:
    one, two = terminals
    one("person", "roles", "Approver", "--role", "admin", "--role", "approver", keys=(WRITER, APPROVER))
    wrong = signing(two.profile)
    wrong.expect("Changed: Approver")
    wrong.expect(r"first word \((\w+)\): ")
    wrong.sendline("zebra" if wrong.match.group(1) != "zebra" else "apple")
    wrong.expect("nothing was signed")
    assert ended(wrong) == 2
    assert pair[0].roster.roster.n == 1
    right = signing(two.profile)
    right.expect(r"first word \((\w+)\): ")
    right.sendline(right.match.group(1))
    right.expect("Passphrase for your approver key")
    right.sendline(passphrase("approver", APPROVER).decode())
    right.expect("Signed. Roster 2 is in force here.")
    assert ended(right) == 0


def signing(profile: Path) -> pexpect.spawn:
    command = ["-m", "console", "--profile", str(profile), "org", "sign"]
    return pexpect.spawn(sys.executable, command, encoding="utf-8", timeout=60, dimensions=(200, 240))


def ended(child: pexpect.spawn) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_a_lost_device_is_revoked_and_the_list_says_so(terminals, pair) -> None:
    one, two = terminals
    lost = next(key["console"] for p in one.facts("person", "list")["people"] if not p["me"] for key in p["keys"])
    assert "--reason" in one("org", "revoke", lost, code=2)
    one("org", "revoke", lost, "--reason", "laptop stolen", "--since", "00:00", keys=(WRITER, APPROVER))
    told = two("org", "pending")
    assert told.count("Revoked: ") == 3
    assert "writer key of Approver" in told
    assert "revoke 3 keys of Approver" in told
    assert "good up to entry" not in told, "it was lost before anything of today"
    sha = one.facts("org", "pending")["waiting"][0]["roster"]
    assert "1 of 2 admins of the new version" in two("org", "sign", "--roster", sha, keys=(APPROVER,))
    assert "Roster 1" in one("org", "show") or "roster 1" in one("org", "show"), "what is revoked signs no revocation"


def test_a_letter_is_written_once(terminals, tmp_path: Path) -> None:
    one, _ = terminals
    told = one.facts("org", "lodge", str(tmp_path / "letter.txt"), "--keeper", "counsel", keys=(WRITER,))
    assert (tmp_path / "letter.txt").read_text().startswith("STANDDOWN - LODGING LETTER")
    assert len(told["sha256"]) == 64
    one("org", "lodge", str(tmp_path / "letter.txt"), keys=(WRITER,), code=2)


def test_a_roster_that_is_not_split_cannot_be_settled(terminals) -> None:
    one, _ = terminals
    told = one("org", "settle", "--reason", "so that it is one", code=2)
    assert "not split" in told
    assert "--reason" in one("org", "settle", code=2)


def test_a_renewed_key_comes_from_the_agent_or_a_security_key(terminals, running, security_key, tmp_path) -> None:
    one, two = terminals
    add(tmp_path, "duty@desk")
    told = one("org", "renew", "writer", "--agent", "duty@desk", keys=(WRITER, APPROVER))
    assert "Another admin signs next" in told
    assert "1 of 2" in told
    again = one("org", "renew", "writer", "--agent", "duty@desk", keys=(WRITER,), code=2)
    assert "waits for signatures already" in again
    told = two.facts("org", "pending")["waiting"][0]
    two("org", "sign", "--roster", told["roster"], keys=(APPROVER,))
    one("sync", "run")
    one("note", "by the agent, no passphrase")
    reply = one("org", "renew", "approver", "--security-key", keys=(hardware.PIN, APPROVER), code=1)
    assert "The PIN does not open the security key." in reply


def test_the_sealed_key_signs_from_what_stands_on_its_envelope(terminals, pair, capsys, tmp_path) -> None:
    one, _ = terminals
    share = Path(pair[0].settings.places[0])
    genesis = one.facts("org", "words")["words"]
    person = next(p for p in one.facts("person", "list")["people"] if not p["me"])
    fresh = Terminal(capsys, tmp_path / "fresh", "fresh")
    asked = fresh.facts(
        "org", "join", "--folder", str(share), "--words", genesis, "--name", "Approver", "--person", person["person"],
        keys=(WRITER, APPROVER, APPROVER),
    )["words"]  # fmt: skip
    lost = next(key["console"] for key in person["keys"] if key["console"])
    one("org", "admit", "--words", asked, "--device", "--lost", lost, keys=(WRITER, APPROVER))
    fresh("sync", "run")
    [waits] = fresh.facts("org", "pending")["waiting"]
    sheet = share.parent / "e2" / "recovery-envelope-1.txt"
    words = (share.parent / "e2" / "recovery-envelope-2.txt").read_text()
    spoken = next(line.strip() for line in words.splitlines() if line.startswith("    "))
    read, write = os.pipe()
    os.write(write, spoken.upper().encode() + b"\n")
    os.close(write)
    code = main([
        "--profile", str(fresh.profile), "--passphrase-fd", str(read), "--json", "org", "sign",
        "--roster", waits["roster"], "--recovery", str(sheet),
    ])  # fmt: skip
    os.close(read)
    told = capsys.readouterr()
    assert code == 0, told.out + told.err
    assert json.loads(told.out)["complete"]


def test_a_lone_record_is_looked_at_before_it_is_taken_over(terminals, capsys, tmp_path) -> None:
    one, _ = terminals
    lone = Terminal(capsys, tmp_path / "lone", "lone")
    begun = lone.facts("record", "start", "--name", "Night shift", "--drill", keys=(WRITER,))
    found = one.facts("org", "adopt", str(lone.profile), "--look")
    assert (found["name"], found["words"], found["entry"], found["known"]) == (
        "Night shift", begun["words"], None, False,
    )  # fmt: skip
    assert one.facts("org", "adopt", str(lone.profile), keys=(WRITER,))["entry"]
    assert one.facts("org", "adopt", str(lone.profile), "--look")["known"]


def test_envelopes_are_printed_one_by_one(terminals, pair, tmp_path, monkeypatch) -> None:
    one, _ = terminals
    shutil.copytree(Path(pair[0].settings.places[0]).parent / "e1", one.profile / "envelopes")
    assert len(one.facts("org", "envelopes")["envelopes"]) == 2
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "No printer" in one("org", "envelopes", "--print", "1", code=2)
    (tmp_path / "lpstat").write_text("#!/bin/sh\n[ $1 = -e ] && echo Office\n")
    (tmp_path / "lp").write_text(f"#!/bin/sh\n/bin/cat > {tmp_path}/page\n")
    for name in ("lp", "lpstat"):
        (tmp_path / name).chmod(0o755)
    assert one.facts("org", "envelopes", "--print", "2")["printer"] == "Office"
    assert (tmp_path / "page").read_text().startswith("STANDDOWN - RECOVERY KEY - ENVELOPE 2 OF 2")
