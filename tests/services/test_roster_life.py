"""A roster lives: a third person, other roles, leaving, a lost device, renewed keys, a recovery key."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.errors import Problem, WaitsForPeople, WrongUse
from console.domain.forms import Roster
from console.exports.krl import make_krl
from console.journal.faults import WrongFeed
from console.journal.values import Draft
from console.keys import canon, keyfile, signer, sshsig
from console.keys.faults import BadRoster
from console.keys.recovery import TypedKey, read_sheet
from console.keys.roster import allowed_signers, signer_namespaces
from console.runtime.paths import ProfilePaths
from console.services import (
    approvals,
    corrections,
    dispatch,
    exporting,
    incidents,
    lodging,
    members,
    organisation,
    renewal,
    roster,
)
from console.services.corrections import TargetWish
from console.services.exporting import NotSound
from console.services.needs import needs
from console.services.readiness import organisation_facts
from console.services.record import start_record
from console.services.session import KeyEnded, NotInRoster, Session
from console.services.verification import whole
from console.sync.folder import FolderPlace
from console.sync.people import put_roster
from tests.journal.test_still import facts
from tests.keys import openssh
from tests.keys.rosters import following, genesis, key, person
from tests.kit.clock import FakeClock
from tests.kit.pair import Asks, connect_manual, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]

Open = Callable[..., tuple[Session, str]]


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Open]:
    """A profile that asks to be admitted, opened, with the words of its request."""
    with ExitStack() as stack:

        def opened(beside: Session, name: str = "scribe", member: str | None = None) -> tuple[Session, str]:
            share = Path(beside.settings.places[0])
            paths = ProfilePaths(tmp_path / f"profile-{name}")
            asked = organisation.join(
                paths, Asks(name), folder=share, words=organisation_words(beside), name=name.capitalize(),
                envelopes=tmp_path / f"envelopes-{name}", member=member,
            )  # fmt: skip
            return stack.enter_context(Session.open(paths, Asks(name))), asked.words

        yield opened


def organisation_words(session: Session) -> str:
    from console.keys.words import words_of

    return words_of(organisation.genesis_of(session))


def admitted(pair: tuple[Session, Session], newcomer: Open, name: str = "scribe", **how: object) -> Session:
    one, two = pair
    third, words = newcomer(one, name)
    outcome = members.admit(one, words, name=name.capitalize(), **how)
    sync(one, two)
    roster.sign(two, outcome.sha)
    sync(one, two, third)
    return third


def numbers(*sessions: Session) -> list[int]:
    return [one.roster.roster.n for one in sessions]


def test_a_third_person_is_admitted_by_two_and_counts_only_then(pair, newcomer) -> None:
    one, two = pair
    third, words = newcomer(one)
    outcome = members.admit(one, words, name="Scribe", roles=("approver", "scribe"), reason="She takes notes.")
    assert not outcome.in_force
    assert "1 of 2" in outcome.missing
    assert numbers(one, two) == [1, 1]
    sync(one, two)
    [waits] = roster.waiting(two)
    assert (waits.mine, waits.signed, waits.proposer, waits.reason) == ("may", (one.me,), one.me, "She takes notes.")
    assert waits.name_of(two)(third.me) == "Scribe", "the second signer reads the name the first one gave"
    assert [one.mine for one in roster.waiting(one)] == ["signed"]
    assert [(need.kind, need.detail) for need in needs(two, (), ())] == [
        ("roster", "Commander proposes it: She takes notes.")
    ]
    assert needs(one, (), ()) == ()
    with pytest.raises(NotInRoster):
        third.person()
    assert roster.sign(two, waits.sha).in_force
    sync(one, two, third)
    assert needs(two, (), ()) == ()
    assert numbers(one, two, third) == [2, 2, 2]
    assert {session.name_of(third.me) for session in (one, two, third)} == {"Scribe"}
    facts = next(one for one in organisation_facts(two)["people"] if one["person"] == third.me)
    assert (facts["roles"], facts["rehearsed"]) == (["approver", "scribe"], False)
    organisation.rehearse(third)
    sync(third, two)
    assert next(one for one in organisation_facts(two)["people"] if one["person"] == third.me)["rehearsed"]
    for session in (one, two, third):
        assert verified(session)


def verified(session: Session) -> bool:
    report = whole(session.store)
    assert report.ok, report.first_wrong
    return True


def test_no_one_person_changes_the_roster_with_whatever_keys(pair, newcomer) -> None:
    one, two = pair
    _, words = newcomer(one)
    outcome = members.admit(one, words)
    with pytest.raises(WrongUse, match="Another roster"):
        members.change_roles(one, two.me, ("admin", "observer"))
    sealed = members_recovery(one)
    assert sealed is None, "the sealed key is on paper"
    assert not roster.sign(one, outcome.sha).in_force, "signing twice is signing once"
    assert numbers(one, two) == [1, 1]
    sync(one, two)
    assert needs(two, (), ())
    roster.withdraw(one, outcome.sha)
    sync(one, two)
    assert needs(two, (), ()) == ()
    with pytest.raises(WaitsForPeople):
        roster.sign(two, "")


def members_recovery(session: Session) -> Path | None:
    path = session.paths.key("recovery")
    return path if path.exists() else None


def test_whatever_lies_in_the_folder_unsigned_is_nobodys_proposal(pair) -> None:
    one, two = pair
    now = one.roster.roster
    mine = next(person for person in now.persons if person.person == one.me)
    forged = roster.follows(one, replace(now, persons=tuple(p for p in now.persons if p != mine)), now.created)
    raw = canon.encode(replace(forged, threshold=2).as_json())
    share = FolderPlace(Path(one.settings.places[0]))
    put_roster(share, 2, raw, {})
    stranger = key("stranger")
    for broken in (raw, raw.replace(b"ssh-ed25519 AAAA", b"ssh-ed25519 BBBB")):
        blob = sshsig.sign_blob(stranger, sshsig.roster_ns(one.org), broken)
        put_roster(share, 2, broken, {sshsig.public_of(stranger).fingerprint: blob})
    assert roster.waiting(two) == ()


def test_roles_change_and_too_few_admins_are_refused(pair) -> None:
    one, two = pair
    with pytest.raises(WrongUse, match="no role"):
        members.change_roles(one, two.me, ("emperor",))
    with pytest.raises((WrongUse, BadRoster)):
        members.change_roles(one, two.me, ("approver", "scribe"))
    outcome = members.change_roles(one, "Approver", ("admin", "approver", "scribe"))
    assert roster.sign(two, outcome.sha).in_force
    sync(one, two)
    roles = {person["name"]: person["roles"] for person in organisation_facts(one)["people"]}
    assert roles["Approver"] == ["admin", "approver", "scribe"]


def test_who_leaves_writes_nothing_more_and_their_history_stays(pair, newcomer) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    third.append(Draft("note", disclosures={"text": "before"}))
    sync(third, one, two)
    outcome = members.leave(one, "Scribe")
    roster.sign(two, outcome.sha)
    late = third.append(Draft("note", disclosures={"text": "written after, not knowing"}))
    sync(one, two, third)
    with pytest.raises(KeyEnded):
        third.append(Draft("note", disclosures={"text": "knowing"}))
    feed = third._person  # what an engine or a window opened before goes on holding it
    with pytest.raises(WrongFeed, match="ended or revoked"):
        third.store.write(lambda tx: tx.append(feed, Draft("note", disclosures={"text": "knowing"}), roster=third.ref))
    sync(one, two)
    for session in (one, two, third):
        standing = {note.disclosed["text"]: note.standing for note in session.reader.entries(org=True, kinds=("note",))}
        assert standing == {"before": "good", "written after, not knowing": "quarantined"}
        assert verified(session)
    assert third.reader.entry(late.id) is not None, "kept, and shown as what it is"
    gone = next(member for member in one.roster.roster.persons if member.person == third.me)
    assert gone.roles == ()
    assert len(roster.waiting(one)) == 0


def test_a_stolen_device_is_revoked_to_the_last_good_entry_and_stock_openssh_agrees(pair, newcomer, tmp_path) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    good = third.append(Draft("note", disclosures={"text": "hers"}))
    sync(third, one, two)
    thief = third.append(Draft("note", disclosures={"text": "the thief's"}))
    with pytest.raises(WrongUse, match="reason"):
        members.revoke(one, "Scribe", " ")
    outcome = members.revoke(one, "Scribe", "laptop stolen")
    sync(one, two)
    assert [waits.reason for waits in roster.waiting(two)] == ["laptop stolen"]
    roster.sign(two, outcome.sha)
    sync(third, one, two)
    for session in (one, two):
        assert session.reader.entry(good.id).standing == "good"
        assert session.reader.entry(thief.id).standing == "quarantined"
        assert verified(session)
    writer = keyfile.read_saved(third.paths.key("writer"), "writer").public
    assert one.roster.good(writer.fingerprint, good.feed) == (good.seq, good.id)
    accepts = stock(one, tmp_path)
    assert accepts(good, third.me, listed=False), "history up to the frontier is verified without -r"
    assert not accepts(thief, third.me, listed=True)
    mine = one.append(Draft("note", disclosures={"text": "ours"}))
    assert accepts(mine, one.me, listed=True)


def stock(session: Session, folder: Path) -> Callable[..., bool]:
    """Whether the system's ssh-keygen accepts an entry's signature by what the rosters compile to."""
    rosters = session.store.rosters()
    signers, krl, sig = folder / "allowed_signers", folder / "krl", folder / "sig"
    signers.write_text(allowed_signers(rosters, signer_namespaces(session.org)))
    revoked = {one.key for one in session.roster.roster.revoked}
    krl.write_bytes(make_krl([facts.public for name, facts in session.roster.keys().items() if name in revoked], 1))

    def accepts(entry, who: str, *, listed: bool) -> bool:
        namespace = sshsig.entry_ns(session.org)
        sig.write_text(sshsig.armour(entry.sig))
        command = ["-Y", "verify", "-f", signers, "-I", who, "-n", namespace, "-s", sig]
        return openssh.run(*command, *(["-r", krl] if listed else []), given=entry.raw, ok=False).returncode == 0

    return accepts


def test_a_revocation_reaches_back_to_when_the_device_was_lost(pair, newcomer) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    before = third.append(Draft("note", disclosures={"text": "hers"}))
    after = third.append(Draft("note", disclosures={"text": "seen by all, and the thief's"}))
    while after.entry.hlc[0] == before.entry.hlc[0]:  # a quick machine writes both within one millisecond
        after = third.append(Draft("note", disclosures={"text": "seen by all, and the thief's"}))
    sync(third, one, two)
    roster.sign(two, members.revoke(one, third.settings.console, "stolen", after.entry.hlc[0]).sha)
    sync(one, two)
    assert one.reader.entry(before.id).standing == "good"
    assert [session.reader.entry(after.id).standing for session in (one, two)] == ["quarantined"] * 2
    assert verified(one)
    assert next(m for m in one.roster.roster.persons if m.person == third.me).roles, "a lost device is no dismissal"
    told = organisation_facts(one)
    assert {person["name"]: person["can_sign"] for person in told["people"]} == {
        "Commander": True, "Approver": True, "Scribe": False,
    }  # fmt: skip
    assert third.settings.console not in told["consoles"]


def test_a_renewed_writer_key_goes_on_in_a_new_feed_and_the_old_one_ends(pair) -> None:
    one, two = pair
    before = one.append(Draft("note", disclosures={"text": "with the old key"}))
    old = keyfile.read_saved(one.paths.key("writer"), "writer").public
    _, outcome = renewal.renew(one, "writer")
    assert one.append(Draft("note", disclosures={"text": "still the old key"})).feed == before.feed
    sync(one, two)
    roster.sign(two, outcome.sha)
    sync(one, two)
    new = keyfile.read_saved(one.paths.key("writer"), "writer").public
    assert new != old
    one.ask = lambda _what, *, new=False: passphrase("commander", "your new writer key")
    after = one.append(Draft("note", disclosures={"text": "with the new key"}))
    opened = one.reader.feed(after.feed)[0]
    heads = {facts.feed: facts.key for facts in one.reader.feeds()}
    assert heads[after.feed] == new.fingerprint
    assert opened.entry.pub["continues"][0] == before.feed
    assert one.roster.key(old.fingerprint).to_ms is not None
    sync(one, two)
    assert two.reader.entry(after.id).standing == "good"
    assert verified(one)
    assert verified(two)


def test_a_renewed_approver_key_signs_the_next_roster(pair) -> None:
    one, two = pair
    _, outcome = renewal.renew(two, "approver")
    roster.sign(one, outcome.sha)
    sync(two, one)
    two.ask = lambda what, *, new=False: passphrase(
        "approver", {"your approver key": "your new approver key"}.get(what, what)
    )
    assert roster.sign(one, members.change_roles(two, "Approver", ("admin", "approver")).sha).in_force


def test_a_member_joins_with_a_second_device_only_where_an_admin_says_so(pair, newcomer) -> None:
    one, two = pair
    second, words = newcomer(one, "tablet", two.me)
    with pytest.raises(WrongUse, match="further keys of Approver"):
        members.admit(one, words)
    outcome = members.admit(one, words, device=True)
    roster.sign(two, outcome.sha)
    sync(two, one, second)
    note = second.append(Draft("note", disclosures={"text": "from the tablet"}))
    assert note.entry.author == two.me
    sync(second, one)
    assert one.reader.entry(note.id).standing == "good"
    assert len(organisation_facts(one)["people"]) == 2


def test_a_lost_machine_is_replaced_by_the_sealed_key_and_one_admin(pair, newcomer) -> None:
    one, two = pair
    lost = two.settings.console
    fresh, words = newcomer(one, "spare", two.me)
    outcome = members.admit(one, words, device=True, lost=lost, reason="Lost on a train.")
    dispatch.sync_all(fresh)
    assert fresh.roster.roster.n == 1
    assert not roster.sign(fresh, outcome.sha).in_force, "the new key alone proves nothing of who they are"
    sealed, spoken = unsealed(Path(two.settings.places[0]).parent / "e2")
    fresh.ask = lambda what, *, new=False: spoken if what == roster.RECOVERY else passphrase("spare", what)
    assert roster.recovery_counts_for(fresh, roster.find(fresh, outcome.sha), sealed.public) == two.me
    assert roster.sign(fresh, outcome.sha, recovery=sealed).in_force
    sync(one, fresh)
    assert numbers(one, fresh) == [2, 2]
    assert one.roster.is_revoked(keyfile.read_saved(two.paths.key("approver"), "approver").public.fingerprint)
    organisation.rehearse(fresh)
    sync(fresh, one)
    dispatch.sync_all(two)
    with pytest.raises(KeyEnded):
        two.append(Draft("note", disclosures={"text": "who found it"}))
    assert verified(one)
    assert verified(two)


def unsealed(folder: Path) -> tuple[TypedKey, bytes]:
    """The key off envelope 1 as somebody types it, and the words off envelope 2, typed as they are spoken."""
    sheet = (folder / "recovery-envelope-1.txt").read_text()
    words = next(
        one.strip() for one in (folder / "recovery-envelope-2.txt").read_text().splitlines() if one.startswith("    ")
    )
    return read_sheet(sheet.replace("\n", "\n   ")), words.title().replace(" ", ", ").encode()


def test_two_versions_of_one_number_are_not_signed_by_one_person(pair, newcomer) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    sync(third)
    first = members.change_roles(one, "Scribe", ("admin", "approver"))
    members.change_roles(two, "Scribe", ("admin", "observer"))
    assert len(roster.waiting(third)) == 2
    with pytest.raises(WrongUse, match="Several"):
        roster.sign(third, "")
    assert roster.sign(third, first.sha).in_force
    with pytest.raises(WaitsForPeople):
        roster.sign(third, "")


def test_what_would_leave_nobody_to_sign_is_refused_beforehand(pair) -> None:
    one, two = pair
    with pytest.raises((WrongUse, BadRoster)):
        members.revoke(one, "Approver", "gone")
    with pytest.raises((WrongUse, BadRoster)):
        members.leave(one, "Approver")
    assert roster.waiting(two) == ()


def test_people_with_names_alike_are_refused(pair, newcomer) -> None:
    one, _ = pair
    _, words = newcomer(one)
    with pytest.raises(Problem, match="same name"):
        members.admit(one, words, name="COMMANDER")


def test_the_usual_threshold_follows_the_admins_and_a_chosen_one_stays() -> None:
    def of(admins: int, threshold: int) -> Roster:
        people = tuple(person(f"p{at}", ("admin",)) for at in range(admins))
        return replace(following(genesis(), "one", "two"), persons=people, threshold=threshold)

    cases = [
        (2, 2, 3, 2),
        (3, 2, 4, 3),
        (4, 3, 5, 3),
        (5, 3, 9, 3),
        (4, 3, 3, 2),
        (5, 5, 6, 5),
        (5, 5, 4, 4),
        (4, 2, 5, 2),
    ]
    for was, threshold, are, expected in cases:
        assert roster.threshold_after(of(was, threshold), of(are, threshold)) == expected, (was, threshold, are)


def test_the_letter_names_every_head_and_is_recorded(pair, tmp_path) -> None:
    one, _ = pair
    made = lodging.lodge(one, tmp_path / "letter.txt", "counsel")
    text = (tmp_path / "letter.txt").read_text()
    assert text == made.text
    assert organisation_words(one) in text
    assert "DRILL" in text
    told = one.reader.entry(made.entry.id).disclosed["text"]
    assert canon.sha256_hex(text.encode()) in told
    assert "counsel" in told
    for feed, (seq, ident) in one.reader.heads().items():
        assert feed in text
        assert ident in text or made.entry.feed == feed, seq
    with pytest.raises(WrongUse, match="already"):
        lodging.lodge(one, tmp_path / "letter.txt")


def test_a_letter_is_owed_at_founding_and_each_month(pair, tmp_path, monkeypatch) -> None:
    one, _ = pair
    assert organisation_facts(one)["owed"] == []  # practice owes nobody anything
    one.change_settings(replace(one.settings, world="real"))
    assert "No letter is lodged yet" in organisation_facts(one)["owed"][0]
    made = lodging.lodge(one, tmp_path / "letter.txt", "counsel")
    assert organisation_facts(one)["owed"] == []
    clock = FakeClock(wall_ms=made.entry.entry.hlc[0] + 40 * 24 * 3_600_000)
    monkeypatch.setattr(one, "clock", clock)
    assert "40 days old" in organisation_facts(one)["owed"][0]


def test_a_provisional_record_is_taken_over_by_naming_its_heads(pair, tmp_path) -> None:
    one, _ = pair
    paths = ProfilePaths(tmp_path / "lone")
    started = start_record(paths, Asks("lone"), name="Lone", world="drill")
    with Session.open(paths, Asks("lone")) as lone:
        lone.append(Draft("note", disclosures={"text": "seen alone"}))
        heads = lone.reader.heads()
    before = facts(paths.root)
    stored = lodging.adopt_record(one, paths.root)
    assert facts(paths.root) == before
    assert stored.entry.pub["roster"] == started.genesis
    assert {feed: (seq, ident) for feed, seq, ident in stored.entry.pub["heads"]} == heads
    with pytest.raises(Problem, match="already"):
        lodging.adopt_record(one, paths.root)
    with pytest.raises(WrongUse, match="this organisation"):
        lodging.adopt_record(one, one.paths.root)
    real = ProfilePaths(tmp_path / "real")
    start_record(real, Asks("lone"), name="Lone", world="real")
    with pytest.raises(WrongUse, match="drill"):
        lodging.adopt_record(one, real.root)
    with closing(sqlite3.connect(paths.journal)) as connection:
        connection.execute("DROP TRIGGER entry_stays_as_written")
        connection.execute("UPDATE entry SET sig = zeroblob(9) WHERE seq = 1")
        connection.commit()
    with pytest.raises(NotSound):
        lodging.adopt_record(one, paths.root)


def test_a_split_roster_is_told_on_every_console(pair, newcomer) -> None:
    one, two = pair
    third = admitted(pair, newcomer)
    sync(third)
    first = members.change_roles(one, "Scribe", ("admin", "approver"))
    other = members.change_roles(two, "Scribe", ("admin", "observer"))
    share = FolderPlace(Path(one.settings.places[0]))
    [raw] = [waits.raw for waits in roster.waiting(third) if waits.sha == other.sha]
    roster.sign(third, first.sha)
    key = keyfile.read_saved(third.paths.key("approver"), "approver")
    blob = signer.sign_once(key, sshsig.roster_ns(one.org), raw, passphrase("scribe", "your approver key"))
    put_roster(share, 3, raw, {key.public.fingerprint: blob})  # what the console would not do, somebody's program does
    sync(one, two, third)
    for session in (one, two, third):
        [split] = lodging.splits(session)
        assert split.n == 3
        assert {split.used, *split.rivals} == {first.sha, other.sha}
        assert len(split.in_both) == 3
        assert any("Two rosters 3" in need.text for need in needs(session, (), ()))
        assert any("two were validly signed" in lacks for lacks in organisation_facts(session)["missing"])


def test_what_was_decided_under_an_earlier_roster_stays_decided_and_exports_hold(pair, newcomer, tmp_path) -> None:
    one, two = pair
    connect_manual(one, "m")
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})
    made = corrections.propose(one, inc, [wish], "Because")
    sync(one, two)
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, made.sha)
        approvals.decide(
            session, held, "approve", lambda who=who: passphrase(who, "your approver key"), shown=made.sha
        )  # fmt: skip
        sync(one, two)
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 3_000)
    assert one.reader.entries(made.action.inc, kinds=("dispatch.authorised",))
    assert [row.state for row in dispatch.rows(one)] == ["queued"]
    third = admitted(pair, newcomer)
    roster.sign(two, members.revoke(one, two.settings.console, "stolen later").sha)
    assert numbers(one) == [2], "two admins are needed who are not the revoked one"
    sync(one, two, third)
    roster.sign(third, roster.waiting(third)[0].sha)
    sync(one, third)
    assert numbers(one) == [3]
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 1_000)
    told = [row.state for row in dispatch.rows(one)]
    assert told == ["attention"], (
        "what a revoked key signed is not sent: it goes to people; the decision stays in history"
    )
    exporting.export(one, made.action.inc, tmp_path / "bundle")
    told = exporting.check(tmp_path / "bundle", organisation.genesis_of(one))
    assert "1 decisions judged again" in told[0]
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "--genesis", organisation.genesis_of(one)], cwd=tmp_path / "bundle",
        capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
