"""A simulated Google Cloud project: the sign-in, Vertex AI, and its callers, on one loopback port.

Organisation policy, IAM and quotas are in `simulated_beside`. It must never be given a real key.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qs

from adapters.google_vertex import simulated as sim
from adapters.google_vertex.simulated_beside import beside
from adapters.simulator import Answer, Incoming

__all__ = ["GoogleSite"]
_CALLS = (":predict", ":generateContent", ":rawPredict")
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCE = "https://oauth2.googleapis.com/token"  # Google's own library says this one, wherever it signs in
_OWN = re.compile(rf"/v1/projects/(?:{sim.PROJECT}|{sim.NUMBER})/locations/{sim.LOCATION}/(.+)")
_TOKENS = {sim.CONSOLE: sim.CONSOLE_TOKEN, sim.CANARY: sim.CANARY_TOKEN}
_NOT_IN = re.compile(r'state!="(\w+)"')
_WHOLE = 100
Verify = Callable[[str, str], bool]


class GoogleSite:
    """One project. An operation ends `lag_s` after it began; what is written bites as much later.

    `verify` is asked whether an assertion is signed by this account's key; without it every signature is believed.
    """

    state: Any

    def __init__(
        self, rows: sim.Rows | None = None, *, lag_s: float = 0.05, page: int = 2, verify: Verify | None = None
    ) -> None:
        self.state = rows or sim.project()
        self.state.bites = [(0.0, self.state.enforced())]
        self._lag_s = lag_s
        self._page = page
        self._verify = verify

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """A model is called; what is no GET writes."""
        if incoming.path.endswith(_CALLS):
            return "call"
        reads = incoming.path == "/token" or incoming.path.endswith(":testIamPermissions")
        return "read" if incoming.method == "GET" or reads else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as the service that the path belongs to would."""
        if incoming.path == "/token":
            return self._token(incoming)
        if incoming.path.endswith(_CALLS):
            return self._call(incoming)
        if incoming.bearer != sim.CONSOLE_TOKEN:
            return sim.refused(401, "UNAUTHENTICATED")
        lag_s = self._lag_s + enforce_lag_s
        self._settle(incoming.at_s, lag_s)
        if any(one in incoming.path for one in self.state.unreadable):
            return sim.refused(403, "PERMISSION_DENIED")
        before = self.state.enforced()
        own = _OWN.fullmatch(incoming.path)
        if own is not None:
            answer = self._vertex(incoming, own.group(1).split("/"), lag_s)
        elif incoming.path.startswith("/v1/publishers/"):
            answer = self._garden(incoming.path.removeprefix("/v1/"))
        else:
            answer = beside(self.state, incoming, lag_s)
        self._bite(before, incoming.at_s + lag_s)
        return answer

    def _bite(self, before: sim.Row, at_s: float) -> None:
        if self.state.enforced() != before:
            self.state.bites.append((at_s, self.state.enforced()))

    def _settle(self, now_s: float, lag_s: float) -> None:
        """What was begun and is due by now becomes so."""
        rows, before = self.state, self.state.enforced()
        due = [one for one in rows.pending if one[0] <= now_s]
        rows.pending = [one for one in rows.pending if one[0] > now_s]
        for _, what, ident, given in due:
            if what == "cancel":
                rows.jobs.get(ident, {})["state"] = "JOB_STATE_CANCELLED"
                continue
            one = rows.endpoints[ident]
            if what == "deploy":
                one["deployedModels"].append({**given["model"], "modelVersionId": given["version"]})
            else:
                one["deployedModels"] = [each for each in one["deployedModels"] if each["id"] != given["id"]]
            if given["split"] is not None:
                one["trafficSplit"] = given["split"]
        self._bite(before, now_s + lag_s)

    # -- the sign-in ---------------------------------------------------------------------------------------------------

    def _token(self, incoming: Incoming) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(incoming.body.decode()).items()}
        assertion = asked.get("assertion", "")
        try:
            claims = json.loads(_raw(assertion.split(".")[1]))
        except (ValueError, IndexError):
            return Answer(status=400, body={"error": "invalid_request"})
        email, here = claims.get("iss", ""), {f"{_here(incoming)}/token", _AUDIENCE}
        known = asked.get("grant_type") == _GRANT and email in _TOKENS and claims.get("aud") in here
        fits = "cloud-platform" in claims.get("scope", "") and 0 < claims["exp"] - claims["iat"] <= 3600  # noqa: PLR2004  s
        if not known or not fits or (self._verify is not None and not self._verify(email, assertion)):
            return Answer(status=400, body={"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return Answer(body={"access_token": _TOKENS[email], "expires_in": 3599, "token_type": "Bearer"})

    # -- Vertex AI -----------------------------------------------------------------------------------------------------

    def _garden(self, name: str) -> Answer:
        found = self.state.garden.get(name)
        return sim.refused(404, "NOT_FOUND") if found is None else Answer(body={"name": name, **found})

    def _vertex(self, incoming: Incoming, steps: list[str], lag_s: float) -> Answer:  # noqa: PLR0911  one per method
        rows = self.state
        match incoming.method, steps:
            case "GET", ["endpoints"]:
                return self._list(incoming, "endpoints", [sim.endpoint(*one) for one in sorted(rows.endpoints.items())])
            case "GET", ["endpoints", ident] if ident in rows.endpoints:
                return Answer(body=sim.endpoint(ident, rows.endpoints[ident]))
            case "GET", ["endpoints", _, "operations", ident] if ident in rows.operations:
                ends_s, failed = rows.operations[ident]
                return Answer(body=sim.operation(incoming.path.removeprefix("/v1/"), ends_s, failed, incoming.at_s))
            case "PATCH", ["endpoints", ident] if ident in rows.endpoints:
                return self._patch(ident, incoming)
            case "POST", ["endpoints", asked]:
                ident, _, verb = asked.partition(":")
                if ident in rows.endpoints and verb in {"deployModel", "undeployModel"}:
                    return self._begin(ident, verb, incoming, lag_s)
            case "GET", [("batchPredictionJobs" | "tuningJobs" | "customJobs") as kind]:
                without = _NOT_IN.findall(incoming.query.get("filter", ""))
                found = [
                    sim.job(name, one) for name, one in sorted(rows.jobs.items())
                    if name.startswith(f"{kind}/") and one["state"] not in without
                ]  # fmt: skip
                return self._list(incoming, kind, found)
            case "GET", [kind, ident] if f"{kind}/{ident}" in rows.jobs:
                return Answer(body=sim.job(f"{kind}/{ident}", rows.jobs[f"{kind}/{ident}"]))
            case "POST", [kind, asked] if asked.endswith(":cancel"):
                return self._cancel(f"{kind}/{asked.removesuffix(':cancel')}", incoming.at_s + lag_s)
            case _:
                pass
        return sim.refused(404, "NOT_FOUND")

    def _list(self, incoming: Incoming, name: str, rows: list[sim.Row]) -> Answer:
        begins = int(incoming.query.get("pageToken") or "0")
        ends = begins + self._page
        more = {"nextPageToken": str(ends)} if ends < len(rows) else {}
        page = rows[begins:ends]
        return Answer(body={**({name: page} if page else {}), **more})

    def _patch(self, ident: str, incoming: Incoming) -> Answer:
        if incoming.query.get("updateMask") != "trafficSplit":
            return sim.refused(400, "INVALID_ARGUMENT")
        one, split = self.state.endpoints[ident], incoming.json().get("trafficSplit", {})
        if not _fits(split, [each["id"] for each in one["deployedModels"]]):
            return sim.refused(400, "INVALID_ARGUMENT")
        one["trafficSplit"] = split
        return Answer(body=sim.endpoint(ident, one))

    def _begin(self, ident: str, verb: str, incoming: Incoming, lag_s: float) -> Answer:
        one, asked = self.state.endpoints[ident], incoming.json()
        there = [each["id"] for each in one["deployedModels"]]
        split = asked.get("trafficSplit") or None
        if verb == "undeployModel":
            name = asked["deployedModelId"]
            if name not in there:
                return sim.refused(404, "NOT_FOUND")
            rest = [each for each in there if each != name]
            split = split if rest else {}
            after = one["trafficSplit"] if split is None else split
            if not _fits(after, rest):
                return sim.refused(400, "FAILED_PRECONDITION")
            return self._operation(ident, "undeploy", {"id": name, "split": split}, incoming, lag_s)
        model = asked["deployedModel"]
        if model["id"] in there:
            return sim.refused(409, "ALREADY_EXISTS")
        if split is not None:
            split = {model["id"] if number == "0" else number: share for number, share in split.items()}
            if not _fits(split, [*there, model["id"]]):
                return sim.refused(400, "INVALID_ARGUMENT")
        bare, _, version = model["model"].partition("@")
        given = {"model": {**model, "model": bare}, "version": version or "1", "split": split}
        return self._operation(ident, "deploy", given, incoming, lag_s)

    def _operation(
        self, ident: str, what: str, given: sim.Row, incoming: Incoming, lag_s: float
    ) -> Answer:  # fmt: skip
        rows = self.state
        number, failed = str(7000 + len(rows.operations)), rows.fail_next
        rows.fail_next = 0
        rows.operations[number] = (incoming.at_s + lag_s, failed)
        if not failed or rows.fail_and_keep:
            rows.pending.append((incoming.at_s + lag_s, what, ident, given))
        name = f"{sim.PLACE}/endpoints/{ident}/operations/{number}"
        kind = "DeployModelOperationMetadata" if what == "deploy" else "UndeployModelOperationMetadata"
        metadata = {"@type": f"type.googleapis.com/google.cloud.aiplatform.v1.{kind}"}
        return Answer(body={"name": name, "metadata": metadata})

    def _cancel(self, name: str, at_s: float) -> Answer:
        found = self.state.jobs.get(name)
        if found is None:
            return sim.refused(404, "NOT_FOUND")
        if found["state"] not in {"JOB_STATE_RUNNING", "JOB_STATE_PENDING", "JOB_STATE_QUEUED"}:
            return sim.refused(400, "FAILED_PRECONDITION")
        found["state"] = "JOB_STATE_CANCELLING"
        self.state.pending.append((at_s, "cancel", name, {}))
        return Answer(body={})

    # -- callers -------------------------------------------------------------------------------------------------------

    def _call(self, incoming: Incoming) -> Answer:
        self._settle(incoming.at_s, self._lag_s)
        now = next(one for at_s, one in reversed(self.state.bites) if at_s <= incoming.at_s)
        if incoming.bearer not in _TOKENS.values():
            return sim.refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        email = next(name for name, token in _TOKENS.items() if token == incoming.bearer)
        own = _OWN.fullmatch(incoming.path)
        name, _, verb = (own.group(1) if own else "").rpartition(":")
        rules = [rule for one in now["denials"].values() for rule in one["rules"]]
        if sim.denies(rules, email, "aiplatform.googleapis.com/endpoints.predict"):
            told = f"Permission 'aiplatform.endpoints.predict' denied on resource '//{name}' (or it may not exist)."
            return sim.refused(403, "PERMISSION_DENIED", told, {"@type": "x", "reason": "IAM_PERMISSION_DENIED"})
        if name.startswith("endpoints/"):
            return _endpoint(now, name.removeprefix("endpoints/"))
        return self._model(now, name, verb)

    def _model(self, now: Mapping[str, Any], name: str, verb: str) -> Answer:
        if name not in self.state.garden:
            return sim.refused(404, "NOT_FOUND")
        if any(_denied(spec, f"{name}:predict") for spec in now["policies"].values()):
            told = (
                "Organization Policy constraint constraints/vertexai.allowedModels violated for "
                f"`projects/{sim.NUMBER}` attempting to use a disallowed Gen AI model {name.rpartition('/')[2]}."
            )
            return sim.refused(400, "FAILED_PRECONDITION", told)
        if verb == "rawPredict":
            message = {"id": "msg_1", "type": "message", "role": "assistant", "model": name.rpartition("/")[2]}
            usage = {"input_tokens": 1, "output_tokens": 1}
            return Answer(
                body={
                    **message,
                    "content": [{"type": "text", "text": "p"}],
                    "stop_reason": "max_tokens",
                    "usage": usage,
                }
            )
        content = {"role": "model", "parts": [{"text": "p"}]}
        return Answer(body={"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]})


def _endpoint(now: Mapping[str, Any], ident: str) -> Answer:
    if ident not in now["traffic"]:
        return sim.refused(404, "NOT_FOUND")
    if not now["traffic"][ident]:
        told = f"Endpoint {sim.PLACE}/endpoints/{ident} doesn't have traffic_split."
        return sim.refused(400, "FAILED_PRECONDITION", told)
    return Answer(body={"predictions": [{"text": "p"}], "deployedModelId": next(iter(now["traffic"][ident]))})


def _denied(spec: Mapping[str, Any], value: str) -> bool:
    for rule in spec.get("rules", []):
        values = rule.get("values", {})
        allowed = values.get("allowedValues", [])
        if rule.get("denyAll") or value in values.get("deniedValues", []) or (allowed and value not in allowed):
            return True
    return False


def _fits(split: Mapping[str, int], there: list[str]) -> bool:
    """Empty, or whole and given to what is deployed."""
    return not split or (sum(split.values()) == _WHOLE and set(split) <= set(there))


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _here(incoming: Incoming) -> str:
    return f"{'https' if incoming.secure else 'http'}://{incoming.headers['host']}"
