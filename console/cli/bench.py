"""`standdown bench`: figures beside their floors, on this machine, in one run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from console.cli.frame import Call, pass_call


@click.command("bench")
@click.option("--entries", type=click.IntRange(100, 100_000), default=2000, help="How many entries each measure takes.")
@pass_call
def command(call: Call, entries: int) -> None:
    """Measure durable signed appends and verification against raw floors; about ten seconds."""
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
