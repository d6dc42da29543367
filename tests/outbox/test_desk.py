"""Many ask at once: one transaction for all of them, and each stands for itself."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import Future

import pytest

from console.journal.values import Draft
from console.outbox.desk import MOST, Desk
from console.runtime.workers import Stopped
from tests.kit.quick import QuickScene, QuickStore
from tests.kit.scene import Scene


@pytest.fixture
def scene():
    made = QuickScene()
    made.people = [made.person_feed(made.store, 0)]
    yield made
    made.store.close()


class Counting:
    """The store, and how many transactions were asked of it; it answers when it is let."""

    def __init__(self, store, *, at_once=True):
        self.store, self.at_once, self.asked = store, at_once, []

    def transaction(self, work):
        done = Future()
        self.asked.append((work, done))
        if self.at_once:
            self.answer()
        return done

    def answer(self):
        work, done = self.asked[-1]
        try:
            done.set_result(self.store.write(work))
        except BaseException as fault:  # noqa: BLE001  it belongs to whoever waits
            done.set_exception(fault)


def play(story):
    return asyncio.run(asyncio.wait_for(story, 60))


def note(scene, text):
    return lambda tx: tx.append(scene.people[0], Draft("note", disclosures={"text": text}), roster=scene.ref).id


def entered(scene):
    return [one.id for one in scene.store.reader().entries() if one.entry.kind == "note"]


def test_what_is_asked_together_is_one_transaction_in_order(scene):
    store = Counting(scene.store)

    async def story():
        desk = Desk()
        return await asyncio.gather(*(desk.ask(store, note(scene, str(number))) for number in range(30)))

    assert play(story()) == entered(scene)
    assert len(store.asked) == 1
    assert len(entered(scene)) == 30


def test_no_transaction_takes_more_than_its_share(scene):
    store = Counting(scene.store)

    async def story():
        desk = Desk()
        await asyncio.gather(*(desk.ask(store, lambda _tx: None) for _ in range(MOST + 1)))

    play(story())
    assert len(store.asked) == 2


def test_what_one_raises_undoes_its_own_part_only(scene):
    def fails(tx):
        note(scene, "half")(tx)
        raise ValueError("no")

    async def story():
        desk = Desk()
        works = (note(scene, "before"), fails, note(scene, "after"))
        return await asyncio.gather(*(desk.ask(scene.store, work) for work in works), return_exceptions=True)

    before, fault, after = play(story())
    assert isinstance(fault, ValueError)
    assert entered(scene) == [before, after]
    play(Desk().ask(scene.store, note(scene, "later")))
    assert len(entered(scene)) == 3
    chain = [one.seq for one in scene.store.reader().entries() if one.feed == scene.people[0].feed]
    assert chain == list(range(len(chain)))


def test_who_comes_while_one_is_under_way_goes_together_into_the_next(scene):
    store = Counting(scene.store, at_once=False)

    async def story():
        desk = Desk()
        first = asyncio.create_task(desk.ask(store, note(scene, "first")))
        await _turns()
        others = [asyncio.create_task(desk.ask(store, note(scene, str(number)))) for number in range(3)]
        await _turns()
        assert len(store.asked) == 1
        store.answer()
        assert await first == entered(scene)[0]
        await _turns()
        assert len(store.asked) == 2
        store.answer()
        return await asyncio.gather(*others)

    assert play(story()) == entered(scene)[1:]


async def _turns():
    for _ in range(5):
        await asyncio.sleep(0)


def test_where_the_disk_fails_nothing_stands_and_all_hear_of_it(tmp_path):
    scene = Scene(tmp_path, found=False)
    scene.give_rosters(scene.store)

    def breaks(tx):
        tx.connection.execute("ROLLBACK")  # as SQLite does where the disk is full
        raise sqlite3.OperationalError("database or disk is full")

    async def story():
        desk = Desk()
        works = (note(scene, "before"), breaks, note(scene, "after"))
        found = await asyncio.gather(*(desk.ask(scene.store, work) for work in works), return_exceptions=True)
        later = await desk.ask(scene.store, note(scene, "later"))
        await scene.aclose()
        return found, later

    found, later = play(story())
    assert all(isinstance(one, Exception) for one in found)
    reopened = Scene(tmp_path, found=False)
    assert entered(reopened) == [later]
    asyncio.run(reopened.aclose())


def test_a_cancelled_caller_undoes_nothing(scene):
    async def story():
        desk = Desk()
        asked = asyncio.create_task(desk.ask(scene.store, note(scene, "said")))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await _turns()

    play(story())
    assert len(entered(scene)) == 1


def test_what_waits_at_the_end_is_handed_over(scene):
    store = Counting(scene.store, at_once=False)

    async def story():
        desk = Desk()
        asked = [asyncio.create_task(desk.ask(store, note(scene, str(number)))) for number in range(MOST + 2)]
        await _turns()
        desk.hand_over(store)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    play(story())
    assert len(store.asked) == 2
    for work, _ in store.asked:
        scene.store.write(work)
    assert len(entered(scene)) == MOST + 2


def test_of_a_journal_that_is_closed_all_hear():
    class Closed(QuickStore):
        def transaction(self, _work):
            raise Stopped("the thread does not take work")

    async def story():
        desk, store = Desk(), Closed.__new__(Closed)
        found = await asyncio.gather(*(desk.ask(store, lambda _tx: None) for _ in range(2)), return_exceptions=True)
        return [*found, *await asyncio.gather(desk.ask(store, lambda _tx: None), return_exceptions=True)]

    assert [type(one) for one in play(story())] == [Stopped] * 3


def test_what_was_under_way_when_a_loop_ended_holds_up_nothing_on_the_next_one(scene):
    store, desk = Counting(scene.store, at_once=False), Desk()

    async def ends_in_the_midst():
        asking = [asyncio.create_task(desk.ask(store, note(scene, f"before {number}"))) for number in range(2)]
        for _ in range(3):  # both are handed over together at the turn after they asked
            await asyncio.sleep(0)
        asking.append(asyncio.create_task(desk.ask(store, note(scene, "waits"))))
        await asyncio.sleep(0)

    play(ends_in_the_midst())
    assert len(store.asked) == 1
    store.answer()
    assert len(entered(scene)) == 2
    store.at_once = True
    after = play(desk.ask(store, note(scene, "after")))
    assert entered(scene)[-1] == after
    assert len(entered(scene)) == 4  # what waited goes too: whoever is cancelled undoes nothing
