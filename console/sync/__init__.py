"""Sharing the record without trusting what carries it. Public names are listed below."""

from console.sync.faults import FileRefused, PlaceFull, PlaceGone
from console.sync.folder import FolderPlace
from console.sync.people import Found, enrolments_in, put_enrolment, put_roster, rosters_in
from console.sync.report import SyncReport
from console.sync.session import sync_once

__all__ = [
    "FileRefused", "FolderPlace", "Found", "PlaceFull", "PlaceGone", "SyncReport", "enrolments_in", "put_enrolment",
    "put_roster", "rosters_in", "sync_once",
]  # fmt: skip
