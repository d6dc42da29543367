"""A composition as values: what is said once counts everywhere, and it goes into a text and back unchanged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from console.services.levers import LeverLine, Options, ParamLine
from console.services.providers import Surface
from console.viewmodels.composing import Composition
from console.viewmodels.ground import Ground, lever_words, likely_model, plainer, where_of
from console.viewmodels.said_times import said_moment
from tests.viewmodels.standings import standing, target

RPM = ParamLine(name="rpm", title="Requests a minute", required=True, default="")


def lever(name: str, category: str, **changed) -> LeverLine:
    made = LeverLine(
        name=name, title=name, category=category, selector=name.partition(".")[0], wide=False, reversal="exact",
        reach="our-customers", propagation_s=5, probe="credential", proven=True, milder=None, params=(),
    )  # fmt: skip
    return replace(made, **changed)


def surface(name: str, model: str = "F-7") -> Surface:
    return Surface(surface=f"t-{name}", instance=f"g-{name}", model=model, kind="public", control="developer",
                   reach="our-customers", name=name, key=f"key of {name}")  # fmt: skip


BLOCK, SLOW = lever("key.block", "user"), lever("key.rpm", "frequency", params=(RPM,))
UNLOAD = lever("model.unload", "shutdown", wide=True)
ASK = lever("manual.ask", "shutdown", selector="anything",
            params=(ParamLine(name="instruction", title="Instruction", required=True, default=""),))  # fmt: skip


def ground(**changed) -> Ground:
    options = (
        Options(surface=surface("east"), provider="east", by_hand=False, levers=(BLOCK, SLOW), cannot=()),
        Options(surface=surface("west"), provider="gateway", by_hand=False, levers=(BLOCK, SLOW), cannot=()),
        Options(surface=surface("server"), provider="triton", by_hand=False, levers=(UNLOAD,),
                cannot=(("user", "it knows no keys"),)),
        Options(surface=surface("vendor"), provider="vendor", by_hand=True, levers=(ASK,), cannot=()),
    )  # fmt: skip
    canaries = {"g-east": ("key-canary", "key-17"), "g-west": ("key-shop",)}
    return replace(Ground(options=options, canaries=canaries), **changed)


def selected(made: Composition) -> list[tuple[int, str, bool]]:
    return [(one.row, one.wish.selector, one.wish.canary) for one in made.wishes(ground())]


def test_what_is_selected_once_counts_everywhere_and_likely_canaries_go_with_it() -> None:
    made = Composition.start(ground(), "F-7", "user").select("key-9")
    assert made.selects == ("key",)
    assert selected(made) == [(0, "key-9", False), (0, "key-canary", True), (1, "key-9", False), (3, "", False)]
    assert made.left_out() == ("server at triton: it knows no keys",)
    own = made.select_at(1, "key-b, key-a ,").canary(0, "")
    assert selected(own)[:3] == [(0, "key-9", False), (1, "key-b", False), (1, "key-a", False)]
    assert not any(canary for _, selector, canary in selected(made.select("key-canary"))), "it is the target itself"


def test_a_registered_credential_is_no_canary_unless_somebody_says_so() -> None:
    made = Composition.start(ground(), "F-7", "user").select("key-9")
    assert made.canaries["t-west"] == ""
    assert (1, "key-shop", True) in selected(made.canary(1, "key-shop"))
    assert (1, "unheard", True) not in selected(made.canary(1, "unheard"))


def test_a_key_that_was_registered_as_canary_is_one_whatever_the_provider_calls_it() -> None:
    named = ground(canaries={"g-east": ("4bb6a024",), "g-west": ("key-shop",)}, called={"4bb6a024": "our canary"})
    made = Composition.start(named, "F-7", "user").select("key-9")
    assert made.canaries["t-east"] == "4bb6a024"
    assert made.canaries["t-west"] == ""


def test_without_a_canary_it_says_before_anybody_signs_that_biting_will_stay_unknown() -> None:
    made = Composition.start(ground(), "F-7", "user").select("key-9")
    assert made.unproven(ground()).startswith("No canary goes with it at gateway:"), (
        "east has one; a server, people: none"
    )
    assert made.unproven(ground()).endswith("Choose one at the surface.")
    assert made.canary(1, "key-shop").unproven(ground()) == ""
    nobody = ground(canaries={})
    assert "at east, gateway: " in made.unproven(nobody)
    assert "Providers" in made.unproven(nobody)
    assert made.select("key-17, key-9").canary(1, "key-shop").canary(0, "").unproven(ground()) == "", (
        "its own credential"
    )


def test_it_says_at_which_field_something_is_wanting() -> None:
    made = Composition.start(ground(), "F-7", "frequency")
    assert made.wanting(0, ground()) == {"selector": "Say which key.", "rpm": "Requests a minute is missing."}
    assert made.wanted(ground())[0] == "east: Say which key."
    assert Composition.start(ground(), "", "user").wanted(ground()) == ("Say which model.",)
    said = Composition.start(ground(), "F-7", "user").select("k").said(reason="Exploits.")
    assert said.wanted(ground()) == ()
    assert said.choose(0, False).wanted(ground()) == ("Say why east is left out.",)
    alone = said.only(1)
    assert [row.chosen for row in alone.draft.rows] == [False, True, False, False]
    assert alone.word(0, "idle").wanted(ground()) == ()


def test_the_first_word_goes_for_all_that_have_none_of_their_own() -> None:
    made = Composition.start(ground(), "F-7", "user").only(1).word(0, "i").word(0, "idle")
    assert made.left_out() == ("east: idle", "server at triton: it knows no keys", "vendor: idle")
    assert made.word(3, "no contract").word(0, "idle here").left_out()[::2] == (
        "east: idle here",
        "vendor: no contract",
    )


def test_what_is_asked_of_people_follows_until_somebody_writes_it() -> None:
    made = Composition.start(ground(), "F-7", "user")
    assert dict(made.draft.rows[3].params)["instruction"] == "Block the account in question for F-7."
    made = made.select("key-9")
    assert dict(made.draft.rows[3].params)["instruction"] == "Block key-9 for F-7."
    shut = Composition.start(ground(), "F-7", "shutdown", made)
    assert dict(shut.draft.rows[3].params)["instruction"] == "Stop serving F-7 to us."
    mine = made.set_at(3, "instruction", "Please call me.").select("key-10")
    assert dict(Composition.start(ground(), "F-7", "shutdown", mine).draft.rows[3].params)["instruction"] == (
        "Please call me."
    )


def test_another_lever_of_a_row_begins_without_values_of_the_old_one() -> None:
    made = Composition.start(ground(), "F-7", "user").select("key-9").pull(2, "model.unload", ground())
    assert (2, "key of server", False) in selected(made)
    none = made.pull(2, "", ground())
    assert not none.draft.rows[2].chosen
    assert none.why_left(2) == "it knows no keys"


def test_it_goes_into_a_text_and_back() -> None:
    made = (
        Composition.start(ground(), "F-7", "user").select("key-9").said(reason="Exploits.", criteria="Fixed")
        .select_at(1, "key-b").choose(0, False).word(0, "idle").canary(1, "key-shop").ask(3, "p-1")
    )  # fmt: skip
    again = Composition.from_text(made.text(), ground())
    assert again == made
    assert again is not None
    assert selected(again) == selected(made)
    assert Composition.start(ground(), "F-7", "user").text() == "", "nothing typed, nothing kept"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 1}', '{"form": 1, "model": "gone"}', '{"form": 2}', "null"])
def test_a_text_that_is_none_of_it_gives_nothing(text) -> None:
    assert Composition.from_text(text, ground()) is None


def test_a_surface_that_is_gone_since_is_dropped_from_what_was_kept() -> None:
    kept = Composition.start(ground(), "F-7", "user").select("key-9").text()
    fewer = replace(ground(), options=ground().options[1:])
    made = Composition.from_text(kept, fewer)
    assert made is not None
    assert [row.options.surface.name for row in made.draft.rows] == ["west", "server", "vendor"]


def test_an_earlier_proposal_is_taken_over() -> None:
    one = standing(
        target("failed", surface="t-west", lever="key.rpm", category="frequency", selector="a"),
        target("failed", surface="t-west", lever="key.rpm", category="frequency", selector="b"),
        target("failed", surface="t-west", lever="key.rpm", category="frequency", selector="c", canary=True),
        reason="Exploits.\nLeft out: east: idle",
    )
    made = Composition.again(ground(), one)
    assert made is not None
    assert (made.draft.category, made.draft.reason) == ("frequency", "Exploits.")
    assert [row.selector for row in made.draft.chosen] == ["a, b"]
    assert Composition.again(replace(ground(), options=()), one) is None


def test_the_model_most_likely_meant() -> None:
    two = replace(ground(), options=(*ground().options, replace(ground().options[0], surface=surface("x", "F-7-mini"))))
    assert likely_model(ground(), "anything", ()) == "F-7"
    assert likely_model(two, "anything", ()) == ""
    assert likely_model(two, "f7 mini helps", ()) == "F-7-mini"
    assert likely_model(two, "f7 mini helps", (standing(target(model="F-7")),)) == "F-7"


def test_words() -> None:
    rows = Composition.start(ground(), "F-7", "user").draft.rows
    assert (where_of(rows[0]), where_of(rows[1])) == ("east", "west at gateway")
    assert plainer("east does not plan key.block k: no key is called k.", "east") == "No key is called k."
    assert plainer("Its provider did not answer.", "east") == "Its provider did not answer."
    assert lever_words(lever("key.delete", "user", reversal="none")) == "key.delete: CANNOT BE REVERTED"


NOON = int(datetime(2026, 11, 25, 12, 0, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("now", 0), ("-20m", -20), ("11:30", -30), ("13:00", -23 * 60), ("2026-11-25T10:00", -120), ("", None),
     ("soon", None), ("2026-11-26T10:00", None), ("2026-11-25T13:00+02:00", -60)],
)  # fmt: skip
def test_a_moment_as_people_type_it(text, minutes) -> None:
    expected = None if minutes is None else NOON + minutes * 60_000
    assert said_moment(text, NOON, UTC) == expected


def test_a_time_of_day_is_read_in_the_zone_that_is_shown() -> None:
    assert said_moment("13:30", NOON, timezone(timedelta(hours=2))) == NOON - 30 * 60_000
