"""The part of a LiteLLM proxy that the adapter uses, as a site for `adapters.simulator`: shapes as seen on 1.106.2.

It has the proxy's authentication cache, so that a block may bite late. It must never be given a real key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from adapters.litellm.simulated import GuardrailRow, HeldRow, KeyRow, ModelRow, Rows, TeamRow, chat, error, hash_of
from adapters.simulator import Answer, Incoming

__all__ = ["MASTER_KEY", "KeyRow", "LiteLLMSite", "ModelRow", "Rows", "hash_of"]

MASTER_KEY = "sk-simulated-master"
PAGE = 100
TOGETHER = "/v2/key/info"


class LiteLLMSite:
    """A proxy with keys (secret, alias, models), models (id, name, whether the database holds it), teams, guardrails.

    A team is (id, alias, models, secrets of its keys); a guardrail (id, name, parameters).
    """

    def __init__(
        self,
        keys: Sequence[tuple[str, str | None, Sequence[str]]],
        models: Sequence[tuple[str, str, bool]],
        *,
        teams: Sequence[tuple[str, str, Sequence[str], Sequence[str]]] = (),
        guardrails: Sequence[tuple[str, str, dict[str, Any]]] = (),
        cache_lag_s: float = 0.0,
    ) -> None:
        self._cache_lag_s = cache_lag_s
        self.staff: dict[str, str] = {}  # other keys of the console's side, each with its owner's role
        self.routes: list[str] = []  # what such a key is bound to
        of_team = {key: team_id for team_id, _, _, members in teams for key in members}
        self.state = Rows(
            keys={
                hash_of(key): KeyRow(models=list(allowed), key=key, alias=alias, team_id=of_team.get(key))
                for key, alias, allowed in keys
            },
            models={found: ModelRow(found, name, in_database) for found, name, in_database in models},
            teams={found: TeamRow(models=list(allowed), id=found, alias=alias) for found, alias, allowed, _ in teams},
            guardrails={found: GuardrailRow(found, name, dict(params)) for found, name, params in guardrails},
        )

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """Chat completions are calls; every other request that is no GET is an administrator's write."""
        if incoming.path == "/v1/chat/completions":
            return "call"
        return "read" if incoming.method == "GET" or incoming.path == TOGETHER else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: PLR0911  one answer per kind of caller
        """Answer as the proxy would."""
        if incoming.path == "/v1/chat/completions":
            row = self.state.keys.get(hash_of(incoming.bearer or ""))
            return chat(self.state, row, incoming.json(), incoming.at_s)
        if incoming.path == "/health/readiness":
            return Answer(body={"status": "healthy", "db": "connected"})
        if incoming.bearer in self.staff:
            return self._by_staff(incoming, self.staff[incoming.bearer], enforce_lag_s)
        if incoming.bearer != MASTER_KEY:
            said = f"Authentication Error, Invalid proxy server token passed. Received API Key = {incoming.bearer}"
            return error(401, "token_not_found_in_db", said)
        if incoming.path == TOGETHER:
            return self._together(incoming.json())
        if incoming.method == "GET":
            return self._read(incoming)
        return self._write(incoming, self._cache_lag_s + enforce_lag_s)

    def _by_staff(self, incoming: Incoming, role: str, enforce_lag_s: float) -> Answer:
        """As whoever has a key of the database and a role: it tells both, and lets nobody but administrators write."""
        if incoming.path == "/key/info" and not incoming.query:
            return Answer(body={"key": "0" * 64, "info": {"user_id": role, "allowed_routes": self.routes}})
        if incoming.path == "/v2/user/info":
            return Answer(body={"user_id": role, "user_role": role})
        if incoming.method == "GET":
            return self._read(incoming)
        if role != "proxy_admin":
            return error(403, "auth_error", f"user not allowed to access this route, role= {role}")
        return self._write(incoming, self._cache_lag_s + enforce_lag_s)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read(self, incoming: Incoming) -> Answer:  # noqa: C901, PLR0911  one answer per route
        match incoming.path:
            case "/v2/model/info":
                meant = incoming.query.get("model")
                models = [row for row in self.state.models.values() if meant is None or row.name == meant]
                return _page(incoming, "data", [_model(row) for row in models])
            case "/key/info":
                row = self._key(incoming.query.get("key", ""))
                if row is None:
                    return error(404, "not_found_error", "Key not found in database")
                return Answer(body={"key": hash_of(row.key), "info": _key_shown(row)})
            case "/v2/user/info":  # the master key's own: a role that says nothing
                return Answer(body={"user_id": "default_user_id", "user_role": "internal_user"})
            case "/key/list":
                alias = incoming.query.get("key_alias")
                rows = [row for row in self.state.keys.values() if alias is None or alias in (row.alias or "")]
                return _page(incoming, "keys", [{"token": hash_of(row.key), **_key_shown(row)} for row in rows])
            case "/team/info":
                team = self.state.teams.get(incoming.query.get("team_id", ""))
                if team is None:
                    return error(404, "auth_error", "{'message': 'Team not found'}")
                return Answer(body={"team_id": team.id, "team_info": _team_shown(team), "keys": []})
            case "/v2/team/list":
                alias = incoming.query.get("team_alias")
                teams = [row for row in self.state.teams.values() if alias is None or alias in row.alias]
                return _page(incoming, "teams", [_team_shown(row) for row in teams])
            case "/v2/guardrails/list":
                return Answer(body={"guardrails": [_guardrail(row) for row in self.state.guardrails.values()]})
            case "/router/settings":
                return Answer(body={"fields": [], "current_values": {"model_group_alias": self.state.aliases}})
            case "/spend/logs/v2":
                return self._spend(incoming)
            case _:
                return error(404, "not_found_error", "Not Found")

    def _key(self, name: str) -> KeyRow | None:
        return self.state.keys.get(name) or self.state.keys.get(hash_of(name))

    def _together(self, asked: dict[str, Any]) -> Answer:
        """Rows in an order of its own, without their hashes."""
        rows = [
            row
            for found, row in sorted(self.state.keys.items())
            if found in asked.get("keys", ()) or (row.alias is not None and row.alias in asked.get("key_aliases", ()))
        ]
        return Answer(body={"key": asked.get("keys"), "info": [_key_shown(row) for row in rows]})

    def _spend(self, incoming: Incoming) -> Answer:
        if not {"start_date", "end_date"} <= set(incoming.query):
            return error(400, "bad_request", "Start date and end date are required")
        meant = incoming.query.get("model_group")
        rows = [
            {"api_key": who, "spend": 0.25, "model_group": model,
             "metadata": {"user_api_key_alias": self.state.keys[who].alias}}
            for who, model in self.state.calls if model == meant and who in self.state.keys
        ]  # fmt: skip
        return _page(incoming, "data", rows)

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write(self, incoming: Incoming, lag_s: float) -> Answer:
        asked = incoming.json()
        match incoming.path.strip("/").split("/"):
            case ["key", ("block" | "unblock" | "update") as verb]:
                row = self._key(str(asked.get("key", "")))
                return self._held(row, verb, asked, incoming.at_s, lag_s, "Key not found.")
            case ["team", ("block" | "unblock" | "update") as verb]:
                team = self.state.teams.get(str(asked.get("team_id", "")))
                return self._held(team, verb, asked, incoming.at_s, lag_s, "Team not found.")
            case ["model", ("block" | "unblock") as verb]:
                return self._block_model(str(asked.get("model_id", "")), verb)
            case ["guardrails", found] if incoming.method == "PATCH":
                return self._guardrail(found, asked)
            case ["config", "update"]:
                settings = asked.get("router_settings") or {}
                self.state.aliases = settings.get("model_group_alias", self.state.aliases)
                return Answer(body={"message": "Config updated successfully"})
            case _:
                return error(404, "not_found_error", "Not Found")

    def _held(
        self, row: HeldRow | None, verb: str, asked: dict[str, Any], at_s: float, lag_s: float, absent: str
    ) -> Answer:
        if row is None:
            return error(404, "not_found_error", absent)
        row.remember(at_s, lag_s)
        if isinstance(row, KeyRow):
            row.changed_at = datetime.now(UTC).isoformat()
        if verb == "update":
            row.change(asked)
        else:
            row.blocked = verb == "block"
        return Answer(body={"data": row.shown()}, headers={"x-litellm-call-id": f"call-{at_s:.6f}"})

    def _block_model(self, model_id: str, verb: str) -> Answer:
        row = self.state.models.get(model_id)
        if row is None:
            return error(404, "not_found_error", "Model not found on proxy.")
        if not row.in_database:
            return error(400, "invalid_request_error", "Store model in DB via /model/new first")
        row.blocked = verb == "block"
        return Answer(body={"model_id": row.id, "model_name": row.name, "blocked": row.blocked})

    def _guardrail(self, found: str, asked: dict[str, Any]) -> Answer:
        row = self.state.guardrails.get(found)
        if row is None:
            return Answer(status=404, body={"detail": f"Guardrail with ID {found} not found"})
        row.params = {**row.params, **(asked.get("litellm_params") or {})}
        return Answer(body=_guardrail(row))


