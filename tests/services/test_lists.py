"""Lists of accounts: matched, protected, signed once, sent piece by piece, resumed, told, lifted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.contract import ReadBack
from adapters.practice.simulator import CallerKey, Estate
from console.domain.errors import WaitsForConnection, WrongUse
from console.domain.lists import drawn, from_bytes, read_list
from console.outbox.engine import Outbox
from console.outbox.executor import Executor
from console.outbox.lists import Lists
from console.outbox.steps import Pace, Steps
from console.providers.plane import Planes
from console.providers.planned import from_disclosures
from console.services import approvals, corrections, dispatch, incidents, list_progress, lists, protected, providers
from console.services.corrections import TargetWish
from console.services.presented import present
from console.services.secrets import open_secrets
from console.services.session import Session
from console.viewmodels.approval import approval_view
from tests.kit.pair import connect, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]

QUICK = Pace(tick_s=0.01, sync_ms=200, poll_ms=200, settle_ms=20, hold_ms=100, stable_ms=100, record_ms=3_000,
             recheck_ms=50, spread_ms=200, patience_ms=20_000, rounds=2, usage_ms=300)  # fmt: skip
WISH = TargetWish(provider="gateway-east", surface="", lever="key.block")


def crowd(estate: Estate, count: int) -> list[str]:
    site = estate.sites["gateway-east"]
    names = [f"acct-{at:05}" for at in range(count)]
    for name in names:
        site.state[name] = CallerKey(name, f"Account {name}", f"practice-{name}")
    return names


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        yield running


@pytest.fixture
def ready(pair, estate) -> tuple[Session, Session, str]:
    one, two = pair
    connect(one, estate, "gateway")
    providers.add_canary(one, "gateway-east", "key-canary", "practice-gateway-east-key-canary")
    inc = incidents.declare(one, "a campaign", severity=1).entry.inc
    assert inc is not None
    return one, two, inc


def sign(one: Session, two: Session, sha: str) -> None:
    sync(one, two)
    for who, session in (("commander", one), ("approver", two)):
        held = corrections.find_document(session, sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(one, two)


def run(session: Session, within_ms: int = 60_000):
    return dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + within_ms, pace=QUICK)


def blocked(estate: Estate) -> set[str]:
    return {key.id for key in estate.sites["gateway-east"].state.values() if key.blocked.recorded}


def test_a_list_is_matched_signed_once_sent_and_lifted(ready, estate: Estate, tmp_path: Path) -> None:
    one, two, inc = ready
    names = crowd(estate, 250)
    estate.sites["gateway-east"].state["acct-00007"].blocked.write(True, 0.0, 0.0)
    protected.protect(one, "acct-00009", "a named customer")
    text = "account;seen\n" + "".join(f"{name};yes\n" for name in [*names, names[0], "acct-nobody", "key-canary"])
    read = read_list(text.encode(), "campaign.csv")
    assert (read.column, read.again) == ("account", 1)
    found = lists.match(one, WISH, read)
    assert len(found.accounts) == 248
    assert found.already == ("acct-00007",)
    assert [name for name, _ in found.unknown] == ["acct-nobody"]
    assert dict(found.protected) == {"acct-00009": "a named customer", "key-canary": protected.CANARY}
    assert found.template is not None
    assert found.template.requests[0].path == "/admin/keys/<<account>>/block"

    canary = replace(WISH, selector="key-canary", canary=True)
    made = lists.propose(one, inc, found, "a campaign of exploits", canaries=[canary])
    assert made.action.gravity == "high"
    assert made.action.targets[0].listed == 248
    sync(one, two)
    (mine,) = lists.listed_in(one, corrections.find_document(one, made.sha))
    (theirs,) = lists.listed_in(two, corrections.find_document(two, made.sha))
    assert mine.drawn == theirs.drawn == drawn(made.sha, found.accounts)
    view = approval_view(present(two, made.sha))
    assert view.can_sign, view.why_not
    assert ", ".join(mine.drawn) in dict(view.targets[0].more).values()
    assert any(mine.drawn[0] in line for line in approvals.text(two, corrections.find_document(two, made.sha)))

    sign(one, two, made.sha)
    settled = run(one)
    assert [row.state for row in settled.rows] == ["enforced", "enforced"], settled
    assert blocked(estate) == {*found.accounts, "acct-00007", "key-canary"}
    (far,) = list_progress.progress(two, made.op) or list_progress.progress(one, made.op)
    (far,) = list_progress.progress(one, made.op)
    assert (far.gone_through, far.sent, far.failed) == (248, 248, ())

    given_back = lists.lift(one, made.op, "it is over")
    assert given_back.action.direction == "restore"
    sign(one, two, given_back.sha)
    run(one)
    assert blocked(estate) == {"acct-00007"}


def test_a_list_that_cannot_be_shown_cannot_be_signed(ready, estate: Estate) -> None:
    one, two, inc = ready
    names = crowd(estate, 30)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    sync(one, two)
    (listed,) = lists.listed_in(two, corrections.find_document(two, made.sha))
    two.paths.blob(listed.sha256).unlink()
    view = approval_view(present(two, made.sha))
    assert not view.can_sign
    assert "not here yet" in view.why_not
    with pytest.raises(WaitsForConnection):
        approvals.text(two, corrections.find_document(two, made.sha))


def test_failures_are_told_and_do_not_stop_the_others(ready, estate: Estate, tmp_path: Path) -> None:
    one, two, inc = ready
    names = crowd(estate, 150)
    protected.protect(two, names[3], "own staff")
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    del estate.sites["gateway-east"].state[names[5]]
    sync(one, two)
    assert any(names[3] in warning for warning in approval_view(present(two, made.sha)).warnings)
    sign(one, two, made.sha)
    settled = run(one)
    assert settled.rows[0].state in ("recorded", "unmeasurable", "enforced")
    (far,) = list_progress.progress(one, made.op)
    assert dict(far.failed) == {names[5]: f"{names[5]} is gone"}
    assert list_progress.write_failures(one, made.op, tmp_path / "failed.csv") == 1
    assert (tmp_path / "failed.csv").read_text().splitlines()[1].startswith(f"{names[5]},")
    with pytest.raises(WrongUse):
        list_progress.write_failures(one, made.op, tmp_path / "failed.csv")


def test_what_somebody_undoes_of_a_list_is_seen_and_what_was_given_back_is_not(ready, estate: Estate) -> None:
    one, two, inc = ready
    names = crowd(estate, 40)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    sign(one, two, made.sha)
    run(one)
    some = read_list("\n".join(names[:10]).encode(), "some.txt")
    lifted = lists.propose(one, inc, lists.match(one, WISH, some, direction="restore"), "ten of them")
    sign(one, two, lifted.sha)
    run(one)
    assert blocked(estate) == set(names[10:])
    row = next(row for row in dispatch.rows(one) if row.doc == made.sha)
    planned = from_disclosures(made.action.targets[0], corrections.find_document(one, made.sha).disclosed(0))

    async def look() -> ReadBack:
        planes = Planes.open(providers.instances_of(one), open_secrets(one), one.clock)
        steps = Steps(one.store, one.device(), one.clock, one.entropy)
        watching = Lists(steps, QUICK, Executor(steps, QUICK), asyncio.sleep)
        plane = planes.get(row.instance)
        assert plane is not None
        try:
            return await watching.read_back(row, planned, plane)
        finally:
            await planes.aclose()

    seen = asyncio.run(look())
    assert (seen.verdict, seen.fields["list.looked"]) == (
        "in-effect",
        "30",
    )  # not those given back
    estate.simulators["gateway-east"].poke(lambda found: setattr(found[names[20]], "blocked", _open()))
    seen = asyncio.run(look())
    assert (seen.verdict, seen.fields["list.missing"]) == ("not-in-effect", names[20])
    for _ in range(40):  # what is settled is looked at again when its turn has come, and a run may end before
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 2_000, pace=replace(QUICK, watch_ms=1_000))
        state = next(row.state for row in dispatch.rows(one) if row.doc == made.sha)
        if state == "drifted":
            break
        time.sleep(0.1)
    assert state == "drifted"


def _open():
    return CallerKey("x", "x", "practice-x").blocked


def test_it_goes_on_where_it_was_cut_short(ready, estate: Estate) -> None:
    one, two, inc = ready
    names = crowd(estate, 260)
    made = lists.propose(one, inc, lists.match(one, WISH, read_list("\n".join(names).encode(), "l.txt")), "a campaign")
    sign(one, two, made.sha)
    simulator = estate.simulators["gateway-east"]
    simulator.switch("lost-answer", on="writes", times=30)  # written, and the answer lost
    pieces, engine = iter(range(100)), list[asyncio.Task[object]]()

    def crash(point: str) -> None:
        if point == "after-intent" and next(pieces) == 1:  # the second piece is cut short after its intent
            engine[0].cancel()
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    async def cut_short() -> None:
        planes = Planes.open(providers.instances_of(one), open_secrets(one), one.clock)
        outbox = Outbox(one.store, one.device(), planes, one.clock, one.entropy, pace=QUICK, crash=crash)
        engine.append(asyncio.create_task(outbox.run("forever")))
        await asyncio.wait(engine)
        await planes.aclose()

    asyncio.run(cut_short())
    (far,) = list_progress.progress(one, made.op)
    assert (far.gone_through, far.state) == (100, "dispatching")
    settled = run(one)
    assert settled.rows[0].state in ("recorded", "unmeasurable", "enforced"), settled
    assert blocked(estate) >= set(names)
    (far,) = list_progress.progress(one, made.op)
    assert far.gone_through == 260
    assert far.failed == ()


def test_a_lever_for_everybody_takes_no_list_and_nothing_is_taken_off_by_chance(ready, estate: Estate) -> None:
    one, _, _ = ready
    names = crowd(estate, 3)
    read = read_list("\n".join(names).encode(), "l.txt")
    with pytest.raises(WrongUse, match="is not protected"):
        lists.match(one, WISH, read, take_off=[names[0]])
    protected.protect(one, names[0], "own staff")
    assert lists.match(one, WISH, read, take_off=[names[0]]).taken_off == (names[0],)
    protected.release(one, names[0])
    with pytest.raises(WrongUse):
        protected.release(one, names[0])
    with pytest.raises(WrongUse):
        protected.protect(one, "x", " ")


def test_lines_are_those_that_were_signed() -> None:
    read = read_list(b"b\na\n", "l")
    assert from_bytes(read.raw, read.sha256) == ("a", "b")
    with pytest.raises(Exception, match="not the ones that were signed"):
        from_bytes(b"a\n", read.sha256)
