"""Who undid it, as far as a provider's own log tells: one sentence, and never a wait without an end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from adapters.contract import Change, NotSent
from console.outbox import undone
from console.outbox.undone import NOT_NOW, NOT_TOLD, NOTHING, by_whom
from tests.kit.quick import Estate, QuickAdapter, QuickScene, quick_plan, quick_plane

AT_MS = 1_800_000_000_000
PLAN = quick_plan("k", {"rpm": 100}, {"rpm": 10})


@dataclass
class Log:
    """A plane of which only the log is asked."""

    answer: object

    async def changes(self, _planned, since_ms):
        assert since_ms == AT_MS
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer == "hangs":
            await asyncio.Event().wait()
        return self.answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, NOT_TOLD),
        ([], NOTHING),
        (NotSent("no answer"), NOT_NOW),
        ("hangs", NOT_NOW),
        ([Change(at_ms=AT_MS, who="bob", what="off"), Change(at_ms=AT_MS + 1_000, who="ada@example", what="on\nagain")],
         "Its provider's log: on again by ada@example at 2027-01-15 08:00:01 UTC."),
        ([Change(at_ms=AT_MS, who="x" * 500, what="on")],
         f"Its provider's log: on by {'x' * 120} [cut] at 2027-01-15 08:00:00 UTC."),
    ],
)  # fmt: skip
def test_the_newest_line_is_told_and_what_cannot_be_told_is_said(answer, told: str, monkeypatch) -> None:
    monkeypatch.setattr(undone, "WITHIN_S", 0.05)
    assert asyncio.run(by_whom(Log(answer), PLAN, AT_MS)) == told


def test_an_adapter_without_a_log_is_not_asked_and_one_with_a_log_is_through_the_guard() -> None:
    class Telling(QuickAdapter):
        async def changes(self, context, planned, since_ms):
            return [Change(at_ms=since_ms, who=planned.selector, what=str(context.now_ms() > 0))]

    clock = QuickScene().clock
    plain = quick_plane(Estate(), clock)
    assert asyncio.run(plain.changes(PLAN, AT_MS)) is None
    plain.adapter = Telling(Estate())
    [found] = asyncio.run(plain.changes(PLAN, AT_MS))
    assert (found.who, found.what) == ("k", "True")
