"""Agreements with downstream users: which corrections their terms allow, and with what notice. Texts both ways.

An agreement is a decision of the organisation in words of a fixed form, so that every console and every auditor can
read it. It decides nothing about a correction: a short notice is said aloud, and never stops a containment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.actions import CATEGORIES

HOUR_MS: Final = 3_600_000
MOST_NOTICE_H: Final = 24 * 366
_WITH: Final = "Agreement: "
_ALLOWS, _NOTICE, _WHERE, _MODELS = "Allows: ", "Notice: ", "Where it stands: ", "For: "
_DOES, _DOES_NOT = " allows ", " DOES NOT NAME "
_HOURS: Final = re.compile(r"(\d{1,4}) h\Z")
_SIGNED_NOTICE: Final = re.compile(r", notice (\d{1,4}) h \[[0-9a-f]{16}\]\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """With whom; the kinds of correction it allows; hours of notice owed; where it stands; the models (empty: all)."""

    partner: str
    allows: tuple[str, ...]
    notice_h: int = 0
    where: str = ""
    models: tuple[str, ...] = ()

    def covers(self, category: str, model: str) -> bool:
        """Whether it allows this kind of correction of this model."""
        return category in self.allows and (not self.models or model in self.models)

    def text(self) -> str:
        """As its entry says it."""
        lines = [f"{_WITH}{_one_line(self.partner)}", f"{_ALLOWS}{', '.join(self.allows)}",
                 f"{_NOTICE}{self.notice_h} h"]  # fmt: skip
        lines += [f"{_WHERE}{_one_line(self.where)}"] if self.where.strip() else []
        lines += [f"{_MODELS}{', '.join(self.models)}"] if self.models else []
        return "\n".join(lines)

    def line(self, entry: str, categories: Sequence[str]) -> str:
        """As it is signed with a correction of these kinds; `entry` is where it was registered."""
        missing = [one for one in categories if one not in self.allows]
        told = f"{_DOES}{', '.join(categories)}" if not missing else f"{_DOES_NOT}{', '.join(missing)}"
        where = f" ({_one_line(self.where)})" if self.where.strip() else ""
        return f"{_one_line(self.partner)}{told}{where}, notice {self.notice_h} h [{entry[:16]}]"


def read_agreement(text: str) -> Agreement | None:
    """The agreement that an entry's text says; None where it says none, or in another form."""
    first, *rest = text.strip().split("\n")
    if not first.startswith(_WITH) or not first.removeprefix(_WITH).strip():
        return None
    told: dict[str, str] = {}
    for line in rest:
        word = next((one for one in (_ALLOWS, _NOTICE, _WHERE, _MODELS) if line.startswith(one)), None)
        if word is None or word in told:
            return None
        told[word] = line.removeprefix(word).strip()
    allows = _listed(told.get(_ALLOWS, ""))
    hours = _HOURS.match(told.get(_NOTICE, ""))
    if not allows or any(one not in CATEGORIES for one in allows) or hours is None:
        return None
    return Agreement(
        partner=first.removeprefix(_WITH).strip(), allows=allows, notice_h=int(hours[1]),
        where=told.get(_WHERE, ""), models=_listed(told.get(_MODELS, "")),
    )  # fmt: skip


def concerns(lines: Sequence[str], within_ms: int) -> tuple[str, ...]:
    """Of signed lines: what a signer should weigh. A kind that is not named; a notice longer than the time it has."""
    found: list[str] = []
    for line in lines:
        who, _, rest = line.partition(_DOES_NOT)
        if rest:
            found.append(f"The agreement with {who} does not name this kind of correction.")
        who = who.partition(_DOES)[0]
        owed = _SIGNED_NOTICE.search(line)
        if owed is not None and int(owed[1]) * HOUR_MS > within_ms:
            found.append(f"{who} is owed {owed[1]} h of notice, and this goes within {_hours(within_ms)}: "
                         "they hear of it late.")  # fmt: skip
    return tuple(found)


def _hours(ms: int) -> str:
    return f"{ms // HOUR_MS} h" if ms >= HOUR_MS else f"{max(ms, 0) // 60_000} min"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())
