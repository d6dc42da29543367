"""Practise: one call to a running drill at a window, with something to decide and a simulated colleague who signs.

Everything lies in a folder of its own, in a drill organisation; it holds no real credential and reaches loopback only.
"""

from __future__ import annotations

import functools
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from console.domain.errors import Problem
from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.services import dispatch, incidents, organisation, providers
from console.services.colleague import NAME, READS_FOR_MS, SCRIPT, Colleague, Inject
from console.services.drill import Estate
from console.services.record import start_record
from console.services.session import Session
from console.services.setup import PRACTICE_PASSPHRASE, Note, write_note

YOU = "Commander"
Tell = Callable[[str], None]
_STEP_S = 1.0
_ENDS_WITHIN_S = 20.0  # a signature or a round of sending that is under way is finished
_LOG = logging.getLogger(__name__)


def passphrase(what: str, *, new: bool = False) -> bytes:  # noqa: ARG001  the same for all
    """What opens every key of the practice."""
    return PRACTICE_PASSPHRASE.encode()


def new_folder() -> Path:
    """A folder for one practice; the system clears it away some day."""
    return Path(tempfile.mkdtemp(prefix="standdown-drill-"))


class Practice:
    """One practice: `begin` makes it (seconds), `go` lets the colleague act, `stop` ends all of it, also twice."""

    def __init__(self, folder: Path, script: Sequence[Inject] = SCRIPT, *, reads_for_ms: int = READS_FOR_MS) -> None:
        self.folder = folder
        self.paths = ProfilePaths(folder / "commander")
        self.inc = ""
        self._script = script
        self._reads_for_ms = reads_for_ms
        self._estate: Estate | None = None
        self._second: Session | None = None
        self._colleague: Colleague | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="practice-colleague", daemon=True)

    def begin(self, tell: Tell) -> ProfilePaths:
        """Found the drill's organisation, start the estate, declare the incident, leave a proposal; the profile.

        Raises:
            DrillFailed: when the estate does not start.
        """
        platform.make_private_directory(self.folder)
        (self.folder / "share").mkdir(exist_ok=True)
        try:
            with ThreadPoolExecutor(2, thread_name_prefix="practice") as pool:
                self._make(pool, tell)
        except BaseException:
            self.stop()
            raise
        return self.paths

    def go(self) -> None:
        """Let the colleague act, beside the window. Once only."""
        self._thread.start()

    def stop(self) -> None:
        """End the colleague, then the estate. The profiles stay where they are."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(_ENDS_WITHIN_S)
        if self._second is not None:
            self._second.close()
            self._second = None
        if self._estate is not None:
            self._estate.close()
            self._estate = None

    @property
    def colleague(self) -> Colleague:
        """The colleague, once the practice was begun.

        Raises:
            Problem: before.
        """
        if self._colleague is None:
            raise Problem("The practice has not begun.", "Begin it first.")
        return self._colleague

    # -- making it -----------------------------------------------------------------------------------------------------

    def _make(self, pool: ThreadPoolExecutor, tell: Tell) -> None:
        share, other = self.folder / "share", ProfilePaths(self.folder / "approver")
        starting = pool.submit(Estate.start)
        tell("Keys for you and for a simulated colleague")
        try:
            start_record(self.paths, passphrase, name=YOU, world="drill")
            write_note(self.paths, Note("practise"))
            with Session.open(self.paths, passphrase) as one:
                words = organisation.prepare_founding(one, share, self.folder / "envelopes-1").genesis_words
                joining = pool.submit(
                    organisation.join, other, passphrase, folder=share, words=words, name=NAME,
                    envelopes=self.folder / "envelopes-2",
                )  # fmt: skip
                tell("Two gateways, a model server and a cloud on this computer")
                self._estate = starting.result()
                _connect(one, self._estate)
                tell("An organisation of two, and an incident")
                organisation.admit(one, joining.result().words)
                self._second = two = Session.open(other, passphrase)
                organisation.sign_roster(two)
                dispatch.sync_all(one)
                rehearsing = pool.submit(organisation.rehearse, one)
                organisation.rehearse(two)
                rehearsing.result()
                self.inc = _declare(one)
                _meet(one, two, one)
                _connect(two, self._estate)
                tell("A proposal that waits for you")
                self._colleague = Colleague(two, self.inc, PRACTICE_PASSPHRASE.encode, self._script, self._reads_for_ms)
                self._colleague.propose()
                self._colleague.step(0)
                _meet(one)
        finally:
            if self._estate is None and starting.exception() is None:
                self._estate = starting.result()  # so that it is ended

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ending.wait(_STEP_S):
            try:
                self.colleague.step(time.monotonic() - began)
            except Problem as fault:  # the person may do anything; the colleague goes on with what is possible
                _LOG.info("the simulated colleague: %s", fault)


def _connect(session: Session, estate: Estate) -> None:
    """The estate as this console's providers, with a canary's credential on each gateway."""
    for known in estate.instances:
        secrets: dict[str, str] = known["secrets"]
        gateway = known["settings"]["part"] == "gateway"
        admin = secrets["admin"]
        made, _ = providers.add(session, "practice", known["name"], known["settings"], functools.partial(_given, admin))
        for selector, name in known["probe_credentials"].items():
            if selector == "key-canary" or not gateway:
                providers.add_canary(session, made.id, selector, secrets[name])
        providers.adopt_surfaces(session, made.id)


def _given(token: str, what: str) -> str:  # noqa: ARG001  whatever is asked for
    return token


def _declare(one: Session) -> str:
    now = one.clock.wall_ms()
    declared = incidents.declare(one, "Atlas large helps with working exploits", 1)
    inc = str(declared.entry.inc)
    incidents.record_fact(one, "First report read", inc=inc, since_ms=now - 600_000, who="on call")
    incidents.write(
        one, "observation", "Third report of a working exploit from Atlas large, reproduced.", inc=inc,
        occurred_ms=now - 120_000,
    )  # fmt: skip
    return inc


def _meet(*sessions: Session) -> None:
    for session in sessions:
        dispatch.sync_all(session)
