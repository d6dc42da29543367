"""The one seam where operating systems differ: locks, durable files, private modes, boot clock, core dumps.

Nothing outside this module may use fcntl, fsync, file modes or signals. It must never decide what a file means.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from console.runtime.faults import RuntimeProblem

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import resource

if TYPE_CHECKING:
    from types import TracebackType

PRIVATE_DIRECTORY_MODE: Final = 0o700
PRIVATE_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
_WINDOWS_LOCK_OFFSET: Final = 1 << 30  # Windows locks forbid reading what they cover: lock a byte behind the text
_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
_LOW_PRIORITY: Final = 10
_LOCK_TAKEN: Final = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})


class FileLock:
    """An exclusive lock on a file, taken at once or not at all, given back at the latest when the process ends.

    The file stays after release: removing it would let two processes lock two different files of one name.
    """

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd: int | None = fd

    @classmethod
    def try_take(cls, path: Path) -> Self | None:
        """The lock, or None where another process (or another lock object here) holds it."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        fd = os.open(path, flags, PRIVATE_FILE_MODE)
        try:
            _lock(fd)
        except OSError as refused:
            os.close(fd)
            if refused.errno in _LOCK_TAKEN:
                return None
            raise
        return cls(path, fd)

    def write_note(self, text: str) -> None:
        """Replace the file's text, which others may read while the lock is held."""
        if self._fd is None:
            raise ValueError("the lock was already released")
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, text.encode())

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        fd, self._fd = self._fd, None
        if fd is not None:
            try:
                _unlock(fd)
            finally:
                os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.release()


if sys.platform == "win32":

    def _lock(fd: int) -> None:
        os.lseek(fd, _WINDOWS_LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

    def _unlock(fd: int) -> None:
        os.lseek(fd, _WINDOWS_LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:

    def _lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


def sync_file(fd: int) -> None:
    """Return only when the file's bytes are on the device, as far as the system can say."""
    if sys.platform == "darwin":
        # fsync on macOS stops at the drive's cache; some network volumes refuse the stronger call
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def sync_directory(directory: Path) -> None:
    """Make a name created, renamed or removed in `directory` survive a power cut.

    Windows has no such call: NTFS journals names itself, and nothing more can be asked for.
    """
    if sys.platform == "win32":
        return
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as refused:
        if refused.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:  # some network folders cannot; the file is synced
            raise
    finally:
        os.close(fd)


def write_durably(path: Path, data: bytes, mode: int = PRIVATE_FILE_MODE) -> None:
    """Put `data` at `path`, replacing what is there: after a crash it holds all of the old or all of the new."""
    temporary = _temporary_with(path, data, mode)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def create_durably(path: Path, data: bytes, mode: int = PRIVATE_FILE_MODE) -> None:
    """Put `data` at `path` only if the name is free, durably; FileExistsError where it is taken, whoever won.

    On a folder without hard links a crash can leave a partial file, so a reader must check content by its digest.
    """
    temporary = _temporary_with(path, data, mode)
    try:
        if sys.platform == "win32":
            temporary.rename(path)  # refuses to replace there
        else:
            try:
                os.link(temporary, path, follow_symlinks=False)
            except OSError as refused:
                if refused.errno not in _NO_HARD_LINKS:
                    raise
                _create_in_place(path, data, mode)
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def _create_in_place(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        _write_all(fd, data)
        sync_file(fd)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(fd)


def _temporary_with(path: Path, data: bytes, mode: int) -> Path:
    fd, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        try:
            if sys.platform != "win32" and mode != PRIVATE_FILE_MODE:
                os.fchmod(fd, mode)
            _write_all(fd, data)
            sync_file(fd)
        finally:
            os.close(fd)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def make_private_directory(directory: Path) -> None:
    """Create `directory` (and its parents) for this user alone, and close it to others where it exists already.

    Raises RuntimeProblem where it belongs to somebody else. On Windows the profile folder's own rights apply.
    """
    directory.mkdir(mode=PRIVATE_DIRECTORY_MODE, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return
    found = directory.stat()
    if found.st_uid != os.geteuid():
        raise RuntimeProblem(
            f"The folder {directory} belongs to another user.", "Choose a folder of your own with --profile."
        )
    if found.st_mode & _OTHERS:
        directory.chmod(PRIVATE_DIRECTORY_MODE)


def make_private_file(path: Path) -> None:
    """Close an existing file to others. On Windows the profile folder's own rights apply."""
    if sys.platform != "win32":
        path.chmod(PRIVATE_FILE_MODE)


def is_private(path: Path) -> bool:
    """True where only its owner can reach it; on Windows always true, because modes say nothing there."""
    return sys.platform == "win32" or not path.stat().st_mode & _OTHERS


def give_way() -> None:
    """Let everything else come before the calling thread; only Linux can say that of one thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOW_PRIORITY)


def cores() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def forbid_core_dumps() -> None:
    """Keep unlocked keys out of core files: ask for none, whatever limit the shell had set, now and for children."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def boot_ns() -> int:
    """Nanoseconds since boot, time asleep included where the system can tell."""
    if sys.platform == "linux":
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)  # counts sleep there; time.monotonic() does not
    return time.monotonic_ns()


def asleep_ns() -> int:
    """Nanoseconds asleep since boot, as far as this machine's two clocks tell; only its growth means something."""
    return boot_ns() - time.monotonic_ns()


def boot_id() -> str:
    """32 hex digits that change at every boot.

    Where the system has no such name it is new for every process: then boot clocks of two processes are never
    compared, which is the safe direction.
    """
    found = _system_boot_id().replace("-", "").strip().lower()
    if len(found) == 32 and not set(found) - set("0123456789abcdef"):  # noqa: PLR2004 - a UUID's digits
        return found
    return os.urandom(16).hex()


def _system_boot_id() -> str:
    try:
        if sys.platform == "linux":
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        if sys.platform == "darwin":
            import subprocess  # noqa: PLC0415  no other system asks a child

            command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            try:
                return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout
            except subprocess.SubprocessError:
                return ""
    except OSError:
        return ""
    return ""
