"""`standdown watch` as a process of its own: somebody undoes a block behind its back; it says so and pages people."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from adapters.practice.simulator import Estate
from console.app import main
from console.services import callout_settings, dispatch
from console.services.callout_settings import EVERYONE
from console.services.corrections import TargetWish, propose
from console.services.hooks import Hook
from console.services.incidents import declare
from console.services.session import Session
from console.services.standing import corrections
from tests.kit.pair import connect, founded, pair
from tests.services.test_callout import receiver
from tests.services.test_lists import run, sign

__all__ = ["founded", "pair", "receiver"]
ROOT = Path(__file__).parents[2]
WITHIN_S = 120.0
DRIFTED = '"state": "drifted"'
# the command as it is, but for how long it waits between two looks
QUICK = """
import sys
from functools import partial
from console.outbox.steps import Pace
from console.services import watching
from console.services.live import LivePace
quick = dict(outbox_pace=Pace(watch_ms=300, recheck_ms=50), pace=LivePace(poll_ms=300, calm_ms=300, call_s=0.1))
watching.Watching = partial(watching.Watching, **quick)
from console.app import main
sys.exit(main(sys.argv[1:]))
"""


def state(one: Session, inc: str) -> str:
    (found,) = corrections(one, inc)
    return found.targets[0].state


def test_what_somebody_undoes_is_an_alarm_and_pages(pair, receiver, tmp_path: Path, capsys) -> None:
    one, two = pair
    url, got = receiver
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(declare(one, "a campaign", severity=1).entry.inc)
        wish = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
        made = propose(one, inc, [wish], "a campaign of exploits")
        sign(one, two, made.sha)
        run(one)
        assert state(one, inc) in ("enforced", "unmeasurable")
        callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
        key = estate.sites["gateway-east"].state["key-research"]
        assert key.blocked.recorded
        key.blocked.write(False, 0.0, 0.0)

        words = ["--profile", str(one.paths.root), "--json", "watch", "--seconds", str(WITHIN_S)]
        with (tmp_path / "said").open("wb") as out:
            child = subprocess.Popen([sys.executable, "-c", QUICK, *words], cwd=ROOT, stdout=out, stderr=out)
            try:
                ends = time.monotonic() + WITHIN_S
                said = ""
                while child.poll() is None and time.monotonic() < ends:
                    said = (tmp_path / "said").read_text(encoding="utf-8")
                    if state(one, inc) == "drifted" and got and DRIFTED in said:
                        break
                    time.sleep(0.1)
                assert child.poll() is None, said
                assert state(one, inc) == "drifted", said
                child.terminate()
                assert child.wait(timeout=WITHIN_S) == 0
            finally:
                child.kill()
                child.wait(timeout=WITHIN_S)
        assert not key.blocked.recorded, "it is told, and never sent again"
    assert DRIFTED in said
    assert any("was undone" in str(body) for _, _, body in got), got
    dispatch.sync_all(one)
    capsys.readouterr()
    assert main(["--profile", str(one.paths.root), "correct", "show"]) == 0
    assert "somebody or something undid it" in capsys.readouterr().out
