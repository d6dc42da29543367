"""The simulated project's other services: organisation policy, IAM's deny policies, and quotas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapters.google_vertex import simulated as sim
from adapters.simulator import Answer, Incoming

_POLICY = re.compile(
    r"/v2/((?:projects|folders|organizations)/[a-z0-9-]+)/policies(?:/vertexai\.allowedModels)?(:\w+)?"
)
_DENIALS = re.compile(
    rf"/v2/policies/cloudresourcemanager\.googleapis\.com%2Fprojects%2F(?:{sim.PROJECT}|{sim.NUMBER})"
    r"/denypolicies(?:/([a-z0-9.-]+))?(?:/operations/(\d+))?"
)
_QUOTAS = re.compile(
    rf"/v1beta1/projects/{sim.PROJECT}/services/aiplatform\.googleapis\.com/consumerQuotaMetrics([:/].+)?"
)


_HELD = re.compile(r"/v3/((?:projects|folders|organizations)/[a-z0-9-]+):testIamPermissions")


def beside(rows: sim.Rows, incoming: Incoming, lag_s: float) -> Answer:
    """Answer as the service to which the path belongs."""
    path = incoming.target.partition("?")[0]
    if found := _DENIALS.fullmatch(path):
        return _denials(rows, incoming, found.group(1) or "", found.group(2) or "", lag_s)
    if found := _POLICY.fullmatch(incoming.path):
        parent = found.group(1)
        return _policies(rows, incoming, parent, found.group(2) or "")
    if found := _HELD.fullmatch(incoming.path):
        return _held(rows, found.group(1), incoming.json().get("permissions", []))
    if incoming.path.startswith("/v1beta1/operations/"):
        number = incoming.path.rpartition(".")[2]
        return Answer(body=sim.operation(f"operations/quf.{number}", *rows.operations[number], incoming.at_s))
    if found := _QUOTAS.fullmatch(incoming.path):
        return _quotas(rows, incoming, found.group(1) or "", lag_s)
    return sim.refused(404, "NOT_FOUND")


def _held(rows: sim.Rows, place: str, asked: list[str]) -> Answer:
    """Those of them that the console has there. One that is of no such place spoils the whole question."""
    if not asked or any(one in rows.untestable for one in asked):
        return sim.refused(400, "INVALID_ARGUMENT")
    has = [one for one in asked if rows.roles is None or one in rows.roles.get(place, ())]
    return Answer(body={"permissions": has} if has else {})


# -- the organisation's policy -----------------------------------------------------------------------------------------


def _policies(rows: sim.Rows, incoming: Incoming, parent: str, verb: str) -> Answer:  # noqa: PLR0911  one per method
    there = rows.policies.get(parent)
    if verb == ":getEffectivePolicy":
        found = next(iter(rows.policies.values()), {"rules": [{"allowAll": True}]})
        return Answer(
            body={"name": f"projects/{sim.NUMBER}/policies/vertexai.allowedModels", "spec": {"rules": found["rules"]}}
        )
    asked = incoming.json()
    if incoming.method == "POST":
        if there is not None:
            return sim.refused(409, "ALREADY_EXISTS")
        rows.policies[parent] = asked["spec"]
        return Answer(body=sim.policy(parent, asked["spec"]))
    if there is None:
        return sim.refused(404, "NOT_FOUND")
    tag = asked.get("etag") or incoming.query.get("etag")
    if incoming.method != "GET" and tag and tag != sim.etag_of(there):
        return sim.refused(409, "ABORTED")
    if incoming.method == "DELETE":
        del rows.policies[parent]
        return Answer(body={})
    if incoming.method == "PATCH":
        if incoming.query.get("updateMask") != "policy.spec":
            return sim.refused(400, "INVALID_ARGUMENT")
        rows.policies[parent] = {name: value for name, value in asked["spec"].items() if name != "etag"}
    return Answer(body=sim.policy(parent, rows.policies[parent]))


# -- denials -----------------------------------------------------------------------------------------------------------


def _denials(  # noqa: PLR0911  one per method
    rows: sim.Rows, incoming: Incoming, ident: str, number: str, lag_s: float
) -> Answer:
    if number:
        name = f"{sim.denial(ident, {})['name']}/operations/{number}"
        return Answer(body=sim.operation(name, *rows.operations[number], incoming.at_s))
    asked: Mapping[str, Any] = incoming.json()
    kept = {name: asked[name] for name in ("displayName", "rules") if name in asked}
    there = rows.denials.get(ident)
    if incoming.method == "POST":
        ident = incoming.query.get("policyId", "")
        if ident in rows.denials:
            return sim.refused(409, "ALREADY_EXISTS")
        return _done(rows, incoming, ident, kept, lag_s)
    if there is None:
        return sim.refused(404, "NOT_FOUND")
    if incoming.method == "GET":
        return Answer(body=sim.denial(ident, there))
    tag = asked.get("etag") or incoming.query.get("etag")
    if tag and tag != sim.etag_of(there):
        return sim.refused(409, "ABORTED")
    return _done(rows, incoming, ident, None if incoming.method == "DELETE" else kept, lag_s)


def _done(rows: sim.Rows, incoming: Incoming, ident: str, kept: sim.Row | None, lag_s: float) -> Answer:
    name = f"{sim.denial(ident, {})['name']}/operations/{_begun(rows, incoming, lag_s)}"
    if kept is None:
        del rows.denials[ident]
    else:
        rows.denials[ident] = kept
    return Answer(body={"name": name})


def _begun(rows: sim.Rows, incoming: Incoming, lag_s: float) -> str:
    number = str(7000 + len(rows.operations))
    rows.operations[number] = (incoming.at_s + lag_s, 0)
    return number


# -- quotas ------------------------------------------------------------------------------------------------------------


def _quotas(rows: sim.Rows, incoming: Incoming, rest: str, lag_s: float) -> Answer:
    if incoming.method == "GET" and rest == f"/{sim.METRIC}":
        return Answer(body=sim.metric(rows))
    if incoming.method != "POST" or rest != ":importConsumerOverrides":
        return sim.refused(404, "NOT_FOUND")
    asked = incoming.json()
    for one in asked["inlineSource"]["overrides"]:
        dimensions = one["dimensions"]
        if one["metric"] != sim.METRIC or one["unit"] != sim.UNIT or dimensions.get("base_model") not in rows.limits:
            return sim.refused(400, "INVALID_ARGUMENT")
        if not asked.get("force"):
            return sim.refused(400, "FAILED_PRECONDITION")
        rows.overrides[f"{dimensions['region']} {dimensions['base_model']}"] = int(one["overrideValue"])
    return Answer(body={"name": f"operations/quf.{_begun(rows, incoming, lag_s)}"})
