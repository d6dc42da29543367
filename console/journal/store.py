"""The journal of one profile: one writer thread that owns the only write connection, and read-only readers beside it.

Who waits for a write does it himself where the writer has nothing to do (decision 0185).

It keeps and proves; it never decides. Any process may open the same profile and append.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from console.domain.forms import Head, RosterRef
from console.journal.faults import named
from console.journal.ledger import BUSY_TIMEOUT_S, Ledger
from console.journal.own_feeds import is_aside
from console.journal.reader import Reader
from console.journal.schema import Part
from console.journal.tx import Tx
from console.journal.values import FeedSigner
from console.keys.roster import VerifiedRoster
from console.keys.signer import Signer
from console.runtime.clock import Clock
from console.runtime.ids import Entropy
from console.runtime.mark import MarkFile
from console.runtime.paths import ProfilePaths
from console.runtime.workers import Job, OwnedThread

T = TypeVar("T")
_WIPE_WAIT_MS = 500
_open_here: Counter[tuple[int, int]] = Counter()
_gate = threading.Lock()


def is_open_here(journal: Path) -> bool:
    """Whether this process has that file open as a journal.

    Then nothing else in it may open and close the file: on Unix that gives back the locks SQLite holds on it, and
    another process may take the log away beneath whoever writes.
    """
    with _gate:
        try:
            return _open_here[_file(journal)] > 0
        except FileNotFoundError:
            return False


def _file(journal: Path) -> tuple[int, int]:
    facts = journal.stat()
    return facts.st_dev, facts.st_ino


class JournalStore:
    """Writes through `transaction` and `write`, reads through `reader`. A context manager."""

    def __init__(self, thread: OwnedThread[Ledger], reader: Reader, paths: ProfilePaths) -> None:
        self._thread = thread
        self._reader = reader
        self.paths = paths
        with _gate:
            self._held: tuple[int, int] | None = _file(paths.journal)
            _open_here[self._held] += 1

    @classmethod
    def open(
        cls, paths: ProfilePaths, clock: Clock, entropy: Entropy, *, parts: Sequence[Part] = (),
        genesis: str | None = None, mark: MarkFile | None = None,
    ) -> Self:  # fmt: skip
        """Open (or create) the journal of a profile. `parts` are further tables that commit with entries.

        `mark` says how far this console's own feeds were written, and is raised as they grow.

        Raises:
            NewerJournal: when a newer version wrote it.
            BadRoster: when `genesis` is given and another one is pinned.
        """
        thread: OwnedThread[Ledger] = OwnedThread(
            "journal", lambda: Ledger.open(paths, clock, entropy, parts, mark), Ledger.close, _commit_together,
            lends=True,
        )  # fmt: skip
        thread.start()
        store = cls(thread, Reader(paths), paths)
        try:
            if genesis is not None:
                store.write(lambda tx: tx.pin_genesis(genesis))
        except BaseException:
            store.close()
            raise
        return store

    def transaction(self, work: Callable[[Tx], T]) -> Future[T]:
        """Do `work` in one transaction on the writer thread; the future is done when it is durable.

        `work` may run together with others' in one commit, each with its own savepoint: what it raises undoes its own
        part only. It must not wait for another write.
        """
        return self._thread.submit(lambda ledger: work(Tx(ledger)))

    def write(self, work: Callable[[Tx], T]) -> T:
        """As `transaction`, and wait for it."""
        return self._thread.call(lambda ledger: work(Tx(ledger)))

    def open_feed(
        self, signer: Signer, *, org: str, console: str, author: str | None, roster: RosterRef,
        continues: Head | None = None, fresh: bool = False,
    ) -> FeedSigner:  # fmt: skip
        """Resume this key's feed on this console, or begin one with `feed.open`; see `Tx.open_feed`."""
        return self.write(
            lambda tx: tx.open_feed(
                signer, org=org, console=console, author=author, roster=roster, continues=continues, fresh=fresh
            )
        )

    def start_anew(self) -> None:
        """Let the record go on in new feeds, from what is here: what was marked beyond it is nowhere to be found.

        Raises:
            OSError: when the mark cannot be written; then it is as before.
        """
        self.write(lambda tx: tx.set_own_aside())
        self._thread.call(lambda ledger: ledger.watermark.start_anew(ledger.connection))

    def may_write(self, feed: str) -> bool:
        """Whether this feed may still be written here: it has not forked, and no other continues it."""
        with self._reader.snapshot() as connection:
            forked = connection.execute("SELECT 1 FROM fork WHERE feed = ?", (feed,)).fetchone()
            return forked is None and not is_aside(connection, feed)

    def reader(self) -> Reader:
        """Read-only access for any thread."""
        return self._reader

    def rosters(self) -> list[VerifiedRoster]:
        """All roster versions from 0 on, proven."""
        return self._reader.rosters()

    def roster(self) -> VerifiedRoster:
        """The newest roster.

        Raises:
            NoRoster: when there is none.
        """
        return self._reader.roster()

    def scrub(self, blobs: Sequence[str] = ()) -> bool:
        """After a redaction: remove these blob files, close the readers and wipe the write-ahead log.

        False where another process still reads the log, so that it could not be wiped yet: call it again.
        """
        for sha in blobs:
            self.paths.blob(sha).unlink(missing_ok=True)
        self._reader.release()
        return self._thread.call(_truncate_wal)

    def close(self) -> None:
        """Finish what was taken, then close readers and writer: the last one brings the log into the file."""
        self._reader.close()  # a reader that closes last can bring nothing anywhere, and the next start reads the log
        self._thread.stop(60.0)
        self._reader.close()
        with _gate:
            if self._held is not None:
                _open_here[self._held] -= 1
                self._held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _truncate_wal(ledger: Ledger) -> bool:
    """It cannot run inside the transaction the batch opened: it ends that one, and opens what the batch then closes.

    A reader of another process is waited for a moment only: this thread is the one that writes.
    """
    ledger.commit()
    try:
        ledger.connection.execute(f"PRAGMA busy_timeout = {_WIPE_WAIT_MS}").fetchall()
        busy = ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        ledger.connection.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT_S * 1000)}").fetchall()
        ledger.begin()
        ledger.connection.execute("SAVEPOINT job")
    return not busy


