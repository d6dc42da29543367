"""How far a journal was verified before: a small file beside it, so that the next start need not begin anew.

A hint, never evidence: whoever asks for a verification by name gets a whole one. It only ever says "there was more".
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.runtime.plain import read_plain

_FORM = 1
_MOST_BYTES = 64 * 1024 * 1024  # some 300,000 feeds


@dataclass(frozen=True, slots=True)
class FeedUpto:
    """One feed: the last entry proven, how many entries that were, and how many values beside them."""

    seq: int
    id: str
    entries: int
    values: int


@dataclass(frozen=True, slots=True)
class Upto:
    """What was proven. It holds only for a journal with the same newest `roster` (a hash) and as many tombstones.

    `document` is the last one's local number; `blob` the last of `blobs` attachments, received at `blobs_ms`.
    """

    roster: str = ""
    tombstones: int = 0
    feeds: dict[str, FeedUpto] = field(default_factory=dict[str, FeedUpto])
    document: int = 0
    documents: int = 0
    document_values: int = 0
    blobs: int = 0
    blobs_ms: int = -1
    blob: str = ""

    @property
    def entries(self) -> int:
        """How many entries were proven."""
        return sum(one.entries for one in self.feeds.values())

    @property
    def values(self) -> int:
        """How many values were proven."""
        return self.document_values + sum(one.values for one in self.feeds.values())


def path_of(paths: ProfilePaths) -> Path:
    """Where the hint of this profile lies; deletable at any time."""
    return paths.root / "verified.json"


def read_upto(path: Path) -> Upto:
    """What the file says; nothing where there is none, or none that can be understood."""
    try:
        found = json.loads(read_plain(path, _MOST_BYTES))
        if found.pop("form") != _FORM:
            return Upto()
        feeds = {str(feed): FeedUpto(**facts) for feed, facts in found.pop("feeds").items()}
        upto = Upto(feeds=feeds, **found)
        numbers = [upto.tombstones, upto.document, upto.documents, upto.document_values, upto.blobs, upto.blobs_ms]
        numbers += [number for one in feeds.values() for number in (one.seq, one.entries, one.values)]
        texts = [upto.roster, upto.blob, *(one.id for one in feeds.values())]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Upto()
    if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
        return Upto()
    return upto


def write_upto(path: Path, upto: Upto) -> None:
    """Replace the hint.

    Raises:
        OSError: where the folder cannot be written; nothing depends on it.
    """
    platform.write_durably(path, json.dumps({"form": _FORM, **asdict(upto)}, sort_keys=True).encode())
