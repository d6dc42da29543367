"""When something occurred, as the author of an entry says in its value `occurred`: for display and for terms only.

Whoever writes may say anything: what no calendar shows is nothing that was said.
"""

from __future__ import annotations

from console.domain.profile import JsonValue
from console.domain.shape import LAST_MS

_LONGEST_S = 10 * 366 * 86_400


def occurred_at(told: JsonValue) -> int | None:
    """The moment in ms of a value `occurred`; None where there is none, or none that can be shown."""
    found = told.get("at_ms") if isinstance(told, dict) else None
    return found if type(found) is int and 0 <= found <= LAST_MS else None


def give_or_take_ms(told: JsonValue) -> int:
    """By how much it may be off."""
    found = told.get("plus_minus_s", 0) if isinstance(told, dict) else 0
    return found * 1000 if type(found) is int and 0 <= found <= _LONGEST_S else 0
