"""What stands between a decision and a call: each document's people, each way a row can lie, each limit of time."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from dataclasses import replace

import pytest

from console.domain.errors import Problem
from console.domain.fold import fold_incident
from console.domain.forms import RevokedKey
from console.journal.faults import Damaged
from console.journal.seen import all_seen
from console.journal.values import Draft
from console.keys import canon
from console.keys.sshsig import roster_ns
from console.outbox import gate
from console.outbox import store as table
from console.outbox.authorise import authorise
from console.outbox.facts import UnknownDocument, View, may_cancel, read_document, read_policy
from console.outbox.item import Row
from tests.journal.world import INC, ORG
from tests.kit.plainadapter import plan_of
from tests.kit.scene import MANUAL, QUICK, Scene, plane_at
from tests.outbox.test_engine import HOUR, passing, play, restore, run, states

__all__ = ["passing"]

DAY_MS = 86_400_000


def b64(raw):
    return base64.b64encode(raw).decode()


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def decide(scene, sha):
    return scene.store.write(lambda tx: authorise(tx, scene.feed, sha))


def paper(scene, number, **fields):
    """A document other than an action, proposed; gives its name and type."""
    document = {"org": ORG, "roster": list(scene.ref), "created": scene.clock.wall_ms(), **fields}
    raw = canon.encode(document)
    sha = scene.store.write(lambda tx: tx.put_document(raw))
    scene.say(number, Draft("document.proposed", pub={"doc": sha, "doc_type": document["type"]}))
    return sha


def sign(scene, sha, doc_type, *numbers, op=None):
    for number in numbers:
        scene.carry(number, "document.approved", sha, *scene.record(number, sha, doc_type, op))


# -- every kind of document has its people -----------------------------------------------------------------------------


def test_a_redaction_is_authorised_by_two_and_never_by_one(scene):
    said = scene.say(1, Draft("note", inc=INC, disclosures={"text": "a name that must go"}))
    reason = canon.make_disclosure(b"r" * 16, "reason", "it names a person")
    sha = paper(
        scene, 0, type="redaction.v1", inc=INC, items=[{"entry": said.id, "digests": list(said.entry.sd)}],
        reason_sd=canon.digest(reason), approve_by=scene.clock.wall_ms() + DAY_MS,
    )  # fmt: skip
    assert decide(scene, sha).outcome == "waiting"
    sign(scene, sha, "redaction.v1", 1)
    waiting = decide(scene, sha)
    assert (waiting.outcome, waiting.verdict.met) == ("waiting", False)
    sign(scene, sha, "redaction.v1", 2)
    assert decide(scene, sha).outcome == "authorised"
    assert decide(scene, sha).outcome == "already"
    found = [one for one in scene.store.reader().feed(scene.feed.feed) if one.entry.kind == "redaction.authorised"]
    assert [one.entry.pub["doc"] for one in found] == [sha]
    assert len(found[0].entry.pub["records"]) == 2
    assert scene.store.write(lambda tx: table.load(tx.connection)) == []


def test_what_needs_no_dispatch_is_not_decided_here(scene):
    sha, action = scene.block("k", approve=())
    for doc_type, more in (
        ("ratification.v1", {"doc": sha, "op": action.op}),
        ("extension.v1", {"doc": sha, "op": action.op, "execute_by": action.execute_by + 1}),
        ("rehearsal.v1", {"person": scene.members[0].person, "role": "approver"}),
    ):
        assert decide(scene, paper(scene, 0, type=doc_type, **more)).outcome == "not-ours"


def test_another_consoles_targets_are_left_to_it(scene):
    for line, outcome in ((("ab" * 32,), "not-ours"), (("ab" * 32, scene.feed.feed), "standing-by")):
        sha, action = scene.propose([scene.target(plan_of("k", now=False, wanted=True), dispatchers=line)])
        scene.approve(sha, action, 0, 1)
        assert decide(scene, sha).outcome == outcome


def test_a_document_that_is_not_here_or_whose_policy_is_not_is_no_document(scene):
    with pytest.raises(UnknownDocument):
        decide(scene, "ab" * 32)
    with pytest.raises(UnknownDocument):
        scene.store.write(lambda tx: read_policy(tx.connection, "ab" * 32))


def test_what_lapsed_or_was_overtaken_is_over(scene):
    late, _ = scene.block("k", lives_ms=-5, created=scene.clock.wall_ms() - 10_000)
    assert decide(scene, late).why == "Its time has passed."
    first, action = scene.block("k")
    second, newer = scene.propose(
        [scene.target(plan_of("k", now=False, wanted=True))], op=action.op, rev=2, supersedes=first
    )
    scene.approve(second, newer, 0, 1)
    assert decide(scene, second).outcome == "authorised"
    assert decide(scene, first).why == "A later revision was authorised."


def test_every_approval_that_is_not_taken_in_is_named_with_its_reason(scene):
    sha, action = scene.block("k", approve=(0,))
    raw, _ = scene.record(1, sha, "action.v1", action.op)
    scene.carry(1, "correction.approved", sha, raw, b"no signature", INC, action.op)
    other, _ = scene.record(1, "ab" * 32, "action.v1", action.op)
    scene.carry(1, "correction.approved", sha, other, b"-", INC, action.op)
    pub = {"doc": sha, "record": "AAAA", "sig": "AAAA"}
    scene.say(1, Draft("correction.approved", inc=INC, subj=action.op, pub=pub))
    waiting = decide(scene, sha)
    assert waiting.outcome == "waiting"
    assert len(waiting.refused) == 3
    assert any("another document" in why for why in waiting.refused)


def test_what_was_taken_in_and_holds_no_more_is_named_and_counts_no_more(scene):
    sha, _ = scene.block("k", approve=(1,))
    assert decide(scene, sha).refused == ()
    taken = [one for one in scene.store.reader().feed(scene.feed.feed) if one.entry.kind == "approval.received"]
    pub = {**taken[0].entry.pub, "sig": b64(b"none")}
    draft = Draft("approval.received", inc=INC, subj=taken[0].entry.subj, pub=pub)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    waiting = decide(scene, sha)
    assert (waiting.outcome, len(waiting.refused)) == ("waiting", 1)


def test_a_refused_revision_is_remembered_though_the_one_before_it_is_not_here(scene):
    plan = plan_of("k", now=False, wanted=True)
    second, action = scene.propose([scene.target(plan)], rev=2, supersedes="ab" * 32)
    scene.approve(second, action, 2, decision="refuse")
    third, again = scene.propose([scene.target(plan)], op=action.op, rev=3, supersedes=second)
    scene.approve(third, again, 0, 2)
    waiting = decide(scene, third)
    assert (waiting.outcome, "refused before" in waiting.why) == ("waiting", True)
    scene.approve(third, again, 1)
    assert decide(scene, third).outcome == "authorised"


# -- break-glass -------------------------------------------------------------------------------------------------------


def test_one_person_breaks_the_glass_for_containment_only(tmp_path):
    async def story(scene, estate):
        scene.block("k", "k2", approve=(0,), break_glass=True)  # the commander alone
        settled = await run(scene, plane_at(scene.url, probes=("k", "k2")))
        assert states(settled) == ["enforced", "enforced"]
        assert len(scene.kinds("approval.received")) == 1
        estate.blocked["k3"] = True
        given, action = scene.propose(
            [scene.target(plan_of("k3", now=True, wanted=False))], direction="restore", undo_within_s=None,
            break_glass=False,
        )  # fmt: skip
        scene.approve(given, action, 0)
        settled = await run(scene, plane_at(scene.url, probes=("k", "k2")))
        assert len(settled.rows) == 2
        assert settled.people

    play(tmp_path, story)


def test_whoever_holds_no_such_role_breaks_no_glass(scene):
    sha, _ = scene.block("k", "k2", approve=(2,), break_glass=True)
    waiting = decide(scene, sha)
    assert waiting.outcome == "waiting"
    assert not waiting.verdict.met


def test_broken_glass_of_a_revoked_key_stops_at_the_gate(tmp_path):
    async def story(scene, estate):
        sha, _ = scene.block("k", "k2", approve=(0,), break_glass=True)
        assert (await scene.outbox().authorise(sha)).outcome == "authorised"
        key = scene.members[0].approver.public.fingerprint
        raw, _ = scene.next_roster((RevokedKey(key=key, good=()),))
        sigs = {one.approver.public.fingerprint: one.approver.sign(roster_ns(ORG), raw) for one in scene.members[1:]}
        scene.store.write(lambda tx: tx.put_roster(raw, sigs))
        settled = await run(scene)
        assert states(settled) == ["attention", "attention"]
        assert not estate.writes

    play(tmp_path, story)


# -- time --------------------------------------------------------------------------------------------------------------


def extended(scene, sha, action, until_ms, number):
    more = paper(scene, number, type="extension.v1", doc=sha, op=action.op, execute_by=until_ms)
    sign(scene, more, "extension.v1", number, op=action.op)


@pytest.mark.parametrize(("signer", "state"), [(1, None), (2, "expired")])
def test_a_signer_of_it_extends_it_and_nobody_else(scene, signer, state):
    sha, action = scene.block("k", lives_ms=60_000)
    decide(scene, sha)
    extended(scene, sha, action, action.execute_by + 3_600_000, signer)
    row = scene.store.write(lambda tx: table.load(tx.connection))[0]

    def ask(tx, now_ms):
        return gate.recheck(tx, gate.prove(tx, scene.feed, row), row, now_ms)

    later = scene.store.write(lambda tx: ask(tx, action.execute_by + 1_000))
    assert (None if later is None else later.state) == state
    gone = scene.store.write(lambda tx: ask(tx, action.execute_by + 3_600_001))
    assert gone.state == "expired"
    assert scene.store.write(lambda tx: ask(tx, action.execute_by)) is None


def test_the_longer_time_counts_only_where_the_provider_was_away(scene):
    late, made = scene.propose(
        [scene.target(plan_of("k", now=False, wanted=True))], lives_ms=60_000,
        execute_by_unreachable=scene.clock.wall_ms() + DAY_MS // 2,
    )  # fmt: skip
    scene.approve(late, made, 0, 1)
    decide(scene, late)
    row = scene.store.write(lambda tx: table.load(tx.connection, late))[0]

    def ask(tx, one):
        return gate.recheck(tx, gate.prove(tx, scene.feed, one), one, made.execute_by + 1_000)

    assert scene.store.write(lambda tx: ask(tx, row)).state == "expired"
    assert scene.store.write(lambda tx: ask(tx, replace(row, outage=True))) is None


def test_what_is_refused_or_overtaken_between_decision_and_call_is_cancelled(scene):
    refused, action = scene.block("k")
    decide(scene, refused)
    scene.approve(refused, action, 2, decision="refuse")
    first, one = scene.block("k2")
    decide(scene, first)
    again = scene.target(plan_of("k2", now=False, wanted=True))
    second, two = scene.propose([again], op=one.op, rev=2, supersedes=first)
    scene.approve(second, two, 0, 1)
    decide(scene, second)
    for sha, word in ((refused, "refused"), (first, "later revision")):
        row = scene.store.write(lambda tx, sha=sha: table.load(tx.connection, sha))[0]
        stop = scene.store.write(
            lambda tx, row=row: gate.recheck(tx, gate.prove(tx, scene.feed, row), row, scene.clock.wall_ms())
        )
        assert (stop.state, word in stop.why) == ("cancelled", True)


def cancel(scene, number, sha, action):
    scene.say(number, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))


def allowed(scene, sha):
    with scene.store.reader().snapshot() as connection:
        held = read_document(connection, sha)
        return [
            number for number, member in enumerate(scene.members)
            if may_cancel(View(connection), held, scene.store.roster(), member.person)
        ]  # fmt: skip


def on_screen(scene, sha):
    entries = all_seen(scene.store.reader().entries(INC))
    with scene.store.reader().snapshot() as connection:
        documents = {sha: read_document(connection, sha).document}
    (found,) = (one for one in fold_incident(entries, documents).corrections.values() if one.doc == sha)
    return found.cancelled


def test_only_whoever_may_cancels_and_the_screen_says_the_same(scene):
    sha, action = scene.block("k", approve=(1,), number=1)  # proposed and signed by 1, commanded by 0
    assert allowed(scene, sha) == [0, 1]
    cancel(scene, 2, sha, action)
    assert "It was cancelled." not in decide(scene, sha).verdict.missing
    assert not on_screen(scene, sha)
    cancel(scene, 0, sha, action)
    assert "It was cancelled." in decide(scene, sha).verdict.missing
    assert on_screen(scene, sha)


@pytest.mark.parametrize("how", ["signer", "deputy", "former deputy"])
def test_a_signer_and_whoever_led_may_cancel(scene, how):
    sha, action = scene.block("k", approve=())
    assert allowed(scene, sha) == [0]
    role = {"person": scene.members[2].person, "role": "deputy"}
    if how == "signer":
        scene.approve(sha, action, 2)
    else:
        scene.say(0, Draft("role.assigned", inc=INC, pub=role))
    if how == "former deputy":
        scene.say(0, Draft("role.released", inc=INC, pub=role))
    assert allowed(scene, sha) == [0, 2]
    cancel(scene, 2, sha, action)
    assert "It was cancelled." in decide(scene, sha).verdict.missing
    assert on_screen(scene, sha)


def test_no_cancel_of_a_bystander_stops_an_emergency(tmp_path):
    async def story(scene, estate):
        sha, action = scene.block("k")
        cancel(scene, 2, sha, action)
        assert states(await run(scene)) == ["enforced"]

    play(tmp_path, story)


# -- rows that lie -----------------------------------------------------------------------------------------------------


def lies(scene, row, feed=None):
    with pytest.raises(gate.Unauthorised) as told:
        scene.store.write(lambda tx: gate.prove(tx, feed or scene.feed, row))
    assert "was not sent" in str(told.value)
    return told.value.why


def test_no_row_is_believed_beyond_what_was_signed(scene):
    sha, _ = scene.block("k", "k2")
    decide(scene, sha)
    row = scene.store.write(lambda tx: table.load(tx.connection))[0]
    assert isinstance(row, Row)
    assert lies(scene, replace(row, target=2)) == "its document has no such target"
    assert lies(scene, replace(row, target=-1)) == "its document has no such target"
    for change in ({"instance": MANUAL}, {"direction": "restore"}, {"by_hand": True}, {"op": "a-" + "0" * 26}):
        assert lies(scene, replace(row, **change)) == "it differs from the signed document"
    other = scene.machine_feed(scene.store, 1)
    assert lies(scene, row, other) == "another console dispatches this target"
    undecided, newer = scene.block("k3", approve=(0,))
    made = replace(row, doc=undecided, op=newer.op)
    assert lies(scene, made) == "no decision of this console names its document"
    rehearsal = paper(scene, 0, type="rehearsal.v1", person=scene.members[0].person, role="approver")
    assert lies(scene, replace(row, doc=rehearsal)) == "its document has no such target"
    with pytest.raises(Problem):
        scene.store.write(lambda tx: gate.prove(tx, scene.feed, replace(row, doc="ab" * 32)))


def forged(scene, sha, action, records):
    """A decision that the rule never made, signed by the machine's own key: what a hijacked console could write."""
    heads = [[feed, seq, ident] for feed, (seq, ident) in sorted(scene.store.reader().heads().items())]
    pub = {
        "doc": sha, "records": records, "roster": list(scene.ref), "policy": scene.policy,
        "now": scene.clock.wall_ms(), "clock": "trusted", "seen": heads, "verdict": "approved",
    }  # fmt: skip
    draft = Draft("dispatch.authorised", inc=INC, subj=action.op, pub=pub)
    scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    target = action.targets[0]
    return Row(
        doc=sha, target=0, op=action.op, inc=INC, instance=target.instance, direction=action.direction, by_hand=False,
        state="queued", attempt=0, since_ms=1, decided_ms=1,
    )  # fmt: skip


