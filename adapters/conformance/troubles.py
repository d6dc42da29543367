"""What goes wrong between a guard and its provider, as bytes; and another host, which must never hear of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from adapters.conformance.bent import PAGE
from adapters.conformance.messages import padded
from adapters.contract import AdapterFault, Malformed, NotSent, Refused, Throttled
from adapters.simulator import Answer, Incoming, Simulator

Kind = Literal["broken", "huge", "drip", "cut", "half", "elsewhere", "page", "forbidden", "throttled"]
RETRY_AFTER_S: Final = 17.0
FORBIDDEN: Final = 403
_HUGE_BYTES: Final = 1024 * 1024 + 64 * 1024  # a guard reads 1 MiB

# What a read has to come to, and a write that may have landed. A definite no and a request to wait are the provider's
# word that it did nothing.
READS: Final[dict[Kind, type[AdapterFault]]] = {
    "broken": NotSent, "huge": Malformed, "drip": NotSent, "cut": NotSent, "half": NotSent, "elsewhere": Malformed,
    "page": Malformed, "forbidden": Refused, "throttled": Throttled,
}  # fmt: skip
SAID_NO: Final[dict[Kind, type[AdapterFault]]] = {"forbidden": Refused, "throttled": Throttled}
LANDED: Final[tuple[Kind, ...]] = ("broken", "huge", "drip", "cut", "half", "elsewhere", "page")
IN_PART: Final[tuple[Kind, ...]] = ("broken", "forbidden", "cut")  # tried at a later one of several writes
OF_LINES: Final[frozenset[Kind]] = frozenset({"huge", "drip", "cut", "page"})  # a local socket has no status

TOLD: Final[dict[Kind, str]] = {
    "broken": "a five hundred", "huge": "an answer of over 1 MiB", "drip": "an answer that drips past the deadline",
    "cut": "a connection that ends without an answer", "half": "an answer that ends in its middle",
    "elsewhere": "a redirect to another host", "page": "a page instead of an answer", "forbidden": "a 403",
    "throttled": "a 429",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One fault, at the `nth` request, or write, and where it is lasting from there on.

    What `lands` is passed on first, and only its answer is lost.
    """

    kind: Kind
    nth: int = 0
    writes: bool = False
    lands: bool = False
    lasting: bool = False

    @property
    def passes(self) -> bool:
        """Whether the provider hears of the request."""
        return self.lands or (self.kind == "huge" and not self.writes)


@dataclass(frozen=True, slots=True)
class Drips:
    """An answer that begins, and then comes drop by drop and never to an end."""

    begin: bytes
    drop: bytes


def answer_of(trouble: Trouble, elsewhere: Elsewhere, passed: bytes, *, plain: bool = False) -> bytes | Drips | None:
    """What is said; None: the connection ends. With `plain` to a line, which has no head.

    What is too long is the answer that would have `passed`, where there is one: it is wrong in nothing but its length.
    """
    if trouble.kind == "cut":
        return None
    if trouble.kind == "drip":
        return Drips(b"" if plain else _head(200, "OK"), b" ")
    if plain:
        return PAGE if trouble.kind == "page" else passed + b" " * _HUGE_BYTES
    if trouble.kind == "huge" and (longer := padded(passed, b" " * _HUGE_BYTES)):
        return longer
    return _ANSWERS[trouble.kind](elsewhere)


def _head(status: int, reason: str, *more: str) -> bytes:
    typed = () if any(one.startswith("content-type") for one in more) else ("content-type: application/json",)
    lines = (f"HTTP/1.1 {status} {reason}", *typed, *more, "", "")
    return "\r\n".join(lines).encode()


def _whole(status: int, reason: str, body: bytes, *more: str) -> bytes:
    return _head(status, reason, *more, f"content-length: {len(body)}") + body


@functools.cache
def _too_much() -> bytes:
    return _whole(200, "OK", b'{"pad":"' + b"x" * _HUGE_BYTES + b'"}')


_ANSWERS: Final[dict[Kind, Callable[[Elsewhere], bytes]]] = {
    "broken": lambda _: _whole(500, "Internal Server Error", b'{"error":{"message":"it broke"}}'),
    "huge": lambda _: _too_much(),
    "half": lambda _: _head(200, "OK", "content-length: 4000", "connection: close") + b'{"half":',
    "elsewhere": lambda elsewhere: _whole(307, "Temporary Redirect", b"", f"location: {elsewhere.url}/taken"),
    "page": lambda _: _whole(200, "OK", PAGE, "content-type: text/html"),
    "forbidden": lambda _: _whole(FORBIDDEN, "Forbidden", b'{"error":{"message":"not for you"}}'),
    "throttled": lambda _: _whole(429, "Too Many Requests", b"{}", f"retry-after: {RETRY_AFTER_S:g}"),
}


class Elsewhere:
    """Another host, to which a redirect leads. It keeps what came: nothing may."""

    state: object = None

    def __init__(self) -> None:
        self._server: Simulator | None = None

    @property
    def url(self) -> str:
        """Where it is; it listens from the first time on that this is asked."""
        if self._server is None:
            self._server = Simulator(self, name="elsewhere").start()
        return self._server.url

    def came(self) -> list[Incoming]:
        """What came."""
        return [] if self._server is None else self._server.requests()

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Whatever it is."""
        del incoming
        return "read"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Friendly, as whoever collects secrets is."""
        del incoming, enforce_lag_s
        return Answer(body={})

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
            self._server = None
