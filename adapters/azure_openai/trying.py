"""Trying what a correction forbids at the account's own endpoint, with a caller's key, judged in Azure's own words."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from adapters.azure_openai import wire
from adapters.azure_openai.levers import CLOSE, DELETE, FORBID, KEYS, PAUSE
from adapters.contract import Malformed, Planned, Reply

Outcome = Literal["refused", "passed", "cannot-tell"]
_API = "api-version=2024-10-21"
_OK, _BAD, _FORBIDDEN, _LOCKED = 200, 400, 403, 423
MEASURED = frozenset({CLOSE.name, KEYS.name, FORBID.name, PAUSE.name, DELETE.name})


def path_of(planned: Planned) -> str:
    """A chat with the deployment."""
    name = planned.params.get("deployment") or planned.selector
    return f"/openai/deployments/{quote(name, safe='')}/chat/completions?{_API}"


def ask(planned: Planned) -> dict[str, Any]:
    """A chat of one token that does what is forbidden."""
    said = planned.params.get("term", "ping") if planned.lever == FORBID.name else "ping"
    return {"messages": [{"role": "user", "content": said}], "max_tokens": 1}


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction."""
    if reply.status == _OK:
        try:
            wire.read(wire.Choices, reply)
        except Malformed as fault:
            return "cannot-tell", fault.detail
        return "passed", "it answered"
    if _own(planned, reply.status, wire.fault_of(reply)):
        return "refused", "refused as planned"
    return "cannot-tell", "refused for another reason than this correction"


def _own(planned: Planned, status: int, fault: wire.Fault) -> bool:
    match planned.lever:
        case PAUSE.name:
            return status == _LOCKED and bool(fault.code or fault.message)
        case DELETE.name:
            return (status, fault.code) == (wire.NOT_FOUND, "DeploymentNotFound")
        case CLOSE.name:
            return status == _FORBIDDEN and fault.message.startswith("Public access is disabled")
        case KEYS.name:
            return (status, fault.code) == (_FORBIDDEN, "AuthenticationTypeDisabled")
        case FORBID.name:
            return (status, fault.code) == (_BAD, "content_filter") and _by(fault, planned.params.get("blocklist", ""))
        case _:
            return False


def _by(fault: wire.Fault, blocklist: str) -> bool:
    """Whether it was this blocklist; older versions list what newer ones put into `details`."""
    told: Any = fault.innererror.get("content_filter_result")
    lists: Any = told.get("custom_blocklists") if isinstance(told, dict) else None
    found: Any = lists.get("details") if isinstance(lists, dict) else lists
    if not isinstance(found, list):
        return False
    return any(isinstance(one, dict) and one.get("id") == blocklist and one.get("filtered") for one in found)
