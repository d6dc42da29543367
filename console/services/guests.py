"""Somebody who takes the seat at another's console for one signature: their own key, from their own profile folder.

It reads the public half of a key and checks it against the roster here. It copies, writes and remembers nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.keys import keyfile
from console.keys.keyfile import SavedKey
from console.runtime.faults import RuntimeProblem
from console.runtime.paths import ProfilePaths
from console.runtime.settings import ProfileSettings, read_settings
from console.services.session import Session

_MOST_BESIDE: Final = 64  # profiles that are looked at: it is one person's folder, or two people's


@dataclass(frozen=True, slots=True)
class Guest:
    """A member who signs here once: person, name as known on this console, the wrapped approver key where it lies."""

    person: str
    name: str
    key: SavedKey


class NoGuest(Problem):
    """Whoever the folder belongs to cannot take the seat at this console."""


def find_guest(session: Session, folder: Path) -> Guest:
    """The member whose profile lies in `folder`, with the approver key the roster in force here lists for them.

    Raises:
        NoGuest: when there is no profile, it is of another organisation, or its key is not in force here.
        WrongUse: when it is this console's own person's.
        BadKeyFile: when it holds no approver key.
    """
    paths = ProfilePaths(folder.expanduser().absolute())
    try:
        settings = read_settings(paths.settings)
    except RuntimeProblem as fault:
        raise NoGuest(fault.what, "Name the second person's own profile folder.") from None
    if settings.person == session.me:
        raise WrongUse("That profile is your own.", "Sign without --seat; the seat is for somebody else.")
    _require_same_house(session, settings)
    key = keyfile.read_saved(paths.key("approver"), "approver")
    listed = session.roster.key(key.public.fingerprint)
    if listed is None or listed.use != "approver" or listed.person != settings.person:
        raise NoGuest(
            "The roster here does not list that profile's approver key for its person.",
            "Sync the newest roster, or let the admins admit the key.",
        )
    if session.roster.is_revoked(key.public.fingerprint) or not listed.valid_at(session.clock.wall_ms()):
        raise NoGuest("That approver key is not valid any more.", "Sign with another key of that person.")
    return Guest(settings.person, session.name_of(settings.person), key)


def guests_here(session: Session) -> tuple[tuple[Guest, Path], ...]:
    """Members whose profiles lie beside this console's, so that nobody at one computer has to know a path; by name.

    Only who could take the seat: whatever else lies there is passed over, and nothing of it is told.
    """
    found: list[tuple[Guest, Path]] = []
    try:
        beside = sorted(one for one in session.paths.root.parent.iterdir() if (one / "profile.toml").is_file())
    except OSError:
        return ()
    for folder in beside[:_MOST_BESIDE]:
        if folder == session.paths.root:
            continue
        with contextlib.suppress(Problem, OSError):
            found.append((find_guest(session, folder), folder))
    return tuple(sorted(found, key=lambda one: (one[0].name.casefold(), str(one[1]))))


def _require_same_house(session: Session, settings: ProfileSettings) -> None:
    own = (session.settings.org, session.settings.world, session.settings.genesis)
    if (settings.org, settings.world, settings.genesis) != own:
        raise NoGuest("That profile belongs to another organisation, or to practice.", "Name the right folder.")
