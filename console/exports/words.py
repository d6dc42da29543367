"""Times in words for the readable files of a bundle: always UTC, always the same for the same evidence."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(at_ms: int) -> str:
    """Date, time and zone."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(ms: int) -> str:
    """A length of time in words."""
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"
