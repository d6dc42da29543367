"""Whoever can write into the shared folder lays there what they like: it costs little, and keeps nobody out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import WaitsForPeople, WrongUse
from console.domain.forms import ConsoleKey, Enrolment, Person, PersonKey, Roster
from console.keys import canon, keyfile, signer, sshsig
from console.runtime.ids import crockford
from console.runtime.paths import ProfilePaths
from console.services import asking as asking_
from console.services import dispatch, founding, organisation, setup
from console.services.record import start_record
from console.services.session import APPROVER, Session
from console.sync import people
from console.sync.folder import FolderPlace
from console.sync.layout import enrolment_name, enrolment_signature_name
from console.sync.report import MOST_FAULTS, Tally
from tests.journal.world import Key
from tests.kit.pair import Asks

MANY = 50_000


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[Session, Session, str]]:
    """A founder, a newcomer whose request lies in the folder, and the words the newcomer reads out."""
    share = tmp_path / "share"
    share.mkdir()
    one, two = ProfilePaths(tmp_path / "one"), ProfilePaths(tmp_path / "two")
    start_record(one, Asks("commander"), name="Commander", world="drill")
    with Session.open(one, Asks("commander")) as first:
        words = organisation.prepare_founding(first, share, tmp_path / "e1").genesis_words
        joined = organisation.join(
            two, Asks("approver"), folder=share, words=words, name="Approver", envelopes=tmp_path / "e2"
        )
        with Session.open(two, Asks("approver")) as second:
            yield first, second, joined.words


def reads_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    real, seen = FolderPlace.read, list[str]()

    def read(place: FolderPlace, name: Any) -> bytes:
        seen.append(name.path)
        return real(place, name)

    monkeypatch.setattr(FolderPlace, "read", read)
    return seen


def sham(first: Session, second: Session, nonce: int = 0) -> tuple[bytes, dict[str, bytes]]:
    """A request of somebody else's keys that says it comes from the newcomer's console."""
    keys = {use: Key(f"sham {use}") for use in ("writer", "approver", "device")}
    console = second.settings.console
    request = Enrolment(
        org=first.org, genesis=organisation.genesis_of(first), created=9, nonce=f"{nonce:032x}",
        person=Person(person=second.me, roles=organisation.SECOND_ROLES, sd=(), keys=tuple(
            PersonKey(key=keys[use].public.line, use=use, console=console, from_ms=1, to_ms=None)
            for use in ("writer", "approver")
        )),
        console=ConsoleKey(console=console, key=keys["device"].public.line, from_ms=1, to_ms=None),
    )  # fmt: skip
    raw = canon.encode(request.as_json())
    return raw, {key.public.fingerprint: key.sign(sshsig.enrol_ns(first.org), raw) for key in keys.values()}


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "from before it was noted"])
def test_nobody_reads_out_somebody_elses_words(asking: tuple[Session, Session, str], noted: bool) -> None:
    """An admin who types what the newcomer reads admits the newcomer's keys, whatever lies in the folder."""
    first, second, words = asking
    place = FolderPlace(Path(second.settings.places[0]))
    if not noted:
        setup.write_note(second.paths, replace(setup.read_note(second.paths), request=""))
    ((own, _),), _ = asking_.requests_to_join(place, first.org, organisation.genesis_of(first))
    shams = [sham(first, second, nonce) for nonce in range(64)]
    hashes = sorted(canon.sha256_hex(raw) for raw, _ in shams)
    for raw, signatures in shams:
        if canon.sha256_hex(raw) in (hashes[0], hashes[-1]):  # one that comes before it, one that comes after
            people.put_enrolment(place, raw, signatures)
    assert hashes[0] < own.sha256 < hashes[-1]
    found = founding.progress(second)
    assert found.my_words == words
    assert len(found.requests) == 2, "the shams lie there as anybody's"
    organisation.admit(first, words)
    mine = keyfile.read_saved(second.paths.key("approver"), "approver").public
    ((_, roster),) = organisation.waiting_rosters(second)
    assert mine.line in roster.raw.decode()


def with_a_puppet(raw: bytes) -> Roster:
    """The roster with a third admin in it whose keys somebody else holds."""
    roster = Roster.parse(canon.decode(raw, limit=len(raw)))
    keys = (PersonKey(key=Key("puppet").public.line, use="approver", console=None, from_ms=1, to_ms=None),)
    puppet = Person(person="p-" + crockford(b"\x70" * 16), roles=("admin", "approver"), keys=keys, sd=())
    return replace(roster, persons=tuple(sorted((*roster.persons, puppet), key=lambda one: one.person)))


