"""A journal that was closed has its log in the file: the next start reads a file and no log."""

from __future__ import annotations

from pathlib import Path

from console.journal.values import Draft
from tests.journal.world import World


def test_the_log_is_brought_into_the_file_though_readers_were_open(tmp_path):
    world = World(folder=tmp_path)
    store = world.open("a")
    feed = world.person_feed(store)
    store.write(lambda tx: [tx.append(feed, Draft("note"), roster=world.ref) for _ in range(50)])
    assert len(store.reader().entries()) == 51
    log = Path(f"{store.paths.journal}-wal")
    assert log.stat().st_size > 0
    store.close()
    assert not log.exists()
    with world.open("a", rosters=False) as again:
        assert len(again.reader().entries()) == 51
