"""What the quorum rule needs to know, folded from the journal inside one transaction: the deciding console's view.

It verifies every approval's signature itself. It must never take a fact from a row that no signed entry carries.
"""

from __future__ import annotations

import base64
import binascii
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from console.domain.actions import Action, ApprovalRecord, Document, parse_document
from console.domain.errors import BadForm, Problem
from console.domain.facts import Facts, Signed, approver_keys
from console.domain.forms import Entry, Head, Policy
from console.domain.moment import FACT_KINDS, HOUR_MS, Paper, facts_at
from console.domain.moment import View as MomentView
from console.domain.moment import may_cancel as may_cancel_at
from console.domain.profile import MAX_DOCUMENT_BYTES, JsonValue
from console.journal.faults import Damaged
from console.journal.rows import select_document, select_entries, select_heads
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
    return Held(sha, parse_document(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES)), row)


def good_entries(connection: sqlite3.Connection, kinds: Iterable[str], inc: str | None = None) -> list[Stored]:
    """Entries of these kinds that count (neither quarantined nor forked), in order of hybrid time.

    Of all incidents, unless one is named.
    """
    names = tuple(kinds)
    where = f"e.kind IN ({','.join('?' * len(names))}) AND s.id IS NULL"
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
    record = ApprovalRecord.parse(canon.decode(raw, limit=_MAX_RECORD_BYTES))
    if record.doc != pub.get("doc"):
        raise UnprovenRecord("An approval is about another document than its entry says.", "It does not count.")
    listed = approver_keys(roster.roster).get(record.key)
    if listed is None:
        raise UnprovenRecord("An approval was signed by a key that is no approver's.", "It does not count.")
    key = PublicKey.parse(listed[1].key)
    proven = verify(key, approve_ns(roster.roster.org), raw, sig)
    return Signed(record, key.kind, proven.user_verified, received_ms)


def proven_records(entries: Sequence[Stored], roster: VerifiedRoster) -> list[tuple[Stored, Signed]]:
    """Those of these entries that carry a proven approval; when it was received is the entry's own time."""
    found: list[tuple[Stored, Signed]] = []
    for stored in entries:
        try:
            found.append((stored, prove_record(stored.entry.pub, roster, stored.entry.hlc[0])))
        except Problem:
            continue
    return found


def heads_of(connection: sqlite3.Connection) -> tuple[Head, ...]:
    """The heads of every feed here, ascending by feed."""
    return tuple((feed, seq, ident) for feed, (seq, ident) in sorted(select_heads(connection).items()))


class Moments:
    """The journal inside one transaction, ready to be asked for the facts at any heads (`console.domain.moment`).

    It reads every entry once, so make one for each transaction that decides and throw it away after it.
    """

    __slots__ = ("_view", "now_heads", "roster")

    def __init__(
        self, connection: sqlite3.Connection, roster: VerifiedRoster, policy_sha: str, held: Held | None = None
    ) -> None:
        """Read what facts are folded from; `held` is a document that no entry may name yet.

        Raises:
            UnknownDocument: when the policy is not here.
        """
        entries = _entries(connection)
        papers = _papers(connection, entries.values())
        if held is not None:
            papers[held.sha] = Paper(held.document, held.row.disclosed_by_digest)
            _add_before(connection, held.document, papers)
        self.roster = roster
        self.now_heads = heads_of(connection)
        self._view = MomentView(
            entries=entries,
            papers=papers,
            roster=roster.roster,
            roster_sha=roster.sha256,
            policy=read_policy(connection, policy_sha),
            policy_sha=policy_sha,
            prove=partial(_prove, roster),
        )

    def at(self, seen: Iterable[Head], doc: str, now_ms: int) -> Facts:
        """Every fact about a document as it stood at these heads.

        Raises:
            NotSeen: when an entry that was seen is missing here.
        """
        return facts_at(self._view, seen, doc, now_ms)

    def may_cancel(self, doc: str, person: str) -> bool:
        """Whether a cancel of it by this person, written now, would count."""
        return may_cancel_at(self._view, self.now_heads, doc, person)


def policy_of(roster: VerifiedRoster) -> str:
    """The policy in force is the roster's. A document never brings its own: it could be a laxer one.

    Raises:
        NoPolicy: when the roster names none (a provisional record).
    """
    if roster.roster.policy is None:
        raise NoPolicy
    return roster.roster.policy


def _prove(roster: VerifiedRoster, entry: Entry) -> Signed | None:
    try:
        return prove_record(entry.pub, roster, entry.hlc[0])
    except Problem:
        return None


def _entries(connection: sqlite3.Connection) -> dict[str, Entry]:
    """Every entry by id: whole where a fact may follow from it, else no more than its place and its refs.

    Raises:
        Damaged: when stored bytes are no entry any more.
    """
    found: dict[str, Entry] = {}
    for ident, raw in connection.execute("SELECT id, raw FROM entry"):
        try:
            value = orjson.loads(raw)
            found[ident] = Entry.parse(value) if value["kind"] in FACT_KINDS else _place_of(value)
        except (BadForm, ValueError, LookupError, TypeError):
            raise Damaged(f"entry {str(ident)[:16]}", "it is no entry") from None
    return found


