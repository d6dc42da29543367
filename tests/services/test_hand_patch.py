"""A model of the gateway's file: blocked by a person with a text that people signed; read, tried, given back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.litellm.simulator import MASTER_KEY, ModelRow
from adapters.simulator import Simulator
from console.outbox.steps import Pace
from console.services import approvals, bites, corrections, dispatch, incidents, providers, standing
from console.services.corrections import Proposal, TargetWish
from console.services.needs import Need
from console.services.needs import needs as needs_of
from console.services.session import Session
from tests.adapters.kit import OTHER, litellm_site
from tests.kit.pair import connect_manual, found, pair_at, passphrase, sync

FILE = TargetWish(provider="gateway", surface="filed", lever="model.file", selector="filed")
WITHIN_S = 60.0
PACE = Pace(tick_s=0.01, poll_ms=50, recheck_ms=50, record_ms=0, watch_ms=50, spread_ms=0, probes=24, again_ms=())


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    found(folder / "org", "real")
    return folder / "org"


class Room:
    """Two people, their gateway, and the file that a third one edits."""

    def __init__(self, one: Session, two: Session, gateway: Simulator) -> None:
        self.one, self.two, self.gateway = one, two, gateway
        self.inc = str(incidents.declare(one, "filed says what it must not", 2).entry.inc)

    def sign(self, made: Proposal) -> None:
        sync(self.one, self.two)
        for session, who in ((self.one, "commander"), (self.two, "approver")):
            held = corrections.find_document(session, made.sha)
            approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
        sync(self.one, self.two)

    def run(self, made: Proposal, state: str) -> standing.TargetStanding:
        """The dispatcher, until this target is so."""
        ends = time.monotonic() + WITHIN_S
        while True:
            dispatch.run_outbox(self.one, deadline_ms=self.one.clock.boot_ms() + 30_000, pace=PACE)
            told = self.target(made)
            if told.state == state or time.monotonic() > ends:
                assert told.state == state, told
                return told
            time.sleep(0.05)

    def edit(self, change: Callable[[ModelRow], None]) -> None:
        """What a person does in the file, and starts the gateway again."""
        self.gateway.poke(lambda rows: change(rows.models["m-3"]))

    def target(self, made: Proposal) -> standing.TargetStanding:
        found = next(one for one in standing.corrections(self.one, self.inc) if one.doc == made.sha)
        return found.targets[0]

    def needs(self, made: Proposal) -> list[Need]:
        told = standing.corrections(self.one)
        found = needs_of(self.one, told, incidents.list_incidents(self.one))
        return [one for one in found if one.doc == made.sha]


def _blocked(row: ModelRow) -> None:
    row.blocked = True


def _free(row: ModelRow) -> None:
    row.blocked = False


@pytest.fixture
def room(organisation: Path, tmp_path: Path) -> Iterator[Room]:
    with pair_at(organisation, tmp_path / "org") as (one, two), Simulator(litellm_site(cache_lag_s=0.0)) as gateway:
        made, _ = providers.add(one, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: MASTER_KEY)
        providers.adopt_surfaces(one, made.id)
        providers.add_canary(one, made.id, "filed", OTHER)
        yield Room(one, two, gateway)


def test_from_the_refusal_to_enforced_and_back(room: Room) -> None:
    connect_manual(room.one, "filed")
    blocked = corrections.plan(room.one, room.inc, [replace(FILE, lever="model.block")]).targets[0]
    assert [one.name for one in blocked.instead] == ["model.delist", "model.reroute", "model.file"]
    assert [(one.provider, one.by_hand) for one in blocked.elsewhere] == [("vendor", True)]
    made = corrections.propose(room.one, room.inc, [FILE], "It says what it must not.")
    target, planned = made.action.targets[0], made.plans[0]
    assert (target.adapter, target.by_hand, target.by_word) == ("manual/1", True, False)
    assert (planned.requests, planned.revert) == ((), ())
    assert "+      blocked: true" in planned.params["patch"]
    room.sign(made)
    room.run(made, "queued")
    assert [one.kind for one in room.needs(made)] == ["attest"]

    corrections.attest(room.one, made.sha, 0, "Somebody else saw it done.")
    told = room.run(made, "attention")
    assert "does not show it" in told.detail, "a word is not an observation"
    assert [one.kind for one in room.needs(made)] == ["decide"]
    room.edit(_blocked)
    assert room.run(made, "enforced").evidence in ("credential", "canary")
    assert bites.series(room.one, made.sha)[0].refused >= 24

    room.edit(_free)
    room.run(made, "drifted")  # what is in force is looked at again
    lifted = corrections.lift(room.one, made.sha, "The file is right again.")
    planned = lifted.plans[0]
    assert json.loads(planned.wanted["served_from_file"]) == ["openai/filed"]
    assert planned.params["back"] == made.plans[0].params["back"]
    assert "-      blocked: true" in planned.params["back"]
    room.sign(lifted)
    room.run(lifted, "queued")
    corrections.attest(room.one, lifted.sha, 0, "It is as it was.")
    room.run(lifted, "recorded")  # read back
    assert room.target(made).state == "lifted"
    assert not [one for one in room.gateway.requests() if one.path.startswith("/model/")], "nothing was sent"
