"""A name for a file on this computer, made of one that somebody else chose. It never leads anywhere.

A colleague, or whoever sent them the file, chose it. Whoever saves it must get a visible file in the folder they named:
no other folder, no hidden file that a shell or a desktop reads at the next start, no device, no second stream.
"""

from __future__ import annotations

import re
from typing import Final

from console.domain.deceit import shown

_SEPARATES: Final = re.compile(r"[/\\]")
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
_MOST_BYTES: Final = 200
_ENDING: Final = 16


def file_name(told: str, otherwise: str = "evidence") -> str:
    """The last part of `told` as a plain name for every system; `otherwise` where nothing is left of it."""
    last = _SEPARATES.split(" ".join(told.split()))[-1]
    plain = _FORBIDDEN.sub("_", shown(last).replace("<", "(").replace(">", ")")).strip(" .")
    if _DEVICES.fullmatch(plain.split(".")[0].rstrip()):
        plain = f"_{plain}"
    return _short(plain) or otherwise


def _short(name: str) -> str:
    if len(name.encode()) <= _MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > _ENDING:
        stem, dot, ending = name, "", ""
    room = _MOST_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending


__all__ = ["file_name"]
