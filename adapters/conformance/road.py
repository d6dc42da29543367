"""The way of one adapter to its provider: behind the console's own guard, through a network that may misbehave."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from adapters.conformance.lent import Lends, Lent
from adapters.conformance.network import BadNetwork
from adapters.conformance.standin import DEADLINE_S, Behind, Guarded, Hurried, StandIn
from adapters.conformance.steps import exact, faulted, must
from adapters.conformance.troubles import FORBIDDEN, OF_LINES, READS, RETRY_AFTER_S, TOLD, Kind, Trouble
from adapters.contract import (
    Adapter,
    AdapterFault,
    Context,
    Planned,
    ReadBack,
    Receipt,
    Refused,
    TakesLists,
    Throttled,
    Wish,
)
from adapters.local import FILE

Outcome = TypeVar("Outcome")
Step = Callable[[], Awaitable[object]]
_A_FEW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One adapter behind a guard, and the network between it and its provider."""

    adapter: Adapter
    context: Context
    lent: Lent
    guarded: Guarded
    network: BadNetwork

    @property
    def kinds(self) -> Mapping[Kind, type[AdapterFault]]:
        """What can go wrong on this road, and what a read then comes to."""
        return {kind: READS[kind] for kind in self.some(READS)}

    def some(self, kinds: Iterable[Kind]) -> list[Kind]:
        """Those of them that can go wrong here."""
        return [kind for kind in kinds if self.has_http or kind in OF_LINES]

    @property
    def has_http(self) -> bool:
        """Whether what it administers is not a socket of this machine, which has neither status nor certificate."""
        return not self.lent.places.socket

    def reads(self, wish: Wish, planned: Planned) -> dict[str, Step]:
        """Every step that reads."""
        guarded = self.guarded
        return {
            "status": guarded.status, "discover": guarded.discover, "plan": lambda: guarded.plan(wish),
            "read_back": lambda: guarded.read_back(planned),
        }  # fmt: skip

    async def lists(self, wish: Wish, planned: Planned) -> dict[str, Step]:
        """The steps about many at once, where the adapter takes lists here."""
        if not isinstance(self.adapter, TakesLists):
            return {}
        guarded = self.guarded
        try:
            await guarded.plan_many([wish])
        except Refused:
            return {}
        return {
            "plan_many": lambda: _first(guarded.plan_many([wish])),
            "read_back_many": lambda: _first(guarded.read_back_many([planned])),
        }

    async def apply(self, planned: Planned) -> Receipt:
        """As the console does; what is made at the moment is made anew."""
        return await self.guarded.apply(await exact(self.adapter, self.context, planned))

    async def revert(self, planned: Planned) -> Receipt:
        """As `apply`."""
        made = await exact(self.adapter, self.context, planned, planned.revert)
        return await self.guarded.revert(replace(planned, revert=made.requests))

    async def tells_nothing(self, planned: Planned, credential: str | None, kind: Kind) -> int:
        """A probe comes to no conclusion, neither that it is refused nor that it still works. How much arrived."""
        self.network.misbehave(Trouble(kind=kind, lasting=True))
        try:
            seen = await self.guarded.probe(planned, credential)
            must(seen.outcome == "cannot-tell", f"probe: {TOLD[kind]} proves nothing: {seen}")
        except AdapterFault as fault:
            must(not any(one in fault.detail for one in self.lent.secrets.values()), "probe: a fault tells no secret")
        must(not self.network.elsewhere.came(), "probe: a redirect is not followed")
        heard = self.network.heard
        self.network.misbehave(None)
        return heard

    async def fails(self, step: Step, trouble: Trouble, kind: type[AdapterFault], what: str) -> None:
        """It fails so, and neither tells a secret nor lets another host hear of it."""
        self.network.misbehave(trouble)
        fault = await faulted(_known(step, what), (kind, _Said), f"{what}: {TOLD[trouble.kind]} is {kind.__name__}")
        if trouble.writes:
            must(self.network.written == trouble.nth + 1, f"{what}: after {TOLD[trouble.kind]} it writes nothing more")
        if isinstance(fault, Throttled):
            must(fault.retry_after_s == RETRY_AFTER_S, f"{what}: Retry-After is kept")
        if isinstance(fault, Refused):
            must(fault.status == FORBIDDEN, f"{what}: the refusal keeps its status")
        must(not any(one in fault.detail for one in self.lent.secrets.values()), f"{what}: a fault tells no secret")
        must(not self.network.elsewhere.came(), f"{what}: a redirect is not followed")
        self.network.misbehave(None)


class _Said(AdapterFault):
    """It says itself that it cannot tell: of one of many, that is as good as a fault."""


async def _known(step: Step, what: str) -> object:
    seen = await step()
    if what == "read_back_many" and isinstance(seen, ReadBack) and seen.verdict == "cannot-tell":
        raise _Said(seen.detail)
    return seen


async def _first(many: Awaitable[Sequence[Outcome | AdapterFault]]) -> Outcome:
    """The only one of a list; its fault is raised."""
    found = (await many)[0]
    if isinstance(found, AdapterFault):
        raise found
    return found


def in_parts(planned: Planned) -> tuple[bool, bool]:
    """Whether applying, and reverting, are several requests over the network."""
    there, back = ([one for one in part if one.method != FILE] for part in (planned.requests, planned.revert))
    return len(there) >= _A_FEW, len(back) >= _A_FEW


@contextlib.asynccontextmanager
async def road(
    behind: Behind, adapter: Adapter, context: Context, loop: Hurried, *, expired: bool = False
) -> AsyncGenerator[Road]:
    """One, for as long as this lasts. With `expired` every address is https, and its certificate has."""
    lent = context.lent() if isinstance(context, Lends) else None
    must(lent is not None, "the context says what it lends, as DirectContext does")
    if lent is None:
        return
    async with BadNetwork(lent, loop.hurry, expired=expired).standing() as network:
        guarded = behind(StandIn.of(adapter, lent, network, secure=expired), lent, network.dial, DEADLINE_S)
        try:
            yield Road(adapter=adapter, context=context, lent=lent, guarded=guarded, network=network)
        finally:
            await guarded.aclose()
