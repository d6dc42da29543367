"""Which of the approvals that a machine's decision lists are of it, and who had signed before it was first sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.decided import Decision, decisions, had_its_people, original_signers
from console.domain.errors import BadForm
from tests.domain import made
from tests.domain.made import APPROVER, COMMANDER, DEPUTY, DOC
from tests.domain.test_moment import entry

HERE, THERE = "aa", "bb"
ACTION = made.action(made.target(dispatchers=(HERE * 32, THERE * 32)))


def decision(seq, records, feed=HERE, doc=DOC, **pub):
    told = {"doc": doc, "now": made.NOW, "records": records, "seen": [], "clock": "trusted", **pub}
    return entry(feed, seq, f"{feed}{seq - 1}", "dispatch.authorised", None, told)


def received(seq, record, feed=HERE, doc=DOC, kind="approval.received"):
    return entry(feed, seq, f"{feed}{seq - 1}", kind, None, {"doc": doc, "record": record})


PROVEN = {
    "commander": made.signed(COMMANDER), "deputy": made.signed(DEPUTY), "no": made.signed(APPROVER, decision="refuse"),
    "elsewhere": made.signed(APPROVER, doc="c" * 64),
}  # fmt: skip


def people(**kept):
    found = decisions(kept, DOC, ACTION, lambda one: PROVEN.get(one.pub["record"]))
    return [set(one.people) for one in found]


def test_only_proven_approvals_of_it_received_by_that_machine_before_count():
    kept = {
        "r1": received(1, "commander"), "r2": received(2, "no"), "r3": received(3, "forged"),
        "r4": received(4, "deputy", doc="c" * 64), "r5": received(5, "deputy", kind="correction.approved"),
        "r6": received(6, "elsewhere"), "o1": received(1, "deputy", feed=THERE), "d": None, "r9": received(9, "deputy"),
    }  # fmt: skip
    names = [name for name in kept if name != "d"]
    kept["d"] = decision(8, [*names, "not here", 7])
    assert people(**kept) == [{COMMANDER}]
    assert people(**{**kept, "d": decision(8, "r1")}) == []


def test_each_machine_that_the_document_names_decides_once():
    kept = {"r1": received(1, "commander"), "r2": received(2, "deputy")}
    kept |= {"d1": decision(3, ["r1"]), "d2": decision(4, ["r1", "r2"])}
    kept |= {"o1": received(1, "commander", feed=THERE), "o2": decision(2, ["o1"], feed=THERE)}
    kept |= {"x1": received(1, "commander", feed="cc"), "x2": decision(2, ["x1"], feed="cc")}
    assert people(**kept) == [{COMMANDER}, {COMMANDER}]
    assert people(**{**kept, "d1": decision(3, ["r1"], doc="c" * 64)}) == [{COMMANDER, DEPUTY}, {COMMANDER}]


@pytest.mark.parametrize(
    ("pub", "facts", "met"),
    [
        ({}, made.FACTS, True),
        ({"now": "soon"}, made.FACTS, False),
        ({"seen": "everything"}, made.FACTS, False),
        ({}, replace(made.FACTS, rehearsed=frozenset()), False),
        ({"now": made.NOW + 5 * made.HOUR}, made.FACTS, False),
    ],
)
def test_the_rule_is_asked_with_what_that_machine_had_seen(pub, facts, met):
    one = Decision(decision(3, ["r1"], **pub), (PROVEN["commander"],))
    asked = []

    def then(upto, now_ms):
        asked.append((dict(upto), now_ms))
        return facts

    assert had_its_people(one, DOC, ACTION, then) is met
    assert asked in ([], [({HERE * 32: 2}, one.now_ms)])


def test_facts_that_cannot_be_told_are_none():
    def then(_upto, _now_ms):
        raise BadForm("seen", "it is no list")

    assert not had_its_people(Decision(decision(3, ["r1"]), (PROVEN["commander"],)), DOC, ACTION, then)


def test_the_signers_are_those_on_whom_every_machine_agrees():
    both = Decision(decision(3, []), (PROVEN["commander"], PROVEN["deputy"]))
    later = Decision(decision(3, [], now=made.NOW + 5), (PROVEN["deputy"], made.signed(APPROVER)))
    assert original_signers([]) == (frozenset(), None)
    assert original_signers([both, later]) == ({DEPUTY}, made.NOW)
