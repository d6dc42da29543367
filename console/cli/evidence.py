"""`standdown evidence`: attach a file with its hash."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, pass_call


@click.group("evidence")
def command() -> None:
    """Attach a file with its hash."""


@command.command(epilog="\b\nExample:\n  standdown evidence add transcript.txt --how 'saved by the on-call engineer'")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text", default="", help="What it shows.")
@click.option("--how", default="", help="How and by whom it was obtained.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def add(call: Call, file: Path, text: str, how: str, incident: str | None) -> None:
    """Keep a file's bytes in the record, by SHA-256."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        stored, sha = incidents.attach(session, file, inc=inc, text=text, how=how)
    call.tell({"ok": True, "entry": stored.id, "sha256": sha}, f"{file.name} is kept: sha256 {sha}")
