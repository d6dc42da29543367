"""`standdown record`: start a provisional record, alone and offline."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call


@click.group("record")
def command() -> None:
    """Start a record now, alone, without any network."""


@command.command(epilog='\b\nExample:\n  standdown record start --name "Duty officer"')
@click.option("--name", required=True, help="Your name, as colleagues will read it.")
@click.option("--drill", is_flag=True, help="A practice record: it can hold no real provider.")
@pass_call
def start(call: Call, name: str, drill: bool) -> None:  # noqa: FBT001  click hands options by name
    """Make a profile with your writer key and begin the record."""
    from console.services.record import start_record

    made = start_record(call.paths(), call.passphrase, name=name, world="drill" if drill else "real")
    call.tell(
        {
            "ok": True, "org": made.org, "person": made.person, "console": made.console, "genesis": made.genesis,
            "words": made.words, "profile": str(call.paths().root), "provisional": True,
        },
        "PROVISIONAL: ONE PERSON",
        f"Your record begins in {call.paths().root}.",
        f"Its fingerprint in words: {made.words}",
        "You can write, attach evidence and record corrections by hand now. Dispatch needs a second person:",
        "  standdown org found --folder FOLDER",
    )  # fmt: skip
