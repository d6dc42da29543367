"""The composer: all surfaces chosen, the mild lever first, what is left out said; a trial in words beside it."""

from __future__ import annotations

import pytest

from adapters.practice.simulator import Estate
from console.services import approvals, corrections, incidents
from console.services.levers import options_for
from console.services.presented import present
from console.viewmodels.approval import approval_view
from console.viewmodels.proposal import ProposalDraft, trial_view
from tests.kit.pair import connect, connect_manual, pair_at


@pytest.fixture(scope="module")
def console(founded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("composer")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, _):
            connect(one, estate)
            connect_manual(one, "atlas-large")
            yield one, str(incidents.declare(one, "t", 2).entry.inc)


def draft_of(session, category, model="atlas-large", **how):
    return ProposalDraft.start(options_for(session, model), model, category, **how)


def at(draft, name):
    return next(number for number, row in enumerate(draft.rows) if row.options.surface.name == name)


def test_every_surface_of_the_model_is_chosen_with_the_mildest_lever(console):
    one, _ = console
    draft = draft_of(one, "shutdown")
    assert [row.options.surface.name for row in draft.chosen] == [
        "Atlas large", "Main deployment", "the model at the vendor",
    ]  # fmt: skip
    why = "as it is connected here it has no lever of this kind"  # a gateway unloads nothing: it is not offered there
    assert {row.cannot for row in draft.rows if not row.chosen} == {why}
    row = draft.rows[at(draft, "Atlas large")]
    assert (row.lever, row.selector) == ("model.unload", "atlas-large")
    assert draft.left_out() == tuple(f"{name} at {name}: {why}" for name in ("gateway-east", "gateway-west"))
    assert {row.options.surface.model for row in draft_of(one, "shutdown", "atlas-small").rows} == {"atlas-small"}


def test_a_surface_without_such_a_lever_stays_out_and_says_what_it_can_do(console):
    one, _ = console
    draft = draft_of(one, "capability")
    east = draft.rows[at(draft, "gateway-east")]
    assert (east.chosen, east.lever) == (False, "")
    assert east.cannot == "the estate has no tools to take away"
    assert [lever.name for lever in east.instead][:2] == ["key.rpm", "key.block"]
    assert [row.options.surface.name for row in draft.chosen] == ["the model at the vendor"]
    assert dict(draft.chosen[0].params)["category"] == "capability"
    assert draft.left_out()[0] == "gateway-east at gateway-east: the estate has no tools to take away"
    assert draft.choose(0, True).rows[0].chosen is False
    slower = draft.pull(at(draft, "gateway-east"), "key.rpm")
    assert slower.rows[0].chosen
    assert draft.pull(0, "no.lever") == draft


def test_it_says_what_is_wanting_until_nothing_is(console):
    one, _ = console
    draft = draft_of(one, "frequency")
    hand = at(draft, "the model at the vendor")
    for number in range(2, len(draft.rows)):
        draft = draft.choose(number, False)
    assert draft.problems()[0] == "gateway-east at gateway-east: say which key."
    assert "gateway-east at gateway-east: Requests a minute is missing." in draft.problems()
    assert "Say why: everybody who signs reads it." in draft.problems()
    draft = draft.select_everywhere("key-canary").set(0, "rpm", "5").set(1, "rpm", "5").said(reason="Exploits.")
    assert draft.problems() == ()
    assert [wish.params for wish in draft.wishes()] == [{"rpm": "5"}, {"rpm": "5"}]
    assert draft.choose(hand, True).problems() == ("the model at the vendor at vendor: Instruction is missing.",)
    assert draft.choose(hand, True).ask(hand, instruction="Slow it", ticket="T-1").problems() == ()
    assert draft.choose(0, False).choose(1, False).problems() == ("No target is chosen.",)
    assert draft.said(if_not="x", criteria="y").reason == "Exploits."


def test_a_canary_goes_beside_its_target_and_the_last_row_is_left_out_rather_than_lost(console):
    one, _ = console
    draft = draft_of(one, "user").select(0, "key-research").another(0, canary=True).select(1, "key-canary")
    assert [(row.selector, row.canary) for row in draft.rows[:2]] == [("key-research", False), ("key-canary", True)]
    assert draft.select_everywhere("key-shop").rows[1].selector == "key-canary"
    fewer = draft.drop(1)
    assert len(fewer.rows) == len(draft.rows) - 1
    last = fewer.drop(0)
    assert len(last.rows) == len(fewer.rows)
    assert last.rows[0].chosen is False


def test_the_trial_beside_it_and_the_proposal_say_the_same(console):
    one, inc = console
    draft = (
        draft_of(one, "user")
        .select(0, "key-research")
        .said(reason="Exploits.", if_not="More of them.", criteria="Fixed")
    )
    for name in ("gateway-west", "Atlas large", "Main deployment"):
        draft = draft.choose(at(draft, name), False)
    draft = draft.review_in(3_600_000)
    hand = at(draft, "the model at the vendor")
    draft = draft.ask(hand, instruction="Block them", contact="hotline")
    assert draft.problems() == ()
    trial = corrections.plan(one, inc, draft.wishes())
    view = trial_view(trial, approvals.names_here(one), one.clock.wall_ms())
    first = view.lines[0]
    assert (first.what, first.where, first.possible) == (
        f"block key {trial.targets[0].planned.name}",
        "gateway-east",
        True,
    )
    assert first.changes == (("blocked", "no", "yes"),)
    assert first.sends == ("POST /admin/keys/key-research/block {}",)
    assert first.reverts == ("POST /admin/keys/key-research/unblock {}",)
    assert "Slow a key down (key.rpm): one key, can be reverted exactly" in first.instead
    assert set(view.can_sign) == {"Commander", "Approver"}
    assert (view.ready, view.affected, view.gravity) == (True, "12 users; not countable at 1 more", "high")
    assert any(sentence.startswith("gateway-west at gateway-west") for sentence, _ in view.left_out)
    made = corrections.propose_planned(
        one, inc, trial, draft.reason, criteria=draft.criteria, if_not=draft.if_not, review_in_ms=draft.review_in_ms
    )
    signed = approval_view(present(one, made.sha))
    assert (signed.reason, signed.if_not, signed.lift_criteria) == ("Exploits.", "More of them.", "Fixed")
    assert any(line.startswith("gateway-west") for line in signed.left_out)
    assert [target.changes for target in signed.targets] == [line.changes for line in view.lines]
    assert made.action.review_by == made.action.created + 3_600_000


def test_a_target_that_cannot_be_done_says_why_and_what_can(console):
    one, inc = console
    draft = draft_of(one, "user").said(reason="x")
    draft = draft.select(at(draft, "gateway-east"), "no such key")
    view = trial_view(corrections.plan(one, inc, draft.wishes()), {}, one.clock.wall_ms())
    east = next(line for line in view.lines if line.where == "gateway-east")
    assert not east.possible
    assert "no key is called" in east.why_not
    assert [name for name, _ in east.offers] == ["key.rpm"]
    assert not view.ready
