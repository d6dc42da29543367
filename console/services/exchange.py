"""Meeting the shared places: every folder of the profile, rosters adopted on the way. One function for one intention.

A place that is gone never stops the others, and nothing is lost by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.errors import Problem, WrongUse
from console.services import organisation
from console.services.session import Session
from console.sync.folder import FolderPlace
from console.sync.report import SyncReport
from console.sync.session import sync_once


@dataclass(frozen=True, slots=True)
class Met:
    """One place: the report, or the sentence that says why it could not be met."""

    place: str
    report: SyncReport | None
    fault: str


def sync_all(session: Session) -> list[Met]:
    """Meet every place of the profile once.

    Raises:
        WrongUse: when the profile has no place.
    """
    if not session.settings.places:
        raise WrongUse("This profile has no shared place.", "Add one: standdown sync add FOLDER.")
    found = [_meet(session, folder) for folder in session.settings.places]
    if organisation.adopt_rosters(session):  # what a new roster admits is taken in at once
        found = [_meet(session, folder) for folder in session.settings.places]
    return found


def _meet(session: Session, folder: str) -> Met:
    try:
        return Met(folder, sync_once(session.store, FolderPlace(Path(folder)), session.settings.console), "")
    except Problem as fault:
        return Met(folder, None, str(fault))


def add_place(session: Session, folder: Path) -> None:
    """Sync with this folder from now on.

    Raises:
        WrongUse: when it is no folder.
    """
    if not folder.is_dir():
        raise WrongUse(f"{folder} is no folder.", "Create or mount it first; a place is never made by accident.")
    organisation.add_place(session, folder)
