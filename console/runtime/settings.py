"""What a profile is: `profile.toml`, a few plain facts that anybody may read. It must never hold a secret."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from console.runtime import platform
from console.runtime.faults import RuntimeProblem
from console.runtime.plain import read_plain

World = Literal["real", "drill"]
House = Literal["make", "use", "both"]
_WORLDS: Final[tuple[World, ...]] = get_args(World)
_HOUSES: Final[tuple[House, ...]] = get_args(House)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = frozenset({"version", "org", "world", "genesis", "person", "console", "name", "places", "house"})
_VERSION: Final = 1
_MOST_BYTES: Final = 1024 * 1024
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """One profile: whose console this is, in which organisation, and where it syncs.

    `genesis` is the SHA-256 of the organisation's first roster, None before there is one; `places` are folders.
    `house` says whether we make or host the model, use it, or both; None where nobody said.
    """

    org: str
    world: World
    person: str
    console: str
    name: str
    genesis: str | None = None
    places: tuple[str, ...] = ()
    house: House | None = None


def read_settings(path: Path) -> ProfileSettings:
    """The settings in `path`.

    Raises:
        RuntimeProblem: when there are none, or they cannot be read or understood.
    """
    try:
        table = tomllib.loads(read_plain(path.resolve(), _MOST_BYTES).decode())
    except FileNotFoundError:
        raise RuntimeProblem(
            f"There is no profile at {path.parent}.",
            "Start one with `standdown record start`, or name another folder with --profile.",
        ) from None
    except (OSError, ValueError, RecursionError) as fault:
        raise _unusable(path, str(fault)) from fault
    return _from_table(path, table)


def write_settings(path: Path, settings: ProfileSettings) -> None:
    """Replace the settings at `path` durably, private to this user.

    Raises:
        RuntimeProblem: when they would not read back as they are, so that no unusable profile is left behind.
    """
    text = _to_toml(settings)
    if _from_table(path, tomllib.loads(text)) != settings:
        raise _unusable(path, "what was to be written would not read back the same")
    platform.write_durably(path, text.encode())


def _from_table(path: Path, table: dict[str, object]) -> ProfileSettings:
    if unknown := sorted(table.keys() - _FIELDS):
        raise _unusable(path, f"it has a field this version does not know: {unknown[0]}")
    version = table.get("version")
    if type(version) is not int or version != _VERSION:
        raise _unusable(path, f"it is of version {version}, and this program reads version {_VERSION}")
    return ProfileSettings(
        org=_text(path, table, "org"),
        world=_world(path, table),
        person=_text(path, table, "person"),
        console=_text(path, table, "console"),
        name=_text(path, table, "name"),
        genesis=_genesis(path, table),
        places=_places(path, table),
        house=_house(path, table),
    )


def _text(path: Path, table: dict[str, object], field: str) -> str:
    value = table.get(field)
    if isinstance(value, str) and value:
        return value
    raise _unusable(path, f"{field} is missing or not text")


def _world(path: Path, table: dict[str, object]) -> World:
    for world in _WORLDS:
        if table.get("world") == world:
            return world
    raise _unusable(path, 'world is neither "real" nor "drill"')


def _genesis(path: Path, table: dict[str, object]) -> str | None:
    value = table.get("genesis")
    if value is None or (isinstance(value, str) and _SHA256.fullmatch(value)):
        return value
    raise _unusable(path, "genesis is not 64 lower-case hex digits")


def _places(path: Path, table: dict[str, object]) -> tuple[str, ...]:
    value = table.get("places", [])
    if isinstance(value, list):
        places = tuple(place for place in value if isinstance(place, str) and place)
        if len(places) == len(value):
            return places
    raise _unusable(path, "places is not a list of folders")


def _house(path: Path, table: dict[str, object]) -> House | None:
    value = table.get("house")
    for house in _HOUSES:
        if value == house:
            return house
    if value is None:
        return None
    raise _unusable(path, 'house is none of "make", "use", "both"')


def _unusable(path: Path, why: str) -> RuntimeProblem:
    return RuntimeProblem(
        f"The profile's settings in {path} cannot be used: {why}.",
        "Correct that file, or bring it back from a backup; the journal beside it is untouched.",
    )


def _to_toml(settings: ProfileSettings) -> str:
    places = ", ".join(_quoted(place) for place in settings.places)
    lines = [
        "# Written by standdown. No secret belongs here.",
        f"version = {_VERSION}",
        f"org = {_quoted(settings.org)}",
        f"world = {_quoted(settings.world)}",
        *([f"genesis = {_quoted(settings.genesis)}"] if settings.genesis is not None else []),
        f"person = {_quoted(settings.person)}",
        f"console = {_quoted(settings.console)}",
        f"name = {_quoted(settings.name)}",
        f"places = [{places}]",
        *([f"house = {_quoted(settings.house)}"] if settings.house is not None else []),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character) or _plain(character) for character in text) + '"'


def _plain(character: str) -> str:
    control = ord(character) < 0x20 or ord(character) == 0x7F  # noqa: PLR2004 - what TOML calls control characters
    return f"\\u{ord(character):04x}" if control else character
