"""An undo names the console that sends it on one signature; people are told which that is, and what if it is dead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.cli.propose import tell_proposal
from console.outbox import turn
from console.services import approvals, corrections, dispatch, incidents
from console.services.corrections import TargetWish
from console.services.undoing import DEAD, way_back
from tests.kit.pair import connect, founded, pair, sync
from tests.kit.scene import QUICK

__all__ = ["founded", "pair"]
PACE = replace(QUICK, spread_ms=100, usage_ms=100)
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


class Told:
    """Takes what a command says, for people and for programs."""

    def tell(self, data, *lines):
        self.data, self.lines = data, lines


def sign(session, sha):
    held = corrections.find_document(session, sha)
    return approvals.decide(session, held, "approve", lambda: session.ask("your approver key"))


def send(session):
    dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + 60_000, pace=PACE)


@pytest.fixture
def place(pair):
    one, two = pair
    with Estate() as estate:
        connect(one, estate)
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        yield one, two, estate, corrections.propose(one, inc, [KEY], "Because").sha


def way(session, sha):
    return way_back(session, corrections.find_document(session, sha))


def test_what_nobody_has_sent_is_undone_by_two(place) -> None:
    one, _, _, sha = place
    found = way(one, sha)
    assert (found.alone, found.elsewhere, found.then) == (False, (), "Lift it, with two signatures.")
    assert "One signature does not suffice" in found.told
    made = corrections.undo(one, sha, "A mistake.")
    assert made.way == found
    told = Told()
    tell_proposal(told, made)
    assert told.data["undo"] == {
        "one_signature": False, "feeds": [one.device().feed], "elsewhere": [], "told": found.told, "then": found.then,
    }  # fmt: skip
    assert {f"  {found.told}", f"  {found.then}"} <= set(told.lines)
    verdict = approvals.judge(one, corrections.find_document(one, made.sha)).verdict
    assert not verdict.met


def test_what_one_signed_goes_from_the_console_that_sent_it_whoever_proposes_the_undo(place) -> None:
    one, two, estate, sha = place
    sign(one, sha)
    send(one)
    sync(one, two)
    here, there = way(one, sha), way(two, sha)
    assert (here.alone, here.elsewhere, here.told, here.then) == (True, (), "It is sent from this console.", "")
    assert (there.alone, there.feeds, there.then) == (True, (one.device().feed,), DEAD)
    assert there.told.startswith("It is sent from the console ..")
    assert there.told.endswith(" of Commander, which has to run.")
    connect(two, estate)  # the provider alone does not make it the one that compared it
    theirs = corrections.undo(two, sha, "A mistake.")
    assert [target.dispatchers for target in theirs.action.targets] == [(one.device().feed,)]
    sync(two, one)
    sign(one, theirs.sha)
    send(one)
    standing = corrections.find_document(one, theirs.sha)
    assert approvals.judge(one, standing).authorised


def test_what_two_signed_goes_from_wherever_its_provider_is_connected(place) -> None:
    one, two, estate, sha = place
    sign(one, sha)
    sync(one, two)
    sign(two, sha)
    sync(two, one)
    send(one)
    sync(one, two)
    assert way(two, sha).feeds == (one.device().feed,)
    connect(two, estate)
    found = way(two, sha)
    assert (found.alone, found.feeds, found.told) == (True, (two.device().feed,), "It is sent from this console.")


def test_whoever_signed_it_undoes_it_at_home_where_a_colleagues_console_sent_it(place, monkeypatch) -> None:
    """The approver proposed and signed; the commander's console stood by and sent it. Both have the provider."""
    monkeypatch.setattr(turn, "SILENCE_MS", 0)
    one, two, estate, _ = place
    sync(one, two)
    connect(two, estate)
    sync(two, one)
    blocked = estate.sites["gateway-east"].state["key-research"].blocked
    inc = str(incidents.list_incidents(one)[0].inc)
    sha = corrections.propose(two, inc, [KEY], "Because").sha
    sign(two, sha)
    sync(two, one)
    send(one)
    assert blocked.recorded
    sync(one, two)
    found = way(two, sha)
    assert (found.alone, found.feeds) == (True, (two.device().feed,))
    assert found.told == "It is sent from this console, if it would send the same."
    made = corrections.undo(two, sha, "A mistake.")
    sign(two, made.sha)
    send(two)
    assert not blocked.recorded
