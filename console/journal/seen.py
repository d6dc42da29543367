"""Hands stored entries to the folds of `console.domain`. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.seen import Seen
from console.journal.values import Stored


def seen(stored: Stored) -> Seen:
    """One stored entry as the folds read it."""
    entry = stored.entry
    return Seen(
        id=stored.id,
        feed=entry.feed,
        seq=entry.seq,
        author=entry.author,
        console=entry.console,
        kind=entry.kind,
        pub=entry.pub,
        hlc=entry.hlc,
        subj=entry.subj,
        inc=entry.inc,
        refs=entry.refs,
        disclosed=stored.disclosed,
        standing=stored.standing,
        received_ms=stored.received_ms,
    )


def all_seen(entries: Iterable[Stored]) -> list[Seen]:
    """All of them, in the given order; the folds bring them into theirs."""
    return [seen(stored) for stored in entries]
