"""Redactions beside everything else: what is missing is waited for, what is false is said, and nothing else stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.errors import Problem
from console.journal.projections import Progress, Projections
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.keys import canon
from console.outbox import redaction
from console.outbox.redaction import Redactions
from console.runtime.drafts import Drafts
from tests.journal.world import INC
from tests.kit.scene import QUICK, Scene
from tests.outbox.test_bad_rows import without
from tests.outbox.test_engine import play, run, states
from tests.outbox.test_gate import decide, paper, sign

SECRET = "a name that has to go"
DAY_MS = 86_400_000


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def asked(scene):
    """A note with a secret, and the redaction of it, proposed."""
    said = scene.say(1, Draft("note", inc=INC, disclosures={"text": SECRET}))
    reason = canon.make_disclosure(b"r" * 16, "reason", "it names a person")
    return said, paper(
        scene, 0, type="redaction.v1", inc=INC, items=[{"entry": said.id, "digests": list(said.entry.sd)}],
        reason_sd=canon.digest(reason), approve_by=scene.clock.wall_ms() + DAY_MS,
    )  # fmt: skip


def decided(scene):
    said, sha = asked(scene)
    sign(scene, sha, "redaction.v1", 1, 2)
    assert decide(scene, sha).outcome == "authorised"
    return said, sha


def outcomes(told):
    return [one.outcome for one in told]


def reported(scene):
    return [one.entry.pub["doc"] for one in scene.store.reader().feed(scene.feed.feed, 0, 999)
            if one.entry.kind == "redact.done"]  # fmt: skip


def never():
    return False


def test_what_is_not_here_yet_is_waited_for_and_asked_again_only_when_something_came(scene):
    said, sha = decided(scene)
    raw = scene.store.reader().document(sha).raw
    without(scene, sha)
    waiting = Redactions(scene.store, scene.feed)
    assert outcomes(waiting.carry_out(never)) == ["waiting"]
    assert waiting.open
    assert outcomes(waiting.carry_out(never)) == []  # nothing came since
    assert outcomes(waiting.carry_out(never, again=True)) == ["waiting"]
    scene.store.write(lambda tx: tx.put_document(raw))
    assert outcomes(waiting.carry_out(lambda: True, again=True)) == []  # the console ends
    assert outcomes(waiting.carry_out(never, again=True)) == ["done"]
    assert (reported(scene), waiting.open) == ([sha], False)
    assert scene.store.reader().entry(said.id).disclosed == {}


def test_an_index_that_somebody_else_makes_anew_is_waited_for(scene, monkeypatch):
    _, sha = decided(scene)
    with monkeypatch.context() as patch:
        patch.setattr(Projections, "advance", lambda _: Progress(0, 9, building=True, elsewhere=True))
        patched = Redactions(scene.store, scene.feed)
        assert outcomes(patched.carry_out(never)) == ["under way"]
        assert reported(scene) == []
    steps = [Progress(0, 9), Progress(9, 9)]
    with monkeypatch.context() as patch:
        patch.setattr(Projections, "advance", lambda _: steps.pop(0))
        assert outcomes(patched.carry_out(never)) == ["done"]
    assert (reported(scene), steps) == ([sha], [])


def test_another_process_may_have_been_faster(scene, monkeypatch):
    _, sha = decided(scene)
    first, second = (Redactions(scene.store, scene.feed) for _ in range(2))
    scrub = JournalStore.scrub

    def meanwhile(self, files):
        monkeypatch.undo()
        assert outcomes(second.carry_out(never)) == ["done"]
        return scrub(self, files)

    monkeypatch.setattr(JournalStore, "scrub", meanwhile)
    assert outcomes(first.carry_out(never)) == ["done"]
    assert reported(scene) == [sha]


def test_an_authorisation_of_something_else_proves_nothing(scene):
    said, sha = decided(scene)
    block, _ = scene.block("k")
    wrong = Draft("redaction.authorised", inc=INC, pub={**_pub(scene, sha), "doc": block})
    scene.store.write(lambda tx: tx.append(scene.feed, wrong, roster=scene.ref))
    told = {one.doc: one for one in Redactions(scene.store, scene.feed).carry_out(never)}
    assert (told[sha].outcome, told[block].outcome) == ("done", "waiting")
    assert "no redaction" in told[block].why
    assert scene.store.reader().entry(said.id).disclosed == {}
    with pytest.raises(Problem, match="no console has authorised it"):
        redaction.prove(scene.store, asked(scene)[1])


def _pub(scene, sha):
    return next(one.entry.pub for one in scene.store.reader().feed(scene.feed.feed, 0, 999)
                if one.entry.kind == "redaction.authorised" and one.entry.pub["doc"] == sha)  # fmt: skip


def test_one_draft_that_repeats_it_is_told_of(scene):
    decided(scene)
    Drafts(scene.store.paths.root).keep("timeline:i-x", f"they said: {SECRET}")
    (told,) = Redactions(scene.store, scene.feed).carry_out(never)
    assert told.why == "A draft on this console repeated it, and was removed."


# -- beside the outbox -------------------------------------------------------------------------------------------------


def test_what_was_forgotten_is_taken_to_the_place_at_once(tmp_path):
    async def story(scene, estate):
        met = []
        said, sha = asked(scene)
        sign(scene, sha, "redaction.v1", 1, 2)
        scene.block("k")
        pace = replace(QUICK, sync_ms=3_600_000)
        settled = await run(scene, sync=lambda: met.append(scene.store.reader().entry(said.id).disclosed), pace=pace)
        assert states(settled) == ["enforced"]
        assert met == [{"text": SECRET}, {}]

    play(tmp_path, story)


def test_what_is_waited_for_is_no_fault_and_stops_no_correction(tmp_path):
    async def story(scene, estate):
        _, sha = decided(scene)
        without(scene, sha)
        scene.block("k")
        settled = await run(scene)
        assert (states(settled), reported(scene)) == (["enforced"], [])
        assert not any(one.startswith("redaction") for one in settled.odd)

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["a disk", "one person"])
def test_what_cannot_be_forgotten_is_said_and_stops_no_correction(tmp_path, how, monkeypatch):
    async def story(scene, estate):
        _, sha = asked(scene)
        scene.block("k")
        if how == "a disk":
            sign(scene, sha, "redaction.v1", 1, 2)
            monkeypatch.setattr(Redactions, "carry_out", _broken)
        else:
            draft = Draft("redaction.authorised", inc=INC, pub=_alone(scene, sha))
            scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
        settled = await run(scene)
        assert states(settled) == ["enforced"]
        told = "redaction: the disk is full" if how == "a disk" else f"redaction {sha[:16]}: "
        assert any(one.startswith(told) for one in settled.odd)
        assert reported(scene) == []

    play(tmp_path, story)


def _broken(*_, **__):
    raise OSError("the disk is full")


def _alone(scene, sha):
    heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(scene.store.reader().heads().items())]
    return {"doc": sha, "records": [], "roster": list(scene.ref), "policy": scene.policy,
            "now": scene.clock.wall_ms(), "clock": "trusted", "seen": heads, "verdict": "approved"}  # fmt: skip
