"""Trying what a correction forbids, as a caller would: one call of one token, judged in Google's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from adapters.contract import Malformed, Planned, Reply
from adapters.google_vertex import wire
from adapters.google_vertex.levers import DENY, EVERYONE, FORBID, QUIET, UNDEPLOY, Settings

Outcome = Literal["refused", "passed", "cannot-tell"]
MEASURED = frozenset({DENY.name, EVERYONE.name, FORBID.name, QUIET.name, UNDEPLOY.name})
_OTHER: tuple[Outcome, str] = ("cannot-tell", "refused for another reason than this correction")
_ANTHROPIC = "2026-10-21"  # what Anthropic's own client sends to Vertex AI


@dataclass(frozen=True, slots=True)
class Ask:
    """One call, and what a real answer to it is."""

    path: str
    body: Any
    answer: type[BaseModel]


def ask(settings: Settings, planned: Planned) -> Ask | None:
    """The smallest call of what is corrected; None for a publisher whose calls are not known here."""
    place, surface = f"/v1/{settings.place}", planned.surface_key
    if surface.startswith("endpoints/"):
        body = {"instances": [wire.loaded(settings.sample)]}
        return Ask(f"{place}/{surface}:predict", body, wire.Predictions)
    match surface.split("/"):
        case ["publishers", "google", "models", _]:
            said: Any = {"contents": [{"role": "user", "parts": [{"text": "ping"}]}]}
            said["generationConfig"] = {"maxOutputTokens": 1}
            return Ask(f"{place}/{surface}:generateContent", said, wire.Candidates)
        case ["publishers", "anthropic", "models", _]:
            one = {"role": "user", "content": "ping"}
            asked: Any = {"anthropic_version": _ANTHROPIC, "max_tokens": 1, "messages": [one]}
            return Ask(f"{place}/{surface}:rawPredict", asked, wire.Content)
        case _:
            return None


def answered(asked: Ask, reply: Reply) -> bool:
    """Whether a reply is a real answer.

    Raises:
        Malformed: when it says 200 and is none.
    """
    if reply.status >= wire.REDIRECTS:
        return False
    wire.read(asked.answer, reply)
    return True


def judge(planned: Planned, asked: Ask, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says of this correction."""
    try:
        if answered(asked, reply):
            return "passed", "answered"
    except Malformed as fault:
        return "cannot-tell", fault.detail
    said = wire.fault_of(reply)
    match planned.lever:
        case DENY.name | EVERYONE.name:
            return _denied(planned, reply, said)
        case FORBID.name:
            told = "constraints/vertexai.allowedModels violated" in said.message
            named = planned.surface_key.rpartition("/")[2] in said.message
            own = (reply.status, said.status) == (wire.BAD, "FAILED_PRECONDITION") and told and named
            return ("refused", "refused by the organisation's policy") if own else _OTHER
        case _:
            own = (reply.status, said.status) == (wire.BAD, "FAILED_PRECONDITION")
            told = "doesn't have traffic_split" in said.message
            return ("refused", "the endpoint has no traffic to give") if own and told else _OTHER


def _denied(planned: Planned, reply: Reply, said: wire.Fault) -> tuple[Outcome, str]:
    own = (reply.status, said.status) == (wire.FORBIDDEN, "PERMISSION_DENIED")
    if not own or "endpoints.predict" not in said.message:
        return _OTHER
    if planned.params.get("let_in") == "yes":
        return "refused", "let in when it was planned, and no more"
    return "cannot-tell", "who was never granted it is refused in the same words, and this one was not seen let in"
