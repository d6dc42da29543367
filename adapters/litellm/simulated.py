"""What a simulated LiteLLM proxy holds, and what it says to a caller: statuses and sentences as seen on 1.106.2."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.simulator import Answer

ANY = frozenset({"*", "all-proxy-models"})
Held = dict[str, Any]


def hash_of(key: str) -> str:
    """The token hash under which the proxy keeps a key."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(slots=True)
class HeldRow:
    """What keys and teams have in common. Workers believe `cached` until `cached_until_s`."""

    models: list[str] = field(default_factory=list[str])
    blocked: bool | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None
    max_parallel_requests: int | None = None
    model_rpm_limit: dict[str, int] = field(default_factory=dict[str, int])
    allowed_routes: list[str] = field(default_factory=list[str])
    cached: HeldRow | None = None
    cached_until_s: float = 0.0

    def believed(self, at_s: float) -> HeldRow:
        """As the workers know it."""
        return self.cached if self.cached is not None and at_s < self.cached_until_s else self

    def remember(self, at_s: float, lag_s: float) -> None:
        """Keep how it is now for the workers, before it changes."""
        if at_s >= self.cached_until_s:
            kept = {name: getattr(self, name) for name in HeldRow.__dataclass_fields__ if not name.startswith("cached")}
            self.cached = replace(HeldRow(), **kept)
        self.cached_until_s = at_s + lag_s

    def change(self, asked: dict[str, Any]) -> None:
        """Write what is asked and nothing beside it. A limit by model of null stays as it is, as the proxy does it."""
        for name in ("models", "rpm_limit", "tpm_limit", "max_parallel_requests", "allowed_routes"):
            if name in asked:
                setattr(self, name, asked[name])
        if asked.get("model_rpm_limit") is not None:
            self.model_rpm_limit = asked["model_rpm_limit"]

    def shown(self) -> dict[str, Any]:
        """As the proxy tells it."""
        return {
            "models": self.models, "blocked": self.blocked, "rpm_limit": self.rpm_limit, "tpm_limit": self.tpm_limit,
            "max_parallel_requests": self.max_parallel_requests, "allowed_routes": self.allowed_routes,
            "metadata": {"model_rpm_limit": self.model_rpm_limit} if self.model_rpm_limit else {}, "spend": 0.0,
        }  # fmt: skip


@dataclass(slots=True)
class KeyRow(HeldRow):
    """A key in the database."""

    key: str = ""
    alias: str | None = None
    team_id: str | None = None
    changed_at: str | None = None
    last_active: str | None = None


@dataclass(slots=True)
class TeamRow(HeldRow):
    """A team in the database."""

    id: str = ""
    alias: str = ""


@dataclass(slots=True)
class ModelRow:
    """A deployment."""

    id: str
    name: str
    in_database: bool = True
    blocked: bool = False


@dataclass(slots=True)
class GuardrailRow:
    """A guardrail of the database."""

    id: str
    name: str
    params: dict[str, Any]


@dataclass(slots=True)
class Rows:
    """Everything a write may change. `calls` are (who, model) of the last hour."""

    keys: dict[str, KeyRow]
    models: dict[str, ModelRow]
    teams: dict[str, TeamRow] = field(default_factory=dict[str, TeamRow])
    guardrails: dict[str, GuardrailRow] = field(default_factory=dict[str, GuardrailRow])
    aliases: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def error(status: int, kind: str, message: str, **more: object) -> Answer:
    """A refusal in the proxy's envelope."""
    told = {"message": message, "type": kind, "param": None, "code": str(status), **more}
    headers = {"retry-after": "60"} if status == 429 else {}  # noqa: PLR2004  HTTP
    return Answer(status=status, body={"error": told}, headers=headers)