def test_a_decision_counts_no_record_that_is_elsewhere_about_something_else_or_unsigned(scene):
    sha, action = scene.block("k", approve=())
    assert lies(scene, forged(scene, sha, action, ["ab" * 32])).endswith("is not in this console's record")
    done, _ = scene.block("k2")
    decide(scene, done)
    taken = [one.id for one in scene.store.reader().feed(scene.feed.feed) if one.entry.kind == "approval.received"]
    second, action = scene.block("k3", approve=())
    assert lies(scene, forged(scene, second, action, taken)) == "an approval of another document was counted"
    third, action = scene.block("k4", approve=())
    raw, _ = scene.record(0, third, "action.v1", action.op)
    pub = {"doc": third, "record": b64(raw), "sig": b64(b"none"), "carried_by": None}
    draft = Draft("approval.received", inc=INC, subj=action.op, pub=pub)
    stored = scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
    assert "does not hold" in lies(scene, forged(scene, third, action, [stored.id]))


@pytest.mark.parametrize(
    ("kind", "how", "why"),
    [
        ("dispatch.authorised", "sig", "its decision is not signed by this console"),
        ("approval.received", "sig", "its decision is not signed by this console"),
        ("approval.received", "other", "its decision does not stand in this console's chain"),
    ],
)
def test_a_decision_or_an_approval_that_was_exchanged_in_the_table_is_not_believed(scene, kind, how, why):
    sha, _ = scene.block("k")
    decide(scene, sha)
    row = scene.store.write(lambda tx: table.load(tx.connection))[0]
    scene.store.write(lambda tx: gate.prove(tx, scene.feed, row))
    own = [one for one in scene.store.reader().feed(scene.feed.feed) if one.entry.kind == kind]
    with sqlite3.connect(scene.store.paths.journal) as raw:
        raw.execute("DROP TRIGGER entry_stays_as_written")
        if how == "sig":  # of another entry: a signature in form
            other = next(one for one in scene.store.reader().feed(scene.feed.feed) if one.id != own[0].id)
            raw.execute("UPDATE entry SET sig = ? WHERE id = ?", (other.sig, own[0].id))
        else:  # one person's word stands there twice, both times in full
            raw.execute("UPDATE entry SET raw = ?, sig = ? WHERE id = ?", (own[1].raw, own[1].sig, own[0].id))
    raw.close()
    assert lies(scene, row) == why