def _commit_together(ledger: Ledger, jobs: Sequence[Job[Ledger]]) -> None:
    """One BEGIN IMMEDIATE and one durable COMMIT for all that wait; nobody is answered before the commit."""
    if len(jobs) == 1:
        _commit_one(ledger, jobs[0])
        return
    done: list[tuple[Job[Ledger], object]] = []
    try:
        ledger.begin()
        for job in jobs:
            if not job.future.set_running_or_notify_cancel():
                continue
            ledger.connection.execute("SAVEPOINT job")
            try:
                result = job.work(ledger)
            except BaseException as fault:  # it belongs to whoever waits for the future
                if not ledger.connection.in_transaction:
                    raise  # the disk failed or is full, and SQLite undid what all of them did
                ledger.connection.execute("ROLLBACK TO job")
                ledger.connection.execute("RELEASE job")
                ledger.forget()
                ledger.rosters.forget()
                job.future.set_exception(_plainly(ledger, fault))
                continue
            ledger.connection.execute("RELEASE job")
            done.append((job, result))
        ledger.commit()
    except BaseException as fault:
        ledger.rollback()
        told = _plainly(ledger, fault)
        if told is fault:
            raise
        raise told from fault
    for job, result in done:
        job.future.set_result(result)


def _commit_one(ledger: Ledger, job: Job[Ledger]) -> None:
    if not job.future.set_running_or_notify_cancel():
        return
    try:
        ledger.begin()
        result = job.work(ledger)
        ledger.commit()
    except BaseException as fault:  # noqa: BLE001  it belongs to whoever waits for the future
        ledger.rollback()
        job.future.set_exception(_plainly(ledger, fault))
    else:
        job.future.set_result(result)


def _plainly(ledger: Ledger, fault: BaseException) -> BaseException:
    """What the system refused, as people can read it; anything else as it is."""
    return named(fault, ledger.paths.journal) or fault
