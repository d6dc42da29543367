"""Logging for one process: to standard error, with registered secrets masked. It must never log an entry's text."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock
from typing import Final, TextIO

MASK: Final = "[secret]"
_SHORTEST_SECRET: Final = 4  # masking every "a" would tell more than it hides


class Redaction(logging.Formatter):
    """Formats a record, then masks every registered secret wherever it stands: message, arguments, traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets: tuple[str, ...] = ()
        self._gate = Lock()

    def hide(self, secret: str) -> None:
        """Mask `secret` from now on.

        Raises:
            ValueError: when it is shorter than four characters and could not be masked without masking all else.
        """
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError("a secret of fewer than four characters cannot be masked")
        with self._gate:
            # the longest first, so that a secret inside another leaves no rest behind
            self._secrets = tuple(sorted({*self._secrets, *_spellings(secret)}, key=lambda text: (-len(text), text)))

    def mask(self, text: str) -> str:
        """`text` with every registered secret masked."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def format(self, record: logging.LogRecord) -> str:
        """The finished line, masked; a multi-line message stays one record by its indented further lines."""
        return self.mask(super().format(record)).replace("\n", "\n    ")


@contextmanager
def logging_to(
    stream: TextIO | None = None, level: int = logging.WARNING, redaction: Redaction | None = None
) -> Generator[Redaction, None, None]:
    """Send the process's log to `stream` (standard error) while the context lasts, then leave logging as it was.

    Libraries stay at WARNING unless `level` is DEBUG: at INFO httpx would name every address it calls.
    """
    formatter = redaction or Redaction()
    listener = logging.StreamHandler(stream or sys.stderr)
    listener.setFormatter(formatter)
    levels = {"": level if level <= logging.DEBUG else logging.WARNING, "console": level, "adapters": level}
    before = {name: logging.getLogger(name).level for name in levels}
    for name, wanted in levels.items():
        logging.getLogger(name).setLevel(wanted)
    logging.getLogger().addHandler(listener)
    try:
        yield formatter
    finally:
        logging.getLogger().removeHandler(listener)
        listener.flush()
        for name, old in before.items():
            logging.getLogger(name).setLevel(old)


def _spellings(secret: str) -> set[str]:
    """The secret as it is and as `repr` or JSON would print it inside a message."""
    return {secret, repr(secret)[1:-1], secret.replace("\\", "\\\\").replace('"', '\\"')}
