"""What an Unleash says, read tolerantly. Shapes seen on 7.5.1; source: its own OpenAPI description."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import Malformed, Refused, Reply

Model = TypeVar("Model", bound=BaseModel)
REDIRECTS, REFUSALS, NOT_FOUND = 300, 400, 404
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Environment(Said):
    """One flag in one environment."""

    name: str
    enabled: bool


class Feature(Said):
    """A flag in the project's list."""

    name: str
    type: str = ""
    environments: list[Environment] = []


class Features(Said):
    """GET .../features."""

    features: list[Feature]


class Strategy(Said):
    """A strategy of a flag; `segments` are ids."""

    disabled: bool | None = None
    segments: list[int] = []


class InEnvironment(Said):
    """GET .../features/F/environments/E."""

    name: str
    enabled: bool
    strategies: list[Strategy] = []


class Event(Said):
    """A line of its log. `data` of a segment's holds its id."""

    createdAt: datetime  # noqa: N815  its own name
    type: str
    createdBy: str  # noqa: N815  its own name
    data: Any = None


class Events(Said):
    """GET /api/admin/search/events, the newest first."""

    events: list[Event]


class Strategies(Said):
    """GET .../strategies, as an object."""

    all: list[Strategy]


class Segment(Said):
    """A segment. A constraint is kept whole: what is not understood is written back as it was."""

    id: int
    name: str
    description: str | None = None
    project: str | None = None
    constraints: list[dict[str, Any]] = []


class Segments(Said):
    """GET /api/admin/segments."""

    segments: list[Segment]


class Carrier(Said):
    """A strategy that carries a segment."""

    featureName: str  # noqa: N815  its own name
    environment: str
    projectId: str  # noqa: N815  its own name


class Carriers(Said):
    """GET /api/admin/segments/N/strategies."""

    strategies: list[Carrier]


class ClientStrategy(Said):
    """A strategy as a product reads it: the segments' constraints are among its own."""

    constraints: list[dict[str, Any]] = []


class ClientFeature(Said):
    """A flag as a product reads it."""

    name: str
    enabled: bool
    strategies: list[ClientStrategy] = []


class ClientFeatures(Said):
    """GET /api/client/features."""

    features: list[ClientFeature]


class Health(Said):
    """GET /health."""

    health: str


class ErrorReply(Said):
    """A refusal."""

    name: str = ""


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(f"Unleash answered {reply.status} with something its description does not have") from fault


def check(reply: Reply, what: str) -> Reply:
    """The reply, if it is a success. Its sentence is not quoted: it may name people.

    Raises:
        Refused: for a status of 400 or more.
        Malformed: for a redirect.
    """
    if reply.status < REDIRECTS:
        return reply
    if reply.status < REFUSALS:
        raise Malformed(f"{what}: Unleash sends elsewhere ({reply.status})")
    try:
        kind = read(ErrorReply, reply).name
    except Malformed:
        kind = ""
    said = f" ({kind})" if _WORD.fullmatch(kind) else ""
    raise Refused(f"{what}: Unleash refused with {reply.status}{said}", reply.status)
