"""Ends a process at its n-th file operation or commit: counted where Python hands them to the system.

Forks for every point, so that what is imported is imported once. Run as a child: it starts no thread before it forks.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CRASHED = 77
_CALLS = ("fsync", "replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "ftruncate", "chmod", "fchmod")
_write, _exit = os.write, os._exit

Story = Callable[[Path, Callable[[str], None]], None]
Check = Callable[[Path, list[str]], None]


@dataclass
class Countdown:
    """How many operations go before the end; each counts when it is about to be done."""

    left: int
    last: str = ""

    def pass_by(self, name: str) -> bool:
        """True where the process has to end at this one."""
        self.left -= 1
        self.last = name
        return self.left == 0

    def point(self, name: str) -> None:
        if self.pass_by(name):
            _exit(CRASHED)


def arm(countdown: Countdown) -> None:
    """From here on every operation of this process counts."""
    for name in _CALLS:
        _count_call(name, countdown)

    def write(fd: int, data: Any) -> int:
        if countdown.pass_by("write"):
            _write(fd, bytes(data)[: len(data) // 2])  # torn in the middle
            _exit(CRASHED)
        return _write(fd, data)

    os.write = write
    opened = os.open

    def open_(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            countdown.point("open")
        return opened(path, flags, *more, **named)

    os.open = open_
    _count_databases(countdown)


def _count_databases(countdown: Countdown) -> None:
    connect = sqlite3.connect

    class Counted(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            ends = sql.lstrip().upper().startswith(("COMMIT", "RELEASE", "PRAGMA WAL_CHECKPOINT", "CREATE"))
            if ends:
                countdown.point(f"before {sql.split('(', maxsplit=1)[0][:40]}")
            done = super().execute(sql, *values)
            if ends:
                countdown.point(f"after {sql.split('(', maxsplit=1)[0][:40]}")
            return done

        def close(self) -> None:
            countdown.point("before closing a database")
            super().close()

    def connect_counted(*given: Any, **named: Any) -> sqlite3.Connection:
        return connect(*given, factory=Counted, **named)

    sqlite3.connect = connect_counted


def _count_call(name: str, countdown: Countdown) -> None:
    plain = getattr(os, name)

    def counted(*given: Any, **named: Any) -> Any:
        countdown.point(name)
        return plain(*given, **named)

    setattr(os, name, counted)


def in_child(work: Callable[[], None]) -> int:
    """Do it in a forked process; gives the exit status (negative: the signal)."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  the parent is told, and nothing of the parent's may run here
            traceback.print_exc()
            sys.stderr.flush()
        _exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def acknowledged(story: Story, folder: Path, before: Callable[[], None]) -> tuple[int, list[str]]:
    """Play the story in a child; its exit status, and what it had acknowledged by then."""
    reading, writing = os.pipe()

    def play() -> None:
        before()
        story(folder, lambda said: (_write(writing, f"{said}\n".encode()), None)[1])

    code = in_child(play)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read().decode().split("\n")[:-1]
    return code, said


def at_every_point(place: Path, story: Story, prepare: Story, check: Check, stride: int = 1) -> tuple[int, list[str]]:
    """End the story at each of its points (or each `stride`-th) and check what is left.

    Gives the number of points, the last point's number included, and what failed where.
    """
    template, folder = place / "template", place / "now"
    template.mkdir(parents=True)
    failures: list[str] = []
    if in_child(lambda: prepare(template, lambda _: None)):
        return 0, ["it could not be prepared"]
    points = 0
    while True:
        shutil.copytree(template, folder)
        countdown = Countdown(points + 1)
        code, said = acknowledged(story, folder, lambda countdown=countdown: arm(countdown))
        if code not in {0, CRASHED}:
            failures.append(f"point {points + 1}: the story itself failed ({code})")
        elif in_child(lambda said=said: check(folder, said)):
            failures.append(f"point {points + 1}: what was left does not hold; acknowledged: {said}")
        shutil.rmtree(folder)
        if code != CRASHED:
            return points, failures
        points += stride
