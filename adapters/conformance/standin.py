"""An adapter as the kit hands it to the console's guard: itself, with the addresses of the kit's context."""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from adapters.access import Access, CallersSide, Tls
from adapters.conformance.bent import Overheard
from adapters.conformance.certificates import authority
from adapters.conformance.lent import Address, Lent, place_of
from adapters.conformance.network import BadNetwork
from adapters.contract import (
    Adapter,
    AdapterFault,
    Context,
    Found,
    Manifest,
    Places,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Reply,
    Request,
    Served,
    Status,
    TakesLists,
    Wish,
)

Outcome = TypeVar("Outcome")
DEADLINE_S = 20.0  # of one call; a dripping answer passes it by the loop's clock, which is put on


class Guarded(Protocol):
    """An adapter behind the console's guard, each step judged as the console judges it."""

    async def status(self) -> Status:
        """As the adapter's, and so for the others."""
        ...

    async def discover(self) -> Sequence[Found]:
        """As above."""
        ...

    async def plan(self, wish: Wish) -> Planned:
        """As above."""
        ...

    async def apply(self, planned: Planned) -> Receipt:
        """As above."""
        ...

    async def read_back(self, planned: Planned) -> ReadBack:
        """As above."""
        ...

    async def revert(self, planned: Planned) -> Receipt:
        """As above."""
        ...

    async def probe(self, planned: Planned, credential: str | None) -> Probe:
        """As above."""
        ...

    async def plan_many(self, wishes: Sequence[Wish]) -> Sequence[Planned | AdapterFault]:
        """As the adapter's, where it takes lists."""
        ...

    async def read_back_many(self, planned: Sequence[Planned]) -> Sequence[ReadBack | AdapterFault]:
        """As above."""
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...


Dial = Callable[[str, int], Address]
Behind = Callable[[Adapter, Lent, Dial, float], Guarded]

# The console's own guard, by name: adapters import nothing of the console, and the kit without it would try another
# guard than the one that runs. `AdapterConformance.behind` names another.
GUARD = "console.providers.behind:behind"


def guard() -> Behind:
    """The console's."""
    return cast("Behind", pkgutil.resolve_name(GUARD))


class Hurried(asyncio.SelectorEventLoop):
    """A loop whose clock can be put on, so that a deadline passes at once and no test has to wait for it."""

    ahead_s = 0.0

    def time(self) -> float:
        """The clock, as far as it was put on."""
        return super().time() + self.ahead_s

    def hurry(self) -> None:
        """Let one call's deadline pass."""
        self.ahead_s += DEADLINE_S + 1.0


def run_hurried(work: Callable[[Hurried], Coroutine[Any, Any, Outcome]]) -> Outcome:
    """Run it to its end on such a loop."""
    loop = Hurried()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))


class _Marked(Overheard):
    """Tells the network which requests write."""

    def __init__(self, inner: Context, network: BadNetwork) -> None:
        super().__init__(inner)
        self._network = network

    async def send(self, request: Request) -> Reply:
        with self._network.writing(really=request.effect == "write"):
            return await self._inner.send(request)


class StandIn:
    """The adapter, reached through a bad network. With `secure` every address is https."""

    manifest: ClassVar[Manifest]

    def __init__(self, adapter: Adapter, lent: Lent, network: BadNetwork, *, secure: bool) -> None:
        self._adapter = adapter
        self._lent = lent
        self._network = network
        self._secure = secure

    @classmethod
    def of(cls, adapter: Adapter, lent: Lent, network: BadNetwork, *, secure: bool) -> StandIn:
        """One with the adapter's own manifest, that takes lists where the adapter does."""
        kind = _WithLists if isinstance(adapter, TakesLists) else cls
        made = cast("type[StandIn]", type(cls.__name__, (kind,), {"manifest": adapter.manifest}))
        return made(adapter, lent, network, secure=secure)

    def base_url(self) -> str:
        """Where the context leads."""
        return self._url(self._lent.base_url)

    def places(self) -> Places:
        """The context's, with the network's socket instead of the provider's."""
        return replace(self._lent.places, socket=self._network.socket)

    def access(self) -> Access:
        """What the context shows, where it leads."""
        lent = self._lent
        aws = lent.aws
        if aws is not None:
            services = {name: replace(one, url=self._url(one.url)) for name, one in aws.services.items()}
            aws = replace(aws, services=services)
        callers = CallersSide(url=self._url(lent.callers_url), header=lent.caller_header) if lent.callers_url else None
        secure = any(place_of(self._url(one))[0] == "https" for one in lent.urls())
        return Access(
            scheme=lent.scheme, tls=Tls(ca=authority().ca) if secure else None, callers=callers, aws=aws,
            services={name: self._url(one) for name, one in lent.services.items()},
        )  # fmt: skip

    def _url(self, url: str) -> str:
        return urlsplit(url)._replace(scheme="https").geturl() if self._secure else url

    async def _do(self, work: Callable[[Context], Awaitable[Outcome]], context: Context) -> Outcome:
        return await work(_Marked(context, self._network))

    async def discover(self, context: Context) -> Sequence[Found]:
        """As the adapter, and so for the others."""
        return await self._do(self._adapter.discover, context)

    async def status(self, context: Context) -> Status:
        """As above."""
        return await self._do(self._adapter.status, context)

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """As above."""
        return await self._do(lambda inner: self._adapter.plan(inner, wish), context)

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """As above."""
        return await self._do(lambda inner: self._adapter.apply(inner, planned), context)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """As above."""
        return await self._do(lambda inner: self._adapter.read_back(inner, planned), context)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """As above."""
        return await self._do(lambda inner: self._adapter.probe(inner, planned, credential), context)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """As above."""
        return await self._do(lambda inner: self._adapter.revert(inner, planned), context)


class _WithLists(StandIn):
    """One that tells about many at once."""

    @property
    def _lists(self) -> TakesLists:
        return cast("TakesLists", self._adapter)

    async def plan_many(self, context: Context, wishes: Sequence[Wish]) -> Sequence[Planned | Refused]:
        return await self._do(lambda inner: self._lists.plan_many(inner, wishes), context)

    async def read_back_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[ReadBack]:
        return await self._do(lambda inner: self._lists.read_back_many(inner, planned), context)

    async def served_many(self, context: Context, planned: Sequence[Planned]) -> Sequence[Served | None]:
        return await self._do(lambda inner: self._lists.served_many(inner, planned), context)
