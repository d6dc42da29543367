"""Runs tests on a machine that is worse than this one: what they say of the program must not change.

    python -m tests.shaken HOW[,HOW ...] [--seed N] FILES...

HOW: `coarse` (a clock of whole 20 ms, so that much happens in one moment), `order` (the tests of a file in any order),
`threads` (a thread begins late), `sockets` (what is sent and read comes late), `late` (forty days from now),
`midnight` (ten seconds before a day ends), `yearend` (before a year does). Not a test: decision 0196.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from calendar import timegm
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

HOW = "SHAKEN"
STEP_NS = 20_000_000
DAY_S = 86_400
PAUSES_S = (0.0, 0.0, 0.001, 0.01, 0.05)
ONE_IN = 5


def main(arguments: list[str]) -> int:
    """A run of pytest with this module as its plug-in; the seed is said, so that it can be had again."""
    how, *rest = arguments
    seed = str(random.SystemRandom().randrange(10**6))
    if rest[:1] == ["--seed"]:
        seed, rest = rest[1], rest[2:]
    if unknown := set(how.split(",")) - HOWS.keys() - {"order"}:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}\n\n{__doc__}")
        return 2
    sys.stderr.write(f"shaken by {how}, seed {seed}\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.shaken", "-p", "no:cacheprovider", *rest]
    environment = {**os.environ, HOW: f"{how}:{seed}"}
    root = Path(__file__).parents[1]
    return subprocess.run(command, check=False, env=environment, cwd=root).returncode  # without end: each test has one


def pytest_configure() -> None:
    """Before anything of the program is imported by a test."""
    names, chance = _told()
    for name in names:
        if name in HOWS:
            HOWS[name](chance)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files stay together: what one makes for its tests is made once."""
    names, chance = _told()
    if "order" in names:
        files: dict[str, list[pytest.Item]] = {}
        for item in items:
            files.setdefault(item.nodeid.partition("::")[0], []).append(item)
        for tests in files.values():
            chance.shuffle(tests)
        items[:] = chain.from_iterable(files.values())


def _told() -> tuple[list[str], random.Random]:
    names, _, seed = os.environ[HOW].partition(":")
    return names.split(","), random.Random(seed)


def _coarse(_chance: random.Random) -> None:
    now_ns = time.time_ns
    time.time_ns = lambda: now_ns() // STEP_NS * STEP_NS
    time.time = lambda: time.time_ns() / 1e9


def _threads(chance: random.Random) -> None:
    run = threading.Thread.run

    def late(self: threading.Thread) -> None:
        time.sleep(chance.choice(PAUSES_S))
        run(self)

    threading.Thread.run = late


def _sockets(chance: random.Random) -> None:
    for name in ("recv", "recv_into", "send", "sendall"):
        setattr(socket.socket, name, _after_a_pause(getattr(socket.socket, name), chance))


def _after_a_pause(call: Callable[..., Any], chance: random.Random) -> Callable[..., Any]:
    def late(*what: Any) -> Any:
        if not chance.randrange(ONE_IN):
            time.sleep(chance.choice(PAUSES_S))
        return call(*what)

    return late


def _by(seconds: Callable[[float], float]) -> Callable[[random.Random], None]:
    def shift(_chance: random.Random) -> None:
        now, now_ns = time.time, time.time_ns
        by_s = round(seconds(now()))
        time.time = lambda: now() + by_s
        time.time_ns = lambda: now_ns() + by_s * 10**9

    return shift


def _to_the_years_end(now_s: float) -> float:
    return timegm((time.gmtime(now_s).tm_year, 12, 31, 23, 59, 50)) - now_s


HOWS: dict[str, Callable[[random.Random], None]] = {
    "coarse": _coarse, "threads": _threads, "sockets": _sockets, "late": _by(lambda _now: 40 * DAY_S),
    "midnight": _by(lambda now: DAY_S - now % DAY_S - 10), "yearend": _by(_to_the_years_end),
}  # fmt: skip

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
