"""Whoever has a machine's key can write that something was decided. Nothing here takes its word."""

from __future__ import annotations

import pytest

from console.journal.values import Draft
from console.outbox.authorise import authorise
from console.services import approvals, corrections, incidents
from console.services.after_action import review
from console.services.closing import propose_closing
from console.services.corrections import TargetWish
from console.services.coverage import coverage
from console.services.needs import needs
from console.services.rulings import rulings_of
from console.services.standing import corrections as corrections_of
from tests.kit.clock import FakeClock
from tests.kit.pair import connect_manual, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]
KEY = "your approver key"


def authorisation(session, sha, records=()):
    """What the decision of that console would say, with these records for its people."""
    heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(session.reader.heads().items())]
    roster = session.roster
    return {
        "doc": sha, "records": list(records), "roster": list(roster.ref), "policy": roster.roster.policy,
        "now": session.clock.wall_ms(), "clock": "trusted", "seen": heads, "verdict": "approved",
    }  # fmt: skip


def claim(session, kind, inc, pub, subj=None):
    feed, ref = session.device(), session.ref
    return session.store.write(lambda tx: tx.append(feed, Draft(kind, inc, subj, pub), roster=ref))


def sign(session, who, sha):
    held = corrections.find_document(session, sha)
    return approvals.decide(session, held, "approve", lambda: passphrase(who, KEY))


def receive(session, signed, inc):
    pub = {**signed.entry.pub, "carried_by": signed.id}
    return claim(session, "approval.received", inc, pub)


def asked(session):
    return [one.doc for one in needs(session, (), incidents.list_incidents(session)) if one.kind == "approve"]


def status(session):
    return [line.status for line in incidents.list_incidents(session)]


@pytest.mark.parametrize("people", ["nobody", "one", "the same twice"])
def test_a_close_that_had_not_its_people_leaves_the_incident_open_and_the_closing_to_be_signed(pair, people):
    one, two = pair
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    sync(one, two)
    sha = propose_closing(one, inc)
    records = []
    if people != "nobody":
        signed = sign(one, "commander", sha)
        sync(one, two)
        records = [receive(two, signed, inc).id for _ in range(2 if people == "the same twice" else 1)]
    sync(one, two)
    false = claim(two, "closing.authorised", inc, authorisation(two, sha, records))
    sync(one, two)
    for session in (one, two):
        assert session.reader.entry(false.id).standing == "good"  # it is a true entry of that machine, and shown
        assert status(session) == ["declared"]
        assert sha in [waiting.sha for waiting in approvals.waiting(session)]
    assert sha in asked(two)
    sign(two, "approver", sha)
    if people == "nobody":
        sign(one, "commander", sha)
    sync(one, two)
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, sha)).outcome == "authorised"
    sync(one, two)
    for session in (one, two):
        assert status(session) == ["closed"]
        assert sha not in [waiting.sha for waiting in approvals.waiting(session)]
        assert sha not in asked(session)


def test_what_cannot_be_judged_yet_is_judged_when_the_rest_is_here(pair):
    one, two = pair
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    sync(one, two)
    sha = propose_closing(one, inc)
    pub = authorisation(one, sha)
    machine = one.device().feed
    pub["seen"] = [[feed, seq, ident if feed == machine else "ab" * 32] for feed, seq, ident in pub["seen"]]
    stored = claim(one, "closing.authorised", inc, pub)
    rulings = rulings_of(one)
    with one.reader.snapshot() as connection:
        assert not rulings.holds(connection, stored)
    assert rulings._known == {}


