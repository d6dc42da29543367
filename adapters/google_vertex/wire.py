"""What Google's services say, read tolerantly. Their sentences are never quoted: they may name people.

Shapes: the discovery documents aiplatform v1, orgpolicy v2, iam v2 and serviceusage v1beta1 (revisions of 2026).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

REDIRECTS, REFUSALS, BAD, FORBIDDEN, NOT_FOUND, CONFLICT = 300, 400, 400, 403, 404, 409
# of a deployed model, what is given to deploy it again; the rest Google says itself
WRITABLE = frozenset({
    "id", "model", "displayName", "automaticResources", "dedicatedResources", "sharedResources", "serviceAccount",
    "enableAccessLogging", "disableContainerLogging", "disableExplanations", "explanationSpec", "checkpointId",
    "fasterDeploymentConfig", "gdcConnectedModel", "speculativeDecodingSpec", "systemLabels",
})  # fmt: skip
_JOB, _OVER = "JOB_STATE_", frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED"})
TOLD = frozenset({"createTime", "modelVersionId", "privateEndpoints", "status"})


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Endpoint(Said):
    """An endpoint. Its deployed models are kept as they were told: they are given back whole."""

    name: str
    displayName: str = ""  # noqa: N815  Google's name
    deployedModels: list[dict[str, Any]] = []  # noqa: N815  as above
    trafficSplit: dict[str, int] = {}  # noqa: N815  as above
    dedicatedEndpointEnabled: bool = False  # noqa: N815  as above

    @property
    def id(self) -> str:
        """Its last step."""
        return self.name.rpartition("/")[2]

    def deployed(self, ident: str) -> dict[str, Any] | None:
        """The deployed model of this id."""
        return next((one for one in self.deployedModels if one.get("id") == ident), None)


class Endpoints(Said):
    """A page of endpoints."""

    endpoints: list[Endpoint] = []
    nextPageToken: str = ""  # noqa: N815  Google's name


class PublisherModel(Said):
    """A model of the Model Garden."""

    name: str
    launchStage: str = ""  # noqa: N815  Google's name


class Policy(Said):
    """An organisation policy; its spec is kept as it was told: it is put back whole."""

    name: str
    etag: str = ""
    spec: dict[str, Any] = {}


class DenyRule(Said):
    """Who is denied what."""

    deniedPrincipals: list[str] = []  # noqa: N815  Google's name
    deniedPermissions: list[str] = []  # noqa: N815  as above


class DenyPolicy(Said):
    """A deny policy; its rules are kept as they were told."""

    name: str
    etag: str = ""
    displayName: str = ""  # noqa: N815  Google's name
    rules: list[dict[str, Any]] = []


class Bucket(Said):
    """A limit for some dimensions. Google writes its numbers as text."""

    dimensions: dict[str, str] = {}
    effectiveLimit: int | None = None  # noqa: N815  Google's name
    defaultLimit: int | None = None  # noqa: N815  as above


class Limit(Said):
    """One limit of a metric."""

    unit: str = ""
    metric: str = ""
    quotaBuckets: list[Bucket] = []  # noqa: N815  Google's name


class Metric(Said):
    """A quota metric."""

    metric: str
    consumerQuotaLimits: list[Limit] = []  # noqa: N815  Google's name


class Job(Said):
    """A batch prediction, a tuning job or a custom job. A custom job tells no model."""

    name: str
    state: str = ""
    displayName: str = ""  # noqa: N815  Google's name
    model: str = ""
    baseModel: str = ""  # noqa: N815  as above

    @property
    def runs(self) -> bool:
        """Whether it may still work: one that is being cancelled does until it has ended, as may an unknown state."""
        return self.state.removeprefix(_JOB) not in _OVER

    @property
    def ending(self) -> bool:
        """Whether nobody has to cancel it any more: it is over, or being cancelled."""
        return not self.runs or self.state == f"{_JOB}CANCELLING"


class Jobs(Said):
    """A page of jobs, of whichever kind."""

    batchPredictionJobs: list[Job] = []  # noqa: N815  Google's name
    tuningJobs: list[Job] = []  # noqa: N815  as above
    customJobs: list[Job] = []  # noqa: N815  as above
    nextPageToken: str = ""  # noqa: N815  as above


class Fault(Said):
    """`google.rpc.Status`, as the error of a refusal or of an operation."""

    code: int = 0
    message: str = ""
    status: str = ""
    details: list[dict[str, Any]] = []

    @property
    def reason(self) -> str:
        """The reason in its details, where it gives one."""
        return next((str(one["reason"]) for one in self.details if one.get("reason")), "")


class Refusal(Said):
    """A refusal."""

    error: Fault


class Operation(Said):
    """A long operation."""

    name: str
    done: bool = False
    error: Fault | None = None


class Held(Said):
    """Those of the permissions asked about that the caller has; Google leaves out an empty list."""

    permissions: list[str] = []


class Predictions(Said):
    """What an endpoint answered."""

    predictions: list[Any]


class Candidates(Said):
    """What a model of Google's answered."""

    candidates: list[dict[str, Any]]


class Content(Said):
    """What a model of Anthropic's answered."""

    content: list[dict[str, Any]]


def fault_of(reply: Reply) -> Fault:
    """The error in a refusal; an empty one where somebody else answered. Some methods wrap it in a list."""
    try:
        told = reply.json()
        return Refusal.model_validate(told[0] if isinstance(told, list) and told else told).error
    except (Malformed, ValidationError):
        return Fault()


def is_gone(reply: Reply) -> bool:
    """Whether Google itself says that this one is not there, and no page between us."""
    return reply.status == NOT_FOUND and fault_of(reply).status == "NOT_FOUND"


def text(value: object) -> str:
    """A field of a plan, and a body: JSON in one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def quoted(step: str) -> str:
    """One step of a path."""
    return quote(step, safe="")


def loaded(told: str) -> Any:  # noqa: ANN401  whatever stands in a field
    """A field of a plan as JSON.

    Raises:
        Malformed: when it is none.
    """
    return Reply(status=200, headers={}, body=told.encode(), elapsed_ms=0).json()


_VOICE = Voice("Google", words=lambda reply: (fault_of(reply).status,))
read, check, told = _VOICE.read, _VOICE.check, _VOICE.told
