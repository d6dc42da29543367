"""What Anthropic's Admin API says, read tolerantly: unknown fields are ignored, missing ones that matter are faults.

Shapes: Anthropic's SDK (anthropic 2.12.0). It never keeps a key: of keys only ids, names and states are read. Only
types and error codes are matched: sentences may change, the SDK says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

NOT_FOUND = 404
SPENT = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Row = TypeVar("Row", bound=Said)


class Page(Said, Generic[Row]):
    """A part of a list. Some lists go on after `last_id`, others at `next_page`."""

    data: list[Row]
    has_more: bool = False
    last_id: str | None = None
    next_page: str | None = None


class Organisation(Said):
    """GET /v1/organizations/me."""

    id: str
    name: str


class Scope(Said):
    """Where a key belongs: to a workspace, or to the organisation."""

    type: str
    workspace_id: str | None = None


class Key(Said):
    """A key; `status` is "active", "inactive", "archived" or "expired"."""

    id: str
    name: str
    status: str
    scope: Scope


class Workspace(Said):
    """A workspace."""

    id: str
    name: str
    archived_at: str | None = None


class Group(Said):
    """What limits are for: a family of models, or a part of the interface."""

    type: str
    display_name: str = ""


class Value(Said):
    """One limit of the organisation."""

    type: str
    value: int


class OrganisationLimit(Said):
    """The organisation's limits of one group."""

    id: str
    group: Group
    limits: list[Value] = []
    models: list[str] | None = None


class WorkspaceLimit(Said):
    """A workspace's own limits of one group; what it inherits is not among them."""

    rate_limit_id: str
    limits: list[Value] = []
    models: list[str] | None = None


class Member(Said):
    """A user in a workspace."""

    user_id: str
    workspace_role: str


class User(Said):
    """A user of the organisation."""

    id: str
    name: str = ""
    email: str = ""
    role: str


class Grouped(Said):
    """Whose calls a row counts."""

    api_key_id: str | None = None


class Counted(Said):
    """What a row counts, as far as it does."""

    requests: int | None = None


class UsageRow(Said):
    """Calls of one key in one minute."""

    group: Grouped
    usage: Counted


class UsageReport(Said):
    """A page of the usage report. `data_refreshed_at` is how far it is counted, where that is told."""

    data: list[UsageRow]
    has_more: bool | None = None
    next_page: str | None = None
    data_refreshed_at: datetime | None = None


class Removed(Said):
    """The answer to a removal."""

    type: str


class Named(Said):
    """A model, as callers are told of it."""

    id: str


class Answered(Said):
    """An answered call."""

    id: str
    type: str
    content: list[dict[str, Any]]


class Details(Said):
    """What a refusal is precisely."""

    error_code: str | None = None


class ErrorBody(Said):
    """A refusal."""

    type: str | None = None
    details: Details | None = None

    @property
    def code(self) -> str:
        """Its code, or nothing."""
        return (self.details and self.details.error_code) or ""


class ErrorReply(Said):
    """The error envelope."""

    error: ErrorBody


def quoted(step: str) -> str:
    """One step of a path."""
    return quote(step, safe="")


def error_of(reply: Reply | None) -> ErrorBody:
    """The error in a reply; empty when it is in no known form."""
    try:
        return ErrorBody() if reply is None else read(ErrorReply, reply).error
    except Malformed:
        return ErrorBody()


_VOICE = Voice("Anthropic", "its SDK", lambda reply: (error_of(reply).code, error_of(reply).type))
read, check = _VOICE.read, _VOICE.check
