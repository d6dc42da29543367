"""Files that declare adapters: where they lie, what one declares, and every fault in it with its line.

A file is data: reading one runs nothing of it.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

from console.domain.errors import WrongUse
from console.runtime.paths import adapters_home

PREFIX: Final = "http_"  # files only: no installed adapter may take a name that begins so
_MOST_FAULTS: Final = 20


class BadAdapterFile(WrongUse):
    """A file that declares no adapter; the sentence has every fault with its line."""


def folder() -> Path:
    """Where they are kept: this user's, for every profile, as installed packages are."""
    return adapters_home(os.environ, Path.home())


def read(path: Path) -> type:
    """The adapter class the file declares; read once for each state of the file, because each plan asks many times.

    Raises:
        BadAdapterFile: when it cannot be read, or declares none.
    """
    try:
        found = path.stat()
        return _read(path, (found.st_mtime_ns, found.st_size))
    except (OSError, UnicodeError):
        raise BadAdapterFile(f"{path.name} cannot be read as text.", "Name a YAML file.") from None


@functools.lru_cache(maxsize=64)
def _read(path: Path, stamp: tuple[int, int]) -> type:  # noqa: ARG001  another stamp is another file
    from adapters.http.checks import BadDeclaration  # noqa: PLC0415  most consoles have no such file, and need no YAML
    from adapters.http.declare import load  # noqa: PLC0415  as above

    try:
        return load(path.read_text(encoding="utf-8"))
    except BadDeclaration as fault:
        faults = [one.sentence for one in fault.faults]
        more = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        told = "".join(f"\n  {one}" for one in (*faults[:_MOST_FAULTS], *more))
        raise BadAdapterFile(
            f"{path.name} declares no adapter: {told}.",
            "Mend it and try again; all words are in adapters/http/README.md.",
        ) from None


def examples() -> dict[str, Path]:
    """The example files that ship with the console, by name."""
    import adapters.http  # noqa: PLC0415  as above

    there = Path(adapters.http.__file__).with_name("examples")
    return {path.stem: path for path in sorted(there.glob("*.yaml"))}
