"""The one place an instance may be spoken to at: an origin and a path below it, from which no path leads away."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import httpx

from adapters.contract import Refused
from console.domain.errors import WrongUse


class BadAddress(WrongUse):
    """A base URL the console will not speak to."""


@dataclass(frozen=True, slots=True)
class Pin:
    """The one origin (and path prefix) an instance may be spoken to at."""

    scheme: str
    host: str
    port: int | None
    prefix: str

    @staticmethod
    def parse(base_url: str, *, loopback_only: bool = False) -> Pin:
        """Read a base URL.

        Raises:
            BadAddress: when it is not plain http(s), carries user, query or fragment, or is not loopback in a drill.
        """
        try:
            url = httpx.URL(base_url)
        except httpx.InvalidURL:
            raise BadAddress("The provider's address is not a URL.", "Give one like https://gateway.example.") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise BadAddress("The provider's address is not http or https.", "Give one like https://gateway.example.")
        if url.userinfo or url.query or url.fragment:
            raise BadAddress("The provider's address holds more than host and path.", "Leave user, ? and # out.")
        if loopback_only and not _is_loopback(url.host):
            raise BadAddress("A drill speaks to this machine only.", "Use the practice estate's own address.")
        return Pin(url.scheme, url.host, url.port, url.path.rstrip("/"))

    @property
    def place(self) -> str:
        """What people call it in a fault: host and port."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, or one at the other end of a tunnel that begins here."""
        return _is_loopback(self.host)

    def url(self, path: str) -> httpx.URL:
        """The full URL of a path below the pin.

        Raises:
            Refused: for a path that would leave the pinned origin or prefix.
        """
        plain = path.partition("?")[0].replace("%2e", ".").replace("%2E", ".")
        leaves = ".." in plain.split("/") or "\\" in path or not path.isascii() or not path.isprintable()
        if not path.startswith("/") or path.startswith("//") or leaves or " " in path or "#" in path:
            raise Refused("the adapter asked for a path outside its provider")
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        made = httpx.URL(f"{self.scheme}://{host}{port}{self.prefix}{path}")
        if (made.scheme, made.host, made.port) != (self.scheme, self.host, self.port):
            raise Refused("the adapter asked for another host than its own")
        return made


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
