"""One person writes anything at all into what they sign: an honest console sends no more of it than one may do alone.

They overstate, understate, swap and leave out what is signed of a plan, over several documents, lists, keys, devices,
revisions, lifts, undos and broken glass, with the engine running in between. What landed is judged by what it does.
"""

from __future__ import annotations

import random

import hypothesis.strategies as st
from hypothesis import HealthCheck, example, given, settings

from tests.kit.quick import proven_once
from tests.model.one_person import ATTACKS, STEPS, play


@given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=14), st.randoms(use_true_random=False))
@example(["propose", *ATTACKS], random.Random(1))
@example(["propose", *reversed(ATTACKS)], random.Random(2))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_one_person_writes_no_more_is_sent_than_one_may_do_alone(steps, dice):
    with proven_once():
        play(("propose", *steps), dice)
