"""A secret is planted, a provider hurls it back in every answer: it lies nowhere in the clear, whatever is done.

Searched: both profiles with database and log, the state folder, the share, the bundle, every line that was logged, what
child processes were started with, and what a fault said.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.litellm import simulator
from adapters.simulator import Answer, Incoming, Simulator
from console.domain.errors import Problem
from console.outbox.steps import Pace
from console.services import (
    approvals,
    brief,
    connection,
    corrections,
    dispatch,
    exporting,
    incidents,
    providers,
)  # fmt: skip
from console.services.corrections import TargetWish
from console.services.live import Live
from console.services.session import APPROVER, Session
from tests.kit.pair import found, pair_at, sync
from tests.kit.traces import traces

ADMIN = "planted-admin-9f3c51d7e2a84b06-XyZ"
CANARY = "planted-canary-77ab0c9d5e614f28-QrS"
PACE = Pace(
    tick_s=0.02, sync_ms=500, poll_ms=200, settle_ms=100, hold_ms=200, stable_ms=200, record_ms=5_000,
    recheck_ms=100, spread_ms=600, patience_ms=3_000,
)  # fmt: skip


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Takes the planted secrets, and says them again in headers and in every body, good or bad."""
    monkeypatch.setattr(simulator, "MASTER_KEY", ADMIN)
    site = simulator.LiteLLMSite([(CANARY, "canary", [])], [("m-1", "atlas", True)], cache_lag_s=0.0)
    handle = site.handle

    def echoing(incoming: Incoming, lag_s: float) -> Answer:
        answer = handle(incoming, lag_s)
        told = f"you sent {incoming.bearer}; the canary is {CANARY}"
        body = {**answer.body, "echo": told} if isinstance(answer.body, dict) else answer.body
        if answer.status >= 400:
            body = {"error": {"type": told, "message": told, "code": told}}
        return dataclasses.replace(answer, body=body, headers={**answer.headers, "x-echo": told, "x-request-id": told})

    monkeypatch.setattr(site, "handle", echoing)
    with Simulator(site) as running:
        yield running


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    """Two people, founded for real work: in a drill no real secret is taken."""
    found(tmp_path / "made", world="real")
    with pair_at(tmp_path / "made", tmp_path / "org") as opened:
        yield opened


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words and the environment of every child process, as anybody on the machine could read them."""
    seen: list[str] = []
    init = subprocess.Popen.__init__

    def noted(self: Any, args: Any, *rest: Any, **how: Any) -> None:
        seen.append(f"{args!r} {how.get('env') or dict(os.environ)!r}")
        init(self, args, *rest, **how)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return seen


def test_it_lies_nowhere_in_the_clear(
    two: tuple[Session, Session],
    gateway: Simulator,
    started: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, other = two
    caplog.set_level(logging.WARNING)  # as the console leaves the libraries, whatever a test before this one wanted
    for ours, level in (("console", logging.DEBUG), ("adapters", logging.DEBUG), ("httpx", 30), ("httpcore", 30)):
        caplog.set_level(level, ours)
    said: list[str] = []
    providers.add(one, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: ADMIN)
    providers.adopt_surfaces(one, "gateway")
    providers.add_canary(one, "gateway", "canary", CANARY)
    said.append(repr(connection.try_saved(one, "gateway")))
    inc = str(incidents.declare(one, "Something is wrong", 1, "The text says nothing secret").entry.inc)
    sync(one, other)

    for fault in ("", "lost-answer"):
        if fault:
            gateway.switch(fault, on="writes", times=1)
        wish = TargetWish(provider="gateway", surface="", lever="key.block", selector="canary")
        made = corrections.propose(one, inc, [wish], "It helps with working exploits")
        for session in (one, other):
            sync(one, other)
            held = corrections.find_document(session, made.sha)
            approvals.decide(session, held, "approve", lambda session=session: session.ask(APPROVER))
        sync(one, other)
        said.append(repr(dispatch.run_outbox(one, "settled", deadline_ms=one.clock.boot_ms() + 20_000, pace=PACE)))
    gateway.switch("broken")
    for selector in ("nobody-of-this-name", "key-shop"):
        try:
            wish = TargetWish(provider="gateway", surface="", lever="key.block", selector=selector)
            corrections.propose(one, inc, [wish], "Because")
        except Problem as fault:
            said.append(f"{fault!r} {fault} {fault.what} {fault.next_step}")
    heard: list[str] = []
    live = Live(one, lambda key, value: heard.append(f"{key} {value!r}"))
    live.start()
    live.look_now().result(60)
    live.stop()
    said += heard
    said.append(repr(brief.situation(one, inc, "internal")))
    sync(one, other)
    exported = exporting.export(one, inc, tmp_path / "bundle")
    said.append(repr(exported))

    for secret in (ADMIN, CANARY):
        assert traces(secret, tmp_path) == []
        assert [line for line in said if secret in line] == []
        assert [line for line in started if secret in line] == []
        assert secret not in caplog.text
    assert any("canary" in line for line in said), "what was done was really said"
