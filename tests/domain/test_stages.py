"""Staged lifts: parts that grow to everything and hang on the plan alone; what is no plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import BadForm, WrongUse
from console.domain.stages import LiftPlan, Part, Stop, checked, marked, part_of, read_plan, share, stop_of

PLAN = LiftPlan(
    op="a-" + "0" * 26, doc="ab" * 32, stages=(part_of("10%"), part_of("50%"), part_of("rest")), hold_ms=1_800_000,
    stops=(stop_of("observation"), stop_of("rate=60")), go_on="no refusal in the evaluation",
)  # fmt: skip


def test_a_plan_is_kept_and_read_as_it_was() -> None:
    assert read_plan(PLAN.to_bytes()) == checked(PLAN) == PLAN
    assert marked(f"x {PLAN.mark(1)}. On when: y") == (False, 1, PLAN.sha256[:16])
    assert marked(PLAN.mark(0, back=True)) == (True, 0, PLAN.sha256[:16])
    assert marked("Stage one of two") is None
    assert [one.text for one in PLAN.stops] == [
        "somebody records an observation in the incident",
        "an account that was given back makes more than 60 calls a minute",
    ]


@pytest.mark.parametrize("wrong", [
    {"stages": ()}, {"stages": (part_of("50%"), part_of("10%"), part_of("100%"))}, {"stages": (part_of("50%"),)},
    {"stages": (part_of("0%"), part_of("rest"))}, {"stages": (part_of("50%"), part_of("0,1"))},
    {"stages": (part_of("0,1"), part_of("1"))}, {"stages": (part_of("0"), Part())}, {"hold_ms": 1},
    {"stops": (Stop(kind="weather"),)}, {"stops": (Stop(kind="rate"),)}, {"stops": (Stop(kind="drift", most=3),)},
])  # fmt: skip
def test_what_is_no_plan(wrong: dict) -> None:
    plan = replace(PLAN, **wrong)
    with pytest.raises(WrongUse):
        checked(plan)
    with pytest.raises(BadForm):
        read_plan(plan.to_bytes())


@pytest.mark.parametrize("raw", [b"", b"{}", b"[" * 100_000, PLAN.to_bytes().replace(b"a-0", b"b-0"), b"[1]"])
def test_bytes_that_somebody_made_up_are_no_plan(raw: bytes) -> None:
    with pytest.raises(BadForm):
        read_plan(raw)


@pytest.mark.parametrize("text", ["", "ten", "-5%", "10", "1,x", "10 %%"])
def test_what_is_no_stage_or_stop(text: str) -> None:
    if text != "10":
        with pytest.raises(WrongUse):
            part_of(text)
    with pytest.raises(WrongUse):
        stop_of(text)
    with pytest.raises(WrongUse):
        stop_of("rate=0")


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=60),
       st.lists(st.integers(1, 99), min_size=0, max_size=6, unique=True))  # fmt: skip
def test_the_shares_are_disjoint_grow_and_are_everything(names: set[str], percents: list[int]) -> None:
    plan = replace(PLAN, stages=tuple(Part(percent=one) for one in [*sorted(percents), 100]))
    shares = [share(plan, at, sorted(names)) for at in range(len(plan.stages))]
    assert sorted(name for one in shares for name in one) == sorted(names)
    assert shares == [share(plan, at, sorted(names, reverse=True)) for at in range(len(plan.stages))]


def test_bytes_that_are_no_plan() -> None:
    for raw in (b"", b"[]", b"{}", PLAN.to_bytes() + b" ", PLAN.to_bytes().replace(b"staged-lift", b"staged-loft")):
        with pytest.raises(BadForm):
            read_plan(raw)
