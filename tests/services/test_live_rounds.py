"""What went round a gateway, told by the engine for the board: by itself, with its age, and seldom."""

from __future__ import annotations

import asyncio

from console.providers.plane import Planes
from console.services import inventory
from console.services.live import LOOKS, Live
from console.services.live_pace import LivePace
from console.services.live_rounds import RoundWatch
from console.services.providers import instances_of
from console.services.secrets import open_secrets
from console.viewmodels.board import BoardModel
from tests.kit.clock import FakeClock
from tests.services.test_bypass import both
from tests.services.test_live import QUICK, Heard

__all__ = ["both"]


def _asked(vendor):
    return [one.path for one in vendor.requests()].count("/v1/organization/usage/completions")


def test_the_board_hears_of_it_at_the_gateway_and_at_the_vendor(both):
    session, *_ = both
    heard = Heard()
    live = Live(session, heard, pace=QUICK)
    live.start()
    try:
        heard.until(lambda: heard.latest[LOOKS].rounds)
    finally:
        live.stop()
    model = BoardModel()
    now_ms = session.clock.wall_ms()
    model.take_looks(heard.latest[LOOKS], now_ms)
    atlas = model.rows.index("atlas")
    told = {model.columns[at].name: model.sentence(atlas, at) for at in range(len(model.columns))}
    for where in ("gateway", "vendor"):
        assert "a lower bound, of an hour that ended 10 minutes ago" in told[where]
        assert "gateway carried 30: 17 or more went round it" in told[where]


def test_it_is_asked_seldom_and_what_was_known_stays_with_its_age_where_nobody_answers(both):
    session, _, vendor = both
    clock, changes, pace = FakeClock(session.clock.wall_ms()), [], LivePace()

    async def story():
        planes = Planes.open(instances_of(session), open_secrets(session), session.clock)
        watch = RoundWatch(clock, pace, lambda: changes.append(1))
        known = inventory.surfaces(session)
        try:
            await watch.turn(planes, known, calm=True)
            await watch.turn(planes, known, calm=True)
            assert (_asked(vendor), [one.calls for one in watch.hints], len(changes)) == (1, [17], 1)
            vendor.switch("down")
            clock.advance(pace.round_ms)
            await watch.turn(planes, known, calm=True)
            assert _asked(vendor) == 1, "calm: half an hour"
            [before] = watch.hints
            await watch.turn(planes, known, calm=False)
            assert watch.hints == (before,), "its moment says how old it is"
            await watch.turn(planes, [one for one in known if one.model != "atlas"], calm=False)
            assert watch.hints == ()
        finally:
            await planes.aclose()

    asyncio.run(story())
