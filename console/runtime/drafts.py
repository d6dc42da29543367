"""Texts that are being composed, kept in the profile so that they survive a kill. Never part of the record.

A draft is private to this user, replaced as a whole, and removed once its entry is durable, or when it repeats what was
redacted.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from console.runtime.faults import RuntimeProblem

MAX_DRAFT_CHARS: Final = 200_000
Repeats = Callable[[str], bool]
"""Whether a text repeats what was redacted."""
_GATE: Final = threading.Lock()
_REDACTED: Final[dict[Path, list[Repeats]]] = {}


class RepeatsRedacted(RuntimeProblem):
    """A draft repeats words that were redacted: it is not kept."""

    def __init__(self) -> None:
        super().__init__(
            "What you are writing repeats words that were redacted: it is not kept here.",
            "Take those words out; the rest is then kept again while you type.",
        )


class AboutRedacted(RepeatsRedacted):
    """A draft was removed by a redaction whose words are not known here: it is not kept before it begins anew."""

    def __init__(self) -> None:
        RuntimeProblem.__init__(
            self, "A redaction removed what was kept of this; it is kept again once the field was emptied.",
            "Write it anew without the words that were redacted.",
        )  # fmt: skip


class Drafts:
    """Drafts by name (`timeline:i-...`, `correction:i-...`, `dialog:declare`), from any thread of one process.

    It remembers which drafts it has met, so that those which somebody else removed can be told (`missing`).
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "drafts.json"
        self._met: set[str] = set()
        self._barred: set[str] = set()

    def load(self) -> dict[str, str]:
        """Every draft; a file that cannot be read has none, and is left alone."""
        found = self._load()
        self._met |= found.keys()
        return found

    def missing(self) -> frozenset[str]:
        """Drafts that this object met and did not remove, and that are gone: a redaction took them. Told once.

        Where another program carried it out, its words are not known here: what stands in an open field under that
        name is not kept before it is emptied.
        """
        with _GATE:
            gone = frozenset(self._met - self._load().keys())
            self._met -= gone
            if self._file not in _REDACTED:
                self._barred |= gone
        return gone

    def bar(self, name: str) -> bool:
        """Remove a draft, and keep none under that name before it was emptied; whether there was one."""
        with _GATE:
            there = name in self._load()
            self._barred.add(name)
            self._keep(name, "")
        return there

    def _load(self) -> dict[str, str]:
        try:
            found: object = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {str(name): text for name, text in found.items() if isinstance(text, str)}

    def keep(self, name: str, text: str) -> None:
        """Keep one draft; an empty one is removed. It survives the process from here on.

        Raises:
            RepeatsRedacted: where it repeats what was redacted while this program ran; what was kept of it is removed.
            AboutRedacted: where a redaction removed it and it was not emptied since.
        """
        with _GATE:
            if not text:
                self._barred.discard(name)
            barred = name in self._barred
            refused = bool(text) and (barred or _repeats(text, _REDACTED.get(self._file, ())))
            self._keep(name, "" if refused else text)
        if refused:
            raise AboutRedacted if barred else RepeatsRedacted

    def forget(self, repeats: Repeats) -> int:
        """Remove every draft that repeats what is redacted, and keep none that does from here on; how many went."""
        with _GATE:
            _REDACTED.setdefault(self._file, []).append(repeats)
            self._file.with_suffix(".new").unlink(missing_ok=True)  # a kill may have left one behind
            drafts = self._load()
            kept = {name: text for name, text in drafts.items() if not _repeats(text, (repeats,))}
            if len(kept) < len(drafts):
                self._write(kept)
            return len(drafts) - len(kept)

    def _keep(self, name: str, text: str) -> None:
        drafts = self._load()
        before = drafts.pop(name, "")
        self._met.discard(name)
        if text:
            drafts[name] = text[:MAX_DRAFT_CHARS]
            self._met.add(name)
        if text or before:
            self._write(drafts)

    def _write(self, drafts: dict[str, str]) -> None:
        beside = self._file.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(drafts, stream, ensure_ascii=False)
        beside.replace(self._file)


def _repeats(text: str, redacted: list[Repeats] | tuple[Repeats, ...]) -> bool:
    return any(repeats(one) for repeats in redacted for one in _said(text))


def _said(text: str) -> list[str]:
    """The texts in a draft: what a dialog keeps is a table of its fields."""
    try:
        return _texts(json.loads(text))
    except ValueError:
        return [text]


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value if isinstance(value, str) else json.dumps(value)]


__all__ = ["MAX_DRAFT_CHARS", "AboutRedacted", "Drafts", "RepeatsRedacted"]
