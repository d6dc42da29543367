"""The seam, on the system the tests run on: real files, real child processes, a real end by signal."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from console.runtime import platform
from console.runtime.faults import RuntimeProblem
from console.runtime.platform import FileLock

ROOT = Path(__file__).parents[2]

HOLD = """
import sys
from pathlib import Path
from console.runtime.platform import FileLock
lock = FileLock.try_take(Path(sys.argv[1]))
print("held" if lock else "refused", flush=True)
sys.stdin.read()
"""


def _child(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock.try_take(path) as lock:
        assert FileLock.try_take(path) is None
        lock.write_note("first holder\n")
        assert path.read_text() == "first holder\n"
    again = FileLock.try_take(path)
    assert again is not None
    again.write_note("2\n")
    assert path.read_text() == "2\n"
    again.release()
    again.release()
    with pytest.raises(ValueError, match="released"):
        again.write_note("late")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with _child(path) as holder:
        assert holder.stdout.readline() == "held\n"
        assert FileLock.try_take(path) is None
        with _child(path) as second:
            assert second.stdout.readline() == "refused\n"
            second.stdin.close()
        holder.kill()
        holder.wait(timeout=60)
        with FileLock.try_take(path):
            pass


def test_a_folder_that_is_not_there_is_no_held_lock(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock.try_take(tmp_path / "gone" / "lock")


def test_a_durable_write_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    platform.write_durably(path, b"one")
    platform.write_durably(path, b"two" * 100_000)
    assert path.read_bytes() == b"two" * 100_000
    assert path.stat().st_mode & 0o777 == 0o600
    platform.write_durably(path, b"", mode=0o644)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"", 0o644)
    assert os.listdir(tmp_path) == ["file"]


def test_the_order_is_write_sync_rename_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, steps = tmp_path / "file", []
    fsync, replace = os.fsync, Path.replace

    def synced(fd: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{fd}").is_dir() else f"sync {os.fstat(fd).st_size} bytes")
        fsync(fd)

    def replaced(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    platform.write_durably(path, b"12345")
    assert steps == ["sync 5 bytes", "rename", "sync folder"]


@pytest.mark.parametrize("writes", [platform.write_durably, platform.create_durably])
@pytest.mark.parametrize("broken", ["write", "fsync"])
def test_a_full_disk_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, writes: Callable[[Path, bytes], None]
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")

    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    target = old if writes is platform.write_durably else new
    with pytest.raises(OSError, match="No space"):
        writes(target, b"new")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["old"]
    assert old.read_bytes() == b"old"


def test_a_rename_that_fails_leaves_no_rest(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        platform.write_durably(tmp_path / "folder", b"x")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_new_file_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "file"
    platform.create_durably(path, b"first", mode=0o644)
    with pytest.raises(FileExistsError):
        platform.create_durably(path, b"second")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["file"]


def test_a_dangling_link_counts_as_taken(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        platform.create_durably(tmp_path / "link", b"x")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
def test_of_many_creators_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    path, start, outcomes = tmp_path / "file", threading.Barrier(8), []

    def create(number: int) -> None:
        start.wait(timeout=60)
        try:
            platform.create_durably(path, b"%d" % number * 1000)
        except FileExistsError:
            outcomes.append(None)
        else:
            outcomes.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    winners = [number for number in outcomes if number is not None]
    assert len(winners) == 1
    assert path.read_bytes() == b"%d" % winners[0] * 1000
    assert os.listdir(tmp_path) == ["file"]


def _no_links(*arguments: object, **options: object) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_without_links_a_failed_write_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = os.fsync
    calls = []

    def second_fails(fd: int) -> None:
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        synced(fd)

    monkeypatch.setattr(os, "link", _no_links)
    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(OSError, match="Input/output"):
        platform.create_durably(tmp_path / "file", b"x" * 10)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_sync_is_no_fault_but_a_broken_disk_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_with(number: int) -> Callable[[int], None]:
        def refuse(fd: int) -> None:
            raise OSError(number, os.strerror(number))

        return refuse

    monkeypatch.setattr(os, "fsync", refuse_with(errno.EINVAL))
    platform.sync_directory(tmp_path)
    monkeypatch.setattr(os, "fsync", refuse_with(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        platform.sync_directory(tmp_path)


def test_private_folders_are_closed_to_others(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        platform.make_private_directory(tmp_path / "a" / "b")
        open_one = tmp_path / "open"
        open_one.mkdir(mode=0o755)
        assert not platform.is_private(open_one)
        platform.make_private_directory(open_one)
    finally:
        os.umask(umask)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert platform.is_private(open_one)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(RuntimeProblem) as caught:
        platform.make_private_directory(tmp_path)
    assert "another user" in caught.value.what
    assert "--profile" in caught.value.next_step


def test_private_files_are_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"x")
    path.chmod(0o644)
    platform.make_private_file(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_core_is_dumped(tmp_path: Path) -> None:
    program = (
        "import os, resource, signal\n"
        "from console.runtime.platform import forbid_core_dumps\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "forbid_core_dumps()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGABRT)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        check=False,
        timeout=300,
    )
    assert done.stdout == b"(0, 0)\n"
    assert done.returncode == -6
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("found", ["", "not-a-boot-id", "0" * 31])
def test_a_system_without_boot_names_gets_a_new_one_each_time(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    monkeypatch.setattr(platform, "_system_boot_id", lambda: found)
    one, other = platform.boot_id(), platform.boot_id()
    assert one != other
    assert len(one) == len(other) == 32
