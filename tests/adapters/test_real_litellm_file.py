"""Models of a real gateway's file: a person follows the text that two signed, and what is called enforced was measured.

The proxy is one of this test's own, with a file of its own, at the database of the kit's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.outbox.steps import Pace
from console.services import approvals, corrections, dispatch, incidents, providers, standing
from console.services.corrections import Proposal, TargetWish
from console.services.session import Session
from tests.adapters.gateway_file import follow
from tests.kit.pair import found, pair_at, passphrase, sync

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
STARTS_WITHIN_S, TOLD_WITHIN_S = 150.0, 120.0
HOW = {"filed-blocked": "block", "filed-out": "remove"}
PACE = Pace(tick_s=0.05, recheck_ms=500, record_ms=20_000, spread_ms=2_000, watch_ms=500, again_ms=())
FILE = """\
model_list:
  - model_name: filed-blocked
    litellm_params:
      model: openai/filed-blocked
      api_key: a-key-of-the-file
      mock_response: still here
  - model_name: filed-out
    litellm_params:
      model: openai/filed-out
      api_key: a-key-of-the-file
      mock_response: still here
general_settings:
  master_key: {master_key}
  store_model_in_db: true
  user_api_key_cache_ttl: 1
litellm_settings:
  telemetry: false
"""


class Proxy:
    """The kit's own program and environment, started with another file at another port; ended with its children."""

    def __init__(self, server: Mapping[str, Any], folder: Path) -> None:
        at = Path(f"/proc/{server['pid']}")
        self._env = dict(
            one.split("=", 1) for one in (at / "environ").read_text().split("\0") if "=" in one
        )  # fmt: skip
        self._argv = [one for one in (at / "cmdline").read_text().split("\0") if one]
        self._folder, self._child = folder, None
        self.file = FILE.format(master_key=server["master_key"])
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin anew with the file as it is now; ready once its database is connected."""
        self.end()
        path = self._folder / "config.yaml"
        path.write_text(self.file, encoding="utf-8")
        argv = list(self._argv)
        argv[argv.index("--config") + 1], argv[argv.index("--port") + 1] = str(path), str(self.port)
        with (self._folder / "proxy.log").open("ab") as log:
            self._child = subprocess.Popen(
                argv, env=self._env, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        ends = time.monotonic() + STARTS_WITHIN_S
        while not self._is_ready():
            assert self._child.poll() is None, "it ended while it started"
            assert time.monotonic() < ends, "it did not start"
            time.sleep(0.3)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/readiness", timeout=5).json().get("db") == "connected"
        except (httpx.HTTPError, ValueError):
            return False

    def end(self) -> None:
        """It and its workers."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait(timeout=30)
            self._child = None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def proxy(real_servers: Mapping[str, Any], tmp_path: Path) -> Iterator[tuple[Proxy, str, str]]:
    server = real_servers["litellm"]
    made = Proxy(server, tmp_path)
    try:
        made.start()
        headers = {"authorization": f"Bearer {server['master_key']}"}
        asked = {"models": list(HOW)}
        key = httpx.post(f"{made.url}/key/generate", json=asked, headers=headers, timeout=30).raise_for_status().json()
        yield made, server["master_key"], key["key"]
    finally:
        made.end()


def _sign(one: Session, two: Session, made: Proposal) -> None:
    sync(one, two)
    for session, who in ((one, "commander"), (two, "approver")):
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(one, two)


def _until(one: Session, inc: str, made: Proposal, states: set[str]) -> None:
    """The dispatcher, until every target is so."""
    ends = time.monotonic() + TOLD_WITHIN_S
    while True:
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=PACE)
        told = next(each for each in standing.corrections(one, inc) if each.doc == made.sha)
        if {target.state for target in told.targets} == states:
            return
        assert time.monotonic() < ends, [(target.state, target.detail) for target in told.targets]
        time.sleep(0.5)


def test_model_file_blocked_by_a_person_is_measured_and_given_back(
    proxy: tuple[Proxy, str, str], tmp_path: Path
) -> None:
    gateway, admin, caller = proxy
    found(tmp_path / "made", "real")
    with pair_at(tmp_path / "made", tmp_path / "org") as (one, two):
        made, _ = providers.add(one, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: admin)
        providers.adopt_surfaces(one, made.id)
        for name in HOW:
            providers.add_canary(one, made.id, name, caller)
        inc = str(incidents.declare(one, "models of the file", 2).entry.inc)
        wishes = [
            TargetWish(provider="gateway", surface=name, lever="model.file", selector=name, params={"how": how})
            for name, how in HOW.items()
        ]
        block = TargetWish(provider="gateway", surface="filed-out", lever="model.block", selector="filed-out")
        refused = corrections.plan(one, inc, [block])
        assert [way.name for way in refused.targets[0].instead] == ["model.delist", "model.reroute", "model.file"]

        asked = corrections.propose(one, inc, wishes, "They say what they must not.")
        assert "a-key-of-the-file" not in str([plan.params for plan in asked.plans])
        _sign(one, two, asked)
        _until(one, inc, asked, {"queued"})
        for plan in asked.plans:
            gateway.file = follow(plan.params["patch"], gateway.file, plan.name)
        gateway.start()
        for at in range(len(HOW)):
            corrections.attest(one, asked.sha, at, "The file is edited, and the gateway started again.")
        _until(one, inc, asked, {"enforced"})

        lifted = corrections.lift(one, asked.sha, "They are right again.")
        _sign(one, two, lifted)
        _until(one, inc, lifted, {"queued"})
        for plan in lifted.plans:
            gateway.file = follow(plan.params["back"], gateway.file, plan.name)
        assert gateway.file == FILE.format(master_key=admin)
        gateway.start()
        for at in range(len(HOW)):
            corrections.attest(one, lifted.sha, at, "It is as it was.")
        _until(one, inc, lifted, {"recorded"})
        for name in HOW:
            said = {"model": name, "messages": [{"role": "user", "content": "ping"}], "max_tokens": 1}
            headers = {"authorization": f"Bearer {caller}"}
            answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=said, headers=headers, timeout=30)
            assert answer.status_code == 200, name
