"""`standdown sync`: exchange the record with colleagues through shared folders."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, exit_with, pass_call

NO_CONNECTION = 4


@click.group("sync")
def command() -> None:
    """Exchange the record with colleagues through a folder on a share, a synchronised folder or a stick."""


@command.command("run", epilog="\b\nExample:\n  standdown sync run")
@pass_call
def run(call: Call) -> None:
    """Meet every place once: take in what is new, give out what is ours. Exit status 4 where one cannot be met."""
    from console.services.exchange import sync_all

    with call.session() as session:
        met = sync_all(session)
    lines: list[str] = []
    for one in met:
        lines.append(one.place)
        lines += [f"  {text}" for text in ((one.fault,) if one.report is None else one.report.sentences)]
    call.tell(
        {
            "ok": all(one.report is not None for one in met),
            "places": [
                {
                    "place": one.place, "fault": one.fault or None,
                    "sent": one.report.sent if one.report else 0, "received": one.report.received if one.report else 0,
                    "waiting": one.report.waiting if one.report else 0,
                    "faults": list(one.report.faults) if one.report else [],
                }
                for one in met
            ],
        },
        *lines,
    )  # fmt: skip
    exit_with(0 if all(one.report is not None for one in met) else NO_CONNECTION)


@command.command("add", epilog="\b\nExample:\n  standdown sync add /mnt/share/standdown")
@click.argument("folder", type=click.Path(path_type=Path))
@pass_call
def add(call: Call, folder: Path) -> None:
    """Sync with FOLDER from now on."""
    from console.services.exchange import add_place

    with call.session() as session:
        add_place(session, folder)
        places = list(session.settings.places)
    call.tell({"ok": True, "places": places}, f"Places: {', '.join(places)}.")


@command.command("places")
@pass_call
def places(call: Call) -> None:
    """List the places of this profile."""
    with call.session() as session:
        found = list(session.settings.places)
    call.tell({"ok": True, "places": found}, *(found or ["There is none yet: standdown sync add FOLDER."]))
