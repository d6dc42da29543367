"""The reason of a correction as one signed text, and what it says besides why.

That is: what was left out, what happens if not, what answers instead, which agreement allows it. The signed forms
have one disclosure for all of it, so it stands there as lines of a fixed beginning. It loses no word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEFT_OUT: Final = "Left out: "
IF_NOT: Final = "If it is not done: "
FALLBACK: Final = "Fallback: "
AGREEMENT: Final = "Agreement: "


@dataclass(frozen=True, slots=True)
class Reason:
    """Why; each surface that was left out with its reason; what happens if nothing is done; what answers instead.

    `agreements` are those with downstream users under which it is done. What is empty was not said.
    """

    why: str
    left_out: tuple[str, ...] = ()
    if_not: str = ""
    fallback: str = ""
    agreements: tuple[str, ...] = ()

    def text(self) -> str:
        """The text as it is signed."""
        return "\n".join(line for line in (self.why.strip(), *self.lines()) if line)

    def lines(self) -> tuple[str, ...]:
        """What it says besides why, line by line, as signed."""
        once = ((IF_NOT, self.if_not), (FALLBACK, self.fallback))
        return (
            *(f"{LEFT_OUT}{_one_line(one)}" for one in self.left_out),
            *(f"{word}{_one_line(text)}" for word, text in once if text.strip()),
            *(f"{AGREEMENT}{_one_line(one)}" for one in self.agreements),
        )


def read_reason(text: str) -> Reason:
    """The parts of a signed reason. A text without such lines is all why."""
    found: dict[str, list[str]] = {word: [] for word in (LEFT_OUT, IF_NOT, FALLBACK, AGREEMENT)}
    why: list[str] = []
    for line in text.split("\n"):
        word = next((one for one in found if line.startswith(one)), None)
        if word is None:
            why.append(line)
        else:
            found[word].append(line.removeprefix(word))
    return Reason(
        "\n".join(why).strip(), tuple(found[LEFT_OUT]), " ".join(found[IF_NOT]), " ".join(found[FALLBACK]),
        tuple(found[AGREEMENT]),
    )  # fmt: skip


def with_parts(
    why: str, left_out: Sequence[str] = (), if_not: str = "", fallback: str = "", agreements: Sequence[str] = ()
) -> str:
    """A reason's signed text from its parts."""
    return Reason(why, tuple(left_out), if_not, fallback, tuple(agreements)).text()


def _one_line(text: str) -> str:
    return " ".join(text.split())
