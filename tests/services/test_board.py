"""The board from surfaces, looks, corrections and a moment: what it says, and what it must never say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.services.board import STATES, Cell, board, recorded_words, sentence, short_age, spoken_age
from console.services.live_values import InstanceLook, Looks, PageHint, ProviderLink, RoundHint, SurfaceLook
from console.services.providers import Surface
from console.services.standing import Standing, TargetStanding

NOW = 1_763_906_531_000
POLL = 5_000
GATEWAY, CLOUD, DESK = "g-1", "g-2", "g-3"


def surface(key: str = "east", model: str = "F-7", instance: str = GATEWAY, **changes: str) -> Surface:
    made = Surface(
        surface=f"t-{key}", instance=instance, model=model, kind="public", control="developer", reach="our-customers",
        name=f"{key} gateway", key=key,
    )  # fmt: skip
    return replace(made, **changes)


def look(
    *states: tuple[str, str], ago_ms: int = 1_000, instance: str = GATEWAY, state: str = "answers", fault: str = "",
    adapter: str = "litellm", restrictions: tuple[str, ...] = (), latency: tuple[int | None, ...] = (12,),
) -> InstanceLook:  # fmt: skip
    at = NOW - ago_ms
    link = ProviderLink(
        instance=instance, name=f"provider {instance}", adapter=adapter, state=state,  # type: ignore[arg-type]  data
        looked_ms=at, read_ms=at if states else None, fault=fault,
    )  # fmt: skip
    told = tuple(
        SurfaceLook(key=key, model="F-7", state=word, restrictions=restrictions, detail="", read_ms=at)
        for key, word in states
    )
    return InstanceLook(link=link, surfaces=told, latency=latency)


def correction(state: str, *, direction: str = "contain", since_ms: int = NOW - 600_000, **changes: object) -> Standing:
    target = TargetStanding(
        index=0, name="F-7", selector="F-7", lever="model.block", lever_title="Block a model", category="shutdown",
        model="F-7", surface="t-east", surface_name="east gateway", instance=GATEWAY, instance_name="g", by_hand=False,
        canary=False, reach="our-customers", reversal="exact", state=state, since_ms=since_ms, detail="", evidence=None,
        passes=0, row=None,
    )  # fmt: skip
    return Standing(
        op="a-1", doc="d", rev=1, inc="i-1", direction=direction, gravity="high", title="t", reason="r", state=state,
        partial="", proposer=None, proposed_ms=0, signed=(), authorised_ms=1, approve_by_ms=0, execute_by_ms=0,
        execute_until_ms=0, review_by_ms=None, undo_until_ms=None, undoes=None, undone_by=None, attention=(),
        targets=(replace(target, **changes),),  # type: ignore[arg-type]  data
    )  # fmt: skip


def one(looks: tuple[InstanceLook, ...], *corrections: Standing, now: int = NOW, **surface_changes: str) -> Cell:
    made = board(Looks(surfaces=(surface(**surface_changes),), instances=looks, poll_ms=POLL), corrections, now)
    found = [cell for cell in made.cells.values() if cell.surface]
    assert len(found) == 1
    return found[0]


def page(indicator: str = "minor", **facts: str) -> InstanceLook:
    told = {"about": "PROVIDER g-1", "indicator": indicator, "words": "Partially degraded", "trouble": "API: slow",
            "updated_ms": str(NOW - 32 * 60_000), "at_ms": str(NOW - 40_000), **facts}  # fmt: skip
    link = ProviderLink(instance="g-9", name="their page", adapter="status_page", state="answers", read_ms=NOW)
    return InstanceLook(link=link, page=PageHint.of(told, NOW))


def test_the_vendors_page_is_a_hint_with_its_age_and_changes_no_state() -> None:
    for word in ("serving", "unknown"):
        cell = one((look(("east", word)), page()))
        assert (cell.state, cell.stale) == (word, False)
        assert (
            "The vendor's own page, a hint only: minor, Partially degraded (changed 32 minutes ago; read 40 seconds "
            "ago). API: slow."
        ) in sentence(cell, NOW)
    unheard = one((look(state="unread"), page("none")))
    assert unheard.state == "unread", "a page that says all is well makes nothing green"
    assert one((look(("east", "serving")), page(about="another"))).page is None
    assert one((look(("east", "serving")), page(about=""))).page is None
    strange = one((look(("east", "serving")), page("", updated_ms="x", at_ms="")))
    assert "unknown, Partially degraded (it does not say since when; read just now)" in sentence(strange, NOW)


def test_what_went_round_a_gateway_is_a_hint_at_each_surface_concerned_and_changes_no_state() -> None:
    hint = RoundHint(model="F-7", gateways=(GATEWAY,), vendors=(CLOUD,), calls=17, until_ms=NOW - 12 * 60_000,
                     words="v counted 47 calls, g carried 30: 17 or more went round it")  # fmt: skip
    looks = Looks(
        surfaces=(surface(), surface("own", instance=CLOUD), surface("else", instance=DESK), surface("b", model="G-1")),
        instances=(look(("east", "serving"), ("b", "serving")), look(("own", "stopped"), instance=CLOUD)),
        poll_ms=POLL, rounds=(hint,),
    )  # fmt: skip
    told = {cell.name: cell for cell in board(looks, (), NOW).cells.values()}
    assert {name: cell.round is not None for name, cell in told.items()} == {
        "east gateway": True, "own gateway": True, "else gateway": False, "b gateway": False,
    }  # fmt: skip
    assert (told["east gateway"].state, told["own gateway"].state) == ("serving", "stopped")
    assert (
        "Round the gateway, a hint and a lower bound, of an hour that ended 12 minutes ago: v counted 47 calls, g "
        "carried 30: 17 or more went round it."
    ) in sentence(told["east gateway"], NOW)


@pytest.mark.parametrize("word", ["serving", "degraded", "loading", "stopped", "unknown"])
def test_what_the_provider_says_freshly_is_shown(word: str) -> None:
    cell = one((look(("east", word)),))
    assert (cell.state, cell.word, cell.stale, cell.age_ms) == (word, STATES[word].word, False, 1_000)


def test_a_word_this_version_does_not_know_is_unknown() -> None:
    assert one((look(("east", "hibernating")),)).state == "unknown"


def test_only_what_was_freshly_heard_is_told_in_green() -> None:
    assert [name for name, sign in STATES.items() if sign.tone == "good"] == ["serving"]
    green = (look(("east", "serving"), ago_ms=3 * POLL),)
    assert one(green).sign.tone == "good"
    for cell in (
        one(green, now=NOW + 1),
        one((look(("east", "serving"), state="unreachable"),)),
        one((look(state="unread"),)),
        one((look(("other", "serving")),)),
        one((look(("east", "serving"), state="broken"),)),
        one((look(state="answers", fault="401"),)),
        one((look(("east", "serving"), ago_ms=3 * POLL + 1, fault="401"),)),
        one(()),
    ):
        assert cell.sign.tone != "good"
        assert cell.state != "serving"


def test_what_is_stale_says_what_it_was_and_how_old_it_is() -> None:
    cell = one((look(("east", "serving"), ago_ms=16_000),))
    assert (cell.state, cell.was, cell.stale) == ("stale", "serving", True)
    assert cell.word == "stale, was serving"
    made = board(Looks(surfaces=(surface(),), instances=(), poll_ms=POLL), (), NOW)
    assert "Read 16 seconds ago" in made.sentence(cell)


@pytest.mark.parametrize(
    ("looks", "state"),
    [
        ((), "elsewhere"),
        ((look(state="unread"),), "unread"),
        ((look(state="unread", fault="no connection"),), "unread"),
        ((look(state="answers", fault="401: wrong key"),), "refused"),
        ((look(("other", "serving")),), "gone"),
        ((look(("east", "serving"), state="unreachable", fault="no connection"),), "unreachable"),
        ((look(state="broken", fault="no such adapter"),), "broken"),
        ((look(state="by-hand", adapter="manual"),), "by-hand"),
    ],
)
def test_what_is_not_known_has_a_name(looks: tuple[InstanceLook, ...], state: str) -> None:
    assert one(looks).state == state


def test_an_unreachable_provider_keeps_what_it_was_greyed() -> None:
    cell = one((look(("east", "stopped"), ago_ms=40_000, state="unreachable", fault="no connection"),))
    assert (cell.word, cell.stale, cell.age_ms, cell.detail) == (
        "unreachable, was stopped", True, 40_000, "no connection"
    )  # fmt: skip


@pytest.mark.parametrize("state", ["proposed", "queued", "accepted", "recorded", "enforced", "attested", "drifted"])
def test_what_our_record_has_is_shown_beside_what_is_reported(state: str) -> None:
    cell = one((look(("east", "degraded"), restrictions=("key x is blocked",)),), correction(state))
    assert cell.reported == ("key x is blocked",)
    assert [found.state for found in cell.recorded] == [state]
    assert cell.drifted == (state == "drifted")


@pytest.mark.parametrize("state", ["lifted", "cancelled", "refused", "superseded"])
def test_what_is_over_and_what_concerns_a_canary_restricts_nobody(state: str) -> None:
    assert one((look(("east", "serving")),), correction(state)).recorded == ()
    assert one((look(("east", "serving")),), correction("enforced", canary=True)).recorded == ()


def test_a_lift_under_way_is_shown_and_one_that_is_done_is_not() -> None:
    cell = one((look(("east", "stopped")),), correction("queued", direction="restore"))
    assert recorded_words(cell.recorded[0]).startswith("lift of Block a model: F-7, queued since 2025-11-23 13:52 UTC")
    assert one((look(("east", "serving")),), correction("recorded", direction="restore")).recorded == ()


def test_a_provider_that_serves_what_our_record_withdrew_is_doubted() -> None:
    served = (look(("east", "serving")),)
    assert "Block a model" in one(served, correction("enforced")).doubt
    assert one((look(("east", "stopped")),), correction("enforced")).doubt == ""
    assert one(served, correction("enforced", since_ms=NOW - 30_000)).doubt == ""
    assert one(served, correction("enforced", category="user")).doubt == ""
    assert one(served, correction("accepted")).doubt == ""
    assert one((look(("east", "serving"), ago_ms=700_000),), correction("enforced")).doubt == ""


def test_a_surface_known_from_people_only_says_since_when() -> None:
    looks = (look(state="by-hand", adapter="manual", instance=DESK),)
    cell = one(looks, correction("attested", by_hand=True, since_ms=NOW - 7_200_000), instance=DESK)
    assert cell.by_hand
    assert cell.attested_ms == NOW - 7_200_000
    made = board(Looks(surfaces=(surface(instance=DESK),), instances=looks, poll_ms=POLL), (), NOW)
    assert "Attested by people only, 2 hours ago." in made.sentence(cell)
    assert "Nobody has attested anything here." in made.sentence(one(looks, instance=DESK))


def test_a_surface_that_the_organisation_never_named_is_shown() -> None:
    made = board(Looks(surfaces=(surface(),), instances=(look(("east", "serving"), ("new", "serving")),), poll_ms=POLL),
                 (), NOW)  # fmt: skip
    unnamed = [cell for cell in made.cells.values() if cell.unnamed]
    assert [(cell.name, cell.model, cell.state) for cell in unnamed] == [("new", "F-7", "serving")]
    assert "not named" in made.sentence(unnamed[0])


def test_models_are_rows_and_providers_columns_with_a_lane_for_each_further_surface() -> None:
    surfaces = (
        surface("east"), surface("eu", instance=CLOUD), surface("us", instance=CLOUD),
        surface("mini", "A-1", CLOUD), surface("far", instance="g-9"),
    )  # fmt: skip
    looks = (look(("east", "serving")), look(("eu", "serving"), ("us", "stopped"), instance=CLOUD))
    made = board(Looks(surfaces=surfaces, instances=looks, poll_ms=POLL), (), NOW)
    assert made.rows == ("A-1", "F-7")
    assert [(column.instance, column.lane) for column in made.columns] == [
        (GATEWAY, 0), (CLOUD, 0), (CLOUD, 1), ("g-9", 0)
    ]  # fmt: skip
    assert {place: cell.name for place, cell in made.cells.items()} == {
        (1, 0): "east gateway", (0, 1): "mini gateway", (1, 1): "eu gateway", (1, 2): "us gateway",
        (1, 3): "far gateway",
    }  # fmt: skip
    assert made.cell(0, 0) is None


def test_cells_are_equal_where_nothing_has_to_be_painted() -> None:
    looks = (look(("east", "serving")),)
    assert one(looks) == one(looks, now=NOW + 2_000)
    assert one(looks) != one(looks, now=NOW + 20_000)
    assert one(looks) != one((look(("east", "serving"), latency=(12, 13)),))


def test_ages_in_words() -> None:
    assert [spoken_age(ms) for ms in (0, 1_000, 59_999, 3_600_000, 2 * 86_400_000)] == [
        "less than a second", "1 second", "59 seconds", "1 hour", "2 days"
    ]  # fmt: skip
    assert [short_age(ms) for ms in (0, 61_000, 7_200_000, 86_400_000)] == ["0 s", "1 min", "2 h", "1 d"]
