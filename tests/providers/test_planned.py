from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Planned, Request
from console.domain.actions import TARGET_DISCLOSURES, Target
from console.domain.errors import BadForm
from console.keys.canon import make_disclosure, open_disclosure
from console.providers.planned import NotHereYet, from_disclosures, to_disclosures
from tests.kit.plainadapter import plan_of

TEXT = st.text(max_size=30)
MAPS = st.dictionaries(TEXT, TEXT, max_size=4)
REQUESTS = st.builds(
    Request, method=st.just("POST"), path=TEXT, body=TEXT, encoding=st.sampled_from(("text", "base64")),
    content_type=st.none() | st.just("application/json"), effect=st.sampled_from(("read", "write")),
)  # fmt: skip
PLANS = st.builds(
    Planned, lever=st.just("key.block"), selector=TEXT, surface_key=TEXT, name=TEXT, model=TEXT, params=MAPS, pre=MAPS,
    pre_read_ms=st.integers(0, 2**53 - 1), wanted=MAPS, requests=st.lists(REQUESTS, max_size=3).map(tuple),
    revert=st.lists(REQUESTS, max_size=3).map(tuple), selectors=st.integers(0, 9),
    reach=st.sampled_from(("everyone", "only-us")), reversal=st.sampled_from(("exact", "none")),
    direction=st.sampled_from(("contain", "restore")), affected=st.none() | st.integers(0, 99),
    credential=st.sampled_from((None, "in-use")), notes=st.lists(TEXT, max_size=2).map(tuple),
)  # fmt: skip


def target_of(plan):
    return Target(
        surface="t-" + "0" * 26, instance="g-" + "0" * 26, adapter="practice/1", lever=plan.lever, category="user",
        model="F-7", reach=plan.reach, assignee=None, reversal=plan.reversal, selectors=plan.selectors,
        all_surfaces=False, credential=plan.credential, canary=False, dispatchers=("0" * 64,), listed=None, sd=(),
    )  # fmt: skip


@given(PLANS)
def test_a_plan_survives_its_disclosures_exactly(plan):
    values = to_disclosures(plan)
    assert tuple(values) == TARGET_DISCLOSURES
    opened = {}
    for name, value in values.items():
        _, said, back = open_disclosure(make_disclosure(b"s" * 16, name, value))
        opened[said] = back
    assert from_disclosures(target_of(plan), opened, plan.direction) == plan


@pytest.mark.parametrize("name", TARGET_DISCLOSURES)
def test_a_missing_disclosure_stops_everything(name):
    plan = plan_of("k", now=False, wanted=True)
    values = to_disclosures(plan)
    del values[name]
    with pytest.raises(NotHereYet, match=name):
        from_disclosures(target_of(plan), values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("selector", 3), ("selector", {"base64": "YQ=="}), ("selector", {"base64": "!"}), ("selector", {"base64": 1}),
        ("selector", {"other": "x"}), ("requests", "x"), ("requests", [{}]), ("requests", [1]), ("revert", None),
        ("pre", {"fields": {}}), ("pre", {"fields": [["a", "b"]], "read_ms": 1}),
        ("pre", {"fields": [["a"]], "read_ms": 1}), ("pre", {"fields": {}, "read_ms": -1}),
        ("pre", {"fields": [["é", "1"], ["é", "2"]], "read_ms": 1}),
        ("pre", {"fields": {}, "read_ms": 1, "more": 1}), ("params", {}),
    ],
)  # fmt: skip
def test_other_forms_are_refused(name, value):
    plan = plan_of("k", now=False, wanted=True)
    with pytest.raises(BadForm):
        from_disclosures(target_of(plan), {**to_disclosures(plan), name: value})


@pytest.mark.parametrize(
    "change", [{"method": 1}, {"encoding": "gzip"}, {"effect": "maybe"}, {"content_type": 4}, {"extra": 1}]
)
def test_other_requests_are_refused(change):
    plan = plan_of("k", now=False, wanted=True)
    values = to_disclosures(plan)
    with pytest.raises(BadForm):
        from_disclosures(target_of(plan), {**values, "requests": [{**values["requests"][0], **change}]})


def test_a_restore_sends_what_its_document_says():
    plan = plan_of("k", now=False, wanted=True)
    back = replace(plan, requests=plan.revert, direction="restore")
    assert from_disclosures(target_of(back), to_disclosures(back), "restore").requests == plan.revert


def test_a_spare_value_is_refused_it_could_be_shown_here_and_sent_otherwise_there():
    plan = plan_of("k", now=False, wanted=True)
    spare = replace(target_of(plan), sd=tuple("ABCDEFG"))
    with pytest.raises(BadForm, match="spare"):
        from_disclosures(spare, to_disclosures(plan))
