"""A correction through an adapter that a file declares: signed by two, sent, read back, enforced, lifted."""

from __future__ import annotations

import pytest

from adapters.http.simulator import ADMIN, CALLER, HttpSite
from adapters.simulator import Simulator
from console.outbox.steps import Pace
from console.providers import instance
from console.services import adapters, approvals, corrections, dispatch, incidents, providers
from console.services.corrections import TargetWish
from console.services.session import Session
from tests.kit.pair import founded, pair, passphrase, sync

__all__ = ["founded", "pair"]
QUICK = Pace(tick_s=0.01, sync_ms=200, poll_ms=200, settle_ms=20, hold_ms=100, stable_ms=100, spread_ms=600)


@pytest.fixture
def bans(tmp_path, monkeypatch):
    # The two people of the kit are in a drill, where no file is an adapter; it stands in for steps by hand here
    monkeypatch.setattr(instance, "MANUAL", "http_bans")
    with Simulator(HttpSite("bans")) as server:
        text = adapters.example("bans").replace("https://bans.example", server.url)
        path = tmp_path / "bans.yaml"
        path.write_text(text.replace("propagation_s: 5", "propagation_s: 1"), encoding="utf-8")
        adapters.keep(path)
        yield server
        adapters.forget("bans")


def sign(one: Session, two: Session, sha: str) -> None:
    sync(one, two)
    for who, session in (("commander", one), ("approver", two)):
        held = corrections.find_document(session, sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(one, two)


def test_it_is_signed_sent_enforced_and_lifted_like_any_other(pair, bans) -> None:
    one, two = pair
    providers.add(one, "http_bans", "bans", {}, lambda _what: ADMIN)
    (surface,) = providers.adopt_surfaces(one, "bans")
    assert (surface.key, surface.model) == ("product", "atlas")
    providers.add_canary(one, "bans", "u-1", CALLER)
    inc = str(incidents.declare(one, "an account abuses the product", 2).entry.inc)
    wish = TargetWish(provider="bans", surface="product", lever="account.ban", selector="u-1")
    made = corrections.propose(one, inc, [wish], "reports")
    assert made.action.targets[0].adapter == "http_bans/1"
    assert bans.site.state.bans == {}, "one signature moves nothing, and none less"
    sign(one, two, made.sha)
    settle(one)
    assert bans.site.state.bans["u-1"]["active"] is True
    assert [row.state for row in dispatch.rows(one)] == ["enforced"]
    lift = corrections.lift(one, made.sha, "the account was a test")
    sign(one, two, lift.sha)
    settle(one)
    assert bans.site.state.bans == {}


def settle(session: Session) -> None:
    dispatch.run_outbox(session, deadline_ms=session.clock.boot_ms() + 90_000, pace=QUICK)
