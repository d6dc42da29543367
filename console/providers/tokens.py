"""The short-lived token of an instance that signs in by OAuth: fetched, kept in memory, renewed.

It must never reach a log, a fault or a disk; neither must the secret it is fetched with.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.access import SignIn
from adapters.contract import AdapterFault
from console.providers import assertion, unsigned
from console.runtime.clock import Clock

_RENEW_BEFORE_S: Final = 300.0
_SHARE_OF_LIFE: Final = 10  # a token of a minute is renewed in its last tenth
_LONGEST_LIFE_S: Final = 86_400.0
_KNOWN: Final = 8
_MAX_BYTES: Final = 64 * 1024
_BEARER: Final = "bearer"
_REST_MS: Final = 30_000  # while an old token is good, a sign-in that fails holds up no call but one in so long
_YOUNG_MS: Final = 60_000


class _Token(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    access_token: str
    expires_in: float = Field(allow_inf_nan=False)
    token_type: str = _BEARER


class Clients(Protocol):
    """Where a client without the instance's own certificate comes from (`wire.Wire`)."""

    def client(self, *, fresh: bool) -> httpx.AsyncClient:
        """A client."""
        ...


class Tokens:
    """The token of one sign-in, for one event loop. Concurrent calls wait for one fetch, and for one failure."""

    __slots__ = (
        "_began_ms", "_clock", "_ends_ms", "_failed", "_failures", "_fetching", "_known", "_renew_ms", "_sign_in",
        "_token", "_url",
    )  # fmt: skip

    def __init__(self, sign_in: SignIn, clock: Clock) -> None:
        self._sign_in = sign_in
        self._url = httpx.URL(sign_in.url)
        self._clock = clock
        self._token = ""
        self._known: list[str] = []
        self._began_ms = self._renew_ms = self._ends_ms = 0
        self._fetching = asyncio.Lock()
        self._failed: AdapterFault | None = None
        self._failures = 0

    @property
    def known(self) -> tuple[str, ...]:
        """The last tokens, those that no longer count too, so that they can be taken out of texts."""
        return tuple(self._known)

    @property
    def secret_name(self) -> str:
        """The name of the secret with which a token is fetched."""
        return self._sign_in.secret

    def forget(self, refused: str) -> bool:
        """The provider refused this token: the next call fetches another, unless one has come meanwhile.

        Whether that may be for the token's own sake: it is not as new as can be, or its life is over by its own word.
        """
        if self._token != refused:
            return True
        now_ms = self._clock.boot_ms()
        self._token = ""
        return now_ms >= self._ends_ms or now_ms - self._began_ms >= _YOUNG_MS

    async def get(self, secret: str, clients: Clients, deadline_s: float) -> str:
        """A token that is good for a while. Where none can be had, one that was had goes on to its own end.

        Raises:
            Throttled: when the sign-in asks to wait; NotSent: for anything else (the provider itself was not asked).
        """
        if self._fresh():
            return self._token
        failures = self._failures
        async with self._fetching:
            if self._fresh():
                return self._token
            if self._failed is not None and self._failures != failures:
                raise self._failed  # while this call waited for its turn: it does not wait as long once more
            try:
                await self._fetch(secret, clients, deadline_s)
            except AdapterFault as fault:
                now_ms = self._clock.boot_ms()
                if self._token and now_ms < self._ends_ms:
                    self._renew_ms = min(self._ends_ms, now_ms + _REST_MS)
                    return self._token
                self._failed, self._failures = fault, self._failures + 1
                raise
            return self._token

    def _fresh(self) -> bool:
        return bool(self._token) and self._clock.boot_ms() < self._renew_ms

    async def _fetch(self, secret: str, clients: Clients, deadline_s: float) -> None:
        began_ms = self._clock.boot_ms()
        heard = await self._post(self._form(secret), clients.client(fresh=True), deadline_s)
        if (fault := unsigned.refused(self._url.host, heard, self._clock)) is not None:
            raise fault
        try:
            found = _Token.model_validate_json(heard.body)
        except ValidationError:
            raise unsigned.no_token(self._url.host, "something that is no token") from None
        plain = found.access_token.isascii() and found.access_token.isprintable() and " " not in found.access_token
        if not found.access_token or not plain or found.token_type.lower() != _BEARER:
            raise unsigned.no_token(self._url.host, "something that is no bearer token")
        life_s = min(max(found.expires_in, 0.0), _LONGEST_LIFE_S)
        early_s = min(_RENEW_BEFORE_S, life_s / _SHARE_OF_LIFE)
        self._token = found.access_token
        self._known = [found.access_token, *self._known[: _KNOWN - 1]]
        self._began_ms = began_ms
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

    async def _post(self, form: dict[str, str], client: httpx.AsyncClient, deadline_s: float) -> unsigned.Heard:
        try:
            async with asyncio.timeout(deadline_s), client.stream("POST", self._url, data=form) as answer:
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > _MAX_BYTES:
                        raise unsigned.no_token(self._url.host, "more than a token")
                return unsigned.Heard(answer.status_code, answer.headers, bytes(body))
        except (httpx.HTTPError, httpx.StreamError, TimeoutError, OSError) as fault:
            raise unsigned.no_answer(self._url.host, fault) from None
