"""What a vLLM server says, read tolerantly. Shapes: vLLM's own sources (Apache-2.0); no server was run."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

OK, NOT_FOUND = 200, 404
_SAMPLE = re.compile(r"^vllm:num_requests_(running|waiting)(?:\{[^}]*\})? ([0-9.eE+-]+)\s*$", re.MULTILINE)


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Card(Said):
    """A model, or an adapter: then `parent` is its model and `root` where it was loaded from."""

    id: str
    root: str | None = None
    parent: str | None = None


class Cards(Said):
    """GET /v1/models."""

    data: list[Card]

    def adapters(self) -> dict[str, Card]:
        """Those that are adapters."""
        return {one.id: one for one in self.data if one.parent}

    def models(self) -> list[str]:
        """The names under which the one model is served."""
        return [one.id for one in self.data if not one.parent]


class Sleeping(Said):
    """GET /is_sleeping."""

    is_sleeping: bool


class Chat(Said):
    """An answered call."""

    choices: list[dict[str, Any]]


def written(reply: Reply) -> Reply:
    """The answer to a write, which is empty, one sentence, or the results of a call to the workers.

    Raises:
        Malformed: when it is something else.
    """
    said = reply.body.strip()
    if said and not said.startswith((b"Success", b'{"results"', b'"Success')):
        raise Malformed("the server answered a write with something vLLM does not say")
    return reply


def requests_of(reply: Reply) -> int:
    """How many calls run or wait, by the server's metrics.

    Raises:
        Malformed: when they do not say it.
    """
    found = _SAMPLE.findall(reply.body.decode("utf-8", "replace"))
    if not any(kind == "running" for kind, _ in found):
        raise Malformed("the server's metrics do not count its calls")
    try:
        return sum(int(float(value)) for _, value in found)
    except (ValueError, OverflowError) as fault:
        raise Malformed("the server's metrics hold no number") from fault


def error_of(reply: Reply) -> tuple[str, str]:
    """The kind and the sentence of a refusal; empty where there is none in vLLM's shape, the old or the new one."""
    try:
        said = reply.json()
    except Malformed:
        return "", ""
    inner = said.get("error", said) if isinstance(said, dict) else None
    if not isinstance(inner, dict):
        return "", ""
    kind, message = inner.get("type"), inner.get("message")
    return (kind if isinstance(kind, str) else "", message if isinstance(message, str) else "")


_VOICE = Voice("the server", "vLLM")
read, check = _VOICE.read, _VOICE.check
