"""What one person alone signed and does not do what it calls itself is never sent by an honest console."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from adapters.contract import NotSent, Refused, Request
from console.domain import needs
from console.domain.needs import NOT_FROM_HERE
from console.journal.values import Draft
from console.keys.sshsig import approve_ns
from console.outbox.alone import alone, sent_before
from console.outbox.gate import Stop
from console.providers.lists import fill, template_of
from tests.journal.world import INC, ORG
from tests.kit.plainadapter import PlainAdapter, lever, plan_of
from tests.kit.scene import plane_at, sent
from tests.outbox.test_bad_rows import behind_its_back, first_row, rounds
from tests.outbox.test_engine import play, run, states


def everybody(plan):
    """The requests of another, wider correction, under this one's name."""
    body = json.dumps({"selector": "everybody", "blocked": True})
    return replace(plan, requests=(Request(method="POST", path="/set", body=body),))


class Wide(PlainAdapter):
    """Its lever reaches everybody: nobody's plan for it selects one."""

    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), selectors=0)


class Lasting(PlainAdapter):
    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), reversal="none", revert=())


class Withdraws(PlainAdapter):
    manifest = replace(PlainAdapter.manifest, levers=(replace(lever(), category="shutdown"),))


class Revokes(PlainAdapter):
    """It reads that the credential is in use."""

    manifest = replace(PlainAdapter.manifest, levers=(replace(lever(), revokes_credential=True),))

    async def plan(self, context, wish):
        return replace(await super().plan(context, wish), credential="in-use")


class Refuses(PlainAdapter):
    async def plan(self, context, wish):
        raise Refused("no such lever at this one")


def test_one_signature_moves_what_is_what_it_says(tmp_path):
    async def story(scene, estate):
        scene.block("k", approve=(1,), gravity="normal")
        assert states(await run(scene)) == ["enforced"]
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("adapter", "change", "why"),
    [
        (PlainAdapter, everybody, "it would send POST /set"),
        (PlainAdapter, lambda plan: replace(plan, revert=()), "it would revert by POST /set"),
        (Wide, lambda plan: plan, "it selects 0, not 1"),
        (Lasting, lambda plan: plan, "its reversal is none, not exact"),
        (Withdraws, lambda plan: plan, "it is of the kind shutdown, not user"),
        (Revokes, lambda plan: plan, "the credential is in-use, not nothing"),
        (Refuses, lambda plan: plan, "cannot plan it: no such lever at this one"),
    ],
    ids=["other requests", "no way back", "reaches everybody", "for ever", "another kind", "in use", "no plan"],
)
def test_what_calls_itself_less_than_it_does_goes_back_to_people_unless_two_signed_it(tmp_path, adapter, change, why):
    async def story(scene, estate):
        made = scene.target(change(plan_of("k", now=False, wanted=True)))
        sha, action = scene.propose([made], gravity="normal")
        scene.approve(sha, action, 1)
        settled = await run(scene, plane_at(scene.url, adapter))
        assert states(settled) == ["attention"]
        assert why in settled.rows[0].detail
        assert "alone" in settled.rows[0].detail
        assert sent(estate) == []
        again, two = scene.propose([made], gravity="normal")
        scene.approve(again, two, 1, 0)
        await run(scene, plane_at(scene.url, adapter))
        assert len(sent(estate)) == 1

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("said", "here", "goes"),
    [
        ("verified-replacement", "in-use", True),  # what its proposer counted; the old one may still be used a little
        ("unused-24h", None, True),
        ("unused-24h", "in-use", False),
    ],
)
def test_of_a_credential_the_proposers_count_is_believed_where_nothing_read_here_denies_it(tmp_path, said, here, goes):
    class Reads(Revokes):
        async def plan(self, context, wish):
            return replace(await super().plan(context, wish), credential=here)

    async def story(scene, estate):
        made = scene.target(plan_of("k", now=False, wanted=True), credential=said)
        sha, action = scene.propose([made], gravity="normal")
        scene.approve(sha, action, 1)
        await run(scene, plane_at(scene.url, Reads))
        assert sent(estate) == ([("k", True)] if goes else [])

    play(tmp_path, story)


