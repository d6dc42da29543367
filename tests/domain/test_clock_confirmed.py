"""A doubtful clock that two people confirmed lets go what waited for it, and nothing else ever does (decision 0167)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.actions import Redaction, RedactionItem
from console.domain.clock_doubt import MAX_BACK_MS, SPARE_MS, WAITS, Deciding, Reading, stands
from console.domain.clock_form import CLOCK_LIVES_MS, Clock
from console.domain.errors import BadForm
from console.domain.facts import SignedClock
from console.domain.quorum import quorum, time_confirmed
from tests.domain import made
from tests.domain.made import (
    APPROVER,
    COMMANDER,
    CONSOLES,
    DEPUTY,
    DOC,
    FACTS,
    FEEDS,
    HOUR,
    MINUTE,
    NOW,
    OBSERVER,
    ORG,
    PEOPLE,
    action,
    signed,
    target,
)

CLOCK_SHA, BOOT = made.sha("clock"), "b" * 32
CLOCK = Clock(
    org=ORG, console=CONSOLES[0], feed=FEEDS[0], boot=BOOT, mono=HOUR, roster=(3, made.ROSTER_SHA),
    created=NOW - 10 * MINUTE, approve_by=NOW + 50 * MINUTE,
)  # fmt: skip
HERE = Deciding(feed=FEEDS[0], reading=Reading(wall_ms=NOW, boot_ms=HOUR + 10 * MINUTE, boot_id=BOOT))
RESTORE = action(direction="restore", gravity="high", undo_within_s=None)
FOREVER = action(target(reversal="none", credential="verified-replacement"), undo_within_s=None)
FORGET = Redaction(
    org=ORG, inc=None, items=(RedactionItem(entry=made.sha("e"), doc=None, digests=(made.digest("d"),)),),
    reason_sd=made.digest("r"), roster=(3, made.ROSTER_SHA), created=NOW, approve_by=NOW + HOUR,
)  # fmt: skip


def about(person=COMMANDER, which="plain", **changes):
    return signed(person, which, **{"doc": CLOCK_SHA, "doc_type": "clock.v1", "op": None, **changes})


BY_TWO = (about(COMMANDER), about(OBSERVER))  # any two: what the time is, is no question of command


def facts(*records, clock=CLOCK, **changes):
    return replace(FACTS, clocks=(SignedClock(CLOCK_SHA, clock, records),), **changes)


def judge(document, by, *, at=HERE, now=NOW, people=(COMMANDER, APPROVER)):
    kind = {} if document is not FORGET else {"doc_type": "redaction.v1", "op": None}
    records = [signed(one, **kind) for one in people]
    return quorum(DOC, document, records, by, now, doubtful=True, deciding=at)


def moved(wall=0, boot=0, **changes):
    reading = replace(HERE.reading, wall_ms=NOW + wall, boot_ms=HERE.reading.boot_ms + boot)
    return replace(HERE, reading=reading, **changes)


@pytest.mark.parametrize("document", [RESTORE, FOREVER, FORGET], ids=["restore", "irreversible", "redaction"])
def test_what_waited_goes_when_two_confirmed(document):
    assert judge(document, facts(*BY_TWO)).met
    for one in (FACTS, facts(), facts(BY_TWO[0])):
        assert WAITS in judge(document, one).missing
    assert WAITS in judge(document, facts(*BY_TWO), at=None).missing, "nobody says whose clock it is"


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (moved(), True),
        (moved(wall=30 * MINUTE, boot=30 * MINUTE), True),
        (moved(wall=-MAX_BACK_MS), True),
        (moved(wall=-MAX_BACK_MS - 1), False),  # it went back again
        (moved(wall=MAX_BACK_MS + 1), False),  # it was set ahead since
        (moved(wall=50 * MINUTE, boot=50 * MINUTE), True),
        (moved(wall=50 * MINUTE + 1, boot=50 * MINUTE + 1), False),  # an hour is over
        (moved(boot=50 * MINUTE + 1), False),  # ... by the boot clock, whatever the wall says
        (moved(wall=-10 * MINUTE - 1, boot=-10 * MINUTE - 1), False),  # before anybody looked at it
        (moved(wall=50 * MINUTE, boot=50 * MINUTE, spare_ms=SPARE_MS), False),  # too late to be written down in time
        (replace(HERE, feed=FEEDS[1]), False),  # another console
        (replace(HERE, reading=replace(HERE.reading, boot_id="c" * 32)), False),  # it started anew
    ],
)
def test_for_which_clocks_it_stands(at, good):
    assert stands(CLOCK, at) == good
    assert judge(RESTORE, facts(*BY_TWO), at=at).met == good


@pytest.mark.parametrize(
    "records",
    [
        (about(COMMANDER), about(COMMANDER, "free"), about(COMMANDER, "sk")),
        (*BY_TWO, about(DEPUTY, decision="refuse")),
        (about(COMMANDER), about(OBSERVER, doc=made.sha("another"))),
        (about(COMMANDER), signed(OBSERVER, doc=CLOCK_SHA)),
        (about(COMMANDER), about(OBSERVER, "writer")),
    ],
    ids=["one person", "refused", "another reading", "as an action", "by no approver's key"],
)
def test_what_confirms_nothing(records):
    assert WAITS in judge(RESTORE, facts(*records)).missing


def test_a_revoked_key_and_whoever_never_rehearsed_confirm_nothing():
    bad = frozenset({BY_TWO[1].record.key})
    assert not time_confirmed(facts(*BY_TWO, bad_keys=bad), HERE, NOW)
    assert not time_confirmed(facts(*BY_TWO, rehearsed=frozenset({COMMANDER})), HERE, NOW)
    assert not time_confirmed(facts(*BY_TWO, in_all=frozenset(PEOPLE)), HERE, NOW), "the roster is split"
    assert time_confirmed(facts(*BY_TWO), HERE, NOW)


def test_it_loosens_nothing_else():
    by = facts(*BY_TWO)
    assert not judge(RESTORE, by, people=(COMMANDER,)).met
    assert not judge(RESTORE, replace(by, cancelled=True)).met
    assert not judge(RESTORE, by, now=RESTORE.execute_by + 1).met
    late = [signed(one, received=RESTORE.approve_by + 1) for one in (COMMANDER, APPROVER)]
    assert not quorum(DOC, RESTORE, late, by, NOW, deciding=HERE).met, "where nothing is in doubt, nothing is confirmed"


def test_approvals_that_came_while_the_clock_was_ahead_count_by_the_confirmed_time():
    ahead = [signed(one, received=NOW + 24 * HOUR) for one in (COMMANDER, APPROVER)]
    by = facts(*(replace(one, received_ms=NOW + 24 * HOUR) for one in BY_TWO))
    assert quorum(DOC, RESTORE, ahead, by, NOW, doubtful=True, deciding=HERE).met


@pytest.mark.parametrize("lives_ms", [0, -1, CLOCK_LIVES_MS + 1])
def test_nobody_confirms_for_longer_than_an_hour_or_for_nothing(lives_ms):
    with pytest.raises(BadForm):
        replace(CLOCK, approve_by=CLOCK.created + lives_ms)


RECORDS = st.lists(
    st.builds(
        about, st.just(COMMANDER), st.sampled_from(["plain", "free", "sk"]), verified=st.booleans(),
        console=st.sampled_from(CONSOLES), seat=st.sampled_from(["own", "shared"]),
        nonce=st.integers(0, 5).map(lambda n: made.sha(n)[:32]),
    ),
    max_size=6,
)  # fmt: skip


@given(st.sampled_from(PEOPLE), st.lists(RECORDS, max_size=4), st.sampled_from([RESTORE, FOREVER, FORGET]))
def test_one_person_with_any_keys_consoles_and_readings_frees_nothing(person, sets, document):
    clocks = [
        SignedClock(
            CLOCK_SHA, CLOCK,
            tuple(replace(one, record=replace(one.record, person=person, key=_key_of(person, one))) for one in records),
        )
        for records in sets
    ]  # fmt: skip
    assert WAITS in judge(document, replace(FACTS, clocks=tuple(clocks))).missing


def _key_of(person, one):
    which = next(w for w in ("plain", "free", "sk") if made.fingerprint(made.key_of(COMMANDER, w)) == one.record.key)
    return made.fingerprint(made.key_of(person, which))
