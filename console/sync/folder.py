"""A shared folder as a place for immutable, content-named objects (protocol.md section 8): share, stick, synced folder.

Conditional create, never overwrite; links are refused, unknown files ignored, sizes limited before reading. It never
decides what an object means, and never writes outside the names it is given.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from console.runtime import platform
from console.sync.faults import FileRefused, FileVanished, PlaceFull, PlaceGone
from console.sync.layout import MAX_NAMES_IN_FOLDER, MAX_REQUESTS_IN_FOLDER, ObjectName, read_name

_NOW: Final = "v1/now"
_ROSTERS: Final = "v1/roster"
_ENROL: Final = "v1/enrol"
_ASIDE: Final = (_NOW, _ROSTERS, _ENROL)
_KINDS: Final = ("e", "o", "d", "r")
_SHARED_FILE_MODE: Final = 0o644
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG})
# a packet that was lost on the way to a share; whatever is really gone says so again
_LOST: Final = frozenset({
    errno.EIO, errno.ETIMEDOUT, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ECONNRESET,
    errno.ECONNABORTED, errno.EPIPE, errno.ENETRESET,
})  # fmt: skip
_TRIES: Final = 4
_AT_ONCE: Final = 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """One object that is there: its name and its size in bytes."""

    name: ObjectName
    size: int


@dataclass(slots=True)
class _Listing:
    """What a folder holds: objects, refusals, and folders that may hold more."""

    found: list[Listed] = field(default_factory=list[Listed])
    refused: list[FileRefused] = field(default_factory=list[FileRefused])
    folders: list[str] = field(default_factory=list[str])

    @classmethod
    def joined(cls, parts: Sequence[_Listing]) -> _Listing:
        return cls([one for part in parts for one in part.found], [one for part in parts for one in part.refused])

    def add(self, child: os.DirEntry[str], path: str) -> None:
        name = read_name(path)
        if child.is_symlink():
            if name is not None or _may_hold(path):
                self.refused.append(FileRefused(path, "it is a link, and links are never followed"))
        elif child.is_dir(follow_symlinks=False):
            if _may_hold(path):
                self.folders.append(path)
        elif name is not None:
            self._judge(child, name)

    def _judge(self, child: os.DirEntry[str], name: ObjectName) -> None:
        try:
            facts = child.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # its owner replaced it while we looked
        if not stat.S_ISREG(facts.st_mode):
            self.refused.append(FileRefused(name.path, "it is not a plain file"))
        elif facts.st_size > name.limit_bytes:
            self.refused.append(FileRefused(name.path, f"it is larger than {name.limit_bytes} bytes"))
        else:
            self.found.append(Listed(name, facts.st_size))


class FolderPlace:
    """A folder that several consoles share. All methods raise `PlaceGone` where the folder has vanished."""

    def __init__(self, folder: Path) -> None:
        """`folder` has to exist: a place is never created by accident, for instance under a missing mount."""
        self.folder = folder
        self.label = str(folder)

    def objects(self) -> tuple[list[Listed], list[FileRefused]]:
        """Every object with a name of the layout, by name; and what was refused, with why.

        Without the urgent ones and the requests to join: those are asked for by themselves.
        """
        top = self._list("v1", with_root=True)
        inside = [path for path in top.folders if path not in _ASIDE]
        paths = [_ROSTERS, *(f"{path}/{kind}" for path in inside for kind in _KINDS)]
        whole = _Listing.joined([top, *self.together([partial(self._list, path) for path in paths])])
        return sorted(whole.found, key=lambda item: item.name.path), whole.refused

    def rosters(self) -> tuple[list[Listed], list[FileRefused]]:
        """Rosters and their signatures, by name, in one listing; and what was refused, with why."""
        found = self._list(_ROSTERS, with_root=True)
        return sorted(found.found, key=lambda item: item.name.path), found.refused

    def segments_of(self, feed: str) -> list[Listed]:
        """The segments of one feed, by name, in one listing."""
        found = [one for one in self._list(f"v1/{feed}/e", with_root=True).found if one.name.family == "segment"]
        return sorted(found, key=lambda item: item.name.path)

    def relayed(self) -> list[Listed]:
        """The segments that others relay of any feed, by name."""
        inside = [path for path in self._list("v1", with_root=True).folders if path not in _ASIDE]
        parts = self.together([partial(self._list, f"{path}/r") for path in inside])
        found = [one for part in parts for one in part.found if one.name.family == "segment"]
        return sorted(found, key=lambda item: item.name.path)

    def requests(self, most: int, wanted: Callable[[str], bool] = lambda _: True) -> tuple[list[ObjectName], int]:
        """Names of requests to join whose hash is `wanted`, `most` of them at most; and how many more there are.

        Anybody who writes here can lay any number there: names are looked through one by one, and nothing is read.
        """

        def look() -> tuple[list[ObjectName], int]:
            found, more = list[ObjectName](), 0
            self.folder.stat()
            try:
                self._refuse_links(_ENROL)
                with os.scandir(self.folder / _ENROL) as items:
                    for _, item in zip(range(MAX_REQUESTS_IN_FOLDER), items, strict=False):
                        name = read_name(f"{_ENROL}/{item.name}")
                        if name is None or name.family != "enrolment" or not wanted(name.sha):
                            continue
                        if len(found) < most:
                            found.append(name)
                        else:
                            more += 1
            except (FileNotFoundError, NotADirectoryError, FileRefused):
                pass
            return sorted(found, key=lambda one: one.path), more

        return self._operation(look)

    def urgent(self) -> tuple[list[Listed], list[FileRefused]]:
        """The objects of the `now` folder, in one listing; and what was refused, with why."""
        found = self._list(_NOW, with_root=True)
        return sorted(found.found, key=lambda item: item.name.path), found.refused

    def _list(self, path: str, *, with_root: bool = False) -> _Listing:
        """One folder; nothing where a link stands on the way. `with_root` first asks whether the place is there."""

        def look() -> _Listing:
            made = _Listing()
            if with_root and not stat.S_ISDIR(self.folder.stat().st_mode):
                raise PlaceGone(self.label)
            try:
                self._refuse_links(path)
            except FileRefused as fault:
                made.refused.append(FileRefused(path, fault.why))
                return made
            try:
                with os.scandir(self.folder / path) as items:
                    children = [item for _, item in zip(range(MAX_NAMES_IN_FOLDER), items, strict=False)]
            except (FileNotFoundError, NotADirectoryError):
                return made
            for child in children:
                made.add(child, f"{path}/{child.name}")
            return made

        return self._operation(look)

    def read(self, name: ObjectName) -> bytes:
        """The object's bytes, proven to be those its name promises (where the name is that of its content).

        Raises:
            FileRefused: for a link, a file too large, one that vanished, or one that is half-written or altered.
        """
        data = self._operation(lambda: self._read_checked(name))
        if name.is_content_named and sha256(data).hexdigest() != name.sha:
            raise FileRefused(name.path, "its content is not what its name says (half-written or altered)")
        return data

    def read_all(self, names: Sequence[ObjectName]) -> list[bytes | FileRefused]:
        """As `read`, several at a time: a far share is waited for once and not for each."""

        def one(name: ObjectName) -> bytes | FileRefused:
            try:
                return self.read(name)
            except FileRefused as fault:
                return fault

        return self.together([partial(one, name) for name in names])

    def together(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Do these at the same time, as far as a place can take it; their answers in order."""
        if len(works) < 2:  # noqa: PLR2004  one needs no thread
            return [work() for work in works]
        with ThreadPoolExecutor(min(_AT_ONCE, len(works)), thread_name_prefix="place") as pool:
            return [future.result() for future in [pool.submit(work) for work in works]]

    def _read_checked(self, name: ObjectName) -> bytes:
        self._refuse_links(name.path)
        try:
            return self._read_plain(name)
        except (FileNotFoundError, NotADirectoryError):
            self.folder.stat()
            raise FileVanished(name.path) from None

    def _refuse_links(self, path: str) -> None:
        at = self.folder
        for part in path.split("/"):
            at = at / part
            if at.is_symlink():
                raise FileRefused(path, "it is a link, and links are never followed")

    def _read_plain(self, name: ObjectName) -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            fd = os.open(self.folder / name.path, flags)
        except OSError as fault:
            if fault.errno == errno.ELOOP:
                raise FileRefused(name.path, "it is a link, and links are never followed") from None
            raise
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise FileRefused(name.path, "it is not a plain file")
            data = file.read(name.limit_bytes + 1)
        if len(data) > name.limit_bytes:
            raise FileRefused(name.path, f"it is larger than {name.limit_bytes} bytes")
        return data

    def create(self, path: str, data: bytes) -> bool:
        """Put the object there if its name is free, durably; False where it is there already, whoever put it."""

        def put() -> bool:
            try:
                platform.create_durably(self._ready(path), data, _SHARED_FILE_MODE)
            except FileExistsError:
                return False
            return True

        return self._operation(put)

    def mend(self, path: str, data: bytes) -> None:
        """Put an own object's bytes back where its name is taken by half of it or by something else.

        For the owner of the prefix only: the name is the content's, so nobody's data is replaced.
        """

        def put() -> None:
            target = self._ready(path)
            if target.is_symlink():
                raise FileRefused(path, "it is a link, and links are never followed")
            platform.write_durably(target, data, _SHARED_FILE_MODE)

        self._operation(put)

    def remove(self, path: str) -> None:
        """Take an own, superseded object away; what is gone already is no error."""

        def take() -> None:
            self._refuse_links(path)
            (self.folder / path).unlink(missing_ok=True)

        self._operation(take)

    def _ready(self, path: str) -> Path:
        if read_name(path) is None:
            raise ValueError(f"{path} is no name of the layout")
        self.folder.stat()
        target = self.folder / path
        at = self.folder
        for part in Path(path).parts[:-1]:
            at = at / part
            if at.is_symlink():
                raise FileRefused(path, "its folder is a link, and links are never followed")
            if not at.is_dir():
                at.mkdir(exist_ok=True)
                platform.sync_directory(at.parent)
        return target

    def _operation(self, work: Callable[[], T]) -> T:
        """One thing done at the place; tried again where it was lost on the way, and its failure named."""
        for left in reversed(range(_TRIES)):
            try:
                return self._once(work)
            except OSError as fault:
                if left and fault.errno in _LOST:
                    continue
                if fault.errno in _NO_ROOM and self.folder.is_dir():
                    raise PlaceFull(self.label, os.strerror(fault.errno or 0)) from None
                raise PlaceGone(self.label) from None
        raise PlaceGone(self.label)

    def _once(self, work: Callable[[], T]) -> T:
        return work()


def _may_hold(path: str) -> bool:
    """Whether a folder of the layout can have this path."""
    parts = path.split("/")
    if len(parts) == 2:  # noqa: PLR2004  v1/<feed>, v1/roster, v1/enrol, v1/now
        return parts[1] in ("roster", "enrol", "now") or read_name(f"{path}/o/{'0' * 64}") is not None
    return len(parts) == 3 and parts[2] in _KINDS  # noqa: PLR2004  v1/<feed>/<kind>
