"""`standdown brief`: the situation in at most fifteen lines, and the room page for people without keys."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from console.cli.frame import Call, harmless, pass_call


@click.command(
    "brief",
    epilog="""\b
Examples:
  standdown brief --audience exec --zone Europe/Berlin
  standdown brief --audience customer --record     (the copy becomes an entry)
  standdown brief --room wall.html                 (a page for people without keys)

Outside the team (exec, customer) only entries marked shareable are quoted: `standdown note --shareable`.""",
)
@click.option("--incident", help="Which incident (default: the only open one).")
@click.option("--audience", type=click.Choice(["internal", "exec", "customer"]), default="internal", show_default=True)
@click.option("--zone", default="UTC", show_default=True, help="The time zone of all times, like Europe/Berlin.")
@click.option("--record", is_flag=True, help="Enter that the situation was copied, with the hash of its text.")
@click.option("--room", type=click.Path(path_type=Path, dir_okay=False), help="Write the room page here as well.")
@pass_call
def command(call: Call, incident: str | None, audience: str, zone: str, record: bool, room: Path | None) -> None:  # noqa: FBT001  click hands options by name
    """Say what happened, what is in force and how sure, what is not yet, who commands, when the next update is due."""
    from console.services import brief, incidents
    from console.services.room import write_room_page

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        told = brief.situation(session, inc, cast("brief.Audience", audience), zone)
        entry = brief.record_copy(session, inc, told).id if record else None
        written = None if room is None else write_room_page(session, inc, room.expanduser().absolute(), zone)
    after = [f"Recorded as {entry[:16]}."] if entry else []
    if written is not None:
        after.append(f"{room} is {'written' if written else 'as it was, and still holds'}.")
    call.tell(
        {
            "ok": True, "incident": inc, "audience": audience, "title": told.title, "lines": list(told.lines),
            "text": told.text, "sha256": told.sha256, "at_ms": told.at_ms, "quoted": list(told.quoted),
            "entry": entry, "room": None if room is None else str(room), "room_written": written,
        },
        *told.lines,
    )  # fmt: skip
    for line in after:
        if not call.as_json:
            click.echo(harmless(line), err=True)  # the brief alone is on standard output, ready to be piped
