"""`standdown record`: start a provisional record, alone and offline."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call
from console.runtime.settings import House

_HOUSES = ("make", "use", "both")


@click.group("record")
def command() -> None:
    """Start a record now, alone, without any network."""


@command.command(epilog='\b\nExample:\n  standdown record start --name "Duty officer"')
@click.option("--name", required=True, help="Your name, as colleagues will read it.")
@click.option("--drill", is_flag=True, help="A practice record: it can hold no real provider.")
@click.option("--agent", metavar="KEY", help="Sign with this key of your ssh-agent: fingerprint, comment or .pub file.")
@click.option("--house", type=click.Choice(_HOUSES), help="Do you make or host the model, use it, or both?")
@pass_call
def start(
    call: Call, name: str, drill: bool, agent: str | None, house: House | None  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Make a profile with your writer key and begin the record."""
    from console.keys.agent import agent_of
    from console.services import setup
    from console.services.record import start_record

    held = None if agent is None else agent_of().find(agent)
    made = start_record(call.paths(), call.passphrase, name=name, world="drill" if drill else "real", held=held)
    if house is not None:
        setup.choose_house(call.paths(), house)
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


@command.command()
@click.argument("answer", type=click.Choice(_HOUSES), required=False)
@pass_call
def house(call: Call, answer: House | None) -> None:
    """Say, or show, whether you make or host the model, use it, or both."""
    from console.runtime.settings import read_settings
    from console.services import setup

    if answer is not None:
        setup.choose_house(call.paths(), answer)
    kept = read_settings(call.paths().settings).house
    told = {"make": "You make or host the model.", "use": "You use the model.", "both": "You make and use models."}
    call.tell({"ok": True, "house": kept}, "Nobody said yet." if kept is None else told[kept])
