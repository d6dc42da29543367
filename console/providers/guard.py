"""The context lent to adapters: one pinned host, hard deadlines, capped answers, secrets by name, classified faults.

It must never follow a redirect, read proxy settings, or let a secret, a header or a provider's text into a fault.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import email.utils
import json as jsonlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal, NoReturn, Protocol, cast

import httpx

from adapters import local
from adapters.contract import (
    AdapterFault,
    Effect,
    Malformed,
    NotSent,
    OutcomeUnknown,
    Places,
    Refused,
    Reply,
    Request,
    Side,
    Throttled,
)
from console.providers.address import Pin
from console.providers.aws import Signers, Signing
from console.providers.beside import Callers, Services
from console.providers.masking import masked
from console.providers.tokens import Tokens
from console.providers.wire import Wire
from console.runtime.clock import Clock

MAX_REPLY_BYTES: Final = 1 << 20
CALL_DEADLINE_S: Final = 15.0
_DEFAULT_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 3600.0
_TOO_MANY: Final = 429
_UNAUTHENTICATED: Final = 401
_SERVER_FAULT: Final = 500

_NO_PLACES: Final = Places()


def look_once(module: str) -> None:
    """Where this module is not installed, let Python say so at once, and not look on the whole path each time."""
    if find_spec(module) is None:
        sys.modules[module] = cast("ModuleType", None)


look_once("sniffio")  # httpcore asks for it at every lock it makes: a quarter of the processor time of a dispatch

Auth = Literal["bearer", "x-api-key", "none"]
# What one adapter call may write: nothing, anything (probes do what is forbidden), or exactly the signed requests.
Writes = Literal["none", "any"] | frozenset[Request]


class Secrets(Protocol):
    """Where secrets are read by name; None where there is none of that name."""

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        ...


@dataclass(slots=True)
class _Progress:
    """Whether a byte of a request may have left."""

    begun: bool = False

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        if event.endswith(("send_request_headers.started", "send_request_body.started")):
            self.begun = True


@dataclass(frozen=True, slots=True)
class _Proof:
    """Where one call goes and as what, the headers that prove it there, and the key of the certificate it shows."""

    pin: Pin | None
    headers: Mapping[str, str]
    key: str | None = None
    aws: Signing | None = None
    path: str | None = None

    def path_of(self, path: str) -> str:
        """The path there."""
        return self.aws.path_of(path) if self.aws is not None else path if self.path is None else self.path


@dataclass(slots=True, kw_only=True)
class GuardedContext:
    """What one adapter call may use (`adapters.contract.Context`). Made for that call and thrown away after it.

    `writes_begun` counts writes of which a byte may have left, so that the guard can tell "nothing was sent" from
    "the second of two was not sent".
    """

    pin: Pin | None
    wire: Wire
    clock: Clock
    secrets: Secrets
    admin_secret: str | None
    secret_prefix: str
    auth: Auth
    writes: Writes = "none"
    deadline_s: float = CALL_DEADLINE_S
    places: Places = _NO_PLACES
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    callers: Mapping[str, str] = field(default_factory=dict[str, str])
    shown_key: str = ""  # names the secret of the certificate to show; empty where none is shown
    tokens: Tokens | None = None
    callers_side: Callers | None = None
    aws: Signers | None = None
    services: Services | None = None
    ends_ms: int | None = None  # of the whole step, on the boot clock
    writes_begun: int = field(default=0, init=False)
    writes_answered: int = field(default=0, init=False)
    request_ids: list[str] = field(default_factory=list, init=False)

    def now_ms(self) -> int:
        """The console's wall clock."""
        return self.clock.wall_ms()

    def caller_of(self, selector: str) -> str | None:
        """The name of the caller's credential kept for this selector, or None."""
        return self.callers.get(selector)

    async def pause(self, seconds: float) -> bool:
        """Wait, where the step has time for that and for one call more; False at once where it has not."""
        after_ms = self.clock.boot_ms() + int((seconds + self.deadline_s) * 1000)
        if self.ends_ms is not None and after_ms > self.ends_ms:
            return False
        await asyncio.sleep(max(seconds, 0.0))
        return True

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body, as the contract says
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """One call (see the contract).

        Raises:
            AdapterFault: classified as the contract says; also `Refused` for what this adapter call may not do.
        """
        if effect == "write" and self.writes != "any":
            raise Refused("the adapter tried to write what nobody signed")
        body = b"" if json is None else _encode(json)
        content_type = None if json is None else "application/json"
        sent = partial(self._exchange, method, path, body, content_type, effect=effect, fresh=fresh)
        proof = await self._proof(credential, side, path)
        reply = await sent(proof=proof)
        if self._token_refused(reply, proof) and credential == "" and effect == "read":
            return await sent(proof=await self._proof(credential, side, path))
        return reply

    async def send(self, request: Request) -> Reply:
        """Send exactly these bytes with the instance's own authentication, or to its place on this machine.

        Raises:
            AdapterFault: as `call`; `Refused` when the request is not among those that were signed.
        """
        signed = self.writes == "any" or (isinstance(self.writes, frozenset) and request in self.writes)
        if request.effect == "write" and not signed:
            raise Refused("the adapter tried to send what nobody signed")
        if request.method in local.METHODS:
            return await self._locally(request)
        proof = await self._proof("", "control", request.path)
        reply = await self._exchange(
            request.method,
            request.path,
            request_bytes(request),
            request.content_type if request.body else None,
            effect=request.effect,
            proof=proof,
            fresh=request.effect == "write",
        )
        self._token_refused(reply, proof)  # not sent again by itself: whoever dispatches reads first, as ever
        return reply

    async def _locally(self, request: Request) -> Reply:
        """A line or a file of this machine. What may have landed counts as begun, as with HTTP."""
        write = request.effect == "write"
        try:
            reply = await local.carry_out(self.places, request, self.deadline_s)
        except OutcomeUnknown:
            self.writes_begun += write
            raise
        self.writes_begun += write
        self.writes_answered += write
        return reply

    async def _proof(self, credential: str | None, side: Side, path: str) -> _Proof:
        """Where a call goes and what it shows there: the instance's own things to its own address only."""
        if side == "callers":
            return await self._as_caller(credential)
        if self.aws is not None:
            if credential != "":
                raise Refused("a caller's credential is not for the control plane")
            signing = self.aws.of(path, self._word(self.aws.secret))
            return _Proof(signing.pin, {}, aws=signing)
        key = self._secret(self.shown_key) if self.shown_key and credential == "" else None
        pin, there = (self.pin, None) if self.services is None else self.services.of(path)
        return _Proof(pin, await self._authentication(credential), key, path=there)

    async def _authentication(self, credential: str | None) -> dict[str, str]:
        if credential is None or (self.auth == "none" and credential == "" and self.tokens is None):
            return {}
        if credential == "" and self.tokens is not None:
            secret = self._secret(self.tokens.secret_name)
            token = await self.tokens.get(secret, self.wire, self.deadline_s)
            return {"authorization": f"Bearer {token}"}
        name = self.admin_secret if credential == "" else credential
        if name is None:
            return {}
        secret = self._word(name)
        return {"x-api-key": secret} if self.auth == "x-api-key" else {"authorization": f"Bearer {secret}"}

    async def _as_caller(self, credential: str | None) -> _Proof:
        if self.callers_side is None:
            raise Refused("the adapter names no address of callers")
        if credential == "":
            raise Refused("the adapter tried to show the instance's own secret to the callers' side")
        pin, header = self.callers_side.pin, self.callers_side.header
        if credential is None:
            return _Proof(pin, {})
        kept = self._secret(credential)
        if self.callers_side.signs_in(kept):
            token = await self.callers_side.token(credential, kept, self.wire, self.deadline_s)
            return _Proof(pin, {"authorization": f"Bearer {token}"})
        secret = self._word(credential)
        if self.aws is not None and (signing := self.aws.of_caller(pin, secret)) is not None:
            return _Proof(pin, {}, aws=signing)
        return _Proof(pin, {"authorization": f"Bearer {secret}"} if header == "bearer" else {header: secret})

    def _token_refused(self, reply: Reply, proof: _Proof) -> bool:
        """Whether a fetched token no longer counts there; the next call then fetches another."""
        if reply.status != _UNAUTHENTICATED:
            return False
        shown = proof.headers.get("authorization", "").partition(" ")[2]
        if self.callers_side is not None:
            self.callers_side.forget(shown)
        if self.tokens is None:
            return False
        self.tokens.forget(shown)
        return True

    def _word(self, name: str) -> str:
        secret = self._secret(name)
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise NotSent("its credential on this console is not one plain word")
        return secret

    def _secret(self, name: str) -> str:
        secret = self.secrets.get(self.secret_prefix + name)
        if secret is None:
            raise NotSent("no credential for it is kept on this console")
        return secret

    async def _exchange(  # the one place where bytes leave
        self,
        method: str,
        path: str,
        body: bytes,
        content_type: str | None,
        *,
        effect: Effect,
        proof: _Proof,
        fresh: bool,
    ) -> Reply:
        if not (method.isascii() and method.isalpha()) or method in local.METHODS:
            raise Refused("the adapter used a method that is none")
        if proof.pin is None:
            raise NotSent("it has no address: people act here by hand")
        url = proof.pin.url(proof.path_of(path))
        headers = {**self.headers, **proof.headers}
        if content_type is not None:
            headers["content-type"] = content_type
        if proof.aws is not None:
            headers = proof.aws.prove(method, url, headers, body, self.clock.wall_ms())
        progress = _Progress()
        client = self.wire.client(fresh=fresh or effect == "write", key=proof.key)
        sent = client.build_request(
            method, url, content=body or None, headers=headers, extensions={"trace": progress.trace}
        )
        try:
            async with asyncio.timeout(self.deadline_s):
                reply = await self._receive(client, sent)
        except TimeoutError:
            self._lost(progress, effect, f"{proof.pin.place}: no answer within {self.deadline_s:g} s")
        except _Overlong as fault:
            self._begun(progress, effect)
            if effect == "write":
                raise OutcomeUnknown(str(fault)) from None
            raise Malformed(str(fault)) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as fault:
            self._lost(progress, effect, f"{proof.pin.place}: {_what_broke(fault)}")
        self._begun(progress, effect)
        return self._judge(masked(reply, self._known(proof)), effect, fresh=fresh)

    def _known(self, proof: _Proof) -> list[str]:
        """What of ours the provider may say back: what this call showed, and all that is kept for this instance."""
        names = {self.admin_secret, *self.callers.values()} - {None}
        kept = [self.secrets.get(f"{self.secret_prefix}{name}") for name in names]
        return [*(one for one in kept if one), *(value.rpartition(" ")[2] for value in proof.headers.values())]

    async def _receive(self, client: httpx.AsyncClient, request: httpx.Request) -> Reply:
        began_ms = self.clock.boot_ms()
        answer = await client.send(request, stream=True)
        try:
            if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise _Overlong(f"{self._place} answered in a compressed form that was not asked for")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_REPLY_BYTES:
                    raise _Overlong(f"{self._place} answered more than 1 MiB")
        finally:
            await answer.aclose()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        elapsed_ms = max(0, self.clock.boot_ms() - began_ms)
        self.wire.took(elapsed_ms)
        return Reply(status=answer.status_code, headers=headers, body=bytes(body), elapsed_ms=elapsed_ms)

    @property
    def _place(self) -> str:
        return "the provider" if self.pin is None else self.pin.place

    def _begun(self, progress: _Progress, effect: Effect) -> None:
        if progress.begun and effect == "write":
            self.writes_begun += 1

    def _lost(self, progress: _Progress, effect: Effect, told: str) -> NoReturn:
        """No answer: what may be concluded depends on whether a byte left."""
        self._begun(progress, effect)
        if effect == "write" and progress.begun:
            raise OutcomeUnknown(told) from None
        raise NotSent(told) from None

    def _judge(self, reply: Reply, effect: Effect, *, fresh: bool) -> Reply:
        if reply.request_id is not None:
            self.request_ids.append(reply.request_id)
        if reply.status == _TOO_MANY:
            if effect == "write":
                self.writes_begun -= 1  # the provider says that it did nothing
            wait_s = _retry_after_s(reply.headers.get("retry-after"), self.clock)
            raise Throttled(f"{self._place} asks to wait {wait_s:g} s", wait_s, reply)
        if reply.status >= _SERVER_FAULT and not (fresh and effect == "read"):
            told = f"{self._place} answered {reply.status}"
            raise OutcomeUnknown(told) if effect == "write" else NotSent(told)
        if effect == "write":
            self.writes_answered += 1
        return reply


