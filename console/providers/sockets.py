"""The connections to one provider, kept and handed out with little work: httpcore's own pool looks through all of them.

It sends nothing again and follows nothing. What it raises is httpx', as whoever calls expects.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from typing import Final, cast

import httpcore
import httpx

_KEPT_S: Final = 5.0  # idle for longer, a connection may be closing at the other end
_OURS: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}


class Sockets(httpx.AsyncBaseTransport):
    """At most `most` calls under way, and at most `keep` idle connections between them; with 0 each call makes its own.

    Use it on one event loop. After `aclose` it may be used again.
    """

    def __init__(
        self, verify: ssl.SSLContext, *, most: int, keep: int, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._verify = verify
        self._network = network
        self._keep = keep
        self._turn = asyncio.Semaphore(most)
        self._idle: list[httpcore.AsyncHTTPConnection] = []  # the last one used at the end
        self._busy: set[httpcore.AsyncHTTPConnection] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it on an idle connection or a new one. The answer's stream has to be closed."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port,
            target=request.url.raw_path,
        )  # fmt: skip
        sent = httpcore.Request(
            method=request.method, url=url, headers=request.headers.raw,
            content=cast("AsyncIterable[bytes]", request.stream), extensions=request.extensions,
        )  # fmt: skip
        await self._turn.acquire()
        connection: httpcore.AsyncHTTPConnection | None = None
        try:
            connection = await self._take(url.origin)
            with _as_httpx():
                found = await connection.handle_async_request(sent)
        except BaseException:
            await self.put_back(connection, good=False)
            raise
        return httpx.Response(
            status_code=found.status, headers=found.headers, extensions=found.extensions,
            stream=_Answer(self, connection, found),
        )  # fmt: skip

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        for at in reversed(range(len(self._idle))):
            if self._idle[at].can_handle_request(origin):
                found = self._idle.pop(at)
                self._busy.add(found)
                if not found.has_expired():
                    return found
                self._busy.discard(found)
                await found.aclose()
                return await self._take(origin)
        made = httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._verify, keepalive_expiry=_KEPT_S, network_backend=self._network
        )
        self._busy.add(made)
        return made

    async def put_back(self, connection: httpcore.AsyncHTTPConnection | None, *, good: bool = True) -> None:
        """A call is over. What can be used again is kept, and the connection that was idle longest let go where due."""
        self._turn.release()
        ended: list[httpcore.AsyncHTTPConnection] = []
        if connection is not None:
            open_still = connection in self._busy  # where everything was closed meanwhile, it is closed already
            self._busy.discard(connection)
            again = good and open_still and connection.is_idle() and len(self._idle) < self._keep
            (self._idle if again else ended).append(connection)
        if self._idle and self._idle[0].has_expired():
            ended.append(self._idle.pop(0))
        for one in ended:
            await one.aclose()

    async def aclose(self) -> None:
        """Close every connection, also those in use."""
        ended = [*self._idle, *self._busy]
        self._idle.clear()
        self._busy.clear()
        for one in ended:
            await one.aclose()


class _Answer(httpx.AsyncByteStream):
    """The body of one answer; its end gives the connection back."""

    def __init__(self, sockets: Sockets, connection: httpcore.AsyncHTTPConnection, found: httpcore.Response) -> None:
        self._sockets = sockets
        self._connection: httpcore.AsyncHTTPConnection | None = connection
        self._found = found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in cast("AsyncIterable[bytes]", self._found.stream):
                yield part

    async def aclose(self) -> None:
        """Give the connection back, once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await self._found.aclose()
            finally:
                await self._sockets.put_back(connection)


@contextmanager
def _as_httpx() -> Generator[None]:
    try:
        yield
    except Exception as fault:
        told = _OURS.get(type(fault))
        if told is None:
            raise
        raise told(str(fault)) from fault


__all__ = ["Sockets"]
