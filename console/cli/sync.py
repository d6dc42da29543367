"""`standdown sync`: exchange the record through a folder."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, pass_call


@click.group("sync")
def command() -> None:
    """Exchange the record with colleagues through a folder."""


@command.command()
@pass_call
def run(call: Call) -> None:
    """Meet every place once."""
    from console.services import dispatch

    with call.session() as session:
        reports = dispatch.sync_all(session)
    found = [
        {"place": r.place, "sent": r.sent, "received": r.received, "documents": r.documents, "rosters": r.rosters,
         "waiting": r.waiting, "faults": list(r.faults)}
        for r in reports
    ]  # fmt: skip
    lines = [f"{r.place}: {' '.join(r.sentences)}" for r in reports]
    call.tell({"ok": True, "places": found}, *(lines or ["No place is set: standdown sync places add FOLDER"]))


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
