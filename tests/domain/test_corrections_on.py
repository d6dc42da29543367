"""Corrections folded on as entries come in are those of folding everything anew, whatever comes when."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from console.domain.corrections_on import CorrectionsOn
from console.domain.fold import fold_incident
from tests.domain import made
from tests.domain.made import APPROVER, COMMANDER, DEPUTY, DOC, FEEDS, INC, NOW, OP, ROSTER, Journal, action, target

DOCS = {DOC: action(target(1), target(2, dispatchers=(FEEDS[1],)), gravity="high")}
STEPS = ("intent", "accepted", "recorded", "enforced", "requeued", "passed", "drifted", "attention")


def life(rng: random.Random, count: int) -> Journal:
    """A correction's life and after: steps of two consoles, what people say meanwhile, clocks that differ."""
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
    for person in (COMMANDER, APPROVER):
        journal.approve(person)
    for feed in FEEDS[:2]:
        records = [journal.approve(p, "approval.received") for p in (COMMANDER, APPROVER)]
        journal.authorise(records, feed=feed)
    for _ in range(count):
        earlier = rng.choice(journal.entries)
        hlc = (NOW + len(journal.entries) * 1000 + rng.choice((0, 0, 0, -5000, 5000)), 0)
        refs = (earlier.id,) if rng.random() < 0.2 else ()
        what = rng.random()
        if what < 0.7:
            number = rng.randrange(2)
            pub = {"doc": DOC, "target": number, "attempt": rng.choice((1, 1, 2)), "outcome": "accepted"}
            journal.add(f"dispatch.{rng.choice(STEPS)}", None, pub, subj=OP, feed=FEEDS[number], hlc=hlc, refs=refs)
        elif what < 0.8:
            pub = {"what": "read-back", "verdict": "in-effect", "count": 1, "of": [earlier.id]}
            journal.add("reading.observed", None, pub, feed=FEEDS[0], subj=OP, hlc=hlc, refs=refs)
        elif what < 0.9:
            journal.add("correction.cancelled", rng.choice((COMMANDER, DEPUTY)), {"doc": DOC}, subj=OP, hlc=hlc)
        elif what < 0.95:
            journal.add("role.assigned", COMMANDER, {"person": DEPUTY, "role": "deputy"}, hlc=hlc)
        else:
            standing = rng.choice(("forked", "quarantined"))
            pub = {"doc": DOC, "target": 0, "attempt": 3}
            journal.add("dispatch.failed", None, pub, subj=OP, feed=FEEDS[0], hlc=hlc, standing=standing)
    return journal


def anew(entries):
    return tuple(fold_incident(entries, DOCS, ROSTER, INC).corrections.values())


@given(st.randoms(use_true_random=False), st.integers(0, 30), st.integers(0, 4))
def test_folded_on_equals_folded_anew(rng: random.Random, count, late):
    arriving = life(rng, count).entries
    for _ in range(late):  # an entry that a colleague's console brings later
        arriving.append(arriving.pop(rng.randrange(len(arriving))))
    here, on = [], None
    while arriving:
        some = [arriving.pop(0) for _ in range(min(len(arriving), rng.choice((1, 1, 2, 5))))]
        here += some
        if on is not None and on.goes_on(some):
            on.take(some)
        else:
            on = CorrectionsOn(here, DOCS, ROSTER, INC)
        assert on.states() == anew(here)


def test_what_comes_after_everything_is_folded_on():
    entries = life(random.Random(1), 0).entries
    on = CorrectionsOn(entries[:2], DOCS, ROSTER, INC)
    for one in entries[2:]:
        assert on.goes_on([one])
        on.take([one])
    assert on.states() == anew(entries)
    assert [target.state for target in on.states()[0].targets] == ["queued", "queued"]


def test_what_belongs_before_others_is_not():
    journal = life(random.Random(1), 0)
    late = journal.step("dispatch.intent", hlc=(NOW - 1, 0))
    known = journal.step("dispatch.accepted", outcome="accepted")
    awaited = made.sha("awaited")
    last = journal.add("role.released", COMMANDER, {"role": "deputy"}, refs=(awaited,))
    on = CorrectionsOn([one for one in journal.entries if one not in (late, last)], DOCS, ROSTER, INC)
    assert not on.goes_on([late])  # its time
    assert not on.goes_on([known])  # it was taken
    assert not on.goes_on([last])  # who led may cancel, and might have before
    on = CorrectionsOn(journal.entries, DOCS, ROSTER, INC)
    later = Journal()
    one = later.add("dispatch.failed", None, {"doc": DOC}, feed=made.sha("new"), hlc=(NOW + 9_000_000, 0))
    assert on.goes_on([one])
    assert not on.goes_on([replace(one, feed=FEEDS[0], seq=0)])  # its number
    assert not on.goes_on([replace(one, id=awaited)])  # somebody had seen it before they wrote
