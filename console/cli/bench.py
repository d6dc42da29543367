"""`standdown bench`: figures beside their floors, on this machine, in one run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from console.cli.frame import Call, pass_call


@click.group("bench", invoke_without_command=True)
@click.option("--entries", type=click.IntRange(100, 100_000), default=2000, help="How many entries each measure takes.")
@click.pass_context
def command(ctx: click.Context, entries: int) -> None:
    """Measure durable signed appends and verification against raw floors; about ten seconds."""
    call: Call = ctx.obj
    if ctx.invoked_subcommand is not None:
        return
    from console.journal import bench

    call.progress("Measuring ...")
    figures = bench.run(entries=entries)
    rows: list[dict[str, Any]] = [asdict(one) for one in figures]
    call.tell(
        {"ok": True, "figures": rows},
        *(
            f"{one.name:<28} {one.value:>9.0f} {one.unit}, floor {one.floor:.0f}: {one.ratio:.2f} (of {one.target:.2f})"
            for one in figures
        ),
    )


@command.command("ui")
@click.option("--many", type=click.Path(path_type=Path, exists=True), help="A profile with a long timeline.")
@pass_call
def window(call: Call, many: Path | None) -> None:
    """Measure the window: start, keystroke to durable note, gaps, a long timeline, a busy board; about a minute."""
    from console.ui.bench import run

    figures = run(many, call.progress)
    rows: list[dict[str, Any]] = [asdict(one) for one in figures]
    call.tell({"ok": True, "figures": rows}, *(one.line for one in figures))
