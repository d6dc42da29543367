"""A clock that is ahead or behind shows by the dates of answers and by entries that came too early: as a hint only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.contract import Reply
from console.domain.clock_hint import ClockHint, hint_of
from console.journal.readings import read_clocks
from console.providers.address import Pin
from console.providers.dates import Dates
from console.runtime.clock import SystemClock
from console.runtime.paths import ProfilePaths
from console.services import clock_hint, incidents, providers
from console.services.live import CONNECTIVITY, Live
from console.services.live_pace import LivePace
from console.services.live_values import Connectivity
from console.services.record import start_record
from console.services.session import Session
from tests.kit.otherclock import server
from tests.kit.pair import founded, pair_at, sync

__all__ = ["founded"]
QUICK = LivePace(poll_ms=100, calm_ms=100, tick_s=0.02, again_s=0.05)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, lambda _what, new=False: b"a long enough passphrase", name="Commander")
    with Session.open(paths, lambda _what, new=False: b"a long enough passphrase") as opened:
        yield opened


def connect(session: Session, url: str, name: str = "gateway") -> None:
    providers.add(session, "litellm", name, {"base_url": url}, lambda _what: "sk-1234567890")


@pytest.mark.parametrize("behind_s", [240, -240])
def test_asked_now_a_provider_tells_by_how_much_ours_is_ahead(session: Session, behind_s: int) -> None:
    with server(behind_s) as url:
        connect(session, url)
        connect(session, url, "the same host again")
        found = clock_hint.ask_now(session)
    assert found == ClockHint(ahead_ms=behind_s * 1000, whose="provider", count=1, heard=1)


def test_a_clock_that_agrees_an_old_answer_and_a_provider_that_is_down_tell_nothing(session: Session) -> None:
    with server(0) as agrees, server(240, Age="240") as cached:
        connect(session, agrees, "agrees")
        connect(session, cached.replace("127.0.0.1", "localhost"), "cached")
        connect(session, "http://127.0.0.1:1", "down")
        assert clock_hint.ask_now(session) is None


def test_the_window_hears_it_by_looking_and_nothing_of_it_is_written(session: Session) -> None:
    told = threading.Event()
    last: list[Connectivity] = []

    def listen(key: str, snapshot: object) -> None:
        if key == CONNECTIVITY and isinstance(snapshot, Connectivity) and snapshot.clock is not None:
            last.append(snapshot)
            told.set()

    with server(180) as url:
        connect(session, url)
        before = len(session.reader.entries())
        live = Live(session, listen, pace=QUICK)
        live.start()
        try:
            assert told.wait(60)
        finally:
            live.stop()
    assert last[-1].clock == ClockHint(ahead_ms=180_000, whose="provider", count=1, heard=1)
    assert len(session.reader.entries()) == before


def test_a_colleagues_entry_that_came_before_it_was_written(
    founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pair_at(founded, tmp_path / "org") as (first, second):
        here = clock_hint.Colleagues(first)
        inc = str(incidents.declare(first, "A title", severity=2).entry.inc)
        sync(first, second)
        right = SystemClock.wall_ms
        monkeypatch.setattr(SystemClock, "wall_ms", lambda self: right(self) + 180_000)
        incidents.write(second, "note", "by a clock that shows more", inc=inc)
        monkeypatch.setattr(SystemClock, "wall_ms", right)
        sync(second, first)
        with first.reader.snapshot() as connection:
            here.read(connection, -1)
        found = hint_of(here.voices(), read_clocks(first.clock))
        assert found is not None
        assert (found.whose, found.count, found.ahead_ms // 60_000) == ("console", 1, -3)
        assert clock_hint.told_by(first, (), here) is None  # in a drill everything stands on this machine


def test_of_several_stamps_the_latest_time_counts_and_only_so_many_hosts_are_kept() -> None:
    dates, pin = Dates(), Pin.parse("https://gateway.example")

    def answered(date: str, boot_ms: int, **headers: str) -> None:
        dates.note(pin, Reply(status=200, headers={"date": date, **headers}, body=b"", elapsed_ms=200), boot_ms)

    answered("Thu, 26 Nov 2026 16:00:10 GMT", 10_100)
    answered("Thu, 26 Nov 2026 16:00:00 GMT", 12_100)  # made in advance, or out of a cache that does not say so
    for odd in ("", "yesterday", "Thu, 99 Nov 2026 16:00:00 GMT", "Thu, 26 Nov 99999 16:00:00 GMT"):
        answered(odd, 13_000)
    ((host, voice),) = dates.voices("gateway", 20_000)
    assert (host, voice.near, voice.slack_ms, voice.at_ms) == ("gateway.example", False, 600, 12_100)
    assert voice.epoch_ms == 1_795_708_810_500 - 10_000
    for number in range(40):
        dates.note(Pin.parse(f"http://h{number}.example"), Reply(
            status=200, headers={"date": "Thu, 26 Nov 2026 16:00:00 GMT"}, body=b"", elapsed_ms=0), 12_000)  # fmt: skip
    assert len(list(dates.voices("gateway", 20_000))) == 8
    assert list(dates.voices("gateway", 12_100 + 31 * 60_000)) == []
