"""The tests every adapter inherits: `class TestMine(AdapterConformance)` with fixtures `adapter`, `context`, `wish`.

The fixtures hand over the adapter, a context to a server that may be changed, and a wish that can be met there.
It must only ever be pointed at a simulator or at a server of one's own: it really pulls the lever.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import httpx

from adapters import local
from adapters.access import CallerHeader, parted
from adapters.contract import (
    CONTRACT_VERSION,
    Adapter,
    AdapterFault,
    Context,
    CountsRunning,
    CountsServed,
    Effect,
    Malformed,
    NotSent,
    OffersSome,
    OutcomeUnknown,
    Places,
    Planned,
    Probe,
    ReadBack,
    Refused,
    Reply,
    Request,
    Side,
    Throttled,
    Wish,
)
from adapters.signing import Aws, Bare, route, signed

Outcome = TypeVar("Outcome")
Fault = TypeVar("Fault", bound=AdapterFault)
REPLY_CAP_BYTES = 1024 * 1024
ECHOED_SECRET = "sk-conformance-0123456789abcdef"  # noqa: S105  made up; a provider echoes it, a fault must not
RETRY_AFTER_S = 17.0
_TOO_MANY, _BROKEN, _UNAUTHENTICATED = 429, 500, 401
_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to the network."


class DirectContext:
    """A context without a console: one connection a call, faults classified as the contract says.

    `secrets` are by name, "admin" first; `deadline_s` is total. It logs nothing and quotes no body. `tls` stands for
    what an adapter's `access` says of its connections, `callers_url` for where callers come, with the header `api-key`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Literal["bearer", "x-api-key", "none"] = "bearer",
        secrets: Mapping[str, str] | None = None,
        deadline_s: float = 10.0,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        places: Places | None = None,
        tls: ssl.SSLContext | None = None,
        callers_url: str = "",
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._tls = tls
        self._callers_url = callers_url.rstrip("/")
        self._auth = auth
        self._secrets = dict(secrets or {})
        self._deadline_s = deadline_s
        self._paused_s = 0.0
        self._now_ms = now_ms
        self._places = places or Places()
        self.headers: dict[str, str] = {}  # of the manifest; sent with every call
        self.callers: dict[str, str] = {}  # names of secrets, by selector
        self.aws: Aws | None = None  # every request is then signed, as `adapters.access.Access` says
        self.services: dict[str, str] = {}  # addresses by a path's first step, as there; no other is then reached
        self.caller_header: CallerHeader = "api-key"

    @property
    def base_url(self) -> str:
        """The only place it talks to."""
        return self._base_url

    def now_ms(self) -> int:
        """Wall clock, ms since the epoch."""
        return self._now_ms()

    def caller_of(self, selector: str) -> str | None:
        """As `callers` says."""
        return self.callers.get(selector)

    async def pause(self, seconds: float) -> bool:
        """Wait, while all waits together are within the deadline."""
        self._paused_s += max(seconds, 0.0)
        if self._paused_s > self._deadline_s:
            return False
        await asyncio.sleep(seconds)
        return True

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """One call. Every one has a connection of its own; `fresh` only lets 5xx to a read through."""
        if side == "callers" and credential == "":
            raise Refused("the instance's own secret is not for the callers' side")
        headers = self._headers(credential) if side == "control" else self._as_caller(credential)
        content = {} if json is None else {"json": json}
        reply = await self._exchange(method, path, effect, headers, content, side=side)
        if reply.status >= _BROKEN and not (fresh and effect == "read"):
            raise _lost(effect, f"the server answered {reply.status}")
        return reply

    async def send(self, request: Request) -> Reply:
        """Exactly these bytes."""
        if request.method in local.METHODS:
            return await local.carry_out(self._places, request, self._deadline_s)
        headers = self._headers("")
        if request.content_type is not None:
            headers["content-type"] = request.content_type
        content = _body_bytes(request)
        reply = await self._exchange(request.method, request.path, request.effect, headers, {"content": content})
        if reply.status >= _BROKEN:
            raise _lost(request.effect, f"the server answered {reply.status}")
        return reply

    def _as_caller(self, credential: str | None) -> dict[str, str]:
        if credential is None:
            return {}
        word = self._secrets[credential]
        return {"authorization": f"Bearer {word}"} if self.caller_header == "bearer" else {self.caller_header: word}

    def _signed(self, aws: Aws, made: httpx.Request, path: str, side: Side) -> httpx.Request:
        """To the service that the path names, signed there; a caller signs with ID:SECRET, or shows another word."""
        headers = {name: made.headers[name] for name in ("content-type",) if name in made.headers}
        word = made.headers.get("api-key" if side == "callers" else "authorization", "").removeprefix("Bearer ")
        key_id, colon, secret = word.partition(":") if side == "callers" else (aws.key_id, ":", word)
        url, service = str(made.url), aws.callers
        if side == "control":
            to = route(aws, path)
            if to is None:
                raise Refused("there is no such service here")
            url, service, headers = to.service.url.rstrip("/") + to.path, to.service, {**headers, **to.headers}
        again = httpx.Request(made.method, url, headers=headers, content=made.content)
        if not colon or service is None:
            again.headers["authorization"] = f"Bearer {word}"
            return again
        host, target = again.url.netloc.decode(), again.url.raw_path.decode()
        bare = Bare(method=again.method, host=host, target=target, headers=headers, body=made.content)
        again.headers.update(signed(service, key_id, secret, bare, self._now_ms()))
        return again

    def _headers(self, credential: str | None) -> dict[str, str]:
        if credential is None or (self._auth == "none" and not credential):
            return dict(self.headers)
        name = credential or next(iter(self._secrets), "")
        if name not in self._secrets:
            raise NotSent(f"there is no secret called {name}")
        secret = self._secrets[name]
        own = {"x-api-key": secret} if self._auth == "x-api-key" else {"authorization": f"Bearer {secret}"}
        return {**self.headers, **own}

    async def _exchange(
        self,
        method: str,
        path: str,
        effect: Effect,
        headers: dict[str, str],
        content: dict[str, Any],
        *,
        side: Side = "control",
    ) -> Reply:
        if not path.startswith("/") or path.startswith("//"):
            raise Refused("a path begins with one slash")
        began_ns = time.monotonic_ns()
        try:
            async with asyncio.timeout(self._deadline_s), _client(self._tls) as client:
                url = (self._base_url if side == "control" else self._callers_url) + path
                if self.services and side == "control":
                    name, there = parted(path)
                    url = _known(self.services, name) + there
                made = client.build_request(method, url, headers=headers, **content)
                if self.aws is not None:
                    made = self._signed(self.aws, made, path, side)
                async with _streamed(client, made) as response:
                    body = await _capped(response)
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as fault:
            raise NotSent("no connection") from fault
        except (httpx.HTTPError, TimeoutError) as fault:
            raise _lost(effect, type(fault).__name__) from fault
        reply = Reply(
            status=response.status_code, headers={name.lower(): value for name, value in response.headers.items()},
            body=body, elapsed_ms=(time.monotonic_ns() - began_ns) // 1_000_000,
        )  # fmt: skip
        if reply.status == _TOO_MANY:
            raise Throttled("too many requests", _retry_after_s(reply), reply)
        return reply


