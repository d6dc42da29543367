"""Trying what a correction forbids, as a caller would: one Converse call of one token."""

from __future__ import annotations

from typing import Any, Literal

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.levers import DENY, KEY, SCP
from adapters.contract import Malformed, Planned, Reply

MEASURED = frozenset({DENY.name, KEY.name, SCP.name})
_KINDS = {DENY.name: "identity-based policy", SCP.name: "service control policy"}
_UNKNOWN = frozenset({"UnrecognizedClientException", "InvalidClientTokenId"})
Outcome = Literal["refused", "passed", "cannot-tell"]
_OTHER: tuple[Outcome, str] = ("cannot-tell", "refused for another reason than this correction")


def path_of(planned: Planned) -> str:
    """Where the model is called."""
    return f"/model/{wire.quoted(planned.model)}/converse"


def ask() -> dict[str, Any]:
    """One call of one token."""
    return {"inferenceConfig": {"maxTokens": 1}, "messages": [{"content": [{"text": "ping"}], "role": "user"}]}


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction. AWS names the kind of policy that denied."""
    if reply.status < wire.REDIRECTS:
        try:
            wire.read(wire.Answered, reply)
        except Malformed as fault:
            return "cannot-tell", fault.detail
        return "passed", "answered"
    said = wire.fault_of(reply)
    if planned.lever == KEY.name:
        return _key(planned, reply, said)
    told = f"explicit deny in a {_KINDS[planned.lever]}", f"explicit deny in an {_KINDS[planned.lever]}"
    named = any(one in said.sentence for one in told)
    if reply.status == wire.FORBIDDEN and said.code == "AccessDeniedException" and named:
        return "refused", f"denied by a {_KINDS[planned.lever]}"
    return _OTHER


def _key(planned: Planned, reply: Reply, said: wire.Fault) -> tuple[Outcome, str]:
    if reply.status != wire.FORBIDDEN or said.code not in _UNKNOWN:
        return _OTHER
    if planned.params.get("let_in") == "yes":
        return "refused", "known when it was planned, and no more"
    return "cannot-tell", "a mistyped key is refused in the same words, and this one was never seen let in"
