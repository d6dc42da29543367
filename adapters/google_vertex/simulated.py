"""What the simulated project holds, and its answers in Google's own shapes.

They are held to Google's discovery documents in the tests. It must never be given a real key.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.simulator import Answer

Row = dict[str, Any]
PROJECT, NUMBER, LOCATION = "desk-models", "123456789012", "us-central1"
CONSOLE, CANARY = "standdown@desk-models.iam.gserviceaccount.com", "canary@desk-models.iam.gserviceaccount.com"
CONSOLE_TOKEN, CANARY_TOKEN = "simulated-console-token", "simulated-canary-token"
ATLAS, BOREALIS = "publishers/google/models/atlas-1.5-002", "publishers/anthropic/models/borealis-4@20260101"
PLACE = f"projects/{NUMBER}/locations/{LOCATION}"
METRIC = "aiplatform.googleapis.com/online_prediction_requests_per_base_model"
UNIT = "1/min/{project}/{region}/{base_model}"
_MADE = "2026-01-05T10:00:00Z"


@dataclass(slots=True)
class Rows:
    """The project. `pending` becomes so at its time; `bites` is what counts for callers since when."""

    endpoints: dict[str, Row]
    garden: dict[str, Row]
    jobs: dict[str, Row]
    policies: dict[str, Row] = field(default_factory=dict[str, Row])
    denials: dict[str, Row] = field(default_factory=dict[str, Row])
    limits: dict[str, int] = field(default_factory=dict[str, int])
    overrides: dict[str, int] = field(default_factory=dict[str, int])
    operations: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])
    pending: list[tuple[float, str, str, Any]] = field(default_factory=list[tuple[float, str, str, Any]])
    bites: list[tuple[float, Row]] = field(default_factory=list[tuple[float, Row]])
    fail_next: int = 0
    fail_and_keep: bool = False
    unreadable: tuple[str, ...] = ()
    roles: dict[str, tuple[str, ...]] | None = None  # what the console was granted, by place; None: everything
    untestable: tuple[str, ...] = ()

    def enforced(self) -> Row:
        """What decides about a call."""
        traffic = {name: one["trafficSplit"] for name, one in self.endpoints.items()}
        return copy.deepcopy({"policies": self.policies, "denials": self.denials, "traffic": traffic})


def deployed(ident: str, model: str, **more: Any) -> Row:  # noqa: ANN401  JSON
    """A model on machines of its own."""
    machines = {"machineType": "g2-standard-12", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
    return {
        "id": ident, "model": f"{PLACE}/models/{model}", "modelVersionId": "3", "displayName": model,
        "dedicatedResources": {"machineSpec": machines, "minReplicaCount": 1, "maxReplicaCount": 2},
        "createTime": _MADE, "enableAccessLogging": True, **more,
    }  # fmt: skip


def project() -> Rows:
    """Two endpoints, two models of the Model Garden, and work that runs."""
    one, two = deployed("11", "cirrus"), deployed("12", "delta")
    endpoints: dict[str, Row] = {
        "9001": {"displayName": "main", "deployedModels": [one], "trafficSplit": {"11": 100}},
        "9002": {
            "displayName": "pair", "deployedModels": [{**one, "id": "21"}, {**two, "id": "22"}, {**two, "id": "23"}],
            "trafficSplit": {"21": 40, "22": 30, "23": 30},
        },
        "9003": {"displayName": "spare", "deployedModels": [], "trafficSplit": {}},
    }  # fmt: skip
    jobs: dict[str, Row] = {
        "batchPredictionJobs/31": {"state": "JOB_STATE_RUNNING", "model": ATLAS, "displayName": "night run"},
        "batchPredictionJobs/32": {"state": "JOB_STATE_SUCCEEDED", "model": ATLAS, "displayName": "old"},
        "batchPredictionJobs/33": {"state": "JOB_STATE_QUEUED", "model": f"{PLACE}/models/7", "displayName": "own"},
        "tuningJobs/41": {"state": "JOB_STATE_PENDING", "baseModel": "atlas-1.5-002"},
        "customJobs/51": {"state": "JOB_STATE_RUNNING", "displayName": "training"},
    }
    garden: dict[str, Row] = {ATLAS: {"launchStage": "GA"}, BOREALIS: {"launchStage": "GA"}}
    return Rows(endpoints, garden, jobs, limits={"atlas-1.5": 600, "anthropic-borealis-4": 60})


# -- shapes ------------------------------------------------------------------------------------------------------------


def refused(code: int, status: str, message: str = "", *details: Row) -> Answer:
    """`google.rpc.Status` as an error."""
    told: Row = {"code": code, "status": status, "message": message or status}
    return Answer(status=code, body={"error": {**told, "details": list(details)} if details else told})


def etag_of(told: object) -> str:
    """A tag of the content, as the organisation policy's is."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def endpoint(ident: str, row: Row) -> Row:
    """An endpoint. An empty list or map is left out, as Google does."""
    told = {"name": f"{PLACE}/endpoints/{ident}", "createTime": _MADE, "updateTime": _MADE, "etag": etag_of(row), **row}
    return {name: value for name, value in told.items() if value not in ([], {})}


