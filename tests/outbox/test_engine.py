from __future__ import annotations

import asyncio
import sqlite3
import threading
from dataclasses import replace

import pytest

from adapters.contract import Malformed, Stale
from console.journal.values import Draft
from console.outbox.enforce import _stricter
from console.outbox.engine import Outbox
from console.runtime.ids import crockford
from tests.journal.world import INC
from tests.kit.clock import PassingClock
from tests.kit.plainadapter import PlainAdapter, lever, plan_of
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import INSTANCE, MANUAL, QUICK, Scene, plane_at, sent

HOUR = 3_600_000


def play(tmp_path, story):
    async def on_stage():
        async with PlainEstate() as estate:
            scene = Scene(tmp_path, estate.url)
            try:
                await story(scene, estate)
            finally:
                await scene.aclose()

    asyncio.run(on_stage())


async def run(scene, *planes, seconds=60, **how):
    planes = planes or (plane_at(scene.url),)
    outbox: Outbox = scene.outbox(*planes, **how)
    return await outbox.run(deadline_ms=scene.clock.boot_ms() + seconds * 1000)


async def turns(outbox, *, until_odd):
    """Until it says so, and some more."""
    ends = outbox._clock.boot_ms() + 60_000
    while not any(until_odd in one for one in outbox.odd):
        assert outbox._clock.boot_ms() < ends, outbox.odd
        await outbox.run_once()
        await asyncio.sleep(0.01)
    for _ in range(10):
        await outbox.run_once()
        await asyncio.sleep(0.01)
    await outbox._abandon()


def states(settled):
    return [row.state for row in settled.rows]


