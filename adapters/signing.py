"""How a request to AWS is signed (Signature Version 4) and to which of its services it goes. Pure: no socket, no clock.

Part of the contract's context: whoever sends calls it with a secret of its own; an adapter never holds one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of AWS: its address, and the name and region by which requests to it are signed.

    A service with a `target` names its actions in a header: the path is then the action alone.
    """

    url: str
    name: str
    region: str
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """An access key, the name of its secret, and the services that it may speak to, by the first step of a path.

    `/iam/?Action=GetUser` goes to the service "iam" as `/?Action=GetUser`. No other service can be reached. `callers`
    says how what a caller tries is signed, where its credential is an access key.
    """

    key_id: str
    secret: str
    services: Mapping[str, Service] = field(default_factory=dict[str, Service])
    callers: Service | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where a request goes, as what, and with which headers beside the signature."""

    service: Service
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def route(aws: Aws, path: str) -> Routed | None:
    """The service that a path names; None where it names none of them."""
    first, slash, rest = path.removeprefix("/").partition("/")
    service = aws.services.get(first)
    if service is None or not slash or not path.startswith("/"):
        return None
    if not service.target:
        return Routed(service=service, path=f"/{rest}")
    if not rest.isalpha():
        return None
    return Routed(
        service=service, path="/", headers={"x-amz-target": f"{service.target}.{rest}", "content-type": _JSON}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A request before it is signed. `target` is path and query exactly as they are sent."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def signed(service: Service, key_id: str, secret: str, bare: Bare, now_ms: int) -> dict[str, str]:
    """The two headers that prove a request."""
    stamp = datetime.fromtimestamp(now_ms / 1000, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    own = {"host": bare.host, "x-amz-date": stamp}
    every = {**{name.lower(): " ".join(value.split()) for name, value in bare.headers.items()}, **own}
    names = ";".join(sorted(every))
    path, _, query = bare.target.partition("?")
    canonical = "\n".join(
        (
            bare.method, quote(path or "/", safe="/~"), "&".join(sorted(_pairs(query))),
            *(f"{name}:{every[name]}" for name in sorted(every)), "", names, hashlib.sha256(bare.body).hexdigest(),
        )
    )  # fmt: skip
    scope = f"{stamp[:8]}/{service.region}/{service.name}/aws4_request"
    told = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.new(key, told.encode(), "sha256").hexdigest()
    shown = f"{_ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={proof}"
    return {"x-amz-date": stamp, "authorization": shown}


def _pairs(query: str) -> list[str]:
    """A parameter without a value is signed with an empty one."""
    return [one if "=" in one else f"{one}=" for one in query.split("&") if one]
