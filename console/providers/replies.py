"""Bodies out and answers in: read to their end or not at all, how long to wait, and what broke, in words for people.

No word of a provider, no header and no secret gets into a fault.
"""

from __future__ import annotations

import base64
import binascii
import email.utils
import json as jsonlib
from typing import Final

import httpx

from adapters.contract import AdapterFault, Refused, Reply, Request, Throttled
from console.runtime.clock import Clock

MAX_REPLY_BYTES: Final = 1 << 20
_DEFAULT_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 3600.0


async def receive(client: httpx.AsyncClient, request: httpx.Request, clock: Clock, place: str) -> Reply:
    """Send it and read the answer.

    Raises:
        Overlong: for one that is longer than 1 MiB, or compressed.
        httpx.HTTPError, httpx.StreamError, OSError: when the connection breaks.
    """
    began_ms = clock.boot_ms()
    answer = await client.send(request, stream=True)
    try:
        if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise Overlong(f"{place} answered in a compressed form that was not asked for")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise Overlong(f"{place} answered more than 1 MiB")
    finally:
        await answer.aclose()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    elapsed_ms = max(0, clock.boot_ms() - began_ms)
    return Reply(status=answer.status_code, headers=headers, body=bytes(body), elapsed_ms=elapsed_ms)


class Overlong(Exception):
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


def encoded(value: object) -> bytes:
    """A JSON body as it goes out."""
    return jsonlib.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def what_broke(fault: Exception) -> str:
    """One clause for people. Never the fault's own text: it may quote what was sent or received."""
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        return "no connection"
    if isinstance(fault, httpx.RemoteProtocolError):
        return "the connection ended without a whole answer"
    return f"the connection broke ({type(fault).__name__})"


def retry_after_s(text: str | None, clock: Clock) -> float:
    """How long a Retry-After asks to wait, at most an hour; five seconds where it says nothing that can be read."""
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
        return Refused(told, fault.status, fault.instead)
    return type(fault)(told)


__all__ = [
    "MAX_REPLY_BYTES", "Overlong", "encoded", "receive", "request_bytes", "retry_after_s", "scrub", "what_broke",
]  # fmt: skip
