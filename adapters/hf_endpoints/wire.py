"""What Hugging Face says of its Inference Endpoints, read tolerantly. Shapes: its client (huggingface_hub 2.0.0)."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.contract import Malformed, Refused, Reply

Model = TypeVar("Model", bound=BaseModel)
REDIRECTS, REFUSALS, NOT_FOUND = 300, 400, 404
PAUSED, RUNNING, ASLEEP = "paused", "running", "scaledToZero"
STARTING = frozenset({"pending", "initializing", "updating"})


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Scaling(Said):
    """How many replicas there may be."""

    least: int = Field(alias="minReplica")
    most: int = Field(alias="maxReplica")


class Compute(Said):
    """What it runs on."""

    scaling: Scaling


class Served(Said):
    """Which model it serves."""

    repository: str


class State(Said):
    """How it is: "paused", "running", "scaledToZero" and others."""

    state: str


class Endpoint(Said):
    """An endpoint; `type` says who may call it."""

    name: str
    type: str = ""
    compute: Compute
    model: Served
    status: State


class Endpoints(Said):
    """GET /endpoint/NAMESPACE."""

    items: list[Endpoint]


def quoted(step: str) -> str:
    """One step of a path."""
    return quote(step, safe="")


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(f"Hugging Face answered {reply.status} with something its client does not have") from fault


def check(reply: Reply, what: str) -> Reply:
    """The reply, if it is a success. Its sentence is not quoted.

    Raises:
        Refused: for a status of 400 or more.
        Malformed: for a redirect.
    """
    if reply.status < REDIRECTS:
        return reply
    if reply.status < REFUSALS:
        raise Malformed(f"{what}: Hugging Face sends elsewhere ({reply.status})")
    raise Refused(f"{what}: Hugging Face refused with {reply.status}", reply.status)
