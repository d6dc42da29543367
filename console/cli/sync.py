"""`standdown sync`: exchange the record through a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.frame import Call, pass_call

if TYPE_CHECKING:
    from console.sync.report import SyncReport


@click.group("sync")
def command() -> None:
    """Exchange the record with colleagues through a folder."""


@command.command()
@pass_call
def run(call: Call) -> None:
    """Meet every place once: what is open first, then all of the record."""
    from console.cli.redact import as_rows, lines_of
    from console.domain.errors import Problem
    from console.services import dispatch, redaction

    reports: list[SyncReport] = []
    gone: Problem | None = None
    with call.session() as session:
        try:
            reports = dispatch.sync_all(session)
        except Problem as fault:  # what is decided is carried out here all the same
            gone = fault
        forgotten = redaction.carry_out(session)
        if gone is None and any(one.outcome == "done" for one in forgotten):
            reports += dispatch.sync_all(session)  # takes the values out of the place, and says that it is done
    if gone is not None:
        raise gone
    _tell(call, reports, lines_of(forgotten), as_rows(forgotten))


@command.command()
@pass_call
def now(call: Call) -> None:
    """Exchange only what is open (proposals, approvals, refusals), without any history. For a slow or far place."""
    from console.domain.errors import Problem
    from console.sync.folder import FolderPlace
    from console.sync.session import sync_open

    reports: list[SyncReport] = []
    gone: Problem | None = None
    with call.session() as session:
        for folder in session.settings.places:
            try:
                place = FolderPlace(Path(folder))
                reports.append(sync_open(session.store, place, session.settings.console, session.device))
            except Problem as fault:  # one place that is gone keeps no other waiting
                gone = gone or fault
    if gone is not None:
        raise gone
    _tell(call, reports)


def _tell(
    call: Call, reports: Sequence[SyncReport], more: Sequence[str] = (), forgotten: Sequence[dict[str, str]] = ()
) -> None:
    found = [
        {"place": r.place, "sent": r.sent, "received": r.received, "documents": r.documents, "rosters": r.rosters,
         "early": r.early, "waiting": r.waiting, "faults": list(r.faults), "forks": [asdict(one) for one in r.forks]}
        for r in reports
    ]  # fmt: skip
    lines = [f"{r.place}: {' '.join(r.sentences)}" for r in reports]
    result = {"ok": True, "places": found, "redactions": list(forgotten)}
    call.tell(result, *(lines or ["No place is set: standdown sync places add FOLDER"]), *more)


@command.group()
def places() -> None:
    """Where this console meets colleagues."""


@places.command("add")
@click.argument("folder", type=click.Path(path_type=Path))
@pass_call
def add(call: Call, folder: Path) -> None:
    """Add a folder: a share, a synchronised folder, a USB stick."""
    from console.services import organisation
    from console.sync.folder import FolderPlace

    with call.session() as session:
        FolderPlace(folder).objects()
        organisation.add_place(session, folder)
        found = session.settings.places
    call.tell({"ok": True, "places": list(found)}, f"Added: {folder}")


@places.command("list")
@pass_call
def list_(call: Call) -> None:
    """The places."""
    with call.session() as session:
        found = session.settings.places
    call.tell({"ok": True, "places": list(found)}, *(found or ["No place is set."]))
