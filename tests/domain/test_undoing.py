"""Where the way back of what one person signed was compared: by whom, at every attempt, of a call that was taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.facts import Sent, fingerprint
from console.domain.forms import ConsoleKey
from console.domain.needs import NOT_FROM_HERE
from console.domain.quorum import quorum
from console.domain.undoing import ground, is_others, may_alone, senders, sendings
from tests.domain import made
from tests.domain.made import (
    APPROVER,
    COMMANDER,
    CONSOLES,
    DEPUTY,
    DOC,
    FACTS,
    FEEDS,
    MINUTE,
    NOW,
    OBSERVER,
    ROSTER,
    action,
    signed,
    target,
)
from tests.domain.test_moment import entry

BEFORE_SHA = made.sha("before")
BEFORE = action(target(1), target(2))
UNDO = action(
    *(target(number, dispatchers=(FEEDS[1],)) for number in (1, 2)), direction="restore", undoes=BEFORE_SHA,
    undo_within_s=None, op=made.ident("a", 2), gravity="high",
)  # fmt: skip


def sent(at=0, number=3, **changes):
    """By the machine of that number: the fourth is the observer's."""
    console = CONSOLES[number]
    key = fingerprint(made.line(("device", console)))
    return replace(Sent(target=at, feed=FEEDS[number], console=console, key=key), **changes)


ALONE = replace(
    FACTS, undone=BEFORE, undone_sha=BEFORE_SHA, undone_signers=frozenset({APPROVER}), undone_at_ms=NOW,
    undone_same=True, undone_proposer=COMMANDER, undone_sent=(sent(),),
)  # fmt: skip


# -- what machines entered ---------------------------------------------------------------------------------------------

INTENT = ("dispatch.intent", {"pre": "same"})
TAKEN = ("dispatch.accepted", {"outcome": "accepted"})


def told(*steps, author=None, doc="d", at=0):
    return [
        entry("aa", number, None, kind, author, {"doc": doc, "target": at, **pub})
        for number, (kind, pub) in enumerate(steps, 1)
    ]


def test_what_went_out_from_the_signed_state_was_compared():
    (found,) = sendings(told(INTENT, TAKEN), "d")
    assert (found.target, found.feed) == (0, "aa" * 32)
    again = told(INTENT, ("dispatch.unknown", {}), INTENT, TAKEN, ("dispatch.recorded", {}))
    assert sendings(reversed(again), "d") == (found,)


@pytest.mark.parametrize(
    "steps",
    [
        (INTENT,),
        (TAKEN,),
        (TAKEN, INTENT),
        (INTENT, ("dispatch.accepted", {"outcome": "already-so"})),
        (INTENT, ("dispatch.failed", {})),
        (("dispatch.intent", {"pre": "not-laxer"}), TAKEN),
        (("dispatch.intent", {"pre": "unread"}), TAKEN),
        (INTENT, ("dispatch.intent", {"pre": "not-laxer"}), TAKEN),
        (("dispatch.intent", {"pre": "not-laxer"}), INTENT, TAKEN),
        (("dispatch.intent", {}), TAKEN),
        (INTENT, TAKEN, ("dispatch.recorded", {}), ("dispatch.drifted", {}), ("dispatch.recorded", {})),
    ],
)
def test_anything_else_is_no_comparison(steps):
    assert sendings(told(*steps), "d") == ()


def test_of_another_document_or_no_target_or_by_a_person_nothing_follows():
    assert sendings(told(INTENT, TAKEN), "e") == ()
    assert sendings(told(INTENT, TAKEN, at="0"), "d") == ()
    assert sendings(told(INTENT, TAKEN, at=True), "d") == ()
    assert sendings(told(INTENT, TAKEN, author=APPROVER), "d") == ()


# -- on what ground ----------------------------------------------------------------------------------------------------


def test_who_sent_it_may_undo_it_and_so_may_anybody_by_the_word_of_somebody_elses_console():
    assert ground(ALONE, 0, FEEDS[3]) == "it was sent from here"
    assert ground(ALONE, 0, FEEDS[0]) == "another console compared it"
    assert ground(ALONE, 1, FEEDS[3]) is None
    assert (senders(ALONE, 0), senders(ALONE, 1)) == ((FEEDS[3],), ())
    assert may_alone(UNDO, ALONE)  # one of two: the other comes to people by itself


NO_GROUND = {
    "nothing is known": {"undone": None},
    "nobody sent it": {"undone_sent": ()},
    "its signer's console says so": {"undone_sent": (sent(number=2),)},
    "its proposer's console says so": {"undone_sent": (sent(number=0),)},
    "nobody is known to have proposed it": {"undone_proposer": None},
    "another key than that console's": {"undone_sent": (sent(key="SHA256:another"),)},
    "a console of nobody's": {"undone_sent": (sent(console=made.ident("c", 9)),)},
    "it is a list": {"undone": replace(BEFORE, targets=(target(listed=1), target(2)))},
}


@pytest.mark.parametrize("how", NO_GROUND)
def test_else_there_is_none(how):
    facts = replace(ALONE, **NO_GROUND[how])
    assert ground(facts, 0, FEEDS[1]) is None
    assert not may_alone(UNDO, facts)
    assert ground(facts, -1, FEEDS[1]) is ground(facts, 2, FEEDS[1]) is None


def test_two_who_signed_it_and_what_people_do_by_hand_need_no_comparison():
    nothing = replace(ALONE, undone_sent=())
    two = replace(nothing, undone_signers=frozenset({APPROVER, DEPUTY}))
    assert ground(two, 1, FEEDS[1]) == "two signed it"
    by_hand = replace(BEFORE, targets=(target(adapter="manual", assignee=OBSERVER),))
    assert ground(replace(nothing, undone=by_hand), 0, FEEDS[1]) == "by hand"
    assert ground(replace(nothing, undone_sent=None), 0, FEEDS[1]) == "not asked"
    assert senders(replace(nothing, undone_sent=None), 0) == ()


def test_a_console_is_somebody_elses_by_the_keys_that_are_bound_to_it():
    mine = tuple(
        replace(one, keys=(*one.keys, replace(one.keys[0], console=CONSOLES[3]))) if one.person == APPROVER else one
        for one in ROSTER.persons
    )
    assert is_others(sent(), ALONE)
    assert not is_others(sent(), replace(ALONE, roster=replace(ROSTER, persons=mine)))
    broken = (ConsoleKey(console=CONSOLES[3], key="ssh-ed25519", from_ms=0, to_ms=None),)
    assert not is_others(sent(), replace(ALONE, roster=replace(ROSTER, consoles=broken)))


# -- and the rule ------------------------------------------------------------------------------------------------------


def judge(*records, **changes):
    return quorum(DOC, UNDO, records, replace(ALONE, **changes), NOW + MINUTE)


def test_the_rule_asks_it_of_the_console_that_the_undo_names():
    one = signed(APPROVER, op=UNDO.op)
    assert judge(one).met
    refused = judge(one, undone_sent=())
    assert not refused.met
    assert any(NOT_FROM_HERE in text and text[0].isdigit() for text in refused.missing)  # more signatures heal it
    assert COMMANDER in refused.can_sign
    assert judge(one, signed(COMMANDER, op=UNDO.op), undone_sent=()).met


def test_where_it_is_no_undo_any_more_nothing_is_said_of_consoles():
    late = quorum(DOC, UNDO, (signed(APPROVER, op=UNDO.op),), replace(ALONE, undone_used=True), NOW + MINUTE)
    assert not late.met
    assert NOT_FROM_HERE not in " ".join(late.missing)
