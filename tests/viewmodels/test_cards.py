"""A card says how far a correction is and offers only what helps now."""

from __future__ import annotations

import pytest

from console.services.needs import Need
from console.viewmodels.cards import card_of, need_card
from console.viewmodels.shell import Now
from tests.viewmodels.standings import NOW_MS, standing, target

NAMES = {"p-1": "Commander"}.get


def _card(one):
    return card_of(one, lambda person: NAMES(person) or "?", NOW_MS)


def test_a_pending_correction_says_who_signed_and_until_when() -> None:
    card = _card(standing(target("proposed"), authorised_ms=None, undo_until_ms=None))
    assert card.told == ("high; signed by Commander", "approve by: 10 min left")
    assert [name for name, _ in card.commands] == ["review", "cancel-correction"]


def test_a_partial_state_is_told_as_a_count() -> None:
    card = _card(standing(target("enforced"), target("recorded", index=1), target("queued", index=2)))
    assert card.count == "1 queued, 1 recorded, 1 enforced"
    assert len(card.lines) == 3


def test_undo_is_offered_while_one_signer_may_and_lifting_after() -> None:
    within = _card(standing(target("enforced")))
    assert [name for name, _ in within.commands] == ["review", "undo", "lift"]
    assert "one signer may undo it for 5 min" in within.told
    after = _card(standing(target("enforced"), undo_until_ms=None))
    assert [name for name, _ in after.commands] == ["review", "lift"]


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
