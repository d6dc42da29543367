"""An engine whose own feed was continued elsewhere stops at once, and the next one goes on in the feed after."""

from __future__ import annotations

import asyncio

import pytest

from console.outbox.engine import FeedEnded
from tests.kit.scene import Scene


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    asyncio.run(made.aclose())


def test_the_engine_stops_and_another_goes_on_in_a_new_feed(scene):
    sha, _ = scene.block("k")
    before = scene.feed
    scene.store.start_anew()
    with pytest.raises(FeedEnded, match="copy writes"):
        asyncio.run(scene.outbox().run_once())
    scene.feed = scene.machine_feed(scene.store, 0)
    scene.people = [scene.person_feed(scene.store, number) for number in range(3)]
    assert scene.feed.feed != before.feed
    outbox = scene.outbox()
    asyncio.run(outbox.run_once())
    assert asyncio.run(outbox.authorise(sha)).outcome == "not-ours"  # what named the old feed is proposed again
    again, _ = scene.block("k")
    assert asyncio.run(outbox.authorise(again)).outcome == "authorised"
