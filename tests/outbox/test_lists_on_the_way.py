"""A list on its way through bad luck: lines that are gone, a provider that will not be read, writes that do nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from adapters.practice.simulator import CallerKey, Estate
from console.domain.lists import read_list
from console.outbox.steps import Pace
from console.services import approvals, corrections, dispatch, incidents, list_progress, lists
from console.services.corrections import Proposal, TargetWish
from console.services.session import Session
from tests.kit.pair import connect, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]

QUICK = Pace(tick_s=0.01, sync_ms=200, poll_ms=200, settle_ms=20, hold_ms=100, stable_ms=100, record_ms=300,
             recheck_ms=50, spread_ms=200, patience_ms=20_000, rounds=2, usage_ms=300)  # fmt: skip
WISH = TargetWish(provider="gateway-east", surface="", lever="key.block")
NAMES = [f"acct-{at:03}" for at in range(120)]


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        site = running.sites["gateway-east"]
        for name in NAMES:
            site.state[name] = CallerKey(name, f"Account {name}", f"practice-{name}")
        yield running


@pytest.fixture
def signed(pair, estate: Estate) -> tuple[Session, Proposal]:
    """A list of all of them, signed by two, with nothing sent yet."""
    one, two = pair
    connect(one, estate, "gateway")
    inc = incidents.declare(one, "a campaign", severity=1).entry.inc
    assert inc is not None
    found = lists.match(one, WISH, read_list("\n".join(NAMES).encode(), "l.txt"))
    made = lists.propose(one, inc, found, "a campaign")
    sync(one, two)
    for who, session in (("commander", one), ("approver", two)):
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(one, two)
    return one, made


def run(session: Session):
    """Where it is when it no longer waits: a run ends while a provider is out, and another goes on."""
    ends = time.monotonic() + 60
    while True:
        settled = dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + 60_000, pace=QUICK)
        (row,) = settled.rows
        if row.state not in {"queued", "dispatching", "accepted"} or time.monotonic() > ends:
            return row
        time.sleep(0.1)


def blocked(estate: Estate) -> set[str]:
    return {key.id for key in estate.sites["gateway-east"].state.values() if key.blocked.recorded}


@pytest.mark.parametrize("left", [None, b"somebody-else\n"])
def test_lines_that_are_gone_or_altered_stop_it_before_anything_is_sent(signed, estate: Estate, left) -> None:
    one, made = signed
    (listed,) = lists.listed_in(one, corrections.find_document(one, made.sha))
    path: Path = one.paths.blob(listed.sha256)
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    row = run(one)
    assert row.state == "attention", row
    assert "lines of its list are not here" in row.detail
    assert blocked(estate) == set()


@pytest.mark.parametrize("fault", ["broken", "throttle"])
def test_a_provider_that_will_not_be_read_is_asked_again(signed, estate: Estate, fault) -> None:
    one, _ = signed
    estate.simulators["gateway-east"].switch(fault, on="reads", times=4)
    assert run(one).state in {"recorded", "unmeasurable", "enforced"}
    assert blocked(estate) == set(NAMES)


def test_accounts_that_were_slowed_down_are_sent_in_another_round(signed, estate: Estate) -> None:
    one, made = signed
    estate.simulators["gateway-east"].switch("throttle", on="writes", times=7)
    assert run(one).state in {"recorded", "unmeasurable", "enforced"}
    assert blocked(estate) == set(NAMES)
    (far,) = list_progress.progress(one, made.op)
    assert (far.gone_through, far.failed) == (len(NAMES), ())


def test_writes_that_are_accepted_and_do_nothing_go_back_to_people(signed, estate: Estate) -> None:
    one, _ = signed
    estate.simulators["gateway-east"].switch("lying", on="writes")
    row = run(one)
    assert row.state == "attention"
    assert f"{len(NAMES)} were accepted and do not show it" in row.detail
    assert blocked(estate) == set()


def test_very_many_failures_are_all_told_by_name(signed, estate: Estate, tmp_path: Path) -> None:
    one, made = signed
    for name in NAMES[10:]:
        del estate.sites["gateway-east"].state[name]
    assert run(one).state in {"recorded", "unmeasurable", "enforced"}
    (far,) = list_progress.progress(one, made.op)
    assert [account for account, _ in far.failed] == NAMES[10:]
    assert list_progress.write_failures(one, made.op, tmp_path / "failed.csv") == len(NAMES) - 10
