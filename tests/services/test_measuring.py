"""What a dispatch is measured with: the least it can take, gateways that take their time, the record's own times."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from adapters.practice.many import delays_s
from console.journal.migrate import migrate
from console.journal.schema import JOURNAL
from console.services.drill import DrillFailed
from console.services.measuring import Document, Gateways, times


def test_the_floor_is_the_slowest_targets_calls_or_what_twenty_in_flight_allow():
    assert Document("d", "a", (0.05, 2.0)).floor_s == pytest.approx(4.0)
    assert Document("d", "a", (2.0,) * 20).floor_s == pytest.approx(4.0)
    assert Document("d", "a", (2.0,) * 50 + (0.05,) * 10).floor_s == pytest.approx(10.0)


def test_answer_times_go_from_the_least_to_the_most():
    found = delays_s(10, 0.05, 2.0)
    assert (found[0], found[-1]) == (pytest.approx(0.05), pytest.approx(2.0))
    assert found == sorted(found)
    assert delays_s(1, 0.05, 2.0) == [2.0]


def test_gateways_are_quick_until_they_are_told():
    gateways = Gateways.start(2)
    try:
        assert len(gateways.all) == 10
        assert all(len(one["keys"]) == 2 for one in gateways.all)
        slowest = gateways.all[-1]
        assert seconds(slowest) > 0
        gateways.slow()
        assert seconds(slowest) >= slowest["delay_s"]
    finally:
        gateways.close()


def seconds(told):
    request = urllib.request.Request(
        told["settings"]["base_url"] + "/admin/keys", headers={"authorization": f"Bearer {told['secret']}"}
    )
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["gateway"] == told["name"]
    return time.monotonic() - began


def test_what_was_not_sent_whole_has_no_time(tmp_path):
    connection = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    migrate(connection, (JOURNAL,))
    session = SimpleNamespace(reader=SimpleNamespace(snapshot=lambda: nullcontext(connection)))
    with pytest.raises(DrillFailed, match="0 of 2"):
        times(session, Document("d", "a-0", (0.05, 2.0)))
    connection.close()
