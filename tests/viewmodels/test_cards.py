"""A card says how far a correction is and offers only what helps now."""

from __future__ import annotations

import pytest

from console.services.needs import Need
from console.services.revised import Said
from console.viewmodels.cards import card_of, need_card
from console.viewmodels.shell import Now
from tests.viewmodels.standings import MIN_MS, NOW_MS, standing, target

NAMES = {"p-1": "Commander"}.get
TOO_LATE = "That came too late: it had been decided, and it had gone. What went stays; undo or lift it."


def _card(one):
    return card_of(one, lambda person: NAMES(person) or "?", NOW_MS)


def test_a_pending_correction_says_who_signed_and_until_when() -> None:
    card = _card(standing(target("proposed"), authorised_ms=None, undo_until_ms=None))
    assert card.told == ("high; signed by Commander", "approve by: 10 min left")
    assert [name for name, _ in card.commands] == ["review", "carry", "cancel-correction"]


def test_a_partial_state_is_told_as_a_count() -> None:
    card = _card(standing(target("enforced"), target("recorded", index=1), target("queued", index=2)))
    assert card.count == "1 queued, 1 recorded, 1 enforced"
    assert len(card.lines) == 3


def test_undo_is_offered_while_one_signer_may_and_lifting_after() -> None:
    within = _card(standing(target("enforced")))
    assert [name for name, _ in within.commands] == ["review", "undo", "lift", "refusals"]
    assert "one signer may undo it for 5 min" in within.told
    after = _card(standing(target("enforced"), undo_until_ms=None))
    assert [name for name, _ in after.commands] == ["review", "lift", "refusals"]


def test_what_is_over_offers_nothing_but_a_look() -> None:
    card = _card(standing(target("lifted")))
    assert [name for name, _ in card.commands] == ["review"]
    assert card.told == ()


def test_a_canary_and_by_hand_are_said_in_words() -> None:
    card = _card(standing(target("recorded", canary=True), target("queued", index=1, by_hand=True)))
    assert [line.text for line in card.lines] == [
        "Research key at gateway (canary)", "Research key at gateway (by hand)",
    ]  # fmt: skip
    assert "attest" in [name for name, _ in card.commands]


@pytest.mark.parametrize(
    ("states", "group"),
    [
        (("proposed",), "pending"),
        (("queued", "enforced"), "queued"),
        (("unknown",), "queued"),
        (("enforced", "failed"), "in force"),
        (("drifted",), "in force"),
        (("failed",), "over"),
        (("lifted", "cancelled"), "over"),
    ],
)
def test_a_correction_is_found_under_what_is_most_pressing(states: tuple[str, ...], group: str) -> None:
    one = standing(*(target(state, index=at) for at, state in enumerate(states)), authorised_ms=None)
    assert Now((one,), ()).group(group) == (one,)


def test_a_need_names_the_command_that_meets_it_and_the_time_left() -> None:
    card = need_card(Need(kind="approve", text="Decide: x", doc="d", until_ms=NOW_MS + 60_000), NOW_MS)
    assert card.commands == (("review", "Review"),)
    assert card.told == ("1 min left",)
    assert card.alarm
    assert card.sentence == "Decide: x. proposed. 1 min left"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said("refused", "p-1", NOW_MS - 2 * MIN_MS, late=False, reason="The wrong key."),
         "Commander refused it 2 min ago: The wrong key."),
        (Said("cancelled", "p-1", NOW_MS - 2 * MIN_MS, late=True),
         f"Commander cancelled it 2 min ago. {TOO_LATE}"),
    ],
)  # fmt: skip
def test_who_ended_it_is_told_and_whether_that_came_too_late(said: Said, words: str) -> None:
    assert words in _card(standing(target("enforced"), said=(said,))).told


def test_what_a_later_revision_took_over_is_told() -> None:
    told = _card(standing(target("superseded"), target("enforced", index=1))).told
    assert any("A later revision took over what is superseded here" in line for line in told)
    again = _card(standing(target("proposed"), rev=2, authorised_ms=None, signed=()))
    assert any("does not count for it" in line for line in again.told)


def test_what_reads_back_and_does_not_bite_is_called_exactly_that() -> None:
    told = _card(standing(target("recorded", passes=3))).told
    assert "reads back, but does not bite: 3 calls still got through" in told
    two = _card(standing(target("attention", passes=1), target("enforced", index=1))).told
    assert "Research key at gateway: reads back, but does not bite: 1 call still got through" in two
    assert not any("bite" in line for line in _card(standing(target("recorded"))).told)


@pytest.mark.parametrize(
    ("helps", "first"),
    [
        ("again", "outbox-at"),
        ("undone", "propose-again"),
        ("bites", "refusals"),
        ("", "review"),
        ("take-over", "outbox-at"),
    ],
)
def test_what_is_to_be_decided_leads_to_what_helps(helps, first: str) -> None:
    card = need_card(Need(kind="decide", text="x is stale", doc="d", helps=helps), NOW_MS)
    assert card.commands[0][0] == first


def test_a_late_word_that_still_stopped_it_is_not_called_too_late() -> None:
    late = Said("cancelled", "p-1", NOW_MS - 2 * MIN_MS, late=True)
    stopped = _card(standing(target("cancelled"), said=(late,))).told
    assert any("nothing had gone: nothing of it is sent" in line for line in stopped)
    partly = _card(standing(target("cancelled"), target("enforced", index=1), said=(late,))).told
    assert any("1 of 2 had gone" in line for line in partly)


def test_what_a_later_revision_stopped_says_so_by_itself() -> None:
    why = "A later revision was authorised before it was sent."
    assert why in _card(standing(target("cancelled", detail=why))).told
    said = Said("cancelled", "p-1", NOW_MS - 2 * MIN_MS, late=False)
    assert why not in _card(standing(target("cancelled", detail=why), said=(said,))).told