def test_a_decision_with_too_few_people_is_proven_and_then_stopped_by_the_rule(scene):
    sha, action = scene.block("k", "k2", approve=(0,))
    assert decide(scene, sha).outcome == "waiting"
    taken = [one.id for one in scene.store.reader().feed(scene.feed.feed) if one.entry.kind == "approval.received"]
    row = forged(scene, sha, action, taken)
    stop = scene.store.write(lambda tx: gate.recheck(tx, gate.prove(tx, scene.feed, row), row, scene.clock.wall_ms()))
    assert stop.state == "attention"
    assert "1 more person" in stop.why


@pytest.mark.parametrize(
    "bytes_", [b"no entry", b"[]", b'{"kind":"note","hlc":[1,0]}', b'{"kind":"note","hlc":[1,0],"pub":7}']
)
def test_nothing_is_decided_over_bytes_that_are_no_entry(scene, bytes_):
    sha, _ = scene.block("k")
    note = scene.say(0, Draft("note", inc=INC))
    with sqlite3.connect(scene.store.paths.journal) as raw:
        raw.execute("DROP TRIGGER entry_stays_as_written")
        raw.execute("UPDATE entry SET raw = ? WHERE id = ?", (bytes_, note.id))
    raw.close()
    with pytest.raises(Damaged):
        decide(scene, sha)


