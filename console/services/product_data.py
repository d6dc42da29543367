"""Finds the data the product brings along (regimes, response plans), and what a profile has instead of it.

It must never look anywhere else: a file beside the working directory is nobody's word.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_MOST_BYTES: Final = 1024 * 1024


def product_path(*parts: str) -> Path:
    """The path of a file or folder under `resources`.

    Raises:
        Problem: when the installation lacks it.
    """
    for root in (_PACKAGE.parent, _PACKAGE):  # a checkout; an installed package, which carries them inside
        path = root.joinpath("resources", *parts)
        if path.exists():
            return path
    raise Problem(f"The file {'/'.join(parts)} is missing.", "Install Standdown again.")


def read_table(path: Path) -> dict[str, object]:
    """A TOML file as a table; read anew only where it changed.

    Raises:
        WrongUse: when it is none, or longer than a megabyte.
    """
    try:
        told = path.stat()
        if told.st_size > _MOST_BYTES:
            raise WrongUse(f"{path} is longer than a megabyte.", "Make it shorter.")
        return _parsed(path, told.st_mtime_ns, told.st_size)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise WrongUse(f"{path} cannot be read: {fault}.", "Mend it, or take it away.") from None


@lru_cache(maxsize=64)
def _parsed(path: Path, _changed_ns: int, _size: int) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
