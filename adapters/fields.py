"""What most adapters are: each lever sets fields of one thing, and sets them back.

Whoever inherits says how the thing is read, which requests write it, and what a caller tries; all the rest follows from
that. It must never send what was not planned, restore a default, or take any other refusal for this correction's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from adapters.alike import compared, in_order, lever_of
from adapters.answers import Said, Voice
from adapters.contract import (
    Context,
    Evidence,
    Found,
    Lever,
    Malformed,
    Manifest,
    NotSent,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Reply,
    Request,
    Status,
    Throttled,
    Wish,
)
from adapters.forms import Address, model_or_params

Outcome = Literal["refused", "passed", "cannot-tell"]
Direction = Literal["contain", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One thing as it is now. `id` is what the provider calls it; `fields` are those the lever writes, as JSON text."""

    id: str
    name: str
    surface_key: str
    model: str
    fields: Mapping[str, str]
    notes: tuple[str, ...] = ()


class SetsFields(ABC):
    """One instance of such a provider, by its checked settings (`adapters.contract.Adapter`)."""

    manifest: ClassVar[Manifest]
    voice: ClassVar[Voice] = Voice("the provider")

    def __init__(self, settings: Address) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where it is; the console speaks to no other host."""
        return self._settings.base_url

    # -- what an adapter says ------------------------------------------------------------------------------------------

    @abstractmethod
    async def discover(self, context: Context) -> Sequence[Found]:
        """Every surface this credential can see, by reading only."""

    @abstractmethod
    async def status(self, context: Context) -> Status:
        """The same surfaces, and how they are."""

    @abstractmethod
    async def held(self, context: Context, lever: Lever, selector: str) -> Held:
        """The thing that is selected, read anew.

        Raises:
            Refused: when there is none.
        """

    @abstractmethod
    def wanted(self, lever: Lever, params: Mapping[str, str], direction: Direction) -> Mapping[str, str]:
        """The same fields as they are to be."""

    @abstractmethod
    def writes(self, lever: Lever, ident: str, fields: Mapping[str, str]) -> tuple[Request, ...]:
        """The requests that make the fields so, in their order; mostly one."""

    @abstractmethod
    async def attempt(self, context: Context, planned: Planned, credential: str | None) -> Reply:
        """What a caller does that is forbidden now, once, on a fresh connection."""

    @abstractmethod
    def judge(self, planned: Planned, reply: Reply) -> Outcome:
        """What its answer proves: "refused" only in the words in which this very correction refuses."""

    def check(self, reply: Reply) -> None:
        """Whether the answer to a write is one of this provider's: an object, or nothing at all.

        Raises:
            Refused: for 4xx.
            Malformed: for anything else that is not.
        """
        if self.voice.check(reply, "write").body.strip():
            self.voice.read(Said, reply)

    # -- what follows from it ------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The exact requests there and back, and the fields they start from."""
        lever = lever_of(self.manifest, wish)
        params = model_or_params(lever, wish)
        if not wish.selector and not lever.wide:
            raise Refused(f"name a {lever.selector}")
        held = await self.held(context, lever, wish.selector)
        if wish.surface_key not in {"", held.surface_key}:
            raise Refused(f"{held.name[:80]} is not at {wish.surface_key[:80]}")
        wanted = self.wanted(lever, params, wish.direction)
        return Planned(
            lever=lever.name, selector=held.id, surface_key=held.surface_key, name=held.name, model=held.model,
            params=params, pre=held.fields, pre_read_ms=context.now_ms(), wanted=wanted,
            requests=self.writes(lever, held.id, wanted),
            revert=() if lever.reversal == "none" else self.writes(lever, held.id, held.fields),
            selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
            notes=held.notes,
        )  # fmt: skip

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send exactly what was planned."""
        return await self._send(context, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send exactly what brings the saved fields back."""
        if not planned.revert:
            raise Refused("nothing undoes this")
        return await self._send(context, planned.revert)

    async def _send(self, context: Context, requests: Sequence[Request]) -> Receipt:
        async def one(request: Request) -> Receipt:
            reply = await context.send(request)
            self.check(reply)
            return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)

        return await in_order(requests, one)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields anew: what the provider's record says, which is not yet that it bites."""
        held = await self.held(context, self.manifest.lever(planned.lever), planned.selector)
        return compared(planned, held.fields, context.now_ms())

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """Try what is forbidden, as the caller; what is no clear refusal and no clear pass proves nothing."""
        evidence: Evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None and evidence != "client-view":
            return replace(blank, detail="no caller's credential to try with")
        try:
            reply = await self.attempt(context, planned, credential)
            outcome = self.judge(planned, reply)
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        return replace(blank, outcome=outcome, status=reply.status)


__all__ = ["Direction", "Held", "Outcome", "SetsFields"]
