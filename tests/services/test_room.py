"""The room page: one static file that tells age and sureness, quotes nothing it may not, and cannot be injected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from console.domain.errors import WrongUse
from console.journal.telemetry import Sample, Telemetry, path_beside
from console.services.room import REWRITE_MS, room_page, write_room_page
from tests.journal.world import INC
from tests.kit.scene import INSTANCE
from tests.kit.told import Told

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=y>\"'$title"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    made = Told(tmp_path / "p", monkeypatch)
    made.later(4)
    yield made
    made.close()


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _story(told: Told) -> None:
    one = told.propose("key-a", "key-b")
    told.authorise(one)
    for kind in ("intent", "accepted", "recorded", "enforced"):
        told.step(one, kind)
    for kind in ("intent", "accepted", "recorded"):
        told.step(one, kind, 1)
    other = told.propose("key-c", where="west")
    told.authorise(other)
    told.step(other, "held", words={"why": HOSTILE})
    told.say("decision", f"Restrict first {HOSTILE}")
    told.say("decision", "Ask counsel", pub={"privileged": True})
    told.say("note", "never on the wall")
    told.say("communication", "Next update 14:30")


def test_the_page_says_what_holds_and_how_sure(told: Told) -> None:
    _story(told)
    words = " ".join(Tags(room_page(told.session, INC)).words)
    for expected in (
        "SEV-1", "it lies", "NOT FULLY CONTAINED", "2 of 3 in force (1 enforced, 1 recorded, 1 not yet)", "enforced",
        "recorded", "queued", "signed, waits to be sent", "Restrict first", "Commander", "commander", "00:04",
        "State as of 2025-11-23 14:06:11 UTC", "Next update due 14:30 UTC", "F-7 inside", "no reading here",
    ):  # fmt: skip
        assert expected in words, expected


def test_nothing_privileged_and_no_note_is_on_it(told: Told) -> None:
    _story(told)
    page = room_page(told.session, INC)
    assert "Ask counsel" not in page
    assert "never on the wall" not in page


def test_what_people_wrote_is_text_and_the_page_runs_and_loads_nothing(told: Told) -> None:
    told.say("surface.added", inc=None, more={"name": HOSTILE, "key": "h"}, pub={
        "surface": "t-" + "4" * 26, "instance": INSTANCE, "model": "F-7", "control": "developer", "kind": "public",
        "reach": "everyone",
    })  # fmt: skip
    _story(told)
    page = room_page(told.session, INC)
    tags = Tags(page)
    assert {name for name, _ in tags.found} <= {
        "html", "head", "meta", "title", "style", "body", "header", "span", "h1", "h2", "small", "div", "p", "main",
        "section", "table", "tr", "td", "ul", "li", "footer", "b", "svg", "circle", "path",
    }  # fmt: skip
    assert not any(key.startswith("on") or key in ("src", "href", "action") for _, held in tags.found for key in held)
    assert page.count("$title") == HOSTILE.count("$title") * 3  # a surface, a reason, a decision
    policy = next(held["content"] for name, held in tags.found if held.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"url\(|@import|https?:", page)


def test_a_surface_tells_its_last_state_and_how_old_that_is(told: Told) -> None:
    now = told.clock.wall_ms()
    with Telemetry(path_beside(told.session.paths.index)) as kept:
        kept.add(
            [
                Sample(INSTANCE, "east", now - 5_000, "stopped", 12),
                Sample(INSTANCE, "west", now - 600_000, "serving", 9),
            ]
        )
    page = room_page(told.session, INC)
    assert "stopped" in page
    assert "read 5 s before this page" in page
    west = next(row for row in page.split("<tr ") if "F-7 west" in row)
    assert 'class="old"' in west
    assert "--tone:var(--quiet)" in west  # what was not heard lately is never shown as alive
    assert "read 10 min before this page" in west


def test_a_drill_and_a_single_person_are_marked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Told(tmp_path / "d", monkeypatch, world="drill")
    words = [word for word in Tags(room_page(made.session, INC)).words if word.strip() and "{" not in word]
    made.close()
    assert "DRILL" in words[1]


def test_it_is_written_when_something_changed_or_a_minute_has_passed(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "room.html"
    assert write_room_page(told.session, INC, path)
    assert path.stat().st_mode & 0o777 == 0o644
    told.clock.advance(5_000)
    assert not write_room_page(told.session, INC, path)
    told.say("decision", "Restrict first")
    assert write_room_page(told.session, INC, path)
    assert "Restrict first" in path.read_text(encoding="utf-8")
    told.clock.advance(REWRITE_MS)
    assert write_room_page(told.session, INC, path)
    assert list(tmp_path.glob("room*")) == [path]


def test_a_promise_that_passes_is_a_change(told: Told, tmp_path: Path) -> None:
    told.say("communication", "Next update 14:07")
    path = tmp_path / "room.html"
    assert write_room_page(told.session, INC, path)
    told.clock.advance(55_000)
    assert write_room_page(told.session, INC, path)
    assert "OVERDUE" in path.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_said(told: Told, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be written"):
        write_room_page(told.session, INC, tmp_path / "none" / "room.html")
