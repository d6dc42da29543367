"""A lift in stages on the practice estate: parts, two signatures each, holds, stops, and putting it back."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import WrongUse
from console.domain.lists import read_list
from console.domain.stages import part_of, stop_of
from console.journal.values import Draft
from console.services import callout, corrections, dispatch, incidents, lists, staging
from console.services.corrections import TargetWish
from console.services.session import Session
from console.services.standing import corrections as standings_of
from tests.kit.pair import founded, pair, sync
from tests.services.test_lists import QUICK, WISH, _open, blocked, crowd, estate, ready, run, sign

__all__ = ["estate", "founded", "pair", "ready"]


def later(session: Session, monkeypatch, by_ms: int) -> None:
    at = session.clock.wall_ms() + by_ms
    monkeypatch.setattr(type(session.clock), "wall_ms", lambda _self: at)


def test_a_list_is_given_back_in_stages_and_put_back_when_a_stop_comes_true(ready, estate: Estate, monkeypatch) -> None:
    one, two, inc = ready
    names = crowd(estate, 20)
    found = lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt"))
    made = lists.propose(one, inc, found, "a campaign", canaries=[replace(WISH, selector="key-canary", canary=True)])
    sign(one, two, made.sha)
    run(one)
    assert len(blocked(estate)) == 21
    stages = [part_of("10%"), part_of("50%"), part_of("rest")]
    staged = staging.plan_lift(
        one, made.sha, stages, hold_ms=600_000, stops=[stop_of("observation"), stop_of("rate=60")], go_on="it passes"
    )
    assert [(s.count, s.word) for s in staged.stages] == [(2, "ready"), (8, "waiting"), (10, "waiting")]
    with pytest.raises(WrongUse, match="criteria are met"):
        staging.propose_stage(one, inc, "", " ")

    first = staging.propose_stage(one, inc, "", "evaluation 7 passed")
    assert (first.action.direction, first.action.gravity, first.action.targets[0].listed) == ("restore", "high", 2)
    with pytest.raises(WrongUse, match="proposed already"):
        staging.propose_stage(one, inc, "", "again")
    sign(one, two, first.sha)
    run(one)
    assert len(blocked(estate)) == 19
    (now,) = staging.staged(one, inc)
    assert [s.word for s in now.stages] == ["given-back", "holding", "waiting"]
    with pytest.raises(WrongUse, match="hold is not over"):
        staging.propose_stage(one, inc, "", "impatient")
    sync(one, two)
    assert staging.staged(two, inc)[0].stages[0].word == "given-back"

    one.append(Draft("observation", inc, None, {}, {"text": "the same exploit again"}))
    (now,) = staging.staged(one, inc)
    assert now.tripped == ("Commander recorded an observation.",)
    assert any(call.why == "stop" for call in callout.calls(one))
    one.lock()
    assert staging.turn(one) == ()  # a locked console proposes nothing; people are called out
    one.writer()
    (back,) = staging.turn(one)
    assert back.action.direction == "contain"
    assert back.action.targets[0].listed == 2
    assert "Commander recorded an observation" in str(back.plans[0].params) or back.reason
    assert staging.turn(one) == ()
    assert not any(call.why == "stop" for call in callout.calls(one))
    with pytest.raises(WrongUse, match="A stop came true"):
        staging.propose_stage(one, inc, "", "all the same")
    sign(one, two, back.sha)
    run(one)
    assert len(blocked(estate)) == 21


def test_a_list_given_back_in_parts_is_lifted_when_all_of_it_is(ready, estate: Estate, monkeypatch) -> None:
    one, two, inc = ready
    names = crowd(estate, 6)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    sign(one, two, made.sha)
    run(one)
    staging.plan_lift(one, made.sha, [part_of("50%"), part_of("rest")], hold_ms=60_000, stops=[], go_on="x")
    details = []
    for _ in range(2):
        sign(one, two, staging.propose_stage(one, inc, "", "passed").sha)
        run(one)
        (mine,) = [standing for standing in standings_of(one, inc) if standing.doc == made.sha]
        details.append((mine.state, mine.targets[0].detail))
        later(one, monkeypatch, 61_000)
    assert details[0][1] == "3 of 6 accounts were given back."
    assert details[1] == ("lifted", "")
    assert blocked(estate) == set()


def test_targets_are_given_back_one_after_the_other(ready, estate: Estate, monkeypatch) -> None:
    one, two, inc = ready
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    made = corrections.propose(one, inc, wishes, "exploits")
    sign(one, two, made.sha)
    run(one)
    with pytest.raises(WrongUse, match="name every target once"):
        staging.plan_lift(one, made.sha, [part_of("0")], hold_ms=60_000, stops=[], go_on="x")
    with pytest.raises(WrongUse, match="Say when"):
        staging.plan_lift(one, made.sha, [part_of("0,1")], hold_ms=60_000, stops=[], go_on=" ")
    staged = staging.plan_lift(
        one, made.sha, [part_of("1"), part_of("0")], hold_ms=60_000, stops=[stop_of("severity")], go_on="it passes"
    )
    assert staging.find(one, inc, staged.plan.sha256[:8]).plan == staged.plan
    with pytest.raises(WrongUse, match="Nothing was given back"):
        staging.put_back(one, inc, "")
    first = staging.propose_stage(one, inc, "", "evaluation 7 passed")
    sign(one, two, first.sha)
    run(one)
    assert blocked(estate) == {"key-research"}
    later(one, monkeypatch, 61_000)
    assert staging.staged(one, inc)[0].why_not == ""
    incidents.change(one, inc, "severity", "2", "calmer")
    assert staging.staged(one, inc)[0].tripped == ()
    incidents.change(one, inc, "severity", "1", "worse")
    assert staging.staged(one, inc)[0].tripped == ("The severity was raised to SEV-1.",)


def test_a_rate_stops_it(ready, estate: Estate) -> None:
    one, two, inc = ready
    names = crowd(estate, 4)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    sign(one, two, made.sha)
    run(one)
    staging.plan_lift(one, made.sha, [part_of("50%"), part_of("rest")], hold_ms=60_000, stops=[stop_of("rate=60")],
                      go_on="x")  # fmt: skip
    sign(one, two, staging.propose_stage(one, inc, "", "passed").sha)
    run(one)
    staging.look(one, inc)
    assert staging.staged(one, inc)[0].tripped == ()
    given = sorted(set(names) - blocked(estate))
    estate.sites["gateway-east"].state[given[0]].asked += 100_000
    later_ms = one.clock.wall_ms() + 1_100
    while one.clock.wall_ms() < later_ms:
        pass
    staging.look(one, inc)
    (stop,) = staging.staged(one, inc)[0].tripped
    assert stop.startswith(f"{given[0]} makes ")


def test_what_somebody_undoes_meanwhile_stops_it(ready, estate: Estate) -> None:
    one, two, inc = ready
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    made = corrections.propose(one, inc, wishes, "exploits")
    sign(one, two, made.sha)
    run(one)
    staging.plan_lift(one, made.sha, [part_of("1"), part_of("0")], hold_ms=60_000, stops=[stop_of("drift")], go_on="x")
    sign(one, two, staging.propose_stage(one, inc, "", "passed").sha)
    run(one)
    assert (blocked(estate), staging.staged(one, inc)[0].tripped) == ({"key-research"}, ())
    estate.simulators["gateway-east"].poke(lambda found: setattr(found["key-research"], "blocked", _open()))
    ends = time.monotonic() + 60
    while not staging.staged(one, inc)[0].tripped and time.monotonic() < ends:
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 2_000, pace=replace(QUICK, watch_ms=1_000))
    assert staging.staged(one, inc)[0].tripped == ("Research assistant needs a decision.",)
    back = staging.put_back(one, inc, "")
    assert [target.lever for target in back.action.targets] == ["key.block"]
