"""`standdown note`: write into the timeline, or paste a chat log."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, moment, pass_call
from console.domain.errors import WrongUse
from console.domain.profile import JsonValue


@click.command(
    "note",
    epilog="""\b
Examples:
  standdown note "Reports of working exploits from F-7"
  standdown note --paste - < chat.log       (lines: HH:MM name: text)
  standdown note --kind witness "On the phone: vendor agrees to stop F-7"
  standdown note --shareable "Some customers could get working exploits from F-7"
  standdown note --next-update 14:30 "Vendor is called"       (UTC; none: no further update)
  standdown note --amend 3f9c02d1 "Reports of working exploits from F-7 and F-7m"
  standdown note --retract 3f9c02d1 --reason "heard wrong\"""",
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
@click.option("--shareable", is_flag=True, help="Its words may be quoted to executives and customers (`brief`).")
@click.option("--next-update", "update", help="Promise the next update for then: HH:MM UTC, an ISO moment, or none.")
@click.option("--amend", metavar="ENTRY", help="Say this entry (id or its beginning) in better words: TEXT.")
@click.option("--retract", metavar="ENTRY", help="Take this entry back, for a --reason; it stays, marked.")
@click.option("--retype", metavar="ENTRY", help="Tell this entry as one of another --kind: taken back, written again.")
@click.option("--reason", help="Why it is taken back.")
@pass_call
def command(  # noqa: PLR0913  one for each option
    call: Call, text: str | None, paste: str | None, kind: str, at: str | None, incident: str | None, *,
    shareable: bool, update: str | None, amend: str | None, retract: str | None, retype: str | None, reason: str | None,
) -> None:  # fmt: skip
    """Write into the timeline. TEXT may be - for standard input."""
    from console.services import incidents

    named = [one for one in (amend, retract, retype) if one is not None]
    if named or reason is not None:
        spare = paste is not None or at is not None or incident is not None or shareable or update is not None
        if (
            len(named) != 1
            or spare
            or (text is None) == (amend is not None)
            or (reason is None) == (retract is not None)
        ):
            raise WrongUse(
                "It is --amend ENTRY with a text, --retract ENTRY with a --reason, or --retype ENTRY with a --kind.",
                "Give one of them, and nothing else.",
            )
        _say_later(call, named[0], text, reason, kind)
        return
    if paste is not None and (shareable or update is not None):
        raise WrongUse("A pasted log is quoted as it is.", "Mark or promise in a note of your own words.")
    if update is not None:
        _announce(call, incident, update, text or "", shareable=shareable)
        return
    if (text is None) == (paste is None):
        raise WrongUse("Give either a text or --paste FILE.", "See `standdown note --help`.")
    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        if paste is not None:
            found = incidents.paste(session, _read(paste), inc=inc, source="" if paste == "-" else Path(paste).name)
        else:
            occurred = None if at is None else moment(at, session.clock.wall_ms())
            body = _read("-") if text == "-" else str(text)
            pub: dict[str, JsonValue] = {"shareable": True} if shareable else {}
            found = [incidents.write(session, kind, body, inc=inc, occurred_ms=occurred, pub=pub)]
    call.tell({"ok": True, "entries": [one.id for one in found], "incident": inc}, f"Saved: {len(found)} entries."
              if len(found) != 1 else f"Saved as {found[0].id[:16]}.")  # fmt: skip


def _say_later(call: Call, entry: str, text: str | None, reason: str | None, kind: str) -> None:
    """Amend, take back, or tell as another kind."""
    from console.services import timeline

    with call.session() as session:
        of = timeline.find_entry(session, entry).id
        if text is not None:
            stored = timeline.amend(session, of, _read("-") if text == "-" else text)
        elif reason is not None:
            stored = timeline.retract(session, of, reason)
        else:
            stored = timeline.retype(session, of, kind)
    call.tell({"ok": True, "entries": [stored.id], "of": of}, f"Saved as {stored.id[:16]}; {of[:16]} stays, marked.")


def _announce(call: Call, incident: str | None, update: str, text: str, *, shareable: bool) -> None:
    """A promise of the next update; a time of day that is over today is tomorrow's."""
    from console.services import brief, incidents

    with call.session() as session:
        now = session.clock.wall_ms()
        due = None if update == "none" else moment(update, now)
        if due is not None and due <= now and ":" in update and len(update) < 6:  # noqa: PLR2004  HH:MM
            due += 24 * 3_600_000
        if due is not None and due <= now:
            raise WrongUse("The next update cannot be due in the past.", "Give a moment that is still to come.")
        stored = brief.announce(session, incidents.find_incident(session, incident), due, text, shareable=shareable)
    call.tell({"ok": True, "entries": [stored.id], "due_ms": due}, str(stored.disclosed["text"]))


def _read(name: str) -> str:
    try:
        with click.open_file(name, "rb") as stream:
            raw: bytes = stream.read(1024 * 1024)
        return raw.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise WrongUse(f"{Path(name).name} is not text in UTF-8.", "Convert it first.") from None
