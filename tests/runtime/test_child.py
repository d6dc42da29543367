"""A child beside this process: it answers, and whatever becomes of it, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import time

import pytest

from console.runtime import child as child_
from console.runtime.child import Child, ChildGone

_UPPER = "import sys; from console.runtime.child import serve; serve(lambda question: question.upper())"


@pytest.fixture
def begun(monkeypatch):
    """A child that runs these words instead of a module of ours."""
    all_: list[Child] = []

    def begin(words: str) -> Child:
        monkeypatch.setattr(child_, "_CHILD", f"import sys; sys.path.insert(0, sys.argv[1]); {words}")
        all_.append(Child("none"))
        return all_[-1]

    yield begin
    for one in all_:
        one.close()


def test_it_answers_one_question_after_the_other(begun):
    child = begun(_UPPER)
    assert [child.ask(word, 30) for word in ("a", "b" * 200_000)] == ["A", "B" * 200_000]


def test_a_fault_in_the_child_is_its_end_and_told(begun):
    child = begun(_UPPER)
    with pytest.raises(ChildGone):
        child.ask(3, 30)
    with pytest.raises(ChildGone):
        child.ask("a", 30)


def test_a_child_that_was_killed_is_gone(begun):
    child = begun(_UPPER)
    assert child.ask("a", 30) == "A"
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildGone):
        child.ask("b" * 200_000, 30)


@pytest.mark.parametrize("words", ["import time; time.sleep(600)", "sys.stdout.close(); import time; time.sleep(600)"])
def test_a_child_that_does_not_answer_is_ended(begun, words):
    child = begun(words)
    began = time.monotonic()
    with pytest.raises(ChildGone):
        child.ask("b" * 2_000_000, 0.2)
    assert time.monotonic() - began < 60
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_a_child_that_cannot_be_started_is_told(monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(ChildGone):
        Child("none")


def test_it_ends_when_nobody_asks_any_more(begun):
    child = begun(_UPPER)
    assert child.ask("a", 30) == "A"
    child.close()
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
