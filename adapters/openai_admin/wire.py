"""What OpenAI's Admin API says, read tolerantly: unknown fields are ignored, missing ones that matter are faults.

Shapes: OpenAI's own description (openai-openapi 2.3.0) and SDK (openai 3.22.1). It never keeps a key: of keys only ids,
names and last uses are read.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

NOT_FOUND = 404


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Row = TypeVar("Row", bound=Said)


class Page(Said, Generic[Row]):
    """A part of a list; the next one begins after `last_id`."""

    data: list[Row]
    has_more: bool = False
    last_id: str | None = None


class Project(Said):
    """A project; `status` is "active" or "archived"."""

    id: str
    name: str | None = None
    status: str | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id


class Permissions(Said):
    """Which models a project may use: all but these, or only these."""

    mode: str
    model_ids: list[str]


class Tool(Said):
    """Whether a hosted tool may be used."""

    enabled: bool


class Tools(Said):
    """The hosted tools of a project."""

    file_search: Tool
    web_search: Tool
    image_generation: Tool
    mcp: Tool
    code_interpreter: Tool


class Limit(Said):
    """The limits of one model in one project."""

    id: str
    model: str
    max_requests_per_1_minute: int
    max_tokens_per_1_minute: int


class Enforcement(Said):
    """Whether a spend limit stops calls now."""

    status: str = ""


class SpendLimit(Said):
    """A hard limit of money, in cents."""

    threshold_amount: int
    currency: str = "USD"
    interval: str = "month"
    enforcement: Enforcement = Enforcement()


class Member(Said):
    """A user of a project, or of the organisation."""

    id: str
    name: str | None = None
    email: str | None = None
    role: str | None = None


class ServiceAccount(Said):
    """A service account of a project."""

    id: str
    name: str
    role: str = ""


class Owner(Said):
    """Whose a key is."""

    type: str | None = None
    user: Member | None = None
    service_account: ServiceAccount | None = None


class Key(Said):
    """A key of a project. Times are seconds."""

    id: str
    name: str | None = None
    last_used_at: int | None = None
    owner_project_access: str | None = None
    owner: Owner = Owner()


class Deleted(Said):
    """The answer to a deletion."""

    deleted: bool


class Used(Said):
    """Calls of one key."""

    num_model_requests: int = 0
    api_key_id: str | None = None


class Bucket(Said):
    """Calls of a time."""

    results: list[Used]


class Usage(Said):
    """GET /organization/usage/completions."""

    data: list[Bucket]
    has_more: bool = False


class Who(Said):
    """A user, or a service account."""

    id: str = ""
    email: str | None = None


class ActorKey(Said):
    """The key by which something was done: its id, and whose it is."""

    id: str = ""
    user: Who | None = None
    service_account: Who | None = None


class Session(Said):
    """The session in which something was done."""

    user: Who = Who()


class Actor(Said):
    """Who did something."""

    session: Session | None = None
    api_key: ActorKey | None = None


class Event(Said):
    """A line of the audit log. Times are seconds; what was meant stands in a member named as its type."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    effective_at: int
    project: Project | None = None
    actor: Actor | None = None

    @property
    def about(self) -> set[str]:
        """The ids in its details."""
        details: object = (self.model_extra or {}).get(self.type)
        told = details if isinstance(details, dict) else {}
        return {str(told[name]) for name in ("id", "principal_id") if told.get(name)}

    @property
    def told(self) -> str:
        """What was done, and in which project."""
        ids = ", ".join(sorted(self.about))
        return f"{self.type} {ids}" + (f" ({self.project.title})" if self.project else "")

    @property
    def who(self) -> str:
        """Whoever did it."""
        actor = self.actor or Actor()
        if actor.session is not None:
            return actor.session.user.email or actor.session.user.id or "somebody"
        key = actor.api_key or ActorKey()
        owner = key.user or key.service_account or Who()
        return f"{owner.email or owner.id or 'somebody'} with the key {key.id or 'unknown'}"


class AuditLog(Said):
    """GET /organization/audit_logs, the newest first."""

    data: list[Event]


class Named(Said):
    """A model, as callers are told of it."""

    id: str


class Models(Said):
    """GET /models, as a caller."""

    data: list[Named]


class Answered(Said):
    """An answered call."""

    id: str
    object: str
    output: list[dict[str, Any]]


class ErrorBody(Said):
    """A refusal. `type` and `code` are its own words."""

    message: str | None = None
    type: str | None = None
    code: str | None = None


class ErrorReply(Said):
    """The error envelope."""

    error: ErrorBody


def error_of(reply: Reply) -> ErrorBody:
    """The error in a reply; empty when it is in no known form."""
    try:
        return read(ErrorReply, reply).error
    except Malformed:
        return ErrorBody()


def quoted(step: str) -> str:
    """One step of a path."""
    return quote(step, safe="")


_VOICE = Voice("OpenAI", words=lambda reply: (error_of(reply).code, error_of(reply).type))
read, check = _VOICE.read, _VOICE.check
