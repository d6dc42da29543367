"""A context without a console, as the kit and an adapter's own tests use it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Literal

import httpx

from adapters import local
from adapters.access import CallerHeader, Scheme, parted
from adapters.bounds import below
from adapters.conformance.lent import Lent
from adapters.contract import (
    AdapterFault,
    Effect,
    NotSent,
    OutcomeUnknown,
    Places,
    Refused,
    Reply,
    Request,
    Side,
    Throttled,
)
from adapters.signing import Aws, Bare, route, signed

REPLY_CAP_BYTES = 1024 * 1024
_TOO_MANY, _BROKEN = 429, 500


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
        self._auth: Scheme = auth
        self._secrets = dict(secrets or {})
        self._deadline_s = deadline_s
        self._paused_s = 0.0
        self._now_ms = now_ms
        self._places = places or Places()
        self.headers: dict[str, str] = {}  # of the manifest; sent with every call
        self.headers_below: dict[str, Mapping[str, str]] = {}  # of the manifest; sent besides below these paths
        self.callers: dict[str, str] = {}  # names of secrets, by selector
        self.aws: Aws | None = None  # every request is then signed, as `adapters.access.Access` says
        self.services: dict[str, str] = {}  # addresses by a path's first step, as there; no other is then reached
        self.caller_header: CallerHeader = "api-key"

    @property
    def base_url(self) -> str:
        """The only place it talks to."""
        return self._base_url

    def lent(self) -> Lent:
        """What it lends, as a console would take it from settings and vault."""
        return Lent(
            base_url=self._base_url, scheme=self._auth, secrets=self._secrets, callers=self.callers, tls=self._tls,
            callers_url=self._callers_url, caller_header=self.caller_header, aws=self.aws, services=self.services,
            places=self._places,
        )  # fmt: skip

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
                told = {**below(self.headers_below, path), **headers}
                made = client.build_request(method, url, headers=told, **content)
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
