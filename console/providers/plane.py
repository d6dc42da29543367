"""One connected provider: its adapter behind the guard. Every adapter call of the console goes through here.

A plug-in can neither opt out of deadlines nor let its own surprise become a lie: what it raises is judged here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from adapters.access import Access, Proves
from adapters.bounds import manifest_here
from adapters.contract import (
    Adapter,
    AdapterFault,
    Change,
    Context,
    CountsRunning,
    CountsServed,
    CountsTraffic,
    Found,
    LastUse,
    Lever,
    Local,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Places,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Rendered,
    Request,
    Running,
    Served,
    Status,
    TakesLists,
    TellsChanges,
    TellsUse,
    Throttled,
    Traffic,
    Wish,
    WritesWhole,
)
from adapters.membership import members_of
from console.domain.errors import Problem
from console.providers.address import BadAddress, Pin
from console.providers.aws import Signers
from console.providers.beside import Services, signing_in
from console.providers.guard import CALL_DEADLINE_S, GuardedContext, Writes
from console.providers.instance import Instance, Instances, World, check_settings, check_world
from console.providers.proofs import Auth, Proofs, Secrets
from console.providers.registry import make_adapter
from console.providers.replies import scrub
from console.providers.wholes import prove
from console.providers.wire import Wire
from console.runtime.clock import Clock

if TYPE_CHECKING:
    from console.providers.poller import Look

T = TypeVar("T")
A = TypeVar("A")
Heard = Callable[["Look"], None]  # told of every look at a plane, whoever looked, so that nobody asks a provider twice
STEP_DEADLINE_S: Final = 60.0
IN_FLIGHT: Final = 20  # so many questions about the lines of a list at once


@dataclass(frozen=True, slots=True)
class BrokenPlane:
    """An instance that cannot be used here, and why; it is shown and holds nothing else up."""

    instance: Instance
    reason: str


class Plane:
    """One instance, its adapter, its sockets. Use it on one event loop only; close it there."""

    __slots__ = (
        "_access",
        "_auth",
        "_aws",
        "_call_deadline_s",
        "_callers_side",
        "_manifest",
        "_pin",
        "_places",
        "_services",
        "_step_deadline_s",
        "_tokens",
        "adapter",
        "clock",
        "heard",
        "instance",
        "secrets",
        "wire",
    )

    def __init__(
        self,
        instance: Instance,
        adapter: Adapter,
        secrets: Secrets,
        clock: Clock,
        *,
        world: World,
        call_deadline_s: float = CALL_DEADLINE_S,
        step_deadline_s: float = STEP_DEADLINE_S,
    ) -> None:
        self.instance = instance
        self.adapter = adapter
        self.secrets = secrets
        self.clock = clock
        access = adapter.access() if isinstance(adapter, Proves) else Access()
        self.wire = Wire(access.tls)
        self.heard: Heard | None = None
        base_url = adapter.base_url()
        self._pin = Pin.parse(base_url, loopback_only=world == "drill") if base_url else None
        self._places = adapter.places() if isinstance(adapter, Local) else Places()
        if world == "drill" and self._places != Places():
            raise BadAddress("A drill uses no socket and no file of this machine.", "Use the practice estate.")
        self._access = access
        self._auth: Auth = access.scheme or adapter.manifest.auth
        self._manifest = manifest_here(adapter)
        drill = world == "drill"
        self._tokens, self._callers_side = signing_in(access, clock, loopback_only=drill)
        self._aws = None if access.aws is None else Signers(access.aws, loopback_only=drill)
        self._services = Services(access.services, loopback_only=drill) if access.services else None
        self._call_deadline_s = call_deadline_s
        self._step_deadline_s = step_deadline_s

    @property
    def manifest(self) -> Manifest:
        """What the adapter says of itself, with the times of this instance."""
        return self._manifest

    def lever(self, name: str) -> Lever:
        """The manifest's lever.

        Raises:
            Problem: when this adapter has none of that name.
        """
        try:
            return self.manifest.lever(name)
        except KeyError:
            raise Problem(
                f"{self.manifest.title} has no lever {name[:64]!r} here.",
                "Install the adapter the action was made with.",
            ) from None

    def context(self, writes: Writes = "none") -> GuardedContext:
        """A context for one adapter call. Where the adapter has no address (by hand) its calls are never sent."""
        return GuardedContext(
            proofs=self._proofs(),
            clock=self.clock,
            writes=writes,
            deadline_s=self._call_deadline_s,
            places=self._places,
            headers=self.manifest.headers,
            headers_below=self.manifest.headers_below,
            ends_ms=self.clock.boot_ms() + int(self._step_deadline_s * 1000),
        )

    def _proofs(self) -> Proofs:
        return Proofs(
            pin=self._pin,
            wire=self.wire,
            secrets=self.secrets,
            admin_secret=next(iter(self.manifest.secrets), None),
            secret_prefix=self.instance.secret(""),
            auth=self._auth,
            deadline_s=self._call_deadline_s,
            callers=self.instance.probe_credentials,
            shown_key="" if self._access.tls is None else self._access.tls.key,
            tokens=self._tokens,
            callers_side=self._callers_side,
            aws=self._aws,
            services=self._services,
        )

    def credential_for(self, selector: str) -> str | None:
        """The name of the secret with which this selector may be probed, or None."""
        return self.instance.probe_credentials.get(selector)

    async def discover(self) -> Sequence[Found]:
        """Every surface this credential can see.

        Raises:
            AdapterFault: NotSent, Refused, Throttled or Malformed.
        """
        return await self._read(self.adapter.discover)

    async def status(self) -> Status:
        """One look at every surface.

        Raises:
            AdapterFault: as `discover`.
        """
        return await self._read(self.adapter.status)

    async def plan(self, wish: Wish) -> Planned:
        """The plan for a wish, by reading only.

        Raises:
            AdapterFault: as `discover`.
        """
        return await self._read(lambda context: self.adapter.plan(context, wish))

    async def read_back(self, planned: Planned) -> ReadBack:
        """Read the lever's fields anew.

        Raises:
            AdapterFault: as `discover`.
        """
        return await self._read(lambda context: self.adapter.read_back(context, planned))

    async def plan_many(self, wishes: Sequence[Wish]) -> list[Planned | AdapterFault]:
        """As `plan` for each wish of a list; a fault stands in its wish's place and stops no other.

        Raises:
            AdapterFault: as `discover`, where nothing at all could be read.
        """
        adapter = self.adapter
        if isinstance(adapter, TakesLists):
            return list(await self._read(lambda context: adapter.plan_many(context, wishes)))
        return await each(wishes, self.plan)

    async def read_back_many(self, planned: Sequence[Planned]) -> list[ReadBack | AdapterFault]:
        """As `read_back` for each, as `plan_many` answers."""
        adapter = self.adapter
        if isinstance(adapter, TakesLists):
            return list(await self._read(lambda context: adapter.read_back_many(context, planned)))
        return await each(planned, self.read_back)

    async def served_many(self, planned: Sequence[Planned]) -> list[Served | None]:
        """As `served` for each, where the provider tells about many at once; nothing else is asked thousands of times.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, TakesLists):
            return [None for _ in planned]
        return list(await self._read(lambda context: adapter.served_many(context, planned)))

    async def probe(self, planned: Planned, credential: str | None) -> Probe:
        """Try once what the plan forbids.

        Raises:
            AdapterFault: as `discover`; a lost answer is NotSent, because nothing may be concluded from it.
        """
        try:
            return await self._read(lambda context: self.adapter.probe(context, planned, credential), writes="any")
        except OutcomeUnknown as lost:
            raise NotSent(lost.detail) from None

    async def served(self, planned: Planned) -> Served | None:
        """The provider's own count of requests about what the plan selects; None where it keeps none.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, CountsServed):
            return None
        return await self._read(lambda context: adapter.served(context, planned))

    async def last_use(self, planned: Planned) -> LastUse | None:
        """When the credential that the plan selects was used last; None where the provider does not tell it.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, TellsUse):
            return None
        return await self._read(lambda context: adapter.last_use(context, planned))

    async def running(self, planned: Planned) -> Sequence[Running] | None:
        """What runs already about what the plan selects; None where the provider counts none of it.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, CountsRunning):
            return None
        return await self._read(lambda context: adapter.running(context, planned))

    @property
    def counts_calls(self) -> Literal["carried", "served"] | None:
        """Whether the provider counts calls by model: those it passes on as a gateway, or those it serves."""
        if not isinstance(self.adapter, CountsTraffic):
            return None
        return "carried" if self.adapter.passes_on else "served"

    async def traffic(self, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """The calls to a surface in that time; None where the provider keeps no count of them.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, CountsTraffic):
            return None
        return await self._read(lambda context: adapter.traffic(context, surface_key, since_ms, until_ms))

    async def changes(self, planned: Planned, since_ms: int) -> Sequence[Change] | None:
        """Who changed what the plan writes since then, newest first; None where the provider keeps no log of it.

        Raises:
            AdapterFault: as `discover`.
        """
        adapter = self.adapter
        if not isinstance(adapter, TellsChanges):
            return None
        return await self._read(lambda context: adapter.changes(context, planned, since_ms))

    async def ask(self, question: Callable[[Context], Awaitable[T]]) -> T:
        """A question that only some adapters answer, by reading only.

        Raises:
            AdapterFault: as `discover`.
        """
        return await self._read(question)

    async def render(self, planned: Sequence[Planned]) -> Rendered:
        """The exact writes of plans that say who is to stand in a set, proven to change nothing else of what was read.

        Raises:
            AdapterFault: as `discover`; Refused for a write that would do more than these plans say.
        """
        adapter = self.adapter
        if not isinstance(adapter, WritesWhole):
            raise Refused("this adapter cannot write a set whole")
        asked = members_of(planned)

        async def proven(context: GuardedContext) -> Rendered:
            return prove(await adapter.render(context, planned), asked, context.read)

        return await self._read(proven)

    async def apply(self, planned: Planned) -> Receipt:
        """Send exactly the signed requests.

        Raises:
            AdapterFault: never Malformed; once a byte may have left, whatever is not definite is OutcomeUnknown.
        """
        return await self._write(planned.requests, lambda context: self.adapter.apply(context, planned))

    async def revert(self, planned: Planned) -> Receipt:
        """Send exactly the signed revert.

        Raises:
            AdapterFault: as `apply`.
        """
        return await self._write(planned.revert, lambda context: self.adapter.revert(context, planned))

    async def _read(self, call: Callable[[GuardedContext], Awaitable[T]], writes: Writes = "none") -> T:
        context = self.context(writes)
        try:
            async with asyncio.timeout(self._step_deadline_s):
                return await call(context)
        except AdapterFault as fault:
            raise self._scrubbed(fault) from None
        except TimeoutError:
            raise NotSent(f"the adapter took longer than {self._step_deadline_s:g} s") from None
        except Exception as fault:  # noqa: BLE001  a stranger's code: its surprise is a fact about it, not about us
            raise Malformed(f"the adapter could not make sense of it ({type(fault).__name__})") from None

    async def _write(self, signed: Sequence[Request], call: Callable[[Context], Awaitable[Receipt]]) -> Receipt:
        context = self.context(frozenset(signed))
        try:
            async with asyncio.timeout(self._step_deadline_s):
                receipt = await call(context)
        except AdapterFault as fault:
            raise self._scrubbed(_honest(fault, context)) from None
        except TimeoutError:
            late = NotSent(f"the adapter took longer than {self._step_deadline_s:g} s")
            raise _honest(late, context) from None
        except Exception as fault:  # noqa: BLE001  as in `_read`
            surprise = Malformed(f"the adapter could not make sense of it ({type(fault).__name__})")
            raise _honest(surprise, context) from None
        if receipt.request_id is None and context.request_ids:
            return replace(receipt, request_id=context.request_ids[-1])
        return receipt

    def _scrubbed(self, fault: AdapterFault) -> AdapterFault:
        found = self._proofs().kept({*self.manifest.secrets, *self.instance.probe_credentials.values()})
        if self._tokens is not None:
            found += self._tokens.known
        if self._callers_side is not None:
            found += self._callers_side.known
        return scrub(fault, tuple(found))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.wire.aclose()


