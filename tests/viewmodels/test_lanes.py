"""What can wait for a person waits while something is being written for one."""

from __future__ import annotations

import threading

import pytest

from console.viewmodels.lanes import Lanes

LONG_S = 60


@pytest.fixture
def lanes():
    made = Lanes(None)  # no work here asks for the session
    made.start()
    yield made
    made.stop()


def test_it_is_calm_unless_something_is_being_written(lanes):
    assert lanes.calm(0)
    go = threading.Event()
    written = [lanes.submit("quick", lambda _session: go.wait(LONG_S)) for _ in range(2)]
    assert not lanes.calm(0.01)
    go.set()
    assert all(one.result(LONG_S) for one in written)
    assert lanes.calm(LONG_S)


def test_what_fails_and_what_is_read_keeps_nobody_waiting(lanes):
    go = threading.Event()
    read = lanes.submit("look", lambda _session: go.wait(LONG_S))
    assert lanes.calm(0)
    go.set()
    assert read.result(LONG_S)
    broken = lanes.submit("quick", lambda _session: 1 // 0)
    assert isinstance(broken.exception(LONG_S), ZeroDivisionError)
    assert lanes.calm(LONG_S)
