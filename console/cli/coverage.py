"""`standdown coverage`: surfaces by the five categories of correction, and the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli.frame import Call, pass_call, when

if TYPE_CHECKING:
    from console.services.coverage import Cell


@click.command("coverage", epilog="\b\nExample:\n  standdown coverage --json")
@pass_call
def command(call: Call) -> None:
    """What can be done where, whether it can be undone, and how fast it was in force when last rehearsed."""
    from console.services import coverage

    with call.session() as session:
        found = coverage.coverage(session)
    rows = [
        {
            "surface": row.surface, "name": row.name, "model": row.model, "provider": row.provider, "kind": row.kind,
            "control": row.control, "reach": row.reach,
            "cells": [
                {
                    "category": cell.category, "state": cell.state, "gap": cell.gap, "levers": list(cell.levers),
                    "reversal": cell.reversal, "bound_s": cell.bound_s, "why": cell.why, "times": cell.times,
                    "takes": cell.takes,
                    "rehearsed_ms": None if cell.last is None else cell.last.at_ms,
                    "enforced_in_ms": None if cell.last is None else cell.last.in_ms,
                    "canary": cell.last is not None and cell.last.canary,
                    "by_hand": cell.last is not None and cell.last.by_hand,
                }
                for cell in row.cells
            ],
        }
        for row in found.rows
    ]  # fmt: skip
    lines: list[str] = []
    for row in found.rows:
        lines.append(f"{row.model} at {row.provider or '-'}: {row.name} ({row.kind}, {row.reach})")
        lines += [f"    {cell.category:<12} {_told(cell)}" for cell in row.cells]
    gaps = [f"GAP  {one}" for one in found.gaps]
    none = "No surface is in the inventory: standdown provider add ..."
    call.tell({"ok": True, "now_ms": found.now_ms, "surfaces": rows, "gaps": list(found.gaps)},
              *(lines or [none]), *gaps)  # fmt: skip


_WORDS = {
    "none": "no lever", "by-hand": "by hand", "unproven": "unproven", "possible": "untried",
    "tried": "tried, never enforced", "rehearsed": "rehearsed", "out-of-reach": "out of reach", "elsewhere": "not here",
}  # fmt: skip


_UNDONE = {
    "exact": "can be undone", "best-effort": "can be undone, as well as may be", "none": "CANNOT be undone",
}  # fmt: skip


def _told(cell: Cell) -> str:
    from console.services.clock_words import length

    told = [_WORDS[cell.state]]
    if cell.last is not None:
        took = "" if cell.last.in_ms is None else f", in force within {length(cell.last.in_ms)}"
        told.append(f"{when(cell.last.at_ms)}{took}{' (canary)' if cell.last.canary else ''}")
    if cell.levers:
        told += [_UNDONE[cell.reversal], "; ".join(cell.levers)]
    elif cell.why:
        told.append(cell.why)
    return "  ".join(told)
