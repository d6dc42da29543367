"""Rotating leaked credentials: what is slowed, replaced, seen in use and revoked, at several providers at once. Pure.

What may be said of an old credential follows from counts alone: nothing is verified because somebody says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from console.domain.errors import BadForm, WrongUse
from console.domain.ids import is_id

Fact = Literal["verified-replacement", "unused-24h", "in-use"]
Word = Literal["in use", "replaced", "seen in use", "quiet", "revoked"]
Step = Literal["slow", "revoke"]
DAY_MS: Final = 24 * 3_600_000
MAX_ITEMS: Final = 50
_MARK: Final = re.compile(r"Rotation ([0-9a-f]{16}): (slow|revoke)\b(?: of ([0-9]{1,2}(?:, [0-9]{1,2})*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One leaked credential: where, the old selector and the new one (empty: none yet), and its two levers.

    `sibling` is the reversible lever that is pulled first (empty: none), with its parameters; `revoke` ends it.
    `slow_at` is what the sibling selects where that is not the credential itself (its project, its owner).
    """

    instance: str
    surface: str
    old: str
    new: str
    sibling: str
    params: tuple[tuple[str, str], ...]
    revoke: str
    slow_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The rotation of one leak: every credential it is about."""

    items: tuple[Item, ...]
    why: str

    def to_bytes(self) -> bytes:
        """As it is kept; its SHA-256 names it."""
        items = [
            {"instance": one.instance, "surface": one.surface, "old": one.old, "new": one.new, "sibling": one.sibling,
             "params": [list(pair) for pair in one.params], "revoke": one.revoke,
             **({"slow_at": one.slow_at} if one.slow_at else {})} for one in self.items
        ]  # fmt: skip
        table = {"type": "rotation", "items": items, "why": self.why}
        return json.dumps(table, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()

    @property
    def sha256(self) -> str:
        """The rotation's name."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def mark(self, step: Step, numbers: Sequence[int] = ()) -> str:
        """What a proposal of it says of itself, signed with it: the step, and of which credentials, target by target.

        A provider may name a credential otherwise than the people did who wrote its id down.
        """
        return f"Rotation {self.sha256[:16]}: {step}" + (f" of {', '.join(map(str, numbers))}" if numbers else "")


def read_rotation(raw: bytes) -> Rotation:
    """A rotation as it was kept.

    Raises:
        BadForm: when it is none.
    """
    try:
        table: Any = json.loads(raw)
        found = Rotation(
            why=table["why"],
            items=tuple(
                Item(
                    instance=one["instance"], surface=one["surface"], old=one["old"], new=one["new"],
                    sibling=one["sibling"], params=tuple((str(name), str(value)) for name, value in one["params"]),
                    revoke=one["revoke"], slow_at=one.get("slow_at", ""),
                )
                for one in table["items"]
            ),
        )  # fmt: skip
        if found.to_bytes() != raw:
            raise BadForm("rotation", "it is no rotation")
        return checked(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, WrongUse):
        raise BadForm("rotation", "it is no rotation") from None


def checked(found: Rotation) -> Rotation:
    """The rotation, if it is one.

    Raises:
        WrongUse: without a credential, with one twice, or one that would replace itself.
    """
    if not 1 <= len(found.items) <= MAX_ITEMS:
        raise WrongUse(f"A rotation is of 1 to {MAX_ITEMS} credentials.")
    if not found.why.strip():
        raise WrongUse("Say what leaked, and how it is known.", "Nothing was kept.")
    places = [(one.instance, one.surface, one.old) for one in found.items]
    if len(set(places)) != len(places):
        raise WrongUse("A credential stands in it twice.")
    for one in found.items:
        if not (is_id(one.instance, "g") and is_id(one.surface, "t") and one.old.strip() and one.revoke):
            raise WrongUse("Each credential needs its provider, its id there, and the lever that revokes it.")
        if one.new == one.old:
            raise WrongUse(f"{one.old} cannot replace itself.")
    return found


def marked(text: str) -> tuple[str, Step, tuple[int, ...]] | None:
    """Of a proposal's criteria: the beginning of the rotation's name, the step, and which credentials its targets are.

    No number is told by proposals of earlier versions.
    """
    found = _MARK.search(text)
    if found is None:
        return None
    numbers = tuple(int(one) for one in found[3].split(", ")) if found[3] else ()
    return found[1], "slow" if found[2] == "slow" else "revoke", numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What was counted of a credential: calls now, when (ms), since when, and when the count last grew, if ever.

    It grew between the looks at `after_ms` and at `grew_ms`, by this console's clock. `last_ms` is the last use where
    the provider tells that instead of a count (0: none that it knows); `asked` then is that time in seconds.
    """

    asked: int
    at_ms: int
    since_ms: int
    grew_ms: int | None
    after_ms: int | None = None
    last_ms: int | None = None

    def counted(self, asked: int, at_ms: int, last_ms: int | None = None) -> Use:
        """The same after another look."""
        grew = asked > self.asked
        return Use(
            asked=asked, at_ms=at_ms, since_ms=self.since_ms, grew_ms=at_ms if grew else self.grew_ms,
            after_ms=self.at_ms if grew else self.after_ms, last_ms=last_ms,
        )  # fmt: skip

    @property
    def quiet_since_ms(self) -> int:
        """Since when nothing used it, as far as this console or its provider can tell."""
        return max(self.since_ms, self.grew_ms or 0) if self.last_ms is None else self.last_ms


def fact_of(old: Use | None, new: Use | None, placed_ms: int | None) -> Fact:
    """What may be said of an old credential.

    *Verified replacement*: the new one was used between two looks after it was placed. *Unused*: the old one's count
    has stood still for 24 h of looking, or its provider says that its last use is 24 h ago. Otherwise, and wherever
    nothing is told, it counts as in use.
    """
    if new is not None and placed_ms is not None and new.after_ms is not None and new.after_ms >= placed_ms:
        return "verified-replacement"
    if old is not None and old.at_ms - old.quiet_since_ms >= DAY_MS:
        return "unused-24h"
    return "in-use"


def word_of(fact: Fact, placed_ms: int | None, *, revoked: bool) -> Word:
    """Where one credential stands."""
    if revoked:
        return "revoked"
    if fact == "verified-replacement":
        return "seen in use"
    if fact == "unused-24h":
        return "quiet"
    return "replaced" if placed_ms is not None else "in use"
