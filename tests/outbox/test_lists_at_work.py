"""A list piece by piece: what each account's answer comes to, what stops it between two pieces, what it gives back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from adapters.contract import Malformed, NotSent, OutcomeUnknown, Refused, Stale, Throttled
from console.domain.errors import Problem
from console.domain.lists import LIFTS, from_bytes, to_bytes
from console.journal.values import Draft
from console.keys.canon import sha256_hex
from console.outbox.authorise import authorise
from console.outbox.lists import PIECE, Lists, failures
from console.outbox.members import Members, number_in
from console.outbox.steps import Steps
from console.providers.lists import template_of
from console.providers.plane import Planes
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.scene import QUICK, plane_at
from tests.outbox.test_engine import play, run, states

NAMES = tuple(f"u{at:03}" for at in range(PIECE + 3))


def kept(scene, names):
    raw = to_bytes(names)
    scene.store.write(lambda tx: tx.put_blob(raw))
    return sha256_hex(raw)


def listed(scene, names, *, wanted=True, lever="quiet", **params):
    """A target that is a list, over the lever of a plain provider."""
    one = template_of(plan_of("someone", now=not wanted, wanted=wanted, lever_name=lever))
    plan = replace(one, params={"list": kept(scene, names), **params}, selectors=len(names))
    return scene.target(plan, selectors=len(names), listed=len(names))


def block(scene, names, **changes):
    sha, action = scene.propose([listed(scene, names)], **changes)
    scene.approve(sha, action, 0, 1)
    return sha, action


def blocked(estate):
    return {name for name, is_so in estate.blocked.items() if is_so}


def failed(scene, settled):
    return scene.store.write(lambda tx: failures(tx, settled.rows[0]))


class Many(PlainAdapter):
    """A provider that tells about many at once."""

    async def plan_many(self, context, wishes):
        return [await self.plan(context, wish) for wish in wishes]

    async def read_back_many(self, context, planned):
        return [await self.read_back(context, one) for one in planned]

    async def served_many(self, context, planned):
        return [None for _ in planned]


# -- what each answer comes to -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Refused("no such user", 404), Stale("it moved")])
def test_an_account_that_is_refused_is_told_and_holds_no_other(tmp_path, answer):
    class Fussy(PlainAdapter):
        async def apply(self, context, planned):
            if planned.selector == "u001":
                raise answer
            return await super().apply(context, planned)

    async def story(scene, estate):
        block(scene, NAMES[:4])
        settled = await run(scene, plane_at(scene.url, Fussy))
        assert states(settled) == ["unmeasurable"]
        assert blocked(estate) == {"u000", "u002", "u003"}
        assert failed(scene, settled) == {"u001": answer.detail}

    play(tmp_path, story)


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("adapter", [PlainAdapter, Many])
def test_an_account_whose_answer_got_lost_is_read_and_sent_again_only_where_it_does_not_show(tmp_path, adapter, lands):
    class Losing(adapter):
        lost, reads, faults = 1, 0, 0

        async def apply(self, context, planned):
            if planned.selector != "u001" or not Losing.lost:
                return await super().apply(context, planned)
            Losing.lost, Losing.faults = 0, 1
            if lands:
                await super().apply(context, planned)
            raise OutcomeUnknown("no answer")

        async def read_back_many(self, context, planned):
            if Losing.faults and adapter is Many:
                Losing.faults = 0
                raise NotSent("no connection")
            return await super().read_back_many(context, planned)

    if adapter is PlainAdapter:
        del Losing.read_back_many

    async def story(scene, estate):
        block(scene, NAMES[:3])
        settled = await run(scene, plane_at(scene.url, Losing))
        assert states(settled) == ["unmeasurable"]
        assert blocked(estate) == set(NAMES[:3])
        assert [name for name, _ in estate.writes].count("u001") == 1
        assert failed(scene, settled) == {}

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Malformed("nonsense"), "it cannot be read: nonsense"),
        ('"other"', "it is no longer as it was signed"),
        (OutcomeUnknown("no answer"), None),  # it may be read at another try
    ],
)
def test_an_account_that_cannot_be_read_or_has_changed_is_not_written(tmp_path, answer, why):
    class Odd(PlainAdapter):
        left = 1

        async def read_back(self, context, planned):
            seen = await super().read_back(context, planned)
            if planned.selector != "u001" or not Odd.left:
                return seen
            if isinstance(answer, str):
                return replace(seen, fields={"blocked": answer})
            Odd.left = 0 if why is None else Odd.left
            raise answer

    async def story(scene, estate):
        block(scene, NAMES[:3])
        settled = await run(scene, plane_at(scene.url, Odd))
        assert states(settled) == ["unmeasurable"]
        assert blocked(estate) == (set(NAMES[:3]) if why is None else {"u000", "u002"})
        assert failed(scene, settled) == ({} if why is None else {"u001": why})

    play(tmp_path, story)


@pytest.mark.parametrize("adapter", [PlainAdapter, Many])
def test_while_it_cannot_be_read_again_it_waits(tmp_path, adapter):
    class Away(adapter):
        faults = 0

        async def apply(self, context, planned):
            Away.faults = 1
            return await super().apply(context, planned)

        async def read_back(self, context, planned):
            if Away.faults:
                Away.faults = 0
                raise Throttled("later", 0.01)
            return await super().read_back(context, planned)

    async def story(scene, estate):
        block(scene, NAMES[:3])
        settled = await run(scene, plane_at(scene.url, Away))
        assert states(settled) == ["unmeasurable"]
        assert Away.faults == 0
        assert sorted(name for name, _ in estate.writes) == list(NAMES[:3])

    play(tmp_path, story)


# -- what stops it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "gone"), [("before", 0), ("look", 0), ("between", PIECE)])
def test_a_cancel_stops_it_before_the_next_piece(tmp_path, at, gone):
    async def story(scene, estate):
        sha, action = block(scene, NAMES)

        def cancel():
            scene.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))

        class Meanwhile(PlainAdapter):
            async def read_back(self, context, planned):
                seen = await super().read_back(context, planned)
                if at == "look" and planned.selector == NAMES[0]:
                    cancel()
                return seen

            async def apply(self, context, planned):
                if at == "between" and planned.selector == NAMES[0]:
                    cancel()
                return await super().apply(context, planned)

        if at == "before":
            assert (await scene.outbox().authorise(sha)).outcome == "authorised"
            cancel()
        settled = await run(scene, plane_at(scene.url, Meanwhile))
        assert states(settled) == ["cancelled"]
        assert blocked(estate) == set(NAMES[:gone])
        assert (f"{gone} accounts had been gone through." in settled.rows[0].detail) is bool(gone)

    play(tmp_path, story)


# -- what is given back ------------------------------------------------------------------------------------------------


def test_what_was_given_back_is_no_drift_and_everything_else_is(tmp_path):
    """One given back alone, one by a list. Lifts of other corrections, by other levers or elsewhere do not count."""
    pace = replace(QUICK, watch_ms=0, again_ms=())

    async def story(scene, estate):
        sha, _ = block(scene, NAMES[:4])
        assert states(await run(scene)) == ["unmeasurable"]

        def lift(*targets, **changes):
            made, action = scene.propose(targets, direction="restore", **changes)
            scene.approve(made, action, 0, 1)
            return scene.store.write(lambda tx: authorise(tx, scene.feed, made))

        one = scene.target(plan_of("u000", now=True, wanted=False, lever_name="quiet"))
        other = scene.target(plan_of("u002", now=True, wanted=False, lever_name="block"))
        far = scene.target(plan_of("u003", now=True, wanted=False, lever_name="quiet"), instance="g-" + "7" * 26)
        canary = scene.target(plan_of("u003", now=True, wanted=False, lever_name="quiet"), canary=True)
        assert lift(one, other, canary, far).outcome == "authorised"
        assert lift(listed(scene, ("u001",), wanted=False, **{LIFTS: sha})).outcome == "authorised"
        foreign = listed(scene, ("u002", "u003"), wanted=False, **{LIFTS: "ab" * 32})
        assert lift(foreign).outcome == "authorised"
        unread, texts = listed(scene, ("u002",), wanted=False)
        made, action = scene.propose([(unread, texts[:-1])], direction="restore")
        scene.approve(made, action, 0, 1)
        scene.store.write(lambda tx: _decide_elsewhere(tx, scene, made, action))
        lists = Lists(Steps(scene.store, scene.feed, scene.clock, scene.entropy), pace, None, asyncio.sleep)
        row = next(row for row in await scene.outbox().rows() if row.doc == sha)
        plan = template_of(plan_of("someone", now=False, wanted=True, lever_name="quiet"))
        plan = replace(plan, params={"list": kept(scene, NAMES[:4])})
        for name in ("u000", "u001"):
            estate.blocked[name] = False
        plane = plane_at(scene.url)
        scene.opened.append(Planes((plane,)))
        seen = await lists.read_back(row, plan, plane)
        assert (seen.verdict, seen.fields["list.looked"]) == ("in-effect", "2")
        estate.blocked["u003"] = False
        seen = await lists.read_back(row, plan, plane)
        assert (seen.verdict, seen.fields["list.missing"]) == ("not-in-effect", "u003")

    play(tmp_path, story)


def _decide_elsewhere(tx, scene, doc, action):
    """Another console's decision about something whose values are not all here."""
    pub = {"doc": doc, "records": [], "roster": list(scene.ref), "policy": scene.policy, "now": scene.clock.wall_ms(),
           "clock": "trusted", "seen": [], "verdict": "approved"}  # fmt: skip
    return tx.append(scene.feed, Draft("dispatch.authorised", inc=INC, subj=action.op, pub=pub), roster=scene.ref)


