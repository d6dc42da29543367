"""What a context lends and where it leads: as the kit hands it on to the console's own guard."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from adapters.access import CallerHeader, Scheme
from adapters.contract import Places
from adapters.signing import Aws

_PORTS = {"http": 80, "https": 443}
Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """Addresses, secrets by name (the admin's first), and how they are shown. `tls` is what the server is trusted by.

    `callers` names the secret of a selector's caller.
    """

    base_url: str
    scheme: Scheme
    secrets: Mapping[str, str] = field(repr=False)
    callers: Mapping[str, str]
    tls: ssl.SSLContext | None
    callers_url: str
    caller_header: CallerHeader
    aws: Aws | None
    services: Mapping[str, str]
    places: Places

    def urls(self) -> tuple[str, ...]:
        """Every address that may be spoken to."""
        signed = () if self.aws is None else tuple(one.url for one in self.aws.services.values())
        found = (self.base_url, self.callers_url, *self.services.values(), *signed)
        return tuple(dict.fromkeys(one for one in found if one))


@runtime_checkable
class Lends(Protocol):
    """A context that says what it lends: `DirectContext` does."""

    def lent(self) -> Lent:
        """All of it."""
        ...


def place_of(url: str) -> tuple[str, Address]:
    """The scheme of an address, and the host and port to which a connection goes."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
