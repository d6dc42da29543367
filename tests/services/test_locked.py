"""A plan that needs a credential nobody has unlocked asks for it; it is not taken for a fault of the adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.simulator import Simulator
from console.runtime.paths import ProfilePaths
from console.services import corrections, incidents, providers
from console.services.corrections import TargetWish
from console.services.record import start_record
from console.services.session import SECRETS, Locked, Session, nobody_asked
from tests.kit.pair import Asks, passphrase

KEY = TargetWish(provider="gateway", surface="", lever="key.block", selector="target")


def test_a_plan_asks_for_what_is_locked_and_is_made_once_it_is_open(tmp_path: Path) -> None:
    paths, asks = ProfilePaths(tmp_path / "one"), Asks("commander")
    start_record(paths, asks, name="Commander")
    site = LiteLLMSite([("sk-simulated-target", "target", [])], [("m-1", "model-m", True)])
    with Simulator(site) as gateway:
        with Session.open(paths, asks) as session:
            providers.add(session, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: MASTER_KEY)
            providers.adopt_surfaces(session, "gateway")
            inc = str(incidents.declare(session, "t", 2).entry.inc)
        with Session.open(paths, nobody_asked) as session:
            with pytest.raises(Locked) as found:
                corrections.plan(session, inc, [KEY])
            assert found.value.key == SECRETS
            session.offer(SECRETS, passphrase("commander", SECRETS))
            assert [one.why_not for one in corrections.plan(session, inc, [KEY]).targets] == [""]
