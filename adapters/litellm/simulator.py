"""The part of a LiteLLM proxy that the adapter uses, as a site for `adapters.simulator`: shapes as seen on 1.106.2.

It has the proxy's authentication cache, so that a block may bite late. It must never be given a real key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

MASTER_KEY = "sk-simulated-master"
_ERROR_400, _ERROR_401, _ERROR_403, _ERROR_404, _ERROR_429 = 400, 401, 403, 404, 429


def hash_of(key: str) -> str:
    """The token hash under which the proxy keeps a key."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(slots=True)
class KeyRow:
    """A key in the database. `cached` is what workers still believe, until `cached_until_s`."""

    key: str
    alias: str | None
    models: list[str] = field(default_factory=list[str])
    blocked: bool | None = None
    rpm_limit: int | None = None
    cached: tuple[bool | None, int | None] = (None, None)
    cached_until_s: float = 0.0


@dataclass(slots=True)
class ModelRow:
    """A deployment."""

    id: str
    name: str
    in_database: bool = True
    blocked: bool = False


@dataclass(slots=True)
class Rows:
    """Everything a write may change."""

    keys: dict[str, KeyRow]
    models: dict[str, ModelRow]


def _error(status: int, kind: str, message: str) -> Answer:
    return Answer(
        status=status, body={"error": {"message": message, "type": kind, "param": None, "code": str(status)}}
    )  # fmt: skip


class LiteLLMSite:
    """A proxy with keys (secret, alias, models) and models (id, name, whether the database holds it)."""

    def __init__(
        self,
        keys: Sequence[tuple[str, str | None, Sequence[str]]],
        models: Sequence[tuple[str, str, bool]],
        *,
        cache_lag_s: float = 0.0,
    ) -> None:
        self._cache_lag_s = cache_lag_s
        self.state = Rows(
            {hash_of(key): KeyRow(key, alias, list(allowed)) for key, alias, allowed in keys},
            {found: ModelRow(found, name, in_database) for found, name, in_database in models},
        )

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Chat completions are calls; every other POST is an administrator's write."""
        if incoming.path == "/v1/chat/completions":
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: PLR0911  one answer per route
        """Answer as the proxy would."""
        if incoming.path == "/v1/chat/completions":
            return self._chat(incoming)
        if incoming.path == "/health/readiness":
            return Answer(body={"status": "healthy", "db": "connected"})
        if incoming.bearer != MASTER_KEY:
            said = f"Authentication Error, Invalid proxy server token passed. Received API Key = {incoming.bearer}"
            return _error(_ERROR_401, "token_not_found_in_db", said)
        match incoming.method, incoming.path:
            case "GET", "/v1/model/info":
                return Answer(body={"data": [self._model(row) for row in self.state.models.values()]})
            case "GET", "/key/info":
                return self._info(incoming.query.get("key", ""))
            case "GET", "/key/list":
                return self._list(incoming.query.get("key_alias"))
            case "POST", "/key/block" | "/key/unblock" | "/key/update":
                return self._write_key(incoming, self._cache_lag_s + enforce_lag_s)
            case "POST", "/model/block" | "/model/unblock":
                return self._write_model(incoming)
            case _:
                return _error(_ERROR_404, "not_found_error", "Not Found")

    # -- reading -------------------------------------------------------------------------------------------------------

    def _model(self, row: ModelRow) -> dict[str, Any]:
        info = {"id": row.id, "db_model": row.in_database, "blocked": row.blocked}
        return {"model_name": row.name, "litellm_params": {"model": f"openai/{row.name}"}, "model_info": info}

    def _shown(self, row: KeyRow) -> dict[str, Any]:
        return {
            "key_name": f"sk-...{row.key[-4:]}", "key_alias": row.alias, "models": row.models, "blocked": row.blocked,
            "rpm_limit": row.rpm_limit, "team_id": None, "spend": 0.0,
        }  # fmt: skip

    def _info(self, name: str) -> Answer:
        row = self.state.keys.get(name) or self.state.keys.get(hash_of(name))
        if row is None:
            return _error(_ERROR_404, "not_found_error", "Key not found in database")
        return Answer(body={"key": hash_of(row.key), "info": self._shown(row)})

    def _list(self, alias: str | None) -> Answer:
        rows = [row for row in self.state.keys.values() if alias is None or alias in (row.alias or "")]
        keys = [{"token": hash_of(row.key), **self._shown(row)} for row in rows]
        return Answer(body={"keys": keys, "total_count": len(keys), "current_page": 1, "total_pages": 1})

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write_key(self, incoming: Incoming, lag_s: float) -> Answer:
        asked = incoming.json()
        name = str(asked.get("key", ""))
        row = self.state.keys.get(name) or self.state.keys.get(hash_of(name))
        if row is None:
            return _error(_ERROR_404, "not_found_error", "Key not found.")
        if incoming.at_s >= row.cached_until_s:
            row.cached = (row.blocked, row.rpm_limit)
        row.cached_until_s = incoming.at_s + lag_s
        if incoming.path == "/key/update":
            if "rpm_limit" in asked:
                row.rpm_limit = asked["rpm_limit"]
        else:
            row.blocked = incoming.path == "/key/block"
        headers = {"x-litellm-call-id": f"call-{incoming.at_s:.6f}"}
        return Answer(body={"token": hash_of(row.key), **self._shown(row)}, headers=headers)

    def _write_model(self, incoming: Incoming) -> Answer:
        row = self.state.models.get(str(incoming.json().get("model_id", "")))
        if row is None:
            return _error(_ERROR_404, "not_found_error", "Model not found on proxy.")
        if not row.in_database:
            return _error(_ERROR_400, "invalid_request_error", "Store model in DB via /model/new first")
        row.blocked = incoming.path == "/model/block"
        return Answer(body={"model_id": row.id, "model_name": row.name, "blocked": row.blocked})

    # -- a caller ------------------------------------------------------------------------------------------------------

    def _chat(self, incoming: Incoming) -> Answer:  # noqa: PLR0911  one answer per reason to refuse
        row = self.state.keys.get(hash_of(incoming.bearer or ""))
        if row is None:
            return _error(
                _ERROR_401, "token_not_found_in_db", "Authentication Error, Invalid proxy server token passed"
            )
        blocked, rpm = (row.blocked, row.rpm_limit) if incoming.at_s >= row.cached_until_s else row.cached
        model = str(incoming.json().get("model", ""))
        if blocked:
            return _error(_ERROR_401, "auth_error", "Authentication Error, Key is blocked.")
        if row.models and model not in row.models:
            return _error(_ERROR_403, "key_model_access_denied", "key not allowed to access model")
        if rpm == 0:
            answer = _error(_ERROR_429, "throttling_error", "Rate limit exceeded")
            return Answer(status=answer.status, body=answer.body, headers={"retry-after": "60"})
        behind = [found for found in self.state.models.values() if found.name == model]
        if not behind:
            return _error(_ERROR_400, "invalid_request_error", "Invalid model name")
        if all(found.blocked for found in behind):
            return _error(_ERROR_403, "permission_error", "litellm.PermissionDeniedError: Model is blocked")
        message = {"role": "assistant", "content": "simulated"}
        return Answer(body={"id": "chatcmpl-1", "model": model, "choices": [{"index": 0, "message": message}]})
