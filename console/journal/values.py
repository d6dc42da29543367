"""What goes into the journal and what comes out of it, as values. No bytes are read or written here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from console.domain.forms import Entry
from console.domain.profile import JsonValue
from console.keys.signer import Signer

Standing = Literal["good", "quarantined", "forked"]
MAX_AHEAD_MS = 5 * 60_000


class Answer(StrEnum):
    """The door's answer to one offered entry (section 4). `stored` tells whether the bytes are kept."""

    inserted = "inserted"
    exists = "exists"
    gap = "gap"
    forked = "forked"
    bad_signature = "bad-signature"
    unknown_key = "unknown-key"
    after_revocation = "after-revocation"
    skewed = "skewed"
    malformed = "malformed"

    @property
    def stored(self) -> bool:
        """Whether the entry is in the journal now (in whatever standing)."""
        return self in _STORED

    @property
    def retry(self) -> bool:
        """Whether the same bytes may be accepted later, once an earlier entry or a roster has arrived."""
        return self in {Answer.gap, Answer.unknown_key}


_STORED = frozenset({Answer.inserted, Answer.exists, Answer.forked, Answer.after_revocation, Answer.skewed})


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place: kind, incident (None = organisation), action, public part, named values."""

    kind: str
    inc: str | None = None
    subj: str | None = None
    pub: dict[str, JsonValue] = field(default_factory=dict)
    disclosures: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedSigner:
    """An open feed and the key that signs it. `author` is None for a console's own feed."""

    feed: str
    author: str | None
    console: str
    signer: Signer
    org: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as the journal holds it.

    `n` is the local order of receipt (never signed). `disclosed` holds the values present here by name, each proven
    against the signed digests. `damaged` counts stored disclosures that are not in the signed bytes. `absent` counts
    digests without a value here (not here yet, or redacted).
    """

    n: int
    id: str
    feed: str
    seq: int
    entry: Entry
    raw: bytes
    sig: bytes
    disclosed: dict[str, JsonValue]
    received_ms: int
    standing: Standing
    absent: int = 0
    damaged: int = 0

    @property
    def skewed(self) -> bool:
        """Whether its clock was more than five minutes ahead when it arrived."""
        return self.entry.hlc[0] > self.received_ms + MAX_AHEAD_MS


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A content-named document and the values here that it carries digests of: digest -> (name, value)."""

    sha256: str
    raw: bytes
    type: str
    op: str | None
    carried_by: str | None
    received_ms: int
    disclosed_by_digest: dict[str, tuple[str, JsonValue]]
    strings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of offered disclosures: `kept` (or here already), `dropped` (redacted, or no digest names it)."""

    kept: int
    dropped: int
    holder_known: bool


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """Who writes a feed: key fingerprint, person (None for a machine feed), console, id of its `feed.open`."""

    feed: str
    key: str
    author: str | None
    console: str
    opened: str
