"""The part of OpenAI's Admin API that the adapter uses, as a site for `adapters.simulator`, and callers' calls.

Shapes follow OpenAI's description and are parsed by its SDK in the tests. It must never be given a real key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from adapters.openai_admin.simulated import (
    MADE_AT,
    TOOLS,
    KeyRow,
    ProjectRow,
    Row,
    Rows,
    caller,
    enforcing,
    error,
    event_of,
    models,
    respond,
    wrong_key,
)
from adapters.simulator import Answer, Incoming

__all__ = ["ADMIN_KEY", "PREFIX", "KeyRow", "OpenAISite", "ProjectRow"]

ADMIN_KEY = "sk-admin-simulated"
PREFIX = "/v1"
NUMBERS = ("max_requests_per_1_minute", "max_tokens_per_1_minute")
_OK = 200


class OpenAISite:
    """One organisation with these projects; `users` are by id (name, e-mail, role).

    Nobody outside knows whether a limit of 0 is taken: `takes_zero` decides here.
    """

    def __init__(
        self, projects: Iterable[ProjectRow], users: dict[str, Row], *, lag_s: float = 0.0, takes_zero: bool = True,
        page: int = 100,
    ) -> None:  # fmt: skip
        self._lag_s = lag_s
        self._takes_zero = takes_zero
        self._page = page
        self.state = Rows({one.id: one for one in projects}, users)

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A caller calls; every other request that is no GET writes."""
        if not incoming.path.startswith(f"{PREFIX}/organization"):
            return "call"
        return "read" if incoming.method == "GET" else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as OpenAI would."""
        steps = incoming.path.removeprefix(PREFIX).strip("/").split("/")
        if steps[:1] != ["organization"]:
            return self._call(incoming, steps)
        if incoming.bearer != ADMIN_KEY:
            known = caller(self.state, incoming.bearer) is not None
            told = "You have insufficient permissions for this operation."
            return error(403, "invalid_request_error", told) if known else wrong_key()
        writes = self.kind(incoming) == "write"
        if writes:
            self.state.remember(incoming.at_s, self._lag_s + enforce_lag_s)
        answer = self._admin(incoming, steps[1:])
        if writes and answer.status == _OK and (kind := event_of(incoming.method, steps[1:])):
            self.state.write_log(kind, steps[-1] if steps[-1] != "users" else incoming.json()["user_id"])
        return Answer(status=answer.status, body=answer.body, headers={"x-request-id": "req_1", **answer.headers})

    def _call(self, incoming: Incoming, steps: Sequence[str]) -> Answer:
        met = self.state.met(incoming.at_s)
        project = caller(met, incoming.bearer)
        if project is None:
            return wrong_key()
        match incoming.method, steps:
            case "GET", ["models"]:
                return models(project)
            case "POST", ["responses"]:
                return respond(self.state, met, project, incoming.json(), incoming.at_s)
            case _:
                return _unknown()

    def _admin(self, incoming: Incoming, steps: Sequence[str]) -> Answer:  # noqa: PLR0911  one answer per route
        match incoming.method, steps:
            case "GET", ["projects"]:
                every = incoming.query.get("include_archived") == "true"
                rows = [one for one in self.state.projects.values() if every or one.archived_at is None]
                return self._list(incoming, [_project(one) for one in rows])
            case _, ["projects", ident, *rest]:
                project = self.state.projects.get(ident)
                return _unknown() if project is None else self._in_project(incoming, project, rest)
            case "GET", ["users"]:
                return self._list(incoming, [_user(ident, row) for ident, row in self.state.users.items()])
            case _, ["users", ident]:
                return self._user(incoming, ident)
            case "GET", ["audit_logs"]:
                return self._logged(incoming)
            case "GET", ["usage", "completions"]:
                return self._usage(incoming)
            case _, ["spend_limit"]:
                self.state.spend, answer = self._spend(incoming, self.state.spend, "organization.spend_limit")
                return answer
            case _:
                return _unknown()

    def _usage(self, incoming: Incoming) -> Answer:
        asked = parse_qsl(urlsplit(incoming.target).query)
        models, projects = ([value for name, value in asked if name == one] for one in ("models[]", "project_ids[]"))
        if "start_time" not in incoming.query:
            return error(400, "invalid_request_error", "start_time is required.")
        rows = [
            {"object": "organization.usage.completions.result", "input_tokens": 1, "output_tokens": 1,
             "num_model_requests": count, "api_key_id": key, "project_id": None, "model": None}
            for project, key, model, count in self.state.used
            if model in models and (not projects or project in projects)
        ]  # fmt: skip
        bucket = {"object": "bucket", "start_time": MADE_AT, "end_time": MADE_AT + 3600, "results": rows}
        return Answer(body={"object": "page", "data": [bucket], "has_more": False, "next_page": None})

    def _logged(self, incoming: Incoming) -> Answer:
        asked = parse_qsl(urlsplit(incoming.target).query)
        kinds = {value for name, value in asked if name == "event_types[]"}
        since = int(dict(asked).get("effective_at[gte]", "0"))
        rows = [
            one for one in self.state.log
            if one["effective_at"] >= since and (not kinds or one["type"] in kinds)
        ]  # fmt: skip
        return self._list(incoming, rows)

    # -- a project -----------------------------------------------------------------------------------------------------

    def _in_project(self, incoming: Incoming, project: ProjectRow, steps: Sequence[str]) -> Answer:  # noqa: C901, PLR0911  one answer per route
        if project.archived_at is not None and (steps or incoming.method != "GET"):
            return error(400, "invalid_request_error", "The project is archived.")
        match incoming.method, steps:
            case "GET", []:
                return Answer(body=_project(project))
            case "POST", ["archive"]:
                project.archived_at = MADE_AT
                return Answer(body=_project(project))
            case _, ["model_permissions"]:
                return _policy(incoming, project)
            case _, ["hosted_tool_permissions"]:
                return _tools(incoming, project)
            case "GET", ["rate_limits"]:
                return self._list(incoming, [_limit(name, both) for name, both in project.limits.items()])
            case "POST", ["rate_limits", ident]:
                return self._lower(incoming, project, ident)
            case _, ["spend_limit"]:
                project.spend, answer = self._spend(incoming, project.spend, "project.spend_limit")
                return answer
            case _, ["users", *rest]:
                return self._members(incoming, project, rest)
            case _, ["api_keys", *rest]:
                return self._keys(incoming, project, rest)
            case _, ["service_accounts", *rest]:
                return self._accounts(incoming, project, rest)
            case _:
                return _unknown()

    def _lower(self, incoming: Incoming, project: ProjectRow, ident: str) -> Answer:
        asked, model = incoming.json(), ident.removeprefix("rl-")
        if model not in project.limits or not set(asked) <= set(NUMBERS):
            return _unknown() if model not in project.limits else error(400, "invalid_request_error", "Unknown field.")
        least = 0 if self._takes_zero else 1
        if any(not isinstance(value, int) or value < least for value in asked.values()):
            return error(400, "invalid_request_error", f"A limit must be at least {least}.")
        now = dict(zip(NUMBERS, project.limits[model], strict=True)) | asked
        project.limits[model] = (now[NUMBERS[0]], now[NUMBERS[1]])
        return Answer(body=_limit(model, project.limits[model]))

    def _spend(self, incoming: Incoming, held: Row | None, kind: str) -> tuple[Row | None, Answer]:
        asked = incoming.json()
        if incoming.method == "DELETE" and held is not None:
            return None, Answer(body={"object": f"{kind}.deleted", "deleted": True})
        if incoming.method == "POST":
            if asked.get("threshold_amount", 0) < 1 or set(asked) != {"threshold_amount", "currency", "interval"}:
                return held, error(400, "invalid_request_error", "A limit is at least one cent.")
            held = asked
        if held is None:
            return None, error(404, "invalid_request_error", "There is no spend limit.")
        status = "enforcing" if enforcing(held, self.state.spent_cents) else "inactive"
        return held, Answer(body={"object": kind, **held, "enforcement": {"status": status}})

    # -- who is in it --------------------------------------------------------------------------------------------------

    def _members(self, incoming: Incoming, project: ProjectRow, steps: Sequence[str]) -> Answer:
        asked = incoming.json()
        if not steps and incoming.method == "GET":
            return self._list(incoming, [self._member(ident, role) for ident, role in project.users.items()])
        if not steps:
            if asked.get("user_id") not in self.state.users or asked["user_id"] in project.users:
                return error(400, "invalid_request_error", "No such user, or in the project already.")
            project.users[asked["user_id"]] = asked["role"]
            return Answer(body=self._member(asked["user_id"], asked["role"]))
        ident = steps[0]
        if ident not in project.users:
            return _unknown()
        if incoming.method == "DELETE":
            del project.users[ident]
            return _deleted("organization.project.user", ident)
        return Answer(body=self._member(ident, project.users[ident]))

    def _member(self, ident: str, role: str) -> Row:
        who = self.state.users[ident]
        told = {"object": "organization.project.user", "id": ident, "role": role, "added_at": MADE_AT}
        return {**told, "name": who["name"], "email": who["email"]}

    def _user(self, incoming: Incoming, ident: str) -> Answer:
        row = self.state.users.get(ident)
        if row is None:
            return _unknown()
        if incoming.method == "POST":
            row["role"] = incoming.json().get("role", row["role"])
        return Answer(body=_user(ident, row))

    def _keys(self, incoming: Incoming, project: ProjectRow, steps: Sequence[str]) -> Answer:
        if not steps:
            return self._list(incoming, [self._key(project, one) for one in project.keys.values()])
        key = project.keys.get(steps[0])
        if key is None:
            return _unknown()
        if incoming.method == "DELETE":
            if key.owner in project.accounts:
                return error(400, "invalid_request_error", "The key belongs to a service account.")
            del project.keys[key.id]
            return _deleted("organization.project.api_key", key.id)
        return Answer(body=self._key(project, key))

    def _key(self, project: ProjectRow, key: KeyRow) -> Row:
        member = {"id": key.owner, "created_at": MADE_AT}
        if key.owner in project.accounts:
            account = {**member, "name": project.accounts[key.owner], "role": "member"}
            owner: Row = {"type": "service_account", "service_account": account}
        else:
            who = self.state.users[key.owner]
            role = project.users.get(key.owner, "member")
            owner = {"type": "user", "user": {**member, "name": who["name"], "email": who["email"], "role": role}}
        access = "active" if key.owner in project.users or key.owner in project.accounts else "inactive"
        return {
            "object": "organization.project.api_key", "id": key.id, "name": key.name, "created_at": MADE_AT,
            "last_used_at": key.last_used_at, "redacted_value": "sk-...", "owner_project_access": access,
            "owner": owner,
        }  # fmt: skip

    def _accounts(self, incoming: Incoming, project: ProjectRow, steps: Sequence[str]) -> Answer:
        if not steps:
            return self._list(incoming, [_account(ident, name) for ident, name in project.accounts.items()])
        ident = steps[0]
        if ident not in project.accounts:
            return _unknown()
        if incoming.method == "DELETE":
            project.keys = {name: key for name, key in project.keys.items() if key.owner != ident}
            del project.accounts[ident]
            return _deleted("organization.project.service_account", ident)
        return Answer(body=_account(ident, project.accounts[ident]))

    def _list(self, incoming: Incoming, rows: Sequence[Row]) -> Answer:
        after, size = incoming.query.get("after"), min(self._page, int(incoming.query.get("limit", "20")))
        begins = next((at + 1 for at, row in enumerate(rows) if row["id"] == after), 0)
        shown = rows[begins : begins + size]
        first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
        told = {"object": "list", "data": shown, "first_id": first, "last_id": last}
        return Answer(body={**told, "has_more": begins + size < len(rows)})


def _unknown() -> Answer:
    return error(404, "invalid_request_error", "There is no such thing.")


def _deleted(kind: str, ident: str) -> Answer:
    return Answer(body={"object": f"{kind}.deleted", "id": ident, "deleted": True})


def _project(row: ProjectRow) -> Row:
    status = "active" if row.archived_at is None else "archived"
    told = {"object": "organization.project", "id": row.id, "name": row.name, "created_at": MADE_AT}
    return {**told, "archived_at": row.archived_at, "status": status}


def _user(ident: str, row: Row) -> Row:
    return {"object": "organization.user", "id": ident, "added_at": MADE_AT, **row}


def _account(ident: str, name: str) -> Row:
    told = {"object": "organization.project.service_account", "id": ident, "name": name}
    return {**told, "role": "member", "created_at": MADE_AT}


def _limit(model: str, both: tuple[int, int]) -> Row:
    numbers = dict(zip(NUMBERS, both, strict=True))
    return {"object": "project.rate_limit", "id": f"rl-{model}", "model": model, **numbers}


def _policy(incoming: Incoming, project: ProjectRow) -> Answer:
    if incoming.method == "DELETE":
        project.policy = None
        return Answer(body={"object": "project.model_permissions.deleted", "deleted": True})
    if incoming.method == "POST":
        asked = incoming.json()
        if asked.get("mode") not in {"allow_list", "deny_list"} or not isinstance(asked.get("model_ids"), list):
            return error(400, "invalid_request_error", "Expected mode and model_ids.")
        project.policy = {"mode": asked["mode"], "model_ids": asked["model_ids"]}
    if project.policy is None:
        return error(404, "invalid_request_error", "The project has no model permissions.")
    return Answer(body={"object": "project.model_permissions", **project.policy})


def _tools(incoming: Incoming, project: ProjectRow) -> Answer:
    if incoming.method == "POST":
        asked = incoming.json()
        if not set(asked) <= set(TOOLS):
            return error(400, "invalid_request_error", "Unknown tool.")
        project.tools |= {name: value["enabled"] for name, value in asked.items()}
    return Answer(body={name: {"enabled": project.tools[name]} for name in TOOLS})
