"""Why each target waits, until when it is valid and what then: from the record and the last looks, nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.services.fates import Sender, left_lying_ms
from console.services.live_values import Connectivity, EngineLink, ProviderLink
from console.services.standing import Standing
from console.viewmodels.outbox import outbox_lines, summary
from console.viewmodels.shell import Now
from tests.viewmodels.standings import MIN_MS, NOW_MS, row, standing, target

HERE = EngineLink(state="here")


def _links(state: str = "answers", **changed) -> Connectivity:
    link = ProviderLink(instance="g-1", name="gateway", adapter="practice", state=state, since_ms=NOW_MS - 6 * MIN_MS)
    return Connectivity(engine=HERE, providers=(replace(link, **changed),))


def _only(one: Standing, links: Connectivity | None = None):
    lines = outbox_lines(Now((one,), ()), links or _links(), NOW_MS)
    assert len(lines) == 1
    return lines[0]


def test_an_outage_says_how_long_and_that_containment_goes_after_a_visible_hold() -> None:
    line = _only(standing(target(row=row(outage=True))), _links("unreachable"))
    assert line.waits == "connection"
    assert line.why == "gateway has not answered for 6 min."
    assert "hold of 10 s" in line.then
    assert line.until_ms == NOW_MS + 600 * MIN_MS  # the longer limit, since it could not be reached
    assert not line.can_release


def test_what_waited_when_the_window_opened_does_not_go_before_its_provider_was_read() -> None:
    line = _only(standing(target(row=row(outage=True))), _links("unread"))
    assert (line.waits, line.why) == ("connection", "gateway was not read yet since this window opened.")
    assert _only(standing(target(row=row())), _links("unread")).why == "It goes now."


def test_a_restore_never_goes_by_itself_after_an_outage() -> None:
    line = _only(
        standing(target(row=row(outage=True, direction="restore")), direction="restore"), _links("unreachable")
    )
    assert "returns to people" in line.then
    assert line.until_ms == NOW_MS + 60 * MIN_MS


def test_a_provider_that_was_removed_keeps_it_waiting_for_people() -> None:
    waiting = standing(target(row=row()))
    gone = Connectivity(engine=HERE)
    line = _only(waiting, gone)
    assert (line.waits, line.why) == (
        "people", "gateway is not connected here any more: connect it again, or cancel this.",
    )  # fmt: skip
    assert line.then == "", "nothing promises that it goes"
    retired = replace(gone, retired=_links().providers)
    assert _only(waiting, retired).why == "It goes now.", "retired for everybody and still connected, it is sent"
    starting = Connectivity(engine=EngineLink(state="starting"))
    assert _only(waiting, starting).why == "It goes now.", "nothing was read yet"


def test_a_hold_counts_down_and_may_be_ended_by_a_person() -> None:
    line = _only(standing(target(row=row(outage=True, held=True, not_before_ms=NOW_MS + 8_000))))
    assert (line.waits, line.state, line.can_release) == ("hold", "held", True)
    assert line.why == "The provider is back: it goes in 8 s."


@pytest.mark.parametrize(
    ("changed", "waits", "word"),
    [
        ({"by_hand": True}, "people", "by hand"),
        ({"row": None}, "nobody", "Another console"),
        ({"state": "unknown", "row": row(state="unknown")}, "nobody", "read back before anything is sent again"),
        ({"state": "dispatching", "row": row(state="dispatching")}, "nobody", "being sent"),
        ({"state": "accepted", "row": row(state="accepted")}, "time", "read back until it shows"),
        ({"state": "recorded", "row": row(state="recorded"), "passes": 3}, "time", "3 calls still passed"),
        ({"row": row(attempt=2, not_before_ms=NOW_MS + 30_000, detail="503")}, "time", "Tried 2 times; again in 30 s"),
        ({"row": row()}, "nobody", "It goes now"),
    ],
)
def test_each_state_says_what_it_waits_for(changed, waits: str, word: str) -> None:
    line = _only(standing(target(**changed)))
    assert line.waits == waits
    assert word in line.why


def test_another_engine_is_named() -> None:
    links = Connectivity(engine=EngineLink(state="elsewhere", pid=7), providers=_links().providers)
    assert "process 7" in _only(standing(target(row=row())), links).why


@pytest.mark.parametrize("state", ["enforced", "attested", "lifted", "proposed"])
def test_what_is_settled_or_not_decided_is_not_on_its_way(state: str) -> None:
    one = standing(target(state), authorised_ms=None if state == "proposed" else NOW_MS)
    assert outbox_lines(Now((one,), ()), _links(), NOW_MS) == ()


def test_time_that_has_passed_is_not_called_valid() -> None:
    assert "passed at" in _only(standing(target(row=row()), execute_by_ms=NOW_MS - 1)).until


def test_the_strip_counts_and_names_places() -> None:
    lines = outbox_lines(
        Now(
            (
                standing(target(row=row(outage=True)), target(by_hand=True, index=1)),
                standing(target("accepted", row=row(state="accepted"))),
            ),
            (),
        ),
        _links("unreachable"),
        NOW_MS,
    )
    assert summary(lines, NOW_MS) == "Outbox  1 waiting for gateway, 1 waiting for people, 1 under way"
    assert summary((), NOW_MS) == "Outbox empty"


@pytest.mark.parametrize(
    ("state", "fate", "word"),
    [
        ("stale", "again", "no longer as it was signed"),
        ("expired", "again", "never sent unless its people confirm it again"),
        ("failed", "anew", "no longer as it was signed"),
        ("attention", "anew", "no longer as it was signed"),
    ],
)
def test_what_fell_says_why_and_offers_the_one_thing_that_helps(state: str, fate: str, word: str) -> None:
    line = _only(standing(target(state, detail="It is no longer as it was signed.", row=row(state=state, outage=True))))
    assert (line.waits, line.fate, line.help, line.away) == ("people", fate, "again", True)
    assert word in line.why
    assert "sent" in line.then
    assert not line.may_cancel


def test_what_was_proposed_again_since_does_not_ask_a_second_time() -> None:
    fell = standing(target("stale", detail="changed"))
    again = standing(target("proposed"), doc="e" * 64, rev=2, authorised_ms=None, proposed_ms=NOW_MS)
    assert outbox_lines(Now((fell, again), ()), _links(), NOW_MS) == ()
    assert len(outbox_lines(Now((fell,), ()), _links(), NOW_MS)) == 1
    assert outbox_lines(Now((fell,), (), closed=frozenset({fell.inc})), _links(), NOW_MS) == ()


@pytest.mark.parametrize(
    ("silent_ms", "help_", "word"),
    [(12_000, "", "nothing was heard of it for 12 s"), (5 * MIN_MS, "take-over", "nothing was heard of it for 5 min"),
     (None, "take-over", "nothing was heard of it for 9 min")],
)  # fmt: skip
def test_another_consoles_work_is_taken_over_only_where_it_is_silent(silent_ms, help_: str, word: str) -> None:
    heard = None if silent_ms is None else NOW_MS - silent_ms
    known = {"f" * 64: Sender("the console of Approver", heard)}
    one = standing(target(row=None, dispatchers=("f" * 64,), since_ms=NOW_MS - 9 * MIN_MS), signed_ms=1)
    [line] = outbox_lines(Now((one,), (), senders=known), _links(), NOW_MS)
    assert line.help == help_
    assert line.why.startswith("The console of Approver")
    assert word in line.why
    assert line.waits == ("people" if help_ else "nobody")


def test_what_is_signed_and_left_lying_by_a_silent_console_may_be_taken_over() -> None:
    known = {"f" * 64: Sender("the console of Approver", NOW_MS - 5 * MIN_MS)}
    lying = standing(
        target("proposed", dispatchers=("f" * 64,)), authorised_ms=None, signed=("p-1", "p-2"),
        signed_ms=NOW_MS - 2 * MIN_MS,
    )  # fmt: skip
    [line] = outbox_lines(Now((lying,), (), senders=known), _links(), NOW_MS)
    assert (line.fate, line.help) == ("turn", "take-over")
    fresh = replace(lying, signed_ms=NOW_MS - 5_000)
    for other in (fresh, replace(lying, signed=("p-1",)), replace(lying, approve_by_ms=NOW_MS - 1)):
        assert outbox_lines(Now((other,), (), senders=known), _links(), NOW_MS) == ()
    mine = {"f" * 64: replace(known["f" * 64], mine=True)}
    assert outbox_lines(Now((lying,), (), senders=mine), _links(), NOW_MS) == ()


@pytest.mark.parametrize(
    ("changed", "help_"),
    [
        ({"by_hand": True}, "attest"),
        ({"row": row(outage=True)}, "cancel"),
        ({"row": row()}, "cancel"),
        ({"state": "unknown", "row": row(state="unknown")}, ""),
        ({"state": "dispatching", "row": row(state="dispatching")}, ""),
        ({"state": "accepted", "row": row(state="accepted")}, ""),
        ({"state": "recorded", "row": row(state="recorded")}, "bites"),
    ],
)
def test_each_row_offers_one_thing_at_most(changed, help_: str) -> None:
    links = _links("unreachable") if changed.get("row") == row(outage=True) else _links()
    assert _only(standing(target(**changed)), links).help == help_


def test_a_correction_that_reads_back_and_does_not_bite_is_called_exactly_that() -> None:
    line = _only(standing(target("recorded", row=row(state="recorded"), passes=2)))
    assert line.why == "It reads back and does not bite yet: 2 calls still passed since."


def test_how_long_another_consoles_work_lies_counts_from_when_it_could_go_on() -> None:
    known = {"f" * 64: Sender("the console of Approver", NOW_MS - 50 * MIN_MS)}
    away = target(row=None, dispatchers=("f" * 64,), since_ms=NOW_MS - 4 * MIN_MS)
    one = standing(away, signed_ms=1)
    assert left_lying_ms(one, away, NOW_MS, known) == 4 * MIN_MS
    for other in (replace(away, by_hand=True), replace(away, row=row()), replace(away, state="enforced")):
        assert left_lying_ms(one, other, NOW_MS, known) == 0
    mine = {"f" * 64: replace(known["f" * 64], mine=True)}
    assert left_lying_ms(one, away, NOW_MS, mine) == 0
    assert left_lying_ms(one, away, NOW_MS, {}) == 0
