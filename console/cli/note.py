"""`standdown note`: write into the timeline, or paste a chat log."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, moment, pass_call
from console.domain.errors import WrongUse


@click.command(
    "note",
    epilog="""\b
Examples:
  standdown note "Reports of working exploits from F-7"
  standdown note --paste - < chat.log       (lines: HH:MM name: text)
  standdown note --kind witness "On the phone: vendor agrees to stop F-7" """,
)
@click.argument("text", required=False)
@click.option(
    "--paste", type=click.Path(dir_okay=False, allow_dash=True), help="A chat log to quote; - is standard input."
)
@click.option(
    "--kind",
    type=click.Choice(["note", "observation", "objection", "witness", "task", "communication", "lodging"]),
    default="note",
)
@click.option("--at", "at", help="When it happened: HH:MM today or an ISO moment.")
@click.option("--incident", help="Which incident (default: the only open one, else the organisation's record).")
@pass_call
def command(call: Call, text: str | None, paste: str | None, kind: str, at: str | None, incident: str | None) -> None:
    """Write into the timeline. TEXT may be - for standard input."""
    from console.services import incidents

    if (text is None) == (paste is None):
        raise WrongUse("Give either a text or --paste FILE.", "See `standdown note --help`.")
    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        if paste is not None:
            found = incidents.paste(session, _read(paste), inc=inc, source="chat log" if paste == "-" else paste)
        else:
            occurred = None if at is None else moment(at, session.clock.wall_ms())
            body = _read("-") if text == "-" else str(text)
            found = [incidents.write(session, kind, body, inc=inc, occurred_ms=occurred)]
    call.tell({"ok": True, "entries": [one.id for one in found], "incident": inc}, f"Saved: {len(found)} entries."
              if len(found) != 1 else f"Saved as {found[0].id[:16]}.")  # fmt: skip


def _read(name: str) -> str:
    try:
        with click.open_file(name, "rb") as stream:
            raw: bytes = stream.read(1024 * 1024)
        return raw.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise WrongUse(f"{Path(name).name} is not text in UTF-8.", "Convert it first.") from None
