"""What Azure Resource Manager and an account's endpoint say, read tolerantly.

Source: azure-mgmt-cognitiveservices 14.1.0 (2025-09-01), and Azure's specifications for pause and resume.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from adapters.answers import Voice
from adapters.contract import Malformed, Reply

API = "api-version=2025-09-01"
PREVIEW = "api-version=2026-01-15-preview"  # pause and resume are in no stable version
REDIRECTS, NOT_FOUND = 300, 404
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


class Rules(Said):
    """Who passes the network's doors in any case; `bypass` is "AzureServices", or "None"."""

    bypass: str | None = None


class AccountProperties(Said):
    """The account's doors."""

    provisioningState: str = "Succeeded"  # noqa: N815  its own name
    publicNetworkAccess: str | None = None  # noqa: N815  its own name
    disableLocalAuth: bool | None = None  # noqa: N815  its own name
    privateEndpointConnections: list[dict[str, Any]] | None = None  # noqa: N815  its own name
    networkAcls: Rules | None = None  # noqa: N815  its own name

    @property
    def trusts(self) -> bool:
        """Whether Azure's own services pass a closed door."""
        return self.networkAcls is not None and self.networkAcls.bypass == "AzureServices"


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


def writable(deployment: dict[str, Any]) -> dict[str, Any]:
    """Of a deployment as it was told, what a PUT of it whole has to hold."""
    properties = deployment.get("properties") or {}
    kept = {name: properties[name] for name in WRITABLE if properties.get(name) is not None}
    whole: dict[str, Any] = {"sku": deployment.get("sku") or {}, "properties": kept}
    return {**whole, "tags": deployment["tags"]} if deployment.get("tags") else whole


_VOICE = Voice("Azure", words=lambda reply: (fault_of(reply).code,))
read, check = _VOICE.read, _VOICE.check
