"""One colleague's own program writes entries that are as odd as the door lets in: no console stops reading for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.exports.evidence import Wrong
from console.journal.projections import Projections
from console.journal.values import Answer
from console.keys import canon
from console.keys.canon import sha256_hex
from console.services import (
    after_action,
    agreements,
    assumption,
    brief,
    bypass,
    checklist,
    clocks,
    coverage,
    exporting,
    incidents,
    needs,
    overview,
    presented,
    readiness,
    redaction,
    room,
    rotation,
    staging,
    standing,
    timeline,
    waiting,
)
from console.services.session import Session
from tests.kit.pair import founded, pair, sync
from tests.kit.rogue import Rogue

__all__ = ["founded", "pair"]

SHA = "ab" * 32
OP = "a-" + "0" * 26
BEYOND = 2**53 - 1
ODD = ({"at_ms": BEYOND, "plus_minus_s": BEYOND, "sha256": SHA, "name": 7}, BEYOND, None, [["x"], {}], "<b>x</b>")
DECIDED = {"doc": SHA, "records": [], "roster": [0, SHA], "policy": SHA, "now": 1, "clock": "trusted"}


@pytest.fixture
def hostile(pair: tuple[Session, Session]) -> tuple[Session, str, Rogue, Rogue]:
    """The commander's session, an incident, and the approver's program: as the person, and as their machine."""
    victim, other = pair
    inc = incidents.declare(victim, "F-7 helps with exploits", 2).entry.inc
    assert inc is not None
    sync(victim, other)
    return victim, inc, Rogue(other, other.person()), Rogue(other, other.device())


def test_a_word_of_a_newer_version_excuses_no_other_field(hostile) -> None:
    victim, inc, person, machine = hostile
    for tail in ({}, {"seen": [["x"]]}, {"seen": [], "verdict": None}):
        pub = {**DECIDED, "clock": "newer", **tail}
        assert machine.give(victim.store, "dispatch.authorised", pub, inc=inc, subj=OP) is Answer.malformed
    surface = {"surface": "t-" + "0" * 26, "instance": "g-" + "0" * 26, "model": "m", "kind": "newer"}
    assert person.give(victim.store, "surface.added", surface) is Answer.malformed
    whole = {**DECIDED, "clock": "newer", "seen": [], "verdict": "newer"}
    assert machine.give(victim.store, "dispatch.authorised", whole, inc=inc, subj=OP) is Answer.inserted


def test_a_time_that_no_calendar_shows_is_refused(hostile) -> None:
    victim, inc, person, _ = hostile
    assert person.give(victim.store, "knowledge.fact", {"since_ms": BEYOND}, inc=inc) is Answer.malformed
    assert person.give(victim.store, "note", {}, inc=inc, hlc=(BEYOND, 0)) is Answer.malformed
    assert person.give(victim.store, "note", {}, {"occurred": {"at_ms": BEYOND}}, inc=inc) is Answer.inserted
    assert person.give(victim.store, "task", {}, {"text": "x. Due 9999-12-31 23:59 UTC."}, inc=inc) is Answer.inserted
    assert person.give(victim.store, "note", {}, inc=inc, hlc=(221_845_392_000_000, 0)) is Answer.skewed


def test_nobody_becomes_somebody_else_by_what_they_call_themselves(hostile) -> None:
    victim, _, person, _ = hostile
    other = next(one.person for one in victim.roster.roster.persons if one.person != victim.me)
    assert (victim.name_of(victim.me), victim.name_of(other)) == ("Commander", "Approver")
    for name in ("Commander", "c\u043emmander", "Chair of the board\nCommander"):
        assert person.give(victim.store, "self-test", {}, {"speaker": name}) is Answer.inserted
    victim.change_settings(victim.settings)  # forgets every name that was kept
    assert (victim.name_of(victim.me), victim.name_of(other)) == ("Commander", "Approver")


def test_every_reading_goes_on(hostile, tmp_path) -> None:
    victim, inc, person, machine = hostile
    kinds = (
        "note", "task", "incident.declared", "incident.link", "evidence", "agreement", "notification", "self-test",
        "amendment", "retraction", "lodging", "a.newer-kind", "organisation.adopted",
    )  # fmt: skip
    pubs: dict[str, dict[str, Any]] = {
        "incident.declared": {"severity": 1}, "evidence": {"class": "newer"},
        "organisation.adopted": {"roster": SHA, "heads": [[SHA, BEYOND, SHA]]},
    }  # fmt: skip
    names = ("text", "title", "occurred", "reason", "speaker", "source", "blob", "name", "who", "briefing")
    for kind in kinds:
        for odd in ODD:
            pub = {"of": [SHA], "privileged": "yes", "regime": "none", **pubs.get(kind, {})}
            answer = person.give(victim.store, kind, pub, dict.fromkeys(names, odd), inc=inc, subj=OP)
            assert answer is Answer.inserted, kind
    for step in ("dispatch.accepted", "dispatch.enforced", "dispatch.drifted"):
        pub = {
            "doc": SHA, "target": BEYOND, "attempt": BEYOND, "outcome": "newer", "evidence": "newer", "probes": BEYOND,
            "since": 5, "until": 1,
        }  # fmt: skip
        assert machine.give(victim.store, step, pub, {"text": 5, "why": [1]}, inc=inc, subj=OP) is Answer.inserted
    proposal = {"doc": victim.roster.sha256, "rev": BEYOND}
    assert person.give(victim.store, "correction.proposed", proposal, inc=inc, subj=OP) is Answer.inserted
    for read in _readings(victim, inc):
        read()
    exporting.export(victim, inc, tmp_path / "bundle")
    exporting.check(tmp_path / "bundle", None)


def test_a_document_that_is_none_stops_neither_verification_nor_export(hostile, tmp_path) -> None:
    """Anybody may propose anything: it lies in every record, and in every bundle that is ever made of it."""
    victim, inc, person, machine = hostile
    odd: list[dict[str, Any]] = [
        {"type": "action.v1"}, {"type": "action.v1", "op": "x"}, {"type": "action.v1", "op": OP, "targets": [[]]},
        {"type": "redaction.v1", "org": victim.org, "items": 5}, {"type": "policy.v1", "levels": None}, {"type": ""},
        {"type": "clock.v1", "created": BEYOND}, {"type": "closing.v1", "inc": inc, "frontier": [[SHA, BEYOND, SHA]]},
    ]  # fmt: skip
    for document in odd:
        raw = canon.encode(document)
        sha = victim.store.write(lambda tx, raw=raw: tx.put_document(raw))
        for kind, more in (("correction.proposed", {"rev": 1}), ("document.proposed", {"doc_type": "redaction.v1"})):
            assert person.give(victim.store, kind, {"doc": sha, **more}, inc=inc, subj=OP) is Answer.inserted
    for read in _readings(victim, inc):
        read()
    for sha, _, _ in victim.reader.documents():
        presented.present(victim, sha)
    redaction.standings(victim)
    redaction.carry_out(victim)
    exporting.export(victim, inc, tmp_path / "bundle")
    lines = exporting.check(tmp_path / "bundle", None)
    assert sum("not of the form of its kind" in line for line in lines) >= 6
    decided = {**DECIDED, "doc": sha256_hex(canon.encode(odd[0])), "seen": [], "verdict": "approved"}
    assert machine.give(victim.store, "dispatch.authorised", decided, inc=inc, subj=OP) is Answer.inserted
    exporting.export(victim, inc, tmp_path / "decided")
    with pytest.raises(Wrong, match="the document it authorises"):
        exporting.check(tmp_path / "decided", None)


def _readings(session: Session, inc: str) -> list[Callable[[], object]]:
    def rows() -> None:
        with Projections(session.store) as projections:
            for one in (inc, None):
                projections.timeline(one)

    def details() -> None:
        for one in session.reader.entries():
            timeline.history(session, one.id)
            timeline.detail(session, one.id)

    everything = lambda: (standing.corrections(session), incidents.list_incidents(session))  # noqa: E731  asked twice
    return [
        rows, details, everything, lambda: needs.needs(session, *everything()),
        lambda: overview.corrections(session, None, None), lambda: overview.recorded_by_hand(session),
        *(lambda audience=audience: brief.situation(session, inc, audience) for audience in ("internal", "customer")),
        lambda: clocks.clocks_in(session, inc), lambda: checklist.tasks_in(session, inc),
        lambda: after_action.review(session, inc), lambda: room.room_page(session, inc, "Asia/Tokyo"),
        lambda: agreements.agreements(session), lambda: readiness.organisation_facts(session),
        lambda: coverage.coverage(session), lambda: bypass.round_now(session),
        lambda: assumption.silence(session, inc), lambda: assumption.assumed(session, inc),
        lambda: rotation.rotations(session, inc), lambda: staging.staged(session, inc),
        lambda: waiting.waiting(session), lambda: exporting.check_profile(session),
    ]  # fmt: skip