def test_a_cancel_by_another_name_in_the_table_is_seen_all_the_same(scene):
    sha, action = scene.block("k")
    cancel = scene.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
    with sqlite3.connect(scene.store.paths.journal) as raw:
        raw.execute("DROP TRIGGER entry_stays_as_written")
        raw.execute("UPDATE entry SET kind = 'note' WHERE id = ?", (cancel.id,))
    raw.close()
    assert decide(scene, sha).verdict.missing == ("It was cancelled.",)


# -- by hand -----------------------------------------------------------------------------------------------------------


def asked(scene, **changes):
    plan = replace(plan_of("vendor", now=False, wanted=True, lever_name="manual.ask"), requests=(), revert=())
    target = scene.target(plan, adapter="manual/1", instance=MANUAL)
    sha, action = scene.propose([target], **changes)
    scene.approve(sha, action, 0, 1)
    return sha, action


def word(scene, sha, action, outcome):
    pub = {
        "doc": sha, "target": 0, "done_ms": scene.clock.wall_ms(), "direction": "contain", "category": "shutdown",
        "outcome": outcome,
    }  # fmt: skip
    return scene.say(1, Draft("correction.attested", inc=INC, subj=action.op, pub=pub))


def test_who_was_asked_may_decline_and_that_is_said_to_people(tmp_path):
    async def story(scene, estate):
        sha, action = asked(scene)
        await run(scene)
        declined = word(scene, sha, action, "declined")
        settled = await run(scene)
        assert states(settled) == ["failed"]
        assert "declined" in settled.people[0]
        last = scene.kinds()[-1]
        assert (last[0], last[1]["of"]) == ("failed", [declined.id])
        word(scene, sha, action, "done")  # too late for this revision
        assert states(await run(scene)) == ["failed"]

    play(tmp_path, story)


