"""A console that approved holds no approver seed: its memory is searched from outside, after the signature and locking.

The searching is proven by what must be there: the device key, and an approver key opened in the wrong process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.keys import keyfile
from console.runtime.paths import ProfilePaths
from console.services.session import APPROVER, WRITER
from tests.kit.pair import founded, passphrase  # noqa: F401  a fixture

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = """
import sys
from pathlib import Path
from console.keys import keyfile
from console.runtime.paths import ProfilePaths
from console.services import organisation
from console.services.session import APPROVER, Session
from tests.kit.pair import Asks

paths = ProfilePaths(Path(sys.argv[1]))
with Session.open(paths, Asks("commander")) as session:
    organisation.rehearse(session)  # an approval record, signed with the approver key
    session.device()
    kept = keyfile.read_private(paths.key("approver"), session.ask(APPROVER)) if sys.argv[2] == "wrongly" else None
    if sys.argv[2] != "unlocked":
        session.lock()
    print("ready", flush=True)
    sys.stdin.readline()
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux shows a process's memory")


@contextmanager
def console_at(profile: Path, how: str) -> Iterator[int]:
    """A console process that has approved and waits; its number."""
    command = [sys.executable, "-c", CONSOLE, str(profile), how]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child.pid
    finally:
        child.communicate("\n", timeout=30)
        assert child.returncode == 0


def times_in_memory(pid: int, secret: bytes) -> int:
    """How often these bytes stand in what the process can write."""
    found = 0
    with Path(f"/proc/{pid}/maps").open() as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:  # noqa: PTH123  unbuffered
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw") or "[vvar" in line:
                continue
            first, last = (int(part, 16) for part in place.split("-"))
            try:
                found += os.pread(memory.fileno(), last - first, first).count(secret)
            except (OSError, OverflowError):
                continue  # a mapping that went away or cannot be read
    return found


def seed(profile: Path, role: str, opens: bytes | None) -> bytes:
    return keyfile.read_private(ProfilePaths(profile).key(role), opens).private_bytes_raw()


@pytest.mark.parametrize("how", ["locked", "unlocked"])
def test_no_approver_seed_is_left_after_signing(founded: Path, tmp_path: Path, how: str) -> None:  # noqa: F811  the fixture
    profile = _copied(founded, tmp_path)
    approver = seed(profile, "approver", passphrase("commander", APPROVER))
    device = seed(profile, "console", None)
    with console_at(profile, how) as pid:
        assert times_in_memory(pid, device) > 0  # the search finds what is there
        assert times_in_memory(pid, approver) == 0
        if how == "locked":
            writer = seed(profile, "writer", passphrase("commander", WRITER))
            assert times_in_memory(pid, writer) == 0


def test_the_search_finds_an_approver_key_opened_in_the_wrong_process(founded: Path, tmp_path: Path) -> None:  # noqa: F811  the fixture
    profile = _copied(founded, tmp_path)
    approver = seed(profile, "approver", passphrase("commander", APPROVER))
    with console_at(profile, "wrongly") as pid:
        assert times_in_memory(pid, approver) > 0


def test_an_unlocked_writer_key_is_there_to_be_found(founded: Path, tmp_path: Path) -> None:  # noqa: F811  the fixture
    profile = _copied(founded, tmp_path)
    writer = seed(profile, "writer", passphrase("commander", WRITER))
    with console_at(profile, "unlocked") as pid:
        assert times_in_memory(pid, writer) > 0


def _copied(founded_at: Path, folder: Path) -> Path:
    shutil.copytree(founded_at / "commander", folder / "commander")
    return folder / "commander"
