"""What can be wrong with the journal or with what was offered to it, named by the fact. No text here echoes content."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from console.domain.errors import BadForm, Problem, WaitsForPeople, WrongUse


class BadSegment(BadForm):
    """A transport file (segment or disclosures) that is not exactly the form of protocol section 11."""


class Damaged(Problem):
    """Stored bytes are not what was written. Nothing is repaired silently."""

    def __init__(self, where: str, why: str) -> None:
        """`where` names the entry, document or blob; `why` is one clause."""
        super().__init__(
            f"The journal is damaged at {where}: {why}.",
            "Stop writing here, keep the folder as it is, and pull the record from a colleague or the sync place.",
        )
        self.where = where
        self.why = why


class NotWritten(Problem):
    """The system refused to write the journal; what was to be written is not there, what was saved before is."""


_SAFE = "What was saved before is safe."
_BESIDE = {
    errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EDQUOT: sqlite3.SQLITE_FULL, errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY, errno.EPERM: sqlite3.SQLITE_READONLY, errno.EIO: sqlite3.SQLITE_IOERR,
}  # fmt: skip


def named(fault: BaseException, path: Path) -> Problem | None:
    """What the system's refusal means for people; None where it is none, but a fault of ours."""
    match _code(fault):
        case sqlite3.SQLITE_FULL:
            return NotWritten(
                f"The disk is full: {path} could not be written, and this was not saved.",
                f"Free some space and do it again. {_SAFE}",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return NotWritten(
                f"Another program has kept {path} locked for too long, and this was not saved.",
                f"Close what else uses it (a backup, a database browser) and do it again. {_SAFE}",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return NotWritten(
                f"{path} cannot be opened for writing: the folder or the disk is read-only, or it is not yours.",
                f"Make the folder writable for you, then open it again. {_SAFE}",
            )
        case sqlite3.SQLITE_IOERR:
            return NotWritten(
                f"The disk failed or is full: {path} could not be written or read, and this was not saved.",
                f"Check the disk and its free space, then do it again. {_SAFE}",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Damaged(path.name, "SQLite cannot read it")
        case _:
            return None


def _code(fault: BaseException) -> int | None:
    """SQLite's primary code; for a file beside the database the one that SQLite would have given."""
    if isinstance(fault, sqlite3.Error):
        return getattr(fault, "sqlite_errorcode", 0) & 0xFF
    return _BESIDE.get(fault.errno or 0) if isinstance(fault, OSError) else None


class OlderThanWritten(WaitsForPeople):
    """The database is older than what this console has written: a backup was put back, or its end was lost."""

    def __init__(self, entries: int) -> None:
        """`entries` is how many are known to be missing, at least."""
        many = "1 entry is" if entries == 1 else f"{entries} entries are"
        super().__init__(
            f"This record is older than what this console has written: at least {many} missing here.",
            "Nothing is written until they are fetched: `standdown doctor --recover`; it then goes on in a new feed.",
        )
        self.entries = entries


class NewerJournal(Problem):
    """The database was written by a newer version."""

    def __init__(self, part: str, found: int, known: int) -> None:
        """`part` names the tables, `found` and `known` are schema versions."""
        super().__init__(
            f"The journal's {part} tables have form {found}; this version knows up to {known}.",
            "Open the profile with the newer Standdown.",
        )


class WrongFeed(WrongUse):
    """A draft whose kind does not belong into that feed, or a feed that is not open here."""


class NoGenesis(WaitsForPeople):
    """A roster 0 was offered, but no genesis fingerprint is pinned for this profile."""

    def __init__(self) -> None:
        super().__init__(
            "No genesis fingerprint is pinned for this profile, so no roster can be trusted.",
            "Compare the fingerprint words with a colleague, then pin them.",
        )


class NoRoster(WaitsForPeople):
    """Something needs the roster, and none is stored yet."""

    def __init__(self) -> None:
        super().__init__("This profile holds no roster yet.", "Begin or join an organisation first.")


class Redacted(Problem):
    """A value that was to be stored has been redacted for ever."""

    def __init__(self) -> None:
        super().__init__("This value was redacted and is not taken in again.", "")
