"""What the practice estate says, read tolerantly: unknown fields are ignored, missing ones that matter are faults."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import Malformed, Reply

Model = TypeVar("Model", bound=BaseModel)


class Said(BaseModel):
    """Anything the estate says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Key(Said):
    """A caller's key at a gateway. `rpm` is requests a minute, None without a limit.

    `asked` and `served` count its calls since the estate began; `streams` run now; `users` used it in the last hour.
    """

    id: str
    name: str
    model: str
    blocked: bool
    rpm: int | None = None
    asked: int | None = None
    served: int | None = None
    streams: int | None = None
    users: int | None = None


class Keys(Said):
    """Every key of a gateway, and what the gateway serves."""

    gateway: str
    model: str
    keys: list[Key]


class ServedModel(Said):
    """A model at the model server."""

    name: str
    title: str
    state: Literal["READY", "LOADING", "UNLOADING", "UNAVAILABLE"]
    jobs: int | None = None


class Models(Said):
    """Every model of the model server."""

    models: list[ServedModel]


class Deployment(Said):
    """A deployment at the cloud surface."""

    id: str
    name: str
    model: str
    state: Literal["running", "paused"]
    batches: int | None = None


class Deployments(Said):
    """Every deployment."""

    deployments: list[Deployment]


class Written(Said):
    """The answer to a write: whether it changed anything."""

    changed: bool


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(f"the practice estate answered {reply.status} with something unexpected") from fault
