"""A link that came back: what goes, counting down; what is confirmed again; what lapsed. Nothing is a surprise."""

from __future__ import annotations

from dataclasses import replace

from console.services.live_values import Connectivity, EngineLink, ProviderLink
from console.viewmodels.outbox import outbox_lines
from console.viewmodels.returning import Returns
from console.viewmodels.shell import Now
from tests.viewmodels.standings import NOW_MS, row, standing, target


def links(state: str) -> Connectivity:
    link = ProviderLink(instance="g-1", name="gateway", adapter="practice", state=state, since_ms=NOW_MS - 1_000)
    return Connectivity(engine=EngineLink(state="here"), providers=(link,))


def lines(*targets, state: str = "answers"):
    return outbox_lines(Now((standing(*targets),), ()), links(state), NOW_MS)


HELD = target(row=row(outage=True, held=True, not_before_ms=NOW_MS + 8_000))
STALE = target("stale", index=1, detail="It is no longer as it was signed.", row=row(state="stale", missed=True))
FAILED = target("failed", index=2, detail="The provider says no.", row=row(state="failed", missed=True))


def back() -> Returns:
    returns = Returns.begin()
    returns.take(links("unreachable"))
    returns.take(links("answers"))
    return returns


def test_what_a_return_brings_is_told_in_three_parts_and_counts_down() -> None:
    shown = back().shown(lines(HELD, STALE, FAILED))
    assert shown is not None
    assert [[line.target for line in part] for part in (shown.going, shown.again, shown.lapsed)] == [[0], [1], [2]]
    assert shown.headline == "gateway answers again"
    assert shown.sentence(NOW_MS) == (
        "1 goes in 8 s unless somebody cancels; 1 to be confirmed again; 1 lapsed and never sent."
    )
    assert shown.sentence(NOW_MS + 5_000).startswith("1 goes in 3 s")
    assert [line.help for line in (*shown.going, *shown.again, *shown.lapsed)] == ["now", "again", "again"]


def test_while_it_is_away_nothing_of_a_return_is_shown() -> None:
    returns = Returns.begin()
    returns.take(links("unreachable"))
    assert returns.shown(lines(STALE, state="unreachable")) is None
    returns.take(links("answers"))
    assert returns.shown(lines(STALE)) is not None
    returns.take(links("unreachable"))
    assert returns.shown(lines(STALE, state="unreachable")) is None


def test_what_fell_without_an_outage_belongs_to_no_return() -> None:
    fell = replace(STALE, row=row(state="stale"))
    assert back().shown(lines(fell)) is None


def test_closed_it_stays_closed_and_what_is_new_shows_again() -> None:
    returns = back()
    shown = returns.shown(lines(STALE))
    assert shown is not None
    returns.close(shown)
    assert returns.shown(lines(STALE)) is None
    again = returns.shown(lines(STALE, FAILED))
    assert again is not None
    assert not again.again
    assert len(again.lapsed) == 1
