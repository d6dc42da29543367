"""An entry of one feed is here a moment before the entry of another feed that its writer had seen."""

from __future__ import annotations

from console.journal.values import Answer, Draft
from console.services import approvals, corrections, dispatch, incidents
from console.services.closing import propose_closing
from console.sync.unseen import unseen
from tests.kit.pair import founded, pair, passphrase, sync

__all__ = ["founded", "pair"]
KEY = "your approver key"


def _give(session, *given):
    return [session.store.write(lambda tx, one=one: tx.ingest(one.raw, one.sig)) for one in given]


def test_a_signature_is_given_while_what_an_entry_refers_to_is_still_on_its_way(pair):
    one, two = pair
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    sync(one, two)
    sha = propose_closing(one, inc)
    dispatch.sync_all(one)
    dispatch.sync_all(two)
    held = corrections.find_document(one, sha)
    signed = approvals.decide(one, held, "approve", lambda: passphrase("commander", KEY))
    pub = {**signed.entry.pub, "carried_by": signed.id}
    received = one.store.write(
        lambda tx: tx.append(one.device(), Draft("approval.received", inc, None, pub), roster=one.ref)
    )
    assert signed.id in received.entry.refs
    assert _give(two, received) == [Answer.inserted]
    mine = corrections.find_document(two, sha)
    assert approvals.judge(two, mine).verdict.counted == (one.me,)  # a record counts whoever carries it
    approvals.decide(two, mine, "approve", lambda: passphrase("approver", KEY))
    assert approvals.judge(two, mine).verdict.met
    assert _give(two, signed) == [Answer.inserted]
    for session in (two, one):
        dispatch.sync_all(session)
    assert approvals.judge(one, held).verdict.met


def test_what_never_comes_holds_up_only_who_cited_it_and_is_not_believed(pair):
    one, two = pair
    inc = incidents.declare(one, "it helps with exploits", 1).entry.inc
    sync(one, two)
    sha = propose_closing(one, inc)
    dispatch.sync_all(one)
    dispatch.sync_all(two)
    lost = one.append(Draft("note", inc, None, {}, {"text": "on a stick that was lost"}))
    machine = one.device()
    cites = one.store.write(lambda tx: tx.append(machine, Draft("redact.done", pub={"doc": "ab" * 32}), roster=one.ref))
    assert lost.id in cites.entry.refs
    _give(two, cites)
    mine = corrections.find_document(two, sha)
    signed = approvals.decide(two, mine, "approve", lambda: passphrase("approver", KEY))
    assert cites.id not in signed.entry.refs  # or whoever meets it would wait for what was lost as well
    with two.reader.snapshot() as connection:
        waiting = connection.execute("SELECT id, ref FROM awaits").fetchall()
    assert waiting == [(cites.id, lost.id)]
    assert unseen(two.store) == ()  # within a minute it is only late
    _give(two, lost)  # the stick is found: both are seen, and the next entry says so
    with two.reader.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM awaits").fetchone() == (0,)
    later = two.append(Draft("note", inc, None, {}, {"text": "found"}))
    assert {cites.id, lost.id} <= set(later.entry.refs)
