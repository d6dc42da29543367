"""The doors that are fuzzed at leisure, with what is at hand in the suite: golden vectors, and bytes near them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.doors import DOORS, feed
from tests.fuzz.seeds import seeds

SEEDS = list(seeds())


def test_every_vector_at_every_door_is_refused_in_our_words_or_has_one_spelling():
    assert len(SEEDS) > 50 * len(DOORS)
    for seed in SEEDS:
        feed(seed)


@pytest.mark.parametrize("door", range(len(DOORS)))
def test_bytes_near_a_vector_are_too(door):
    dice = random.Random(door)
    mine = [seed for seed in SEEDS if seed[0] == door]
    for _ in range(150):
        data = bytearray(dice.choice(mine))
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(1, len(data) + 1)
            match dice.randrange(4):
                case 0:
                    data[at:at] = bytes([dice.randrange(256)])
                case 1:
                    del data[at : at + dice.randrange(1, 9)]
                case 2:
                    other = dice.choice(mine)
                    data[at:at] = other[dice.randrange(1, len(other)) :][:40]
                case _:
                    data[at : at + 1] = bytes([dice.choice(b'"{}[]:,0\\\xc3\xff')])
        feed(bytes([door]) + bytes(data[1:]))


@given(st.binary(max_size=200))
def test_any_bytes_are_too(data):
    feed(data)