class _Overlong(Exception):
    """An answer the console does not read to its end."""


def request_bytes(request: Request) -> bytes:
    """The exact body of a signed request.

    Raises:
        Refused: when its base64 is none.
    """
    if request.encoding == "text":
        return request.body.encode()
    try:
        return base64.b64decode(request.body.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused("the signed request's body is not base64") from None


def _encode(value: object) -> bytes:
    return jsonlib.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _what_broke(fault: Exception) -> str:
    """One clause for people. Never the fault's own text: it may quote what was sent or received."""
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(fault, httpx.RemoteProtocolError):
        return "the connection ended without a whole answer"
    return f"the connection broke ({type(fault).__name__})"


def _retry_after_s(text: str | None, clock: Clock) -> float:
    if text is None:
        return _DEFAULT_WAIT_S
    try:
        wait = float(text)
    except ValueError:
        try:
            when = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return _DEFAULT_WAIT_S
        wait = when.timestamp() - clock.wall_ms() / 1000
    if wait != wait:  # noqa: PLR0124  NaN is what differs from itself
        return _DEFAULT_WAIT_S
    return min(max(wait, 0.0), _LONGEST_WAIT_S)


def scrub(fault: AdapterFault, secrets: tuple[str, ...], most: int = 300) -> AdapterFault:
    """The same fault with every secret taken out of its text, one line, capped."""
    told = " ".join(fault.detail.split())
    for secret in secrets:
        if secret:
            told = told.replace(secret, "[secret]")
    told = "".join(letter for letter in told if letter.isprintable())[:most]
    if isinstance(fault, Throttled):
        return Throttled(told, min(max(fault.retry_after_s, 0.0), _LONGEST_WAIT_S))
    if isinstance(fault, Refused):
        return Refused(told, fault.status)
    return type(fault)(told)
