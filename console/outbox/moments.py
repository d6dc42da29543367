"""The journal inside one transaction, ready to be asked for the facts at any heads (`console.domain.moment`).

What is asked of now reads only the kinds from which a fact may follow: everything here that is whole was seen. What
another console had seen is followed entry by entry. The two give the same facts, which a test proves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import orjson

from console.domain.actions import Action
from console.domain.errors import BadForm, Problem
from console.domain.facts import Facts, Signed
from console.domain.forms import Entry, Head, RosterRef
from console.domain.moment import FACT_KINDS, NotSeen, Paper, View, facts_at, facts_of
from console.domain.moment import may_cancel as may_cancel_in
from console.domain.profile import JsonValue
from console.domain.undoing import SENDING
from console.journal.branches import settled_feeds
from console.journal.faults import Damaged
from console.journal.roster_tree import RosterTree
from console.journal.rosters import RosterChain
from console.journal.schema import BY_KIND_SAID, KIND_SAID
from console.journal.whole import select_whole_heads
from console.keys.roster import VerifiedRoster
from console.outbox.papers import Held, prove_record, read_document, read_policy

_KINDS: Final = tuple(sorted(FACT_KINDS))
_FACTS: Final = (
    "SELECT e.id, e.feed, e.seq, e.raw FROM entry e "  # noqa: S608  our own words, and marks
    f"WHERE {BY_KIND_SAID} AND {KIND_SAID} IN ('',{','.join('?' * len(_KINDS))})"
)
_STEPS: Final = (
    "SELECT e.id, e.feed, e.seq, e.raw FROM entry e "  # noqa: S608  our own words, and marks
    f"WHERE {BY_KIND_SAID} AND {KIND_SAID} IN ({','.join('?' * len(SENDING))}) "
    "AND iif(json_valid(CAST(raw AS TEXT)), json_extract(CAST(raw AS TEXT), '$.subj'), '') = ?"
)
_SET_ASIDE: Final = "SELECT s.id FROM standing s JOIN entry e ON e.id = s.id WHERE e.feed = ?"
_PLACED: Final = "SELECT 1 FROM entry WHERE id = ? AND feed = ? AND seq = ?"


class Moments:
    """Make one for each transaction that decides, and throw it away after it."""

    __slots__ = (
        "_connection",
        "_forks",
        "_now",
        "_papers",
        "_policy",
        "_settled",
        "_tree",
        "_whole",
        "now_heads",
        "roster",
    )

    def __init__(
        self, connection: sqlite3.Connection, roster: VerifiedRoster, policy_sha: str, held: Held | None = None
    ) -> None:
        """`held` is a document that no entry may name yet. `now_heads` is all that is here and whole, ascending.

        Raises:
            UnknownDocument: when the policy is not here.
        """
        self._connection = connection
        self._papers = _Papers(connection, held)
        self._policy = (read_policy(connection, policy_sha), policy_sha)
        # a fork that a revocation settled is none any more; what is off its good branch is marked in the journal
        self._settled = frozenset(settled_feeds(connection, roster))
        forks = connection.execute("SELECT feed, seq FROM fork").fetchall()
        self._forks: dict[str, int] = {feed: seq for feed, seq in forks if feed not in self._settled}
        self._tree = _split_tree(connection)
        self._now: View | None = None
        self._whole: dict[str, Entry] | None = None
        self.roster = roster
        self.now_heads: tuple[Head, ...] = tuple(
            (feed, seq, ident) for feed, (seq, ident) in sorted(select_whole_heads(connection).items())
        )

    def now(self, doc: str, now_ms: int) -> Facts:
        """Every fact about a document as it stands here and now: at `now_heads`, with every fork that is known here.

        One of the roster too, as long as nothing settled it.
        """
        facts = facts_of(self._with_steps(self._at_now(), self.now_heads, doc), doc, now_ms, self._forks)
        tips = () if self._tree is None else self._tree.tips()
        if not tips:
            return facts
        return replace(facts, in_all=frozenset.intersection(*map(_members, (self.roster, *tips))))

    def may_cancel(self, doc: str, person: str) -> bool:
        """Whether a cancel of it by this person, written now, would count."""
        return may_cancel_in(self._at_now(), doc, person, self._forks)

    def at(self, seen: Iterable[Head], doc: str, now_ms: int) -> Facts:
        """Every fact about a document as it stood at these heads, by following each entry. It reads the whole record.

        Raises:
            NotSeen: when an entry that was seen is missing here.
        """
        if self._whole is None:
            self._whole = _everything(self._connection)
        return facts_at(self._view(self._whole), seen, doc, now_ms)

    def below(self, seen: Iterable[Head], doc: str, now_ms: int) -> Facts:
        """As `at`, for heads that were some console's own `now_heads`: nothing below them refers beyond them.

        Of heads that were made up it leaves out what they refer to and do not name. Whoever lies so could as well have
        named older ones; where something is destroyed on their word, ask `at`.

        Raises:
            NotSeen: when one of them is missing here.
        """
        heads = tuple(seen)
        for feed, seq, ident in heads:
            if seq >= self._forks.get(feed, seq + 1):  # one branch of several: which one only its entries say
                return self.at(heads, doc, now_ms)
            place = (ident, feed, seq)
            if self._connection.execute(_PLACED, place).fetchone() is None:
                raise NotSeen(f"Number {seq} of feed {feed[:16]}")
        return facts_of(self._with_steps(self._view(self._below(heads)), heads, doc), doc, now_ms)

    def _at_now(self) -> View:
        if self._now is None:
            self._now = self._view(self._below(self.now_heads) | self._openings())
        return self._now

    def _view(self, entries: Mapping[str, Entry]) -> View:
        policy, policy_sha = self._policy
        beside = frozenset[RosterRef]()
        if self._tree is not None:
            here = (*self._tree.open, *self._tree.everything())
            beside = frozenset(one.ref for one in here) - frozenset(one.ref for one in self._tree.chain)
        return View(
            entries=entries, papers=self._papers, roster=self.roster.roster, roster_sha=self.roster.sha256,
            policy=policy, policy_sha=policy_sha, prove=partial(_prove, self.roster), beside=beside,
        )  # fmt: skip

    def _below(self, heads: Iterable[Head]) -> dict[str, Entry]:
        """Entries up to these heads from which a fact may follow."""
        return self._good(_FACTS, _KINDS, heads)

    def _with_steps(self, view: View, heads: Iterable[Head], doc: str) -> View:
        """Of an undo, with what machines entered about sending what it undoes: of nothing else a fact follows from it.

        Told apart by what is signed, as everything here.
        """
        paper = self._papers.get(doc)
        named = paper.document.undoes if paper is not None and isinstance(paper.document, Action) else None
        before = None if named is None else self._papers.get(named)
        if before is None or not isinstance(before.document, Action):
            return view
        steps = self._good(_STEPS, (*SENDING, before.document.op), heads)
        return replace(view, entries={**view.entries, **steps})

    def _good(self, sql: str, values: Iterable[str], heads: Iterable[Head]) -> dict[str, Entry]:
        upto = {feed: seq for feed, seq, _ in heads}
        off: set[str] = set()
        for feed in self._settled:
            off |= {ident for (ident,) in self._connection.execute(_SET_ASIDE, (feed,))}
        return {
            ident: _parsed(ident, raw)
            for ident, feed, seq, raw in self._connection.execute(sql, tuple(values))
            if ident not in off and seq <= upto.get(feed, -1) and (feed not in self._forks or seq < self._forks[feed])
        }

    def _openings(self) -> dict[str, Entry]:
        """The first entries of forked feeds: they say whose those are."""
        found = self._connection.execute(
            "SELECT e.id, e.raw FROM fork k CROSS JOIN entry e ON e.feed = k.feed AND e.seq = 0"
        ).fetchall()
        return {ident: _parsed(ident, raw) for ident, raw in found}


def _members(version: VerifiedRoster) -> frozenset[str]:
    return frozenset(person.person for person in version.roster.persons if person.roles)


def _split_tree(connection: sqlite3.Connection) -> RosterTree | None:
    """The rosters, where any was ever split: all of them are proven anew for it."""
    if connection.execute("SELECT 1 FROM roster WHERE rival = 1 LIMIT 1").fetchone() is None:
        return None
    return RosterChain().tree(connection)


class _Papers(Mapping[str, Paper]):
    """Documents that are here and readable, each read when it is first asked for."""

    def __init__(self, connection: sqlite3.Connection, held: Held | None) -> None:
        self._connection = connection
        self._read: dict[str, Paper | None] = {}
        if held is not None:
            self._read[held.sha] = Paper(held.document, held.row.disclosed_by_digest)

    def __getitem__(self, sha: str) -> Paper:
        if sha not in self._read:
            try:
                held = read_document(self._connection, sha)
            except Problem:
                self._read[sha] = None
            else:
                self._read[sha] = Paper(held.document, held.row.disclosed_by_digest)
        found = self._read[sha]
        if found is None:
            raise KeyError(sha)
        return found

    def __iter__(self) -> Iterator[str]:
        return (sha for sha, paper in self._read.items() if paper is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _prove(roster: VerifiedRoster, entry: Entry) -> Signed | None:
    try:
        return prove_record(entry.pub, roster, entry.hlc[0])
    except Problem:
        return None


def _parsed(ident: str, raw: bytes) -> Entry:
    try:
        return Entry.parse(orjson.loads(raw))
    except (BadForm, ValueError):
        raise Damaged(f"entry {str(ident)[:16]}", "it is no entry") from None


def _everything(connection: sqlite3.Connection) -> dict[str, Entry]:
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
