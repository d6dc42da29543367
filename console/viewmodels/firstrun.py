"""What a first run says and asks: the house, the four doors, and why what was typed will not do yet. No widget.

It must never keep a passphrase and never look at a disk: a share that hangs would hang the window.
"""

from __future__ import annotations

import difflib
import getpass
from dataclasses import dataclass
from typing import Final

from console.domain.errors import Problem
from console.keys.keyfile import MIN_PASSPHRASE_BYTES
from console.keys.words import word_list
from console.runtime.settings import House
from console.services.record import require_name
from console.services.setup import Door

WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class HouseText:
    """One answer to the question which house this is. None: it was not said."""

    house: House | None
    title: str


@dataclass(frozen=True, slots=True)
class DoorText:
    """One of the four doors: what it is called, what it gives, how long it takes."""

    door: Door
    title: str
    sentence: str
    takes: str
    icon: str


HOUSES: Final = (
    HouseText("make", "We make or host it"),
    HouseText("use", "We use it"),
    HouseText("both", "Both"),
    HouseText(None, "Say later"),
)
DOORS: Final = (
    DoorText(
        "alone", "Start a record now, alone",
        "Write down what happens, attach evidence, record what people do by hand. No network, nobody else needed.",
        "1 minute", "pencil",
    ),
    DoorText(
        "practise", "Practise",
        "A drill on simulators with a colleague who signs. Nothing real is touched.",
        "1 click", "flag",
    ),
    DoorText(
        "found", "Found an organisation",
        "Two people with a key each: from then on corrections can be sent, with both signatures.",
        "20 minutes, two people", "users",
    ),
    DoorText(
        "join", "Join an organisation",
        "A colleague has founded one or is founding it now, and reads eight words to you.",
        "5 minutes, with a colleague", "user-check",
    ),
)  # fmt: skip


def suggested_name() -> str:
    """What this person is called on this computer; empty where that says nothing."""
    try:
        found = getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
    return "" if found in ("root", "administrator", "user") else found


def why_not_name(name: str) -> str:
    """Why this cannot be the name that colleagues read; empty where it can."""
    try:
        require_name(name)
    except Problem as fault:
        return fault.what if name.strip() else "It stands beside everything you write."
    return ""


def why_not_passphrase(typed: str, again: str) -> str:
    """Why this cannot be the passphrase yet; empty where it can."""
    size = len(typed.encode())
    if not typed:
        return f"At least {MIN_PASSPHRASE_BYTES} characters. Nobody can recover it for you."
    if size < MIN_PASSPHRASE_BYTES:
        return f"{MIN_PASSPHRASE_BYTES - size} more: at least {MIN_PASSPHRASE_BYTES} characters."
    if typed != again and typed.startswith(again):
        return "Now the same again."
    return "" if typed == again else "The two are not the same."


@dataclass(frozen=True, slots=True)
class Heard:
    """What was typed of words that were read out: how many of them are words of the list, and which are not."""

    known: int
    unknown: tuple[str, ...]
    hint: str

    @property
    def complete(self) -> bool:
        """Whether it is eight words of the list."""
        return self.known == WORDS and not self.unknown


def hear(typed: str) -> Heard:
    """Understand words as a person types what they hear; the last one may still be in the making."""
    found = [word for word in "".join(c if c.isalpha() else " " for c in typed.casefold()).split() if word]
    words = frozenset(word_list())
    making = found[-1] if found and typed[-1:].isalpha() else None
    unknown = tuple(
        word
        for at, word in enumerate(found)
        if word not in words and not (at == len(found) - 1 and making and any(w.startswith(making) for w in words))
    )
    known = sum(word in words for word in found)
    return Heard(known, unknown, _hint(known, len(found), unknown))


def _hint(known: int, typed: int, unknown: tuple[str, ...]) -> str:
    if unknown:
        near = difflib.get_close_matches(unknown[0], word_list(), 1, 0.6)
        ask = f" Did you hear {near[0]}?" if near else " Ask for it again."
        return f"{unknown[0]} is not one of the words.{ask}"
    if known > WORDS:
        return f"That is {known} words; there are {WORDS}."
    if known == WORDS == typed:
        return "Eight words."
    return (
        f"{known} of {WORDS} words." if typed else "Type them as you hear them: case, commas and hyphens do not matter."
    )
