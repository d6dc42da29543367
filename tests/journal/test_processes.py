"""Real processes on one profile: two that append at once, and one that is killed while it appends."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from console.journal.verify import verify_profile
from tests.journal.world import World

APPENDER = Path(__file__).with_name("appender.py")


ROUNDS = 10


def start(folder, member, count, rounds=1):
    return subprocess.Popen(
        [sys.executable, str(APPENDER), str(folder), "shared", str(member), str(count), str(rounds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def let_go(child):
    child.stdin.write("go\n")
    child.stdin.flush()


def said_until_ready(child):
    said = []
    while (line := child.stdout.readline()) != "ready\n":
        assert line, child.stderr.read()
        said.append(line.strip())
    return said


def test_two_processes_append_to_one_feed_without_a_fork(tmp_path):
    world = World(folder=tmp_path)
    world.open("shared").close()
    children = [start(tmp_path, member, 20, ROUNDS) for member in (0, 0, 1)]
    said = []
    for _ in range(ROUNDS):  # no round begins before all have ended the last, so each feed changes hands in every one
        for child in children:
            said += said_until_ready(child)
        for child in children:
            let_go(child)
    for child in children:
        out, err = child.communicate(timeout=60)
        assert child.returncode == 0, err
        said += out.split()
    with world.open("shared") as store:
        assert set(said) < {s.id for s in store.reader().entries()}
        assert len(said) == len(set(said)) == 600
        assert store.reader().forks() == {}
        assert len(store.reader().feeds()) == 2
        authors = [s.disclosed["text"][0] for s in store.reader().entries() if s.seq]
        assert sum(one != two for one, two in pairwise(authors)) >= ROUNDS
        assert verify_profile(store).first_wrong is None


def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path):
    world = World(folder=tmp_path)
    world.open("shared").close()
    for round_number in range(3):
        child = start(tmp_path, 0, 100_000)
        assert child.stdout.readline() == "ready\n"
        let_go(child)
        said = [child.stdout.readline().strip() for _ in range(20 + 17 * round_number)]
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=30)
        said += [line for line in rest.split("\n")[:-1] if line]
        with world.open("shared") as store:
            assert set(said) <= {s.id for s in store.reader().entries()}
            assert verify_profile(store).first_wrong is None
