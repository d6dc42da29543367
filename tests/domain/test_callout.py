"""Who is paged when: order, waits, answers, an end; and a message that tells no target."""

from __future__ import annotations

from dataclasses import replace

from console.domain.callout import MAX_PAGES, RETRY_MS, Answer, Call, Ladder, Page, due, message

CALL = Call(
    key="k", why="signature", organisation="o-1", incident="INC-1", severity=2, words="alpha bravo",
    asked=("p-a", "p-b", "p-c"), since_ms=0, until_ms=10_000_000,
)  # fmt: skip
LADDER = Ladder(order=("p-b",), wait_ms=300_000)


def paged(person: str, at_ms: int, *, ok: bool = True, hook: str = "h") -> Page:
    return Page(key="k", person=person, hook=hook, at_ms=at_ms, ok=ok)


def test_people_are_paged_in_order_and_waited_for() -> None:
    assert due(CALL, LADDER, [], [], 0) == ("p-b",)
    assert due(CALL, LADDER, [paged("p-b", 0)], [], 299_999) == ()
    assert due(CALL, LADDER, [paged("p-b", 0)], [], 300_000) == ("p-a",)
    both = [paged("p-b", 0), paged("p-a", 300_000)]
    assert due(CALL, LADDER, both, [], 600_000) == ("p-c",)
    everybody = [*both, paged("p-c", 600_000)]
    assert due(CALL, LADDER, everybody, [], 900_000) == ("p-b", "p-a", "p-c")


def test_where_it_is_worst_each_is_waited_for_half_as_long() -> None:
    worst = replace(CALL, severity=1)
    assert due(worst, LADDER, [paged("p-b", 0)], [], 149_999) == ()
    assert due(worst, LADDER, [paged("p-b", 0)], [], 150_000) == ("p-a",)
    assert [LADDER.wait_for_ms(severity) for severity in (1, 2, 3, 4)] == [150_000, 300_000, 300_000, 300_000]


def test_an_answer_of_somebody_asked_ends_it_and_so_does_time() -> None:
    for state in ("acknowledged", "opened", "signed"):
        assert due(CALL, LADDER, [], [Answer(person="p-c", state=state, at_ms=1)], 5) == ()
    assert due(CALL, LADDER, [], [Answer(person="p-z", state="acknowledged", at_ms=1)], 5) == ("p-b",)
    assert due(CALL, LADDER, [], [], 10_000_001) == ()


def test_whom_nothing_reaches_is_not_waited_for_and_nobody_is_paged_without_end() -> None:
    failed = [paged("p-b", 0, ok=False)]
    assert due(CALL, LADDER, failed, [], 1) == ("p-a",)
    all_failed = [*failed, paged("p-a", 1, ok=False, hook=""), paged("p-c", 2, ok=False)]
    assert due(CALL, LADDER, all_failed, [], 3) == ()
    assert due(CALL, LADDER, all_failed, [], 2 + RETRY_MS) == ("p-b", "p-a", "p-c")
    many = [paged(one, at, ok=False) for at in range(MAX_PAGES) for one in CALL.asked]
    assert due(CALL, LADDER, many, [], 9_000_000) == ()


def test_break_glass_reaches_everybody_at_once_and_once() -> None:
    glass = replace(CALL, why="break-glass", everyone=True)
    assert due(glass, LADDER, [], [], 0) == ("p-b", "p-a", "p-c")
    assert due(glass, LADDER, [paged("p-b", 0)], [], 5_000_000) == ()


def test_the_message_says_who_until_when_and_nothing_else() -> None:
    text = message(CALL, asked="Approver", drill=True)
    assert text.startswith("DRILL - SEV-2 o-1: A proposal waits for a signature until 02:46 UTC.")
    assert "alpha bravo" in text
    assert "DRILL" not in message(CALL, asked="Approver", drill=False)
