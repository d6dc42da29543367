"""The reason of a correction as one signed text, and what it says besides why: what was left out, and what if not.

The signed forms have one disclosure for all of it, so it stands there as lines of a fixed beginning. It loses no word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEFT_OUT: Final = "Left out: "
IF_NOT: Final = "If it is not done: "


@dataclass(frozen=True, slots=True)
class Reason:
    """Why; each surface that was left out with its reason; and what happens if nothing is done (empty: not said)."""

    why: str
    left_out: tuple[str, ...] = ()
    if_not: str = ""

    def text(self) -> str:
        """The text as it is signed."""
        lines = [self.why.strip(), *(f"{LEFT_OUT}{_one_line(one)}" for one in self.left_out)]
        if self.if_not.strip():
            lines.append(f"{IF_NOT}{_one_line(self.if_not)}")
        return "\n".join(line for line in lines if line)


def read_reason(text: str) -> Reason:
    """The parts of a signed reason. A text without such lines is all why."""
    why: list[str] = []
    left_out: list[str] = []
    if_not: list[str] = []
    for line in text.split("\n"):
        if line.startswith(LEFT_OUT):
            left_out.append(line.removeprefix(LEFT_OUT))
        elif line.startswith(IF_NOT):
            if_not.append(line.removeprefix(IF_NOT))
        else:
            why.append(line)
    return Reason("\n".join(why).strip(), tuple(left_out), " ".join(if_not))


def with_parts(why: str, left_out: Sequence[str] = (), if_not: str = "") -> str:
    """A reason's signed text from its parts."""
    return Reason(why, tuple(left_out), if_not).text()


def _one_line(text: str) -> str:
    return " ".join(text.split())
