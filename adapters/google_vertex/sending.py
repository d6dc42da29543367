"""Sending what was planned: what stands beside the field is looked at first, and what Google refuses is understood.

A field that is so already is refused by Google in many words; then it is read whether it is so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from adapters.alike import in_order
from adapters.contract import (
    Context,
    OutcomeUnknown,
    Planned,
    Receipt,
    Refused,
    Reply,
    Request,
    Stale,
)
from adapters.google_vertex import wire
from adapters.google_vertex.operating import end_of

Fields = Mapping[str, str]
Look = Callable[[], Awaitable[Fields]]
_OVER = frozenset({wire.BAD, wire.NOT_FOUND, wire.CONFLICT})


async def send(context: Context, requests: Sequence[Request], planned: Planned, then: Fields, look: Look) -> Receipt:
    """Each request in order. `then` is how the fields will be, and `look` says how they are.

    Raises:
        AdapterFault: as `contract.Adapter.apply`.
    """
    return await in_order(requests, lambda request: _one(context, request, planned, then, look))


async def _one(context: Context, request: Request, planned: Planned, then: Fields, look: Look) -> Receipt:
    reply = await context.send(request)
    if reply.status in _OVER:
        if _is_so(await look(), then, request):
            return _receipt(reply, "already-so")
        if reply.status == wire.CONFLICT:
            raise Stale("it was changed after the plan was made, and Google took nothing")
    wire.check(reply, "write")
    service = request.path.split("/")[1]
    if service == "orgpolicy" or request.path.endswith(":cancel") or request.method == "PATCH":
        reply.json()  # done with the answer
        return _receipt(reply)
    ended = await end_of(context, service, reply)
    if ended.how == "failed":
        await _gave_up(planned, then, look, ended.code)
    return _receipt(reply, detail="" if ended.how != "going-on" else "Google goes on with it; the read back tells how")


def _receipt(reply: Reply, outcome: str = "accepted", detail: str = "") -> Receipt:
    return Receipt(
        outcome="already-so" if outcome == "already-so" else "accepted", status=reply.status,
        request_id=reply.request_id, detail=detail,
    )  # fmt: skip


def _is_so(fields: Fields, then: Fields, request: Request) -> bool:
    """Whether the fields are as asked, or the job that is cancelled runs no more."""
    job = "/".join(request.path.removesuffix(":cancel").split("/")[-2:]) if request.path.endswith(":cancel") else ""
    return dict(fields) == dict(then) or (job in then and fields.get(job) == "false")


async def _gave_up(planned: Planned, then: Fields, look: Look, code: str) -> None:
    """Google took the write and then failed. Only the field says what that left behind: nothing wrong, if as asked.

    Raises:
        Refused: where nothing changed.
        OutcomeUnknown: where something did.
    """
    fields = dict(await look())
    if fields == dict(then):
        return
    if fields in (dict(planned.pre), dict(planned.wanted)):
        raise Refused(f"Google took it and then gave up ({code}); nothing was changed")
    raise OutcomeUnknown(f"Google took it and then gave up ({code})")
