"""The context lent to adapters: one pinned host, hard deadlines, capped answers, secrets by name, classified faults.

It must never follow a redirect, read proxy settings, or let a secret, a header or a provider's text into a fault.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal, NoReturn, cast

import httpx

from adapters import local
from adapters.bounds import below
from adapters.contract import (
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
from adapters.membership import MEMBER
from console.providers.masking import masked
from console.providers.proofs import Proof, Proofs
from console.providers.replies import Overlong, encoded, receive, request_bytes, retry_after_s, what_broke
from console.runtime.clock import Clock

CALL_DEADLINE_S: Final = 15.0
_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500

_NO_PLACES: Final = Places()


def look_once(module: str) -> None:
    """Where this module is not installed, let Python say so at once, and not look on the whole path each time."""
    if find_spec(module) is None:
        sys.modules[module] = cast("ModuleType", None)


look_once("sniffio")  # httpcore asks for it at every lock it makes: a quarter of the processor time of a dispatch

# What one adapter call may write: nothing, anything (probes do what is forbidden), or exactly the signed requests.
Writes = Literal["none", "any"] | frozenset[Request]


@dataclass(slots=True)
class _Progress:
    """Whether a byte of a request may have left."""

    begun: bool = False

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        if event.endswith(("send_request_headers.started", "send_request_body.started")):
            self.begun = True


@dataclass(slots=True, kw_only=True)
class GuardedContext:
    """What one adapter call may use (`adapters.contract.Context`). Made for that call and thrown away after it.

    `writes_begun` counts writes of which a byte may have left, so that the guard can tell "nothing was sent" from
    "the second of two was not sent".
    """

    proofs: Proofs
    clock: Clock
    writes: Writes = "none"
    deadline_s: float = CALL_DEADLINE_S
    places: Places = _NO_PLACES
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    headers_below: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    ends_ms: int | None = None  # of the whole step, on the boot clock
    writes_begun: int = field(default=0, init=False)
    writes_answered: int = field(default=0, init=False)
    request_ids: list[str] = field(default_factory=list, init=False)
    read: dict[str, bytes] = field(default_factory=dict, init=False)  # what was answered, by path: a check asks for it

    def now_ms(self) -> int:
        """The console's wall clock."""
        return self.clock.wall_ms()

    def caller_of(self, selector: str) -> str | None:
        """The name of the caller's credential kept for this selector, or None."""
        return self.proofs.callers.get(selector)

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
        body = b"" if json is None else encoded(json)
        content_type = None if json is None else "application/json"
        sent = partial(self._exchange, method, path, body, content_type, effect=effect, fresh=fresh)
        proof = await self.proofs.prove(credential, side, path)
        reply = await sent(proof=proof)
        if self.proofs.refused(reply, proof) and credential == "" and effect == "read":
            reply = await sent(proof=await self.proofs.prove(credential, side, path))
        if (method, effect, credential, side) == ("GET", "read", "", "control"):
            self.read[path] = reply.body
        return reply

    async def send(self, request: Request) -> Reply:
        """Send exactly these bytes with the instance's own authentication, or to its place on this machine.

        Raises:
            AdapterFault: as `call`; `Refused` when the request is not among those that were signed.
        """
        signed = self.writes == "any" or (isinstance(self.writes, frozenset) and request in self.writes)
        if request.effect == "write" and not signed:
            raise Refused("the adapter tried to send what nobody signed")
        if request.method == MEMBER:
            raise Refused("what says who stands in a set is made into an exact write first, and never sent")
        if request.method in local.METHODS:
            return await self._locally(request)
        proof = await self.proofs.prove("", "control", request.path)
        reply = await self._exchange(
            request.method,
            request.path,
            request_bytes(request),
            request.content_type if request.body else None,
            effect=request.effect,
            proof=proof,
            fresh=request.effect == "write",
        )
        # not sent again by itself: whoever dispatches reads first, as ever
        if self.proofs.refused(reply, proof) == "token" and request.effect == "write":
            self.writes_begun -= 1  # it came to nothing, and its provider refused nothing but the token
            self.writes_answered -= 1
            raise NotSent(f"{self._place} no longer takes the token we had: another is fetched at the next try")
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

    async def _exchange(  # the one place where bytes leave
        self,
        method: str,
        path: str,
        body: bytes,
        content_type: str | None,
        *,
        effect: Effect,
        proof: Proof,
        fresh: bool,
    ) -> Reply:
        if not (method.isascii() and method.isalpha()) or method in local.METHODS:
            raise Refused("the adapter used a method that is none")
        if proof.pin is None:
            raise NotSent("it has no address: people act here by hand")
        url = proof.pin.url(proof.path_of(path))
        headers = {**self.headers, **below(self.headers_below, path), **proof.headers}
        if content_type is not None:
            headers["content-type"] = content_type
        if proof.aws is not None:
            headers = proof.aws.prove(method, url, headers, body, self.clock.wall_ms())
        progress = _Progress()
        client = self.proofs.wire.client(fresh=fresh or effect == "write", key=proof.key)
        sent = client.build_request(
            method, url, content=body or None, headers=headers, extensions={"trace": progress.trace}
        )
        try:
            async with asyncio.timeout(self.deadline_s):
                reply = await receive(client, sent, self.clock, self._place)
        except TimeoutError:
            self._lost(progress, effect, f"{proof.pin.place}: no answer within {self.deadline_s:g} s")
        except Overlong as fault:
            self._begun(progress, effect)
            if effect == "write":
                raise OutcomeUnknown(str(fault)) from None
            raise Malformed(str(fault)) from None
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as fault:
            self._lost(progress, effect, f"{proof.pin.place}: {what_broke(fault)}")
        self._begun(progress, effect)
        self.proofs.wire.took(reply.elapsed_ms)
        self.proofs.wire.dates.note(proof.pin, reply, self.clock.boot_ms())
        return self._judge(masked(reply, self.proofs.told_by(proof)), effect, fresh=fresh)

    @property
    def _place(self) -> str:
        return "the provider" if self.proofs.pin is None else self.proofs.pin.place

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
            wait_s = retry_after_s(reply.headers.get("retry-after"), self.clock)
            raise Throttled(f"{self._place} asks to wait {wait_s:g} s", wait_s, reply)
        if reply.status >= _SERVER_FAULT and not (fresh and effect == "read"):
            told = f"{self._place} answered {reply.status}"
            raise OutcomeUnknown(told) if effect == "write" else NotSent(told)
        if effect == "write":
            self.writes_answered += 1
        return reply
