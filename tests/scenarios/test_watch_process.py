"""`standdown watch` as a process of its own: somebody undoes a correction behind its back; it says so, pages people,
and every console's window has it under "Needs you", with who did it and when, where the provider's log tells.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from adapters.simulator import Simulator
from adapters.unleash.simulator import ADMIN_TOKEN, CLIENT_TOKEN, Flag, UnleashSite
from console.app import main
from console.services import callout_settings, dispatch, needs, providers
from console.services.callout_settings import EVERYONE
from console.services.corrections import TargetWish, propose
from console.services.hooks import Hook
from console.services.incidents import declare, list_incidents
from console.services.session import SECRETS, Session
from console.services.standing import corrections
from console.viewmodels.cards import Card, need_card
from tests.kit.pair import found, pair_at, passphrase
from tests.services.test_callout import receiver
from tests.services.test_lists import run, sign

__all__ = ["receiver"]
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


def needs_you(one: Session) -> list[Card]:
    """What the window shows at the right, above everything else."""
    wanted = needs.needs(one, corrections(one), list_incidents(one))
    return [need_card(need, one.clock.wall_ms()) for need in wanted]


def watched(one: Session, inc: str, said_at: Path, got: list) -> str:
    """`standdown watch` until it has said, paged and entered that something was undone; what it said."""
    secrets = said_at.with_name("passphrase")
    secrets.write_bytes(passphrase("commander", SECRETS) + b"\n")
    with said_at.open("wb") as out, secrets.open("rb") as handed:
        words = ["--passphrase-fd", str(handed.fileno()), "--profile", str(one.paths.root), "--json", "watch"]
        child = subprocess.Popen(
            [sys.executable, "-c", QUICK, *words, "--seconds", str(WITHIN_S)], cwd=ROOT, stdout=out, stderr=out,
            pass_fds=[handed.fileno()],
        )  # fmt: skip
        try:
            ends = time.monotonic() + WITHIN_S
            said = ""
            while child.poll() is None and time.monotonic() < ends:
                said = said_at.read_text(encoding="utf-8")
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
    return said


def test_what_somebody_undoes_is_an_alarm_that_names_them_and_pages(receiver, tmp_path: Path, capsys) -> None:
    url, got = receiver
    found(tmp_path / "made", world="real")
    site = UnleashSite([Flag("atlas", strategies=[[1]])], {1: {"name": "blocked", "constraints": []}})
    with Simulator(site, name="flags") as flags, pair_at(tmp_path / "made", tmp_path / "org") as (one, two):
        settings = {"base_url": flags.url, "environment": "development"}
        made, _ = providers.add(one, "unleash", "flags", settings, lambda _what: ADMIN_TOKEN)
        providers.adopt_surfaces(one, made.id)
        providers.add_canary(one, made.id, "atlas", CLIENT_TOKEN)
        inc = str(declare(one, "a campaign", severity=1).entry.inc)
        wish = TargetWish(provider="flags", surface="", lever="model.off", selector="atlas")
        sha = propose(one, inc, [wish], "a campaign of exploits").sha
        sign(one, two, sha)
        run(one)
        assert state(one, inc) in ("enforced", "unmeasurable")
        assert needs_you(one) == []
        callout_settings.add_hook(one, Hook(name="room", kind="slack", address=f"{url}/room"), EVERYONE, "")
        site.state.flags["atlas"].enabled = True
        site.write_log("feature-environment-enabled", "mallory", featureName="atlas", environment="development")

        said = watched(one, inc, tmp_path / "said", got)
        assert site.state.flags["atlas"].enabled, "it is told, and never sent again"
        assert DRIFTED in said
        assert any("was undone" in str(body) for _, _, body in got), got
        for session in (one, two):
            dispatch.sync_all(one)
            dispatch.sync_all(session)
            (card,) = [card for card in needs_you(session) if card.doc == sha]
            assert card.title.endswith("was undone")
            assert card.alarm
            assert "feature-environment-enabled by mallory at 20" in card.told[0]
            assert card.commands[0][0] == "propose-again"
        capsys.readouterr()
        assert main(["--profile", str(one.paths.root), "correct", "show"]) == 0
        shown = capsys.readouterr().out
        assert "somebody or something undid it" in shown
        assert "by mallory" in shown
