"""The part of `standdown org` about this console's keys and envelopes, and about records and letters of others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from console.cli.frame import Call, pass_call, when
from console.domain.errors import WrongUse

device_option = click.option(
    "--security-key", "on_device", is_flag=True, help="Make the approver key on the FIDO2 key that is plugged in."
)


@click.command()
@click.argument("use", type=click.Choice(["writer", "approver", "recovery"]))
@click.option("--agent", metavar="KEY", help="The new writer key is this key of your ssh-agent.")
@click.option("--envelopes", type=click.Path(path_type=Path), help="Where the two new recovery sheets go.")
@device_option
@pass_call
def renew(
    call: Call,
    use: Literal["writer", "approver", "recovery"],
    agent: str | None,
    envelopes: Path | None,
    on_device: bool,  # noqa: FBT001  click hands options by name
) -> None:
    """Make a new key for this console, or two new envelopes; used from when a roster that names it is in force."""
    from console.cli.org import share, tell_outcome
    from console.keys.agent import agent_of
    from console.services import renewal

    held = None if agent is None else agent_of().find(agent)
    with call.session() as session:
        where = None if envelopes is None else envelopes.absolute()
        words, outcome = renewal.renew(session, use, held=held, on_device=on_device, envelopes=where)
        share(session)
    if outcome is None:
        call.tell({"ok": True, "words": words}, "Read these words to an admin (org admit --device):", f"  {words}")
    else:
        then = {"recovery": "print, seal and delete the new envelopes (`standdown org envelopes`)"}
        told = "Proposed and signed. Another admin signs next; "
        told += then.get(use, "from then on this console uses the new key") + "."
        tell_outcome(call, outcome, told)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--keeper", default="", help="With whom it is lodged: counsel, auditor, a public page.")
@pass_call
def lodge(call: Call, path: Path, keeper: str) -> None:
    """Write the one-page letter that others keep for you, and record it."""
    from console.services import lodging

    with call.session() as session:
        made = lodging.lodge(session, path.absolute(), keeper)
    call.tell(
        {"ok": True, "path": str(path), "sha256": made.sha256, "entry": made.entry.id},
        f"Written to {path}. Print it, lodge it with counsel, an auditor or a public page; again each month.",
        f"SHA-256 {made.sha256}",
    )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--look", is_flag=True, help="Only say what lies there: whose it is, and its beginning in words.")
@pass_call
def adopt(call: Call, folder: Path, look: bool) -> None:  # noqa: FBT001  click hands options by name
    """Take over one person's provisional record (its profile folder) into this organisation, as it stands."""
    from console.services import lodging

    with call.session() as session:
        found = lodging.read_record(session, folder.absolute())
        stored = None if look else lodging.adopt_record(session, folder.absolute(), seen=found)
    told = {"name": found.name, "org": found.org, "words": found.words, "entries": found.entries, "known": found.known}
    lines = [f"{found.name}'s record {found.org}, begun {when(found.begun_ms)}: {found.entries} entries.",
             f"Its beginning in words: {found.words}"]  # fmt: skip
    if stored is not None:
        lines.append(f"Taken over, saved as {stored.id[:16]}. Its bytes stay where they are.")
    elif found.known:
        lines.append("It was taken over as it stands already.")
    call.tell({"ok": True, "entry": None if stored is None else stored.id, **told}, *lines)


@click.command()
@click.option("--print", "which", type=click.IntRange(1, 2), help="Print that envelope, as plain text.")
@click.option("--printer", default="", help="With --print: which printer. Default: the system's usual one.")
@click.option("--delete", is_flag=True, help="They are printed and sealed: delete the files.")
@pass_call
def envelopes(call: Call, which: int | None, printer: str, delete: bool) -> None:  # noqa: FBT001  click's options
    """Your recovery envelopes that still lie as files."""
    from console.services import envelopes as sheets
    from console.services import setup

    if which is not None:
        one, known = sheets.one_of(call.paths(), which), sheets.printers()
        chosen = printer or next(iter(known), "")
        if not chosen:
            raise WrongUse("No printer is set up here.", f"Print {one.path} elsewhere, from a stick.")
        sheets.send_to_printer(chosen, f"Standdown envelope {which}", one.text.encode())
        call.tell({"ok": True, "printed": which, "printer": chosen}, f"Envelope {which} was handed to {chosen}.")
        return
    left = [str(path) for path in setup.envelopes_left(call.paths())]
    gone = setup.delete_envelopes(call.paths()) if delete else 0
    lines = [f"Deleted: {path}" for path in left] if delete else left
    call.tell({"ok": True, "envelopes": [] if delete else left, "deleted": gone}, *(lines or ["None lies as a file."]))


COMMANDS = (adopt, envelopes, lodge, renew)