def test_accepted_recorded_enforced(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert settled.done
        assert settled.odd == ()
        assert scene.words() == ["authorised", "intent", "accepted", "recorded", "enforced"]
        last = scene.kinds()[-1][1]
        assert last["evidence"] == "credential"
        assert last["probes"] >= 24
        assert sent(estate) == [("k", True)]
        assert len(scene.kinds("approval.received")) == 2
        again = await run(scene)
        assert states(again) == ["enforced"]
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


def test_one_signature_moves_nothing(tmp_path):
    async def story(scene, estate):
        scene.block("k", approve=(0,), gravity="high")
        settled = await run(scene)
        # one selector on one surface is signed as high by its proposer, so two have to sign
        assert settled.rows == ()
        assert "1 more person" in settled.people[0]
        assert not estate.writes

    play(tmp_path, story)


def test_a_forged_signature_is_not_even_taken_in(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k", approve=(0,))
        raw, _ = scene.record(1, sha, "action.v1", action.op)
        _, wrong = scene.record(1, sha, "action.v1", action.op)
        scene.carry(0, "correction.approved", sha, raw, wrong, INC, action.op)
        settled = await run(scene)
        assert settled.rows == ()
        assert len(scene.kinds("approval.received")) == 1
        assert not estate.writes

    play(tmp_path, story)


ROW = "INSERT INTO outbox VALUES (?, 0, ?, ?, ?, 'contain', 0, 'queued', 0, 0, 0, 0, 0, 0, 0, 0, '')"


def test_a_row_written_into_the_database_is_refused_and_reported(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k", approve=(0,))
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute(ROW, (sha, action.op, INC, INSTANCE))
        raw.close()
        settled = await run(scene)
        assert settled.rows == ()
        assert "not authorised" in settled.odd[0]
        assert not estate.writes

    play(tmp_path, story)


def test_a_row_written_while_running_is_refused_at_the_gate(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k", approve=(0,))
        outbox = scene.outbox()
        await outbox.recover()
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute(ROW, (sha, action.op, INC, INSTANCE))
        raw.close()
        await turns(outbox, until_odd="not authorised")
        assert not estate.writes

    play(tmp_path, story)


def test_an_edited_row_cannot_make_it_send_again(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        estate.blocked["k"] = False
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("UPDATE outbox SET state = 'queued', attempt = 0 WHERE doc = ?", (sha,))
        raw.close()
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert "the record enforced" in settled.odd[0]
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_a_row_edited_while_running_is_refused_at_the_gate(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        outbox = scene.outbox()
        await outbox.run(deadline_ms=scene.clock.boot_ms() + 40_000)
        estate.blocked["k"] = False
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("UPDATE outbox SET state = 'queued', attempt = 0 WHERE doc = ?", (sha,))
        raw.close()
        await turns(outbox, until_odd="not authorised")
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_a_deleted_row_comes_back_from_the_chain(tmp_path):
    async def story(scene, estate):
        scene.block("k")
        await run(scene)
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("DELETE FROM outbox")
        raw.close()
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_a_document_that_is_gone_stops_no_other(tmp_path):
    async def story(scene, estate):
        gone, _ = scene.block("k")
        assert (await scene.outbox().authorise(gone)).outcome == "authorised"
        scene.block("k2")
        with sqlite3.connect(scene.store.paths.journal) as raw:
            raw.execute("DROP TRIGGER document_stays")
            raw.execute("DELETE FROM document WHERE sha256 = ?", (gone,))
            raw.execute("DELETE FROM outbox WHERE doc = ?", (gone,))
        raw.close()
        settled = await run(scene, plane_at(scene.url, probes=("k2",)))
        assert states(settled) == ["enforced"]
        assert sent(estate) == [("k2", True)]
        assert "decided here" in settled.odd[0]

    play(tmp_path, story)


def test_a_cancel_between_the_look_and_the_intent_is_in_time(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k")

        class Meanwhile(PlainAdapter):
            async def read_back(self, context, planned):
                seen = await super().read_back(context, planned)
                scene.say(1, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
                return seen

        settled = await run(scene, plane_at(scene.url, Meanwhile))
        assert states(settled) == ["cancelled"]
        assert not estate.writes

    play(tmp_path, story)


@pytest.mark.parametrize("answer", [Stale("it moved"), Malformed("nonsense")])
def test_an_adapter_that_finds_it_changed_or_cannot_read(tmp_path, answer):
    class Found(PlainAdapter):
        broken = 2

        async def apply(self, context, planned):
            if isinstance(answer, Stale):
                raise answer
            return await super().apply(context, planned)

        async def read_back(self, context, planned):
            if isinstance(answer, Malformed) and Found.broken:
                Found.broken -= 1
                raise answer
            return await super().read_back(context, planned)

    async def story(scene, estate):
        scene.block("k")
        settled = await run(scene, plane_at(scene.url, Found))
        assert states(settled) == ["stale" if isinstance(answer, Stale) else "enforced"]

    play(tmp_path, story)


def test_what_nothing_can_read_back_is_for_a_person(tmp_path):
    class Blind(PlainAdapter):
        async def read_back(self, context, planned):
            return replace(await super().read_back(context, planned), verdict="cannot-tell", fields={})

    async def story(scene, estate):
        scene.block("k")
        settled = await run(scene, plane_at(scene.url, Blind))
        assert states(settled) == ["attention"]
        assert "cannot tell" in settled.people[0]
        estate.lose = 1
        scene.block("k2")
        settled = await run(scene, plane_at(scene.url, Blind), pace=replace(QUICK, settle_ms=1))
        assert states(settled) == ["attention", "attention"]
        assert "Nothing tells whether it landed" in settled.people[1]
        assert len(estate.writes) == 2

    play(tmp_path, story)


def test_a_lost_answer_is_read_back_and_not_sent_again(tmp_path):
    async def story(scene, estate):
        estate.lose = 1
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert scene.words()[:4] == ["authorised", "intent", "unknown", "accepted"]
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_while_a_lost_answer_cannot_be_read_back_nothing_is_sent(tmp_path):
    class Faulty(PlainAdapter):
        faults = 2

        async def read_back(self, context, planned):
            if estates[0].writes and Faulty.faults:
                Faulty.faults -= 1
                raise Malformed("nonsense")
            return await super().read_back(context, planned)

    estates = []

    async def story(scene, estate):
        estates.append(estate)
        estate.lose = 1
        scene.block("k")
        settled = await run(scene, plane_at(scene.url, Faulty))
        assert states(settled) == ["enforced"]
        assert Faulty.faults == 0
        assert sent(estate) == [("k", True)]

    play(tmp_path, story)


def test_a_write_that_did_not_land_is_repeated_where_that_is_safe(tmp_path):
    async def story(scene, estate):
        estate.ignore = 1
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert scene.words()[:5] == ["authorised", "intent", "unknown", "requeued", "intent"]
        assert len(estate.writes) == 2

    play(tmp_path, story)


def test_a_write_that_cannot_be_repeated_goes_to_a_person(tmp_path):
    async def story(scene, estate):
        estate.ignore = 1
        scene.block("k", lever="once")
        settled = await run(scene)
        assert states(settled) == ["attention"]
        assert len(estate.writes) == 1

    play(tmp_path, story)


@pytest.mark.parametrize(("status", "words"), [(500, ["unknown", "requeued"]), (429, ["requeued"]), (400, ["failed"])])
def test_each_answer_has_its_consequence(tmp_path, status, words):
    async def story(scene, estate):
        estate.fail_writes = [status]
        estate.extra_headers = {"retry-after": "0"}
        scene.block("k")
        settled = await run(scene)
        assert scene.words()[2 : 2 + len(words)] == words
        assert states(settled) == ["failed" if status == 400 else "enforced"]
        assert settled.done == (status != 400)

    play(tmp_path, story)


def test_a_lying_provider_is_never_recorded(tmp_path):
    async def story(scene, estate):
        estate.lie = True
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["attention"]
        assert "recorded" not in scene.words()

    play(tmp_path, story)


def test_passes_restart_the_count_and_are_told(tmp_path):
    async def story(scene, estate):
        estate.passes = 3
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert "passed" in scene.words()

    play(tmp_path, story)


def test_without_evidence_the_end_is_unmeasurable(tmp_path):
    async def story(scene, estate):
        scene.block("k", lever="quiet")
        settled = await run(scene)
        assert states(settled) == ["unmeasurable"]
        scene.block("nobody-has-its-credential")
        assert states(await run(scene)) == ["unmeasurable", "unmeasurable"]
        assert estate.writes

    play(tmp_path, story)


def test_a_canary_of_the_same_action_stands_in(tmp_path):
    async def story(scene, estate):
        real = scene.target(plan_of("secret-key", now=False, wanted=True))
        canary, texts = scene.target(plan_of("k", now=False, wanted=True))
        sha, action = scene.propose([real, (replace(canary, canary=True), texts)])
        scene.approve(sha, action, 0, 1)
        settled = await run(scene)
        assert states(settled) == ["enforced", "enforced"]
        evidence = {pub["target"]: pub["evidence"] for kind, pub in scene.kinds() if kind == "enforced"}
        assert evidence == {0: "canary", 1: "credential"}

    play(tmp_path, story)


def test_a_canary_at_another_surface_proves_nothing_of_this_one(tmp_path):
    async def story(scene, estate):
        real = scene.target(plan_of("secret-key", now=False, wanted=True))
        canary, texts = scene.target(plan_of("k", now=False, wanted=True), surface="t-" + crockford(b"\x0a" * 16))
        sha, action = scene.propose([real, (replace(canary, canary=True), texts)])
        scene.approve(sha, action, 0, 1)
        assert states(await run(scene)) == ["unmeasurable", "enforced"]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("canary", "wanted", "says_nothing"),
    [
        ({"rpm": "1"}, {"rpm": "10"}, True),
        ({"rpm": "10"}, {"rpm": "10"}, False),
        ({"rpm": "10"}, {"rpm": "1"}, False),
        ({"models": '["a"]'}, {"models": '["b"]'}, False),
        ({"blocked": "true"}, {"blocked": "true", "rpm": "1"}, False),
    ],
)
def test_a_canary_under_a_lower_limit_proves_nothing_of_a_higher_one(canary, wanted, says_nothing):
    assert _stricter(canary, wanted) is says_nothing


def test_a_canary_on_its_way_is_waited_for_and_one_without_a_credential_is_none(tmp_path):
    class Late(PlainAdapter):
        missing = 1

        async def read_back(self, context, planned):
            if planned.selector == "k" and Late.missing:
                Late.missing -= 1
                raise Malformed("not now")
            return await super().read_back(context, planned)

    async def story(scene, estate):
        real = scene.target(plan_of("secret-key", now=False, wanted=True))
        canary, texts = scene.target(plan_of("k", now=False, wanted=True))
        blind, more = scene.target(plan_of("no-credential", now=False, wanted=True))
        other, others = scene.target(plan_of("k2", now=False, wanted=True, lever_name="once"))
        sha, action = scene.propose(
            [real, (replace(other, canary=True), others), (replace(blind, canary=True), more),
             (replace(canary, canary=True), texts)]
        )  # fmt: skip
        scene.approve(sha, action, 0, 1)
        settled = await run(scene, plane_at(scene.url, Late, probes=("k", "k2")))
        assert states(settled) == ["enforced"] * 4
        evidence = {pub["target"]: pub["evidence"] for kind, pub in scene.kinds() if kind == "enforced"}
        assert evidence == {0: "canary", 1: "credential", 2: "canary", 3: "credential"}

    play(tmp_path, story)


class Viewed(PlainAdapter):
    """Anybody can try it."""

    manifest = replace(PlainAdapter.manifest, levers=(lever(probe="client-view", name="quiet"),))

    async def probe(self, context, planned, credential):
        return replace(await super().probe(context, planned, credential), evidence="client-view")


def test_where_anybody_can_try_it_a_clients_view_is_the_evidence(tmp_path):
    class Once(Viewed):
        gone = 1

        async def read_back(self, context, planned):
            if self.gone and "POST /set" in estates[0].calls:
                Once.gone -= 1
                raise Malformed("just now")
            return await super().read_back(context, planned)

    estates = []

    async def story(scene, estate):
        estates.append(estate)
        scene.block("k", lever="quiet")
        assert states(await run(scene, plane_at(scene.url, Once, probes=()))) == ["enforced"]
        assert scene.kinds()[-1][1]["evidence"] == "client-view"

    play(tmp_path, story)


def test_already_as_desired_is_recorded_without_a_call(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        scene.block("k")
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        assert scene.words()[:3] == ["authorised", "accepted", "recorded"]
        assert scene.kinds()[1][1]["outcome"] == "already-so"
        assert not estate.writes

    play(tmp_path, story)


def restore(scene, **changes):
    sha, action = scene.propose(
        [scene.target(plan_of("k", now=True, wanted=False))], direction="restore", undo_within_s=None, **changes
    )
    scene.approve(sha, action, 0, 1)
    return sha


def test_a_restore_ends_when_it_is_recorded(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        restore(scene)
        settled = await run(scene)
        assert states(settled) == ["recorded"]
        assert settled.done
        assert sent(estate) == [("k", False)]

    play(tmp_path, story)


class Limited(PlainAdapter):
    """Says that the target has changed since it was signed."""

    async def read_back(self, context, planned):
        seen = await super().read_back(context, planned)
        return replace(seen, verdict="not-in-effect", fields={"blocked": '"something else"'})


@pytest.mark.parametrize("direction", ["contain", "restore"])
def test_a_changed_target_goes_back_to_people(tmp_path, direction):
    async def story(scene, estate):
        restore(scene) if direction == "restore" else scene.block("k")
        settled = await run(scene, plane_at(scene.url, Limited))
        assert states(settled) == ["stale"]
        assert not estate.writes

    play(tmp_path, story)


def test_cancelled_and_refused_before_it_was_sent(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k")
        other, other_action = scene.block("k2")
        outbox = scene.outbox()
        await outbox.authorise(sha)
        await outbox.authorise(other)
        scene.say(1, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
        scene.approve(other, other_action, 2, decision="refuse")
        settled = await run(scene)
        assert states(settled) == ["cancelled", "cancelled"]
        assert not estate.writes

    play(tmp_path, story)


@pytest.fixture
def passing(monkeypatch):
    """Time may go by at once."""
    monkeypatch.setattr("tests.kit.scene.SystemClock", PassingClock)


def test_expired_is_said_and_never_sent(tmp_path, passing):
    async def story(scene, estate):
        sha, _ = scene.block("k", lives_ms=HOUR)
        assert (await scene.outbox().authorise(sha)).outcome == "authorised"
        scene.clock.advance(HOUR + 1)
        settled = await run(scene)
        assert states(settled) == ["expired"]
        assert states(await run(scene)) == ["expired"]
        assert not estate.writes

    play(tmp_path, story)


def test_a_revoked_signer_stops_what_was_not_sent(tmp_path):
    async def story(scene, estate):
        from console.domain.forms import RevokedKey

        sha, _ = scene.block("k", approve=(0, 2))
        await scene.outbox().authorise(sha)
        key = scene.members[2].approver.public.fingerprint
        made = scene.next_roster((RevokedKey(key=key, good=()),))
        scene.store.write(lambda tx: tx.put_roster(*made))
        settled = await run(scene)
        assert states(settled) == ["attention"]
        assert settled.people
        assert not estate.writes

    play(tmp_path, story)


def test_by_hand_waits_for_a_persons_word(tmp_path):
    async def story(scene, estate):
        plan = replace(plan_of("vendor", now=False, wanted=True, lever_name="manual.ask"), requests=(), revert=())
        target = scene.target(plan, adapter="manual/1", instance=MANUAL)
        sha, action = scene.propose([target])
        scene.approve(sha, action, 0, 1)
        settled = await run(scene)
        assert states(settled) == ["queued"]
        assert "attestation" in settled.people[0]
        pub = {
            "doc": sha, "target": 0, "done_ms": scene.clock.wall_ms(), "direction": "contain", "category": "shutdown",
            "outcome": "promised",
        }  # fmt: skip
        scene.say(1, Draft("correction.attested", inc=INC, subj=action.op, pub=pub))
        assert states(await run(scene)) == ["queued"]
        scene.say(1, Draft("correction.attested", inc=INC, subj=action.op, pub={**pub, "outcome": "done"}))
        settled = await run(scene)
        assert states(settled) == ["attested"]
        assert settled.done
        assert scene.kinds()[-1][1]["outcome"] == "attested"

    play(tmp_path, story)


def test_an_outage_holds_one_provider_only_and_its_return_is_held(tmp_path):
    async def story(scene, estate):
        async with PlainEstate() as other:
            far = "g-" + "7" * 26
            port = other.port
            await other.stop()
            near = scene.target(plan_of("k", now=False, wanted=True))
            away = scene.target(plan_of("k", now=False, wanted=True), instance=far)
            sha, action = scene.propose([near, away])
            scene.approve(sha, action, 0, 1)
            planes = (plane_at(scene.url), plane_at(f"http://127.0.0.1:{port}", instance=far))
            settled = await run(scene, *planes)
            assert states(settled) == ["enforced", "queued"]
            assert "cannot be reached" in settled.connection[0]
            assert [kind for kind, _ in scene.kinds("provider.")] == ["unreachable"]
            await other.start(port)
            planes = (plane_at(scene.url), plane_at(f"http://127.0.0.1:{port}", instance=far))
            settled = await run(scene, *planes)
            assert states(settled) == ["enforced", "enforced"]
            assert [kind for kind, _ in scene.kinds("provider.")] == ["unreachable", "reachable"]
            assert "held" in scene.words()
            assert len(other.writes) == 1
            held = next(
                s for s in scene.store.reader().feed(scene.feed.feed, 0, 999) if s.entry.kind == "dispatch.held"
            )
            intent = [
                s for s in scene.store.reader().feed(scene.feed.feed, 0, 999) if s.entry.kind == "dispatch.intent"
            ][-1]
            assert intent.entry.hlc[0] - held.entry.hlc[0] >= QUICK.hold_ms

    play(tmp_path, story)


def test_a_restore_that_waited_through_an_outage_goes_back_to_people(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        port = estate.port
        await estate.stop()
        restore(scene)
        settled = await run(scene)
        assert states(settled) == ["queued"]
        await estate.start(port)
        assert states(await run(scene)) == ["stale"]
        assert not estate.writes

    play(tmp_path, story)


def test_the_now_button_ends_the_hold(tmp_path):
    async def story(scene, estate):
        port = estate.port
        await estate.stop()
        sha, _ = scene.block("k")
        await run(scene)
        await estate.start(port)
        outbox = scene.outbox(pace=replace(QUICK, hold_ms=3_600_000))
        going = asyncio.create_task(outbox.run())
        while not await outbox.release(sha, 0):  # noqa: ASYNC110  the button is pressed until it is there
            await asyncio.sleep(0.01)
        settled = await asyncio.wait_for(going, 60)
        assert states(settled) == ["enforced"]
        assert not await outbox.release(sha, 0)

    play(tmp_path, story)


def test_a_slow_provider_holds_no_other(tmp_path):
    async def story(scene, estate):
        async with PlainEstate() as slow:
            slow.delay_s = 30
            far = "g-" + "6" * 26
            near = scene.target(plan_of("k", now=False, wanted=True))
            away = scene.target(plan_of("k", now=False, wanted=True), instance=far)
            sha, action = scene.propose([away, near])
            scene.approve(sha, action, 0, 1)
            outbox = scene.outbox(plane_at(scene.url), plane_at(slow.url, instance=far))
            going = asyncio.create_task(outbox.run("forever"))
            end = scene.clock.boot_ms() + 9_000  # sooner than a call is given up (tests/kit/scene.py)
            while [row.state for row in await outbox.rows()][-1:] != ["enforced"]:
                assert scene.clock.boot_ms() < end
                await asyncio.sleep(0.02)
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
            assert len(estate.writes) == 1

    play(tmp_path, story)


def test_a_failing_sync_place_stops_nothing(tmp_path):
    async def story(scene, estate):
        def gone():
            raise OSError("the folder is gone")

        scene.block("k")
        settled = await run(scene, sync=gone)
        assert states(settled) == ["enforced"]
        assert "folder is gone" in settled.odd[0]

    play(tmp_path, story)


def test_a_hanging_sync_place_stops_nothing_for_long(tmp_path):
    async def story(scene, estate):
        gate = threading.Event()
        scene.block("k")
        outbox = scene.outbox(sync=lambda: gate.wait(60), pace=replace(QUICK, sync_wait_s=0.05))
        try:
            settled = await outbox.run(deadline_ms=scene.clock.boot_ms() + 40_000)
        finally:
            gate.set()
        assert states(settled) == ["enforced"]
        await outbox._syncing

    play(tmp_path, story)


def test_a_run_ends_beside_a_sync_place_that_hangs(tmp_path):
    gate, ended = threading.Event(), threading.Event()

    def hang():
        gate.wait(60)
        ended.set()
        raise OSError("the share came back too late")

    async def story(scene, estate):
        scene.block("k")
        outbox = scene.outbox(sync=hang, pace=replace(QUICK, sync_wait_s=0.05))
        settled = await outbox.run(deadline_ms=scene.clock.boot_ms() + 40_000)
        assert states(settled) == ["enforced"]

    play(tmp_path, story)  # the loop closes with the place still hanging
    assert not ended.is_set()
    gate.set()
    assert ended.wait(60)


def test_a_value_that_arrives_late_and_alone_is_noticed(tmp_path):
    async def story(scene, estate):
        made, texts = scene.target(plan_of("k", now=False, wanted=True))
        sha, action = scene.propose([(made, texts[:-1])])
        scene.approve(sha, action, 0, 1)
        outbox = scene.outbox()
        settled = await outbox.run(deadline_ms=scene.clock.boot_ms() + 40_000)
        assert settled.rows == ()
        assert "not here yet" in settled.people[0]
        going = asyncio.create_task(outbox.run("forever"))
        await asyncio.sleep(0.1)
        scene.store.write(lambda tx: tx.add_disclosures(sha, texts))
        end = scene.clock.boot_ms() + 60_000
        while [row.state for row in await outbox.rows()] != ["enforced"]:
            assert scene.clock.boot_ms() < end
            await asyncio.sleep(0.02)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        assert len(estate.writes) == 1

    play(tmp_path, story)


def test_it_expires_while_its_provider_is_down(tmp_path, passing):
    async def story(scene, estate):
        port = estate.port
        await estate.stop()
        scene.block("k", lives_ms=HOUR)
        assert states(await run(scene)) == ["queued"]
        scene.clock.advance(HOUR + 1)
        assert states(await run(scene)) == ["expired"]
        await estate.start(port)
        assert states(await run(scene)) == ["expired"]
        assert not estate.writes

    play(tmp_path, story)


def test_what_still_works_is_never_called_enforced(tmp_path):
    async def story(scene, estate):
        estate.passes = 10_000
        scene.block("k")
        settled = await run(scene, pace=replace(QUICK, patience_ms=300))
        assert states(settled) == ["attention"]
        assert "still works" in settled.people[0]
        assert "enforced" not in scene.words()

    play(tmp_path, story)


def test_one_signer_undoes_exactly_once(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        plan = plan_of("k", now=True, wanted=False)
        undo, action = scene.propose(
            [scene.target(plan)], direction="restore", undoes=sha, undo_within_s=None, number=1
        )
        scene.approve(undo, action, 1)
        settled = await run(scene)
        assert states(settled) == ["enforced", "recorded"]
        again, action = scene.propose([scene.target(plan)], direction="restore", undoes=sha, undo_within_s=None)
        scene.approve(again, action, 1)
        assert len((await run(scene)).rows) == 2

    play(tmp_path, story)


def test_nobody_else_undoes_alone(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k")
        await run(scene)
        plan = plan_of("k", now=True, wanted=False)
        undo, action = scene.propose([scene.target(plan)], direction="restore", undoes=sha, undo_within_s=None)
        scene.approve(undo, action, 2)
        assert len((await run(scene)).rows) == 1

    play(tmp_path, story)


def test_levers_are_known():
    assert lever().probe == "credential"
