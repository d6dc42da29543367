"""A dispatch to measure: an organisation of two, gateways on this computer that answer as slowly as told, documents.

The times are those of the record's own entries. It holds no real credential and reaches loopback only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from console.journal.rows import select_entries
from console.outbox.steps import Pace
from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, dispatch, incidents, organisation, providers
from console.services.drill import DrillFailed
from console.services.planning import TargetWish
from console.services.record import start_record
from console.services.secrets import open_secrets
from console.services.session import Session

GATEWAYS: Final = 10
IN_FLIGHT: Final = 20
CALLS: Final = 2  # a target is read, then written
PROBES: Final = 24
LEVER: Final = "key.block"
BOUND_S: Final = 5.0  # of that lever on the practice estate
_ROOT: Final = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S: Final = 30.0
_ENDS_WITHIN_S: Final = 5.0
_PASSPHRASE: Final = b"practice measuring"
# what no credential is kept for is watched for a second beyond the bound, and then left
PACE: Final = Pace(usage_ms=1_000)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Document:
    """A proposed correction that one of its two people has signed; by target the gateway's answer time in seconds."""

    sha: str
    op: str
    delays_s: tuple[float, ...]

    @property
    def floor_s(self) -> float:
        """No dispatch is quicker: the slowest target's calls, and at each gateway calls x answer time / in flight."""
        each = (CALLS * wait_s * self.delays_s.count(wait_s) / IN_FLIGHT for wait_s in set(self.delays_s))
        return max(CALLS * max(self.delays_s), *each)


@dataclass(frozen=True, slots=True)
class Times:
    """What became of a document, in seconds: from its decision to the last "accepted", and wall times of both (ms).

    `enforcing` is, by target that was measured by probing, from "accepted" to "enforced" and the least it can take.
    """

    accepted_s: float
    began_ms: int
    ended_ms: int
    enforcing: tuple[tuple[float, float], ...]


