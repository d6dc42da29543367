"""Several corrections on one lever: nothing ever becomes laxer than the strictest that people left standing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.overlap import Claim, InForce, Lift, as_strict, covers, fold_place, strictest, what_remains


def fields(value):
    return {"rpm": json.dumps(value)}


def claim(doc, wanted, pre=100, at=0, **more):
    made = {"found": None, "supersedes": None, **more}
    return Claim(doc=doc, target=0, decided_ms=at, wanted=fields(wanted), signed_pre=fields(pre), **made)


def lift(wanted, at, names=None, created=None):
    return Lift(decided_ms=at, created_ms=at if created is None else created, wanted=fields(wanted), names=names)


@pytest.mark.parametrize(
    ("now", "wanted", "found"),
    [
        ("10", "10", True), ("10", "10.0", True), ("5", "10", True), ("0", "10", True), ("11", "10", False),
        ("null", "10", False), (None, "10", False), ("true", "true", True), ("false", "true", False),
        ("true", "1", True), ("-1", "10", False), ('"a"', '"a"', True), ('"a"', '"b"', False), ("[1]", "[1]", True),
        ("NaN", "10", False), ("not json", "10", False), ("not json", "not json", True),
    ],
)  # fmt: skip
def test_as_strict_only_where_that_is_sure(now, wanted, found):
    assert as_strict(now, wanted) is found


def test_of_incomparable_values_none_is_the_strictest():
    assert strictest([fields(50), fields(10), fields(10)]) == 1
    assert strictest([{"rpm": "10", "tpm": "90"}, {"rpm": "50", "tpm": "20"}]) is None
    assert strictest([fields("a"), fields("b")]) is None
    assert not covers({"rpm": "1"}, {})


A, B, C = claim("a", 50, 100, 1), claim("b", 10, 50, 2), claim("c", 20, 10, 3)


@pytest.mark.parametrize(
    ("events", "lifted", "answer", "value"),
    [
        ([A], "a", "baseline", 100),
        ([A, B], "b", "strictest", 50),
        ([A, B], "a", "strictest", 10),
        ([A, B, C], "b", "strictest", 20),
        ([A, B, C, lift(20, 4, "b")], "c", "strictest", 50),
        ([A, B, C, lift(20, 4, "b"), lift(50, 5, "c")], "a", "baseline", 100),
        ([A, B, lift(10, 4, "a")], "b", "baseline", 100),  # not 50, which is what b found
        ([A, lift(100, 2, "a"), claim("d", 5, 70, 3)], "d", "baseline", 70),  # a new row has a new baseline
        ([A, claim("d", 5, 100, 3, supersedes="a")], "d", "baseline", 100),
        ([claim("e", 5, 100, 1, found=fields(70))], "e", "baseline", 70),
        ([A, B], None, "baseline", 100),  # without a name it lifts what its signers knew, which is all
        ([A, claim("f", "odd", 50, 2), claim("g", "other", 50, 3)], "a", "incomparable", None),
    ],
)
def test_what_a_lift_has_to_send(events, lifted, answer, value):
    place = fold_place(reversed(events))
    told, which = what_remains(place, lift(100, 9, lifted))
    assert told == answer
    if answer == "strictest":
        assert which.wanted == fields(value)
    elif answer == "baseline":
        assert which.before == fields(value)


def test_what_was_decided_after_a_lift_was_written_is_not_lifted_by_it():
    place = fold_place([A, claim("late", 10, 50, 8)])
    told, which = what_remains(place, lift(100, 9, created=7))
    assert (told, which.doc) == ("strictest", "late")


def test_of_a_place_where_nothing_of_ours_is_nothing_is_known():
    assert what_remains(InForce(), lift(100, 9, "a")) == ("baseline", None)


@given(
    baseline=st.integers(60, 99),
    limits=st.lists(st.integers(0, 50), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_lifted_in_any_order_it_is_always_the_strictest_that_stands_and_in_the_end_the_baseline(
    baseline, limits, order
):
    events, present, at = [], baseline, 0
    for number, limit in enumerate(limits):
        at += 1
        events.append(claim(f"c{number}", limit, present, at))
        present = min(present, limit)
    standing = dict(enumerate(limits))
    for number in order.sample(sorted(standing), len(standing)):
        at += 1
        told, which = what_remains(fold_place(events), lift(None, at, f"c{number}"))
        del standing[number]
        sends = which.wanted if told == "strictest" else which.before
        assert json.loads(sends["rpm"]) == min(standing.values(), default=baseline)
        events.append(Lift(decided_ms=at, created_ms=at, wanted=sends, names=f"c{number}"))
    assert fold_place(events) == InForce()
