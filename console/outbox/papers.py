"""Documents as they stand here and the approvals entries carry, each proven before anything is asked of it.

A document is its bytes' own name; an approval is its signature's. No row is taken on its word.
"""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from console.domain.actions import Action, ApprovalRecord, Document, parse_document
from console.domain.errors import Problem
from console.domain.facts import KeyKind, Signed, approver_keys
from console.domain.forms import Policy
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal.rows import select_document, select_entries
from console.journal.schema import BY_KIND_SAID, KIND_SAID
from console.journal.values import DocumentRow, Stored
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster
from console.keys.sshsig import approve_ns, verify

_MAX_RECORD_BYTES = 16 * 1024
# a console's own feed carries what was signed at its shared seat (protocol.md section 11)
CARRIERS = (
    "correction.approved", "correction.refused", "document.approved", "document.refused", "approval.received",
)  # fmt: skip


class UnknownDocument(Problem):
    """The document is not on this console."""

    exit_code = 4

    def __init__(self, sha: str) -> None:
        """Name it by its first digits."""
        super().__init__(f"The document {sha[:16]} is not here yet.", "Sync, then try again.")


class NoPolicy(Problem):
    """The roster names no approval policy, so nothing can be decided."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("The roster names no approval policy.", "Found the organisation first; then decide.")


class UnprovenRecord(Problem):
    """An approval whose signature does not hold; it counts for nothing."""


@dataclass(frozen=True, slots=True)
class Held:
    """A document as it stands here: its bytes proven against its name, parsed, with its opened values."""

    sha: str
    document: Document
    row: DocumentRow

    def disclosed(self, target: int) -> dict[str, JsonValue]:
        """The values of one target, by name."""
        if not isinstance(self.document, Action):
            return {}
        found = (self.row.disclosed_by_digest.get(digest) for digest in self.document.targets[target].sd)
        return {pair[0]: pair[1] for pair in found if pair is not None}


def read_document(connection: sqlite3.Connection, sha: str) -> Held:
    """The document of this name.

    Raises:
        UnknownDocument: when it is not here.
        BadForm: when its bytes are not its name's, or no form this version knows.
    """
    row = select_document(connection, sha)
    if row is None or canon.sha256_hex(row.raw) != sha:
        raise UnknownDocument(sha)
    return Held(sha, _parsed(sha, row.raw), row)


@lru_cache(maxsize=64)
def _parsed(_sha: str, raw: bytes) -> Document:
    """Of bytes proven to be their name's: a dispatch asks for the same document again at every step of every target."""
    return parse_document(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))


def good_entries(connection: sqlite3.Connection, kinds: Iterable[str], inc: str | None = None) -> list[Stored]:
    """Entries of these kinds that count (neither quarantined nor forked), in order of hybrid time.

    Of all incidents, unless one is named.
    """
    names = tuple(kinds)
    where = f"{BY_KIND_SAID} AND {KIND_SAID} IN ({','.join('?' * len(names))}) AND s.id IS NULL"
    values: tuple[object, ...] = names
    if inc is not None:
        where, values = f"{where} AND e.inc = ?", (*names, inc)
    return select_entries(connection, where, values, order="e.hlc_ms, e.hlc_n, e.feed, e.seq")


def prove_record(pub: dict[str, JsonValue], roster: VerifiedRoster, received_ms: int) -> Signed:
    """The approval in an entry's public part, its SSHSIG verified under the roster's approver key.

    Raises:
        Problem: `UnprovenRecord`, `BadSignature` or `BadForm`; in every case it counts for nothing.
    """
    try:
        raw = base64.b64decode(str(pub["record"]), validate=True)
        sig = base64.b64decode(str(pub["sig"]), validate=True)
    except (KeyError, binascii.Error, ValueError):
        raise UnprovenRecord("An approval is not readable.", "Ask its signer for it again.") from None
    record = _record(raw)
    if record.doc != pub.get("doc"):
        raise UnprovenRecord("An approval is about another document than its entry says.", "It does not count.")
    listed = approver_keys(roster.roster).get(record.key)
    if listed is None:
        raise UnprovenRecord("An approval was signed by a key that is no approver's.", "It does not count.")
    if listed[0].person != record.person:
        raise UnprovenRecord("An approval was signed by another person than it names.", "It does not count.")
    kind, user_verified = _verified(listed[1].key, roster.roster.org, raw, sig)
    return Signed(record, kind, user_verified, received_ms)


@lru_cache(maxsize=512)
def _record(raw: bytes) -> ApprovalRecord:
    return ApprovalRecord.parse(canon.decode(raw, limit=_MAX_RECORD_BYTES))


@lru_cache(maxsize=512)
def _verified(line: str, org: str, raw: bytes, sig: bytes) -> tuple[KeyKind, bool]:
    """Kind of the key, and whether it verified its user. The same bytes hold for ever; what fails is proven anew."""
    key = PublicKey.parse(line)
    return key.kind, verify(key, approve_ns(org), raw, sig).user_verified


def proven_records(entries: Sequence[Stored], roster: VerifiedRoster) -> list[tuple[Stored, Signed]]:
    """Those of these entries that carry a proven approval; when it was received is the entry's own time."""
    found: list[tuple[Stored, Signed]] = []
    for stored in entries:
        try:
            found.append((stored, prove_record(stored.entry.pub, roster, stored.entry.hlc[0])))
        except Problem:
            continue
    return found


def policy_of(roster: VerifiedRoster) -> str:
    """The policy in force is the roster's. A document never brings its own: it could be a laxer one.

    Raises:
        NoPolicy: when the roster names none (a provisional record).
    """
    if roster.roster.policy is None:
        raise NoPolicy
    return roster.roster.policy


def read_policy(connection: sqlite3.Connection, sha: str) -> Policy:
    """The policy document of this name.

    Raises:
        UnknownDocument: when it is not here.
    """
    row = select_document(connection, sha)
    if row is None or canon.sha256_hex(row.raw) != sha:
        raise UnknownDocument(sha)
    return Policy.parse(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES))
