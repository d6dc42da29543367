"""A small real HTTP server on loopback from which simulators of control planes are made, with faults to switch on.

It listens on 127.0.0.1 only. It must never be given a real credential: what reaches it is kept in its log.
"""

from __future__ import annotations

import asyncio
import copy
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import parse_qsl, unquote, urlsplit

FaultName = Literal["slow", "down", "lying", "lost-answer", "slow-to-enforce", "html", "huge", "throttle", "broken"]
FAULTS: tuple[FaultName, ...] = (
    "slow", "down", "lying", "lost-answer", "slow-to-enforce", "html", "huge", "throttle", "broken",
)  # fmt: skip
Scope = Literal["all", "writes", "reads", "calls"]
HUGE_BYTES = 8 * 1024 * 1024
MAX_REQUEST_BYTES = 1024 * 1024
STARTS_WITHIN_S = 10.0
LOG_KEEPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as it arrived. `at_s` is the simulator's monotonic clock; header names are lower case.

    `secure`: by TLS; `certificate` is the common name in the certificate that the client showed, where it showed one.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at_s: float
    target: str = ""
    certificate: str = ""
    secure: bool = False

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty or other body is an empty object."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def bearer(self) -> str | None:
        """The bearer token, or None."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a site says. `body` that is not bytes is sent as JSON; None sends nothing."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        """The bytes and their content type."""
        if self.body is None:
            return b"", "application/json"
        if isinstance(self.body, bytes):
            return self.body, "text/html; charset=utf-8"
        return json.dumps(self.body, separators=(",", ":")).encode(), "application/json"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that is on. `seconds` is a delay or a Retry-After; `times` counts down where it is not None."""

    name: FaultName
    on: Scope = "all"
    seconds: float = 1.0
    times: int | None = None


class Site(Protocol):
    """What a simulator simulates. Everything that a write may change lives in `state`, so that a lie can undo it."""

    state: Any

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Whether it is an administrator's read or write, or a user's call to a model."""
        ...

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer, and change `state`. What is written bites `enforce_lag_s` later than the site's own lag."""
        ...


