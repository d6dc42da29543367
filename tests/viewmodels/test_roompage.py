"""The room page is kept up at every change, goes on after a restart, and says what is wrong with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.services import incidents
from console.services.session import Session
from console.viewmodels.desk import Desk
from console.viewmodels.roompage import ROOM_PAGE, RoomPage


@pytest.fixture
def desk(pair: tuple[Session, Session]) -> Iterator[Desk]:
    made = Desk(pair[0])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def inc(desk: Desk) -> str:
    found = desk.do(lambda session: incidents.declare(session, "F-7 lies", 2)).result(60).entry.inc
    assert found is not None
    return found


def until(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.01)


def kept(desk: Desk, zone: Callable[[], str] = lambda: "UTC") -> RoomPage:
    made = RoomPage(desk, zone)
    made.start()
    return made


def ticking(room: RoomPage, condition: Callable[[], bool]) -> None:
    """Until it is so, as a window ticks."""

    def ticked() -> bool:
        room.tick()
        return condition()

    until(ticked)


def rate(desk: Desk, inc: str, severity: int) -> None:
    desk.do(lambda session: incidents.change(session, inc, "severity", str(severity), "it is so")).result(60)


def test_a_change_while_it_is_being_written_is_written_too(desk: Desk, inc: str, tmp_path: Path) -> None:
    page, entered, go = tmp_path / "wall.html", threading.Event(), threading.Event()
    go.set()

    def zone() -> str:
        entered.set()
        assert go.wait(60)
        return "UTC"

    room = kept(desk, zone)
    desk.do(lambda session: room.choose(session, page, inc), "aside").result(60)
    desk.do(lambda _session: None, "aside").result(60)
    assert "SEV-2" in page.read_text(encoding="utf-8")
    go.clear()
    entered.clear()
    room.touch()
    assert entered.wait(60)
    rate(desk, inc, 1)
    go.set()
    ticking(room, lambda: "SEV-1" in page.read_text(encoding="utf-8"))


def test_touches_that_come_during_a_writing_are_one_more_writing(desk: Desk, inc: str, tmp_path: Path) -> None:
    calls: list[int] = []
    inside, go = threading.Event(), threading.Event()

    def zone() -> str:
        calls.append(1)
        inside.set()
        assert go.wait(60)
        return "UTC"

    go.set()
    room = RoomPage(desk, zone)  # hears nothing: only what is asked for here counts
    desk.do(lambda session: room.choose(session, tmp_path / "wall.html", inc), "aside").result(60)
    calls.clear()
    inside.clear()
    go.clear()
    room.touch()
    assert inside.wait(60)
    for _ in range(100):
        room.touch()
    go.set()
    until(lambda: len(calls) == 2)
    desk.do(lambda _session: None, "aside").result(60)
    assert len(calls) == 2


def test_it_goes_on_after_a_restart(desk: Desk, inc: str, tmp_path: Path) -> None:
    page = tmp_path / "wall.html"
    desk.do(lambda session: kept(desk).choose(session, page, inc), "aside").result(60)
    page.unlink()
    kept(desk)
    until(page.exists)
    state = desk.outlet.latest(ROOM_PAGE)
    assert state is not None
    assert (state.path, state.inc) == (str(page), inc)


def test_what_is_wrong_with_it_is_posted_and_goes_when_it_is_mended(desk: Desk, inc: str, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    room = kept(desk)
    desk.do(lambda session: room.choose(session, folder / "wall.html", inc), "aside").result(60)
    (folder / "wall.html").unlink()
    folder.rmdir()
    rate(desk, inc, 1)
    ticking(room, lambda: (state := desk.outlet.latest(ROOM_PAGE)) is not None and "cannot be written" in state.fault)
    folder.mkdir()
    room.touch()
    until(lambda: (state := desk.outlet.latest(ROOM_PAGE)) is not None and not state.fault)
    assert (folder / "wall.html").exists()


def test_a_page_that_is_none_is_refused_and_nothing_is_kept_up(desk: Desk, inc: str, tmp_path: Path) -> None:
    room = kept(desk)
    with pytest.raises(WrongUse, match="HTML"):
        desk.do(lambda session: room.choose(session, tmp_path / "evidence.png", inc), "aside").result(60)
    assert desk.outlet.latest(ROOM_PAGE) is None
    assert list(tmp_path.glob("*.png")) == []


@pytest.mark.parametrize("note", ["{", "[]", '{"path": 1, "inc": "x"}', '{"path": "/x.html", "inc": "../x"}'])
def test_a_damaged_note_chooses_nothing(desk: Desk, note: str) -> None:
    (desk.session.paths.root / "room-page.json").write_text(note)
    kept(desk)
    desk.do(lambda _session: None, "aside").result(60)
    assert desk.outlet.latest(ROOM_PAGE) is None
