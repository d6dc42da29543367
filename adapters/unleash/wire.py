"""What an Unleash says, read tolerantly. Shapes seen on 7.5.1; source: its own OpenAPI description."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

NOT_FOUND = 404


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


class Permission(Said):
    """What somebody may do; everywhere where it names no project and no environment."""

    permission: str
    project: str | None = None
    environment: str | None = None


class Me(Said):
    """GET /api/admin/user: whose token it is. It also repeats the token, which is not read here."""

    permissions: list[Permission]


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


class Limits(Said):
    """How much this server takes; a kind of limit that it does not know is not told."""

    segmentValues: int | None = None  # noqa: N815  its own name


class Config(Said):
    """GET /api/admin/ui-config."""

    resourceLimits: Limits | None = None  # noqa: N815  its own name


class Health(Said):
    """GET /health."""

    health: str


class ErrorReply(Said):
    """A refusal."""

    name: str = ""


def _words(reply: Reply) -> tuple[str, ...]:
    try:
        return (read(ErrorReply, reply).name,)
    except Malformed:
        return ()


_VOICE = Voice("Unleash", words=_words)
read, check = _VOICE.read, _VOICE.check