# -- reading lines -----------------------------------------------------------------------------------------------------


def test_few_lists_are_kept_at_a_time_and_each_is_read_again_where_it_is_needed(tmp_path):
    async def story(scene, estate):
        lists = Lists(Steps(scene.store, scene.feed, scene.clock, scene.entropy), QUICK, None, asyncio.sleep)
        names = [kept(scene, (f"a{at}",)) for at in range(9)]
        for _ in range(2):
            assert [lists._known(sha) for sha in names] == [(f"a{at}",) for at in range(9)]
            assert len(lists._lines) <= 4

    play(tmp_path, story)


def test_lines_that_are_gone_altered_or_not_named_hold_nobody():
    raw = to_bytes(("a", "b"))
    here = replace(template_of(plan_of("x", now=False, wanted=True)), params={"list": sha256_hex(raw)})
    assert Members({sha256_hex(raw): raw}.get).plan_for(here, "a").selector == "a"
    assert Members({sha256_hex(raw): raw}.get).plan_for(here, "c") is None
    assert Members({sha256_hex(raw): b"a\nc\n"}.get).plan_for(here, "a") is None
    assert Members({}.get).plan_for(here, "a") is None
    assert Members({sha256_hex(raw): raw}.get).plan_for(replace(here, params={}), "a") is None


@pytest.mark.parametrize("raw", [b"\xff\n", b"b\na\n", b"a\na\n", b"a"])
def test_bytes_in_another_form_are_no_list(raw):
    with pytest.raises(Problem):
        from_bytes(raw, sha256_hex(raw))


@pytest.mark.parametrize("text", ["9" * 5000, "-1", "\u00b2", "", "1.0", 7, None])
def test_what_another_console_wrote_as_a_number_and_is_none_is_no_number(text):
    assert number_in({"list.next": text}, "list.next") is None
    assert number_in(json.dumps({"list.next": "3"}), "list.next") is None
    assert number_in({"list.next": "3"}, "list.next") == 3
