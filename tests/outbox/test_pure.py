from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import ReadBack
from console.keys.canon import make_disclosure
from console.outbox.backoff import FAULTS_TO_OPEN, LONGEST_MS, OPEN_MS, Breaker, wait_ms
from console.outbox.gate import compare, same
from console.outbox.item import state_told
from console.outbox.steps import plain
from tests.kit.entropy import SeededEntropy
from tests.kit.plainadapter import plan_of


@given(st.integers(1, 200), st.integers(0, 9), st.none() | st.floats(0, 3600))
def test_waits_are_capped_jittered_and_honour_retry_after(tries, seed, after):
    found = wait_ms(tries, SeededEntropy(seed), retry_after_s=after)
    assert found >= (after or 0) * 1000
    if after is None:
        assert 500 <= found <= LONGEST_MS


def test_the_breaker_opens_lets_one_through_and_closes():
    breaker = Breaker()
    for _ in range(FAULTS_TO_OPEN - 1):
        breaker.fault(0)
        assert breaker.may_try(0)
    breaker.fault(0)
    assert not breaker.may_try(OPEN_MS - 1)
    assert breaker.may_try(OPEN_MS)
    breaker.fault(OPEN_MS)
    assert not breaker.may_try(OPEN_MS)
    breaker.success()
    assert breaker.may_try(OPEN_MS)


def plan(pre, wanted, direction="contain"):
    made = plan_of("k", now=False, wanted=True)
    return replace(made, pre={"rpm": json.dumps(pre)}, wanted={"rpm": json.dumps(wanted)}, direction=direction)


def seen(value, verdict="not-in-effect"):
    return ReadBack(verdict=verdict, fields={"rpm": json.dumps(value)}, at_ms=1)


@pytest.mark.parametrize(
    ("pre", "now", "wanted", "direction", "found"),
    [
        (100, 100, 0, "contain", "same"),
        (100, 50, 0, "contain", "not-laxer"),
        (100, None, 0, "contain", "not-laxer"),
        (100, 5, 10, "contain", None),  # someone was stricter: ours would loosen it
        (100, 50, 0, "restore", None),
        (100, 100, 500, "restore", "same"),
        ("a", "b", "c", "contain", None),
        (["a"], ["a", "b"], [], "contain", None),
        (100, -1, 0, "contain", None),
        (100, True, 0, "contain", None),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, 0, "contain", "same"),
    ],
)
def test_a_changed_target_goes_only_where_nothing_can_loosen(pre, now, wanted, direction, found):
    assert compare(plan(pre, wanted, direction), seen(now)) == found


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({"rpm": "50", "tpm": "7"}, "not-laxer"),  # one is as it was signed, the other stricter
        ({"rpm": "0", "tpm": "7"}, "not-laxer"),  # one is as it is to be
        ({"rpm": "50"}, None),  # of one nothing is said: in doubt it is laxer
        ({"rpm": "50", "tpm": "9"}, "not-laxer"),
        ({"rpm": "50", "tpm": "3"}, None),  # of one somebody was stricter: ours would loosen it
    ],
)
def test_of_several_fields_none_may_get_laxer(now, found):
    made = plan_of("k", now=False, wanted=True)
    both = replace(made, pre={"rpm": "100", "tpm": "7"}, wanted={"rpm": "0", "tpm": "5"})
    assert compare(both, ReadBack(verdict="not-in-effect", fields=now, at_ms=1)) == found


def test_unreadable_containment_goes_and_unreadable_restore_does_not():
    assert compare(plan(1, 0), seen(1, "cannot-tell")) == "unread"
    assert compare(plan(1, 0, "restore"), seen(1, "cannot-tell")) is None


def test_texts_that_are_no_json_are_compared_as_texts():
    assert same("x", "x")
    assert not same("x", "y")
    assert not same(None, "x")


def test_the_chain_tells_state_and_attempt():
    told = [
        ("dispatch.held", {}), ("dispatch.intent", {"attempt": 1}), ("dispatch.unknown", {"attempt": 1}),
        ("dispatch.requeued", {"attempt": 1}), ("dispatch.intent", {"attempt": 2}), ("dispatch.novelty", {}),
    ]  # fmt: skip
    assert state_told(told) == ("dispatching", 2)
    assert state_told([]) == ("queued", 0)
    assert state_told([("dispatch.accepted", {"attempt": 1, "outcome": "attested"})]) == ("attested", 1)


@given(
    st.recursive(
        st.text() | st.integers(0, 9), lambda inner: st.dictionaries(st.text(), inner, max_size=3), max_leaves=4
    )
)
def test_a_providers_words_always_fit_a_disclosure(value):
    made = plain(value)
    if not isinstance(made, dict) or all(not isinstance(item, dict) for item in made.values()):
        make_disclosure(b"s" * 16, "fields", made)
