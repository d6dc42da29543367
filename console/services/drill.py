"""The practice drill: the whole job on simulators, in an organisation of its own, through the services people use.

It holds no real credential and reaches loopback only. The simulated approver signs through the same child process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.domain.errors import Problem
from console.outbox.steps import Pace
from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.services import (
    approvals,
    closing,
    corrections,
    dispatch,
    exporting,
    incidents,
    organisation,
    overview,
    providers,
)
from console.services.corrections import TargetWish
from console.services.record import start_record
from console.services.session import Session

_START_WITHIN_S = 15.0
_ROOT = Path(__file__).resolve().parents[2]
# a practice lever bites within seconds: the drill waits for those, not for a real plane's minutes
PACE = Pace(
    tick_s=0.1, sync_ms=500, poll_ms=500, settle_ms=500, hold_ms=1500, stable_ms=1000, record_ms=20_000,
    recheck_ms=500, spread_ms=2500, patience_ms=15_000,
)  # fmt: skip
Tell = Callable[[str], None]
_SHOWN_LINES = 32  # of what the approver reads: enough to see its manner


class DrillFailed(Problem):
    """The drill did not come out as it must: that is a fault worth reporting."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The drill failed: {what}.", "Please report it, with what was printed.")


@dataclass(slots=True)
class Outcome:
    """What the drill decided, sent, observed and verified, as lines; and where everything lies."""

    folder: Path
    bundle: Path | None = None
    decided: list[str] = field(default_factory=list[str])
    sent: list[str] = field(default_factory=list[str])
    observed: list[str] = field(default_factory=list[str])
    verified: list[str] = field(default_factory=list[str])
    seconds: float = 0.0


