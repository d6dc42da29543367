"""Contexts around another one: one that keeps what was asked, one whose provider misbehaves."""

from __future__ import annotations

from typing import Any

from adapters.contract import AdapterFault, Context, Effect, NotSent, Reply, Request, Side

PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to the network."


class Overheard:
    """A context that keeps what an adapter asked of the one inside."""

    def __init__(self, inner: Context) -> None:
        self._inner = inner
        self.calls: list[tuple[str, str, Effect, str | None, bool]] = []
        self.sent: list[Request] = []

    def now_ms(self) -> int:
        """The inner clock."""
        return self._inner.now_ms()

    def caller_of(self, selector: str) -> str | None:
        """As the one inside."""
        return self._inner.caller_of(selector)

    async def pause(self, seconds: float) -> bool:
        """The inner one's patience."""
        return await self._inner.pause(seconds)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """Note it and pass it on."""
        self.calls.append((method, path, effect, credential, fresh))
        if side == "control":  # said only where it matters, so that a context of before still fits
            return await self._inner.call(method, path, json=json, effect=effect, credential=credential, fresh=fresh)
        return await self._inner.call(
            method, path, json=json, effect=effect, credential=credential, fresh=fresh, side=side
        )

    async def send(self, request: Request) -> Reply:
        """Note it and pass it on."""
        self.sent.append(request)
        return await self._inner.send(request)


class Bent(Overheard):
    """A context whose provider misbehaves: it answers what it is told to, or loses the answer to a write.

    `answer` replaces every answer; `fault` is raised instead; with `after` a write lands first.
    """

    def __init__(
        self, inner: Context, *, answer: Reply | None = None, fault: AdapterFault | None = None, after: bool = False
    ) -> None:
        super().__init__(inner)
        self._answer = answer
        self._fault = fault
        self._after = after

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401  any JSON body
        effect: Effect,
        credential: str | None = "",
        fresh: bool = False,
        side: Side = "control",
    ) -> Reply:
        """Bent, unless only writes are."""
        if self._after and effect == "read":
            return await super().call(
                method, path, json=json, effect=effect, credential=credential, fresh=fresh, side=side
            )
        self.calls.append((method, path, effect, credential, fresh))
        return self._bend()

    async def send(self, request: Request) -> Reply:
        """Bent; with `after` it lands first, and a read is not bent."""
        if self._after and request.effect == "read":
            return await super().send(request)
        if self._after:
            await super().send(request)
        else:
            self.sent.append(request)
        return self._bend()

    def _bend(self) -> Reply:
        if self._fault is not None:
            raise self._fault
        if self._answer is None:
            raise NotSent("nothing to say")
        return self._answer


def reply(status: int, body: bytes, content_type: str = "application/json") -> Reply:
    """A made-up reply."""
    return Reply(status=status, headers={"content-type": content_type}, body=body, elapsed_ms=1)
