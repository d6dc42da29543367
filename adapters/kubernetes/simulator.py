"""The part of an API server that the adapter uses, as a site for `adapters.simulator`, with its own controllers' lag.

Its answers are parsed by Kubernetes' own client in the tests. It must never be given a real token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.simulator import Answer, Incoming

CONSOLE_TOKEN = "simulated-console-token"  # noqa: S105  made up
CALLER_TOKEN = "simulated-caller-token"  # noqa: S105  made up
CONSOLE_NAME = "standdown-console"  # in a client certificate
CALLER = "system:serviceaccount:models:standdown-probe"
CONSOLE = "system:serviceaccount:models:standdown"
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
STOP = "serving.kserve.io/stop"
KINDS = {
    "deployments": ("Deployment", "apps/v1"),
    "statefulsets": ("StatefulSet", "apps/v1"),
    "inferenceservices": ("InferenceService", "serving.kserve.io/v1beta1"),
    "services": ("Service", "v1"),
    "networkpolicies": ("NetworkPolicy", "networking.k8s.io/v1"),
    "horizontalpodautoscalers": ("HorizontalPodAutoscaler", "autoscaling/v2"),
    "applications": ("Application", "argoproj.io/v1alpha1"),
}
Key = tuple[str, str, str]


@dataclass(slots=True)
class Cluster:
    """Every object by plural, namespace and name; when the pods of each last changed; plurals that are not there.

    `denied` are verbs and resources that the console's account may not use, as the server tells when asked.
    """

    objects: dict[Key, dict[str, Any]] = field(default_factory=dict[Key, dict[str, Any]])
    changed: dict[Key, tuple[float, int]] = field(default_factory=dict[Key, tuple[float, int]])
    missing: set[str] = field(default_factory=set[str])
    forbidden: set[str] = field(default_factory=set[str])
    denied: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    version: int = 100

    def put(self, plural: str, namespace: str, name: str, **parts: Any) -> None:  # noqa: ANN401  any JSON
        """Keep an object with these parts; `metadata` may bring labels, annotations and owners."""
        kind, group = KINDS[plural]
        self.version += 1
        meta = {
            "name": name, "namespace": namespace, "uid": f"uid-{self.version}", "generation": 1,
            "resourceVersion": str(self.version), **parts.pop("metadata", {}),
        }  # fmt: skip
        self.objects[plural, namespace, name] = {"apiVersion": group, "kind": kind, "metadata": meta, **parts}


def workload(app: str, replicas: int) -> dict[str, Any]:
    """The spec of a workload whose pods carry `app`."""
    container = {"name": "server", "image": "registry.example/server:1"}
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}
    return {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": template}


def _status(code: int, reason: str, message: str, details: Mapping[str, str] | None = None) -> Answer:
    body: dict[str, Any] = {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code,
    }  # fmt: skip
    return Answer(status=code, body={**body, "details": dict(details)} if details else body)


def _gone(plural: str, name: str) -> Answer:
    return _status(404, "NotFound", f'{plural} "{name}" not found', {"name": name, "kind": plural})


class ClusterSite:
    """An API server over this cluster. `lag_s` is how long pods take to end or to start."""

    def __init__(self, cluster: Cluster, *, lag_s: float = 0.1, page: int = 500) -> None:
        self.state = cluster
        self._lag_s = lag_s
        self._page = page

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """The proxy carries calls; a review asks; every other request that is no GET writes."""
        if "/proxy" in incoming.path:
            return "call"
        return "read" if incoming.method == "GET" or incoming.path.endswith("reviews") else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:  # noqa: PLR0911  one answer per route
        """Answer as an API server would."""
        who = _who(incoming)
        if not who:
            return _status(401, "Unauthorized", "Unauthorized")
        steps = [step for step in incoming.path.split("/") if step]
        if self.kind(incoming) == "call":
            return self._proxy(incoming, steps)
        if who != CONSOLE:
            return _status(403, "Forbidden", f'User "{who}" cannot do this')
        if incoming.path.endswith("/selfsubjectreviews"):
            return Answer(
                status=201, body={**incoming.json(), "metadata": {}, "status": {"userInfo": {"username": who}}}
            )
        if incoming.path.endswith("/selfsubjectaccessreviews"):
            return self._review(incoming.json())
        if "namespaces" not in steps:
            return _status(404, "NotFound", "the server could not find the requested resource")
        namespace, plural, *rest = steps[steps.index("namespaces") + 1 :]
        if plural in self.state.missing or plural not in KINDS:
            return _status(404, "NotFound", "the server could not find the requested resource")
        if plural in self.state.forbidden:
            return _status(403, "Forbidden", f'User "{who}" cannot list resource "{plural}"')
        if not rest:
            return self._list(incoming, plural, namespace)
        return self._one(incoming, (plural, namespace, rest[0]), rest[1:], enforce_lag_s)

    def _review(self, asked: dict[str, Any]) -> Answer:
        about = asked["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
        allowed = (about["verb"], resource) not in self.state.denied
        return Answer(status=201, body={**asked, "metadata": {}, "status": {"allowed": allowed}})

    # -- reading -------------------------------------------------------------------------------------------------------

    def _list(self, incoming: Incoming, plural: str, namespace: str) -> Answer:
        kind, group = KINDS[plural]
        labels = dict(one.split("=", 1) for one in incoming.query.get("labelSelector", "").split(",") if one)
        found = [
            self._shown(key, incoming.at_s) for key in sorted(self.state.objects)
            if key[:2] == (plural, namespace)
            and labels.items() <= self.state.objects[key]["metadata"].get("labels", {}).items()
        ]  # fmt: skip
        begins = int(incoming.query.get("continue", "0") or "0")
        size = min(int(incoming.query.get("limit", "500")), self._page)
        meta = {"resourceVersion": str(self.state.version)}
        if begins + size < len(found):
            meta["continue"] = str(begins + size)
        items = [{k: v for k, v in one.items() if k not in {"kind", "apiVersion"}} for one in found]
        return Answer(
            body={"kind": f"{kind}List", "apiVersion": group, "metadata": meta, "items": items[begins : begins + size]}
        )

    def _shown(self, key: Key, now_s: float) -> dict[str, Any]:
        found = self.state.objects[key]
        if key[0] in {"deployments", "statefulsets"}:
            running = self._running(key, now_s)
            status = {
                "observedGeneration": found["metadata"]["generation"],
                "replicas": running,
                "readyReplicas": running,
            }
            return {**found, "status": {name: value for name, value in status.items() if value}}
        if key[0] == "inferenceservices":
            stopped = self._running(key, now_s) == 0
            conditions = [{"type": "Ready", "status": str(not stopped)}, {"type": "Stopped", "status": str(stopped)}]
            return {**found, "status": {"conditions": conditions}}
        return found

    def _wanted(self, key: Key) -> int:
        found = self.state.objects[key]
        if key[0] == "inferenceservices":
            return 0 if found["metadata"].get("annotations", {}).get(STOP) == "true" else 1
        return int(found["spec"]["replicas"])

    def _running(self, key: Key, now_s: float) -> int:
        """The pods there are: as before for a while, then as wanted."""
        until_s, before = self.state.changed.get(key, (0.0, 0))
        return before if now_s < until_s else self._wanted(key)

    # -- writing -------------------------------------------------------------------------------------------------------

    def _one(self, incoming: Incoming, key: Key, rest: Sequence[str], lag_s: float) -> Answer:  # noqa: PLR0911  one answer per verb
        found = self.state.objects.get(key)
        content_type = incoming.headers.get("content-type", "")
        if incoming.method == "PATCH" and key[0] == "networkpolicies" and content_type == APPLY:
            return self._apply(incoming, key)
        if found is None:
            return _gone(key[0], key[2])
        if incoming.method == "GET":
            return Answer(body=_scale(found) if list(rest) == ["scale"] else self._shown(key, incoming.at_s))
        if incoming.method == "DELETE":
            asked = incoming.json().get("preconditions", {}).get("resourceVersion")
            if asked not in {None, found["metadata"]["resourceVersion"]}:
                return self._conflict(key)
            del self.state.objects[key]
            return Answer(body={"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
        if incoming.method != "PATCH" or content_type != MERGE:
            return _status(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        return self._patch(incoming, key, list(rest) == ["scale"], lag_s)

    def _patch(self, incoming: Incoming, key: Key, scale: bool, lag_s: float) -> Answer:  # noqa: FBT001  a route of its own
        found, patch = self.state.objects[key], incoming.json()
        asked = patch.get("metadata", {}).pop("resourceVersion", None)
        if asked not in {None, found["metadata"]["resourceVersion"]}:
            return self._conflict(key)
        before = self._running(key, incoming.at_s)
        wanted = self._wanted(key)
        merged = _merged(found, {"spec": {"replicas": patch["spec"]["replicas"]}} if scale else patch)
        self.state.objects[key] = merged
        self._touch(merged)
        if self._wanted(key) != wanted:
            self.state.changed[key] = (incoming.at_s + self._lag_s + lag_s, before)
        return Answer(body=_scale(merged) if scale else self._shown(key, incoming.at_s))

    def _apply(self, incoming: Incoming, key: Key) -> Answer:
        if incoming.query.get("fieldManager", "") == "":
            return _status(400, "BadRequest", "fieldManager is required for apply patch")
        sent, there = json.loads(incoming.body), key in self.state.objects
        parts = {"metadata": {"labels": sent["metadata"].get("labels", {})}, "spec": _without_empty(sent["spec"])}
        self.state.put(key[0], key[1], key[2], **parts)
        return Answer(status=200 if there else 201, body=self.state.objects[key])

    def _touch(self, found: dict[str, Any]) -> None:
        self.state.version += 1
        found["metadata"] = {
            **found["metadata"], "resourceVersion": str(self.state.version),
            "generation": found["metadata"]["generation"] + 1,
        }  # fmt: skip

    def _conflict(self, key: Key) -> Answer:
        told = f'Operation cannot be fulfilled on {key[0]} "{key[2]}": the object has been modified'
        return _status(409, "Conflict", told, {"name": key[2], "kind": key[0]})

    # -- callers -------------------------------------------------------------------------------------------------------

    def _proxy(self, incoming: Incoming, steps: list[str]) -> Answer:
        """.../namespaces/N/services/NAME:PORT/proxy/...: a pod answers, or the server says why none does."""
        namespace, _, target, *_ = steps[steps.index("namespaces") + 1 :]
        name = target.partition(":")[0]
        service = self.state.objects.get(("services", namespace, name))
        predictor = name.removesuffix("-predictor")
        owner = ("inferenceservices", namespace, predictor)
        if service is None or (owner in self.state.objects and self._running(owner, incoming.at_s) == 0):
            return _gone("services", name)
        wanted = service["spec"].get("selector", {}).items()
        behind = [
            key for key, one in self.state.objects.items()
            if key[0] in {"deployments", "statefulsets"} and key[1] == namespace
            and wanted <= one["spec"]["template"]["metadata"]["labels"].items()
        ]  # fmt: skip
        if owner not in self.state.objects and not any(self._running(key, incoming.at_s) for key in behind):
            return _status(503, "ServiceUnavailable", f'no endpoints available for service "{target}"')
        return Answer(body={"object": "list", "data": [{"id": name, "object": "model"}]})


def _who(incoming: Incoming) -> str:
    if incoming.certificate == CONSOLE_NAME or incoming.bearer == CONSOLE_TOKEN:
        return CONSOLE
    return CALLER if incoming.bearer == CALLER_TOKEN else ""


def _merged(found: Any, patch: Any) -> Any:  # noqa: ANN401  JSON
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    base: dict[str, Any] = dict(found) if isinstance(found, dict) else {}
    for name, value in patch.items():
        if value is None:
            base.pop(name, None)
        else:
            base[name] = _merged(base.get(name), value)
    return base


def _without_empty(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if value not in ([], None)}


def _scale(found: Mapping[str, Any]) -> dict[str, Any]:
    """The scale of a workload: a number of zero is left out, as there."""
    replicas = found["spec"]["replicas"]
    meta = {name: found["metadata"][name] for name in ("name", "namespace", "uid", "resourceVersion")}
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta,
        "spec": {"replicas": replicas} if replicas else {}, "status": {"replicas": replicas},
    }  # fmt: skip
