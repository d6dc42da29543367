"""What colleagues' programs may have written into values that are shown: read where sound, shown whole where not."""

from __future__ import annotations

import pytest

from console.domain.named_file import named_file
from console.domain.occurred import give_or_take_ms, occurred_at
from console.domain.sheet import opened
from console.domain.words import category_word, role_word, roles_said

SHA = "ab" * 32


@pytest.mark.parametrize("about", ["not base64!", "\u00e9", 7, None])
def test_a_line_about_an_encrypted_file_that_is_no_base64_says_nothing(about: object) -> None:
    found = named_file({"class": "need-to-know"}, {"sha256": SHA, "size": -1, "about": about, "to": "everybody"})
    assert found is not None
    assert (found.about, found.size, found.to) == (b"", 0, ())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"base64": "aMOk"}, "h\u00e4"), ({"base64": "!"}, '{"base64": "!"}'),
        ({"base64": "/w=="}, '{"base64": "/w=="}'),
        ({"base64": "\u00e9"}, '{"base64": "\u00e9"}'), ({"base64": 7}, '{"base64": 7}'),
    ],
)  # fmt: skip
def test_text_that_travelled_as_base64_is_opened_and_what_is_none_is_shown_as_it_is(value: object, shown: str) -> None:
    assert opened(value) == shown


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        (None, (None, 0)), ({"at_ms": "now"}, (None, 0)), ({"at_ms": True}, (None, 0)), ({"at_ms": -1}, (None, 0)),
        ({"at_ms": 10**18}, (None, 0)), ({"at_ms": 5, "plus_minus_s": 2}, (5, 2_000)),
        ({"at_ms": 5, "plus_minus_s": -2}, (5, 0)), ({"at_ms": 5, "plus_minus_s": 10**18}, (5, 0)), ([5], (None, 0)),
    ],
)  # fmt: skip
def test_a_moment_that_cannot_be_shown_is_none(told: object, moment: tuple[int | None, int]) -> None:
    assert (occurred_at(told), give_or_take_ms(told)) == moment


def test_a_sort_of_correction_that_this_version_does_not_know_is_told_as_it_stands() -> None:
    assert category_word("shutdown") != "shutdown"
    assert category_word("of.a-newer-version") == "of.a-newer-version"
    assert (roles_said(["expert", "scribe"]), roles_said([])) == ("subject-matter expert, scribe", "no role")


def test_a_role_by_itself_begins_with_a_capital() -> None:
    words = [role_word(role) for role in ("commander", "correction-lead", "expert")]
    assert words == ["Incident commander", "Correction lead", "Subject-matter expert"]