class Estate:
    """The practice estate in a child process; ends with this process at the latest."""

    def __init__(self, child: subprocess.Popen[str], where: dict[str, Any]) -> None:
        self._child = child
        self.instances: list[dict[str, Any]] = where["instances"]
        self._control: dict[str, Any] = where["control"]

    @classmethod
    def start(cls) -> Estate:
        """Start it and wait until it says where it is."""
        command = [
            sys.executable, "-m", "adapters.practice.simulator", "--json", "--until-stdin-closes",
            "--gateway-lag-s", "0.5", "--cloud-lag-s", "2", "--unload-s", "0.5",
        ]  # fmt: skip
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
        line: list[str] = []
        reader = threading.Thread(
            target=lambda: line.append(child.stdout.readline() if child.stdout else ""), daemon=True
        )
        reader.start()
        reader.join(_START_WITHIN_S)
        if not line or not line[0]:
            child.kill()
            child.wait(5)
            raise DrillFailed("the practice estate did not start")
        return cls(child, json.loads(line[0]))

    def control(self, path: str, **asked: object) -> None:
        """Switch a fault."""
        request = urllib.request.Request(  # noqa: S310  the estate's own loopback address
            self._control["url"] + path, data=json.dumps(asked).encode(), method="POST",
            headers={"authorization": f"Bearer {self._control['token']}", "content-type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  as above
            answer.read()

    def close(self) -> None:
        """End the child."""
        if self._child.stdin:
            self._child.stdin.close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(5)
        if self._child.stdout:
            self._child.stdout.close()


class _Passphrases:
    """The drill's own: simulated people's passphrases, worth nothing outside it."""

    def __init__(self, who: str) -> None:
        self._who = who

    def __call__(self, what: str, *, new: bool = False) -> bytes:  # noqa: ARG002  the same either way
        return f"practice {self._who} {what}".encode()


class _Given:
    """A practice token that is had already."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, what: str) -> str:  # noqa: ARG002  whatever is asked for
        return self._secret


def run(folder: Path, tell: Tell) -> Outcome:
    """Play the story in `folder` (made private); `tell` hears each step as it happens.

    Raises:
        DrillFailed: when anything did not come out as it must.
    """
    began = time.monotonic()
    platform.make_private_directory(folder)
    share = folder / "share"
    share.mkdir(exist_ok=True)
    outcome = Outcome(folder)
    estate = Estate.start()
    try:
        with ExitStack() as stack:
            one, two = _found(folder, share, stack, tell, outcome)
            _connect(one, two, estate, tell)
            _incident(one, two, estate, tell, outcome)
            _export(one, folder, tell, outcome)
    finally:
        estate.close()
    outcome.seconds = time.monotonic() - began
    return outcome


def _found(folder: Path, share: Path, stack: ExitStack, tell: Tell, outcome: Outcome) -> tuple[Session, Session]:
    tell("0. The commander, alone and offline, starts a provisional record.")
    ask1, ask2 = _Passphrases("commander"), _Passphrases("approver")
    paths1, paths2 = ProfilePaths(folder / "commander"), ProfilePaths(folder / "approver")
    started = start_record(paths1, ask1, name="Commander", world="drill")
    one = stack.enter_context(Session.open(paths1, ask1))
    incidents.write(one, "note", "Several reports: Atlas large answers with working exploits.", inc=None)
    incidents.record_fact(one, "First report read", inc=None, since_ms=one.clock.wall_ms() - 600_000, who="on call")
    before = {stored.id: stored.raw for stored in one.reader.entries()}
    tell("1. Commander and approver found the organisation; they compare words.")
    prepared = organisation.prepare_founding(one, share, folder / "commander-envelopes")
    tell(f"     genesis: {prepared.genesis_words}")
    joined = organisation.join(
        paths2,
        ask2,
        folder=share,
        words=prepared.genesis_words,
        name="Approver",
        envelopes=folder / "approver-envelopes",
    )
    tell(f"     approver's request: {joined.words}")
    organisation.admit(one, joined.words)
    two = stack.enter_context(Session.open(paths2, ask2))
    organisation.sign_roster(two)
    dispatch.sync_all(one)
    organisation.rehearse(one)
    organisation.rehearse(two)
    _sync(one, two)
    _must(one.roster.roster.n == 1 and two.roster.roster.n == 1, "the roster is not in force on both consoles")
    kept = {stored.id: stored.raw for stored in one.reader.entries()}
    _must(all(kept.get(ident) == raw for ident, raw in before.items()), "founding changed entries")
    outcome.decided.append(f"Organisation {started.org} was founded by two people; roster 1 bears both signatures.")
    outcome.verified.append(f"{len(before)} entries of the provisional record stayed byte for byte.")
    return one, two


def _connect(one: Session, two: Session, estate: Estate, tell: Tell) -> None:
    tell("2. Providers are connected through their adapters (simulators on loopback).")
    for instance in estate.instances:
        secrets: dict[str, str] = instance["secrets"]
        admin = _Given(secrets["admin"])
        made, _ = providers.add(one, "practice", instance["name"], instance["settings"], admin)
        for selector, name in instance["probe_credentials"].items():
            if selector == "key-canary" or instance["settings"]["part"] != "gateway":
                providers.add_canary(one, made.id, selector, secrets[name])  # the target's own secret stays unknown
        found = providers.adopt_surfaces(one, made.id)
        tell(f"     {made.name}: {', '.join(s.name for s in found)}")
    providers.add(
        one, "manual", "vendor", {"who": "vendor support desk",
        "surfaces": [{"key": "vendor-atlas", "name": "Atlas at the vendor", "model": "atlas-large"}]},
        lambda _what: "",
    )  # fmt: skip
    providers.adopt_surfaces(one, "vendor")
    _sync(one, two)


def _incident(one: Session, two: Session, estate: Estate, tell: Tell, outcome: Outcome) -> None:
    tell("3. A SEV-1 incident; notes, a pasted chat log, evidence; one correction with its targets.")
    declared = incidents.declare(one, "Atlas large helps with working exploits", 1)
    inc = str(declared.entry.inc)
    incidents.paste(one, "02:58 Desk: third report now\n03:01 On call: reproduced it", inc=inc, source="chat")
    transcript = one.paths.root / "transcript.txt"
    platform.write_durably(transcript, b"user: ...\nmodel: ...\n")
    incidents.attach(one, transcript, inc=inc, text="Transcript of the third report", how="saved by the on-call")
    made = corrections.propose(
        one, inc,
        [
            TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research"),
            TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-canary", canary=True),
            TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large"),
            TargetWish(
                provider="vendor", surface="", lever="manual.ask",
                params={"instruction": "Stop Atlas large for our account", "contact": "hotline", "ticket": "T-17"},
            ),
        ],
        "It helps with working exploits; three reports.", criteria="Fixed and re-tested",
    )  # fmt: skip
    for planned in made.plans:
        sent = "; ".join(f"{request.method} {request.path}" for request in planned.requests) or "asked of people"
        tell(f"     {planned.name}: {sent}")
    tell(f"     gravity {made.action.gravity}: {made.reason}")
    outcome.decided.append(f"Correction {made.op} was proposed; gravity {made.action.gravity}: {made.reason}")
    tell("4. The model server goes down.")
    estate.control("/fault", site="model-server", fault="down")
    down = [one_.name for one_ in providers.status(one) if one_.look is not None and not one_.look.reachable]
    _must(down == ["model-server"], "status does not show the outage")
    outcome.observed.append(f"Unreachable at once: {', '.join(down)}.")
    tell("5. The commander signs; one signature alone moves nothing. The approver reads the same bytes, and signs.")
    _sign(one, made.sha)
    dispatch.run_outbox(one, deadline_ms=1000, pace=PACE)
    _must(not dispatch.rows(one), "one signature moved something")
    _sync(one, two)
    held = corrections.find_document(two, made.sha)
    paper = approvals.text(two, held)
    for line in paper[:_SHOWN_LINES]:
        tell(f"     | {line}")
    tell(f"     | ... and {len(paper) - _SHOWN_LINES} more lines, every request of every target")
    _sign(two, made.sha)
    _sync(two, one)
    outcome.decided.append("Commander and approver signed the same bytes, each with their own key.")
    tell("6. What can go goes at once; the model server's part stays queued.")
    dispatch.run_outbox(one, deadline_ms=9000, pace=PACE)
    states = _states(one, made.op)
    tell("     " + ", ".join(f"{name} {state}" for name, state in states.items()))
    _must(states["0"] == "enforced", f"the key's block is {states['0']}, not enforced")
    _must(states["2"] == "queued", f"the model server's part is {states['2']}, not queued")
    tell("7. The by-hand part is attested. 8. The model server returns: re-read, hold, sent, enforced.")
    corrections.attest(one, made.sha, 3, "Support confirmed at the hotline", ticket="T-17")
    estate.control("/clear", site="model-server")
    dispatch.run_outbox(one, deadline_ms=25_000, pace=PACE)
    states = _states(one, made.op)
    tell("     " + ", ".join(f"{name} {state}" for name, state in states.items()))
    _must(states["2"] == "enforced", f"the model server's part is {states['2']}, not enforced")
    _must(states["3"] == "attested", f"the by-hand part is {states['3']}, not attested")
    outcome.sent += [f"{p.name}: {r.method} {r.path} {r.body}" for p in made.plans for r in p.requests]
    for one_ in overview.corrections(one, inc, made.op)[0]["targets"]:
        outcome.observed.append(f"{one_['name']} [{one_['selector']}]: {one_['state']} {one_['detail']}".rstrip())
    _undo_lift_close(one, two, inc, made, tell, outcome)


def _undo_lift_close(
    one: Session, two: Session, inc: str, made: corrections.Proposal, tell: Tell, outcome: Outcome
) -> None:
    tell("9. A mistaken extra block is undone by its signer alone; the main one is lifted by two; both close.")
    extra = corrections.propose(
        one, inc, [TargetWish(provider="gateway-west", surface="", lever="key.block", selector="key-batch")],
        "Taken for the same caller",
    )  # fmt: skip
    _sign(one, extra.sha)
    _sync(one, two)
    _sign(two, extra.sha)
    _sync(two, one)
    dispatch.run_outbox(one, deadline_ms=6000, pace=PACE)
    undone = corrections.undo(one, extra.sha, "The night batch had nothing to do with it")
    _sync(one, two)
    _sign(two, undone.sha)
    _sync(two, one)
    dispatch.run_outbox(one, deadline_ms=6000, pace=PACE)
    state = _states(one, undone.op)["0"]
    _must(state in {"accepted", "recorded", "enforced"}, f"the undo is {state}")
    outcome.decided.append("A mistaken block was undone by its approver alone, within the signed window.")
    lifted = corrections.lift(one, made.sha, "Fixed and re-tested")
    _sign(one, lifted.sha)
    _sync(one, two)
    _sign(two, lifted.sha)
    _sync(two, one)
    dispatch.run_outbox(one, deadline_ms=4000, pace=PACE)
    by_hand = [at for at, target in enumerate(lifted.action.targets) if target.by_hand]
    for at in by_hand:
        corrections.attest(one, lifted.sha, at, "Support confirmed that it serves again")
    dispatch.run_outbox(one, deadline_ms=15_000, pace=PACE)
    states = _states(one, lifted.op)
    _must(all(s in {"recorded", "enforced", "attested"} for s in states.values()), f"the lift is {states}")
    outcome.decided.append("The main correction was lifted by two signatures.")
    outcome.observed.append("After the lift: " + ", ".join(f"target {at} {s}" for at, s in states.items()))
    _sync(one, two)
    _sync(two, one)
    sha = closing.propose_closing(one, inc)
    _sign(one, sha)
    _sync(one, two)
    _sign(two, sha)
    _sync(two, one)
    dispatch.run_outbox(one, deadline_ms=3000, pace=PACE)
    line = next(one_ for one_ in incidents.list_incidents(one) if one_.inc == inc)
    _must(line.status == "closed", "the incident is not closed")
    outcome.decided.append(f"{line.label} was closed by two signatures over the frontier of every feed.")


def _export(one: Session, folder: Path, tell: Tell, outcome: Outcome) -> None:
    tell("10. The record is exported and verified.")
    inc = one.reader.incidents()[0]
    outcome.bundle = folder / "bundle.zip"
    exporting.export(one, inc, outcome.bundle)
    for line in exporting.check(outcome.bundle, organisation.genesis_of(one)):
        outcome.verified.append(line)
    outcome.verified.append(exporting.check_profile(one))


def _sign(session: Session, sha: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: session.ask("your approver key"))


def _sync(one: Session, two: Session) -> None:
    for session in (one, two, one):
        dispatch.sync_all(session)


def _states(session: Session, op: str) -> dict[str, str]:
    found = overview.corrections(session, None, op)
    return {str(one["target"]): str(one["state"]) for one in found[-1]["targets"]}


def _must(so: bool, otherwise: str) -> None:  # noqa: FBT001  a condition
    if not so:
        raise DrillFailed(otherwise)