def job(name: str, row: Row) -> Row:
    """A job."""
    return {"name": f"{PLACE}/{name}", "createTime": _MADE, "updateTime": _MADE, **row}


def policy(parent: str, spec: Row) -> Row:
    """An organisation policy, named by the project's number."""
    at = parent.replace(PROJECT, NUMBER)
    tag = etag_of(spec)
    told = {**spec, "etag": tag, "updateTime": _MADE}
    return {"name": f"{at}/policies/vertexai.allowedModels", "spec": told, "etag": tag}


def denial(ident: str, row: Row) -> Row:
    """A deny policy."""
    at = f"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{NUMBER}/denypolicies/{ident}"
    return {"name": at, "kind": "DenyPolicy", "etag": etag_of(row), "createTime": _MADE, **row}


def metric(rows: Rows) -> Row:
    """The quota with a bucket for each model in two regions, and one for all others."""
    buckets: list[Row] = [{"effectiveLimit": "10", "defaultLimit": "10"}]
    for region in ("europe-west4", LOCATION):
        for name, limit in rows.limits.items():
            dimensions = {"region": region, "base_model": name}
            over = rows.overrides.get(f"{region} {name}")
            told: Row = {"dimensions": dimensions, "defaultLimit": str(limit), "effectiveLimit": str(over or limit)}
            if over is not None:
                own = f"projects/{NUMBER}/services/x/consumerOverrides/Cg1{name}"
                told |= {
                    "effectiveLimit": str(over),
                    "consumerOverride": {"name": own, "overrideValue": str(over), "dimensions": dimensions},
                }
            buckets.append(told)
    limit_row = {"name": "opaque", "unit": UNIT, "metric": METRIC, "quotaBuckets": buckets, "isPrecise": True}
    return {"name": "opaque", "metric": METRIC, "displayName": "Requests", "consumerQuotaLimits": [limit_row]}


def operation(name: str, ends_s: float, failed: int, now_s: float) -> Row:
    """A long operation, as it stands now."""
    if now_s < ends_s:
        return {"name": name}
    if failed:
        return {"name": name, "done": True, "error": {"code": failed, "message": "it failed"}}
    return {"name": name, "done": True, "response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}


def denies(rules: Sequence[Mapping[str, Any]], email: str, permission: str) -> bool:
    """Whether deny rules keep an account from a permission."""
    who = f"principal://iam.googleapis.com/projects/-/serviceAccounts/{email}"
    found = [one["denyRule"] for one in rules]
    return any(
        {who, "principalSet://goog/public:all"} & set(one["deniedPrincipals"])
        and permission in one["deniedPermissions"]
        for one in found
    )