async def each(asked: Sequence[A], ask: Callable[[A], Awaitable[T]]) -> list[T | AdapterFault]:
    """Every answer in the order asked, some at a time; a fault is the answer of its own question only."""
    turn = asyncio.Semaphore(IN_FLIGHT)

    async def one(question: A) -> T | AdapterFault:
        async with turn:
            try:
                return await ask(question)
            except AdapterFault as fault:
                return fault

    return list(await asyncio.gather(*(one(question) for question in asked)))


def _honest(fault: AdapterFault, context: GuardedContext) -> AdapterFault:
    """What is true of the whole step: a fault after an earlier write left is never "nothing was sent"."""
    if isinstance(fault, OutcomeUnknown):
        return fault
    before = context.writes_begun
    if isinstance(fault, Malformed):
        return OutcomeUnknown(fault.detail) if before else NotSent(fault.detail)
    if isinstance(fault, NotSent | Throttled) and before:
        return OutcomeUnknown(f"a part was sent, then: {fault.detail}")
    if before > 1:  # the refusal is definite for its own request only
        return OutcomeUnknown(f"a part was sent, then refused: {fault.detail}")
    return fault


class Planes:
    """Every instance of the profile, opened; those that cannot be used are kept with their reason."""

    __slots__ = ("_broken", "_open")

    def __init__(self, planes: Iterable[Plane], broken: Iterable[BrokenPlane] = ()) -> None:
        self._open = {plane.instance.id: plane for plane in planes}
        self._broken = {plane.instance.id: plane for plane in broken}

    @classmethod
    def open(cls, instances: Instances, secrets: Secrets, clock: Clock) -> Planes:
        """Make an adapter for every instance; no connection is made yet.

        Raises:
            BadProvidersFile: when the list itself cannot be read.
        """
        planes: list[Plane] = []
        broken: list[BrokenPlane] = []
        for instance in instances.all():
            try:
                check_world(instance.adapter, instances.world)
                usable = instances.registry.usable(instance.adapter)
                settings = check_settings(usable.manifest.settings, instance.settings)
                planes.append(Plane(instance, make_adapter(usable, settings), secrets, clock, world=instances.world))
            except Problem as fault:
                broken.append(BrokenPlane(instance, fault.what))
            except Exception as fault:  # noqa: BLE001  a stranger's constructor must stop nothing else
                broken.append(BrokenPlane(instance, f"The adapter could not start ({type(fault).__name__})."))
        return cls(planes, broken)

    def get(self, instance: str) -> Plane | None:
        """The plane of this instance id, where it is usable here."""
        return self._open.get(instance)

    def why_not(self, instance: str) -> str:
        """Why there is no plane for this instance here."""
        found = self._broken.get(instance)
        return "It is not connected on this console." if found is None else found.reason

    def all(self) -> tuple[Plane, ...]:
        """Every usable plane."""
        return tuple(self._open.values())

    def broken(self) -> tuple[BrokenPlane, ...]:
        """Every unusable one."""
        return tuple(self._broken.values())

    def exchange(self, fresh: Planes) -> tuple[Plane, ...]:
        """Stand as `fresh` does, in place, for whoever holds this object; what is unchanged keeps its connections.

        Gives the planes that are no longer used. Something may be under way on them: close them when it has ended.
        """
        left: list[Plane] = []
        after: dict[str, Plane] = {}
        for ident, plane in fresh._open.items():
            before = self._open.get(ident)
            same = before is not None and before.instance == plane.instance
            after[ident] = before if same and before is not None else plane
            if same:
                left.append(plane)
        left += [plane for ident, plane in self._open.items() if after.get(ident) is not plane]
        self._open, self._broken = after, dict(fresh._broken)
        return tuple(left)

    async def aclose(self) -> None:
        """Close every connection of every plane."""
        for plane in self._open.values():
            await plane.aclose()
