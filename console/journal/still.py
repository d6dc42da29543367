"""A profile that lies somewhere, read as it stood at one moment and never changed: a copy of its journal is read.

SQLite writes where it reads: a log beside the file, a file brought up to date, and what an unfinished change names is
even deleted. So nothing of somebody else's is opened by it, and no table is believed but those this program makes
(decision 0199).
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from console.domain.deceit import shown
from console.domain.errors import Problem, WrongUse
from console.journal.faults import Damaged, NewerJournal, NotWritten
from console.journal.ledger import connect
from console.journal.migrate import migrate
from console.journal.reader import Reader
from console.journal.schema import Part
from console.journal.store import is_open_here
from console.runtime.paths import ProfilePaths
from console.runtime.plain import open_plain

_TRIES: Final = 5
_WAL_HEADER: Final = 32
_NO_MORE: Final = 16 * 1024 * 1024  # no value in a journal is as long
_JOURNAL: Final = "journal.db"
_CHANGED_IN_PLACE: Final = "decided_ms INTEGER NOT NULL, "  # the first outbox tables were made with and without it
_Object = tuple[str, str, str]
_OBJECTS: Final = "SELECT type, name, coalesce(sql, '') FROM sqlite_master LIMIT 1000"
_ITS_OWN: Final = (
    "",
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
)


class Unsettled(Problem):
    """The journal is written to so fast that no copy of one moment could be had."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is being written to: no copy of one moment could be had.",
            "Wait until its console is closed, or copy the folder while it is.",
        )


class Still:
    """The journal of the profile at `paths`, as it stood. A context manager; leaving it throws the copy away.

    `paths` are those of the profile itself: attachments are read where they lie. One that this process has open is
    read as it is: it is our own, and what SQLite knows of it must not be touched.
    """

    def __init__(self, paths: ProfilePaths, parts: Sequence[Part]) -> None:
        self.paths = paths
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if is_open_here(paths.journal):
            self._reader = Reader(paths)
            return
        self._folder = tempfile.TemporaryDirectory(prefix="standdown-verify-")
        copy = ProfilePaths(Path(self._folder.name))
        self._reader = Reader(copy, _bounded)
        try:
            copy_journal(paths.journal, copy.journal)
            _bring_up_to_date(copy.journal, parts)
        except BaseException:
            self.close()
            raise

    def reader(self) -> Reader:
        """Read-only access to the copy."""
        return self._reader

    def close(self) -> None:
        """Throw the copy away."""
        self._reader.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _bounded(path: Path) -> sqlite3.Connection:
    connection = connect(path, read_only=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _NO_MORE)
    return connection


# -- the copy ----------------------------------------------------------------------------------------------------------


def copy_journal(journal: Path, into: Path) -> None:
    """Copy file and log as they belong together.

    A page goes from the log into the file only while the log keeps it, and the log begins anew under another header.
    So where the header was the same before the file was read and after the log was, the log holds whatever was half
    written in the file.

    Raises:
        Unsettled: where somebody writes too fast for it.
        WrongUse, Damaged, NotWritten: where there is none, something else is there, or there is no room.
    """
    if not journal.exists() and not journal.is_symlink():
        raise WrongUse(f"There is no journal in {journal.parent}.", "Name a profile that has been written to.")
    log = _beside(journal, "-wal")
    if _size(_beside(journal, "-journal")):  # this program leaves none, and SQLite deletes what such a file names
        raise Damaged(f"{journal.name}-journal", "it is no file of a profile; what wrote it was no console")
    for _ in range(_TRIES):
        try:
            before = _state(journal, log)
            _copy_file(journal, into)
            copied = _copy_file(log, _beside(into, "-wal")) if _size(log) else b""
            if before == _state(journal, log) and before[0] == copied:
                return
        except FileNotFoundError:  # its console was closed, and the log went into the file
            continue
    raise Unsettled(journal)


def _state(journal: Path, log: Path) -> tuple[bytes, tuple[int, ...]]:
    """The log's header; where there is no log, what would show that there was one meanwhile."""
    header = _header(log)
    facts = journal.stat()
    return header, () if header else (facts.st_ino, facts.st_size, facts.st_mtime_ns)


def _header(log: Path) -> bytes:
    try:
        with _opened(log) as file:
            return file.read(_WAL_HEADER)
    except FileNotFoundError:
        return b""


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _copy_file(source: Path, target: Path) -> bytes:
    """Copy it whole; gives the first bytes of the copy."""
    with _opened(source) as file, target.open("w+b") as copy:
        try:
            shutil.copyfileobj(file, copy, 1024 * 1024)
            copy.flush()
        except OSError as fault:
            raise _no_room(target, fault.errno or errno.EIO) from None
        copy.seek(0)
        return copy.read(_WAL_HEADER)


def _opened(path: Path) -> BinaryIO:
    try:
        return open_plain(path)
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise Damaged(path.name, f"it cannot be read ({(fault.strerror or '').lower()})") from None


def _no_room(copy: Path, why: int) -> NotWritten:
    return NotWritten(
        f"It is verified in a copy, and none could be made in {copy.parent.parent} ({os.strerror(why)}).",
        "Free as much there as its journal takes, or name another folder with TMPDIR.",
    )


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


# -- its form ----------------------------------------------------------------------------------------------------------


def _bring_up_to_date(copy: Path, parts: Sequence[Part]) -> None:
    try:
        with closing(connect(copy)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF").fetchall()
            _hold_to_form(connection, parts)
            connection.execute("PRAGMA trusted_schema = ON").fetchall()  # an index of ours is over a JSON field
            migrate(connection, parts)
    except sqlite3.Error as fault:
        if getattr(fault, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise _no_room(copy, errno.ENOSPC) from None
        raise Damaged(_JOURNAL, f"SQLite cannot read it ({fault})") from None


def _hold_to_form(connection: sqlite3.Connection, parts: Sequence[Part]) -> None:
    """Nothing is in the file but what some version of this program makes.

    A view in a table's place, a trigger or a virtual table is a program of whoever made the file, and would run here.

    Raises:
        NewerJournal, Damaged: where it is of a newer version, or something else is in it.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _NO_MORE)
    found = _objects(connection)
    parts_table = _made(())
    if not parts_table <= found:
        raise Damaged(_JOURNAL, "its tables are not those of a journal")
    versions = {str(name): int(version) for name, version in connection.execute("SELECT name, version FROM part")}
    for name, version in versions.items():
        known = next((len(part.steps) for part in parts if part.name == name), 0)
        if version > known:
            raise NewerJournal(name, version, known)
    made = parts_table | _made([Part(part.name, part.steps[: versions.get(part.name, 0)]) for part in parts])
    for kind, name, _ in sorted(found - made):
        raise Damaged(
            _JOURNAL, f"the {shown(kind)[:20]} {shown(name)[:60]} in it is none that a journal has, or is another"
        )


def _made(parts: Sequence[Part]) -> set[_Object]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, parts or (Part("part", ()),))
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> set[_Object]:
    """Kind, name and words of everything in the file, but for what SQLite makes for itself."""
    found = {(str(kind), str(name), _plain(str(sql))) for kind, name, sql in connection.execute(_OBJECTS)}
    return {one for one in found if not (one[1].startswith("sqlite_") and one[2] in _ITS_OWN)}


def _plain(sql: str) -> str:
    return " ".join(sql.split()).replace(_CHANGED_IN_PLACE, "")
