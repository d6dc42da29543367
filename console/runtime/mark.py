"""The high-water mark of one console: how far its own feeds were written, kept outside of the database.

It is a lower bound: what was written after it may be unmarked. It only rises, except when a person lets the record go
on after a restored backup; a mark that cannot be read or written never stops anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from console.runtime import platform

MARK_EVERY_MS: Final = 60_000
_VERSION: Final = 1
_MAX_BYTES: Final = 256 * 1024
_ID_DIGITS: Final = 64
_FIELDS: Final = 2

Heads = Mapping[str, tuple[int, str]]


def mark_path(state: Path, console: str) -> Path:
    """Where the mark of this console lies beneath the state folder."""
    if not console.isascii() or not console.replace("-", "").isalnum():
        raise ValueError("a console's id is letters, digits and a dash")
    return state / f"{console}.mark"


@dataclass(frozen=True, slots=True)
class MarkFile:
    """The mark in one file: by feed the last known (seq, entry id)."""

    path: Path

    def read(self) -> dict[str, tuple[int, str]]:
        """What is marked; nothing where there is no file, or none that can be understood."""
        try:
            with self.path.open("rb") as file:
                found: object = json.loads(file.read(_MAX_BYTES))
        except (OSError, ValueError):
            return {}
        feeds = cast("dict[str, object]", found).get("feeds") if isinstance(found, dict) else None
        if not isinstance(feeds, dict):
            return {}
        marks = {feed: _head(value) for feed, value in cast("dict[str, object]", feeds).items()}
        return {feed: head for feed, head in marks.items() if head is not None}

    def rise(self, heads: Heads) -> None:
        """Keep the later of what is marked and of these heads, durably.

        Raises:
            OSError: when it cannot be written.
        """
        before = self.read()
        after = dict(before)
        for feed, head in heads.items():
            if feed not in after or after[feed][0] < head[0]:
                after[feed] = head
        if after != before:
            self.replace(after)

    def replace(self, heads: Heads) -> None:
        """Mark exactly these, durably: for a record that a person lets go on after a restored backup.

        Raises:
            OSError: when it cannot be written.
        """
        platform.make_private_directory(self.path.parent)
        text = json.dumps({"v": _VERSION, "feeds": {feed: list(head) for feed, head in sorted(heads.items())}})
        platform.write_durably(self.path, text.encode())


def _head(value: object) -> tuple[int, str] | None:
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    if len(items) != _FIELDS:
        return None
    seq, ident = items
    if isinstance(seq, int) and not isinstance(seq, bool) and isinstance(ident, str) and len(ident) == _ID_DIGITS:
        return seq, ident
    return None
