from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.forms import GRAVITIES
from console.domain.gravity import counted_targets, gravity
from tests.domain.made import POLICY, ident, target

OTHER = ident("t", 2)
CASES = {
    "one selector": ([target()], "normal"),
    "a leaked key with a verified replacement": (
        [target(reversal="none", credential="verified-replacement")],
        "normal",
    ),
    "a leaked key unused for a day": ([target(reversal="none", credential="unused-24h")], "normal"),
    "a leaked key in use": ([target(reversal="none", credential="in-use")], "high"),
    "everybody on the surface": ([target(selectors=0)], "high"),
    "two selectors": ([target(selectors=2)], "high"),
    "a list": ([target(listed=5000)], "high"),
    "two targets": ([target(1), target(2)], "high"),
    "two surfaces": ([target(1), target(2, surface=OTHER)], "high"),
    "all surfaces": ([target(all_surfaces=True)], "high"),
    "withdrawn from all surfaces": ([target(category="shutdown", all_surfaces=True)], "critical"),
    "irreversible": ([target(reversal="none")], "critical"),
    "a canary beside it": ([target(1), target(2, canary=True)], "normal"),
    "two canaries beside it": ([target(1), target(2, canary=True), target(3, canary=True)], "high"),
    "only a canary": ([target(canary=True)], "normal"),
    "only canaries": ([target(1, canary=True), target(2, canary=True)], "high"),
    "a canary elsewhere": ([target(1), target(2, canary=True, surface=OTHER)], "high"),
    "a wide canary": ([target(1), target(2, canary=True, selectors=0)], "high"),
    "an irreversible canary": ([target(1), target(2, canary=True, reversal="none")], "critical"),
}


@pytest.mark.parametrize("name", CASES)
def test_gravity_follows_from_the_targets(name):
    targets, expected = CASES[name]
    assert gravity(targets, "contain", 0, POLICY)[0] == expected


def test_a_restore_is_high_at_least():
    assert gravity([target()], "restore", 0, POLICY)[0] == "high"
    assert gravity([target(reversal="none")], "restore", 0, POLICY)[0] == "critical"


def test_the_sixth_normal_action_in_an_hour_is_high():
    assert gravity([target()], "contain", 4, POLICY)[0] == "normal"
    found, reason = gravity([target()], "contain", 5, POLICY)
    assert found == "high"
    assert "within an hour" in reason


@given(st.lists(st.sampled_from([targets[0] for targets, _ in CASES.values()]), min_size=1, max_size=6), st.data())
def test_another_target_never_makes_it_lighter(targets, data):
    more = data.draw(st.sampled_from([targets[0] for targets, _ in CASES.values()]))
    before, after = (GRAVITIES.index(gravity(each, "contain", 0, POLICY)[0]) for each in (targets, [*targets, more]))
    if not more.canary and not any(one.canary for one in targets):
        assert after >= before
    assert len(counted_targets(targets)) >= 1
    assert gravity([replace(targets[0], canary=False)], "contain", 0, POLICY)[0] in GRAVITIES
