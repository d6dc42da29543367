"""A plan without a proposal: every wish answered, nothing written, and what is left out said aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import WrongUse
from console.domain.reasons import read_reason
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, incidents, providers
from console.services.corrections import TargetWish
from console.services.levers import options_for
from console.services.planning import to_sign_ms
from console.services.record import start_record
from console.services.session import Session
from tests.kit.pair import Asks, connect, connect_manual, founded, pair

__all__ = ["founded", "pair"]
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
SLOW = TargetWish(provider="gateway-east", surface="", lever="key.rpm", selector="key-research", params={"rpm": "5"})
MODEL = TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large")


@pytest.fixture
def connected(pair):
    one, _ = pair
    with Estate() as estate:
        connect(one, estate)
        connect_manual(one, "atlas-large")
        yield one, str(incidents.declare(one, "t", 2).entry.inc)


def test_one_bad_target_hides_no_other(connected):
    one, inc = connected
    before = one.reader.heads()
    bad = [
        TargetWish(provider="nowhere", surface="", lever="key.block", selector="k"),
        TargetWish(provider="gateway-east", surface="elsewhere", lever="key.block", selector="k"),
        TargetWish(provider="gateway-east", surface="", lever="key.block", selector="no such key"),
        TargetWish(provider="gateway-east", surface="", lever="no.lever", selector="k"),
        TargetWish(provider="gateway-east", surface="", lever="key.rpm", selector="key-research", params={"rpm": "x"}),
    ]
    trial = corrections.plan(one, inc, [KEY, *bad])
    assert [found.planned is not None for found in trial.targets] == [True, *[False] * 5]
    for found, words in zip(
        trial.targets[1:],
        ("no provider", "No single surface", "no key is called", "no lever", "parameters"),
        strict=True,
    ):
        assert words in found.why_not
    assert not trial.ready
    assert trial.gravity == "normal"
    assert [lever.name for lever in trial.targets[4].instead] != []
    assert one.reader.heads() == before
    with pytest.raises(WrongUse, match="no provider"):
        corrections.propose_planned(one, inc, trial, "Because")


def test_gravity_with_its_reason_and_who_can_approve(connected):
    one, inc = connected
    small = corrections.plan(one, inc, [KEY])
    assert (small.gravity, small.ready) == ("normal", True)
    assert set(small.can_sign) == {person.person for person in one.roster.roster.persons}
    wide = corrections.plan(one, inc, [KEY, MODEL])
    assert wide.gravity == "high"
    assert "a whole surface" in wide.why
    assert wide.missing[0].startswith("2 more persons")
    back = corrections.plan(one, inc, [KEY], "restore")
    assert back.gravity == "high"
    assert corrections.plan(one, inc, []).missing == ("Nothing could be planned.",)


def test_a_trial_judges_as_the_proposal_is_judged(connected):
    one, inc = connected
    trial = corrections.plan(one, inc, [KEY, MODEL])
    made = corrections.propose_planned(one, inc, trial, "Because", if_not="It goes on.")
    verdict = approvals.judge(one, corrections.find_document(one, made.sha)).verdict
    assert (made.action.gravity, made.reason) == (trial.gravity, trial.why)
    assert (verdict.can_sign, verdict.cannot, verdict.missing) == (trial.can_sign, trial.cannot, trial.missing)
    assert [found.planned.requests for found in trial.targets] == [plan.requests for plan in made.plans]


def test_whatever_is_left_out_is_signed_with_the_reason(connected):
    one, inc = connected
    trial = corrections.plan(one, inc, [KEY])
    names = [found.surface.name for found in trial.left_out]
    assert names == ["gateway-west", "Atlas large", "Main deployment", "the model at the vendor"]
    made = corrections.propose_planned(one, inc, trial, "Three reports.", if_not="It goes on.")
    opened = approvals.open_values(corrections.find_document(one, made.sha))
    parts = read_reason(opened.reason or "")
    assert (parts.why, parts.if_not) == ("Three reports.", "It goes on.")
    assert parts.left_out == tuple(found.sentence for found in trial.left_out)
    assert "Atlas large at model-server (t-" in opened.reason
    told = "\n".join(approvals.text(one, corrections.find_document(one, made.sha)))
    assert "Left out: Atlas large at model-server" in told
    assert "If it is not done: It goes on." in told


def test_a_magnitude_stands_beside_what_is_there_now_with_its_unit(connected):
    one, inc = connected
    (found,) = corrections.plan(one, inc, [SLOW]).targets
    (one_value,) = found.magnitudes
    assert (one_value.title, one_value.value, one_value.present) == ("Requests a minute", "5", "null")
    (block,) = corrections.plan(one, inc, [KEY]).targets
    assert [lever.name for lever in block.instead] == ["key.rpm"]


def test_mild_and_reversible_levers_are_offered_first_and_gaps_say_why(connected):
    one, _ = connected
    found = {options.surface.name: options for options in options_for(one, "atlas-large")}
    east = found["gateway-east"]
    assert [lever.name for lever in east.levers][:2] == ["key.rpm", "key.block"]
    assert [lever.name for lever in east.of("user")] == ["key.block"]
    assert dict(east.cannot)["capability"] == "the estate has no tools to take away"
    assert found["the model at the vendor"].by_hand
    assert [lever.name for lever in found["the model at the vendor"].of("capability")] == ["manual.ask"]
    (rpm,) = east.levers[0].params
    assert (rpm.name, rpm.title, rpm.required) == ("rpm", "Requests a minute", True)
    providers.instances_of(one).remove("vendor")
    gone = {options.surface.name: options for options in options_for(one, "atlas-large")}["the model at the vendor"]
    assert "not connected" in gone.broken


def test_an_unreachable_provider_waits_and_says_so(pair):
    one, _ = pair
    with Estate() as estate:
        connect(one, estate, "gateway")
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    (found,) = corrections.plan(one, inc, [KEY]).targets
    assert found.waits
    assert found.planned is None


def test_a_provisional_record_plans_too_and_says_that_it_cannot_dispatch(tmp_path: Path):
    paths, asks = ProfilePaths(tmp_path / "alone"), Asks("commander")
    start_record(paths, asks, name="Commander", world="drill")
    with Session.open(paths, asks) as session:
        connect_manual(session, "m")
        wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})
        trial = corrections.plan(session, None, [wish])
        assert trial.provisional
        assert trial.ready
        assert "provisional" in trial.missing[0]
        assert trial.gravity == "high"


@pytest.mark.parametrize(
    ("approve", "execute", "severity", "direction", "minutes"),
    [
        (30, 240, 1, "contain", 60),
        (30, 240, 2, "contain", 30),
        (30, 240, 1, "restore", 30),
        (30, 45, 1, "contain", 45),
        (30, 20, 1, "contain", 30),
        (20 * 60, 30 * 60, 1, "contain", 24 * 60),
    ],
)
def test_containment_may_be_signed_longer_where_it_is_worst(approve, execute, severity, direction, minutes):
    windows = {"approve_by_ms": approve * 60_000, "execute_by_ms": execute * 60_000}
    assert to_sign_ms(windows, severity, direction) == minutes * 60_000


@pytest.mark.parametrize(("severity", "minutes"), [(1, 60), (2, 30)])
def test_the_document_says_until_when_by_its_severity(pair, severity, minutes):
    one, _ = pair
    connect_manual(one, "F-7")
    inc = incidents.declare(one, "it lies", severity=severity).entry.inc
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "stop", "who": "x"})
    action = corrections.propose(one, inc, [wish], "Because").action
    assert action.approve_by - action.created == minutes * 60_000
    assert action.approve_by <= action.execute_by
