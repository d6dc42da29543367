"""What a LiteLLM proxy says, read tolerantly: unknown fields are ignored, missing ones that matter are faults.

Shapes seen on LiteLLM 1.106.2. It never keeps a caller's key: only token hashes and aliases are read.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import Malformed, Refused, Reply

Model = TypeVar("Model", bound=BaseModel)
REDIRECTS = 300
REFUSALS = 400
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")


class Said(BaseModel):
    """Anything the proxy says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Key(Said):
    """A caller's key. `blocked` is absent or null until it is blocked for the first time."""

    key_alias: str | None = None
    key_name: str | None = None
    models: list[str] = []
    blocked: bool | None = None
    rpm_limit: int | None = None
    team_id: str | None = None


class ListedKey(Key):
    """A key in a list, with its token hash."""

    token: str


class KeyInfo(Said):
    """GET /key/info: `key` is the token hash."""

    key: str
    info: Key


class KeyList(Said):
    """GET /key/list."""

    keys: list[ListedKey]
    total_pages: int | None = None


class ModelInfo(Said):
    """What is kept of a deployment: `db_model` says whether the database or the configuration file holds it."""

    id: str
    db_model: bool = False
    blocked: bool | None = None


class Deployment(Said):
    """One deployment behind a model name."""

    model_name: str
    model_info: ModelInfo


class Deployments(Said):
    """GET /v1/model/info."""

    data: list[Deployment]


class Readiness(Said):
    """GET /health/readiness: `db` is "connected", or something else, or absent without a database."""

    status: str
    db: str | None = None


class ErrorBody(Said):
    """The error envelope. `type` and `message` are the proxy's words."""

    type: str | None = None
    message: str | None = None


class ErrorReply(Said):
    """A refusal."""

    error: ErrorBody


class Choices(Said):
    """An answered chat call."""

    choices: list[dict[str, Any]]


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(
            f"the gateway answered {reply.status} with something its documentation does not have"
        ) from fault


def error_of(reply: Reply) -> ErrorBody:
    """The error in a reply; empty when it is in no known form."""
    try:
        return read(ErrorReply, reply).error
    except Malformed:
        return ErrorBody()


def check(reply: Reply, what: str) -> Reply:
    """The reply, if it is a success. The proxy's sentence is not quoted: it may name keys.

    Raises:
        Refused: for a status of 400 or more.
        Malformed: for a redirect.
    """
    if reply.status < REDIRECTS:
        return reply
    if reply.status < REFUSALS:
        raise Malformed(f"{what}: the gateway sends elsewhere ({reply.status})")
    kind = error_of(reply).type or ""
    said = f" ({kind})" if _WORD.fullmatch(kind) else ""
    raise Refused(f"{what}: the gateway refused with {reply.status}{said}", reply.status)
