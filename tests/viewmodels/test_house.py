"""Who uses a model stops its use of it and never "withdraws" it; who makes it withdraws it for everyone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.services import brief, corrections, incidents
from console.services.brief import AUDIENCES
from console.viewmodels.composing import Composition
from console.viewmodels.ground import read_ground
from console.viewmodels.house import asked, ever_asked, kind_means, kinds
from tests.kit.pair import connect_manual, founded, pair

__all__ = ["founded", "pair"]


@pytest.mark.parametrize(
    ("house", "title", "wish"),
    [
        ("make", "Shutdown: withdraw the model", "Withdraw F-7 for everybody you serve it to."),
        ("use", "Shutdown: stop our use of the model", "Stop serving F-7 to us."),
        ("both", "Shutdown: withdraw it, or stop our use of it", "Stop serving F-7 to us."),
        (None, "Shutdown: withdraw it, or stop our use of it", "Stop serving F-7 to us."),
    ],
)
def test_each_house_has_its_verbs(house, title, wish) -> None:
    assert kinds(house)["shutdown"] == title
    assert asked(house, "shutdown", "", "F-7") == wish
    assert kinds(house).keys() == kind_means(house).keys()
    assert asked(house, "user", "key-1", "F-7") in ever_asked("key-1", "F-7")
    if house == "use":
        told = " ".join((*kinds(house).values(), *kind_means(house).values(), wish))
        assert "withdraw" not in told.casefold()


def test_the_composer_asks_people_in_the_words_of_the_house_and_keeps_theirs(pair) -> None:
    one, _ = pair
    connect_manual(one, "F-7")
    one.change_settings(replace(one.settings, house="make"))
    ground = read_ground(one)
    made = Composition.start(ground, "F-7", "shutdown")
    assert dict(made.draft.rows[0].params)["instruction"] == "Withdraw F-7 for everybody you serve it to."
    theirs = made.set_at(0, "instruction", "Take it down by noon.")
    again = Composition.start(ground, "F-7", "user", theirs)
    assert dict(again.draft.rows[0].params)["instruction"] == "Take it down by noon."
    one.change_settings(replace(one.settings, house="use"))
    other = Composition.start(read_ground(one), "F-7", "shutdown", made)
    assert dict(other.draft.rows[0].params)["instruction"] == "Stop serving F-7 to us.", "nobody wrote the other"


@pytest.mark.parametrize(("house", "words"), [("use", "our use of it stopped"), ("make", "withdrawn")])
def test_a_brief_claims_no_withdrawal_of_what_only_we_stopped(pair, house, words) -> None:
    one, _ = pair
    one.change_settings(replace(one.settings, house=house))
    inc = str(incidents.declare(one, "F-7 helps with exploits", 1, shareable=True).entry.inc)
    now = one.clock.wall_ms()
    corrections.record_by_hand(one, "Off at ten.", inc=inc, category="shutdown", done_ms=now - 60_000)
    told = brief.situation(one, inc, next(each for each in AUDIENCES if each != "internal")).text
    assert words in told
