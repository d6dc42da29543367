"""Run this console's engine: sync, decide, send, observe, until nothing is left to do or for as long as one likes.

Only the holder of the engine lock runs it; everybody may look at the outbox at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from console.domain.errors import Problem, WrongUse
from console.outbox import store as table
from console.outbox.engine import Outbox, Settled, Until
from console.outbox.item import Row
from console.outbox.steps import Pace
from console.providers.plane import Planes
from console.runtime.instance import EngineLock, read_holder
from console.services import exchange, providers
from console.services.secrets import open_secrets
from console.services.session import Session

Progress = Callable[[str], None]


class EngineRuns(Problem):
    """Another process is this profile's engine."""

    exit_code = 1

    def __init__(self, pid: int | None) -> None:
        """`pid` where it is known."""
        who = "Another process" if pid is None else f"The process {pid}"
        super().__init__(
            f"{who} is this profile's engine already.", "It sends what is approved; look with `standdown outbox list`."
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A row that has moved since it was last looked at."""

    row: Row

    @property
    def sentence(self) -> str:
        """What happened, as a line."""
        detail = f": {self.row.detail}" if self.row.detail else ""
        return f"{self.row.op} target {self.row.target + 1} is {self.row.state}{detail}"


def rows(session: Session) -> list[Row]:
    """Every target of the outbox as it stands; needs no lock and no network."""
    session.device()
    with session.store.reader().snapshot() as connection:
        return table.load(connection)


def run_engine(
    session: Session,
    *,
    until: Until = "settled",
    pace: Pace | None = None,
    progress: Progress | None = None,
    deadline_s: int | None = None,
) -> Settled:
    """Be the engine of this profile until everything is final or waits for people or a connection.

    Raises:
        EngineRuns: while another process is.
        WrongUse: for a deadline that is not positive.
    """
    if deadline_s is not None and deadline_s <= 0:
        raise WrongUse("The deadline has to be positive.", "Give it in seconds.")
    lock = EngineLock.acquire(session.paths, session.clock)
    if lock is None:
        holder = read_holder(session.paths)
        raise EngineRuns(None if holder is None else holder.pid)
    session.device()
    secrets = open_secrets(session)
    with lock:
        return asyncio.run(_run(session, until, pace, progress, deadline_s, partial(Planes.open, secrets=secrets)))


async def _run(
    session: Session,
    until: Until,
    pace: Pace | None,
    progress: Progress | None,
    deadline_s: int | None,
    open_planes: Callable[..., Planes],
) -> Settled:
    planes = open_planes(providers.instances_of(session), clock=session.clock)
    hook = partial(exchange.sync_all, session) if session.settings.places else None
    outbox = Outbox(session.store, session.device(), planes, session.clock, session.entropy, sync=hook, pace=pace)
    known: dict[tuple[str, int], str] = {}
    watch = asyncio.create_task(_tell(outbox, progress, known)) if progress is not None else None
    try:
        deadline_ms = None if deadline_s is None else session.clock.boot_ms() + deadline_s * 1000
        return await outbox.run(until, deadline_ms=deadline_ms)
    finally:
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            await _changes(outbox, progress, known)
        await planes.aclose()


async def _tell(outbox: Outbox, progress: Progress | None, known: dict[tuple[str, int], str]) -> None:
    while True:
        await _changes(outbox, progress, known)
        await asyncio.sleep(0.2)


async def _changes(outbox: Outbox, progress: Progress | None, known: dict[tuple[str, int], str]) -> None:
    for row in await outbox.rows():
        if progress is not None and known.get(row.key) != row.state:
            known[row.key] = row.state
            progress(Change(row).sentence)
