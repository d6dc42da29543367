"""What counts as repeating a text that is to be forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.quoting import PASSAGE, Quotes, texts_of

LONG = "The patient of ward 4 called at noon and asked for the doctor by name."
KEY = b"0123456789abcdef"


@pytest.mark.parametrize(
    ("forgotten", "text", "repeats"),
    [
        (LONG, LONG, True),
        (LONG, f"as they said: {LONG.upper()}", True),
        (LONG, "it was the patient  of ward\n4 called", True),
        (LONG, "The patient called", False),
        ("user-8841", "block user-8841 now", True),
        ("user-8841", "block user-884", False),
        ("7731", "the code is 7731.", True),
        ("7731", "the code is 77310", False),
        ("ab", "ab", False),
        ("", "anything", False),
    ],
)
def test_what_repeats_it(forgotten, text, repeats):
    assert Quotes(KEY, [forgotten]).in_text(text) is repeats


@given(
    st.text("abcdefgh ", min_size=60, max_size=200), st.data(), st.text("xyz", max_size=5), st.text("xyz", max_size=5)
)
def test_any_passage_of_a_long_text_is_known_again(text, data, before, after):
    plain = " ".join(text.split())
    if len(plain) < PASSAGE:
        return
    at = data.draw(st.integers(0, len(plain) - PASSAGE))
    assert Quotes(KEY, [text]).in_text(f"{before} {plain[at : at + PASSAGE]} {after}".replace("  ", " ")) or (
        plain[at] == " " or plain[at + PASSAGE - 1] == " "
    )


def test_of_a_table_only_what_somebody_would_quote():
    value = {"kind": "key", "selector": ["user-8841-of-team-7"], "n": 4, "deep": {"name": "Example Person"}}
    assert texts_of(value) == ["user-8841-of-team-7", "Example Person"]
    assert texts_of("no") == ["no"]
