"""The seat of one console: whoever gives it is locked out first, whoever takes it signs once, with their own key."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from console.domain.errors import Problem, WrongUse
from console.outbox.authorise import authorise
from console.outbox.facts import View, rehearsed
from console.services import approvals, corrections, dispatch, exporting, incidents, organisation
from console.services.approvals import Guest, find_guest
from console.services.corrections import TargetWish
from console.services.guests import NoGuest
from console.services.presented import present
from console.viewmodels.approval import approval_view
from console.viewmodels.seat import IDLE_MS, Seat
from tests.kit.clock import FakeClock
from tests.kit.pair import connect_manual, pair_at, passphrase, sync

OWNER, SECOND = "p-owner", Guest("p-second", "Approver", SimpleNamespace())


@pytest.fixture
def seat():
    clock, locks = FakeClock(), []
    made = Seat(clock, owner=OWNER, owner_name="Commander", lock=lambda: locks.append(clock.boot_ms()))
    return SimpleNamespace(seat=made, clock=clock, locks=locks)


def test_the_first_person_is_locked_out_before_the_second_is_named(seat):
    assert (seat.seat.state().person, seat.seat.state().locked_out) == (OWNER, False)
    seat.seat.offer()
    found = seat.seat.state()
    assert (found.phase, found.person, found.locked_out, len(seat.locks)) == ("offered", None, True, 1)


def test_whoever_takes_it_signs_once(seat):
    seat.seat.offer()
    seat.seat.take(SECOND)
    found = seat.seat.state()
    assert (found.person, found.locked_out) == (SECOND.person, True)
    assert "locked out" in found.sentence
    assert seat.seat.signer() is SECOND
    seat.seat.signed()
    assert seat.seat.state().locked_out
    for again in (seat.seat.signer, seat.seat.signed, lambda: seat.seat.take(SECOND)):
        with pytest.raises(WrongUse):
            again()


def test_giving_it_back_leaves_the_first_persons_key_locked(seat):
    seat.seat.offer()
    seat.seat.take(SECOND)
    seat.seat.give_back()
    assert len(seat.locks) == 2
    assert seat.seat.state().person == OWNER
    with pytest.raises(WrongUse):
        seat.seat.signer()


def test_a_seat_that_nobody_uses_falls_back(seat):
    seat.seat.offer()
    seat.seat.take(SECOND)
    seat.clock.advance(IDLE_MS - 1)
    assert seat.seat.state().remaining_ms == 1
    seat.clock.advance(1)
    with pytest.raises(WrongUse):
        seat.seat.signer()
    assert seat.seat.state().phase == "own"


def test_a_seat_is_only_taken_when_offered_and_by_somebody_else(seat):
    with pytest.raises(WrongUse):
        seat.seat.take(SECOND)
    with pytest.raises(WrongUse):
        seat.seat.signed()
    seat.seat.offer()
    with pytest.raises(WrongUse):
        seat.seat.take(replace(SECOND, person=OWNER))


# -- the guest, with real keys -----------------------------------------------------------------------------------------


def proposed(one, *wishes, **how):
    connect_manual(one, "m")
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    params = {"instruction": "Stop it"}
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params=params)
    return corrections.propose(one, inc, wishes or [wish], "Because", **how)


def sign(session, sha, decision="approve", *, guest=None, who="commander", **how):
    held = corrections.find_document(session, sha)
    opens = lambda: passphrase(who, "your approver key")  # noqa: E731  handed on as it is
    return approvals.decide(session, held, decision, opens, guest=guest, **how)


def test_two_people_at_one_console_complete_a_correction(pair):
    one, two = pair
    made = proposed(one)
    sign(one, made.sha)
    guest = find_guest(one, two.paths.root)
    assert (guest.person, guest.name) == (two.me, "Approver")
    one.lock()
    stored = sign(one, made.sha, guest=guest, who="approver", shown=made.sha)
    record = json.loads(base64.b64decode(str(stored.entry.pub["record"])))
    assert (stored.entry.kind, stored.entry.author, stored.entry.pub["carried_by"]) == ("approval.received", None, None)
    assert (record["person"], record["seat"], record["console"]) == (two.me, "shared", one.settings.console)
    assert record["key"] == guest.key.public.fingerprint
    assert not one.unlocked
    held = corrections.find_document(one, made.sha)
    assert approvals.judge(one, held).verdict.met
    feed = one.device()
    decided = one.store.write(lambda tx: authorise(tx, feed, made.sha))
    assert decided.outcome == "authorised", decided
    view = approval_view(present(one, made.sha))
    assert view.who is not None
    assert [one.where for one in view.who.signed] == ["this console", "this console (shared seat)"]


def test_a_bundle_with_a_shared_seat_verifies_by_the_same_rule(pair, tmp_path):
    one, two = pair
    made = proposed(one)
    sign(one, made.sha)
    sign(one, made.sha, guest=find_guest(one, two.paths.root), who="approver")
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, made.sha)).outcome == "authorised"
    bundle = tmp_path / "bundle.zip"
    exporting.export(one, made.action.inc, bundle)
    assert any("holds" in line for line in exporting.check(bundle, organisation.genesis_of(one)))


def test_the_dispatcher_elsewhere_takes_in_what_a_seat_carried(pair):
    one, two = pair
    made = proposed(one)
    sync(one, two)
    guest = find_guest(two, one.paths.root)
    sign(two, made.sha, who="approver")
    sign(two, made.sha, guest=guest)
    sync(two, one)
    assert approvals.judge(one, corrections.find_document(one, made.sha)).verdict.met
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, made.sha)).outcome == "authorised"


def test_a_refusal_at_the_seat_ends_the_revision(pair):
    one, two = pair
    made = proposed(one)
    sign(one, made.sha, "refuse", guest=find_guest(one, two.paths.root), who="approver")
    verdict = approvals.judge(one, corrections.find_document(one, made.sha)).verdict
    assert "refused" in verdict.missing[0]


def test_the_seat_takes_no_wrong_passphrase_no_remark_no_second_time_and_no_other_bytes(pair):
    one, two = pair
    made = proposed(one)
    guest = find_guest(one, two.paths.root)
    for how, words in (
        ({"who": "commander"}, "passphrase"), ({"reason": "fine"}, "remark"), ({"shown": "0" * 64}, "was shown"),
    ):  # fmt: skip
        with pytest.raises(Problem, match=words):
            sign(one, made.sha, guest=guest, **{"who": "approver", **how})
    assert not one.reader.entries(kinds=("approval.received",), inc=made.action.inc)
    sign(one, made.sha, guest=guest, who="approver")
    with pytest.raises(WrongUse, match="signed this already"):
        sign(one, made.sha, guest=guest, who="approver")


def test_software_keys_at_one_console_never_suffice_for_what_is_critical(pair):
    one, two = pair
    connect_manual(one, "m", "second")
    wishes = [
        TargetWish(provider=name, surface="", lever="manual.ask", params={"instruction": "Withdraw it"})
        for name in ("vendor", "second")
    ]
    made = proposed(one, *wishes)
    assert made.action.gravity == "critical"
    sign(one, made.sha)
    guest = find_guest(one, two.paths.root)
    with pytest.raises(WrongUse, match="never counts for what is critical"):
        sign(one, made.sha, guest=guest, who="approver")
    sync(one, two)
    sign(two, made.sha, who="approver")
    assert approvals.judge(two, corrections.find_document(two, made.sha)).verdict.met


def test_only_a_member_of_this_organisation_with_their_own_key_in_force_takes_the_seat(founded, pair, tmp_path):
    one, two = pair
    with pytest.raises(WrongUse, match="your own"):
        find_guest(one, one.paths.root)
    with pytest.raises(Problem, match="no profile"):
        find_guest(one, tmp_path / "nowhere")
    folder = tmp_path / "borrowed"
    folder.mkdir()
    shutil.copytree(two.paths.keys, folder / "keys")
    text = two.paths.settings.read_text(encoding="utf-8")
    (folder / "profile.toml").write_text(text.replace(two.org, "d-" + "0" * 26), encoding="utf-8")
    with pytest.raises(NoGuest, match="another organisation"):
        find_guest(one, folder)
    (folder / "profile.toml").write_text(text, encoding="utf-8")
    for name in ("approver", "approver.pub"):
        shutil.copy(one.paths.keys / name, folder / "keys" / name)
    with pytest.raises(NoGuest, match="does not list"):
        find_guest(one, folder)
    with pair_at(founded, tmp_path / "again") as (_, other):
        assert find_guest(one, other.paths.root).person == other.me
    assert dispatch.rows(one) == []
    with one.reader.snapshot() as connection:
        assert rehearsed(View(connection), one.roster) == {one.me, two.me}