@contextlib.asynccontextmanager
async def _streamed(client: httpx.AsyncClient, request: httpx.Request) -> AsyncGenerator[httpx.Response]:
    response = await client.send(request, stream=True)
    try:
        yield response
    finally:
        await response.aclose()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Made once: reading every certificate anew costs more than most calls."""
    return ssl.create_default_context()


def _client(tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=None, verify=tls or _trusted())  # noqa: S113  the deadline is outside


def _known(services: Mapping[str, str], name: str) -> str:
    if name not in services:
        raise Refused("there is no such service here")
    return services[name]


def _body_bytes(request: Request) -> bytes:
    return base64.b64decode(request.body) if request.encoding == "base64" else request.body.encode()


async def _capped(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > REPLY_CAP_BYTES:
            raise httpx.DecodingError("the answer is too long")
    return bytes(body)


def _lost(effect: Effect, why: str) -> AdapterFault:
    return OutcomeUnknown(f"the outcome is not known: {why}") if effect == "write" else NotSent(f"no answer: {why}")


def _retry_after_s(reply: Reply) -> float:
    try:
        return max(0.0, float(reply.headers.get("retry-after", "")))
    except ValueError:
        return 60.0


class Overheard:
    """A context that keeps what an adapter asked of the one inside."""

    def __init__(self, inner: Context) -> None:
        self._inner = inner
        self.calls: list[tuple[str, str, Effect, str | None, bool]] = []
        self.sent: list[Request] = []

    def now_ms(self) -> int:
        """The inner clock."""
        return self._inner.now_ms()

    def caller_of(self, selector: str) -> str | None:
        """As the one inside."""
        return self._inner.caller_of(selector)

    async def pause(self, seconds: float) -> bool:
        """The inner one's patience."""
        return await self._inner.pause(seconds)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """Note it and pass it on."""
        self.calls.append((method, path, effect, credential, fresh))
        if side == "control":  # said only where it matters, so that a context of before still fits
            return await self._inner.call(method, path, json=json, effect=effect, credential=credential, fresh=fresh)
        return await self._inner.call(
            method, path, json=json, effect=effect, credential=credential, fresh=fresh, side=side
        )

    async def send(self, request: Request) -> Reply:
        """Note it and pass it on."""
        self.sent.append(request)
        return await self._inner.send(request)