def chat(rows: Rows, row: KeyRow | None, body: dict[str, Any], at_s: float) -> Answer:
    """A caller's chat call."""
    if row is None:
        return error(401, "token_not_found_in_db", "Authentication Error, Invalid proxy server token passed")
    model = str(body.get("model", ""))
    team = rows.teams.get(row.team_id or "")
    refused = (
        _blocked(row, team, at_s) or _not_listed(row, team, model, at_s) or _limited(row, team, model, at_s)
        or _guarded(rows, body)
    )  # fmt: skip
    return refused or _served(rows, row, model)


def _blocked(row: KeyRow, team: TeamRow | None, at_s: float) -> Answer | None:
    if row.believed(at_s).blocked:
        return error(401, "auth_error", "Authentication Error, Key is blocked. Update via `/key/unblock`")
    if team is not None and team.believed(at_s).blocked:
        return error(401, "auth_error", f"Authentication Error, Team={team.id} is blocked. Update via `/team/unblock`")
    routes = row.believed(at_s).allowed_routes
    if routes and "/v1/chat/completions" not in routes:
        told = f"Virtual key is not allowed to call this route. Only allowed to call routes: {routes}."
        return Answer(status=403, body={"detail": told})
    return None


def _not_listed(row: KeyRow, team: TeamRow | None, model: str, at_s: float) -> Answer | None:
    told = f"The requested model '{model}' is not available for this API key, or the model name is invalid."
    names = row.believed(at_s).models
    if names and "all-team-models" not in names and not ANY & set(names) and model not in names:
        return error(403, "key_model_access_denied", told)
    names = team.believed(at_s).models if team is not None else []
    if names and not ANY & set(names) and model not in names:
        return error(403, "team_model_access_denied", told)
    return None


def _limited(row: KeyRow, team: TeamRow | None, model: str, at_s: float) -> Answer | None:
    for held in (row, *([team] if team is not None else [])):
        known, whose = held.believed(at_s), "team" if held is team else "api_key"
        limits = {
            (whose, "requests"): known.rpm_limit, (whose, "tokens"): known.tpm_limit,
            (whose, "max_parallel_requests"): known.max_parallel_requests,
            ("model_per_key", "requests"): known.model_rpm_limit.get(model),
        }  # fmt: skip
        for (who, kind), limit in limits.items():
            if limit == 0:
                said = f"Limit type: {kind}. Current limit: 0, Remaining: 0. Limit resets at: 2026-01-05 10:00:00 UTC"
                return error(429, "throttling_error", f"Rate limit exceeded for {who}: x. {said}")
    return None


def _guarded(rows: Rows, body: dict[str, Any]) -> Answer | None:
    text = str(body.get("messages", "")).lower()
    for row in rows.guardrails.values():
        words = [str(one["keyword"]) for one in row.params.get("blocked_words") or ()]
        tools = row.params["guardrail"] == "tool_permission" and body.get("tools")
        if row.params.get("default_on") and (tools or any(word.lower() in text for word in words)):
            fields = {"guardrail_name": row.name, "guardrail_mode": "pre_call"}
            return error(400, "invalid_request_error", "Violated guardrail policy", provider_specific_fields=fields)
    return None


def _served(rows: Rows, row: KeyRow, model: str) -> Answer:
    target = rows.aliases.get(model, model)
    behind = [found for found in rows.models.values() if found.name == target]
    if not behind:
        told = (
            f"/chat/completions: Invalid model name passed in model={model}. Call `/v1/models` to view available models"
        )
        return error(400, "invalid_request_error", told)
    free = [found for found in behind if not found.blocked]
    if not free:
        return error(403, "permission_error", "litellm.PermissionDeniedError: Model is blocked")
    rows.calls.append((hash_of(row.key), model))
    message = {"role": "assistant", "content": "simulated"}
    return Answer(
        body={"id": "chatcmpl-1", "model": model, "choices": [{"index": 0, "message": message}]},
        headers={"x-litellm-model-id": free[0].id, "x-litellm-model-group": target},
    )
