"""A network that fails between the console's guard and a provider: it passes on, or misbehaves at the n-th request.

It is real: sockets of this machine, on the loop of the story that uses it. It must never be used but in tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.conformance import messages
from adapters.conformance.certificates import serving
from adapters.conformance.lent import Address, Lent, place_of
from adapters.conformance.troubles import Drips, Elsewhere, Trouble, answer_of

HERE: Final = "127.0.0.1"
_MOST_BYTES: Final = 64 * 1024 * 1024
_PATIENCE_S: Final = 60.0  # for a provider that does not answer at all: nothing waits without an end
_DRIPS: Final = 400
Hurry = Callable[[], None]
Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class _Lane:
    """One address of the provider, and where the network stands in for it."""

    scheme: str
    upstream: Address
    server: asyncio.Server
    idle: list[Talk] = field(default_factory=list["Talk"])

    @property
    def address(self) -> Address:
        return HERE, int(self.server.sockets[0].getsockname()[1])


class BadNetwork:
    """Between one guard and its provider for one story. With `expired` its certificates have, on every address.

    `heard` counts requests that arrived since it was told what to do, `written` those of them that write.
    """

    def __init__(self, lent: Lent, hurry: Hurry, *, expired: bool = False) -> None:
        self._lent = lent
        self._hurry = hurry
        self._expired = expired
        self._lanes: dict[Address, _Lane] = {}
        self._trouble: Trouble | None = None
        self._writing = 0
        self._folder = ""
        self._local: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self.elsewhere = Elsewhere()
        self.socket = ""
        self.heard = 0
        self.written = 0

    # -- life ----------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def standing(self) -> AsyncGenerator[BadNetwork]:
        """Listen for as long as this lasts."""
        try:
            for url in self._lent.urls():
                await self._listen(url)
            if self._lent.places.socket:
                await self._listen_locally()
            yield self
        finally:
            await self._end()

    async def _listen(self, url: str) -> None:
        scheme, upstream = place_of(url)
        if upstream in self._lanes:
            return
        tls = serving(frozenset({upstream[0]}), expired=self._expired) if scheme == "https" or self._expired else None

        async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._lasting(self._answer(lane, reader, writer), writer)

        server = await asyncio.start_server(came, HERE, 0, ssl=tls, limit=_MOST_BYTES)
        lane = self._lanes[upstream] = _Lane(scheme, upstream, server)

    async def _listen_locally(self) -> None:
        async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._lasting(self._answer_line(reader, writer), writer)

        if self._lent.places.socket.startswith(f"{HERE}:"):
            self._local = await asyncio.start_server(came, HERE, 0)
            self.socket = f"{HERE}:{self._local.sockets[0].getsockname()[1]}"
            return
        self._folder = tempfile.mkdtemp(prefix="sd-")
        self.socket = str(Path(self._folder) / "s")
        self._local = await asyncio.start_unix_server(came, self.socket)

    async def _end(self) -> None:
        for server in (*(lane.server for lane in self._lanes.values()), self._local):
            if server is not None:
                server.close()
        for lane in self._lanes.values():
            for _, writer in lane.idle:
                writer.transport.abort()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self.elsewhere.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def dial(self, host: str, port: int) -> Address:
        """Where a connection to this address goes: into the network where it is the provider's, else as it says."""
        lane = self._lanes.get((host, port))
        return (host, port) if lane is None else lane.address

    # -- what it is told -----------------------------------------------------------------------------------------------

    def misbehave(self, trouble: Trouble | None) -> None:
        """From now on so, and count anew; None: pass everything on."""
        self._trouble = trouble
        self.heard = self.written = 0

    @contextlib.contextmanager
    def writing(self, *, really: bool) -> Generator[None]:
        """What arrives while this lasts is a write."""
        self._writing += really
        try:
            yield
        finally:
            self._writing -= really

    def _due(self) -> Trouble | None:
        """What becomes of the request that has just arrived."""
        write = self._writing > 0
        self.heard += 1
        self.written += write
        told = self._trouble
        if told is None or (told.writes and not write):
            return None
        at = (self.written if told.writes else self.heard) - 1
        return told if at == told.nth or (told.lasting and at > told.nth) else None

    # -- one connection ------------------------------------------------------------------------------------------------

    async def _lasting(self, work: Coroutine[Any, Any, None], writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        try:
            await task
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            writer.transport.abort()  # either side went away: nothing more to say here
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._under_way.discard(task)
            writer.close()

    async def _answer(self, lane: _Lane, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        again = True
        while again:
            try:
                request = await messages.request(reader)
            except asyncio.IncompleteReadError:
                return  # it sent all that it has to say
            due = self._due()
            passed = await self._passed_on(lane, request) if due is None or due.passes else b""
            answer = passed if due is None else answer_of(due, self.elsewhere, passed)
            again = isinstance(answer, bytes) and not messages.ends(answer)
            await self._say(answer, reader, writer)

    async def _answer_line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        due = self._due()
        passed = b""
        if due is None or due.passes:
            passed = await _told(*await _connected(self._lent.places.socket), line)
        await self._say(passed if due is None else answer_of(due, self.elsewhere, passed, plain=True), reader, writer)

    async def _say(
        self, answer: bytes | Drips | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if answer is None:
            writer.transport.abort()
        elif isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            writer.write(answer.begin)
            await writer.drain()
            self._hurry()  # the deadline comes while it still drips, and nobody has to wait for it
            for _ in range(_DRIPS):
                if reader.at_eof() or writer.is_closing():
                    return
                writer.write(answer.drop)
                await asyncio.sleep(0.01)

    async def _passed_on(self, lane: _Lane, request: bytes) -> bytes:
        """What the provider answers. A write has a connection of its own, as at the guard."""
        if lane.idle and not self._writing:
            with contextlib.suppress(OSError, EOFError):  # it may have been ended there since: then on a new one
                return await self._exchanged(lane, lane.idle.pop(), request)
        return await self._exchanged(lane, await self._to(lane), request)

    async def _exchanged(self, lane: _Lane, talk: Talk, request: bytes) -> bytes:
        reader, writer = talk
        try:
            writer.write(request)
            await writer.drain()
            answer = await asyncio.wait_for(messages.answer(reader, request), _PATIENCE_S)
        except BaseException:
            writer.transport.abort()
            raise
        if messages.ends(answer):
            writer.close()
        else:
            lane.idle.append(talk)
        return answer

    async def _to(self, lane: _Lane) -> Talk:
        host, port = lane.upstream
        tls = self._lent.tls if lane.scheme == "https" else None
        return await asyncio.open_connection(host, port, ssl=tls, limit=_MOST_BYTES)


async def _connected(socket: str) -> Talk:
    if socket.startswith(f"{HERE}:"):
        return await asyncio.open_connection(HERE, int(socket.partition(":")[2]))
    return await asyncio.open_unix_connection(socket)


async def _told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """All that is answered until the other side ends."""
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(-1), _PATIENCE_S)
    finally:
        writer.close()
