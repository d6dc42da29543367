"""A console dies with something to send: another window takes it over, with signatures of its own and no others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.practice.simulator import Estate
from console.services import approvals, corrections, incidents
from console.services.corrections import TargetWish
from console.services.session import APPROVER, WRITER
from tests.kit.pair import connect, founded, pair_at, passphrase, sync
from tests.scenarios.windows import Screen, Window

__all__ = ["founded"]
pytestmark = [pytest.mark.screen, pytest.mark.timeout(300)]
KEYS = ("key-research", "key-shop")
IN_EFFECT = ["recorded", "enforced", "unmeasurable"]


def proposed(founded: Path, folder: Path, estate: Estate) -> str:
    """Both have the gateways; the commander proposed that this console blocks two keys, and signed it."""
    with pair_at(founded, folder) as (one, two):
        connect(one, estate, "gateway")
        sync(one, two)
        connect(two, estate, "gateway")
        inc = str(incidents.declare(one, "dangerous answers", 1).entry.inc)
        wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key) for key in KEYS]
        doc = corrections.propose(one, inc, wishes, "three reports").sha
        held = corrections.find_document(one, doc)
        approvals.decide(one, held, "approve", lambda: passphrase("commander", APPROVER))
        sync(one, two)
        return doc


def blocked(estate: Estate) -> list[bool]:
    """What the gateway recorded."""
    return [estate.sites["gateway-east"].state[key].blocked.recorded for key in KEYS]


def test_what_a_dead_window_was_to_send_goes_from_another_with_a_fresh_quorum(founded: Path, tmp_path: Path) -> None:
    shots = Path(os.environ["SCENARIO_SHOTS"]) if "SCENARIO_SHOTS" in os.environ else None
    folder = tmp_path / "org"
    with Estate(gateway_lag_s=0.0) as estate, Screen(tmp_path / "left") as left, Screen(tmp_path / "right") as right:
        doc = proposed(founded, folder, estate)
        with (
            Window(folder / "commander", left, shots=shots) as one,
            Window(folder / "approver", right, shots=shots) as two,
        ):
            one.act("see", "header", "2/2 providers answer")
            one.kill()
            for what, use in (("writer", WRITER), ("approver", APPROVER)):
                two.act("passphrase", what, passphrase("approver", use).decode())
            two.act("review", doc)
            two.sign(passphrase("approver", APPROVER).decode())
            again = two.act("take_over", doc, 1_500)
            assert again != doc
            two.sign(passphrase("approver", APPROVER).decode())
            assert blocked(estate) == [False, False], "the signatures of before counted for it"
            two.act("review", again)
            two.sign(passphrase("commander", APPROVER).decode(), seat=str(folder / "commander"))
            for target in range(len(KEYS)):
                two.act("reaches", again, target, IN_EFFECT)
            assert {one["doc"]: one["group"] for one in two.act("states")}[again] == "in force"
        assert blocked(estate) == [True, True]