def test_what_was_asked_of_people_can_be_cancelled_and_lapses(tmp_path, passing):
    async def story(scene, estate):
        sha, action = asked(scene)
        await run(scene)
        scene.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
        assert states(await run(scene)) == ["cancelled"]
        lapsing, _ = asked(scene, lives_ms=HOUR)
        assert (await scene.outbox().authorise(lapsing)).outcome == "authorised"
        scene.clock.advance(HOUR + 1)
        assert states(await run(scene)) == ["cancelled", "expired"]

    play(tmp_path, story)


# -- other ways to end -------------------------------------------------------------------------------------------------


def test_a_restore_after_a_missed_call_waits_until_the_connection_is_steady(tmp_path):
    async def story(scene, estate):
        estate.blocked["k"] = True
        sha = restore(scene)
        outbox = scene.outbox()
        await outbox.authorise(sha)
        row = (await outbox.rows())[0]
        scene.store.write(lambda tx: table.save(tx.connection, replace(row, missed=True)))
        settled = await run(scene)
        assert states(settled) == ["recorded"]
        looks = estate.calls["GET /"]
        assert looks >= 3  # looked at for as long as it had to be steady

    play(tmp_path, story)


def test_a_provider_that_is_not_connected_here_waits_for_people(tmp_path):
    async def story(scene, estate):
        sha, action = scene.propose([scene.target(plan_of("k", now=False, wanted=True), instance="g-" + "5" * 26)])
        scene.approve(sha, action, 0, 1)
        settled = await run(scene)
        assert states(settled) == ["queued"]
        assert "not connected on this console" in settled.people[0]

    play(tmp_path, story)


def test_time_that_ran_out_leaves_what_is_under_way_unfinished_and_says_so(tmp_path):
    async def story(scene, estate):
        estate.passes = 10_000
        scene.block("k")
        for _ in range(20):  # a busy machine has not come so far in the first second
            settled = await run(scene, seconds=1, pace=replace(QUICK, patience_ms=3_000))
            if states(settled) == ["recorded"]:
                break
        assert states(settled) == ["recorded"]
        assert "is recorded" in settled.unfinished[0]
        assert not settled.done

    play(tmp_path, story)