class Bent(Overheard):
    """A context whose provider misbehaves: it answers what it is told to, or loses the answer to a write.

    `answer` replaces every answer; `fault` is raised instead; with `after` a write lands first.
    """

    def __init__(
        self, inner: Context, *, answer: Reply | None = None, fault: AdapterFault | None = None, after: bool = False
    ) -> None:
        super().__init__(inner)
        self._answer = answer
        self._fault = fault
        self._after = after

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """Bent, unless only writes are."""
        if self._after and effect == "read":
            return await super().call(
                method, path, json=json, effect=effect, credential=credential, fresh=fresh, side=side
            )
        self.calls.append((method, path, effect, credential, fresh))
        return self._bend()

    async def send(self, request: Request) -> Reply:
        """Bent; with `after` it lands first, and a read is not bent."""
        if self._after and request.effect == "read":
            return await super().send(request)
        if self._after:
            await super().send(request)
        else:
            self.sent.append(request)
        return self._bend()

    def _bend(self) -> Reply:
        if self._fault is not None:
            raise self._fault
        if self._answer is None:
            raise NotSent("nothing to say")
        return self._answer


def reply(status: int, body: bytes, content_type: str = "application/json") -> Reply:
    """A made-up reply."""
    return Reply(status=status, headers={"content-type": content_type}, body=body, elapsed_ms=1)


