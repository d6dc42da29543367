"""What people are called on screen and in a bundle: names come from rosters, and from what people say of themselves.

A name is for people; what counts is the id. Nobody may look like somebody else by what they call themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from console.domain.deceit import LOOK_ALIKES, shown

_MOST = 80


def told_apart(listed: Mapping[str, str], spoken: Mapping[str, str]) -> dict[str, str]:
    """A name for each person: as a roster lists them, else as they say (`spoken`), in one line and told apart.

    Where several look alike, those that no roster lists bear the end of their id. What is invisible is spelled.
    """
    told = {**spoken, **listed}
    names = {person: _in_one_line(name) for person, name in told.items()}
    alike: dict[str, list[str]] = {}
    for person, name in told.items():
        alike.setdefault(_skeleton(name), []).append(person)
    doubtful = {person for people in alike.values() if len(people) > 1 for person in people if person not in listed}
    return {person: f"{name} (..{person[-4:]})" if person in doubtful else name for person, name in names.items()}


def _in_one_line(name: str) -> str:
    return shown(" ".join(name.split()))[:_MOST]


def _skeleton(name: str) -> str:
    """Equal for names that people would take for each other."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(LOOK_ALIKES.get(letter, letter) for letter in plain if letter.isalnum())
    return letters.casefold()


__all__ = ["told_apart"]
