"""Requests to AWS: to the service that a path names, signed with a secret that never leaves this module.

The secret is in no header: what is sent is a proof of it, good for this request and some minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from adapters.contract import Refused
from adapters.signing import Aws, Bare, Service, route, signed
from console.providers.address import Pin

__all__ = ["Signers", "Signing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One request's service, and the access key that signs it. Its text shows no secret."""

    pin: Pin
    service: Service
    key_id: str
    secret: str = field(repr=False)
    path: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def path_of(self, path: str) -> str:
        """The path at the service."""
        return path if self.path is None else self.path

    def prove(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes, now_ms: int
    ) -> dict[str, str]:
        """The headers with the proof."""
        every = {**headers, **self.headers}
        host, target = url.netloc.decode("ascii"), url.raw_path.decode("ascii")
        bare = Bare(method=method, host=host, target=target, headers=every, body=body)
        return {**every, **signed(self.service, self.key_id, self.secret, bare, now_ms)}


class Signers:
    """The services of one instance, each pinned."""

    __slots__ = ("_aws", "_pins")

    def __init__(self, aws: Aws, *, loopback_only: bool) -> None:
        self._aws = aws
        self._pins = {
            name: Pin.parse(one.url, loopback_only=loopback_only) for name, one in aws.services.items()
        }  # fmt: skip

    @property
    def secret(self) -> str:
        """The name of the access key's secret."""
        return self._aws.secret

    def of(self, path: str, secret: str) -> Signing:
        """How a request of the instance itself is signed.

        Raises:
            Refused: for a path that names none of its services.
        """
        to = route(self._aws, path)
        if to is None:
            raise Refused("the adapter asked for a service outside its provider")
        pin = self._pins[path.removeprefix("/").partition("/")[0]]
        return Signing(
            pin=pin, service=to.service, key_id=self._aws.key_id, secret=secret, path=to.path, headers=to.headers
        )

    def of_caller(self, pin: Pin, word: str) -> Signing | None:
        """How what a caller tries is signed, where its credential is an access key, ID:SECRET; None for another."""
        key_id, colon, secret = word.partition(":")
        if not colon or self._aws.callers is None:
            return None
        return Signing(pin=pin, service=self._aws.callers, key_id=key_id, secret=secret)
