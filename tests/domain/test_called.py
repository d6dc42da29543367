"""Names for people: nobody looks like somebody else, and none takes more than its line."""

from __future__ import annotations

import pytest

from console.domain.called import told_apart

ONE, TWO, THREE = "p-one1", "p-two2", "p-tri3"


@pytest.mark.parametrize("alike", ["Dana", "dana", " d a n a ", "D\u0430na", "\uff24ana", "Dana\u200b"])
def test_who_looks_like_somebody_else_bears_the_end_of_the_id(alike: str) -> None:
    assert told_apart({ONE: "Dana"}, {TWO: alike, THREE: "Eli"})[ONE] == "Dana"
    assert told_apart({ONE: "Dana"}, {TWO: alike, THREE: "Eli"})[TWO].endswith("(..two2)")
    both = told_apart({}, {ONE: "Dana", TWO: alike})
    assert both[ONE] == "Dana (..one1)"
    assert both[TWO].endswith("(..two2)")


def test_the_roster_has_the_last_word_and_others_stay_as_they_are() -> None:
    assert told_apart({ONE: "Dana"}, {ONE: "Chair", TWO: "Eli"}) == {ONE: "Dana", TWO: "Eli"}


def test_a_name_is_one_line_of_a_length() -> None:
    names = told_apart({}, {ONE: "Dana\n  Commander:\tyes", TWO: "x" * 1000, THREE: "\u202eanaD"})
    assert names[ONE] == "Dana Commander: yes"
    assert len(names[TWO]) == 80
    assert "\u202e" not in names[THREE]
