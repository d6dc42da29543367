"""What a start finds: an index as it was left, without a log to be read through before the first page."""

from __future__ import annotations

from console.journal.projections import Projections
from console.journal.values import Draft
from tests.journal.world import INC, World


def test_closing_leaves_no_log_of_the_index(tmp_path):
    world = World(folder=tmp_path)
    with world.open("a") as store:
        feed = world.person_feed(store)
        for number in range(20):
            draft = Draft("note", inc=INC, disclosures={"text": f"{number}"})
            store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref))
        with Projections(store) as shown:
            assert shown.update() == 21
            assert shown.shelf.count(INC) == 20
            assert len(store.reader().entries(INC)) == 20
        assert list(store.paths.root.glob("index.db-*")) == []
