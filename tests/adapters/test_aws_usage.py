"""How often CloudWatch counted a model: every minute of it, never called all of it, and nothing made up."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import pytest

from adapters.contract import Malformed, Refused
from adapters.simulator import Simulator
from tests.adapters.aws_kit import ATLAS, BOREALIS, adapter_at, context_at, site

SINCE, UNTIL = 1_769_860_800_000, 1_769_864_400_000  # 12:00 to 13:00 UTC


@pytest.fixture
def server():
    with Simulator(site()) as simulator:
        yield simulator


def traffic(server, model=ATLAS):
    return asyncio.run(adapter_at(server.url).traffic(context_at(server.url), model, SINCE, UNTIL))


def test_minutes_are_added_up_and_other_models_are_not(server):
    server.poke(lambda rows: rows.used.update({ATLAS: [4.0, 2.0, 1.0], BOREALIS: [99.0]}))
    found = traffic(server)
    assert (found.calls, dict(found.by), found.whole) == (7, {}, False)
    [asked] = [dict(parse_qsl(one.body.decode())) for one in server.requests()]
    assert (asked["StartTime"], asked["EndTime"], asked["Period"]) == (
        "2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z", "60",
    )  # fmt: skip


def test_nobody_called_it(server):
    assert traffic(server).calls == 0


def test_what_is_no_number_is_no_count(server):
    for odd in ("many", "nan", "inf"):
        server.poke(lambda rows, odd=odd: rows.used.update({ATLAS: [odd]}))
        with pytest.raises(Malformed):
            traffic(server)


def test_another_secret_is_refused(server):
    context = context_at(server.url)
    context._secrets["secret-key"] = "another"
    with pytest.raises(Refused):
        asyncio.run(adapter_at(server.url).traffic(context, ATLAS, SINCE, UNTIL))
