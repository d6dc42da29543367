"""A decision of another console, judged by what it had: what is missing is waited for, what is false is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from console.domain.actions import TARGET_DISCLOSURES
from console.domain.errors import BadForm, Problem
from console.journal import envelope
from console.journal.faults import Damaged
from console.journal.values import Draft
from console.keys import canon
from console.keys.canon import sha256_hex
from console.outbox.facts import Moments, policy_of, read_document
from console.outbox.moments import _everything, _Papers
from console.outbox.overlap import authorised, in_force_at, place_of
from console.outbox.rulings import Rulings, Unproven, WithoutPeople, by_ref, judge
from tests.journal.world import INC
from tests.kit.plainadapter import PlainAdapter, plan_of
from tests.kit.scene import Scene, plane_at
from tests.outbox.test_bad_rows import behind_its_back
from tests.outbox.test_engine import play, run, states
from tests.outbox.test_gate import decide, forged, paper


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def decision(scene, sha):
    return next(
        one for one in scene.store.reader().feed(scene.feed.feed)
        if one.entry.kind == "dispatch.authorised" and one.entry.pub["doc"] == sha
    )  # fmt: skip


def judged(scene, stored, sha, **changes):
    """The same decision, had it said otherwise."""
    told = replace(stored, entry=replace(stored.entry, pub={**stored.entry.pub, **changes}))
    with scene.store.reader().snapshot() as connection:
        judge(connection, by_ref(scene.store.rosters()), read_document(connection, sha), told)


def test_what_was_decided_by_something_that_is_not_here_is_waited_for_and_no_other_document_is_meant(scene):
    sha, _ = scene.block("k")
    other, _ = scene.block("k2")
    decide(scene, sha)
    decide(scene, other)
    stored, mine = decision(scene, sha), decision(scene, other)
    judged(scene, stored, sha)
    with pytest.raises(Unproven, match="roster it was decided under is not here"):
        judged(scene, stored, sha, roster=[7, "ab" * 32])
    with pytest.raises(Unproven, match="another policy"):
        judged(scene, stored, sha, policy="ab" * 32)
    with pytest.raises(Unproven, match="not here yet"):
        judged(scene, stored, sha, seen=[["ab" * 32, 3, "cd" * 32]])
    for records in (["ab" * 32], mine.entry.pub["records"]):
        with pytest.raises(Unproven, match="not in the deciding console's record"):
            judged(scene, stored, sha, records=records)
    with pytest.raises(BadForm):
        judged(scene, stored, sha, records="all of them")
    trial = paper(scene, 0, type="rehearsal.v1", person=scene.members[0].person, role="approver")
    with pytest.raises(WithoutPeople, match="another kind of document"):
        judged(scene, stored, trial)


def test_a_decision_that_waits_for_something_holds_once_it_is_here(scene):
    sha, _ = scene.block("k")
    decide(scene, sha)
    stored, rulings = decision(scene, sha), Rulings(scene.store)
    late = replace(stored, id="cd" * 32, entry=replace(stored.entry, pub={**stored.entry.pub, "roster": [7, "a" * 64]}))
    with scene.store.reader().snapshot() as connection:
        assert not rulings.holds(connection, late)
        assert rulings.holds(connection, replace(late, entry=stored.entry))


# -- what was decided twice, or is no correction -----------------------------------------------------------------------


def test_what_two_consoles_decided_is_in_force_once_and_what_is_no_action_never(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k")
        assert states(await run(scene)) == ["enforced"]
        forged(scene, sha, action, [])
        trial = paper(scene, 0, type="rehearsal.v1", person=scene.members[0].person, role="approver")
        forged(scene, trial, action, [])
        place = place_of(action, 0, plan_of("k", now=False, wanted=True))
        with scene.store.reader().snapshot() as connection:
            known = authorised(connection, lambda *_decision: True)
            assert [one.held.sha for one in known] == [sha, sha]
            (claim,) = in_force_at(connection, place, known).claims
        assert (claim.doc, claim.found) == (sha, {"blocked": "false"})

    play(tmp_path, story)


def test_of_what_another_console_decided_and_whose_values_are_not_all_here_nothing_is_claimed(tmp_path):
    async def story(scene, estate):
        plan = plan_of("k", now=False, wanted=True)
        made, texts = scene.target(plan)
        names = [name for name in TARGET_DISCLOSURES if name != "revert"]
        here = [text for text in texts if canon.open_disclosure(text)[1] in names]
        sha, action = scene.propose([(made, here)])
        forged(scene, sha, action, [])
        with scene.store.reader().snapshot() as connection:
            known = authorised(connection, lambda *_decision: True)
            assert [one.held.sha for one in known] == [sha]
            assert in_force_at(connection, place_of(action, 0, plan), known).claims == ()

    play(tmp_path, story)


def test_of_what_could_not_be_read_before_it_was_sent_nothing_is_said_to_have_been_found(tmp_path):
    class Blind(PlainAdapter):
        async def read_back(self, context, planned):
            seen = await super().read_back(context, planned)
            return seen if estates[0].writes else replace(seen, verdict="cannot-tell", fields={})

    estates = []

    async def story(scene, estate):
        estates.append(estate)
        _, action = scene.block("k")
        assert states(await run(scene, plane_at(scene.url, Blind))) == ["enforced"]
        place = place_of(action, 0, plan_of("k", now=False, wanted=True))
        with scene.store.reader().snapshot() as connection:
            (claim,) = in_force_at(connection, place, authorised(connection, lambda *_decision: True)).claims
        assert claim.found is None

    play(tmp_path, story)


# -- the record from which it is judged --------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"no entry", b"[]", b'{"kind":"note","hlc":[1,0]}', b'{"kind":"incident.declared"}'])
def test_nothing_is_judged_over_a_record_that_is_damaged(scene, raw):
    note = scene.say(0, Draft("note", inc=INC))
    behind_its_back(
        scene, ("DROP TRIGGER entry_stays_as_written",), ("UPDATE entry SET raw = ? WHERE id = ?", raw, note.id)
    )  # fmt: skip
    with scene.store.reader().snapshot() as connection, pytest.raises(Damaged):
        _everything(connection)


def test_heads_on_one_branch_of_a_fork_are_judged_by_that_branch(scene):
    sha, action = scene.block("k", approve=(1,), number=1)
    cancel = scene.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
    rival = envelope.build(replace(cancel.entry, kind="note", pub={}, subj=None), scene.people[0].signer)
    scene.store.write(lambda tx: tx.ingest(*rival))
    assert list(scene.store.reader().forks()) == [cancel.feed]
    roster, now = scene.store.roster(), scene.clock.wall_ms()
    with scene.store.reader().snapshot() as connection:
        moments = Moments(connection, roster, policy_of(roster))
        for ident, cancelled in ((cancel.id, True), (sha256_hex(rival[0]), False)):
            facts = moments.below([(cancel.feed, cancel.seq, ident), *_others(moments, cancel.feed)], sha, now)
            assert facts.cancelled is cancelled


def _others(moments, feed):
    return [head for head in moments.now_heads if head[0] != feed]


def test_papers_are_read_when_asked_for_and_tell_which_were(scene):
    sha, _ = scene.block("k", approve=())
    with scene.store.reader().snapshot() as connection:
        papers = _Papers(connection, None)
        assert (list(papers), papers.get("ab" * 32), len(papers)) == ([], None, 0)
        assert papers[sha].document.op
        assert (list(papers), len(papers)) == ([sha], 1)
        with pytest.raises(Problem):
            read_document(connection, "ab" * 32)
