"""What Hugging Face says of its Inference Endpoints, read tolerantly. Shapes: its client (huggingface_hub 2.0.0)."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from adapters.answers import Voice

NOT_FOUND = 404
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


_VOICE = Voice("Hugging Face", "its client")
read, check = _VOICE.read, _VOICE.check
