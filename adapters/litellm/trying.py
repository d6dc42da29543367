"""Trying what a correction forbids, as a caller would, and judging the answer by the lever's own words only.

A mistyped key is refused too, and proves nothing; a call below a limit passes, and proves nothing either.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from adapters.contract import Malformed, Planned, Reply, Throttled
from adapters.litellm import files, wire
from adapters.litellm.levers import words_of

Outcome = Literal["refused", "passed", "cannot-tell"]
_OK, _BAD, _UNKNOWN, _FORBIDDEN = 200, 400, 401, 403
LIMITS = {
    "rpm": "rpm_limit", "tpm": "tpm_limit", "parallel": "max_parallel_requests", "model-rpm": "model_rpm_limit",
}  # fmt: skip
_LIMITERS = {
    "key.rpm": ("api_key", "requests"), "key.tpm": ("api_key", "tokens"),
    "key.parallel": ("api_key", "max_parallel_requests"), "key.model-rpm": ("model_per_key", "requests"),
    "team.rpm": ("team", "requests"), "team.tpm": ("team", "tokens"),
}  # fmt: skip
_LIMITED = re.compile(
    r"Rate limit exceeded for (?P<whose>[a-z_]+): .*"
    r"Limit type: (?P<kind>[a-z_]+)\. Current limit: (?P<most>[0-9]{1,12})"
)
_DENIED = {
    "key.models": {"key_model_access_denied"}, "team.models": {"team_model_access_denied"},
    "model.delist": {"key_model_access_denied", "team_model_access_denied"},
}  # fmt: skip
_TOOL = {
    "type": "function",
    "function": {"name": "standdown_probe", "description": "none", "parameters": {"type": "object", "properties": {}}},
}


def limited(planned: Planned, fault: Throttled) -> tuple[Outcome, str]:
    """What 429 says: only the gateway's own limiter counts, for this very limit. A model behind it answers 429 too."""
    said = "" if fault.reply is None else (wire.error_of(fault.reply).message or "")
    told = _LIMITED.search(said)
    if told is None or (told["whose"], told["kind"]) != _LIMITERS.get(planned.lever):
        return "cannot-tell", "limited, and not by this limit"
    verb = planned.lever.partition(".")[2].removeprefix("model-")
    if planned.direction == "contain" and int(told["most"]) > int(planned.params.get(verb) or 0):
        return "cannot-tell", "limited by a higher limit than this correction's"
    return "refused", "limited"


def _is_limit(planned: Planned) -> bool:
    return planned.lever.partition(".")[2] in LIMITS


def ask(planned: Planned) -> dict[str, Any]:
    """One chat call of one token that does what is forbidden."""
    text = "ping"
    if planned.lever == "words.forbid":
        text = (words_of(planned.params.get("words", "")) or ["ping"])[0]
    body: dict[str, Any] = {
        "model": planned.params["probe_model"],
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 1,
    }
    return {**body, "tools": [_TOOL]} if planned.lever == "tools.forbid" else body


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction."""
    if reply.status == _OK:
        return _answered(planned, reply)
    if _own_refusal(planned, reply):
        return "refused", "blocked" if planned.lever.endswith((".block", ".file")) else "refused as planned"
    return "cannot-tell", "refused for another reason than this correction"


def _answered(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    try:
        wire.read(wire.Choices, reply)
    except Malformed as fault:
        return "cannot-tell", fault.detail
    if planned.lever == "model.reroute":
        return _who_answered(planned, reply)
    if planned.lever == files.LEVER and _who_answered(planned, reply)[0] == "refused":
        return "cannot-tell", "another model answered"
    if _is_limit(planned) and _above_zero(planned):
        return "cannot-tell", "below the limit"
    return "passed", "answered"


def _above_zero(planned: Planned) -> bool:
    verb = planned.lever.partition(".")[2]
    value = json.loads(planned.wanted.get(LIMITS[verb], "null"))
    if verb == "model-rpm":
        value = value.get(planned.params.get("model", ""))
    return value not in {0, None}


def _who_answered(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """The gateway says in a header which deployment answered; the body names what was asked for."""
    answered = reply.headers.get("x-litellm-model-id", "")
    if not answered:
        return "cannot-tell", "the gateway does not say which deployment answered"
    if answered in json.loads(planned.params.get("deployments", "[]")):
        return "passed", "the model itself answered"
    return "refused", "another model answered"


def _own_refusal(planned: Planned, reply: Reply) -> bool:  # noqa: PLR0911  one answer for each lever
    error = wire.error_of(reply)
    said = (error.message or "").lower()
    match planned.lever:
        case "key.block":
            return (reply.status, error.type) == (_UNKNOWN, "auth_error") and "key is blocked" in said
        case "team.block":
            named = f"team={planned.selector.lower()} is blocked"
            return (reply.status, error.type) == (_UNKNOWN, "auth_error") and named in said
        case files.LEVER if reply.status == _BAD:  # its entry was taken out
            return "invalid model name" in said and planned.model.lower() in said
        case "model.block" | files.LEVER:
            return (reply.status, error.type) == (_FORBIDDEN, "permission_error") and "blocked" in said
        case "key.routes":
            return reply.status == _FORBIDDEN and "not allowed to call this route" in wire.detail_of(reply).lower()
        case "tools.forbid" | "words.forbid":
            by = error.provider_specific_fields.guardrail_name
            return reply.status == _BAD and by == planned.selector
        case _:
            return reply.status == _FORBIDDEN and error.type in _DENIED.get(planned.lever, set())
