"""Run the outbox and the sync of this profile: one engine at a time, whoever else writes. It decides nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from console.domain.errors import Problem
from console.outbox import store as table
from console.outbox.engine import Outbox, Settled
from console.outbox.item import Row
from console.outbox.steps import Pace
from console.providers.instance import Instances
from console.providers.plane import Planes
from console.runtime.instance import EngineLock, read_holder
from console.services import organisation, synced
from console.services.provider_secrets import Needs, SecretsLocked, needs_of, waiting_for, without
from console.services.providers import instances_of
from console.services.secrets import SecretPlace, open_secrets
from console.services.session import Session
from console.services.trying import TryNotes
from console.sync.faults import PlaceFull, PlaceGone
from console.sync.folder import FolderPlace
from console.sync.report import SyncReport
from console.sync.session import sync_once


class EngineBusy(Problem):
    """Another process is this profile's engine."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(
            "Another process already dispatches for this profile" + (f" (process {pid})." if pid else "."),
            "Leave it running, or stop it first; writing works beside it.",
        )


def sync_all(session: Session) -> list[SyncReport]:
    """Meet every place once, take over a roster that is complete, and offer what that made.

    Raises:
        PlaceGone, PlaceFull: when a place cannot be used; every other place was met before.
    """
    reports, gone = _meet_all(session)
    if session.settings.places:
        before = session.reader.heads()
        organisation.adopt_rosters(session)
        if session.reader.heads() != before:
            _meet_all(session)
    if gone is not None:
        raise gone
    return reports


def _meet_all(session: Session) -> tuple[list[SyncReport], Problem | None]:
    """Meet every place; one that is gone does not keep the others waiting. The first that was gone comes back."""
    reports: list[SyncReport] = []
    gone: Problem | None = None
    for folder in session.settings.places:
        try:
            place, heads = FolderPlace(Path(folder)), synced.own_heads(session)
            reports.append(sync_once(session.store, place, session.settings.console, session.device))
            synced.keep(session, heads)
        except (PlaceGone, PlaceFull) as fault:
            gone = gone or fault
    return reports, gone


def rows(session: Session) -> list[Row]:
    """The outbox as it stands."""
    with session.reader.snapshot() as connection:
        return table.load(connection)


def run_outbox(
    session: Session, until: Literal["settled", "forever"] = "settled", *, deadline_ms: int | None = None,
    pace: Pace | None = None, on_start: Callable[[], None] | None = None, without_secrets: bool = False,
) -> Settled:  # fmt: skip
    """Be this profile's engine until all is settled (or for ever).

    The secrets of its providers are opened first. Where they stay locked and nothing on its way needs them, or
    `without_secrets` says so, it goes on without the providers that do.

    Raises:
        EngineBusy: when another process is.
        SecretsLocked: where they are needed, or it is to go on for ever; nothing was taken up.
    """
    lock = EngineLock.acquire(session.paths, session.clock)
    if lock is None:
        holder = read_holder(session.paths)
        raise EngineBusy(holder.pid if holder else None)
    with lock:
        feed, secrets, instances = session.device(), open_secrets(session), instances_of(session)
        needs, locked = _unlock(session, instances, secrets, goes_on=without_secrets, forever=until == "forever")
        if on_start is not None:
            on_start()
        hook = (lambda: sync_all(session)) if session.settings.places else None
        tries = TryNotes.of(session)

        async def work() -> Settled:
            planes = Planes.open(instances, secrets, session.clock)
            if locked:
                planes = without(planes, needs, locked)
            try:
                outbox = Outbox(
                    session.store, feed, planes, session.clock, session.entropy, sync=hook, pace=pace, tried=tries
                )
                ends = None if deadline_ms is None else session.clock.boot_ms() + deadline_ms
                return await outbox.run(until, deadline_ms=ends)
            finally:
                await planes.aclose()

        try:
            return asyncio.run(work())
        finally:
            tries.close()


def _unlock(
    session: Session, instances: Instances, secrets: SecretPlace, *, goes_on: bool, forever: bool
) -> tuple[Needs, str]:
    """Which secrets each provider needs, and why they cannot be had, where it is so and nothing waits for them."""
    everything = instances.all()
    needs = needs_of(instances, everything)
    try:
        secrets.prime(name for names in needs.values() for name in names)
    except Problem as fault:
        places = waiting_for(needs, everything, rows(session))
        if goes_on or not (places or forever):
            return needs, fault.what
        raise SecretsLocked(fault.what, places or (one.name for one in everything if needs.get(one.id))) from fault
    return needs, ""
