"""Trying what a correction forbids, as a caller would, and judging the answer by OpenAI's own words only.

The words for a model that a project may not use were seen in public reports of real accounts; those for limits are
documented; those for a tool that is switched off are not known, so that a refusal there proves nothing.
"""

from __future__ import annotations

from typing import Any, Literal

from adapters.contract import Malformed, Planned, Reply, Throttled
from adapters.limits import is_higher
from adapters.openai_admin import wire

Outcome = Literal["refused", "passed", "cannot-tell"]
LEAST_TOKENS = 16  # the fewest that POST /responses takes
_OK, _UNKNOWN, _FORBIDDEN = 200, 401, 403
_LIMITS = {"rpm": "x-ratelimit-limit-requests", "tpm": "x-ratelimit-limit-tokens"}
_DEAD = frozenset({"member.remove", "key.delete", "account.delete", "project.archive"})
_DENYING = frozenset({"project.models", "model.deny"})
_TOOL = {"web_search": {"type": "web_search"}, "image_generation": {"type": "image_generation"}}


def ask(planned: Planned) -> dict[str, Any]:
    """One small call that does what is forbidden; nothing of it is stored."""
    body: dict[str, Any] = {
        "model": planned.model, "input": "ping", "max_output_tokens": LEAST_TOKENS, "store": False,
    }  # fmt: skip
    tools = [_TOOL[name] for name in planned.params.get("tools", "").split(", ") if name in _TOOL]
    return {**body, "tools": tools} if tools else body


def limited(planned: Planned, fault: Throttled) -> Outcome:
    """What 429 says: only "rate limit exceeded" is a limit's own refusal; a quota that is used up is another thing."""
    error = wire.error_of(fault.reply) if fault.reply is not None else wire.ErrorBody()
    verb = planned.lever.partition(".")[2]
    own = verb in _LIMITS and error.code == "rate_limit_exceeded"
    if own and not is_higher(fault.reply, _LIMITS[verb], planned.params.get(verb, "")):
        return "refused"
    return "cannot-tell"


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction."""
    if reply.status == _OK:
        return _answered(planned, reply)
    error = wire.error_of(reply)
    if planned.lever in _DENYING and reply.status == _FORBIDDEN and error.code == "model_not_found":
        said = error.message or ""
        own = "does not have access to model" in said and f"`{planned.model}`" in said
        here = planned.selectors == 0 or f"`{planned.selector}`" in said
        return ("refused", "the project may not use it") if own and here else ("cannot-tell", "another project's key")
    if planned.lever in _DEAD and reply.status == _UNKNOWN and error.type == "invalid_request_error":
        if planned.params.get("let_in") == "yes":
            return "refused", "let in when it was planned, and no more"
        return "cannot-tell", "a mistyped key is refused in the same words, and this one was never seen let in"
    return "cannot-tell", "refused for another reason than this correction"


def _answered(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    try:
        wire.read(wire.Answered, reply)
    except Malformed as fault:
        return "cannot-tell", fault.detail
    verb = planned.lever.partition(".")[2]
    if verb in {"rpm", "tpm"} and planned.params.get(verb) != "0":
        return "cannot-tell", "below the limit"
    return "passed", "answered"
