"""What a simulated Anthropic organisation holds, and what it says to a caller. All is made up but its shapes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.simulator import Answer

MADE_AT = "2026-01-31T00:00:00Z"
RPM, OUT = "requests_per_minute", "output_tokens_per_minute"
Row = dict[str, Any]


@dataclass(slots=True)
class KeyRow:
    """A key; without a workspace it belongs to the organisation."""

    id: str
    secret: str
    name: str
    workspace: str | None
    status: str = "active"


@dataclass(slots=True)
class WorkspaceRow:
    """A workspace: members by user's id (their role), its own limits by family and kind."""

    id: str
    name: str
    members: dict[str, str] = field(default_factory=dict[str, str])
    limits: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    archived_at: str | None = None
    default: bool = False


@dataclass(slots=True)
class Family:
    """A family of models, and the organisation's limits."""

    id: str
    name: str
    models: list[str]
    limits: dict[str, int]


@dataclass(slots=True)
class Rows:
    """Everything a write may change; `believed` is what callers still meet until `until_s`."""

    workspaces: dict[str, WorkspaceRow]
    keys: dict[str, KeyRow]
    users: dict[str, Row]
    most_keys: int = 100
    spent: bool = False
    used: list[tuple[str | None, str, int | None]] = field(default_factory=list[tuple[str | None, str, int | None]])
    counted_to: str | None = None
    calls: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])
    believed: Rows | None = None
    until_s: float = 0.0

    def remember(self, at_s: float, lag_s: float) -> None:
        """Keep how it is now for callers, before it changes."""
        if at_s >= self.until_s:
            self.believed = Rows(copy.deepcopy(self.workspaces), copy.deepcopy(self.keys), {}, spent=self.spent)
        self.until_s = at_s + lag_s

    def met(self, at_s: float) -> Rows:
        """As callers meet it."""
        return self.believed if self.believed is not None and at_s < self.until_s else self


def error(status: int, kind: str, message: str, code: str | None = None, **headers: str) -> Answer:
    """A refusal in its envelope."""
    told: Row = {"type": kind, "message": message}
    if code is not None:
        told["details"] = {"error_code": code}
    body = {"type": "error", "error": told, "request_id": "req_simulated"}
    return Answer(status=status, body=body, headers={"request-id": "req_simulated", **headers})


def usage(rows: Rows, query: Mapping[str, str], page: int) -> Row:
    """The usage report of one model by key, all in the first minute: what `used` says (key, model, requests)."""
    mine = [(key, count) for key, model, count in rows.used if model == query.get("models[]")]
    begins = int(query.get("page") or "0")
    ends = begins + min(page, int(query.get("limit", "20")))
    told = [
        {"starting_at": query["starting_at"], "ending_at": query["ending_at"], "group": {"api_key_id": key},
         "usage": {"requests": count, "total_tokens": 2, "uncached_input_tokens": 1, "output_tokens": 1,
                   "cache_read_input_tokens": 0, "server_tool_use": {"web_search_requests": 0},
                   "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0}}}
        for key, count in mine[begins:ends]
    ]  # fmt: skip
    more = ends < len(mine)
    return {"data": told, "has_more": more, "next_page": str(ends) if more else None,
            "data_refreshed_at": rows.counted_to}  # fmt: skip


def wrong_key() -> Answer:
    """What a key that it does not know, or that is off, is told."""
    return error(401, "authentication_error", "invalid x-api-key")


def caller(rows: Rows, secret: str | None) -> KeyRow | None:
    """The key with this secret, if it may be used."""
    for key in rows.keys.values():
        if key.secret == secret and key.status == "active":
            home = rows.workspaces.get(key.workspace or "")
            return key if home is None or home.archived_at is None else None
    return None


def message(now: Rows, met: Rows, key: KeyRow, families: list[Family], body: Row, at_s: float) -> Answer:
    """POST /v1/messages."""
    if met.spent:
        return error(429, "rate_limit_error", "The monthly limit is reached.", "enforced_spend_limit_reached")
    family = next((one for one in families if body.get("model") in one.models), None)
    if family is None:
        return error(404, "not_found_error", f"model: {body.get('model')}")
    home = met.workspaces.get(key.workspace or "")
    own = {} if home is None else home.limits.get(family.id, {})
    limits = {kind: min(value, own.get(kind, value)) for kind, value in family.limits.items()}
    recent = now.calls.setdefault((key.workspace or "", family.id), [])
    recent[:] = [then for then in recent if then > at_s - 60]
    if len(recent) >= limits[RPM] or limits[OUT] == 0:
        return error(429, "rate_limit_error", "This request would exceed a rate limit.", **{"retry-after": "60"})
    recent.append(at_s)
    return Answer(body=_message(str(body["model"])))


def _message(model: str) -> Row:
    usage = {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_reason": "max_tokens",
        "stop_sequence": None, "content": [{"type": "text", "text": "s", "citations": None}], "usage": usage,
    }  # fmt: skip
