"""Operations that end later: Azure answers 201 or 202, and says where to ask how it went.

What cannot be learnt here is learnt by reading back: the write itself was accepted.
"""

from __future__ import annotations

from adapters.azure_openai import wire
from adapters.contract import AdapterFault, Context, Reply
from adapters.operations import Ended, follow, path_of, retry_after_s

_LATER = frozenset({201, 202})
_STILL = 202
_WAIT_S = 1.0


async def end_of(context: Context, reply: Reply, base_url: str) -> Ended:
    """How a write that was answered with this ended, as far as this step has time to learn it."""
    status_at = reply.headers.get("azure-asyncoperation", "")
    result_at = reply.headers.get("location", "") if reply.status in _LATER else ""
    if not status_at and not result_at:
        return Ended("succeeded")
    try:
        path = path_of(status_at or result_at, base_url)
        return await follow(context, path, _status if status_at else _result, retry_after_s(reply, _WAIT_S))
    except AdapterFault:
        return Ended("going-on")


def _status(reply: Reply) -> Ended:
    """An operation's own status."""
    said = wire.read(wire.Operation, wire.check(reply, "operation"))
    match said.status.lower():
        case "succeeded":
            return Ended("succeeded")
        case "failed" | "canceled" | "cancelled":
            return Ended("failed", wire.word(said.error.code if said.error else said.status))
        case _:
            return Ended("going-on")


def _result(reply: Reply) -> Ended:
    """The result's address: 202 while it goes on, a success when it is done, a refusal when it failed."""
    if reply.status == _STILL:
        return Ended("going-on")
    if reply.status < wire.REDIRECTS:
        return Ended("succeeded")
    return Ended("failed", wire.word(wire.fault_of(reply).code))