def test_a_newcomer_signs_the_roster_they_read_and_no_other(asking: tuple[Session, Session, str]) -> None:
    """Whoever founds may lay a second roster there at the very moment, with a person of their own making in it."""
    first, second, words = asking
    place = FolderPlace(Path(first.settings.places[0]))
    honest = organisation.admit(first, words)
    ((_, found),) = organisation.waiting_rosters(second)
    raw = canon.encode(with_a_puppet(found.raw).as_json())
    false = canon.sha256_hex(raw)
    people.put_roster(place, 1, raw, {})  # by anybody: nobody who founded it signed it
    assert len(organisation.waiting_rosters(second)) == 2
    shown = founding.progress(second)
    assert (shown.stage, shown.roster_sha, len(shown.roster)) == ("signing", honest, 2)
    assert [one.founder for one in shown.roster if not one.me] == [True]

    saved = keyfile.read_saved(first.paths.key("approver"), "approver")
    namespace = sshsig.roster_ns(first.org)
    by_founder = {
        first.writer().public.fingerprint: first.writer().sign(namespace, raw),
        saved.public.fingerprint: signer.sign_single(saved, namespace, raw, partial(first.ask, APPROVER)),
    }
    people.put_roster(place, 1, raw, by_founder)
    with pytest.raises(WrongUse, match="Several rosters"):
        organisation.sign_roster(second)
    mine = keyfile.read_saved(second.paths.key("approver"), "approver").public.fingerprint
    assert all(mine not in one.signatures for _, one in organisation.waiting_rosters(second))
    assert organisation.sign_roster(second, shown.roster_sha) == honest
    assert second.roster.sha256 == honest
    with pytest.raises(WaitsForPeople):
        organisation.sign_roster(second, false)


def test_fifty_thousand_files_keep_nobody_out(
    asking: tuple[Session, Session, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, words = asking
    folder = Path(first.settings.places[0])
    enrol = folder / "v1" / "enrol"
    (own,) = enrol.glob("*.json")
    for number in range(MANY):
        name = f"{number:016x}".ljust(64, "0")  # names of ours come first in every order
        (folder / enrolment_name(name)).touch()
    decoys = [own.stem[:20] + f"{number:044x}" for number in range(20)]  # these have the very words that were read out
    for name in decoys:
        (folder / enrolment_name(name)).write_bytes(b"x" * 40_000)
        (folder / enrolment_signature_name(own.stem, Key(name).public.fingerprint)).write_bytes(b"no signature")
    (folder / enrolment_name("f" * 64)).symlink_to("/dev/zero")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / enrolment_name("e" * 64))
    seen = reads_of(monkeypatch)

    dispatch.sync_all(first)
    assert not [path for path in seen if "enrol" in path], "an exchange reads no requests"
    seen.clear()
    found = founding.progress(first)
    assert found.unread == MANY + 20 + 3 - people.MOST_REQUESTS - (0 if hasattr(os, "mkfifo") else 1)
    assert len(seen) <= 4 * people.MOST_REQUESTS
    seen.clear()
    assert founding.progress(second).my_words == words
    assert len(seen) <= 4 * people.MOST_REQUESTS
    seen.clear()
    organisation.admit(first, words)
    requests = [path for path in seen if path.startswith("v1/enrol/") and path.endswith(".json")]
    assert len(requests) <= len(decoys) + 1, "only what has the words is read"
    assert len([path for path in seen if path.startswith("v1/enrol/") and path.endswith(".sig")]) <= 4


def test_a_place_is_told_of_in_as_many_sentences_as_people_read() -> None:
    tally = Tally(faults=[f"v1/x/{number}: it is a link, and links are never followed." for number in range(MANY)])
    told = tally.report("share").faults
    assert len(told) == MOST_FAULTS + 1
    assert told[-1] == f"{MANY - MOST_FAULTS:,} more files were not taken."


def test_a_note_of_the_first_day_names_no_request(tmp_path: Path) -> None:
    paths = ProfilePaths(tmp_path)
    setup.write_note(paths, setup.Note("join", "share"))
    (note,) = tmp_path.glob("*.json")
    table = json.loads(note.read_bytes())
    del table["request"]
    note.write_text(json.dumps(table))
    assert setup.read_note(paths) == setup.Note("join", "share")
