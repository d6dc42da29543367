"""The part of Anthropic's Admin API that the adapter uses, as a site for `adapters.simulator`, and callers' calls.

Shapes are parsed by Anthropic's SDK in the tests. It must never be given a real key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from adapters.anthropic_admin.simulated import (
    MADE_AT,
    OUT,
    RPM,
    Family,
    KeyRow,
    Row,
    Rows,
    WorkspaceRow,
    caller,
    error,
    message,
    usage,
    wrong_key,
)
from adapters.anthropic_admin.usage import REPORT, TRIAL
from adapters.simulator import Answer, Incoming

__all__ = ["ADMIN_KEY", "OUT", "RPM", "AnthropicSite", "Family", "KeyRow", "WorkspaceRow"]

ADMIN_KEY = "sk-ant-admin-simulated"
ROOT = "/v1/organizations"
ASSIGNABLE = frozenset({"user", "developer", "billing", "claude_code_user", "managed"})


class AnthropicSite:
    """One organisation with these workspaces, keys, families of models and users (by id: name, e-mail, role).

    Nobody outside knows whether a limit of 0 is taken: `takes_zero` decides here.
    """

    def __init__(
        self, workspaces: Iterable[WorkspaceRow], keys: Iterable[KeyRow], families: Sequence[Family],
        users: dict[str, Row], *, lag_s: float = 0.0, takes_zero: bool = True, page: int = 100,
    ) -> None:  # fmt: skip
        self._families = list(families)
        self._lag_s = lag_s
        self._takes_zero = takes_zero
        self._page = page
        self.state = Rows({one.id: one for one in workspaces}, {one.id: one for one in keys}, users)

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A caller calls; every other request that is no GET writes."""
        if not incoming.path.startswith(ROOT):
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as Anthropic would."""
        if "anthropic-version" not in incoming.headers:
            return error(400, "invalid_request_error", "anthropic-version: header is required")
        if not incoming.path.startswith(ROOT):
            return self._call(incoming)
        if incoming.bearer != ADMIN_KEY:
            known = caller(self.state, incoming.bearer) is not None
            return error(403, "permission_error", "This key is no admin key.") if known else wrong_key()
        if self.kind(incoming) == "write":
            self.state.remember(incoming.at_s, self._lag_s + enforce_lag_s)
        return self._admin(incoming, incoming.path.removeprefix(ROOT).strip("/").split("/"))

    def _call(self, incoming: Incoming) -> Answer:
        met = self.state.met(incoming.at_s)
        key = caller(met, incoming.bearer)
        if key is None:
            return wrong_key()
        if (incoming.method, incoming.path) == ("GET", "/v1/models"):
            return self._list(incoming, [_model(name) for one in self._families for name in one.models])
        if (incoming.method, incoming.path) == ("POST", "/v1/messages"):
            return message(self.state, met, key, self._families, incoming.json(), incoming.at_s)
        return _unknown()

    def _admin(self, incoming: Incoming, steps: Sequence[str]) -> Answer:  # noqa: PLR0911  one answer per route
        match incoming.method, steps:
            case "GET", ["me"]:
                return Answer(body={"type": "organization", "id": "org_1", "name": "Example organisation"})
            case "GET", ["analytics", "usage"]:
                if incoming.headers.get("anthropic-beta") != TRIAL[REPORT]["anthropic-beta"]:
                    return _unknown()
                return _told(usage(self.state, incoming.query, self._page))
            case "GET", ["rate_limits"]:
                return self._tokens(incoming, [_family(one) for one in self._families])
            case _, ["api_keys", *rest]:
                return self._keys(incoming, rest)
            case _, ["users", *rest]:
                return self._users(incoming, rest)
            case "GET", ["workspaces"]:
                more = incoming.query.get("include_default") == "true"
                every = incoming.query.get("include_archived") == "true"
                rows = [one for one in self.state.workspaces.values() if more or not one.default]
                return self._list(incoming, [_workspace(one) for one in rows if every or one.archived_at is None])
            case _, ["workspaces", ident, *rest]:
                row = self.state.workspaces.get(ident)
                return _unknown() if row is None else self._workspace(incoming, row, rest)
            case _:
                return _unknown()

    # -- keys and users ------------------------------------------------------------------------------------------------

    def _keys(self, incoming: Incoming, steps: Sequence[str]) -> Answer:
        if not steps:
            where, status = incoming.query.get("workspace_id"), incoming.query.get("status")
            rows = [one for one in self.state.keys.values() if where in {None, one.workspace}]
            return self._list(incoming, [_key(one) for one in rows if status in {None, one.status}])
        row = self.state.keys.get(steps[0])
        if row is None:
            return _unknown()
        if incoming.method == "POST":
            return self._switch(row, incoming.json().get("status"))
        return Answer(body=_key(row))

    def _switch(self, row: KeyRow, status: object) -> Answer:
        if status not in {"active", "inactive", "archived"} or (row.status == "archived" and status != "archived"):
            return error(400, "invalid_request_error", "This status cannot be set.")
        on = sum(one.status == "active" for one in self.state.keys.values())
        if status == "active" and row.status != "active" and on >= self.state.most_keys:
            return error(400, "invalid_request_error", "Too many keys.", "org_api_key_limit_exceeded")
        row.status = str(status)
        return Answer(body=_key(row))

    def _users(self, incoming: Incoming, steps: Sequence[str]) -> Answer:
        if not steps:
            meant = incoming.query.get("email")
            rows = [_user(ident, row) for ident, row in self.state.users.items() if meant in {None, row["email"]}]
            return self._list(incoming, rows)
        row = self.state.users.get(steps[0])
        if row is None:
            return _unknown()
        if incoming.method == "POST":
            if incoming.json().get("role") not in ASSIGNABLE:
                return error(400, "invalid_request_error", "This role cannot be assigned.")
            row["role"] = incoming.json()["role"]
        return Answer(body=_user(steps[0], row))

    # -- a workspace ---------------------------------------------------------------------------------------------------

    def _workspace(self, incoming: Incoming, row: WorkspaceRow, steps: Sequence[str]) -> Answer:  # noqa: PLR0911  as above
        if row.archived_at is not None and incoming.method != "GET":
            return error(400, "invalid_request_error", "The workspace is archived.")
        match incoming.method, steps:
            case "GET", []:
                return Answer(body=_workspace(row))
            case "POST", ["archive"]:
                row.archived_at = MADE_AT
                return Answer(body=_workspace(row))
            case "GET", ["rate_limits"]:
                rows = [self._limit(row, one) for one in self._families if row.limits.get(one.id)]
                return self._tokens(incoming, rows)
            case "POST", ["rate_limits", ident]:
                return self._lower(incoming, row, ident)
            case _, ["members", *rest]:
                return self._members(incoming, row, rest)
            case _:
                return _unknown()

    def _lower(self, incoming: Incoming, row: WorkspaceRow, ident: str) -> Answer:
        family = next((one for one in self._families if one.id == ident), None)
        if family is None or row.default:
            return _unknown()
        least = 0 if self._takes_zero else 1
        asked = {one["type"]: one["value"] for one in incoming.json().get("limits", ())}
        if not asked or any(value is not None and value < least for value in asked.values()):
            return error(400, "invalid_request_error", f"A limit must be at least {least}.")
        own = {**row.limits.get(ident, {}), **asked}
        row.limits[ident] = {kind: value for kind, value in own.items() if value is not None}
        return Answer(body=self._limit(row, family))

    def _limit(self, row: WorkspaceRow, family: Family) -> Row:
        values = [
            {"type": kind, "value": value, "org_limit": family.limits.get(kind), "source": {"type": "workspace"}}
            for kind, value in row.limits.get(family.id, {}).items()
        ]
        told = {"type": "workspace_rate_limit", "rate_limit_id": family.id, "workspace_id": row.id, "limits": values}
        return {**told, "group": _group(family), "models": family.models}

    def _members(self, incoming: Incoming, row: WorkspaceRow, steps: Sequence[str]) -> Answer:
        asked = incoming.json()
        if not steps and incoming.method == "GET":
            return self._list(incoming, [_member(row, ident) for ident in row.members], "user_id")
        if not steps:
            if asked.get("user_id") not in self.state.users or asked["user_id"] in row.members:
                return error(400, "invalid_request_error", "No such user, or a member already.", "already_member")
            row.members[asked["user_id"]] = asked["workspace_role"]
            return Answer(body=_member(row, asked["user_id"]))
        if steps[0] not in row.members:
            return _unknown()
        if incoming.method == "DELETE":
            del row.members[steps[0]]
            return Answer(body={"type": "workspace_member_deleted", "user_id": steps[0], "workspace_id": row.id})
        return Answer(body=_member(row, steps[0]))

    # -- lists ---------------------------------------------------------------------------------------------------------

    def _list(self, incoming: Incoming, rows: Sequence[Row], ident: str = "id") -> Answer:
        after, size = incoming.query.get("after_id"), min(self._page, int(incoming.query.get("limit", "20")))
        begins = next((at + 1 for at, row in enumerate(rows) if row[ident] == after), 0)
        shown = rows[begins : begins + size]
        first, last = (shown[0][ident], shown[-1][ident]) if shown else (None, None)
        more = begins + size < len(rows)
        return _told({"data": shown, "first_id": first, "last_id": last, "has_more": more})

    def _tokens(self, incoming: Incoming, rows: Sequence[Row]) -> Answer:
        begins, size = int(incoming.query.get("page", "0")), min(self._page, int(incoming.query.get("limit", "1000")))
        ends = begins + size
        return _told({"data": rows[begins:ends], "next_page": str(ends) if ends < len(rows) else None})


def _told(body: Row) -> Answer:
    return Answer(body=body, headers={"request-id": "req_1"})


def _unknown() -> Answer:
    return error(404, "not_found_error", "There is no such thing.")


def _model(name: str) -> Row:
    return {"type": "model", "id": name, "display_name": name, "created_at": MADE_AT, "lifecycle": "active"}


def _group(family: Family) -> Row:
    return {"type": "model_group", "id": f"rlg_{family.id}", "display_name": family.name}


def _family(family: Family) -> Row:
    values = [{"type": kind, "value": value} for kind, value in family.limits.items()]
    return {
        "type": "rate_limit", "id": family.id, "group": _group(family), "limits": values, "models": family.models,
    }  # fmt: skip


def _key(row: KeyRow) -> Row:
    scope = {"type": "workspace", "workspace_id": row.workspace} if row.workspace else {"type": "organization"}
    return {
        "type": "api_key", "id": row.id, "name": row.name, "status": row.status, "scope": scope, "created_at": MADE_AT,
        "created_by": {"type": "user", "id": "user_1"}, "expires_at": None, "partial_key_hint": "sk-ant-...",
        "principal": None,
    }  # fmt: skip


def _user(ident: str, row: Row) -> Row:
    return {"type": "user", "id": ident, "added_at": MADE_AT, **row}


def _member(row: WorkspaceRow, ident: str) -> Row:
    told = {"type": "workspace_member", "user_id": ident, "workspace_id": row.id}
    return {**told, "workspace_role": row.members[ident]}


def _workspace(row: WorkspaceRow) -> Row:
    geos = {"allowed_inference_geos": "unrestricted", "default_inference_geo": "global", "workspace_geo": "us"}
    return {
        "type": "workspace", "id": row.id, "name": row.name, "archived_at": row.archived_at, "created_at": MADE_AT,
        "compartment_id": "cmp_1", "data_residency": geos, "display_color": "#6C5BB9", "external_key_id": None,
        "tags": {}, "user_profile_id": None,
    }  # fmt: skip
