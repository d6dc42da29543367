"""`standdown bench`: this machine's figures beside raw floors measured in the same run."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call


@click.command("bench", epilog="\b\nExample:\n  standdown bench --entries 5000")
@click.option(
    "--entries", type=click.IntRange(200, 1_000_000), default=2000, show_default=True, help="How many a round."
)
@pass_call
def command(call: Call, entries: int) -> None:
    """Measure durable appends and verification. The floor is the work nobody can leave out."""
    from console.journal import bench

    call.progress(f"Measuring {entries} entries a round, several rounds; this takes a while ...")
    figures = bench.run(entries=entries)
    call.tell(
        {
            "ok": True,
            "figures": [
                {
                    "name": one.name, "value": round(one.value, 1), "unit": one.unit, "floor": round(one.floor, 1),
                    "ratio": round(one.ratio, 3), "target": one.target,
                }
                for one in figures
            ],
        },
        *(
            f"{one.name:<44} {one.value:>10,.0f} {one.unit}   floor {one.floor:>10,.0f}   ratio {one.ratio:.2f}"
            f"   (well from {one.target:.2f})"
            for one in figures
        ),
    )  # fmt: skip
