"""Whose limit it was that answered 429, as far as the answer's own headers tell."""

from __future__ import annotations

from adapters.contract import Reply


def is_higher(reply: Reply | None, header: str, asked: str) -> bool:
    """Whether the limit that was met is higher than the one asked for, so that it is another one; no header says no."""
    told = "" if reply is None else reply.headers.get(header, "")
    return told.isdecimal() and asked.isdecimal() and int(told) > int(asked)
