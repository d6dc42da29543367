"""Keeps no text of source files in a process with a window.

PySide reads the source of every module that is imported after it, through `linecache`, which keeps what it read: some
20 MiB as soon as a window is whole, and for nothing. Whoever wants a line still gets it, read anew.
"""

from __future__ import annotations

import linecache
from typing import Any


class _Unkept(dict[str, Any]):
    """What is put in is not there: cheaper than emptying, and nothing vanishes while another thread looks."""

    def __setitem__(self, _name: str, _source: object) -> None:
        """Not kept."""


def keep_none() -> None:
    """From now on, and what was kept so far is forgotten."""
    linecache.cache = _Unkept()
