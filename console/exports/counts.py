"""Which entries of a bundle count, by the newest roster in it: those that the consoles' door lets count, and no others.

Standard library and console.domain only. What does not count is evidence all the same, and is marked where it is told.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.forms import Entry, Roster
from console.domain.reach import counting

REVOKED = "its key was revoked before"
ENDED = "its key had ended or its feed had forked"


def not_counting(entries: Mapping[str, Entry], newest: Roster) -> dict[str, str]:
    """Why an entry does not count, by its id, for each that does not."""
    kept, _ = counting(entries, newest)
    revoked, good = {one.key for one in newest.revoked}, {ident for ident, _ in kept}
    return {ident: REVOKED if entry.key in revoked else ENDED for ident, entry in entries.items() if ident not in good}


__all__ = ["ENDED", "REVOKED", "not_counting"]
