"""What an API server says, read tolerantly. Source: Kubernetes' OpenAPI description; refereed by its Python client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

Model = TypeVar("Model", bound=BaseModel)
REDIRECTS, NOT_FOUND, CONFLICT, FORBIDDEN = 300, 404, 409, 403


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Owner(Said):
    """Whoever made an object."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Meta(Said):
    """What every object has."""

    name: str
    namespace: str = ""
    resourceVersion: str = ""  # noqa: N815  its own name
    generation: int = 0
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    ownerReferences: list[Owner] | None = None  # noqa: N815  its own name

    @property
    def labelled(self) -> Mapping[str, str]:
        """Its labels."""
        return self.labels or {}

    @property
    def annotated(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.annotations or {}


class Labelled(Said):
    """A pod template's metadata."""

    labels: dict[str, str] | None = None


class Template(Said):
    """A pod template; only its labels matter here."""

    metadata: Labelled = Labelled()


class WorkloadSpec(Said):
    """What is wanted of a Deployment or StatefulSet. The server fills in 1 where nothing was said."""

    replicas: int | None = None
    selector: dict[str, Any] = {}
    template: Template = Template()


class WorkloadStatus(Said):
    """What there is. Zeros are left out."""

    replicas: int = 0
    readyReplicas: int = 0  # noqa: N815  its own name
    terminatingReplicas: int | None = None  # noqa: N815  its own name
    observedGeneration: int = 0  # noqa: N815  its own name


class Workload(Said):
    """A Deployment or a StatefulSet."""

    metadata: Meta
    spec: WorkloadSpec
    status: WorkloadStatus = WorkloadStatus()

    @property
    def replicas(self) -> int:
        """How many are wanted."""
        return 1 if self.spec.replicas is None else self.spec.replicas


class Condition(Said):
    """One condition of an InferenceService."""

    type: str
    status: str = "Unknown"


class ServiceStatus(Said):
    """What KServe says of an InferenceService."""

    conditions: list[Condition] | None = None
    url: str = ""

    def is_so(self, kind: str) -> bool:
        """Whether it says that this condition holds."""
        return any(one.type == kind and one.status == "True" for one in self.conditions or [])


class InferenceService(Said):
    """KServe's InferenceService, v1beta1."""

    metadata: Meta
    status: ServiceStatus = ServiceStatus()


class Port(Said):
    """A port of a Service."""

    port: int
    name: str = ""


class ServiceSpec(Said):
    """Where a Service sends its callers."""

    selector: dict[str, str] | None = None
    ports: list[Port] | None = None
    type: str = "ClusterIP"


class Service(Said):
    """A core Service."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()


class PolicySpec(Said):
    """A NetworkPolicy: empty lists are left out by the server."""

    podSelector: dict[str, Any] = {}  # noqa: N815  its own name
    policyTypes: list[str] | None = None  # noqa: N815  its own name
    ingress: list[dict[str, Any]] | None = None


class Policy(Said):
    """A NetworkPolicy."""

    metadata: Meta
    spec: PolicySpec = PolicySpec()


class ScaledThing(Said):
    """What an autoscaler scales."""

    kind: str = ""
    name: str = ""


class AutoscalerSpec(Said):
    """An autoscaler's bounds."""

    scaleTargetRef: ScaledThing = ScaledThing()  # noqa: N815  its own name
    minReplicas: int | None = None  # noqa: N815  its own name
    maxReplicas: int = 0  # noqa: N815  its own name


class Autoscaler(Said):
    """A HorizontalPodAutoscaler, v2."""

    metadata: Meta
    spec: AutoscalerSpec


class ListMeta(Said):
    """Where a list goes on. `continue` is a Python word."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def after(self) -> str:
        """The token of the next page; empty after the last."""
        found: object = (self.model_extra or {}).get("continue")
        return found if isinstance(found, str) else ""


class Listed(Said):
    """A page of a list."""

    metadata: ListMeta = ListMeta()
    items: list[Any] | None


class Automated(Said):
    """How Argo CD syncs by itself."""

    selfHeal: bool = False  # noqa: N815  its own name


class SyncPolicy(Said):
    """Whether it does."""

    automated: Automated | None = None


class ApplicationSpec(Said):
    """An Argo CD application."""

    syncPolicy: SyncPolicy | None = None  # noqa: N815  its own name
    ignoreDifferences: list[dict[str, Any]] | None = None  # noqa: N815  its own name


class Application(Said):
    """An Argo CD Application, v1alpha1."""

    metadata: Meta
    spec: ApplicationSpec


class User(Said):
    """Whom the server takes the console for."""

    username: str = ""


class ReviewStatus(Said):
    """Inside a SelfSubjectReview."""

    userInfo: User = User()  # noqa: N815  its own name


class SelfReview(Said):
    """POST .../selfsubjectreviews."""

    status: ReviewStatus = ReviewStatus()


class Access(Said):
    """Inside a SelfSubjectAccessReview."""

    allowed: bool


class AccessReview(Said):
    """POST .../selfsubjectaccessreviews."""

    status: Access


class Details(Said):
    """Which object a refusal is about."""

    name: str = ""
    kind: str = ""


class Failure(Said):
    """The server's own refusal: a Status."""

    kind: str = ""
    reason: str = ""
    message: str = ""
    details: Details | None = None


def items(kind: type[Model], reply: Reply) -> list[Model]:
    """A page's objects.

    Raises:
        Malformed: when one is something else.
    """
    try:
        return [kind.model_validate(one) for one in read(Listed, reply).items or []]
    except ValidationError as fault:
        raise Malformed("the cluster listed something its description does not have") from fault


def failure_of(reply: Reply) -> Failure:
    """The Status in a refusal; an empty one where somebody else answered."""
    try:
        found = read(Failure, reply)
    except Malformed:
        return Failure()
    return found if found.kind == "Status" else Failure()


_VOICE = Voice("the cluster", words=lambda reply: (failure_of(reply).reason,))
read, check = _VOICE.read, _VOICE.check
