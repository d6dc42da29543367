"""What Anthropic counted of a model, by key: whole where it says so, and never more than it counted."""

from __future__ import annotations

import asyncio

import pytest

from adapters.anthropic_admin import ADAPTER
from adapters.anthropic_admin.usage import TRIAL
from adapters.bounds import below
from adapters.contract import Refused
from adapters.simulator import Simulator
from tests.adapters.anthropic_kit import adapter_at, context_at, site

SINCE, UNTIL = 1_769_860_800_000, 1_769_864_400_000  # 12:00 to 13:00 UTC


@pytest.fixture
def server():
    with Simulator(site(page=2)) as simulator:
        yield simulator


def traffic(server, model="atlas-1"):
    return asyncio.run(adapter_at(server.url).traffic(context_at(server.url), model, SINCE, UNTIL))


def test_every_page_is_read_and_keys_are_added_up(server):
    used = [("apikey_1", "atlas-1", 4), ("apikey_2", "atlas-1", 2), ("apikey_1", "atlas-1", 3), (None, "atlas-1", 1)]
    server.poke(lambda rows: rows.used.extend([*used, ("apikey_1", "bora-2", 99)]))
    found = traffic(server)
    assert (found.calls, found.whole) == (10, True)
    assert dict(found.by) == {"apikey_1": 7, "apikey_2": 2, "without a key": 1}
    first = server.requests()[0]
    assert first.query == {
        "starting_at": "2026-01-31T12:00:00Z", "ending_at": "2026-01-31T13:00:00Z", "group_by[]": "api_key_id",
        "limit": "1000", "models[]": "atlas-1", "time_bucket_width": "1m",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.used.append(("apikey_2", "atlas-1", None)),  # it does not count this key's
        lambda rows: setattr(rows, "counted_to", "2026-01-31T12:59:00Z"),  # not counted so far yet
        lambda rows: rows.used.extend([("apikey_1", "atlas-1", 1)] * 20),  # more pages than are read
    ],
)
def test_what_is_not_all_of_it_is_not_called_so(server, change):
    server.poke(lambda rows: rows.used.append(("apikey_1", "atlas-1", 4)))
    assert traffic(server).whole
    server.poke(change)
    found = traffic(server)
    assert not found.whole
    assert found.calls >= 4


def test_the_header_of_the_trial_goes_with_these_calls_only(server):
    adapter, context = adapter_at(server.url), context_at(server.url)
    asyncio.run(adapter.status(context))
    assert not any("anthropic-beta" in one.headers for one in server.requests())
    context.headers_below.clear()
    with pytest.raises(Refused):
        asyncio.run(adapter.traffic(context, "atlas-1", SINCE, UNTIL))


def test_headers_below_a_path():
    [(path, headers)] = TRIAL.items()
    assert ADAPTER.manifest.headers_below == TRIAL
    for within in (path, f"{path}?page=1", f"{path}/more"):
        assert below(TRIAL, within) == headers
    for beside in ("/", f"{path}s", path.rpartition("/")[0]):
        assert below(TRIAL, beside) == {}
