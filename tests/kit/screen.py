"""A screen of its own for a test: an X server, a window manager, a bus for assistive technology; gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

WITHIN_S = 90.0
SYSTEM_PYTHON = "/usr/bin/python3"  # pyatspi comes with the system and not from the index


@contextmanager
def screen(folder: Path, size: str = "1600x1000") -> Iterator[dict[str, str]]:
    """The environment of a program on a screen of its own."""
    with ExitStack() as stack:
        read, write = os.pipe()
        server = _begin(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            {**os.environ}, folder / "xvfb.log", stack, pass_fds=(write,),
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            raise RuntimeError(
                f"no X server came up (exit {server.wait(timeout=60)}): {(folder / 'xvfb.log').read_text()}"
            )
        env = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "QT_XCB_NO_XI2": "0"}
        _begin(["openbox"], env, folder / "openbox.log", stack)
        yield env


def _begin(
    command: list[str], env: Mapping[str, str], log: Path, stack: ExitStack, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    out = stack.enter_context(log.open("wb"))
    child = subprocess.Popen(command, env=dict(env), stdout=out, stderr=out, pass_fds=pass_fds)
    stack.callback(_end, child)
    return child


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(timeout=60)


def with_bus(command: list[str]) -> list[str]:
    """A command on a session bus of its own, where assistive technology can be found."""
    found = shutil.which("dbus-run-session")
    return [found or "dbus-run-session", "--", *command]


def wait_for(path: Path, child: subprocess.Popen[bytes]) -> str:
    """The text of a file that a child writes when it is ready."""
    deadline = time.monotonic() + WITHIN_S
    while not path.exists():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"it did not come up (exit {child.poll()})")
        time.sleep(0.05)
    return path.read_text()
