"""The rows of a timeline against the plain truth: every line in order, whatever arrives, is filtered or is redacted."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.domain.kinds import KINDS
from console.journal.projections import Projections
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.runtime.workers import OwnedThread
from console.viewmodels import roll, timeline
from console.viewmodels.lines import KIND_MARKS, Presenter
from console.viewmodels.timeline import PAGE, Change, TimelineRows
from tests.journal.world import INC, OTHER_INC, World
from tests.kit.clock import START_WALL_MS, FakeClock


@dataclass
class Screen:
    """Stands for the window: one thread, answers in order, and a table that keeps its own count as Qt's do."""

    world: World
    store: JournalStore
    projections: Projections
    clock: FakeClock
    lane: OwnedThread[None]
    calls: queue.SimpleQueue[Callable[[], None]] = field(default_factory=queue.SimpleQueue)
    changes: list[Change] = field(default_factory=list)
    table: int = 0
    read_on: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.feed = self.world.person_feed(self.store)
        self.presenter = Presenter(self.name_of)
        self.rows = self.new_rows(INC)

    def name_of(self, person: str | None) -> str:
        self.read_on.add(threading.current_thread().name)
        return "the console" if person is None else "Scribe"

    def new_rows(self, inc: str | None) -> TimelineRows:
        return TimelineRows(self.projections, inc, self.submit, self.when_done, self.heard, self.presenter)

    def submit(self, work):
        return self.lane.submit(lambda _: work())

    def when_done(self, future: Future, done, failed) -> None:
        def settled(found: Future) -> None:
            try:
                result = found.result()
            except CancelledError:
                return
            except BaseException as fault:  # noqa: BLE001  as the bridge does
                self.calls.put(lambda fault=fault: failed(fault))
                return
            self.calls.put(lambda: done(result))

        future.add_done_callback(settled)

    def heard(self, change: Change) -> None:
        self.changes.append(change)
        if change.what == "reset":
            self.table = self.rows.count
        elif change.what == "inserted":
            assert 0 <= change.first <= self.table
            self.table += change.last - change.first + 1
        elif change.what == "loaded":
            assert change.last < self.table

    def write(self, text: str, inc: str | None = INC, occurred: int | None = None, kind: str = "note", **pub) -> str:
        said: dict = {"reason" if kind == "retraction" else "text": text}
        if occurred is not None:
            said["occurred"] = {"at_ms": occurred, "plus_minus_s": 0}
        draft = Draft(kind, inc, None, pub, said)
        self.clock.advance(1_000)
        return self.store.write(lambda tx: tx.append(self.feed, draft, roster=self.world.ref)).id

    def write_many(self, count: int, word: str = "line") -> None:
        for number in range(count):
            self.write(f"{word} {number}")

    def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.calls.get(timeout=60)()

    def settle(self) -> None:
        """Until the rows have nothing more to ask."""
        rows = self.rows
        self.until(lambda: not rows.busy and not rows._stale and not rows._refreshing and rows._reading is None)
        assert rows.fault is None

    def open(self) -> None:
        self.rows.open()
        self.settle()

    def refresh(self) -> None:
        self.rows.refresh()
        self.settle()

    def text(self, at: int) -> str:
        self.until(lambda: self.rows.row(at) is not None)
        row = self.rows.row(at)
        assert row is not None
        return row.text

    def texts(self) -> list[str]:
        assert self.table == self.rows.count
        return [self.text(at) for at in range(self.rows.count)]

    def truth(self, inc: str | None = INC, kinds: tuple[str, ...] = (), word: str = "") -> list[str]:
        lines = self.projections.timeline(inc, limit=10**6)
        return [one.text for one in lines if (not kinds or one.kind in kinds) and word in one.text]


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setattr(roll, "_SLICE", 70)
    monkeypatch.setattr(roll, "_HITS", 30)
    monkeypatch.setattr(roll, "_FRESH", 90)
    world, clock = World(folder=tmp_path), FakeClock()
    lane: OwnedThread[None] = OwnedThread("look", lambda: None, lambda _: None)
    with world.open("a", clock) as store, Projections(store) as projections, lane:
        yield Screen(world, store, projections, clock, lane)


def test_every_row_is_there_in_order(screen: Screen) -> None:
    screen.write_many(450)
    screen.write("elsewhere", OTHER_INC)
    screen.open()
    assert screen.rows.count == 450
    assert screen.texts() == screen.truth() == [f"line {number}" for number in range(450)]