class Simulator:
    """One site on one loopback port, served from one thread of its own. A context manager; `url` says where.

    With `tls` it speaks https, and `Incoming.certificate` is the name in the certificate that the client showed.
    """

    def __init__(
        self,
        site: Site,
        *,
        name: str = "simulator",
        monotonic: Callable[[], float] = time.monotonic,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.site = site
        self._tls = tls
        self.name = name
        self.port = 0
        self._monotonic = monotonic
        self._log: list[Incoming] = []
        self._faults: dict[FaultName, Fault] = {}
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Listen on a free port.

        Raises:
            OSError: when no port can be had in time.
        """
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name=f"simulator-{self.name}", daemon=True)
        self._thread.start()
        if not ready.wait(STARTS_WITHIN_S) or self.port == 0:
            raise OSError(f"the simulator {self.name} could not listen on loopback")
        return self

    def close(self) -> None:
        """End the server, its connections and its thread."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(STARTS_WITHIN_S)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- faults and what was seen -------------------------------------------------------------------------------------

    def switch(self, name: FaultName, *, on: Scope = "all", seconds: float = 1.0, times: int | None = None) -> None:
        """Switch a fault on. `down` closes the port at once: connections are refused until it is cleared.

        Raises:
            ValueError: for a fault or a scope that is not known.
        """
        if name not in FAULTS or on not in {"all", "writes", "reads", "calls"}:
            raise ValueError(f"no such fault: {name} on {on}")
        with self._lock:
            self._faults[name] = Fault(name=name, on=on, seconds=seconds, times=times)
        if name == "down":
            self._on_loop(self._stop_listening)

    def clear(self, name: FaultName | None = None) -> None:
        """Switch one fault off, or all."""
        with self._lock:
            was_down = "down" in self._faults and name in {None, "down"}
            if name is None:
                self._faults.clear()
            else:
                self._faults.pop(name, None)
        if was_down:
            self._on_loop(self._listen)

    def faults(self) -> list[str]:
        """The names of the faults that are on."""
        with self._lock:
            return sorted(self._faults)

    def requests(self) -> list[Incoming]:
        """Every request that arrived, oldest first."""
        with self._lock:
            return list(self._log)

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._log.clear()

    def poke(self, change: Callable[[Any], object]) -> None:
        """Change the site's state from outside, as another administrator would: drift."""
        with self._lock:
            change(self.site.state)

    # -- the server, on its own thread -------------------------------------------------------------------------------

    def _serve(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        self._loop = loop
        try:
            loop.run_until_complete(self._listen())
            ready.set()
            loop.run_forever()
        finally:
            ready.set()
            loop.run_until_complete(self._stop_listening())
            loop.run_until_complete(_end_rest())
            loop.close()

    def _on_loop(self, step: Callable[[], Any]) -> None:
        if self._loop is None or not self._loop.is_running():
            return
        asyncio.run_coroutine_threadsafe(step(), self._loop).result(STARTS_WITHIN_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(
                self._accept, "127.0.0.1", self.port, limit=MAX_REQUEST_BYTES, ssl=self._tls
            )
            self.port = int(self._server.sockets[0].getsockname()[1])

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._open.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            return  # the client went away, or spoke no HTTP: nothing to answer
        except asyncio.CancelledError:
            writer.transport.abort()  # a farewell in TLS would wait for the client, and the loop is about to end
            return  # the server is being closed; this task is the connection's own and ends here
        finally:
            writer.close()
            self._open.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        incoming = await self._read(reader, _shown(writer))
        with self._lock:
            del self._log[: max(0, len(self._log) - LOG_KEEPS)]
            self._log.append(incoming)
            answer, delay_s, drop = self._answer(incoming)
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        if drop:
            writer.transport.abort()
            return False
        body, content_type = answer.encoded()
        reason = HTTPStatus(answer.status).phrase
        headers = {"content-type": content_type, **answer.headers, "content-length": str(len(body))}
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + body)
        await writer.drain()
        return incoming.headers.get("connection", "").lower() != "close"

    async def _read(self, reader: asyncio.StreamReader, certificate: str) -> Incoming:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= MAX_REQUEST_BYTES:
            raise ValueError("a request body that is too long")
        body = await reader.readexactly(length)
        parts = urlsplit(target)
        return Incoming(
            method=method, path=unquote(parts.path), query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers, body=body, at_s=self._monotonic(), target=target, certificate=certificate,
            secure=self._tls is not None,
        )  # fmt: skip

    def _answer(self, incoming: Incoming) -> tuple[Answer, float, bool]:
        """The answer, how long to wait before it, and whether to drop the connection instead."""
        kind = self.site.kind(incoming)
        if fault := self._take("throttle", kind):
            headers = {"retry-after": str(round(fault.seconds))}
            return Answer(status=429, body={"error": "too many requests"}, headers=headers), 0.0, False
        if self._take("broken", kind):
            return Answer(status=500, body={"error": "internal error"}), 0.0, False
        if self._take("html", kind):
            return Answer(body=b"<!doctype html><title>Sign in</title><p>Please sign in to the network."), 0.0, False
        if self._take("huge", kind):
            return Answer(body=b'{"pad":"' + b"x" * HUGE_BYTES + b'"}'), 0.0, False
        lag = self._take("slow-to-enforce", kind) if kind == "write" else None
        lie = self._take("lying", kind) if kind == "write" else None
        before = copy.deepcopy(self.site.state) if lie else None
        answer = self.site.handle(incoming, lag.seconds if lag else 0.0)
        if lie:
            self.site.state = before
        slow = self._take("slow", kind)
        return answer, slow.seconds if slow else 0.0, self._take("lost-answer", kind) is not None

    def _take(self, name: FaultName, kind: str) -> Fault | None:
        """The fault if it is on for this kind of request; counts it down."""
        fault = self._faults.get(name)
        if fault is None or fault.on not in {"all", f"{kind}s"}:
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._faults[name]
        return fault


def _shown(writer: asyncio.StreamWriter) -> str:
    """The common name in the client's certificate; nothing where it showed none."""
    found: dict[str, Any] | None = writer.get_extra_info("peercert")
    subject: tuple[tuple[tuple[str, str], ...], ...] = (found or {}).get("subject", ())
    return next((value for part in subject for name, value in part if name == "commonName"), "")


async def _end_rest() -> None:
    """End what began while the server was being closed, and let its connections go."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for _ in range(3):  # one turn for a connection, one for the TLS around it, one to spare
        await asyncio.sleep(0)


def serve(site: Site, *, name: str = "simulator") -> Simulator:
    """Start a simulator of this site."""
    return Simulator(site, name=name).start()