def _model(row: ModelRow) -> dict[str, Any]:
    info = {"id": row.id, "db_model": row.in_database, "blocked": row.blocked}
    return {"model_name": row.name, "litellm_params": {"model": f"openai/{row.name}"}, "model_info": info}


def _key_shown(row: KeyRow) -> dict[str, Any]:
    return {"key_name": f"sk-...{row.key[-4:]}", "key_alias": row.alias, "team_id": row.team_id,
            "settings_updated_at": row.changed_at, "last_active": row.last_active, **row.shown()}  # fmt: skip


def _team_shown(row: TeamRow) -> dict[str, Any]:
    return {"team_id": row.id, "team_alias": row.alias, **row.shown(), "blocked": row.blocked is True}


def _guardrail(row: GuardrailRow) -> dict[str, Any]:
    return {
        "guardrail_id": row.id, "guardrail_name": row.name, "litellm_params": row.params,
        "guardrail_definition_location": "db",
    }  # fmt: skip


def _page(incoming: Incoming, name: str, rows: list[dict[str, Any]]) -> Answer:
    size = min(PAGE, int(incoming.query.get("size") or incoming.query.get("page_size") or PAGE))
    page = max(1, int(incoming.query.get("page") or 1))
    pages = max(1, -(-len(rows) // size))
    shown = rows[(page - 1) * size : page * size]
    told = {"total": len(rows), "total_count": len(rows), "page": page, "current_page": page, "total_pages": pages}
    return Answer(body={name: shown, **told})