def test_a_provider_that_cannot_be_read_is_waited_for(tmp_path):
    class Away(PlainAdapter):
        away = 2

        async def plan(self, context, wish):
            Away.away -= 1
            if Away.away >= 0:
                raise NotSent("no connection")
            return await super().plan(context, wish)

    async def story(scene, estate):
        scene.block("k", approve=(1,), gravity="normal")
        assert states(await run(scene, plane_at(scene.url, Away))) == ["enforced"]
        assert (sent(estate), Away.away < 0) == ([("k", True)], True)

    play(tmp_path, story)


def test_a_table_that_says_it_was_sent_before_spares_nothing(tmp_path):
    """Whoever edits the table of what is under way gains nothing, even past its comparison with the record."""

    class Away(PlainAdapter):
        away, asked = True, 0

        async def plan(self, context, wish):
            Away.asked += 1
            if Away.away:
                raise NotSent("no connection")
            return await super().plan(context, wish)

    async def story(scene, estate):
        made = scene.target(everybody(plan_of("k", now=False, wanted=True)))
        sha, action = scene.propose([made], gravity="normal")
        scene.approve(sha, action, 1)
        outbox = scene.outbox(plane_at(scene.url, Away))
        await outbox.recover()
        for _ in range(3_000):
            await rounds(outbox, 1)
            if Away.asked:
                break
        row = first_row(scene, sha)
        assert (row.state, row.attempt) == ("queued", 0)
        Away.away = False
        edited = replace(row, attempt=1, not_before_ms=0)
        assert not scene.store.write(lambda tx: sent_before(tx, scene.feed, edited))
        behind_its_back(scene, ("UPDATE outbox SET attempt = 1, not_before_ms = 0",))
        await run(scene, plane_at(scene.url, Away))
        assert sent(estate) == []

    play(tmp_path, story)


ANYTHING = (Request(method="POST", path="/set", body='{"selector": "everybody", "blocked": false}'),)


def undo_of(scene, sha, action, plan, number=1):
    """The exact revert of what was signed, by the form of an undo, signed by one."""
    back = replace(
        plan, requests=plan.revert, revert=plan.requests, wanted=plan.pre, pre=plan.wanted, direction="restore"
    )
    undo = scene.propose([scene.target(back)], direction="restore", undoes=sha)
    scene.approve(*undo, number)
    return undo


async def comes_to(scene, doc):
    """Where its one target is when it no longer waits to be sent."""
    for _ in range(60):
        settled = await run(scene, seconds=1)
        if doc not in {row.doc for row in settled.rows}:  # a second may not be enough to decide it
            settled = await run(scene)
        found = [row for row in settled.rows if row.doc == doc]
        if not found:
            return "nowhere"
        if found[0].state not in ("queued", "dispatching"):
            return found[0].state
    return "under way"


@pytest.mark.parametrize("how", ["so already", "otherwise", "nothing was read before"])
def test_no_undo_by_one_person_sends_a_way_back_that_nobody_compared(tmp_path, how, monkeypatch):
    """Whoever signs alone could else have anything sent: first as the revert of little or nothing, then as its undo."""

    async def story(scene, estate):
        plan = replace(plan_of("k", now=False, wanted=True, lever_name="quiet"), revert=ANYTHING)
        if how == "so already":
            plan = replace(plan, wanted={"blocked": "false"}, pre={"blocked": "false"})
        elif how == "otherwise":
            plan = replace(plan, pre={})
        else:
            plan = replace(plan, pre={"blocked": "true"})
        sha, action = scene.propose([scene.target(plan)], gravity="normal")
        scene.approve(sha, action, 1)
        assert await comes_to(scene, sha) in ("accepted", "recorded", "unmeasurable", "stale")
        before = list(sent(estate))
        undo, _ = undo_of(scene, sha, action, plan)
        decision = await scene.outbox().authorise(undo)
        assert (decision.outcome, NOT_FROM_HERE in " ".join(decision.verdict.missing)) == ("waiting", True)
        with monkeypatch.context() as patch:  # the dispatcher asks by itself, too
            patch.setattr(needs, "may_alone", lambda _action, _facts: True)
            assert await comes_to(scene, undo) in ("attention", "stale")
        assert sent(estate) == before

    play(tmp_path, story)


