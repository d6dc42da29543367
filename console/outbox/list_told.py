"""What was entered of a list on its way: how far it got, who failed and why, and from where it is gone through again.

It reads this console's own entries and makes the fields of new ones; it sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.outbox.item import Row
from console.outbox.members import failed_in, number_in
from console.outbox.reading import Reading
from console.outbox.wholes import TRIES

BACK: Final = "list.back"  # the line from which a list is looked through again
_WHY_CHARS: Final = 120
_FIELD_CHARS: Final = 1_900


def next_line(tx: Tx, row: Row) -> int:
    """How many accounts of the list were gone through, as this console's own entries say."""
    at = 0
    for stored in Reading.of(tx).steps_of(row.op, row.doc, row.target):
        fields = stored.disclosed.get("fields")
        told, back = number_in(fields, "list.next"), number_in(fields, BACK)
        at = max(at, told or 0) if back is None else back
    return at


def may_go_back(tx: Tx, row: Row) -> bool:
    """Whether a list that is written whole may be looked through again: not for ever, or two would never rest."""
    steps = Reading.of(tx).steps_of(row.op, row.doc, row.target)
    return sum(number_in(one.disclosed.get("fields"), BACK) is not None for one in steps) < TRIES


def failures(tx: Tx, row: Row) -> dict[str, str]:
    """The accounts that failed, and why, as entered; an account that went later is not among them."""
    found: dict[str, str] = {}
    for stored in Reading.of(tx).steps_of(row.op, row.doc, row.target):
        found |= failed_in(stored.disclosed.get("fields"))
    return found


def by_name(name: str, accounts: Mapping[str, str]) -> dict[str, JsonValue]:
    """Accounts with a word each, in as many fields as their text needs."""
    texts = [""]
    for account, why in accounts.items():
        short = " ".join(why[:_WHY_CHARS].split())
        line = f"{account}\t{short}"
        if texts[-1] and len(texts[-1]) + len(line) > _FIELD_CHARS:
            texts.append("")
        texts[-1] += f"{line}\n"
    return {f"{name}.{number}": text.rstrip("\n") for number, text in enumerate(texts[:48]) if text}


__all__ = ["BACK", "by_name", "failures", "may_go_back", "next_line"]