def test_the_last_rows_come_first_and_at_once(screen: Screen) -> None:
    screen.write_many(450)
    screen.projections.update()
    screen.rows.open()
    screen.until(lambda: bool(screen.changes))
    assert screen.changes[0].what == "reset"
    assert not screen.rows.whole
    assert [screen.rows.row(at).text for at in (449, 440, 300)] == ["line 449", "line 440", "line 300"]
    assert screen.rows.row(0) is None
    assert screen.text(0) == "line 0"
    assert any(change.what == "loaded" and change.first == 0 for change in screen.changes)


def test_nothing_is_read_on_the_thread_that_paints(screen: Screen) -> None:
    screen.write_many(30)
    screen.open()
    screen.texts()
    assert screen.read_on == {"look"}


def test_nothing_there_yet_is_an_empty_table(screen: Screen) -> None:
    screen.open()
    assert screen.rows.count == 0
    assert screen.rows.row(0) is None
    assert screen.rows.jump(5) == 0
    assert screen.rows.whole
    screen.write("first")
    screen.refresh()
    assert screen.texts() == ["first"]


def test_the_first_index_of_all_is_built_with_progress(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_REFRESH_S", 0.0)
    screen.write_many(700)
    screen.rows.open()
    seen = []
    screen.until(lambda: seen.append(screen.rows.progress) or screen.rows.count == 700)
    building = [one for one in seen if one is not None and one.building]
    assert building
    assert all(one.total == 701 for one in building)
    screen.settle()
    assert screen.texts() == screen.truth()


def test_a_new_line_at_the_end_is_one_inserted_row_and_is_there_at_once(screen: Screen) -> None:
    screen.write_many(PAGE)
    screen.open()
    screen.changes.clear()
    screen.write("and one more")
    screen.refresh()
    assert [one for one in screen.changes if one.what != "state"] == [Change("inserted", PAGE, PAGE)]
    assert screen.rows.row(PAGE).text == "and one more"
    screen.write("elsewhere", OTHER_INC)
    screen.refresh()
    assert screen.rows.count == PAGE + 1


def test_a_backdated_line_is_put_where_it_belongs(screen: Screen) -> None:
    screen.write_many(450)
    screen.open()
    row = screen.rows.row(449)
    screen.write("long before", occurred=START_WALL_MS - 2_000_000)
    screen.write("in between", occurred=START_WALL_MS + 100_500)
    screen.write("at the same moment as another", occurred=START_WALL_MS + 100_000)
    screen.refresh()
    assert screen.texts() == screen.truth()
    assert screen.text(0) == "long before"
    assert "late" in [badge.name for badge in screen.rows.row(0).badges]
    assert row is not None


def test_rows_that_are_shown_stay_while_a_line_comes_between_them(screen: Screen) -> None:
    screen.write_many(250)
    screen.open()
    for at in range(150, 250):
        screen.text(at)
    screen.write("in between", occurred=START_WALL_MS + 200_500)
    screen.write("before them", occurred=START_WALL_MS + 160_500)
    before = screen.truth()
    told: list[list[str | None]] = []

    def heard(change: Change) -> None:
        if change.what == "inserted":
            told.append([None if (row := screen.rows.row(at)) is None else row.text for at in range(170, 250)])

    screen.rows._listener = heard
    screen.refresh()
    assert told, "they came between"
    shown = told[-1]
    assert sum(text is None for text in shown) <= 2, "only what has just come is not there yet"
    assert [text for text in shown if text is not None] == [text for text in before[170:250] if text in shown]
    screen.rows._listener = screen.heard
    screen.table = screen.rows.count
    assert screen.texts() == screen.truth()


def test_whatever_order_lines_arrive_in_the_rows_are_the_truth(screen: Screen) -> None:
    chance = random.Random(11)
    screen.write_many(100)
    screen.open()
    for number in range(60):
        for _ in range(chance.choice((1, 1, 1, 5, 120))):
            back = chance.choice((None, None, chance.randint(-3, 160)))
            occurred = None if back is None else START_WALL_MS + back * 1_000
            screen.write(f"more {number}", chance.choice((INC, INC, OTHER_INC)), occurred)
        if chance.random() < 0.2:
            screen.rows.show(typed=chance.choice(("", "mo", "line 1")))
        screen.refresh()
        assert screen.table == screen.rows.count
    screen.rows.show()
    screen.settle()
    assert screen.texts() == screen.truth()


def test_lines_of_one_moment_stand_in_the_order_they_were_written_whoever_wrote_them(screen: Screen) -> None:
    """A colleague's line that was written earlier arrives later, and belongs between two of ours."""
    far = FakeClock()
    with screen.world.open("colleague", far) as colleague:
        theirs = screen.world.person_feed(colleague, 1)
        made = [colleague.reader().feed(theirs.feed)[0]]
        for number in range(3):
            draft = Draft(
                "note", INC, None, {}, {"text": f"theirs {number}", "occurred": {"at_ms": 5_000, "plus_minus_s": 0}}
            )
            made.append(colleague.write(lambda tx, draft=draft: tx.append(theirs, draft, roster=screen.world.ref)))
            far.advance(1_500)
        values = colleague.reader().disclosures([one.id for one in made])
    for number in range(4):
        screen.write(f"ours {number}", occurred=5_000)
    screen.open()
    screen.rows.show(typed="o")
    screen.settle()
    screen.rows.show()
    screen.settle()
    for stored in made:
        assert screen.store.write(lambda tx, stored=stored: tx.ingest(stored.raw, stored.sig)).stored
        screen.store.write(lambda tx, stored=stored: tx.add_disclosures(stored.id, values.get(stored.id, ())))
        screen.refresh()
    expected = ["theirs 0", "ours 0", "theirs 1", "ours 1", "ours 2", "theirs 2", "ours 3"]
    assert screen.truth() == expected
    assert screen.texts() == expected


def test_search_shows_the_newest_at_once_and_then_all_in_order(screen: Screen) -> None:
    for number in range(300):
        screen.write(f"{'word' if number % 2 else 'other'} {number}", occurred=START_WALL_MS - number)
    screen.open()
    screen.changes.clear()
    screen.rows.show(typed="wor")
    screen.until(lambda: bool(screen.changes))
    assert screen.rows.count == 30
    assert screen.rows.row(0).text == "word 299"
    assert not screen.rows.whole
    screen.settle()
    assert screen.rows.filtered
    assert screen.texts() == screen.truth(word="word")
    screen.write("a new word")
    screen.write("nothing of the kind")
    screen.refresh()
    assert screen.texts()[-1] == "a new word"
    assert screen.rows.count == 151
    screen.rows.show(typed="nowhere at all")
    screen.settle()
    assert screen.texts() == []
    screen.rows.show()
    screen.settle()
    assert screen.texts() == screen.truth()


@pytest.mark.parametrize("more", [3, 60])
def test_a_line_that_another_process_indexed_is_found_once(screen: Screen, more: int) -> None:
    screen.write_many(100)
    screen.open()
    screen.write_many(more, "word")
    screen.projections.update()
    screen.rows.show(typed="word")
    screen.settle()
    assert screen.texts() == screen.truth(word="word")


def test_a_search_that_is_typed_on_overtakes_the_one_before(screen: Screen) -> None:
    screen.write_many(400)
    screen.open()
    screen.changes.clear()
    for typed in ("li", "lin", "line", "line 3", "line 39", "line 399"):
        screen.rows.show(typed=typed)
    screen.settle()
    assert screen.texts() == ["line 399"]
    assert [one.what for one in screen.changes if one.what == "reset"] == ["reset"]


def test_many_lines_that_arrive_while_searching_are_found_once(screen: Screen) -> None:
    screen.write_many(5)
    screen.open()
    screen.rows.show(typed="word")
    screen.settle()
    for number in range(250):
        screen.write(f"{'word' if number % 3 == 0 else 'other'} {number}")
    screen.refresh()
    assert screen.texts() == screen.truth(word="word")


def test_values_that_come_after_their_line_are_shown(screen: Screen) -> None:
    with screen.world.open("colleague", screen.clock) as colleague:
        theirs = screen.world.person_feed(colleague, 1)
        draft = Draft("note", INC, None, {}, {"text": "theirs", "occurred": {"at_ms": 5_000, "plus_minus_s": 0}})
        said = colleague.write(lambda tx: tx.append(theirs, draft, roster=screen.world.ref))
        values = colleague.reader().disclosures([said.id])[said.id]
        for stored in (colleague.reader().feed(theirs.feed)[0], said):
            screen.store.write(lambda tx, stored=stored: tx.ingest(stored.raw, stored.sig))
    screen.write("ours", occurred=6_000)
    screen.open()
    assert screen.texts() == ["ours", ""]
    assert [badge.name for badge in screen.rows.row(1).badges] == ["absent"]
    screen.store.write(lambda tx: tx.add_disclosures(said.id, values))
    screen.refresh()
    assert screen.texts() == ["theirs", "ours"]


def test_kinds_are_shown_alone(screen: Screen) -> None:
    for number in range(200):
        screen.write(f"line {number}", kind="decision" if number % 3 == 0 else "note")
    screen.open()
    screen.rows.show(kinds={"decision"})
    screen.settle()
    assert screen.texts() == screen.truth(kinds=("decision",))
    screen.write("decided", kind="decision")
    screen.write("noted")
    screen.refresh()
    assert screen.texts() == screen.truth(kinds=("decision",))
    screen.rows.show(kinds={"decision", "note"}, typed="line 1")
    screen.settle()
    assert screen.texts() == screen.truth(word="line 1")


def test_a_jump_finds_the_first_row_of_a_moment(screen: Screen) -> None:
    screen.write_many(300)
    screen.rows.open()
    assert screen.rows.jump(START_WALL_MS + 100_500) is None
    screen.settle()
    assert [one.first for one in screen.changes if one.what == "jumped"] == [100]
    assert screen.text(100) == "line 100"
    assert screen.rows.jump(0) == 0
    assert screen.rows.jump(2**50) == 299
    assert screen.rows.jump(START_WALL_MS + 1_000) == 0


def test_an_amendment_is_shown_in_the_row_it_amends(screen: Screen) -> None:
    first = screen.write("at fist")
    other = screen.write("never so")
    screen.write_many(10)
    screen.open()
    screen.texts()
    screen.write("at first", kind="amendment", of=[first])
    screen.write("heard wrong", kind="retraction", of=[other])
    screen.refresh()
    screen.settle()
    assert screen.text(0) == "at first"
    assert [badge.name for badge in screen.rows.row(0).badges] == ["amended"]
    assert [badge.name for badge in screen.rows.row(1).badges] == ["retracted"]
    assert screen.rows.row(1).text == "never so"


def test_nobodys_wording_stands_in_for_what_a_console_observed(screen: Screen) -> None:
    machine = screen.world.machine_feed(screen.store)
    pub = {"instance": "g-" + "0" * 26, "since": 5}
    seen = screen.store.write(
        lambda tx: tx.append(
            machine, Draft("provider.unreachable", INC, None, pub, {"text": "refused"}), roster=screen.world.ref
        )
    )
    screen.write("all was well", kind="amendment", of=[seen.id])
    screen.open()
    row = screen.rows.row(0)
    assert (row.text, row.author) == ("refused", "the console")
    assert [badge.name for badge in row.badges] == ["amended"]


def test_what_was_redacted_is_gone_from_the_rows(screen: Screen) -> None:
    screen.write_many(5)
    stored = screen.store.reader().entry(screen.write("a name nobody needs"))
    screen.open()
    assert screen.text(5) == "a name nobody needs"
    screen.store.write(lambda tx: tx.bury([(stored.id, stored.entry.sd)], "d" * 64))
    screen.refresh()
    assert screen.text(5) == ""
    assert [badge.name for badge in screen.rows.row(5).badges] == ["absent"]


def test_memory_stays_bounded_however_far_one_scrolls(screen: Screen) -> None:
    screen.write_many(PAGE * 66)
    screen.open()
    for at in range(0, PAGE * 66, PAGE):
        screen.text(at)
    assert len(screen.rows._pages) == 64


def test_who_scrolls_fast_gets_the_last_pages_asked_for(screen: Screen) -> None:
    screen.write_many(PAGE * 20)
    screen.open()
    for at in range(0, PAGE * 18, PAGE):
        screen.rows.row(at)
    screen.settle()
    loaded = [one.first // PAGE for one in screen.changes if one.what == "loaded"]
    assert loaded == [0, 17, 16, 15, 14, 13, 12]


def test_the_organisations_record_has_rows_of_its_own(screen: Screen) -> None:
    screen.write("ours", None)
    screen.rows = screen.new_rows(None)
    screen.open()
    assert screen.texts() == screen.truth(None) == ["", "ours"]


def test_a_fault_is_told_and_the_next_opening_tries_again(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    screen.write_many(3)
    screen.projections.update()
    with monkeypatch.context() as broken:
        broken.setattr(screen.projections.shelf, "tail", lambda *_: 1 / 0)
        screen.rows.open()
        screen.until(lambda: screen.rows.fault is not None)
        assert isinstance(screen.rows.fault, ZeroDivisionError)
        assert not screen.rows.busy
    screen.open()
    assert screen.texts() == screen.truth()


def test_after_closing_nothing_is_told(screen: Screen) -> None:
    screen.write_many(3)
    screen.rows.open()
    screen.rows.close()
    screen.lane.call(lambda _: None)
    while not screen.calls.empty():
        screen.calls.get()()
    assert screen.changes == []


def test_every_kind_has_a_word_a_shape_and_a_tone() -> None:
    assert set(KIND_MARKS) == set(KINDS)
    assert all(mark.word and mark.shape and mark.tone for mark in KIND_MARKS.values())
