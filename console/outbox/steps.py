"""One step of one target, written: the entry and the row in one transaction. No step is told before it is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from console.domain.errors import BadForm, Problem
from console.domain.profile import MAX_DISCLOSURE_BYTES, JsonValue, check_text
from console.journal.store import JournalStore
from console.journal.tx import Tx
from console.journal.values import Draft, FeedSigner
from console.outbox import store as table
from console.outbox.desk import Desk
from console.outbox.item import Row, State
from console.runtime.clock import Clock
from console.runtime.ids import Entropy

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
CrashPoint = Callable[[str], None]
_TEXT_CHARS = 2_000


def no_crash(_point: str) -> None:
    """Nothing happens here outside of tests that end the process at a named point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Durations of the dispatcher; tests shorten them. `spread_ms` None = the lever's own propagation bound.

    What is in force is read again every `watch_ms`; the looks at `again_ms` after it was found so are entered.
    A write whose answer was lost is taken to land within `late_ms`, if it lands at all, where twice is not once.
    A provider's count of requests is watched for `usage_ms` more than the propagation bound.
    """

    tick_s: float = 0.2
    sync_ms: int = 5_000
    sync_wait_s: float = 10.0
    poll_ms: int = 5_000
    settle_ms: int = 2_000
    hold_ms: int = 10_000
    stable_ms: int = 30_000
    record_ms: int = 60_000
    recheck_ms: int = 2_000
    probes: int = 24
    spread_ms: int | None = None
    patience_ms: int | None = None
    rounds: int = 3
    late_ms: int = 60_000
    again_ms: tuple[int, ...] = (300_000, 3_600_000)
    again_probes: int = 5
    watch_ms: int = 60_000
    usage_ms: int = 30_000


class Overtaken(Problem):
    """Another process moved this row on while we worked on it; what it wrote stands."""

    def __init__(self) -> None:
        super().__init__("Another process has moved this step on.", "Its result stands.")


@dataclass(frozen=True, slots=True)
class Steps:
    """Writes steps on this console's machine feed."""

    store: JournalStore
    feed: FeedSigner
    clock: Clock
    entropy: Entropy
    crash: CrashPoint = no_crash
    desk: Desk = field(default_factory=Desk)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction, with what others ask meanwhile; durable when this returns.

        A cancelled caller undoes nothing.
        """
        return await self.desk.ask(self.store, work)

    async def tell(
        self,
        row: Row,
        kind: str,
        pub: Mapping[str, JsonValue],
        *,
        words: Mapping[str, JsonValue] | None = None,
        **changes: Any,  # noqa: ANN401  fields of Row, checked by dataclasses
    ) -> Row:
        """Append one `dispatch.*` entry about `row` and save the row with `changes`.

        Raises:
            Overtaken: when the row is no longer as it was read.
        """
        return await self.write(lambda tx: self.tell_in(tx, row, kind, pub, words=words, **changes))

    def tell_in(
        self,
        tx: Tx,
        row: Row,
        kind: str,
        pub: Mapping[str, JsonValue],
        *,
        words: Mapping[str, JsonValue] | None = None,
        **changes: Any,  # noqa: ANN401  as `tell`
    ) -> Row:
        """As `tell`, inside the caller's transaction."""
        present = table.find(tx.connection, row.doc, row.target)
        if present is None or (present.state, present.attempt) != (row.state, row.attempt):
            raise Overtaken
        values = {name: plain(value) for name, value in (words or {}).items() if value not in (None, "", {})}
        public: dict[str, JsonValue] = {"doc": row.doc, "target": row.target, **pub}
        kept = dict(tx.kept)
        tx.append(
            self.feed, Draft(kind, inc=row.inc, subj=row.op, pub=public, disclosures=values), roster=tx.roster().ref
        )
        tx.kept.update(kept)  # no fact follows from a step, and a reading sees it by itself
        changed = replace(present, since_ms=tx.now_ms, **changes)
        table.save(tx.connection, changed)
        return changed

    async def save(self, row: Row, **changes: Any) -> Row:  # noqa: ANN401  as `tell`
        """Change what the row remembers for itself (waits, counts), with no entry.

        Raises:
            Overtaken: when the row has moved on.
        """
        return await self.write(lambda tx: self.save_in(tx, row, **changes))

    @staticmethod
    def save_in(tx: Tx, row: Row, **changes: Any) -> Row:  # noqa: ANN401  as `tell`
        """As `save`, inside the caller's transaction."""
        present = table.find(tx.connection, row.doc, row.target)
        if present is None or (present.state, present.attempt) != (row.state, row.attempt):
            raise Overtaken
        changed = replace(present, **changes)  # only what is named: others may have marked the row meanwhile
        table.save(tx.connection, changed)
        return changed

    async def end(self, row: Row, state: State, kind: str, why: str) -> Row:
        """End a row in a state whose entry needs no more than a reason."""
        return await self.tell(row, kind, {}, words={"why": why}, state=state, detail=why)

    async def attempted(
        self,
        row: Row,
        kind: str,
        state: State,
        *,
        words: Mapping[str, JsonValue] | None = None,
        pub: Mapping[str, JsonValue] | None = None,
        **changes: Any,  # noqa: ANN401  as `tell`
    ) -> Row:
        """A step that counts its attempt."""
        detail = str((words or {}).get("why", ""))
        public: dict[str, JsonValue] = {"attempt": row.attempt, **(pub or {})}
        return await self.tell(row, kind, public, words=words, state=state, detail=detail, **changes)


def plain(value: JsonValue) -> JsonValue:
    """A provider's words as the signed profile can carry them: capped text, no refused characters."""
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, dict):
        return {_plain_name(name): plain(item) for name, item in list(value.items())[:64]}
    return value


def _plain_text(text: str) -> str:
    short = text if len(text) <= _TEXT_CHARS else text[:_TEXT_CHARS] + " [cut]"
    try:
        check_text(short)
    except BadForm:
        return short.encode("unicode_escape").decode("ascii")[: MAX_DISCLOSURE_BYTES // 8]
    return short


def _plain_name(name: str) -> str:
    kept = "".join(letter for letter in name if "!" <= letter <= "~")[:64]
    return kept or "field"
