"""A model of the gateway's file: blocked by a person with a text that people signed; read, tried, given back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapters.litellm.simulator import MASTER_KEY, ModelRow
from adapters.simulator import Simulator
from console.app import cli
from console.cli.frame import Call
from console.domain.errors import WrongUse
from console.outbox.steps import Pace
from console.providers.replanned import plan_differs
from console.services import (
    approvals,
    bites,
    corrections,
    dispatch,
    exporting,
    hand_text,
    incidents,
    providers,
    readings,
    standing,
)
from console.services.corrections import Proposal, TargetWish
from console.services.needs import Need
from console.services.needs import needs as needs_of
from console.services.session import Session
from tests.adapters.kit import OTHER, litellm_site
from tests.kit.pair import Asks, connect_manual, found, pair_at, passphrase, sync

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
        self.pages = 0
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

    def page(self) -> str:
        """The first page of a bundle as it would be now."""
        self.pages += 1
        folder = self.one.paths.root.parent / f"bundle-{self.pages}"
        exporting.export(self.one, self.inc, folder)
        return (folder / "timeline.html").read_text(encoding="utf-8")

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
    assert "1 corrections rest on a person&#x27;s word alone" in room.page()
    room.edit(_blocked)
    assert room.run(made, "enforced").evidence in ("credential", "canary")
    assert bites.series(room.one, made.sha)[0].refused >= 24
    assert "word alone" not in room.page(), "it was read, and tried"

    undone = corrections.undo(room.one, made.sha, "Too much.")
    [step] = hand_text.steps(room.one, undone.sha)
    assert (undone.action.targets[0].by_hand, step.text) == (True, planned.params["back"]), "the way back, by hand too"

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


def test_in_a_terminal(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Call, "passphrase", lambda _call, what, new=False: Asks("commander")(what, new=new))
    front = ["--profile", str(room.one.paths.root)]

    def told(*words: str) -> Any:
        return json.loads(CliRunner().invoke(cli, [*front, "--json", *words], catch_exceptions=False).stdout)

    def said(*words: str) -> str:
        return CliRunner().invoke(cli, [*front, *words], catch_exceptions=False).stdout

    ways = told("correct", "plan", "--target", "gateway:filed model.block filed")["targets"][0]["ways"]
    assert [(way["lever"], way["by_hand"]) for way in ways] == [
        ("model.delist", False), ("model.reroute", False), ("model.file", True)
    ]  # fmt: skip
    assert "way: model.file (Block a model of the file, by hand, by a person)" in said(
        "correct", "plan", "--target", "gateway:filed model.block filed"
    )
    target = "gateway:filed model.file filed how=remove who='the platform team' ticket=T-17"
    shown = said("correct", "propose", "--reason", "It says what it must not.", "--target", target)
    assert "       | -  - model_name: filed" in shown
    [doc] = [sha for sha, kind, _ in room.one.reader.documents() if kind == "action.v1"]
    [step] = told("correct", "by-hand", doc[:16])["steps"]
    assert (step["asked"], step["file"]) == ({"who": "the platform team", "ticket": "T-17"}, "filed.patch")
    kept = told("correct", "by-hand", doc[:16], "--save", str(tmp_path))["steps"][0]["saved"]
    assert Path(kept).read_text(encoding="utf-8") == step["text"]
    again = CliRunner().invoke(cli, [*front, "correct", "by-hand", doc[:16], "--save", str(tmp_path)])
    assert isinstance(again.exception, WrongUse)
    assert "is there already" in str(again.exception)


def test_a_second_console_that_would_write_another_text_says_so(room: Room) -> None:
    made = corrections.propose(room.one, room.inc, [FILE], "It says what it must not.")
    signed = made.plans[0]
    other = replace(signed, params={**signed.params, "patch": signed.params["patch"].replace("filed", "atlas")})
    assert plan_differs(signed, signed) == ()
    assert plan_differs(other, signed) == ("the text that a person is to follow would be another one",)
    left_out = replace(signed, params={name: text for name, text in signed.params.items() if name != "patch"})
    assert plan_differs(left_out, signed) != ()
    [mine] = readings.readings(room.one, corrections.find_document(room.one, made.sha))
    assert mine.how == "read", "it is read like what is sent"


def test_a_lift_beside_another_correction_that_stays_is_refused(room: Room) -> None:
    first, second = (corrections.propose(room.one, room.inc, [FILE], why) for why in ("Because.", "Because of that."))
    for made in (first, second):
        room.sign(made)
        room.run(made, "queued")
        corrections.attest(room.one, made.sha, 0, "Done.")
    room.edit(_blocked)
    for made in (first, second):
        room.run(made, "enforced")
    with pytest.raises(WrongUse, match="nobody may be asked to take that back"):
        corrections.lift(room.one, first.sha, "It is right again.")
