"""Corrections as values, for what is made from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.outbox.item import Row
from console.services.standing import Standing, TargetStanding

NOW_MS = 1_800_000_000_000
MIN_MS = 60_000


def target(state: str = "queued", **changed: Any) -> TargetStanding:
    made = TargetStanding(
        index=0, name="Research key", selector="key-17", lever="key.block", lever_title="Block a key", category="user",
        model="F-7", surface="t-1", surface_name="gateway F-7", instance="g-1", instance_name="gateway", by_hand=False,
        canary=False, reach="our-customers", reversal="exact", state=state, since_ms=NOW_MS - MIN_MS, detail="",
        evidence=None, passes=0, row=None,
    )  # fmt: skip
    return replace(made, **changed)


def row(**changed: Any) -> Row:
    made = Row(
        doc="d" * 64, target=0, op="a-1", inc="i-1", instance="g-1", direction="contain", by_hand=False, state="queued",
        attempt=0, since_ms=NOW_MS - MIN_MS, decided_ms=NOW_MS - MIN_MS,
    )  # fmt: skip
    return replace(made, **changed)


def standing(*targets: TargetStanding, **changed: Any) -> Standing:
    made = Standing(
        op="a-1", doc="d" * 64, rev=1, inc="i-1", direction="contain", gravity="high", title="Block a key",
        reason="exploits", state=targets[0].state if targets else "proposed", partial="", proposer="p-1",
        proposed_ms=NOW_MS - 2 * MIN_MS, signed=("p-1",), authorised_ms=NOW_MS - MIN_MS,
        approve_by_ms=NOW_MS + 10 * MIN_MS, execute_by_ms=NOW_MS + 60 * MIN_MS, execute_until_ms=NOW_MS + 600 * MIN_MS,
        review_by_ms=NOW_MS + 1000 * MIN_MS, undo_until_ms=NOW_MS + 5 * MIN_MS, undoes=None, undone_by=None,
        attention=(), targets=targets,
    )  # fmt: skip
    return replace(made, **changed)
