"""Several corrections on one key, who stands by, what waits, and what is proposed again: on real profiles."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.app import main
from console.domain.errors import WrongUse
from console.services import approvals, corrections, dispatch, incidents, lifting, needs, resending, standing, waiting
from console.services.corrections import TargetWish
from console.services.session import Session
from tests.kit.pair import connect, founded, pair, passphrase, sync
from tests.kit.scene import QUICK

__all__ = ["founded", "pair"]


def slow_down(rpm: int) -> TargetWish:
    return TargetWish(
        provider="gateway-east", surface="", lever="key.rpm", selector="key-research", params={"rpm": str(rpm)}
    )


def sign(pair: tuple[Session, Session], sha: str) -> None:
    for session, who in zip(pair, ("commander", "approver"), strict=True):
        sync(*pair)
        held = corrections.find_document(session, sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(*pair)


def run(session: Session) -> None:
    dispatch.run_outbox(session, deadline_ms=20_000, pace=replace(QUICK, patience_ms=3_000, usage_ms=300))


def told_by(session: Session, capsys, *words: str) -> dict:
    main(["--profile", str(session.paths.root), "--json", *words])
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def fates(session: Session) -> dict[str, str]:
    return {one.doc: one.fate for one in waiting.waiting(session)}


def test_a_lift_is_planned_beside_what_stays_in_force(pair, monkeypatch) -> None:
    one, _ = pair
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        before = corrections.plan(one, inc, [slow_down(50)]).targets[0].planned
        assert before is not None
        docs = []
        for rpm in (50, 10):
            made = corrections.propose(one, inc, [slow_down(rpm)], "Because")
            docs.append(made.sha)
            sign(pair, made.sha)
            run(one)
        laxer = corrections.plan(one, inc, [slow_down(40)]).targets[0].planned
        assert laxer is not None
        assert any("nothing is sent while it stands" in note for note in laxer.notes)
        with monkeypatch.context() as patch:
            patch.setattr(corrections, "_named", lambda held, _plans: held.sha)
            named = corrections.lift(one, docs[1], "It is over.")
        assert named.action.undoes == docs[1]
        held = corrections.find_document(one, named.sha)
        approvals.decide(one, held, "approve", lambda: passphrase("commander", "your approver key"))
        assert approvals.judge(one, held).verdict.missing, "the rule itself tells a lift from an undo"
        assert approvals.open_values(held).lift_criteria == corrections.NO_CRITERIA
        second = corrections.lift(one, docs[1], "It is over.")
        assert second.action.undoes is None, "named, it would be an undo, which one signer may sign alone"
        assert second.plans[0].wanted == {"rpm": "50"}
        assert json.loads(second.plans[0].requests[0].body) == {"rpm": 50}
        assert any(docs[0][:16] in note for note in second.plans[0].notes)
        held = corrections.find_document(one, second.sha)
        approvals.decide(one, held, "approve", lambda: passphrase("commander", "your approver key"))
        assert approvals.judge(one, held).verdict.missing, "it is a lift: two have to sign it"
        run(one)
        assert estate.sites["gateway-east"].state["key-research"].rpm.recorded == 10, (
            "one signature gave something back"
        )
        sync(*pair)
        held = corrections.find_document(pair[1], second.sha)
        approvals.decide(pair[1], held, "approve", lambda: passphrase("approver", "your approver key"))
        sync(*pair)
        run(one)
        assert estate.sites["gateway-east"].state["key-research"].rpm.recorded == 50
        stands = {each.doc: each.state for each in standing.corrections(one)}
        assert stands[docs[1]] == "lifted"
        assert stands[docs[0]] != "lifted", "what the laxer one asks for still holds, and shows so"
        first = corrections.lift(one, docs[0], "It is over.")
        assert first.plans[0].wanted == dict(before.pre)


def test_who_connected_the_provider_stands_by_and_takes_over_what_its_people_sign(pair, monkeypatch) -> None:
    one, two = pair
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        sync(one, two)
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        alone = corrections.propose(one, inc, [slow_down(10)], "Because")
        assert alone.action.targets[0].dispatchers == (one.device().feed,)
        sign(pair, alone.sha)
        assert fates(two) == {}  # decided nowhere yet
        at_ms = two.clock.wall_ms() + 4 * 60_000
        with monkeypatch.context() as patch:
            patch.setattr(type(two.clock), "wall_ms", lambda _self: at_ms)
            assert fates(two) == {alone.sha: "turn"}, "signed, and its console says nothing"
            [need] = needs.needs(two, standing.corrections(two), incidents.list_incidents(two))
            assert (need.helps, need.doc) == ("take-over", alone.sha)
            assert "The console of Commander was to send it" in need.detail
            assert fates(one) == {}, "the console itself is not told to take over from itself"
        with pytest.raises(WrongUse, match="sends it already"):
            resending.take_over(one, alone.sha)
        with pytest.raises(WrongUse, match="not connected"):
            resending.take_over(two, alone.sha)
        instance = alone.action.targets[0].instance
        assert lifting.stand_bys(one, instance) == ()


def test_what_lapsed_is_never_sent_and_proposed_again_with_its_reason(pair, monkeypatch, capsys) -> None:
    one, _ = pair
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        made = corrections.propose(one, inc, [slow_down(10)], "Because it lies")
        sign(pair, made.sha)
        at_ms = one.clock.wall_ms() + 25 * 3_600_000
        with monkeypatch.context() as patch:
            patch.setattr(type(one.clock), "wall_ms", lambda _self: at_ms)
            run(one)
            found = waiting.waiting(one)
            assert [(line.state, line.fate) for line in found] == [("expired", "again")]
            assert "never sent unless" in found[0].why
            assert told_by(one, capsys, "outbox", "waiting")["waiting"][0]["fate"] == "again"
            assert told_by(one, capsys, "outbox", "now", made.sha[:16])["released"] == 0
        again = resending.again(one, made.sha)
        assert (again.action.rev, again.action.supersedes, again.op) == (2, made.sha, made.op)
        assert again.reason == made.reason
        told = again.action.targets[0]
        assert told.dispatchers == (one.device().feed,)


def test_what_is_left_of_a_partial_correction_is_proposed_again_beside_what_holds(pair) -> None:
    one, two = pair
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 2).entry.inc)
        wishes = [slow_down(10), replace(slow_down(10), selector="key-canary")]
        made = corrections.propose(one, inc, wishes, "Because")
        sign(pair, made.sha)
        keys = estate.sites["gateway-east"].state
        keys["key-canary"].rpm.write(5, 0.0, 0.0)
        run(one)
        assert told(one, made.op) == {made.sha: ["unmeasurable", "stale"]}
        again = resending.again(one, made.sha)
        assert [plan.selector for plan in again.plans] == ["key-canary"]
        sync(*pair)
        assert told(one, made.op) == {made.sha: ["unmeasurable", "stale"], again.sha: ["proposed"]}
        assert fates(one) == {}, "it was answered: nobody is asked twice"
        lines = incidents.list_incidents(two)
        asked = needs.needs(two, standing.corrections(two), lines)
        assert [(need.kind, need.doc) for need in asked] == [("approve", again.sha)], "its signers are asked for it"
        sign(pair, again.sha)
        run(one)
        assert told(one, made.op) == {made.sha: ["unmeasurable", "superseded"], again.sha: ["unmeasurable"]}, (
            "what holds is not hidden by the later revision, and what that one took over is not told twice"
        )


def told(session: Session, op: str) -> dict[str, list[str]]:
    found = [each for each in standing.corrections(session) if each.op == op]
    return {each.doc: [target.state for target in each.targets] for each in found}
