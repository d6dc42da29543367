"""A vendor's status page through the console: connected like a provider, it offers nothing, and hints on the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.litellm.simulator import MASTER_KEY
from adapters.simulator import Simulator
from adapters.status_page.simulator import PageState, StatusPageSite
from console.runtime.paths import ProfilePaths
from console.services import providers
from console.services.board import board, sentence
from console.services.connection import try_connection
from console.services.coverage import coverage
from console.services.live import LOOKS
from console.services.record import start_record
from console.services.session import Session
from tests.adapters.kit import litellm_site
from tests.services.test_live import Running


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    def ask(_what: str, *, new: bool = False) -> bytes:
        return b"a long enough passphrase"

    paths = ProfilePaths(tmp_path / "real")
    start_record(paths, ask, name="Commander")
    with Session.open(paths, ask) as opened:
        yield opened


def test_a_page_hints_beside_the_provider_it_is_about(session: Session) -> None:
    trouble = PageState(indicator="major", description="Partial System Outage")
    with Simulator(StatusPageSite(trouble)) as page, Simulator(litellm_site()) as gateway:
        settings = {"base_url": page.url, "about": "gateway"}
        report = try_connection(session, "status_page", settings, {})
        assert report.answers
        assert (report.surfaces, report.levers) == ((), ())
        providers.add(session, "status_page", "their page", settings, lambda _what: "")
        assert providers.adopt_surfaces(session, "their page") == []
        providers.add(session, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: MASTER_KEY)
        assert providers.adopt_surfaces(session, "gateway")
        with Running(session) as run:
            run.heard.until(
                lambda: (
                    any(one.page for one in run.heard.latest[LOOKS].instances)
                    and any(one.surfaces for one in run.heard.latest[LOOKS].instances)
                )
            )
            looks = run.heard.latest[LOOKS]
        now = session.clock.wall_ms()
        made = board(looks, (), now)
        assert {column.name for column in made.columns} == {"gateway"}, "a page is no provider of a model"
        for cell in made.cells.values():
            assert cell.state == "serving", "our own look decides"
            assert "a hint only: major, Partial System Outage" in sentence(cell, now)
        assert {row.provider for row in coverage(session).rows} == {"gateway"}
        assert len(page.requests()) <= 3, "tried once, and then once a minute by whoever watches"
