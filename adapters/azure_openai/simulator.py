"""The part of Azure that the adapter uses, as one site: the sign-in, the manager, and the account's endpoint.

Its answers are parsed by Azure's own management client in the tests. It must never be given a real secret.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

from adapters.simulator import Answer, Incoming

SUBSCRIPTION, TENANT, CLIENT = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "123")
GROUP, ACCOUNT = "models", "atlas-account"
CLIENT_SECRET = "simulated-client-secret"  # noqa: S105  made up
ARM_TOKEN = "simulated-arm-token"  # noqa: S105  made up
CALLER_KEY = "simulated-caller-key"
PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.CognitiveServices/accounts/{ACCOUNT}"
STABLE, PREVIEW, AUTHORISATION = "2025-09-01", "2026-01-15-preview", "2022-04-01"
PAUSABLE = ("Standard", "DataZoneStandard", "GlobalStandard")
PLACE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/sweden/operationResults/"


@dataclass(slots=True)
class Rows:
    """The account, what is in it by path, when each stops being worked on, and what still counts for callers."""

    account: dict[str, Any]
    things: dict[tuple[str, ...], dict[str, Any]]
    busy: dict[tuple[str, ...], float] = field(default_factory=dict[tuple[str, ...], float])
    operations: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])
    before: Rows | None = None
    before_until_s: float = 0.0
    fail_next: str = ""
    fail_and_keep: bool = False
    previews: bool = True
    roles: list[dict[str, Any]] = field(default_factory=lambda: [{"actions": ["*"], "notActions": []}])


def deployment(model: str, capacity: int = 100, *, sku: str = "Standard", policy: str = "guarded") -> dict[str, Any]:
    """A deployment as somebody made it."""
    return {
        "sku": {"name": sku, "capacity": capacity},
        "properties": {
            "model": {"format": "OpenAI", "name": model, "version": "2025-08-07"}, "raiPolicyName": policy,
            "versionUpgradeOption": "OnceNewDefaultVersionAvailable", "deploymentState": "Running",
        },
    }  # fmt: skip


def _error(status: int, code: str, message: str = "", **more: Any) -> Answer:  # noqa: ANN401  JSON
    return Answer(status=status, body={"error": {"code": code, "message": message or code, **more}})


class AzureSite:
    """One account with these deployments. An operation ends `lag_s` after it began, and bites then."""

    def __init__(self, deployments: Mapping[str, dict[str, Any]], *, lag_s: float = 0.05, page: int = 2) -> None:
        things: dict[tuple[str, ...], dict[str, Any]] = {
            ("deployments", name): copy.deepcopy(one) for name, one in deployments.items()
        }
        blocking = [{"blocklistName": "standdown-blocked", "blocking": True, "source": "Prompt"}]
        things["raiPolicies", "guarded"] = {"properties": {"mode": "Blocking", "customBlocklists": blocking}}
        things["raiPolicies", "Microsoft.DefaultV2"] = {"properties": {"mode": "Default", "type": "SystemManaged"}}
        things["raiPolicies", "standdown-strict"] = {"properties": {"mode": "Blocking", "customBlocklists": blocking}}
        things["raiBlocklists", "standdown-blocked"] = {"properties": {"description": "prepared"}}
        account = {"properties": {"publicNetworkAccess": "Enabled", "disableLocalAuth": False}}
        self.state = Rows(account, things)
        self._lag_s = lag_s
        self._page = page

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """The endpoint is called; at the manager every request that is no GET writes."""
        if incoming.path.startswith("/openai/"):
            return "call"
        return "read" if incoming.method == "GET" or incoming.path.endswith("/token") else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: PLR0911  one answer per part
        """Answer as the sign-in, the manager or the endpoint would."""
        if incoming.path == f"/{TENANT}/oauth2/v2.0/token":
            return _token(incoming)
        if incoming.path.startswith("/openai/"):
            return self._call(incoming)
        if incoming.bearer != ARM_TOKEN:
            return _error(401, "InvalidAuthenticationToken")
        if incoming.path.startswith(PLACE):
            return self._operation(incoming)
        if incoming.path == f"{PATH}/providers/Microsoft.Authorization/permissions":
            return self._permissions(incoming)
        if incoming.query.get("api-version") not in {STABLE, *([PREVIEW] if self.state.previews else [])}:
            return _error(400, "NoRegisteredProviderFound")
        if not incoming.path.startswith(PATH):
            return _error(404, "ResourceGroupNotFound")
        steps = tuple(step for step in incoming.path.removeprefix(PATH).split("/") if step)
        if incoming.method == "GET":
            return self._read(incoming, steps)
        return self._write(incoming, steps, enforce_lag_s)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _permissions(self, incoming: Incoming) -> Answer:
        """What the application's roles allow at the account, a page at a time."""
        if incoming.method != "GET" or incoming.query.get("api-version") != AUTHORISATION:
            return _error(400, "NoRegisteredProviderFound")
        begins, roles = int(incoming.query.get("$skipToken", "0")), self.state.roles
        body: dict[str, Any] = {"value": roles[begins : begins + self._page]}
        if begins + self._page < len(roles):
            ahead = f"{incoming.path}?api-version={AUTHORISATION}&$skipToken={begins + self._page}"
            body["nextLink"] = _here(incoming) + ahead
        return Answer(body=body)

    def _read(self, incoming: Incoming, steps: tuple[str, ...]) -> Answer:
        if not steps:
            return Answer(body=self._account(incoming.at_s))
        if len(steps) % 2:
            return self._list(incoming, steps)
        if steps not in self.state.things:
            return _error(404, "DeploymentNotFound" if steps[0] == "deployments" else "ResourceNotFound")
        return Answer(body=self._shown(steps, incoming))

    def _list(self, incoming: Incoming, steps: tuple[str, ...]) -> Answer:
        keys = [one for one in sorted(self.state.things) if one[:-1] == steps]
        begins = int(incoming.query.get("$skipToken", "0"))
        body: dict[str, Any] = {"value": [self._shown(one, incoming) for one in keys[begins : begins + self._page]]}
        if begins + self._page < len(keys):
            version = incoming.query["api-version"]
            ahead = f"{incoming.path}?api-version={version}&$skipToken={begins + self._page}"
            body["nextLink"] = _here(incoming) + ahead
        return Answer(body=body)

    def _shown(self, steps: tuple[str, ...], incoming: Incoming) -> dict[str, Any]:
        found = copy.deepcopy(self.state.things[steps])
        kind = "/".join(("Microsoft.CognitiveServices/accounts", *steps[::2]))
        properties = found["properties"]
        if steps[0] == "deployments":
            busy = incoming.at_s < self.state.busy.get(steps, 0.0)
            properties["provisioningState"] = "Accepted" if busy else properties.get("provisioningState", "Succeeded")
            properties["capabilities"] = {"chatCompletion": "true"}
            properties["rateLimits"] = [{"key": "request", "renewalPeriod": 10, "count": found["sku"]["capacity"]}]
            if incoming.query["api-version"] == STABLE:
                del properties["deploymentState"]
        return {"id": "/".join((PATH, *steps)), "name": steps[-1], "type": kind, "etag": '"1"', **found}

    def _account(self, now_s: float) -> dict[str, Any]:
        busy = now_s < self.state.busy.get((), 0.0)
        properties = {**self.state.account["properties"], "provisioningState": "Accepted" if busy else "Succeeded"}
        return {
            "id": PATH, "name": ACCOUNT, "type": "Microsoft.CognitiveServices/accounts", "kind": "OpenAI",
            "location": "sweden", "sku": {"name": "S0"}, "properties": properties,
        }  # fmt: skip

    # -- writing -------------------------------------------------------------------------------------------------------

    def _write(self, incoming: Incoming, steps: tuple[str, ...], lag_s: float) -> Answer:
        state = self.state
        old = Rows(copy.deepcopy(state.account), copy.deepcopy(state.things))
        answer = self._change(incoming, steps)
        if answer.status >= 400:  # noqa: PLR2004  HTTP
            return answer
        ends_s = incoming.at_s + self._lag_s + lag_s
        if incoming.at_s >= state.before_until_s:
            state.before, state.before_until_s = old, ends_s
        target = steps[:2]
        if answer.status in {200, 204} and not state.fail_next:
            return answer
        state.busy[target] = ends_s
        by_status = incoming.method == "PUT"
        number, failed = f"{len(state.operations) + 1}-{'status' if by_status else 'result'}", state.fail_next
        state.operations[number] = (ends_s, failed)
        if failed:
            state.fail_next = ""
            if not state.fail_and_keep:
                state.account, state.things = old.account, old.things
        version = incoming.query["api-version"]
        at = f"{_here(incoming)}{PLACE}{number}?api-version={version}"
        name = "azure-asyncoperation" if by_status else "location"
        return Answer(status=answer.status, body=answer.body, headers={name: at, "retry-after": "0"})

    def _change(self, incoming: Incoming, steps: tuple[str, ...]) -> Answer:  # noqa: PLR0911  one answer per verb
        things, body = self.state.things, incoming.json()
        match incoming.method, steps:
            case "PATCH", ():
                self.state.account["properties"].update(body["properties"])
                return Answer(status=202, body=self._account(incoming.at_s))
            case "PUT", _:
                there = steps in things
                found = {name: value for name, value in body.items() if name in {"sku", "properties", "tags"}}
                if steps[0] == "deployments":
                    kept = things.get(steps, {"properties": {}})["properties"].get("deploymentState", "Running")
                    found["properties"]["deploymentState"] = kept
                things[steps] = found
                status = 200 if there and steps[0] != "deployments" else 201
                return Answer(status=status, body=self._shown(steps, incoming))
            case "DELETE", _:
                return Answer(status=202 if things.pop(steps, None) is not None else 204)
            case "PATCH", ("deployments", _) if steps in things:
                things[steps]["sku"].update(body.get("sku", {}))
                return Answer(status=202, body=self._shown(steps, incoming))
            case "POST", ("deployments", name, ("pause" | "resume") as verb) if steps[:2] in things:
                if (
                    incoming.query["api-version"] != PREVIEW
                    or things["deployments", name]["sku"]["name"] not in PAUSABLE
                ):
                    return _error(400, "InvalidOperation")
                things["deployments", name]["properties"]["deploymentState"] = (
                    "Paused" if verb == "pause" else "Running"
                )
                return Answer(body=self._shown(steps[:2], incoming))
            case _:
                return _error(404, "DeploymentNotFound")

    def _operation(self, incoming: Incoming) -> Answer:
        """By the one header a status in words, by the other 202 until it is done; both are asked at one place here."""
        number = incoming.path.removeprefix(PLACE)
        ends_s, failed = self.state.operations.get(number, (0.0, "gone"))
        if incoming.at_s < ends_s:
            return Answer(status=202, body={"status": "Running"}, headers={"retry-after": "0"})
        if failed and number.endswith("result"):
            return _error(409, failed)
        if failed:
            return Answer(body={"status": "Failed", "error": {"code": failed, "message": failed}})
        return Answer(body={"status": "Succeeded"})

    # -- callers -------------------------------------------------------------------------------------------------------

    def _call(self, incoming: Incoming) -> Answer:
        late = self.state.before is not None and incoming.at_s < self.state.before_until_s
        rows = self.state.before if late and self.state.before is not None else self.state
        doors = rows.account["properties"]
        if doors["publicNetworkAccess"] == "Disabled":
            return _error(403, "AccessDenied", "Public access is disabled. Please configure private endpoint.")
        if doors["disableLocalAuth"]:
            return _error(403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.")
        if incoming.headers.get("api-key") != CALLER_KEY:
            return _error(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
        name = incoming.path.split("/")[3]
        found = rows.things.get(("deployments", name))
        if found is None:
            return _error(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
        if found["properties"]["deploymentState"] == "Paused":
            return _error(423, "Locked", "The deployment is paused.")
        return self._filtered(rows, found, incoming.json()["messages"][-1]["content"])

    def _filtered(self, rows: Rows, found: Mapping[str, Any], said: str) -> Answer:
        policy = rows.things.get(("raiPolicies", found["properties"].get("raiPolicyName", "")), {})
        for used in policy.get("properties", {}).get("customBlocklists", []):
            place = ("raiBlocklists", used["blocklistName"], "raiBlocklistItems")
            terms = [one["properties"]["pattern"] for key, one in rows.things.items() if key[:-1] == place]
            if any(term in said for term in terms):
                details = [{"filtered": True, "id": used["blocklistName"]}]
                result = {"custom_blocklists": {"filtered": True, "details": details}}
                inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": result}
                return _error(400, "content_filter", "The response was filtered.", innererror=inner)
        answer = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "p"}}
        return Answer(body={"id": "c", "object": "chat.completion", "choices": [answer]})


def _token(incoming: Incoming) -> Answer:
    asked = {name: values[0] for name, values in parse_qs(incoming.body.decode()).items()}
    if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT, CLIENT_SECRET):
        return Answer(status=401, body={"error": "invalid_client", "error_description": "AADSTS7000215"})
    return Answer(body={"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": ARM_TOKEN})


def _here(incoming: Incoming) -> str:
    scheme = "https" if incoming.secure else "http"
    return f"{scheme}://{incoming.headers['host']}"
