"""Sharing the record without trusting what carries it. Public names are listed below."""

from console.sync.faults import FileRefused, PlaceFull, PlaceGone
from console.sync.folder import FolderPlace
from console.sync.forks import known_forks, write_proofs
from console.sync.people import Found, enrolments_in, put_enrolment, put_roster, rosters_in
from console.sync.report import Fork, SyncReport
from console.sync.session import sync_once, sync_open

__all__ = [
    "FileRefused", "FolderPlace", "Fork", "Found", "PlaceFull", "PlaceGone", "SyncReport", "enrolments_in",
    "known_forks", "put_enrolment", "put_roster", "rosters_in", "sync_once", "sync_open", "write_proofs",
]  # fmt: skip
