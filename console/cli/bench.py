"""`standdown bench`: figures beside their floors, on this machine, in one run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from console.cli.frame import Call, exit_with, pass_call


@click.group("bench", invoke_without_command=True)
@click.option("--entries", type=click.IntRange(100, 100_000), default=2000, help="How many entries each measure takes.")
@click.pass_context
def command(ctx: click.Context, entries: int) -> None:
    """Measure durable signed appends and verification against raw floors; about fifteen seconds."""
    call: Call = ctx.obj
    if ctx.invoked_subcommand is not None:
        return
    from console.journal import bench

    call.progress("Measuring ...")
    figures = bench.run(entries=entries)
    rows: list[dict[str, Any]] = [asdict(one) for one in figures]
    call.tell({"ok": True, "figures": rows}, *(one.line for one in figures))


@command.command("ui")
@click.option("--many", type=click.Path(path_type=Path, exists=True), help="A profile with a long timeline.")
@pass_call
def window(call: Call, many: Path | None) -> None:
    """Measure the window: start, keystroke to durable note, gaps, a long timeline, a busy board; about a minute."""
    from console.ui.bench import run

    figures = run(many, call.progress)
    rows: list[dict[str, Any]] = [asdict(one) for one in figures]
    call.tell({"ok": True, "figures": rows}, *(one.line for one in figures))


@command.command("dispatch")
@pass_call
def dispatch(call: Call) -> None:
    """Measure 1, 20 and 200 targets from decision to proof, and a window beside them; about three minutes."""
    from console.ui.bench_dispatch import run

    figures = run(call.progress)
    rows: list[dict[str, Any]] = [asdict(one) for one in figures]
    call.tell({"ok": True, "figures": rows}, *(one.line for one in figures))


@command.command("powercut")
@click.option("--rounds", type=click.IntRange(1, 1000), default=20, help="How often the power is cut.")
@pass_call
def powercut(call: Call, rounds: int) -> None:
    """Cut the power of a disk made for it while a journal is written there. Linux and root; two seconds a round."""
    from console.journal.powercut import Cut, cut_power

    def told(number: int, cut: Cut) -> None:
        call.progress(
            f"Cut {number}: {cut.acknowledged} acknowledged so far, {cut.lost} lost. {cut.wrong or ''}".rstrip()
        )

    found = cut_power(rounds, told)
    line = (
        f"{len(found.cuts)} cuts: {found.lost} of {found.acknowledged} acknowledged lost; "
        f"the journal {'held after each' if found.wrong is None else f'did not hold: {found.wrong}'}. "
        f"Control, SQLite without a sync at every commit: {found.control_lost} of {found.control_rows} rows lost."
    )
    if not found.control_lost:
        line += " The control lost nothing, so this run proves nothing: run it again."
    result = {
        "ok": found.holds, "cuts": len(found.cuts), "acknowledged": found.acknowledged, "lost": found.lost,
        "wrong": found.wrong, "control_rows": found.control_rows, "control_lost": found.control_lost,
    }  # fmt: skip
    call.tell(result, line)
    if not found.holds:
        exit_with(1)
