"""One model under several names: suggested, tied by a person, told to each provider under its own name."""

from __future__ import annotations

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import WrongUse
from console.services import corrections, incidents, model_names, providers
from console.services.corrections import TargetWish
from console.services.model_names import bare, likely
from tests.kit.pair import connect, connect_manual, founded, pair, sync

__all__ = ["founded", "pair"]
THEIRS = "openai/Atlas_Large"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("frontier-7", "Frontier_7", True),
        ("frontier-7", "openai/frontier7", True),
        ("claude-x-4", "us.anthropic.claude-x-4-20250514-v1:0", True),
        ("frontier-7", "frontier-7:latest", True),
        ("frontier-7", "frontier-7-2026-01-02", True),
        ("frontier-7", "frontier-8", False),
        ("frontier-7", "frontier-7-mini", False),
        ("llama3:8b", "llama3:70b", False),
        ("f", "f-2026", False),
    ],
)
def test_what_is_thought_to_be_one_model(one, other, alike) -> None:
    def surface(name: str, ident: str) -> providers.Surface:
        return providers.Surface(
            surface=ident, instance="g", model=name, kind="public", control="developer", reach="everyone", name="n",
            key="k", own=name,
        )  # fmt: skip

    known = [surface(one, "t-1"), surface(other, "t-2")]
    assert bool(likely(known, one)) is alike
    assert bool(likely(known, other)) is alike, "either way round"


def test_bare_names() -> None:
    assert bare("us.anthropic.claude-x") == bare("Claude X") == bare("vendor/claude_x") == "claudex"


@pytest.fixture
def two_names(pair):
    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
        connect_manual(one, THEIRS)
        yield pair


def _theirs(session) -> providers.Surface:
    return next(one for one in providers.surfaces(session) if one.own == THEIRS)


def test_tied_it_is_one_model_for_everybody_and_keeps_its_own_name(two_names) -> None:
    one, two = two_names
    before = _theirs(one)
    assert [found.surface.own for found in likely(providers.surfaces(one), "atlas-large")] == [THEIRS]
    model_names.tie(one, [before.surface], "atlas-large", "the vendor says so")
    sync(one, two)
    after = _theirs(two)
    assert (after.model, after.own) == ("atlas-large", THEIRS)
    assert (after.surface, after.key, after.name) == (before.surface, before.key, before.name)
    assert likely(providers.surfaces(two), "atlas-large") == (), "nothing is left to be suggested"
    assert {surface.model for surface in providers.surfaces(two)} == {"atlas-large"}


def test_one_correction_has_a_target_at_each_and_leaving_one_out_is_seen(two_names) -> None:
    one, _ = two_names
    model_names.tie(one, [_theirs(one).surface], "atlas-large")
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    east = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
    ask = TargetWish(provider="vendor", surface=THEIRS, lever="manual.ask",
                     params={"instruction": "Block it.", "who": "desk", "category": "user"})  # fmt: skip
    trial = corrections.plan(one, inc, [east])
    assert THEIRS not in {left.surface.model for left in trial.left_out}
    assert {left.surface.own for left in trial.left_out} == {"atlas-large", THEIRS}
    made = corrections.propose(one, inc, [east, ask], "Because")
    assert [target.model for target in made.action.targets] == ["atlas-large", "atlas-large"]


def test_taken_out_again_it_is_a_model_of_its_own(two_names) -> None:
    one, _ = two_names
    model_names.tie(one, [_theirs(one).surface], "atlas-large")
    model_names.untie(one, [_theirs(one).surface])
    assert _theirs(one).model == THEIRS
    with pytest.raises(WrongUse, match="already"):
        model_names.untie(one, [_theirs(one).surface])


def test_what_cannot_be_is_refused(two_names) -> None:
    one, _ = two_names
    with pytest.raises(WrongUse, match="no name"):
        model_names.tie(one, [_theirs(one).surface], "a name with spaces")
    with pytest.raises(WrongUse, match="no surface"):
        model_names.tie(one, ["t-nobody"], "atlas-large")
    with pytest.raises(WrongUse, match="already"):
        model_names.tie(one, [_theirs(one).surface], THEIRS)
