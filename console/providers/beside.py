"""What an instance reaches beside its own address: further services, and where callers come, each pinned.

It must never let a token out to an address that the adapter's settings do not name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from adapters.access import Access, CallerHeader, SignIn, parted
from adapters.contract import Refused
from console.providers import assertion
from console.providers.address import Pin
from console.providers.tokens import Clients, Tokens
from console.runtime.clock import Clock

__all__ = ["Callers", "Services", "signing_in"]


class Services:
    """The addresses of one instance, by the first step of a path."""

    __slots__ = ("_pins",)

    def __init__(self, services: Mapping[str, str], *, loopback_only: bool) -> None:
        self._pins = {name: Pin.parse(url, loopback_only=loopback_only) for name, url in services.items()}

    def of(self, path: str) -> tuple[Pin, str]:
        """Where a path goes, and as what.

        Raises:
            Refused: for a path that names none of them.
        """
        name, there = parted(path)
        pin = self._pins.get(name)
        if pin is None:
            raise Refused("the adapter asked for a service outside its provider")
        return pin, there


class Callers:
    """The callers' side of one instance: a token for each caller whose credential is a service account's key."""

    __slots__ = ("_clock", "_sign_in", "_tokens", "header", "pin")

    def __init__(self, pin: Pin, header: CallerHeader, sign_in: SignIn | None, clock: Clock) -> None:
        self.pin = pin
        self.header = header
        self._sign_in = sign_in
        self._clock = clock
        self._tokens: dict[str, tuple[bytes, Tokens]] = {}

    @property
    def known(self) -> tuple[str, ...]:
        """Their last tokens, so that they can be taken out of texts."""
        return tuple(token for _, one in self._tokens.values() for token in one.known)

    def signs_in(self, credential: str) -> bool:
        """Whether this credential is exchanged for a token, and not shown itself."""
        return self._sign_in is not None and assertion.is_service_key(credential)

    async def token(self, name: str, credential: str, clients: Clients, deadline_s: float) -> str:
        """A token of the caller whose key is kept under this name; another key there signs in anew.

        Raises:
            NotSent, Refused, Throttled, Malformed: as `Tokens.get`.
        """
        if self._sign_in is None:
            raise Refused("callers do not sign in here")
        key = hashlib.sha256(credential.encode()).digest()
        kept, tokens = self._tokens.get(name, (b"", None))
        if tokens is None or kept != key:
            tokens = Tokens(self._sign_in, self._clock)
            self._tokens[name] = (key, tokens)
        return await tokens.get(credential, clients, deadline_s)

    def forget(self, refused: str) -> None:
        """Take note that this token was refused: the next call of its caller fetches another."""
        for _, one in self._tokens.values():
            one.forget(refused)


def signing_in(access: Access, clock: Clock, *, loopback_only: bool) -> tuple[Tokens | None, Callers | None]:
    """Where an adapter signs in, and where callers come; each address is pinned.

    Raises:
        BadAddress: for an address that is none, or in a drill is not this machine.
    """
    tokens = callers = None
    if access.sign_in is not None:
        Pin.parse(access.sign_in.url, loopback_only=loopback_only)
        tokens = Tokens(access.sign_in, clock)
    if access.callers is not None:
        side = access.callers
        if side.sign_in is not None:
            Pin.parse(side.sign_in.url, loopback_only=loopback_only)
        callers = Callers(Pin.parse(side.url, loopback_only=loopback_only), side.header, side.sign_in, clock)
    return tokens, callers