class Gateways:
    """The gateways in a child process, quick until `slow`."""

    def __init__(self, child: subprocess.Popen[str], told: list[dict[str, Any]]) -> None:
        self._child = child
        self.all = told

    @classmethod
    def start(cls, keys: int) -> Gateways:
        """Start them, with so many keys each, and wait until they say where they are."""
        child = subprocess.Popen(
            [sys.executable, "-m", "adapters.practice.many", "--gateways", str(GATEWAYS), "--keys", str(keys)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT,
        )  # fmt: skip
        made = cls(child, [])
        made.all = json.loads(made._line())
        return made

    def slow(self) -> None:
        """From now on each takes its time."""
        if self._child.stdin is not None:
            self._child.stdin.write("slow\n")
            self._child.stdin.flush()
        self._line()

    def close(self) -> None:
        """End the child."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(_ENDS_WITHIN_S)
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _line(self) -> str:
        found: list[str] = []
        out = self._child.stdout
        reader = threading.Thread(target=lambda: found.append(out.readline() if out else ""), daemon=True)
        reader.start()
        reader.join(_STARTS_WITHIN_S)
        if not found or not found[0]:
            self.close()
            raise DrillFailed("the gateways to measure with did not start")
        return found[0]


class Measuring:
    """A context manager: everything lies in `folder`, and each of `counts` is a document of so many targets."""

    def __init__(self, folder: Path, counts: Sequence[int], tell: Tell) -> None:
        self._counts = counts
        self._tell = tell
        platform.make_private_directory(folder)
        self._folder = folder
        self.paths = ProfilePaths(folder / "one")
        self.one: Session | None = None
        self._two: Session | None = None
        self._gateways: Gateways | None = None
        self.documents: list[Document] = []

    def __enter__(self) -> Self:
        try:
            self._tell("an organisation of two, ten gateways ...")
            self._gateways = Gateways.start(sum(-(-count // GATEWAYS) for count in self._counts))
            one, two = self._found()
            self.one, self._two = one, two
            self._connect(one, self._gateways)
            self._tell("documents, each signed by one of two ...")
            inc = str(incidents.declare(one, "A dispatch is measured", 1).entry.inc)
            self.documents = self._propose(one, inc, self._gateways)
            self._gateways.slow()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End everything; also twice."""
        self.let_go()
        if self._two is not None:
            self._two.close()
            self._two = None
        if self._gateways is not None:
            self._gateways.close()
            self._gateways = None

    def let_go(self) -> None:
        """Close the first console's profile, so that a window may open it."""
        if self.one is not None:
            self.one.close()
            self.one = None

    def sign(self, document: Document) -> None:
        """The second of its two people signs; the dispatching console hears of it at its next meeting."""
        if self._two is None:
            raise DrillFailed("it is over")
        dispatch.sync_all(self._two)
        _sign(self._two, document.sha)
        dispatch.sync_all(self._two)

    def dispatch(self, document: Document) -> Times:
        """Sign and send, without a window, until everything has been seen through."""
        if self.one is None:
            raise DrillFailed("it is over")
        self.sign(document)
        dispatch.sync_all(self.one)
        dispatch.run_outbox(self.one, deadline_ms=self.one.clock.boot_ms() + 600_000, pace=PACE)
        return times(self.one, document)

    # -- making it -----------------------------------------------------------------------------------------------------

    def _found(self) -> tuple[Session, Session]:
        share, other = self._folder / "share", ProfilePaths(self._folder / "two")
        share.mkdir(exist_ok=True)
        start_record(self.paths, _passphrase, name="One", world="drill")
        one = self.one = Session.open(self.paths, _passphrase)
        words = organisation.prepare_founding(one, share, self._folder / "envelopes-1").genesis_words
        joined = organisation.join(
            other, _passphrase, folder=share, words=words, name="Two", envelopes=self._folder / "envelopes-2"
        )
        organisation.admit(one, joined.words)
        two = self._two = Session.open(other, _passphrase)
        organisation.sign_roster(two)
        dispatch.sync_all(one)
        organisation.rehearse(one)
        organisation.rehearse(two)
        for session in (one, two, one):
            dispatch.sync_all(session)
        return one, two

    def _connect(self, one: Session, gateways: Gateways) -> None:
        """Every gateway, with the credentials of those keys whose block is measured by probing."""
        probed = sum(count for count in self._counts if count <= IN_FLIGHT)
        for told in gateways.all:
            secret = str(told["secret"])
            made, _ = providers.add(one, "practice", told["name"], told["settings"], partial(_said, secret))
            providers.adopt_surfaces(one, made.id)
            for number, (key, token) in enumerate(list(told["keys"].items())[: -(-probed // GATEWAYS) + 1]):
                open_secrets(one).put(made.secret(f"probe-{number}"), token)
                providers.instances_of(one).set_probe_credential(made.id, key, f"probe-{number}")

    def _propose(self, one: Session, inc: str, gateways: Gateways) -> list[Document]:
        keys = [[(told["name"], key, float(told["delay_s"])) for key in told["keys"]] for told in gateways.all]
        found: list[Document] = []
        for count in self._counts:
            # the slowest gateway first, so that even a single target waits for it
            some = [keys[-1 - at % GATEWAYS].pop(0) for at in range(count)]
            wishes = [TargetWish(provider=name, surface="", lever=LEVER, selector=key) for name, key, _ in some]
            made = corrections.propose(one, inc, wishes, f"Measured: {count} targets")
            _sign(one, made.sha)
            found.append(Document(made.sha, made.op, tuple(wait_s for _, _, wait_s in some)))
        dispatch.sync_all(one)
        return found


def times(session: Session, document: Document) -> Times:
    """What the record says of a document that was sent.

    Raises:
        DrillFailed: when not every target was accepted.
    """
    with session.reader.snapshot() as connection:
        kinds = ("dispatch.authorised", "dispatch.accepted", "dispatch.enforced")
        where = f"e.subj = ? AND e.kind IN ({','.join('?' * len(kinds))})"
        told = select_entries(connection, where, (document.op, *kinds))
    began_ms = next((one.entry.hlc[0] for one in told if one.entry.kind == "dispatch.authorised"), 0)
    accepted = {one.entry.pub["target"]: one.entry.hlc[0] for one in told if one.entry.kind == "dispatch.accepted"}
    if not began_ms or len(accepted) != len(document.delays_s):
        raise DrillFailed(f"{len(accepted)} of {len(document.delays_s)} targets were accepted")
    enforcing: list[tuple[float, float]] = []
    for one in told:
        at = one.entry.pub.get("target")
        if one.entry.kind == "dispatch.enforced" and isinstance(at, int):
            wait_s = document.delays_s[at]
            # an independent read, then the probes: spread over the bound, or as long as so many calls take
            least_s = wait_s + max(BOUND_S, PROBES * wait_s)
            enforcing.append(((one.entry.hlc[0] - accepted[at]) / 1000, least_s))
    ended_ms = max(accepted.values())
    return Times((ended_ms - began_ms) / 1000, began_ms, ended_ms, tuple(enforcing))


def _sign(session: Session, sha: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: _PASSPHRASE)


def _said(secret: str, what: str) -> str:  # noqa: ARG001  whatever is asked for
    return secret


def _passphrase(what: str, *, new: bool = False) -> bytes:  # noqa: ARG001  the same for every key
    return _PASSPHRASE


__all__ = ["BOUND_S", "PACE", "Document", "Measuring", "Times", "times"]