def _must(condition: object, sentence: str) -> None:
    """Fail with a sentence. A plain assertion would be stripped from a shipped module by `python -O`."""
    if not condition:
        raise AssertionError(sentence)


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run one piece of asynchronous work to its end."""
    return asyncio.run(work)


async def until(
    look: Callable[[], Awaitable[Outcome]], so: Callable[[Outcome], bool], within_s: float, every_s: float = 0.05
) -> Outcome:
    """Look again and again until it is so, or the time is over; the last look either way."""
    ends_at_s = time.monotonic() + within_s
    while True:
        seen = await look()
        if so(seen) or time.monotonic() >= ends_at_s:
            return seen
        await asyncio.sleep(every_s)


async def faulted(work: Awaitable[object], kinds: tuple[type[Fault], ...], sentence: str) -> Fault:
    """The fault that the work raised; fails when it raised none or another."""
    try:
        came = await work
    except kinds as fault:
        return fault
    except AdapterFault as fault:
        raise AssertionError(f"{sentence}; it raised {type(fault).__name__}: {fault.detail}") from fault
    raise AssertionError(f"{sentence}; it came back with {came!r}")


class AdapterConformance:
    """What the contract demands, tried. Each test puts the server back as it was.

    Set `probe_credential` to the name of the caller's secret that the wish shuts out (None where none is needed), and
    `probes_measure` to False where a probe cannot say. `settles_within_s` bounds every wait.
    """

    probe_credential: ClassVar[str | None] = None
    probes_measure: ClassVar[bool] = True
    settles_within_s: ClassVar[float] = 5.0
    unknown_selector: ClassVar[str] = "no-such-selector-b7e1"

    # -- what is known without calling ---------------------------------------------------------------------------------

    def test_manifest_is_whole(self, adapter: Adapter) -> None:
        """Names, levers, settings and secrets are as the contract describes them."""
        manifest = type(adapter).manifest
        _must(isinstance(adapter, Adapter), "it has every method of the contract")
        _must(manifest.contract == CONTRACT_VERSION, "it is written for this contract")
        names = [lever.name for lever in manifest.levers]
        _must(names and len(set(names)) == len(names), "its levers have names of their own")
        _must(manifest.auth != "none" or not manifest.secrets, "it says how it authenticates with its secrets")
        if isinstance(adapter, OffersSome):
            _must(set(adapter.offers()) <= set(names), "what it offers here is of its manifest")
        for lever in manifest.levers:
            _must(lever.partial_sibling is None or lever.partial_sibling in names, "a sibling is one of its levers")
            _must(lever.propagation_s >= 0 and lever.read_back_lag_s >= 0, "times are not negative")

    def test_hosts(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """It speaks to its base URL only: every path is relative to it and carries no host."""

        async def story() -> None:
            heard = Overheard(context)
            await adapter.status(heard)
            planned = await adapter.plan(heard, wish)
            base = urlsplit(adapter.base_url())
            _must(base.scheme in {"http", "https"} and base.hostname, "the base URL names a host")
            _must(not base.username and not base.password, "the base URL carries no secret")
            paths = [path for _, path, *_ in heard.calls]
            paths += [request.path for request in (*planned.requests, *planned.revert)]
            for path in paths:
                fine = path.startswith("/") and not path.startswith("//") and "://" not in path.split("?")[0]
                _must(fine, f"a path begins with one slash and names no host: {path}")

        run(story())

    # -- looking and planning ------------------------------------------------------------------------------------------

    def test_status_and_discover(self, adapter: Adapter, context: Context) -> None:
        """Both read only and agree about the surfaces."""

        async def story() -> None:
            heard = Overheard(context)
            status = await adapter.status(heard)
            found = await adapter.discover(heard)
            _must(found, "it sees a surface")
            _must({item.key for item in found} == {item.key for item in status.surfaces}, "they see the same surfaces")
            _must(status.at_ms > 0 and status.latency_ms >= 0, "a look says when it was and how long it took")
            _only_reads(heard, "looking")

        run(story())

    def test_plan_reads_only(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A plan changes nothing: it reads, and a second one finds the same."""

        async def story() -> None:
            heard = Overheard(context)
            first = await adapter.plan(heard, wish)
            _only_reads(heard, "planning")
            second = await adapter.plan(context, wish)
            _must(first.pre == second.pre, "a plan changes nothing")
            _must(set(first.pre) == set(first.wanted) and first.pre, "it says how each field is and how it will be")
            irreversible = first.reversal == "none"
            _must(first.requests, "it has the exact requests")
            _must(bool(first.revert) is not irreversible, "it has the exact way back, or says that there is none")
            _must(all(request.effect == "write" for request in first.requests), "what changes is called a write")
            lever = adapter.manifest.lever(first.lever)
            _must(first.selectors == 0 if lever.wide else first.selectors > 0, "it counts what is selected")
            _must((await self._now(adapter, context, first)).verdict == "not-in-effect", "planning did not apply")

        run(story())

    def test_unknown_selector(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """What is not there cannot be planned."""

        async def story() -> None:
            nobody = replace(wish, selector=self.unknown_selector, surface_key="")
            await faulted(adapter.plan(context, nobody), (Refused,), "an unknown selector is refused")

        run(story())

    def test_unknown_lever(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A lever that it does not have cannot be planned."""
        run(faulted(adapter.plan(context, replace(wish, lever="no.such")), (Refused,), "an unknown lever is refused"))

    # -- there and back ------------------------------------------------------------------------------------------------

    def test_apply_and_read_back(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Applied, it is in effect; the bytes sent are those planned, and only those; drift is seen."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            receipt = await adapter.apply(heard, planned)
            try:
                _must(receipt.outcome == "accepted", "the first write is accepted")
                _must(tuple(heard.sent) == planned.requests, "it sends exactly what was planned, once, in order")
                _must(all(effect == "read" for _, _, effect, _, _ in heard.calls), "it writes nothing beside the plan")
                listening = Overheard(context)
                back = await self._settled(adapter, listening, planned, "in-effect")
                _must(back.verdict == "in-effect", f"what was applied is read back: {back}")
                _must(dict(back.fields) == dict(planned.wanted), "the fields read back are those wanted")
                _only_reads(listening, "reading back")
                if planned.reversal == "none":
                    return  # nobody else can undo it either
                for request in planned.revert:  # as another administrator would
                    await context.send(request)
                back = await self._settled(adapter, context, planned, "not-in-effect")
                _must(back.verdict == "not-in-effect", "drift is seen: it is no longer in effect")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_apply_again(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Applying twice is applying once."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            await adapter.apply(context, planned)
            try:
                first = await self._settled(adapter, context, planned, "in-effect")
                receipt = await adapter.apply(context, planned)
                _must(receipt.outcome in {"already-so", "accepted"}, "a second write is no fault")
                again = await self._settled(adapter, context, planned, "in-effect")
                _must(again.verdict == "in-effect" and again.fields == first.fields, "a second write changes nothing")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_probe(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Before, it passes; in effect, it is refused; reverted, it passes. On fresh connections, not as admin."""
        if not self.probes_measure:
            return

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            before = await self._probed(adapter, heard, planned, "passed")
            _must(before.outcome == "passed", f"before, a probe passes: {before}")
            tried = heard.calls[-1]
            _must(tried[4], "a probe asks for a fresh connection")
            written = [request for request in heard.sent if request.effect == "write"]
            _must(tried[3] != "" and not written, "a probe never uses the instance's own secret")
            await adapter.apply(context, planned)
            try:
                during = await self._probed(adapter, context, planned, "refused")
                _must(during.outcome == "refused", f"in effect, a probe is refused: {during}")
            finally:
                await self._put_back(adapter, context, planned)
            if planned.reversal == "none":
                return
            after = await self._probed(adapter, context, planned, "passed")
            _must(after.outcome == "passed", f"reverted, a probe passes: {after}")

        run(story())

    def test_served_counts_refusals_too(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Where it counts: by reading only, passes as served, refusals as asked and not served."""
        if not isinstance(adapter, CountsServed):
            return
        counts: CountsServed = adapter

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            first = await counts.served(heard, planned)
            _only_reads(heard, "served")
            if first is None:
                return
            _must(0 <= first.served <= first.asked, f"no more is served than was asked for: {first}")
            await self._probed(adapter, context, planned, "passed")
            open_ = await counts.served(context, planned)
            _must(open_ is not None and open_.served > first.served, f"what passes counts as served: {open_}")
            await adapter.apply(context, planned)
            try:
                await self._probed(adapter, context, planned, "refused")
                before = await counts.served(context, planned)
                await adapter.probe(context, planned, self.probe_credential)
                after = await counts.served(context, planned)
            finally:
                await self._put_back(adapter, context, planned)
            _must(
                before is not None and after is not None
                and (after.asked, after.served) == (before.asked + 1, before.served),
                f"what is refused counts as asked for and not as served: {before}, then {after}",
            )  # fmt: skip

        run(story())

    def test_running_is_a_count_by_reading(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Where it counts work in flight: by reading only, and a page or another shape is no count."""
        if not isinstance(adapter, CountsRunning):
            return
        counts: CountsRunning = adapter

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            heard = Overheard(context)
            found = await counts.running(heard, planned)
            _only_reads(heard, "running")
            if found is None:
                return
            _must(all(one.count > 0 and one.at_ms > 0 for one in found), f"what runs is counted, and when: {found}")
            page = Bent(context, answer=reply(200, _PAGE, "text/html"))
            await faulted(counts.running(page, planned), (Malformed,), "running: a page is malformed")

        run(story())

    def test_probe_concludes_nothing_from_other_refusals(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A wrong credential, a page, a missing answer or an odd status prove neither a refusal nor a pass."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            for answer in (
                reply(_UNAUTHENTICATED, b'{"error":{"type":"bad_credential","message":"unknown"}}'),
                reply(404, b"<html>not here</html>", "text/html"),
                reply(403, b"{}"),
                reply(200, _PAGE, "text/html"),
                reply(302, b""),
            ):
                seen = await adapter.probe(Bent(context, answer=answer), planned, self.probe_credential)
                _must(seen.outcome == "cannot-tell", f"{answer.status} {answer.body[:20]!r} proves nothing: {seen}")
            silent = await adapter.probe(Bent(context, fault=NotSent("down")), planned, self.probe_credential)
            _must(silent.outcome == "cannot-tell", "no answer is no refusal")

        run(story())

    def test_revert_restores_what_was_saved(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """Revert goes back to the fields of the plan, not to a default."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            await adapter.apply(context, planned)
            try:
                await self._settled(adapter, context, planned, "in-effect")
                if planned.reversal == "none":
                    await faulted(adapter.revert(context, planned), (Refused,), "what has no way back is not reverted")
                    return
                onto = await adapter.plan(context, wish)
                _must(dict(onto.pre) == dict(planned.wanted), "a plan saves how it is now")
                await adapter.apply(context, onto)
                heard = Overheard(context)
                await adapter.revert(heard, onto)
                _must(tuple(heard.sent) == onto.revert, "it sends exactly the revert that was planned")
                kept = await self._settled(adapter, context, onto, "in-effect")
                _must(dict(kept.fields) == dict(onto.pre), "what was restricted before the plan stays so after revert")
            finally:
                await self._put_back(adapter, context, planned)
            back = await self._now(adapter, context, planned)
            _must(dict(back.fields) == dict(planned.pre), f"what was free before is free again: {back}")

        run(story())

    # -- a provider that misbehaves ------------------------------------------------------------------------------------

    def test_lost_answer(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A write that landed and whose answer was lost is unknown, never tried again by itself, and read back."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            bent = Bent(context, fault=OutcomeUnknown("lost"), after=True)
            try:
                await faulted(adapter.apply(bent, planned), (OutcomeUnknown,), "a lost answer stays unknown")
                _must(len(bent.sent) == 1, "a write whose outcome is not known is not sent again")
                if len(planned.requests) == 1:
                    back = await self._settled(adapter, context, planned, "in-effect")
                    _must(back.verdict == "in-effect", "a read back says that it landed")
            finally:
                await self._put_back(adapter, context, planned)

        run(story())

    def test_authentication_failure(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """401 to everything is a final no, with its status, and says no secret."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            body = f'{{"error":{{"message":"bad key {ECHOED_SECRET}","type":"auth"}}}}'.encode()
            bent = Bent(context, answer=reply(_UNAUTHENTICATED, body))
            for what, work in _every(adapter, bent, planned, wish):
                fault = await faulted(work, (Refused,), f"{what}: 401 is a refusal")
                _must(fault.status == _UNAUTHENTICATED, f"{what}: the refusal keeps its status")
                _must(ECHOED_SECRET not in f"{fault} {fault.detail}", f"{what}: a fault quotes no secret")

        run(story())

    def test_throttled(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """429 comes through with its Retry-After."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            bent = Bent(context, fault=Throttled("slow down", RETRY_AFTER_S))
            for what, work in _every(adapter, bent, planned, wish):
                fault = await faulted(work, (Throttled,), f"{what}: 429 stays throttled")
                _must(fault.retry_after_s == RETRY_AFTER_S, f"{what}: Retry-After is kept")

        run(story())

    def test_unreachable(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """No connection is not sent, and an old look is not shown as a new one."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            await adapter.status(context)
            bent = Bent(context, fault=NotSent("no connection"))
            for what, work in _every(adapter, bent, planned, wish):
                await faulted(work, (NotSent,), f"{what}: no connection is not sent")

        run(story())

    def test_a_page_is_no_answer(self, adapter: Adapter, context: Context, wish: Wish) -> None:
        """A sign-in page with status 200, or JSON of another shape, is neither a state nor a receipt."""

        async def story() -> None:
            planned = await adapter.plan(context, wish)
            page = Bent(context, answer=reply(200, _PAGE, "text/html"))
            for what, work in _every(adapter, page, planned, wish):
                await faulted(work, (Malformed, OutcomeUnknown), f"{what}: a page is malformed")
            odd = Bent(context, answer=reply(200, b"[1]"))
            for what, work in _every(adapter, odd, planned, wish):
                if what not in {"apply", "revert"}:
                    await faulted(work, (Malformed,), f"{what}: another shape is malformed")
                else:
                    await _forgiving(work)

        run(story())

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def _now(self, adapter: Adapter, context: Context, planned: Planned) -> ReadBack:
        return await adapter.read_back(context, planned)

    async def _settled(self, adapter: Adapter, context: Context, planned: Planned, verdict: str) -> ReadBack:
        def so(back: ReadBack) -> bool:
            return back.verdict == verdict

        return await until(lambda: adapter.read_back(context, planned), so, self.settles_within_s)

    async def _probed(self, adapter: Adapter, context: Context, planned: Planned, outcome: str) -> Probe:
        def so(seen: Probe) -> bool:
            return seen.outcome == outcome

        return await until(lambda: adapter.probe(context, planned, self.probe_credential), so, self.settles_within_s)

    async def _put_back(self, adapter: Adapter, context: Context, planned: Planned) -> None:
        """The server as the plan found it, and settled: the next test begins there. Not by the adapter's own hand.

        What cannot be reverted stays so: such a lever needs a server made anew for each test.
        """
        if planned.reversal == "none":
            return
        for request in planned.revert:
            await context.send(request)

        def so(back: ReadBack) -> bool:
            return back.verdict == "not-in-effect" and dict(back.fields) == dict(planned.pre)

        await until(lambda: adapter.read_back(context, planned), so, self.settles_within_s)
        if self.probes_measure:
            await self._probed(adapter, context, planned, "passed")


def _only_reads(heard: Overheard, what: str) -> None:
    _must(all(request.effect == "read" for request in heard.sent), f"{what} sends nothing but what it reads by")
    _must(all(effect == "read" for _, _, effect, _, _ in heard.calls), f"{what} only reads")


def _every(
    adapter: Adapter, context: Context, planned: Planned, wish: Wish
) -> Iterator[tuple[str, Coroutine[Any, Any, object]]]:
    """Everything an adapter does that must not hide a fault. Each begins when it is asked for, so none is left over."""
    yield "status", adapter.status(context)
    yield "discover", adapter.discover(context)
    yield "plan", adapter.plan(context, wish)
    yield "apply", adapter.apply(context, planned)
    yield "read_back", adapter.read_back(context, planned)
    if planned.reversal != "none":
        yield "revert", adapter.revert(context, planned)


async def _forgiving(work: Awaitable[object]) -> None:
    """A receipt in another shape may be taken or not: the read back decides. Only a crash is wrong."""
    try:
        await work
    except AdapterFault:
        return
