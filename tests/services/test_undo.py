"""An undo is sent by a console that can: the proposer's where the provider is connected there, else the first one's."""

from __future__ import annotations

from adapters.practice.simulator import Estate
from console.services import corrections, incidents
from console.services.corrections import TargetWish
from tests.kit.pair import connect, founded, pair, sync

__all__ = ["founded", "pair"]
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


def test_whoever_has_the_provider_sends_the_undo_whoever_proposes_it(pair) -> None:
    one, two = pair
    with Estate() as estate:
        connect(one, estate)
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        made = corrections.propose(one, inc, [KEY], "Because")
        sync(one, two)
        theirs = corrections.undo(two, made.sha, "A mistake.")
        assert [target.dispatchers for target in theirs.action.targets] == [(one.device().feed,)]
        mine = corrections.undo(one, made.sha, "A mistake.")
        assert [target.dispatchers for target in mine.action.targets] == [(one.device().feed,)]
