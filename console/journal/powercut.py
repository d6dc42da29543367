"""Cuts the power beneath a journal that is being written, on a device made for it, and counts what is lost.

A file becomes a disk (loop device, ext4); the journal is written there; the writer is stopped and the disk copied as it
is, without what the system had not written to it yet: that is what a cut leaves. Linux and root only. It never touches
anything but a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from console.domain.errors import Problem, WrongUse
from console.journal.bench import Bench, open_bench
from console.journal.store import JournalStore
from console.journal.verify import verify_file, verify_profile
from console.runtime import platform
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy
from console.runtime.paths import ProfilePaths

_SYSTEM_S = 600
SIZE_BYTES = 96 * 1024 * 1024
_TOOLS = ("mkfs.ext4", "losetup", "mount", "umount")
_LEAST_S, _MOST_S = 0.1, 1.2
_WAIT_S = 20.0
_CONTROLS = 8
_LOOK_S = 0.005


class NoPower(WrongUse):
    """There is nothing here whose power could be cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut: what had been acknowledged in all, what of it was lost, and the first thing wrong afterwards, if any."""

    acknowledged: int
    lost: int
    wrong: str | None


@dataclass(frozen=True, slots=True)
class Cuts:
    """All cuts, and the control: `control_lost` of `control_rows` rows, acknowledged by an SQLite that does not sync at
    every commit. It has to lose some, or the method shows nothing.
    """

    cuts: tuple[Cut, ...]
    control_rows: int
    control_lost: int

    @property
    def acknowledged(self) -> int:
        """Acknowledged before the last cut."""
        return self.cuts[-1].acknowledged

    @property
    def lost(self) -> int:
        """Acknowledged and lost, over all cuts."""
        return sum(one.lost for one in self.cuts)

    @property
    def wrong(self) -> str | None:
        """The first thing that did not hold after a cut."""
        return next((one.wrong for one in self.cuts if one.wrong is not None), None)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, everything was sound, and the method could have shown otherwise."""
        return self.lost == 0 and self.wrong is None and self.control_lost > 0


def cut_power(rounds: int, told: Callable[[int, Cut], None]) -> Cuts:
    """Cut `rounds` times, the same journal going on after each; then the control, once. `told` hears of each cut.

    Raises:
        NoPower: without Linux, root or the tools.
        Problem: when the system refuses a device.
    """
    _require()
    with tempfile.TemporaryDirectory(prefix="standdown-powercut-") as place:
        disk = _Disk(Path(place))
        people = disk.format()
        cuts: list[Cut] = []
        said: set[str] = set()
        for number in range(rounds):
            said |= disk.cut(lambda writing: _write(people, disk.profile, writing))
            with disk.mounted():
                cuts.append(_look(people, disk.profile, said))
            told(number + 1, cuts[-1])
            if cuts[-1].lost or cuts[-1].wrong:
                break
        return Cuts(tuple(cuts), *_control(disk))


def _control(disk: _Disk) -> tuple[int, int]:
    """How many rows were acknowledged and how many of them lost; by luck a cut may hit just after a sync."""
    rows = lost = 0
    for number in range(_CONTROLS):
        path = disk.profile.root.parent / f"control{number}.db"
        said = disk.cut(partial(_write_control, path))
        with disk.mounted(), closing(sqlite3.connect(path)) as connection:
            here = {str(row[0]) for row in connection.execute("SELECT n FROM line")}
        rows, lost = rows + len(said), lost + len(said - here)
        if lost:
            break
    return rows, lost


def _require() -> None:
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if sys.platform != "linux" or os.geteuid() != 0 or missing:
        why = f" ({', '.join(missing)} missing)" if missing else ""
        raise NoPower(
            f"Cutting the power needs Linux, root and loop devices{why}.",
            "Run it as root on a machine of your own, for instance a virtual one.",
        )


