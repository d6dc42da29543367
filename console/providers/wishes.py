"""A wish made of plain words, so that services need not know the adapter contract. It plans nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from adapters.contract import (
    FINISH,
    RUNNING,
    STOP,
    AdapterFault,
    Category,
    Found,
    Lever,
    Manifest,
    Planned,
    Request,
    Wish,
)
from adapters.hand import BACK, FILE, INSTRUCTION, PATCH

__all__ = [
    "BACK", "FILE", "FINISH", "INSTRUCTION", "PATCH", "RUNNING", "STOP", "AdapterFault", "Category", "Found", "Lever",
    "Manifest", "Planned", "Request", "Wish", "wish",
]  # fmt: skip


def wish(
    lever: str,
    selector: str,
    surface_key: str,
    params: Mapping[str, str],
    direction: Literal["contain", "restore"] = "contain",
) -> Wish:
    """What people want pulled, in the contract's form."""
    return Wish(lever=lever, selector=selector, surface_key=surface_key, params=dict(params), direction=direction)
