"""Several corrections on one lever: which is the strictest, what is left when one is lifted (protocol.md 7.8, 11).

Pure. Values are a provider's, as exact JSON texts. In doubt nothing is called as strict as something else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal


def same(one: str | None, other: str | None) -> bool:
    """Whether two exact JSON texts say the same."""
    if one is None or other is None:
        return one is other
    return one == other or value_of(one) == value_of(other)


def value_of(text: str) -> Any:  # noqa: ANN401  any JSON value
    """The value of a JSON text; a text that is none stands for itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def as_strict(now: str | None, wanted: str) -> bool:
    """Whether a field is as wanted, or a stricter limit."""
    if now is None:
        return False
    present, limit = value_of(now), value_of(wanted)
    return same(now, wanted) or (is_limit(present) and is_limit(limit) and present <= limit)


def is_limit(value: object) -> bool:
    """Whether a value is a limit: a number of zero or more. Null, where it stands for none, is no limit."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def covers(now: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether every wanted field is as wanted, or stricter."""
    return bool(wanted) and all(as_strict(now.get(name), value) for name, value in wanted.items())


def strictest(wanted: Sequence[Mapping[str, str]]) -> int | None:
    """Which of these covers all the others (the first of equals); None where none does: people decide."""
    return next((at for at, one in enumerate(wanted) if all(covers(one, other) for other in wanted)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One containment in force at a place: what it wants, and what it found there when it was sent.

    `found` is null where no entry says it. `signed_pre` is what people saw when they signed.
    """

    doc: str
    target: int
    decided_ms: int
    wanted: Mapping[str, str]
    signed_pre: Mapping[str, str]
    found: Mapping[str, str] | None
    supersedes: str | None

    @property
    def key(self) -> tuple[str, int]:
        """Its document and target."""
        return self.doc, self.target

    @property
    def before(self) -> Mapping[str, str]:
        """How it was before: as found, else as signed."""
        return self.signed_pre if self.found is None else self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """One giving back at a place. `names` is the document it undoes; without one it lifts what its signers knew."""

    decided_ms: int
    created_ms: int
    wanted: Mapping[str, str]
    names: str | None

    def lifts(self, claim: Claim) -> bool:
        """Whether this takes that correction out of force."""
        if self.names is not None:
            return claim.doc == self.names
        return claim.decided_ms <= self.created_ms and not covers(self.wanted, claim.wanted)


@dataclass(frozen=True, slots=True)
class InForce:
    """What is in force at one place, oldest first, and the first of the unbroken row: it found the baseline."""

    claims: tuple[Claim, ...] = ()
    base: Claim | None = None

    def without(self, lift: Lift) -> tuple[Claim, ...]:
        """What remains in force when this is given back."""
        return tuple(one for one in self.claims if not lift.lifts(one))


def fold_place(events: Iterable[Claim | Lift]) -> InForce:
    """Fold what took effect at one place, in any order."""
    claims: list[Claim] = []
    base: Claim | None = None
    for event in sorted(events, key=_order):
        if isinstance(event, Claim):
            base = event if base is None else base
            claims = [one for one in claims if one.doc != event.supersedes]
            claims.append(event)
        else:
            claims = [one for one in claims if not event.lifts(one)]
            base = base if claims else None
    return InForce(tuple(claims), base)


def _order(event: Claim | Lift) -> tuple[int, int, str, int]:
    """By decision; at one time what restricts comes first: a lift of the same moment gives it back."""
    if isinstance(event, Claim):
        return event.decided_ms, 0, event.doc, event.target
    return event.decided_ms, 1, event.names or "", 0


Remaining = Literal["strictest", "baseline", "incomparable"]


def what_remains(place: InForce, lift: Lift) -> tuple[Remaining, Claim | None]:
    """What a lift has to send: the strictest claim that remains, or the baseline of the row (the claim that found it).

    `baseline` with None: nothing of ours was in force, so nothing is known of before.
    """
    left = place.without(lift)
    if not left:
        return "baseline", place.base
    at = strictest([one.wanted for one in left])
    return ("incomparable", None) if at is None else ("strictest", left[at])
