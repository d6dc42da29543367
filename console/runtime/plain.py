"""Opens a file that somebody else may have put there: a plain file and nothing else, and without waiting for anybody.

A pipe would keep whoever opens it for ever, a device has no end, and a link leads out of the folder it lies in.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)  # fmt: skip


class NotPlain(OSError):
    """A link, a pipe, a device or a folder stands where a file should."""

    def __init__(self, path: Path) -> None:
        """`path` is what was asked for."""
        super().__init__(errno.EINVAL, "it is a link or no plain file", str(path))


def open_plain(path: Path) -> BinaryIO:
    """The file at `path` for reading; its last name is not followed where it is a link.

    Raises:
        NotPlain: where something else stands there.
        OSError: as `open`.
    """
    try:
        fd = os.open(path, _FLAGS)
    except OSError as fault:
        if fault.errno in (errno.ELOOP, errno.ENXIO):  # a link; a socket
            raise NotPlain(path) from None
        raise
    file = os.fdopen(fd, "rb")
    if not stat.S_ISREG(os.fstat(fd).st_mode) or (not hasattr(os, "O_NOFOLLOW") and path.is_symlink()):
        file.close()
        raise NotPlain(path)
    return file


def read_plain(path: Path, most: int) -> bytes:
    """The bytes of a plain file of `most` bytes at most.

    Raises:
        NotPlain: as `open_plain`.
        ValueError: where it is longer.
        OSError: as `open`.
    """
    with open_plain(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is longer than {most} bytes")
    return data
