"""What Azure Resource Manager and an account's endpoint say, read tolerantly.

Source: azure-mgmt-cognitiveservices 14.1.0 (2025-09-01), and Azure's specifications for pause and resume.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract import Malformed, Refused, Reply

Model = TypeVar("Model", bound=BaseModel)
API = "api-version=2025-09-01"
PREVIEW = "api-version=2026-01-15-preview"  # pause and resume are in no stable version
REDIRECTS, REFUSALS, NOT_FOUND = 300, 400, 404
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
# what a deployment tells and takes back; everything else is Azure's own to say
WRITABLE = (
    "model", "scaleSettings", "raiPolicyName", "versionUpgradeOption", "capacitySettings", "parentDeploymentName",
    "spilloverDeploymentName",
)  # fmt: skip


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class DeployedModel(Said):
    """Which model stands behind a deployment."""

    name: str = ""
    version: str = ""


class DeploymentProperties(Said):
    """A deployment's properties. `deploymentState` is told by the preview only."""

    provisioningState: str = "Succeeded"  # noqa: N815  its own name
    model: DeployedModel = DeployedModel()
    raiPolicyName: str | None = None  # noqa: N815  its own name
    deploymentState: str = "Running"  # noqa: N815  its own name


class Sku(Said):
    """What a deployment is and how much of it."""

    name: str = ""
    capacity: int | None = None


class Deployment(Said):
    """A deployment."""

    name: str
    etag: str = ""
    sku: Sku = Sku()
    tags: dict[str, str] | None = None
    properties: DeploymentProperties


class AccountProperties(Said):
    """The account's doors."""

    provisioningState: str = "Succeeded"  # noqa: N815  its own name
    publicNetworkAccess: str | None = None  # noqa: N815  its own name
    disableLocalAuth: bool | None = None  # noqa: N815  its own name
    privateEndpointConnections: list[dict[str, Any]] | None = None  # noqa: N815  its own name


class Account(Said):
    """The account."""

    name: str
    kind: str = ""
    location: str = ""
    properties: AccountProperties


class Blocklist(Said):
    """How a filter uses a blocklist."""

    blocklistName: str = ""  # noqa: N815  its own name
    blocking: bool | None = None
    source: str = ""


class PolicyProperties(Said):
    """A content filter's own."""

    mode: str = ""
    customBlocklists: list[Blocklist] | None = None  # noqa: N815  its own name


class Policy(Said):
    """A content filter."""

    name: str
    properties: PolicyProperties = PolicyProperties()


class ItemProperties(Said):
    """A term in a blocklist."""

    pattern: str = ""
    isRegex: bool | None = None  # noqa: N815  its own name


class Item(Said):
    """An entry of a blocklist."""

    name: str = ""
    properties: ItemProperties


class Page(Said):
    """A page of a list."""

    value: list[dict[str, Any]]
    nextLink: str | None = None  # noqa: N815  its own name


class Fault(Said):
    """Why an operation or a call failed."""

    code: str = ""
    message: str = ""
    innererror: dict[str, Any] = {}


class Refusal(Said):
    """A refusal."""

    error: Fault = Fault()


class Operation(Said):
    """How a long operation stands."""

    status: str
    error: Fault | None = None


class Choices(Said):
    """A model's answer."""

    choices: list[dict[str, Any]]


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(f"Azure answered {reply.status} with something its description does not have") from fault


def fault_of(reply: Reply) -> Fault:
    """The error in a refusal; an empty one where somebody else answered."""
    try:
        return read(Refusal, reply).error
    except Malformed:
        return Fault()


def is_gone(reply: Reply) -> bool:
    """Whether Azure itself says that this one is not there: not its group or subscription, and no page between us."""
    code = fault_of(reply).code if reply.status == NOT_FOUND else ""
    return code.endswith("NotFound") and code not in {"ResourceGroupNotFound", "SubscriptionNotFound"}


def word(text: str) -> str:
    """A code, where it is a plain word: anything else may quote what was sent."""
    return text if _WORD.fullmatch(text) else ""


def check(reply: Reply, what: str) -> Reply:
    """The reply, if it is a success. Its sentence is not quoted: it may name people.

    Raises:
        Refused: for a status of 400 or more.
        Malformed: for a redirect.
    """
    if reply.status < REDIRECTS:
        return reply
    if reply.status < REFUSALS:
        raise Malformed(f"{what}: Azure sends elsewhere ({reply.status})")
    code = word(fault_of(reply).code)
    raise Refused(f"{what}: Azure refused with {reply.status}{f' ({code})' if code else ''}", reply.status)


def writable(deployment: dict[str, Any]) -> dict[str, Any]:
    """Of a deployment as it was told, what a PUT of it whole has to hold."""
    properties = deployment.get("properties") or {}
    kept = {name: properties[name] for name in WRITABLE if properties.get(name) is not None}
    whole: dict[str, Any] = {"sku": deployment.get("sku") or {}, "properties": kept}
    return {**whole, "tags": deployment["tags"]} if deployment.get("tags") else whole