class _Disk:
    """A file that is mounted as a disk."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._image = place / "disk.img"
        self._folder = place / "disk"
        self._folder.mkdir()
        self._chance = SystemEntropy()
        self.profile = ProfilePaths(self._folder / "profile")

    def format(self) -> Bench:
        """An empty file system with a journal begun on it."""
        with self._image.open("wb") as file:
            file.truncate(SIZE_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        with self.mounted():
            people = open_bench(self.profile.root)
            people.store.close()
        return people

    def cut(self, write: Callable[[int], None]) -> set[str]:
        """Have a child write, cut at a moment of chance, leave the disk as it was then; gives what was acknowledged."""
        after_s = _LEAST_S + int.from_bytes(self._chance.token(2), "big") / 2**16 * (_MOST_S - _LEAST_S)
        copy = self._place / "copy.img"
        with self.mounted() as device:
            child, reading = _child(write)
            try:
                said = _heard(reading, after_s)
                _stop(child)
                said += _heard(reading, 0)
                _copy_still(self._image, device, copy)
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                os.close(reading)
        copy.replace(self._image)
        return set(said.decode().split("\n")[:-1])

    @contextmanager
    def mounted(self) -> Generator[str]:
        """The file as a disk; gives the name of its device."""
        device = _run("losetup", "--find", "--show", str(self._image))
        try:
            # it writes seldom by itself: what nobody asked to be written stays in memory, where a cut loses it
            _run("mount", "-t", "ext4", "-o", "commit=300", device, str(self._folder))
            try:
                yield device
            finally:
                _run("umount", str(self._folder))
        finally:
            _run("losetup", "--detach", device)


def _look(people: Bench, paths: ProfilePaths, said: set[str]) -> Cut:
    try:
        store = JournalStore.open(paths, SystemClock(), SystemEntropy())
    except Problem as fault:
        return Cut(len(said), len(said), fault.what)
    with store:
        wrong = verify_profile(store).first_wrong or verify_file(store)
        here = {one.id for one in store.reader().entries()}
        here |= {sha for sha, _ in store.reader().blobs() if store.reader().blob(sha) is not None}
        if wrong is None:
            replace(people, store=store).append("after the cut")  # it has to go on
    return Cut(len(said), len(said - here), None if wrong is None else f"{wrong.where}: {wrong.why}")


def _write(people: Bench, paths: ProfilePaths, writing: int) -> None:
    with JournalStore.open(paths, SystemClock(), SystemEntropy()) as store:
        bench = replace(people, store=store)
        number = 0
        while True:
            number += 1
            os.write(writing, f"{bench.append('alone').id}\n".encode())
            for handed in [bench.hand_in("in a group") for _ in range(8)]:
                os.write(writing, f"{handed.result().id}\n".encode())
            if number % 10 == 0:
                data = bench.append("with a file").raw * 50
                os.write(writing, f"{_attach(store, data)}\n".encode())


def _attach(store: JournalStore, data: bytes) -> str:
    return store.write(lambda tx: tx.put_blob(data))


def _write_control(path: Path, writing: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("CREATE TABLE line (n INTEGER PRIMARY KEY)")
    platform.sync_directory(path.parent)  # the file and its table are there: only rows can be lost
    connection.execute("PRAGMA synchronous = NORMAL")
    number = 0
    while True:
        number += 1
        connection.execute("INSERT INTO line VALUES (?)", (number,))
        os.write(writing, f"{number}\n".encode())


def _child(work: Callable[[int], None]) -> tuple[int, int]:
    """A process that works until it is ended; its id, and the pipe on which it acknowledges."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(writing)
        except BaseException:  # noqa: BLE001  nothing of the parent's may run in the child
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    os.set_blocking(reading, False)
    return child, reading


def _heard(reading: int, for_s: float) -> bytes:
    """Everything acknowledged until then; a full pipe would hold the writer up."""
    heard, until = bytearray(), time.monotonic() + for_s
    while True:
        with suppress(BlockingIOError):
            while piece := os.read(reading, 1 << 16):
                heard += piece
        if time.monotonic() >= until:
            return bytes(heard)
        time.sleep(_LOOK_S)


def _stop(child: int) -> None:
    """Hold every thread of it where it stands; one that is inside a system call is held when that returns."""
    os.kill(child, signal.SIGSTOP)
    until = time.monotonic() + _WAIT_S
    while True:
        states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{child}/task").glob("*/stat")]
        if set(states) == {"T"}:
            return
        if time.monotonic() > until:
            raise Problem("The writer could not be held.", "Try again on a machine that does less.")
        time.sleep(_LOOK_S)


def _copy_still(image: Path, device: str, copy: Path) -> None:
    """A copy of the device at one moment: again, where something was written to it while it was copied."""
    until = time.monotonic() + _WAIT_S
    while True:
        before = _written(device)
        shutil.copyfile(image, copy)
        if _written(device) == before:
            return
        if time.monotonic() > until:
            raise Problem("The disk would not stand still.", "Try again on a machine that does less.")


def _written(device: str) -> tuple[str, ...]:
    """Writes done and under way, as the kernel counts them."""
    block = Path("/sys/block") / Path(device).name
    figures = (block / "stat").read_text().split()
    flushes = figures[15:16]  # in kernels that count them
    return figures[4], figures[6], figures[8], *flushes, (block / "inflight").read_text()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SYSTEM_S)
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:200]
        raise Problem(f"The system refused {command[0]}: {said}.", "Run it as root where loop devices can be made.")
    return done.stdout.strip()
