"""What a LiteLLM proxy says, read tolerantly: unknown fields are ignored, missing ones that matter are faults.

Shapes seen on LiteLLM 1.106.2. It never keeps a caller's key: only token hashes and aliases are read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from adapters.answers import Voice
from adapters.contract import Malformed, Reply


class Said(BaseModel):
    """Anything the proxy says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Metadata(Said):
    """What is kept of a key or team in its metadata."""

    model_rpm_limit: dict[str, int] | None = None


class Held(Said):
    """What keys and teams have in common. `blocked` is absent or null until it is blocked for the first time."""

    models: list[str] = []
    blocked: bool | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    allowed_routes: list[str] = []
    metadata: Metadata = Metadata()

    @field_validator("models", "allowed_routes", "metadata", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object, info: ValidationInfo) -> object:
        empty: object = Metadata() if info.field_name == "metadata" else []
        return empty if value is None else value


class Key(Held):
    """A caller's key."""

    key_alias: str | None = None
    key_name: str | None = None
    team_id: str | None = None
    settings_updated_at: datetime | None = None
    last_active: datetime | None = None


class ListedKey(Key):
    """A key in a list, with its token hash."""

    token: str


class KeyInfo(Said):
    """GET /key/info: `key` is the token hash."""

    key: str
    info: Key


class KeysTogether(Said):
    """POST /v2/key/info: rows without their token hashes."""

    info: list[Key]


class KeyList(Said):
    """GET /key/list."""

    keys: list[ListedKey]
    total_pages: int | None = None


class Team(Held):
    """A team."""

    team_id: str
    team_alias: str | None = None


class TeamInfo(Said):
    """GET /team/info."""

    team_info: Team


class TeamList(Said):
    """GET /v2/team/list."""

    teams: list[Team]
    total_pages: int | None = None


class ModelInfo(Said):
    """What is kept of a deployment: `db_model` says whether the database or the configuration file holds it."""

    id: str
    db_model: bool = False
    blocked: bool | None = None


class Upstream(Said):
    """What a deployment calls."""

    model: str = ""


class Deployment(Said):
    """One deployment behind a model name."""

    model_name: str
    litellm_params: Upstream = Upstream()
    model_info: ModelInfo


class Deployments(Said):
    """GET /v2/model/info."""

    data: list[Deployment]
    total_pages: int | None = None


class Readiness(Said):
    """GET /health/readiness: `db` is "connected", or something else, or absent without a database."""

    status: str
    db: str | None = None


class Word(Said):
    """A word that a content filter acts on."""

    keyword: str
    action: str = "BLOCK"


class GuardrailParams(Said):
    """What a guardrail does."""

    guardrail: str = ""
    default_on: bool | None = None
    default_action: str | None = None
    rules: list[Any] | None = None
    blocked_words: list[Word] | None = None


class Guardrail(Said):
    """A guardrail. One of the file has no id that can be written to."""

    guardrail_id: str | None = None
    guardrail_name: str
    litellm_params: GuardrailParams = GuardrailParams()
    guardrail_definition_location: str = "config"


class Guardrails(Said):
    """GET /v2/guardrails/list."""

    guardrails: list[Guardrail]


class RouterValues(Said):
    """The router's settings. An alias is a name, or an object that holds one."""

    model_group_alias: dict[str, Any] | None = None


class RouterSettings(Said):
    """GET /router/settings."""

    current_values: RouterValues


class SpendMetadata(Said):
    """Who called."""

    user_api_key_alias: str | None = None


class SpendRow(Said):
    """One call in the log."""

    api_key: str = ""
    spend: float = 0.0
    metadata: SpendMetadata = SpendMetadata()


class SpendLogs(Said):
    """GET /spend/logs/v2."""

    data: list[SpendRow]
    total: int
    total_pages: int


class ByGuardrail(Said):
    """Which guardrail refused."""

    guardrail_name: str | None = None


class ErrorBody(Said):
    """The error envelope. `type` and `message` are the proxy's words."""

    type: str | None = None
    message: str | None = None
    provider_specific_fields: ByGuardrail = ByGuardrail()


class ErrorReply(Said):
    """A refusal."""

    error: ErrorBody


class DetailReply(Said):
    """A refusal by the web framework beneath."""

    detail: str


class Choices(Said):
    """An answered chat call."""

    choices: list[dict[str, Any]]


def error_of(reply: Reply) -> ErrorBody:
    """The error in a reply; empty when it is in no known form."""
    try:
        return read(ErrorReply, reply).error
    except Malformed:
        return ErrorBody()


def detail_of(reply: Reply) -> str:
    """What some refusals say instead of an error, or nothing."""
    try:
        return read(DetailReply, reply).detail
    except Malformed:
        return ""


_VOICE = Voice("the gateway", "its documentation", lambda reply: (error_of(reply).type,))
read, check = _VOICE.read, _VOICE.check
