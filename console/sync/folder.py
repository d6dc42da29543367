"""A shared folder as a place for immutable, content-named objects (protocol.md section 8): share, stick, synced folder.

Conditional create, never overwrite; links are refused, unknown files ignored, sizes limited before reading. It never
decides what an object means, and never writes outside the names it is given.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from console.runtime import platform
from console.sync.faults import FileRefused, PlaceFull, PlaceGone
from console.sync.layout import MAX_NAMES_IN_FOLDER, ObjectName, read_name

_SHARED_FILE_MODE: Final = 0o644
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Listed:
    """One object that is there: its name and its size in bytes."""

    name: ObjectName
    size: int


class FolderPlace:
    """A folder that several consoles share. All methods raise `PlaceGone` where the folder has vanished."""

    def __init__(self, folder: Path) -> None:
        """`folder` has to exist: a place is never created by accident, for instance under a missing mount."""
        self.folder = folder
        self.label = str(folder)

    def objects(self) -> tuple[list[Listed], list[FileRefused]]:
        """Every object with a name of the layout, in the order of names; and what was refused, with why."""
        found: list[Listed] = []
        refused: list[FileRefused] = []
        with self._reaching():
            if not stat.S_ISDIR(self.folder.stat().st_mode):
                raise PlaceGone(self.label)
            self._list_into("v1", 3, found, refused)
        found.sort(key=lambda item: item.name.path)
        return found, refused

    def _list_into(self, path: str, depth: int, found: list[Listed], refused: list[FileRefused]) -> None:
        try:
            with os.scandir(self.folder / path) as items:
                children = [item for _, item in zip(range(MAX_NAMES_IN_FOLDER), items, strict=False)]
        except (FileNotFoundError, NotADirectoryError):
            return
        for child in children:
            inner = f"{path}/{child.name}"
            name = read_name(inner)
            if child.is_symlink():
                if name is not None or _may_hold(inner):
                    refused.append(FileRefused(inner, "it is a link, and links are never followed"))
            elif child.is_dir(follow_symlinks=False):
                if depth > 1 and _may_hold(inner):
                    self._list_into(inner, depth - 1, found, refused)
            elif name is not None:
                self._judge(child, name, found, refused)

    @staticmethod
    def _judge(child: os.DirEntry[str], name: ObjectName, found: list[Listed], refused: list[FileRefused]) -> None:
        try:
            facts = child.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # its owner replaced it while we looked
        if not stat.S_ISREG(facts.st_mode):
            refused.append(FileRefused(name.path, "it is not a plain file"))
        elif facts.st_size > name.limit_bytes:
            refused.append(FileRefused(name.path, f"it is larger than {name.limit_bytes} bytes"))
        else:
            found.append(Listed(name, facts.st_size))

    def read(self, name: ObjectName) -> bytes:
        """The object's bytes, proven to be those its name promises (where the name is that of its content).

        Raises:
            FileRefused: for a link, a file too large, one that vanished, or one that is half-written or altered.
        """
        with self._reaching():
            self._refuse_links(name.path)
            try:
                data = self._read_plain(name)
            except (FileNotFoundError, NotADirectoryError):
                self.folder.stat()
                raise FileRefused(name.path, "it vanished while it was read") from None
        if name.is_content_named and sha256(data).hexdigest() != name.sha:
            raise FileRefused(name.path, "its content is not what its name says (half-written or altered)")
        return data

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
        with self._reaching():
            target = self._ready(path)
            try:
                platform.create_durably(target, data, _SHARED_FILE_MODE)
            except FileExistsError:
                return False
        return True

    def mend(self, path: str, data: bytes) -> None:
        """Put an own object's bytes back where its name is taken by half of it or by something else.

        For the owner of the prefix only: the name is the content's, so nobody's data is replaced.
        """
        with self._reaching():
            target = self._ready(path)
            if target.is_symlink():
                raise FileRefused(path, "it is a link, and links are never followed")
            platform.write_durably(target, data, _SHARED_FILE_MODE)

    def remove(self, path: str) -> None:
        """Take an own, superseded disclosures object away; what is gone already is no error."""
        with self._reaching():
            self._refuse_links(path)
            (self.folder / path).unlink(missing_ok=True)

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

    @contextmanager
    def _reaching(self) -> Generator[None]:
        """Name what the operating system says: gone, or no room; a `FileRefused` passes."""
        try:
            yield
        except FileExistsError:
            raise
        except OSError as fault:
            if fault.errno in _NO_ROOM and self.folder.is_dir():
                raise PlaceFull(self.label, os.strerror(fault.errno or 0)) from None
            raise PlaceGone(self.label) from None


def _may_hold(path: str) -> bool:
    """Whether a folder of the layout can have this path."""
    parts = path.split("/")
    if len(parts) == 2:  # noqa: PLR2004  v1/<feed>, v1/roster, v1/enrol
        return parts[1] in ("roster", "enrol") or read_name(f"{path}/o/{'0' * 64}") is not None
    return len(parts) == 3 and parts[2] in ("e", "o", "d")  # noqa: PLR2004  v1/<feed>/<kind>
