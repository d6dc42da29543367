"""Every command of the window by name: its title, its key, whether it may be given now and why not.

The palette, the menus and the keyboard all read this one list; a command that is not here does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

WhyNot = Callable[[], str | None]


def _always() -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. `key` is a key sequence (`Ctrl+K`), or letters (`n`, `g b`) that act only while no
    text has the focus.

    `why_not` gives the sentence why it may not be given now, or None where it may. `also` are words people look for.
    """

    name: str
    title: str
    run: Callable[[], None]
    key: str = ""
    group: str = ""
    also: str = ""
    why_not: WhyNot = _always


class UnknownCommand(KeyError):
    """No command has this name."""


class Commands:
    """The commands, in the order in which they were added."""

    def __init__(self) -> None:
        self._by_name: dict[str, Command] = {}
        self.growing = True  # more are to come: one that is asked for now is not ready yet

    def add(self, command: Command) -> None:
        """Add one; a name or a key that is taken is a fault of the program.

        Raises:
            ValueError: then.
        """
        if command.name in self._by_name:
            raise ValueError(f"{command.name} is there already")
        taken = next((one for one in self if command.key and one.key == command.key), None)
        if taken is not None:
            raise ValueError(f"{command.key} is {taken.name} already")
        self._by_name[command.name] = command

    def __iter__(self) -> Iterator[Command]:
        return iter(tuple(self._by_name.values()))

    def get(self, name: str) -> Command:
        """The command of this name.

        Raises:
            UnknownCommand: where there is none.
        """
        found = self._by_name.get(name)
        if found is None:
            raise UnknownCommand(name)
        return found

    def give(self, name: str) -> str | None:
        """Run it if it may be run now; gives the sentence why not, or None."""
        if self.growing and name not in self._by_name:
            return "That is not ready yet: the window has only just opened."
        command = self.get(name)
        why = command.why_not()
        if why is None:
            command.run()
        return why

    def find(self, typed: str) -> list[Command]:
        """Those whose title or other words contain the typed letters in order, the best fit first."""
        wanted = "".join(typed.casefold().split())
        scored = [(score, at, one) for at, one in enumerate(self) if (score := _fit(wanted, one)) is not None]
        return [one for _, _, one in sorted(scored, key=lambda found: found[:2])]


def _fit(wanted: str, command: Command) -> int | None:
    """How well it fits: smaller is better, None where it does not."""
    best: int | None = None
    for penalty, text in ((0, command.title), (40, f"{command.group} {command.title}"), (80, command.also)):
        found = _spread(wanted, text.casefold())
        if found is not None and (best is None or penalty + found < best):
            best = penalty + found
    return best


def _spread(wanted: str, text: str) -> int | None:
    """Over how many letters the wanted ones are spread; a hit at the beginning of words counts for less."""
    if not wanted:
        return 0
    if wanted in text.replace(" ", ""):
        at = text.replace(" ", "").find(wanted)
        return min(at, 20)
    place, cost = -1, 20
    for letter in wanted:
        following = text.find(letter, place + 1)
        if following < 0:
            return None
        begins = following == 0 or text[following - 1] in " -"
        cost += 0 if begins else min(following - place, 9)
        place = following
    return cost
