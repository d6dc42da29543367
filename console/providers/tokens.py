"""The short-lived token of an instance that signs in by OAuth: fetched, kept in memory, renewed.

It must never reach a log, a fault or a disk; neither must the secret it is fetched with.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.access import SignIn
from adapters.contract import Malformed, NotSent, Refused, Throttled
from console.providers import assertion
from console.runtime.clock import Clock

_RENEW_BEFORE_S: Final = 300.0
_SHARE_OF_LIFE: Final = 10  # a token of a minute is renewed in its last tenth
_LONGEST_LIFE_S: Final = 86_400.0
_KNOWN: Final = 8
_MAX_BYTES: Final = 64 * 1024
_OK, _REFUSALS, _TOO_MANY, _BROKEN, _UNAUTHENTICATED = 200, 400, 429, 500, 401
_BEARER: Final = "bearer"
_WORD: Final = re.compile(r"[a-z_]{1,40}\Z")


class _Token(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    access_token: str
    expires_in: float = Field(allow_inf_nan=False)
    token_type: str = _BEARER


class _No(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    error: str = ""


class Clients(Protocol):
    """Where a client without the instance's own certificate comes from (`wire.Wire`)."""

    def client(self, *, fresh: bool) -> httpx.AsyncClient:
        """A client."""
        ...


class Tokens:
    """The token of one sign-in, for one event loop. Concurrent calls wait for one fetch."""

    __slots__ = ("_clock", "_ends_ms", "_fetching", "_known", "_renew_ms", "_sign_in", "_token", "_url")

    def __init__(self, sign_in: SignIn, clock: Clock) -> None:
        self._sign_in = sign_in
        self._url = httpx.URL(sign_in.url)
        self._clock = clock
        self._token = ""
        self._known: list[str] = []
        self._renew_ms = self._ends_ms = 0
        self._fetching = asyncio.Lock()

    @property
    def known(self) -> tuple[str, ...]:
        """The last tokens, those that no longer count too, so that they can be taken out of texts."""
        return tuple(self._known)

    @property
    def secret_name(self) -> str:
        """The name of the secret with which a token is fetched."""
        return self._sign_in.secret

    def forget(self, refused: str) -> None:
        """The provider refused this token: the next call fetches another, unless one has come meanwhile."""
        if self._token == refused:
            self._token = ""

    async def get(self, secret: str, clients: Clients, deadline_s: float) -> str:
        """A token that is good for a while.

        Raises:
            NotSent: when the sign-in gives no answer; Refused, Throttled: when it says so; Malformed for anything else.
        """
        if self._fresh():
            return self._token
        async with self._fetching:
            if self._fresh():
                return self._token
            try:
                await self._fetch(secret, clients, deadline_s)
            except (NotSent, Throttled):
                if not self._token or self._clock.boot_ms() >= self._ends_ms:
                    raise
            return self._token

    def _fresh(self) -> bool:
        return bool(self._token) and self._clock.boot_ms() < self._renew_ms

    async def _fetch(self, secret: str, clients: Clients, deadline_s: float) -> None:
        began_ms = self._clock.boot_ms()
        status, body = await self._post(self._form(secret), clients.client(fresh=True), deadline_s)
        self._check(status, body)
        try:
            found = _Token.model_validate_json(body)
        except ValidationError:
            raise Malformed("the sign-in answered something that is no token") from None
        plain = found.access_token.isascii() and found.access_token.isprintable() and " " not in found.access_token
        if not found.access_token or not plain or found.token_type.lower() != _BEARER:
            raise Malformed("the sign-in answered something that is no bearer token")
        life_s = min(max(found.expires_in, 0.0), _LONGEST_LIFE_S)
        early_s = min(_RENEW_BEFORE_S, life_s / _SHARE_OF_LIFE)
        self._token = found.access_token
        self._known = [found.access_token, *self._known[: _KNOWN - 1]]
        self._ends_ms = began_ms + int(life_s * 1000)
        self._renew_ms = began_ms + int((life_s - early_s) * 1000)

    def _form(self, secret: str) -> dict[str, str]:
        """What is asked for, and what proves who asks: a secret, or what a key signs."""
        now_s = self._clock.wall_ms() // 1000
        if self._sign_in.grant == "signed-token":
            return {"grant_type": assertion.GRANT, "assertion": assertion.granted(self._sign_in, secret, now_s)}
        form = {
            "grant_type": "client_credentials", "client_id": self._sign_in.client, "scope": self._sign_in.scope,
        }  # fmt: skip
        if not self._sign_in.certificate:
            return {**form, "client_secret": secret}
        signed = assertion.signed(self._sign_in, secret, now_s)
        return {**form, "client_assertion_type": assertion.TYPE, "client_assertion": signed}

    async def _post(self, form: dict[str, str], client: httpx.AsyncClient, deadline_s: float) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(deadline_s), client.stream("POST", self._url, data=form) as answer:
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > _MAX_BYTES:
                        raise Malformed("the sign-in answered more than a token")
                return answer.status_code, bytes(body)
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError):
            raise NotSent(f"the sign-in at {self._url.host} gave no answer") from None

    def _check(self, status: int, body: bytes) -> None:
        if status == _OK:
            return
        if status == _TOO_MANY:
            raise Throttled("the sign-in asks to wait", 30.0)
        if status >= _BROKEN:
            raise NotSent(f"the sign-in at {self._url.host} answered {status}")
        if status < _REFUSALS:
            raise Malformed(f"the sign-in answered {status}, which is no token")
        try:
            word = _No.model_validate_json(body).error
        except ValidationError:
            word = ""
        said = f" ({word})" if _WORD.fullmatch(word) else ""
        raise Refused(f"the sign-in refused this client{said}", _UNAUTHENTICATED)