def _place_of(value: dict[str, Any]) -> Entry:
    """Checked at the door once, and nothing but its place is read of it here."""
    wall_ms, counter = value["hlc"]
    pub: dict[str, JsonValue] = {**value["pub"]}  # TypeError where it is no object
    return Entry(
        sd=(), author=value["author"], boot="", console=value["console"], feed=value["feed"], hlc=(wall_ms, counter),
        inc=value["inc"], iprev=None, iseq=0, key=value["key"], kind=value["kind"], mono=0, org=value["org"],
        prev=value["prev"], pub=pub, refs=tuple(value["refs"]), roster=(0, ""), seq=value["seq"],
        subj=value["subj"],
    )  # fmt: skip


def _papers(connection: sqlite3.Connection, entries: Iterable[Entry]) -> dict[str, Paper]:
    """Every document that an entry names, as far as it is here and readable."""
    found: dict[str, Paper] = {}
    for sha in {str(one.pub["doc"]) for one in entries if one.pub.get("doc")}:
        _add_paper(connection, sha, found)
    return found


def _add_paper(connection: sqlite3.Connection, sha: str, found: dict[str, Paper]) -> None:
    try:
        held = read_document(connection, sha)
    except Problem:
        return
    found[sha] = Paper(held.document, held.row.disclosed_by_digest)
    _add_before(connection, held.document, found)


def _add_before(connection: sqlite3.Connection, document: Document, found: dict[str, Paper]) -> None:
    """The action that a document undoes, extends or ratifies."""
    before = document.undoes if isinstance(document, Action) else getattr(document, "doc", None)
    if isinstance(before, str) and before not in found:
        _add_paper(connection, before, found)


def read_policy(connection: sqlite3.Connection, sha: str) -> Policy:
    """The policy document of this name.

    Raises:
        UnknownDocument: when it is not here.
    """
    row = select_document(connection, sha)
    if row is None or canon.sha256_hex(row.raw) != sha:
        raise UnknownDocument(sha)
    return Policy.parse(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES))


# -- questions asked before anything is decided ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """The journal as one connection sees it now, for questions that stand outside a decision."""

    connection: sqlite3.Connection

    def entries(self, kinds: Iterable[str], inc: str | None = None) -> list[Stored]:
        """As `good_entries`."""
        return good_entries(self.connection, kinds, inc)


def gather(view: View, held: Held, roster: VerifiedRoster, now_ms: int) -> Facts:
    """Every fact about one document as seen here and now.

    Raises:
        NoPolicy, UnknownDocument: when there is no policy, or it is not here.
    """
    moments = Moments(view.connection, roster, policy_of(roster), held)
    return moments.at(moments.now_heads, held.sha, now_ms)


def rehearsed(view: View, roster: VerifiedRoster) -> frozenset[str]:
    """Persons with a self-test and a proven rehearsal of their own.

    Raises:
        NoPolicy: in a provisional record.
    """
    moments = Moments(view.connection, roster, policy_of(roster))
    return moments.at(moments.now_heads, "", 0).rehearsed


def proposer_of(view: View, sha: str) -> str | None:
    """Who proposed the document first."""
    proposals = view.entries(("correction.proposed", "document.proposed"))
    return next((one.entry.author for one in proposals if one.entry.pub.get("doc") == sha), None)


def may_cancel(view: View, held: Held, roster: VerifiedRoster, person: str) -> bool:
    """Whether a cancel by this person would count, as the gate counts it.

    Raises:
        NoPolicy, UnknownDocument: as `gather`.
    """
    return Moments(view.connection, roster, policy_of(roster), held).may_cancel(held.sha, person)


def recent_normal(view: View, held: Held, proposer: str | None, now_ms: int) -> int:
    """Normal actions authorised in the hour before, by this proposer or on one of the same surfaces.

    For a document that is only being written; a proposed one is asked about with `gather`.
    """
    if not isinstance(held.document, Action):
        return 0
    surfaces = {target.surface for target in held.document.targets}
    by_person: set[str] = set()
    by_surface: dict[str, set[str]] = {}
    for doc, other in _authorised_within(view, now_ms):
        if doc == held.sha or other.gravity != "normal":
            continue
        if proposer is not None and proposer_of(view, doc) == proposer:
            by_person.add(doc)
        for surface in surfaces & {target.surface for target in other.targets}:
            by_surface.setdefault(surface, set()).add(doc)
    return max([len(by_person), *(len(docs) for docs in by_surface.values())])


def _authorised_within(view: View, now_ms: int) -> Iterable[tuple[str, Action]]:
    for stored in view.entries(("dispatch.authorised",)):
        doc, at_ms = str(stored.entry.pub["doc"]), stored.entry.pub["now"]
        if not isinstance(at_ms, int) or not now_ms - HOUR_MS < at_ms <= now_ms:
            continue
        try:
            other = read_document(view.connection, doc).document
        except Problem:
            continue
        if isinstance(other, Action):
            yield doc, other
