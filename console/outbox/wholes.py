"""Writes of a set that its provider takes only whole: made at the moment, entered exactly, one after the other.

What was signed says of one account whether it stands in the set (decision 0169). The exact bytes are a file that the
intent names by its hash, kept in the same transaction, before the first of them leaves.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from adapters.contract import AdapterFault, Planned, ReadBack, Refused, Whole
from adapters.membership import members_of, place_of
from console.domain.profile import JsonValue
from console.domain.wholes import Written, told
from console.journal.tx import Tx
from console.outbox.item import Row
from console.providers.plane import Plane
from console.providers.wholes import by_membership

TURN_S: Final = 120.0
TRIES: Final = 5  # so often a write that another one undid at the same moment is made anew; then people look
AT_ONCE: Final = "It was accepted and does not show: somebody wrote the same set at the same moment. It is sent again."


@dataclass(frozen=True, slots=True)
class Exact:
    """What is to be sent now for some accounts, and for whom there is no way."""

    wholes: tuple[Whole, ...]
    refused: Mapping[str, str]
    inside: bool

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whom it puts in or takes out."""
        return tuple(account for whole in self.wholes for account in whole.accounts)

    @property
    def raw(self) -> bytes:
        """The exact requests, as they are kept."""
        return orjson.dumps([whole.request.as_json() for whole in self.wholes])

    @property
    def sha256(self) -> str:
        """The name of the exact requests: what an intent records as `requests`."""
        return hashlib.sha256(self.raw).hexdigest()

    def keep(self, tx: Tx) -> dict[str, JsonValue]:
        """Keep the exact requests as a file, and give the word by which an intent names it."""
        raw = self.raw
        return {"name": f"sent-{self.sha256[:12]}.json", "sha256": tx.put_blob(raw), "size": len(raw)}

    @property
    def fields(self) -> dict[str, JsonValue]:
        """What is written of it for people and for whoever checks: which set, who is moved, who else stood there."""
        found: dict[str, JsonValue] = {}
        for number, whole in enumerate(self.wholes):
            place, body = place_of(whole), whole.request.body
            found |= told(number, Written.of(whole.path, place, body, whole.accounts, inside=self.inside))
        return found

    def sent(self, planned: Planned, at: int | None = None) -> Planned:
        """A plan with the exact requests in place of those that were signed; `at` names one of them."""
        some = self.wholes if at is None else self.wholes[at : at + 1]
        return replace(planned, requests=tuple(whole.request for whole in some))


@dataclass(slots=True)
class Wholes:
    """One per engine: at each address one write of a set at a time, so that none undoes another of this console's."""

    _turns: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    @asynccontextmanager
    async def turn(self, plane: Plane, planned: Planned) -> AsyncGenerator[bool]:
        """One's turn from the look to the answer; False where it does not come in time. Others need none."""
        if not by_membership(planned):
            yield True
            return
        lock = self._turns.setdefault(plane.adapter.base_url(), asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_S):
                await lock.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


async def exact(plane: Plane, planned: Sequence[Planned]) -> Exact | AdapterFault:
    """The exact writes of these plans, proven; the fault where they cannot be made now."""
    try:
        inside = any(one.inside for one in members_of(planned).values())
        made = await plane.render(planned)
    except Refused as fault:
        return Exact((), {one.selector: fault.detail for one in planned}, inside=False)
    except AdapterFault as fault:
        return fault
    return Exact(made.wholes, made.refused, inside)


def undone_at_once(planned: Planned, seen: ReadBack, row: Row) -> bool:
    """Whether an accepted write is to be made anew: nobody saw it in effect yet, and it was not tried too often."""
    return by_membership(planned) and seen.verdict == "not-in-effect" and row.attempt < TRIES


__all__ = ["AT_ONCE", "TRIES", "Exact", "Wholes", "by_membership", "exact", "undone_at_once"]
