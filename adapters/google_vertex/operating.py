"""Operations that end later: Google answers with a name, below which to ask how it went.

What cannot be learnt here is learnt by reading back: the write itself was accepted.
"""

from __future__ import annotations

import re

from adapters.contract import AdapterFault, Context, Reply
from adapters.google_vertex import wire
from adapters.operations import Ended, follow

_VERSIONS = {"aiplatform": "v1", "iam": "v2", "serviceusage": "v1beta1"}
_NAME = re.compile(r"(?:[A-Za-z0-9_.%-]+/)*operations/[A-Za-z0-9_.-]+")
_FIRST_LOOK_S = 0.05


async def end_of(context: Context, service: str, reply: Reply) -> Ended:
    """How a write that was answered with this operation ended, as far as this step has time to learn it.

    Raises:
        Malformed: when it is no operation.
    """
    begun = wire.read(wire.Operation, reply)
    if begun.done:
        return _look(begun)
    plain = _NAME.fullmatch(begun.name) and ".." not in begun.name
    if not plain:
        return Ended("going-on")
    try:
        return await follow(context, f"/{service}/{_VERSIONS[service]}/{begun.name}", _ended, _FIRST_LOOK_S)
    except AdapterFault:
        return Ended("going-on")


def _ended(reply: Reply) -> Ended:
    return _look(wire.read(wire.Operation, wire.check(reply, "operation")))


def _look(operation: wire.Operation) -> Ended:
    if not operation.done:
        return Ended("going-on")
    if operation.error is None or not operation.error.code:
        return Ended("succeeded")
    return Ended("failed", f"code {operation.error.code}")
