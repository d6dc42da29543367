"""Texts that are being composed, kept in the profile so that they survive a kill. Never part of the record.

A draft is private to this user, replaced as a whole, and removed once its entry is durable.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.services.session import Session

MAX_DRAFT_CHARS = 200_000


class Drafts:
    """Drafts by name (`timeline:i-...`, `correction:i-...`, `dialog:declare`), from any thread of one process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "drafts.json"
        self._gate = threading.Lock()

    def load(self) -> dict[str, str]:
        """Every draft; a file that cannot be read has none, and is left alone."""
        try:
            found: object = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {str(name): text for name, text in found.items() if isinstance(text, str)}

    def keep(self, name: str, text: str) -> None:
        """Keep one draft; an empty one is removed. It survives the process from here on."""
        with self._gate:
            self._keep(name, text)

    def _keep(self, name: str, text: str) -> None:
        drafts = self.load()
        if text:
            drafts[name] = text[:MAX_DRAFT_CHARS]
        elif name in drafts:
            del drafts[name]
        else:
            return
        beside = self._file.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(drafts, stream, ensure_ascii=False)
        beside.replace(self._file)


ABOUT_ENTRY = ("dialog:amend:", "dialog:retract:")


def forget_redacted(session: Session, drafts: Drafts) -> None:
    """Drop every draft that begins from an entry of which something was redacted: it may hold the very words."""
    buried = session.reader.tombstones()
    for name in drafts.load() if buried else ():
        about = next((name.removeprefix(one) for one in ABOUT_ENTRY if name.startswith(one)), "")
        stored = session.reader.entry(about) if about else None
        if stored is not None and buried & set(stored.entry.sd):
            drafts.keep(name, "")
