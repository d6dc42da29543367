"""What a first run leaves for the next one: which door was taken, the folder, where the envelopes lie; and the house.

It must never hold a secret: the note is a plain file beside the profile's settings.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from console.domain.errors import WrongUse
from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.runtime.settings import House, read_settings, write_settings

Door = Literal["alone", "practise", "found", "join"]
PRACTICE_PASSPHRASE = "practise"  # noqa: S105  opens every key of a practice and is shown there: it guards nothing
SHEETS = ("recovery-envelope-1.txt", "recovery-envelope-2.txt")
_DOORS: tuple[Door, ...] = get_args(Door)
_MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Note:
    """What was begun here. `door` None: nothing is under way; the folders are paths or empty.

    `request` is the hash of one's own request to join, or empty.
    """

    door: Door | None = None
    folder: str = ""
    envelopes: str = ""
    request: str = ""


def read_note(paths: ProfilePaths) -> Note:
    """What was noted; an empty note where there is none or where it cannot be read."""
    try:
        raw = _file(paths).read_bytes()[:_MOST_BYTES]
        found: object = json.loads(raw)
    except (OSError, ValueError):
        return Note()
    table = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    door: Door | None = next((one for one in _DOORS if one == table.get("door")), None)
    return Note(door, _text(table, "folder"), _text(table, "envelopes"), _text(table, "request"))


def write_note(paths: ProfilePaths, note: Note) -> None:
    """Keep it durably; the profile's folder is made where there is none."""
    platform.make_private_directory(paths.root)
    platform.write_durably(_file(paths), json.dumps(asdict(note)).encode())


def set_down(paths: ProfilePaths) -> None:
    """Founding or joining goes on in the main window, or is done: the next start opens that. Envelopes stay known."""
    note = read_note(paths)
    if note.door is not None:
        write_note(paths, replace(note, door=None))


def unfinished(paths: ProfilePaths) -> bool:
    """Whether the next start should go on with founding or joining."""
    return read_note(paths).door in ("found", "join")


def practice_hint(paths: ProfilePaths) -> str:
    """What to type where a passphrase is asked for, in a practice; empty everywhere else."""
    return f"In this practice type: {PRACTICE_PASSPHRASE}" if read_note(paths).door == "practise" else ""


def second_profile(paths: ProfilePaths) -> ProfilePaths:
    """Where a second person at this computer gets a profile of their own: a folder beside this one, not in use."""
    for number in range(2, 100):
        other = ProfilePaths(paths.root.with_name(f"{paths.root.name}-{number}"))
        if not other.settings.exists():
            return other
    raise WrongUse("There are too many profiles beside this one.", "Name another folder with --profile.")


def shares_computer(paths: ProfilePaths) -> bool:
    """Whether somebody else's profile lies beside this one: two people at one computer."""
    with contextlib.suppress(OSError):
        return any(one != paths.root and (one / "profile.toml").is_file() for one in paths.root.parent.iterdir())
    return False


def choose_house(paths: ProfilePaths, house: House | None) -> None:
    """Keep whether we make the model, use it, or both. An open session has to `change_settings` instead."""
    write_settings(paths.settings, replace(read_settings(paths.settings), house=house))


# -- envelopes ---------------------------------------------------------------------------------------------------------


def envelopes_left(paths: ProfilePaths) -> tuple[Path, ...]:
    """The recovery sheets that still lie in files: to be printed, sealed and deleted."""
    folders = {paths.root / "envelopes"}
    if kept := read_note(paths).envelopes:
        folders.add(Path(kept))
    found: list[Path] = []
    for folder in sorted(folders):
        for name in SHEETS:
            with contextlib.suppress(OSError):  # a stick that was taken out: nothing of it lies here
                if (folder / name).is_file():
                    found.append(folder / name)
    return tuple(found)


def delete_envelopes(paths: ProfilePaths) -> int:
    """Delete the sheets once they are printed; how many. From some disks a deleted file may be recovered."""
    left = envelopes_left(paths)
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _file(paths: ProfilePaths) -> Path:
    return paths.root / "setup.json"


def _text(table: dict[str, object], field: str) -> str:
    value = table.get(field)
    return value if isinstance(value, str) else ""
