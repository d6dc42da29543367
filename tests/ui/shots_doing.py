"""Stand-ins for the doer, for pictures: one that reads for ever, and one whose disk cannot be read any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.ui.doer import Doer

NO_DISK: Final = OSError(5, "Input/output error", "journal.db")
_LATER_MS: Final = 50


def never(*_what: object, **_how: object) -> None:
    """Reads for ever."""


def fails(
    doer: Doer, _work: object, *_done: object, failed: Callable[..., None] | None = None, over: QWidget | None = None,
    **_how: object,
) -> None:  # fmt: skip
    """Told a moment later, as every answer; whoever has left is told nothing."""
    trouble = doer.trouble_of(NO_DISK)

    def told() -> None:
        if over is None or isValid(over):
            (failed or doer.troubled.emit)(trouble)

    QTimer.singleShot(_LATER_MS, told)
