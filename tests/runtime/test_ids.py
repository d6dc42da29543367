from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.runtime.ids import SystemEntropy, crockford, new_id, new_nonce
from tests.kit.entropy import SeededEntropy

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@given(st.binary(min_size=16, max_size=16))
def test_the_spelling_is_the_big_endian_integer(value: bytes) -> None:
    text = crockford(value)
    number = 0
    for character in text:
        number = number * 32 + ALPHABET.index(character)
    assert len(text) == 26
    assert number == int.from_bytes(value, "big")


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_spellings_sort_like_their_bytes(one: bytes, other: bytes) -> None:
    assert (crockford(one) < crockford(other)) == (one < other)


@pytest.mark.parametrize(
    ("value", "text"),
    [(b"\x00" * 16, "0" * 26), (b"\xff" * 16, "7" + "z" * 25), (b"\x00" * 15 + b"\x20", "0" * 24 + "10")],
)
def test_known_spellings(value: bytes, text: str) -> None:
    assert crockford(value) == text


@pytest.mark.parametrize("size", [0, 15, 17])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        crockford(b"x" * size)


def test_new_ids_carry_their_prefix_and_differ() -> None:
    entropy = SystemEntropy()
    ids = {new_id("i", entropy) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(rf"i-[{ALPHABET}]{{26}}", found) for found in ids)


def test_seeded_entropy_repeats_itself_and_goes_on() -> None:
    one, same, other = SeededEntropy(7), SeededEntropy(7), SeededEntropy(8)
    first = one.token(100)
    assert first == same.token(100) != other.token(100)
    assert one.token(100) != first
    assert [len(one.token(n)) for n in (0, 1, 32, 33)] == [0, 1, 32, 33]


def test_nonces_are_32_hex_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", new_nonce(SeededEntropy()))
    assert new_nonce(SystemEntropy()) != new_nonce(SystemEntropy())