def test_an_action_that_had_not_its_people_waits_for_them_whatever_a_console_says(pair):
    one, two = pair
    connect_manual(one, "atlas-large")
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    wish = TargetWish(provider="vendor", surface="at-vendor", lever="manual.ask", params={"instruction": "withdraw it"})
    made = corrections.propose(one, inc, [wish], "It helps with exploits.")
    sync(one, two)
    claim(two, "dispatch.authorised", inc, authorisation(two, made.sha), subj=made.op)
    sync(one, two)
    for session in (one, two):
        (standing,) = corrections_of(session)
        assert (standing.state, standing.group) == ("proposed", "pending")
        lines = incidents.list_incidents(session)
        assert made.sha in [need.doc for need in needs(session, (standing,), lines) if need.kind == "approve"]
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(one, two)
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, made.sha)).outcome == "authorised"
    sync(one, two)
    for session in (one, two):
        (standing,) = corrections_of(session)
        assert (standing.state, standing.group) == ("queued", "queued")


# -- what is over, and what another machine says -----------------------------------------------------------------------

STEPS = ("intent", "accepted", "recorded", "enforced")
MORE = {
    "intent": {"requests": "0" * 64, "step": "apply", "pre": "same", "verdict": "approved"},
    "accepted": {"outcome": "accepted"},
    "enforced": {"evidence": "canary", "probes": 24, "since": 1, "until": 2},
}


def proposed(one, two):
    connect_manual(one, "atlas-large")
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    wish = TargetWish(provider="vendor", surface="at-vendor", lever="manual.ask", params={"instruction": "withdraw it"})
    made = corrections.propose(one, inc, [wish], "It helps with exploits.")
    sync(one, two)
    return inc, made


def say_enforced(session, inc, made):
    """A machine says of every step that it was taken."""
    for step in STEPS:
        pub = {"doc": made.sha, "target": 0, "attempt": 1, **MORE.get(step, {})}
        claim(session, f"dispatch.{step}", inc, pub, subj=made.op)


@pytest.mark.parametrize("who", ["nobody", "no decision either", "the proposer"])
def test_what_nobody_signed_enough_is_not_in_force_once_its_time_is_over_either(pair, monkeypatch, who):
    """Judged only while it could be sent, it was shown as enforced as soon as it had lapsed."""
    one, two = pair
    inc, made = proposed(one, two)
    signed = sign(one, "commander", made.sha) if who == "the proposer" else None
    records = [] if signed is None else [receive(one, signed, inc).id]
    if who != "no decision either":
        claim(one, "dispatch.authorised", inc, authorisation(one, made.sha, records), subj=made.op)
    say_enforced(one, inc, made)
    sync(one, two)
    later = FakeClock(one.clock.wall_ms() + 30 * 3_600_000)
    for session in (one, two):
        monkeypatch.setattr(session, "clock", later)
        (standing,) = corrections_of(session)
        assert standing.group == "over", standing.state
        assert {target.state for target in standing.targets} <= {"proposed", "expired"}


def test_a_machine_that_the_document_does_not_name_says_nothing_of_it(pair):
    """It had the signatures of both, and its owner wrote that it was in force before anything was sent."""
    one, two = pair
    inc, made = proposed(one, two)
    records = []
    for session, who in ((one, "commander"), (two, "approver")):
        signed = sign(session, who, made.sha)
        sync(one, two)
        records.append(receive(two, signed, inc).id)
    assert two.device().feed not in made.action.targets[0].dispatchers
    claim(two, "dispatch.authorised", inc, authorisation(two, made.sha, records), subj=made.op)
    say_enforced(two, inc, made)
    sync(one, two)
    for session in (one, two):
        (standing,) = corrections_of(session)
        assert (standing.state, standing.group) == ("proposed", "pending")
        (way,) = review(session, inc).ways
        assert (way.second_ms, way.sent_ms, way.held) == (None, None, 0)
        assert [cell.last for row in coverage(session).rows for cell in row.cells if cell.last] == []
    feed = one.device()
    assert one.store.write(lambda tx: authorise(tx, feed, made.sha)).outcome == "authorised"
    sync(one, two)
    for session in (one, two):
        (way,) = review(session, inc).ways
        assert way.second_ms is not None
    assert [standing.state for session in (one, two) for standing in corrections_of(session)] == ["queued"] * 2
