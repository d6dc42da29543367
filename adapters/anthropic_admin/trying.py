"""Trying what a correction forbids, as a caller would. Only types and codes are matched: sentences may change."""

from __future__ import annotations

import json
from typing import Any, Literal

from adapters.anthropic_admin import wire
from adapters.contract import Malformed, Planned, Reply, Throttled
from adapters.limits import is_higher

Outcome = Literal["refused", "passed", "cannot-tell"]
_OK, _UNKNOWN = 200, 401
_LIMITS = {"rpm": "anthropic-ratelimit-requests-limit", "tpm": "anthropic-ratelimit-output-tokens-limit"}


def ask(planned: Planned) -> dict[str, Any]:
    """One call of one token."""
    return {"model": planned.model, "max_tokens": 1, "messages": [{"role": "user", "content": "ping"}]}


def limited(planned: Planned, fault: Throttled) -> tuple[Outcome, str]:
    """What 429 says: a limit's own refusal has no code; one for money has."""
    error = wire.error_of(fault.reply)
    verb = planned.lever.partition(".")[2]
    if verb in _LIMITS and error.type == "rate_limit_error" and not error.code:
        if is_higher(fault.reply, _LIMITS[verb], planned.params.get(verb, "")):
            return "cannot-tell", "limited by a higher limit than this correction's"
        return "refused", "limited"
    return "cannot-tell", f"limited for another reason {error.code}".strip()


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction."""
    if reply.status == _OK:
        return _answered(planned, reply)
    dead = reply.status == _UNKNOWN and wire.error_of(reply).type == "authentication_error"
    if dead and not _is_limit(planned):
        if planned.params.get("let_in") == "yes":
            return "refused", "let in when it was planned, and no more"
        return "cannot-tell", "a mistyped key is refused in the same words, and this one was never seen let in"
    return "cannot-tell", "refused for another reason than this correction"


def _is_limit(planned: Planned) -> bool:
    return planned.lever.partition(".")[2] in _LIMITS


def _answered(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    try:
        wire.read(wire.Answered, reply)
    except Malformed as fault:
        return "cannot-tell", fault.detail
    if _is_limit(planned) and any(json.loads(text) for text in planned.wanted.values()):
        return "cannot-tell", "below the limit"
    return "passed", "answered"
