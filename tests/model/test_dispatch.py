"""Tens of thousands of schedules of a dispatch: nothing twice, nothing lost, nothing without its people.

The engine is then broken in one place after another, and the same search has to find each of them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.contract import ReadBack
from console.outbox import authorise, engine, executor, gate, reconcile
from console.outbox import store as table
from console.providers.plane import Plane
from tests.kit.quick import proven_once
from tests.model.dispatch import IN_SUITE, Scenario, Wrong, search, told_in_words

ENOUGH = 20_000  # schedules of the class that must never be sent twice


@pytest.mark.parametrize(("scenario", "depth", "faults"), IN_SUITE, ids=[one.name for one, _, _ in IN_SUITE])
def test_whatever_happens_it_is_done_once_or_people_know(capsys, scenario, depth, faults):
    with proven_once():
        found = search(scenario, depth, faults)
    with capsys.disabled():
        print(f"\n{scenario.name}: {told_in_words(found)}")  # noqa: T201  the share that ends with a person is shown
    ends = {end for end, _ in found.ends}
    if scenario == Scenario("none"):
        assert found.schedules >= ENOUGH
        assert {"done", "cancelled", "attention", "failed"} <= ends
    elif scenario.signed == 1:
        assert ends == {"never decided"}
    else:
        assert "done" in ends


# -- broken engines ----------------------------------------------------------------------------------------------------


def resend_what_is_unknown(monkeypatch):
    monkeypatch.setattr(reconcile, "REPEATABLE", reconcile.REPEATABLE | {"none"})


def resend_tagged_at_once(monkeypatch):
    settle = reconcile.Reconciler._not_landed

    async def at_once(self, row, lever):
        return await settle(replace(self, pace=replace(self.pace, late_ms=0)), row, lever)

    monkeypatch.setattr(reconcile.Reconciler, "_not_landed", at_once)


def begin_again_as_if_nothing_had_been_sent(monkeypatch):
    """What a crash left under way goes back into the queue unread."""

    def recover(tx, steps):
        odd = reconcile.recover(tx, steps)
        for row in table.load(tx.connection):
            if row.state == "unknown":
                steps.tell_in(tx, row, "dispatch.requeued", {"attempt": row.attempt}, state="queued")
        return odd

    async def unread(self, planned):
        return ReadBack(verdict="not-in-effect", fields=dict(planned.pre), at_ms=1)

    monkeypatch.setattr(engine, "recover", recover)
    monkeypatch.setattr(Plane, "read_back", unread)


def believe_one_signature(monkeypatch):
    ask = authorise.quorum
    monkeypatch.setattr(authorise, "quorum", lambda *given, **how: replace(ask(*given, **how), met=True))
    monkeypatch.setattr(gate, "quorum", lambda *given, **how: replace(ask(*given, **how), met=True, missing=()))
    monkeypatch.setattr(executor, "looked_at", lambda *_: True)  # what one signed alone is planned anew: broken too


def give_up_what_is_unknown(monkeypatch):
    """It ends as cancelled, which nobody did."""

    async def lose(self, row, plane):
        return await self.steps.end(row, "cancelled", "dispatch.cancelled", "lost")

    monkeypatch.setattr(reconcile.Reconciler, "settle", lose)


def take_over_at_once(monkeypatch):
    monkeypatch.setattr(executor, "waits_ms", lambda *_: 0)


MUTANTS = (
    (resend_what_is_unknown, Scenario("none"), 4, 1, "sent 2 times"),
    (resend_tagged_at_once, Scenario("taggable"), 4, 1, "sent 2 times"),
    (begin_again_as_if_nothing_had_been_sent, Scenario("none"), 3, 1, "sent 2 times"),
    (believe_one_signature, Scenario("desired-state", signed=1), 2, 0, "one signature"),
    (give_up_what_is_unknown, Scenario("none"), 3, 1, "lost"),
    (take_over_at_once, Scenario("none", "taken over"), 2, 1, "sent 2 times"),
)


@pytest.mark.parametrize(
    ("mutant", "scenario", "depth", "faults", "told"), MUTANTS, ids=lambda one: getattr(one, "__name__", None)
)
def test_a_broken_engine_is_found(monkeypatch, mutant, scenario, depth, faults, told):
    mutant(monkeypatch)
    with proven_once(), pytest.raises(Wrong, match=told):
        search(scenario, depth, faults)
