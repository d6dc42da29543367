"""A tiny HTTP server on loopback whose control plane is one lever per selector, with faults that can be switched on.

Real sockets, no framework: it counts what reached it, so that a test can say "exactly once".
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Self


@dataclass
class PlainEstate:
    """`blocked` per selector. `lose` writes whose answer is lost, `ignore` writes that are lost before they land.

    `delay_s` lies before an answer, `drip_s` between its bytes.
    """

    blocked: dict[str, bool] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    calls: Counter = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    extra_headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    lose: int = 0
    ignore: int = 0
    fail_writes: list[int] = field(default_factory=list)
    passes: int = 0
    lie: bool = False
    raw: bytes | None = None
    url: str = ""
    connections: int = 0
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        host, found = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{found}"

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self._server is not None and await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = await reader.readline()
        if not line:
            return False
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (row := (await reader.readline()).decode().strip()) != "":
            name, _, value = row.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.calls[f"{method} {path}"] += 1
        self.headers.append(headers)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.raw is not None:
            writer.write(self.raw)
            await writer.drain()
            return False
        status, answer = self._answer(path, body)
        if answer is None:
            return False
        told = "".join(f"{name}: {value}\r\n" for name, value in self.extra_headers.items())
        told += f"content-length: {len(answer)}\r\nx-request-id: r-1\r\n"
        writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n".encode())
        for part in [bytes([one]) for one in answer] if self.drip_s else [answer]:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(self.drip_s)
        return True

    def _answer(self, path: str, body: bytes) -> tuple[int, bytes | None]:
        if path == "/set" and (cut_short := self._write(body)) is not None:
            return cut_short
        if self.body is not None or self.status != 200:
            return self.status, self.body if self.body is not None else b"{}"
        if path.startswith("/use/") and self.blocked.get(path.removeprefix("/use/"), False):
            self.passes -= 1
            return (200 if self.passes >= 0 else 403), b"{}"
        if path.startswith("/get/"):
            return 200, json.dumps({"blocked": self.blocked.get(path.removeprefix("/get/"), False)}).encode()
        return 200, b"{}"

    def _write(self, body: bytes) -> tuple[int, bytes | None] | None:
        given = json.loads(body)
        self.writes.append((given["selector"], body.decode()))
        if self.ignore:
            self.ignore -= 1
            return 0, None
        if self.fail_writes and (status := self.fail_writes.pop(0)) != 200:
            return status, b"{}"
        if not self.lie:
            self.blocked[given["selector"]] = given["blocked"]
        if self.lose:
            self.lose -= 1
            return 0, None
        return None
