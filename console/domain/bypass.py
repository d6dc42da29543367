"""What went round a gateway, in words: calls that a vendor counted and the gateway did not carry. Plain functions.

It is a lower bound and a hint: what a vendor has not counted yet, or counts under another name, is missing; a gateway's
own second attempts count twice at the vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

ROUND: Final = "Round the gateway: "
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """One model in one window: calls that gateways carried and that vendors counted, theirs by key. Times in ms.

    None: nobody who could count it did. `whole`: no vendor left a part out.
    """

    model: str
    since_ms: int
    until_ms: int
    carried: int | None
    counted: int | None
    by: Mapping[str, int]
    gateways: tuple[str, ...]
    vendors: tuple[str, ...]
    whole: bool = True

    @property
    def round(self) -> int | None:
        """How many calls at least did not come through a gateway; None where that cannot be told."""
        if self.carried is None or self.counted is None:
            return None
        return max(0, self.counted - self.carried)


def told(found: Bypass) -> str:
    """In a sentence or two."""
    if found.counted is None:
        return "what the vendor counted is not known" if found.vendors else "no vendor counts it here"
    if found.carried is None:
        return f"{_names(found.gateways)} logged no call, or keeps no log of them: nothing can be compared"
    when = f"{_at(found.since_ms)} to {_at(found.until_ms)} UTC"
    counted = f"{_names(found.vendors)} counted {'' if found.whole else 'at least '}{_calls(found.counted)}"
    sums = f"{when}: {counted}, {_names(found.gateways)} carried {found.carried}"
    if not found.round:
        return f"{sums}: as far as that goes, none went round it"
    keys = sorted(found.by, key=lambda key: (-found.by[key], key))
    if not keys:
        return f"{sums}: {found.round} or more went round it"
    if len(keys) == 1:
        return f"{sums}: the key {keys[0]} had {_calls(found.round)} or more that the gateway did not carry"
    of = ", ".join(f"{key} {found.by[key]}" for key in keys[:_NAMED])
    rest = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return f"{sums}: {found.round} or more went round it. By key at the vendor: {of}{rest}"


def notes_of(found: Bypass | None) -> tuple[str, ...]:
    """As it is signed among a target's notes; nothing where there is nothing to compare."""
    return () if found is None or found.counted is None else (f"{ROUND}{told(found)}",)


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


def _names(found: tuple[str, ...]) -> str:
    return " and ".join(found)


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M")
