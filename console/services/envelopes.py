"""The two sheets of a sealed recovery key while they still lie as files: read, printed, deleted.

It writes no copy of them anywhere: what is printed goes to the printer's queue by a pipe.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.runtime.paths import ProfilePaths
from console.services import setup

_WITHIN_S: Final = 20.0
_MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sheet that lies as a file: which of the two, where, and what stands on it. The second opens the first."""

    which: int
    path: Path
    text: str = field(repr=False)


def left(paths: ProfilePaths) -> tuple[Envelope, ...]:
    """The sheets that lie as files, the first one first; one that cannot be read is left out."""
    found: list[Envelope] = []
    for path in setup.envelopes_left(paths):
        try:
            text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
        except OSError:
            continue
        found.append(Envelope(setup.SHEETS.index(path.name) + 1, path, text))
    return tuple(sorted(found, key=lambda one: (one.which, str(one.path))))


def one_of(paths: ProfilePaths, which: int) -> Envelope:
    """That sheet.

    Raises:
        WrongUse: when it does not lie as a file (any more).
    """
    found = next((one for one in left(paths) if one.which == which), None)
    if found is None:
        raise WrongUse(f"Envelope {which} does not lie as a file here.", "Was it printed and deleted already?")
    return found


def printers() -> tuple[str, ...]:
    """The printers this system offers, the usual one first; empty where there is none or no printing system."""
    asks = shutil.which("lpstat")
    if asks is None or shutil.which("lp") is None:
        return ()
    names = [line.strip() for line in _said([asks, "-e"]).splitlines() if line.strip()]
    usual = _said([asks, "-d"]).rpartition(":")[2].strip()
    return tuple(sorted(set(names), key=lambda name: (name != usual, name)))


def send_to_printer(printer: str, title: str, page: bytes) -> None:
    """Hand one page (PDF, or plain text) to the printer's queue, by a pipe.

    Raises:
        Problem: when the printing system refuses it or does not answer.
    """
    program = shutil.which("lp")
    if program is None:
        raise Problem("There is no printing system on this computer.", "Save it as a file on a stick, and print that.")
    command = [program, "-d", printer, "-t", title, "-o", "job-sheets=none", "-"]
    try:
        done = subprocess.run(command, input=page, capture_output=True, check=False, timeout=_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired):
        raise Problem("The printing system does not answer.", "Try again, or save it as a file.") from None
    if done.returncode != 0:
        why = " ".join(done.stderr.decode("utf-8", "replace").split())[:160]
        raise Problem(f"It was not printed: {why or 'no reason was given'}.", "Choose another printer, or save it.")


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_WITHIN_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
