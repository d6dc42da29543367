"""The sockets of one provider. It follows no redirect and reads no proxy setting of the environment."""

from __future__ import annotations

import hashlib
import ssl
from typing import Final

import httpcore
import httpx

from adapters.access import Tls
from console.providers.dates import Dates
from console.providers.sockets import Sockets
from console.providers.tls import context_of

MAX_IN_FLIGHT: Final = 20
_BESIDE: Final = 4  # looks and re-checks: they wait for no call about a target, and no such call waits for them
_AGENT: Final = "standdown"


class Wire:
    """The sockets of one provider. Reads share kept connections; writes and probes open a new one each.

    A write never rides on an idle connection: one that the server is just closing would lose the answer for nothing.
    `network` is how connections are made; the conformance kit leads them through one that misbehaves.
    """

    __slots__ = ("_clients", "_network", "_tls", "_verify", "dates", "slow_ms")

    def __init__(self, tls: Tls | None = None, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._tls = tls
        self._network = network
        self._clients: dict[tuple[bool, bytes], httpx.AsyncClient] = {}
        self._verify: dict[bytes, ssl.SSLContext] = {}
        self.dates = Dates()  # what its answers tell of its clock
        self.slow_ms = 0  # how long an answer takes here lately: the slowest provider is sent to first

    def took(self, elapsed_ms: int) -> None:
        """Take note of how long an answer took."""
        self.slow_ms = (3 * self.slow_ms + elapsed_ms) // 4 if self.slow_ms else elapsed_ms

    def client(self, *, fresh: bool, key: str | None = None) -> httpx.AsyncClient:
        """A client of the asked kind, made at first use on the loop that uses it.

        With `key` it shows the instance's certificate: another client, so that what shows none rides on no such
        connection.

        Raises:
            NotSent: when certificate or key cannot be used.
        """
        shown = b"" if key is None else hashlib.sha256(key.encode()).digest()
        found = self._clients.get((fresh, shown))
        if found is None:
            if shown not in self._verify:
                self._verify[shown] = context_of(self._tls, key)
            found = self._make(self._verify[shown], keep=0 if fresh else MAX_IN_FLIGHT)
            self._clients[fresh, shown] = found
        return found

    def _make(self, verify: ssl.SSLContext, *, keep: int) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            transport=Sockets(verify, most=MAX_IN_FLIGHT + _BESIDE, keep=keep, network=self._network),
            timeout=None,  # noqa: S113  the deadline is total and ours: `GuardedContext`
            headers={"user-agent": _AGENT, "accept": "application/json, */*", "accept-encoding": "identity"},
        )

    async def aclose(self) -> None:
        """Close every connection. The wire may be used again afterwards."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()
