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


class Drafts:
    """Drafts by name (`timeline:i-...`, `correction:i-...`, `dialog:declare`), from any thread of one process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "drafts.json"

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
        """Keep one draft; an empty one is removed. It survives the process from here on.

        Raises:
            RepeatsRedacted: where it repeats what was redacted while this program ran; what was kept of it is removed.
        """
        with _GATE:
            refused = bool(text) and _repeats(text, _REDACTED.get(self._file, ()))
            self._keep(name, "" if refused else text)
        if refused:
            raise RepeatsRedacted

    def forget(self, repeats: Repeats) -> int:
        """Remove every draft that repeats what is redacted, and keep none that does from here on; how many went."""
        with _GATE:
            _REDACTED.setdefault(self._file, []).append(repeats)
            self._file.with_suffix(".new").unlink(missing_ok=True)  # a kill may have left one behind
            drafts = self.load()
            kept = {name: text for name, text in drafts.items() if not _repeats(text, (repeats,))}
            if len(kept) < len(drafts):
                self._write(kept)
            return len(drafts) - len(kept)

    def _keep(self, name: str, text: str) -> None:
        drafts = self.load()
        if text:
            drafts[name] = text[:MAX_DRAFT_CHARS]
        elif name in drafts:
            del drafts[name]
        else:
            return
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


__all__ = ["MAX_DRAFT_CHARS", "Drafts", "RepeatsRedacted"]
