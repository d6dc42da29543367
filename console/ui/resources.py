"""Finds the files that the window brings along: in a checkout, or inside an installed package.

It must never look anywhere else: a file beside the working directory is nobody's look.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from console.domain.errors import Problem

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def resource(*parts: str) -> Path:
    """The path of a file or folder under `resources`.

    Raises:
        Problem: when the installation lacks it.
    """
    for root in (_PACKAGE.parent, _PACKAGE):  # a checkout; an installed package, which carries them inside
        path = root.joinpath("resources", *parts)
        if path.exists():
            return path
    raise Problem(f"The window's file {'/'.join(parts)} is missing.", "Install Standdown again.")
