"""What a simulated OpenAI organisation holds, and what it says to a caller. All is made up but its shapes."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.simulator import Answer

TOOLS = ("file_search", "web_search", "image_generation", "mcp", "code_interpreter")
MADE_AT = 1_790_000_000
Row = dict[str, Any]


@dataclass(slots=True)
class KeyRow:
    """A key; `owner` is a user's id, or a service account's."""

    id: str
    secret: str
    owner: str
    name: str = "a key"
    last_used_at: int | None = None


@dataclass(slots=True)
class ProjectRow:
    """A project: limits are by model (requests, tokens a minute), users by id (their role)."""

    id: str
    name: str
    limits: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    users: dict[str, str] = field(default_factory=dict[str, str])
    accounts: dict[str, str] = field(default_factory=dict[str, str])
    keys: dict[str, KeyRow] = field(default_factory=dict[str, KeyRow])
    policy: Row | None = None
    tools: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(TOOLS, True))
    spend: Row | None = None
    archived_at: int | None = None


@dataclass(slots=True)
class Rows:
    """Everything a write may change; `believed` is what callers still meet until `until_s`."""

    projects: dict[str, ProjectRow]
    users: dict[str, Row]
    spend: Row | None = None
    spent_cents: int = 0
    calls: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])
    used: list[tuple[str, str, str, int]] = field(
        default_factory=list[tuple[str, str, str, int]]
    )  # project, key, model, how often
    log: list[Row] = field(default_factory=list[Row])
    believed: Rows | None = None
    until_s: float = 0.0

    def write_log(self, kind: str, ident: str, who: str = "owner@example.org") -> None:
        """A line of the audit log, the newest first. Who acts with an admin key does so in the default project."""
        named = "principal_id" if kind.startswith("role.assignment.") else "id"
        key = {"type": "user", "id": "key_admin", "user": {"id": "user-2", "email": who}}
        self.log.insert(0, {
            "id": f"audit_log-{len(self.log)}", "type": kind, "effective_at": int(time.time()),
            "project": {"id": "proj_default", "name": "Default project"},
            "actor": {"type": "api_key", "api_key": key}, kind: {named: ident},
        })  # fmt: skip

    def remember(self, at_s: float, lag_s: float) -> None:
        """Keep how it is now for callers, before it changes."""
        if at_s >= self.until_s:
            self.believed = Rows(copy.deepcopy(self.projects), copy.deepcopy(self.users), copy.deepcopy(self.spend))
            self.believed.spent_cents = self.spent_cents
        self.until_s = at_s + lag_s

    def met(self, at_s: float) -> Rows:
        """As callers meet it."""
        return self.believed if self.believed is not None and at_s < self.until_s else self


_EVENTS = {
    ("POST", "projects", "rate_limits", 4): "rate_limit.updated",
    ("POST", "projects", "users", 3): "user.added",
    ("DELETE", "projects", "users", 4): "user.deleted",
    ("POST", "users", "", 2): "user.updated",
    ("DELETE", "projects", "api_keys", 4): "api_key.deleted",
    ("DELETE", "projects", "service_accounts", 4): "service_account.deleted",
}


def event_of(method: str, steps: Sequence[str]) -> str:
    """The event that the description has for a write; empty where it has none."""
    kind = steps[2] if len(steps) > 2 else ""  # noqa: PLR2004  a project's id stands before it
    return _EVENTS.get((method, steps[0], kind, len(steps)), "")


def error(status: int, kind: str, message: str, code: str | None = None, **headers: str) -> Answer:
    """A refusal in its envelope."""
    told = {"message": message, "type": kind, "param": None, "code": code}
    return Answer(status=status, body={"error": told}, headers={"x-request-id": "req_simulated", **headers})


def wrong_key() -> Answer:
    """What a key that it does not know, or no longer, is told."""
    return error(401, "invalid_request_error", "Incorrect API key provided: sk-***.", "invalid_api_key")


def caller(rows: Rows, secret: str | None) -> ProjectRow | None:
    """The project in which this key may act: its owner has to be in it still, and the project must not be archived."""
    for project in rows.projects.values():
        for key in project.keys.values():
            if key.secret == secret:
                allowed = key.owner in project.users or key.owner in project.accounts
                return project if allowed and project.archived_at is None else None
    return None


def models(project: ProjectRow) -> Answer:
    """GET /models."""
    data = [{"id": name, "object": "model", "created": MADE_AT, "owned_by": "system"} for name in project.limits]
    return Answer(body={"object": "list", "data": data})


def respond(now: Rows, met: Rows, project: ProjectRow, body: Row, at_s: float) -> Answer:
    """POST /responses."""
    model = str(body.get("model", ""))
    if model not in project.limits:
        return error(404, "invalid_request_error", f"The model `{model}` does not exist.", "model_not_found")
    if denied(project.policy, model):
        told = f"Project `{project.id}` does not have access to model `{model}`"
        return error(403, "invalid_request_error", told, "model_not_found")
    if any(not project.tools[tool["type"]] for tool in body.get("tools") or () if tool.get("type") in TOOLS):
        return error(403, "invalid_request_error", "This tool is not available.", "simulated_tool")
    if any(enforcing(limit, met.spent_cents) for limit in (met.spend, project.spend)):
        return error(429, "insufficient_quota", "You exceeded your current quota.", "insufficient_quota")
    requests, tokens = project.limits[model]
    recent = now.calls.setdefault((project.id, model), [])
    recent[:] = [then for then in recent if then > at_s - 60]
    if len(recent) >= requests or tokens == 0:
        told = f"Rate limit reached for {model}: Limit {requests}, Used {len(recent)}, Requested 1."
        return error(429, "requests", told, "rate_limit_exceeded")
    recent.append(at_s)
    return Answer(body=_response(model))


def denied(policy: Row | None, model: str) -> bool:
    """Whether a policy keeps a model away."""
    if policy is None:
        return False
    return (model in policy["model_ids"]) is (policy["mode"] == "deny_list")


def enforcing(limit: Row | None, spent_cents: int) -> bool:
    """Whether a spend limit bites."""
    return limit is not None and spent_cents >= limit["threshold_amount"]


def _response(model: str) -> Row:
    said = {"type": "output_text", "text": "simulated", "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [said]}
    return {
        "id": "resp_1", "object": "response", "created_at": MADE_AT, "status": "completed", "model": model,
        "output": [message], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
    }  # fmt: skip
