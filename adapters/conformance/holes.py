"""What may be said after a look of which one read failed: less, and never something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.contract import Found, Planned, ReadBack, Status


def status_with(whole: Status, seen: Status) -> str:
    """Why a status with a hole misleads; empty where it does not."""
    before, after = ({one.key: one for one in look.surfaces} for look in (whole, seen))
    if missing := set(before) - set(after):
        return f"{len(missing)} surfaces are left out"
    for key, one in before.items():
        now = after[key]
        if now.state not in {one.state, "unknown"}:
            return f"{key} passes for {now.state}, and is {one.state}"
        if (now.restrictions, now.state) != (one.restrictions, one.state) and not (now.detail or seen.detail):
            return f"{key} is told otherwise, and nothing says why"
    return ""


def found_with(whole: Sequence[Found], seen: Sequence[Found]) -> str:
    """Why what was discovered misleads."""
    missing = {one.key for one in whole} - {one.key for one in seen}
    return f"{len(missing)} surfaces are left out" if missing else ""


def plan_with(whole: Planned, seen: Planned) -> str:
    """Why a plan misleads. Notes and counts may be fewer; what is signed may not be another."""
    for what in ("pre", "wanted", "requests", "revert", "selectors", "reach", "reversal"):
        if getattr(whole, what) != getattr(seen, what):
            return f"it plans another {what}"
    return ""


def back_with(whole: ReadBack, seen: ReadBack) -> str:
    """Why a read back misleads."""
    if seen.verdict == "cannot-tell" or (seen.verdict, seen.fields) == (whole.verdict, whole.fields):
        return ""
    return f"it says {seen.verdict}, and the fields {dict(seen.fields)}"


JUDGES: Mapping[str, Callable[[Any, Any], str]] = {
    "status": status_with, "discover": found_with, "plan": plan_with, "read_back": back_with,
    "plan_many": plan_with, "read_back_many": back_with,
}  # fmt: skip
