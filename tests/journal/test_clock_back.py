"""A journal notices that its machine's clock went back: in one run, over a restart, and over a reboot."""

from __future__ import annotations

import pytest

from console.domain.clock_doubt import state_of
from console.journal.values import MAX_AHEAD_MS, Answer, Draft
from tests.journal.world import INC, World
from tests.kit.clock import START_WALL_MS, FakeClock

HOUR = 3_600_000


@pytest.fixture
def world(tmp_path):
    return World(members=2, folder=tmp_path)


def lag(store):
    return store.write(lambda tx: tx.clock_back_ms)


def write(world, store, number=0):
    feed = world.person_feed(store, number)
    draft = Draft("note", inc=INC, disclosures={"text": "x"})
    return store.write(lambda tx: tx.append(feed, draft, roster=world.ref))


def test_in_one_run_without_any_entry(world):
    clock = FakeClock()
    with world.open("one", clock) as store:
        clock.advance(3 * HOUR)
        assert lag(store) == 0
        clock.advance(HOUR)
        clock.set_wall(START_WALL_MS + 2 * HOUR)  # later than at the start, yet two hours back
        assert lag(store) == 2 * HOUR
        clock.set_wall(START_WALL_MS + 4 * HOUR)
        assert lag(store) == 0


def test_over_a_restart_in_the_same_boot(world):
    clock = FakeClock()
    with world.open("one", clock) as store:
        write(world, store)
    clock.advance(5 * HOUR)
    clock.set_wall(START_WALL_MS + 2 * HOUR)
    with world.open("one", clock, rosters=False) as store:
        assert lag(store) == 3 * HOUR
        write(world, store)  # what is written under doubt makes no other clock of it
        assert lag(store) == 3 * HOUR
    with world.open("one", clock, rosters=False) as store:
        assert lag(store) == 3 * HOUR


def test_over_a_reboot(world):
    clock = FakeClock()
    with world.open("one", clock) as store:
        write(world, store)
    clock.reboot("c1" * 16)
    clock.set_wall(START_WALL_MS - HOUR)
    with world.open("one", clock, rosters=False) as store:
        assert lag(store) == HOUR
        assert state_of(lag(store)) == "doubtful"
        clock.set_wall(START_WALL_MS)
        assert lag(store) == 0


def test_no_colleagues_clock_makes_ours_doubtful(world):
    """One that is five minutes ahead is believed for order; one that is further ahead not even for that."""
    ours, theirs = FakeClock(), FakeClock(START_WALL_MS + MAX_AHEAD_MS)
    with world.open("one", ours) as store, world.open("two", theirs) as other:
        write(world, other, 1)
        theirs.advance(HOUR)
        write(world, other, 1)
        found = other.reader().entries()
        answers = store.write(lambda tx: [tx.ingest(one.raw, one.sig) for one in found])
        assert answers == [Answer.inserted, Answer.inserted, Answer.skewed]
        assert lag(store) == 0
        said = write(world, store)
        assert said.entry.hlc[0] <= START_WALL_MS + MAX_AHEAD_MS  # and not an hour further
