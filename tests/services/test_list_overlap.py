"""Lists and single corrections at one account: what one gives back, the other still holds (protocol.md section 7.8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.practice.simulator import CallerKey, Estate
from console.domain.lists import LIFTS, Imported
from console.services import corrections, incidents, lists, resending, standing
from console.services.corrections import TargetWish
from tests.kit.pair import connect, founded, pair
from tests.services.test_lists import run, sign

__all__ = ["founded", "pair"]

BLOCK = TargetWish(provider="gateway-east", surface="", lever="key.block")
ACCOUNTS = ("acct-1", "acct-2", "acct-3")


def listed(*accounts: str) -> Imported:
    return Imported(source="test", lines=accounts, read=len(accounts), again=0, refused=0, problems=(), odd=())


@pytest.fixture
def ready(pair):
    with Estate(gateway_lag_s=0.0) as estate:
        site = estate.sites["gateway-east"]
        for name in ACCOUNTS:
            site.state[name] = CallerKey(name, f"Account {name}", f"practice-{name}")
        one, two = pair
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "a campaign", severity=1).entry.inc)
        yield one, two, inc, lambda: {name for name in ACCOUNTS if site.state[name].blocked.recorded}


def held(session, *docs: str) -> list[str]:
    found = {one.doc: one for one in standing.corrections(session)}
    return [found[doc].state for doc in docs]


def test_what_a_list_holds_outlasts_the_lift_of_one_account_and_the_other_way_round(ready) -> None:
    """Both were decided from the same state, so that neither saw the other: what remains is the strictest."""
    one, two, inc, blocked = ready
    matched = lists.match(one, BLOCK, listed("acct-1", "acct-2"))
    whole = lists.propose(one, inc, matched, "a campaign").sha
    single = corrections.propose(one, inc, [replace(BLOCK, selector="acct-2")], "him too").sha
    for sha in (whole, single):
        sign(one, two, sha)
    run(one)
    assert blocked() == {"acct-1", "acct-2"}

    lift = corrections.lift(one, single, "he is cleared")
    assert lift.plans[0].wanted == {"blocked": "true"}, "the list still asks for it"
    assert any(whole[:16] in note for note in lift.plans[0].notes)
    sign(one, two, lift.sha)
    run(one)
    assert blocked() == {"acct-1", "acct-2"}, "a single lift loosened what a list in force holds"
    assert held(one, whole, single) == ["unmeasurable", "lifted"]

    again = corrections.propose(one, inc, [replace(BLOCK, selector="acct-1")], "him alone").sha
    sign(one, two, again)
    run(one)
    back = lists.lift(one, whole, "it is over")
    assert back.plans[0].params[LIFTS] == whole
    assert any("1 of 2 stay restricted" in note and "acct-1" in note for note in back.plans[0].notes)
    sign(one, two, back.sha)
    run(one)
    assert blocked() == {"acct-1"}, "the list's lift gave back what another correction holds, or kept the rest"
    assert held(one, whole, again) == ["lifted", "unmeasurable"]

    last = corrections.lift(one, again, "he is cleared too")
    assert last.plans[0].wanted == {"blocked": "false"}
    sign(one, two, last.sha)
    run(one)
    assert blocked() == set()


def test_of_two_lists_each_gives_back_what_the_other_does_not_hold(ready) -> None:
    one, two, inc, blocked = ready
    docs = [
        lists.propose(one, inc, lists.match(one, BLOCK, listed(*accounts)), "a campaign").sha
        for accounts in (("acct-1", "acct-2"), ("acct-2", "acct-3"))
    ]
    for sha in docs:
        sign(one, two, sha)
    run(one)
    assert blocked() == set(ACCOUNTS)
    for sha, left in zip(docs, ({"acct-2", "acct-3"}, set()), strict=True):
        back = lists.lift(one, sha, "it is over")
        sign(one, two, back.sha)
        run(one)
        assert blocked() == left
    assert held(one, *docs) == ["lifted", "lifted"]


def test_an_undo_of_one_account_does_not_loosen_what_a_list_holds(ready) -> None:
    """One signer may undo exactly; where a list holds it, people decide."""
    one, two, inc, blocked = ready
    single = corrections.propose(one, inc, [replace(BLOCK, selector="acct-2")], "him").sha
    whole = lists.propose(one, inc, lists.match(one, BLOCK, listed("acct-1", "acct-2")), "a campaign").sha
    for sha in (single, whole):
        sign(one, two, sha)
    run(one)
    undo = corrections.undo(one, single, "a mistake")
    sign(one, two, undo.sha)
    run(one)
    assert blocked() == {"acct-1", "acct-2"}
    assert resending.left_of(one, undo.sha) in ([0], [])


def test_an_account_that_another_correction_restricts_already_is_in_the_list_and_outlasts_that_one(ready) -> None:
    one, two, inc, blocked = ready
    single = corrections.propose(one, inc, [replace(BLOCK, selector="acct-2")], "him").sha
    sign(one, two, single)
    run(one)
    matched = lists.match(one, BLOCK, listed(*ACCOUNTS))
    assert (matched.accounts, matched.already) == (ACCOUNTS, ())
    assert matched.template is not None
    assert any("So already, for another correction in force there: 1." in note for note in matched.template.notes)
    whole = lists.propose(one, inc, matched, "a campaign").sha
    sign(one, two, whole)
    run(one)
    lift = corrections.lift(one, single, "he is cleared")
    sign(one, two, lift.sha)
    run(one)
    assert blocked() == set(ACCOUNTS)
    back = lists.lift(one, whole, "it is over")
    sign(one, two, back.sha)
    run(one)
    assert blocked() == set()
