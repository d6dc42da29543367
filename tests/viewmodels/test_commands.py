"""One list of commands: unique names and keys, found by letters in order, refused with their reason."""

from __future__ import annotations

import pytest

from console.viewmodels.commands import Command, Commands, UnknownCommand


def _commands(given: list[str]) -> Commands:
    commands = Commands()
    for name, title, key, why in (
        ("note", "Write a note", "n", None),
        ("board", "Status board", "g b", None),
        ("correct", "Propose a correction", "c", "No provider is connected."),
        ("brief", "Copy situation", "Ctrl+Shift+C", None),
    ):
        commands.add(
            Command(
                name=name,
                title=title,
                key=key,
                group="Go",
                run=lambda name=name: given.append(name),
                why_not=lambda why=why: why,
                also="summary" if name == "brief" else "",
            )
        )
    return commands


def test_a_command_runs_when_it_may_and_says_why_not_when_it_may_not() -> None:
    given: list[str] = []
    commands = _commands(given)
    assert commands.give("note") is None
    assert commands.give("correct") == "No provider is connected."
    assert given == ["note"]


def test_no_two_commands_share_a_name_or_a_key() -> None:
    commands = _commands([])
    with pytest.raises(ValueError, match="note is there already"):
        commands.add(Command(name="note", title="Other", run=lambda: None))
    with pytest.raises(ValueError, match="n is note already"):
        commands.add(Command(name="other", title="Other", key="n", run=lambda: None))


def test_an_unknown_name_is_a_fault_of_the_program_once_all_are_there() -> None:
    commands = _commands([])
    assert commands.give("nothing") == "That is not ready yet: the window has only just opened."
    commands.growing = False
    with pytest.raises(UnknownCommand):
        commands.give("nothing")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", "note"),
        ("note", "note"),
        ("sb", "board"),
        ("STATUS", "board"),
        ("pcor", "correct"),
        ("situation", "brief"),
        ("summary", "brief"),
    ],
)
def test_what_is_typed_finds_by_letters_in_order(typed: str, first: str) -> None:
    assert _commands([]).find(typed)[0].name == first


def test_letters_that_are_nowhere_find_nothing() -> None:
    assert _commands([]).find("zzz") == []