def test_an_honest_undo_by_one_person_goes_from_the_console_that_sent_it(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k", approve=(1,), gravity="normal")
        assert states(await run(scene)) == ["enforced"]
        undo_of(scene, sha, action, plan_of("k", now=False, wanted=True))
        await run(scene)
        assert sent(estate) == [("k", True), ("k", False)]

    play(tmp_path, story)


def test_what_two_signed_one_of_them_undoes_whoever_sent_it(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k", approve=(0, 1))
        assert states(await run(scene)) == ["enforced"]
        undo_of(scene, sha, action, plan_of("k", now=False, wanted=True))
        await run(scene)
        assert sent(estate) == [("k", True), ("k", False)]

    play(tmp_path, story)


def test_a_decision_of_ones_own_machine_is_no_ground_for_an_undo(tmp_path, monkeypatch):
    """They sign alone what needs two, have their own machine say that it was decided, and undo it at an honest one."""

    async def story(scene, estate):
        plan = replace(plan_of("k", now=False, wanted=True), revert=ANYTHING)
        theirs = scene.machine_feed(scene.store, 1)
        sha, action = scene.propose([scene.target(plan, dispatchers=(theirs.feed,))], gravity="high", number=1)
        scene.approve(sha, action, 1)
        heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(scene.store.reader().heads().items())]
        records = []
        for who in (1, 0):  # one's own, and one in another's name
            named, _ = scene.record(who, sha, "action.v1", action.op, key=scene.members[1].approver.public.fingerprint)
            sig = scene.members[1].approver.sign(approve_ns(ORG), named)
            pub = {"doc": sha, "record": base64.b64encode(named).decode(), "sig": base64.b64encode(sig).decode(),
                   "carried_by": None}  # fmt: skip
            received = Draft("approval.received", inc=INC, subj=action.op, pub=pub)
            stored = scene.store.write(lambda tx, draft=received: tx.append(theirs, draft, roster=scene.ref))
            records.append(stored.id)
        told = {"doc": sha, "records": records, "roster": list(scene.ref), "policy": scene.policy, "seen": heads,
                "clock": "trusted", "now": scene.clock.wall_ms(), "verdict": "approved"}  # fmt: skip
        decided = Draft("dispatch.authorised", inc=INC, subj=action.op, pub=told)
        scene.store.write(lambda tx: tx.append(theirs, decided, roster=scene.ref))
        intent = {"doc": sha, "target": 0, "attempt": 1, "requests": "0" * 64, "step": "apply", "pre": "same",
                  "verdict": "approved"}  # fmt: skip
        began = Draft("dispatch.intent", inc=INC, subj=action.op, pub=intent)
        scene.store.write(lambda tx: tx.append(theirs, began, roster=scene.ref))
        estate.blocked["k"] = True
        undo, _ = undo_of(scene, sha, action, plan)
        assert (await scene.outbox().authorise(undo)).outcome == "waiting"
        await run(scene, seconds=1)
        assert sent(estate) == []

    play(tmp_path, story)


def test_every_account_of_a_list_is_planned_anew(tmp_path):
    """One template stands for all only where the provider plans each account as the template says."""

    class Special(PlainAdapter):
        asked = 0

        async def plan(self, context, wish):
            Special.asked += 1
            found = await super().plan(context, wish)
            return replace(found, selectors=0) if wish.selector == "acct-57" else found

    async def story(scene, estate):
        names = [f"acct-{at}" for at in range(60)]
        template = template_of(plan_of(names[0], now=False, wanted=True))
        target, _ = scene.target(template, listed=len(names), selectors=0)
        plane = plane_at(scene.url, Special)
        assert await alone(plane, target, [fill(template, one) for one in names[:57]]) is True
        assert Special.asked == 57
        stop = await alone(plane, target, [fill(template, one) for one in names])
        assert isinstance(stop, Stop)
        assert "of the account acct-57 this console would plan it otherwise: it selects 0, not 1" in stop.why
        await plane.aclose()

    play(tmp_path, story)
