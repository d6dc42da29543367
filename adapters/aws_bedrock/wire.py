"""What AWS says, read tolerantly: Bedrock and Organizations in JSON, IAM in XML. Its sentences are never quoted.

Shapes: botocore 1.44.5. XML with a document type is not read at all, so that no entity is ever expanded.
"""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.contract import Malformed, Refused, Reply, Throttled

Model = TypeVar("Model", bound=BaseModel)
REDIRECTS, REFUSALS, FORBIDDEN, NOT_FOUND = 300, 400, 403, 404
MISSING = frozenset({"NoSuchEntity", "ResourceNotFoundException", "PolicyNotFoundException"})
_WAIT = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"})
_WAIT_S = 5.0
_OVER = frozenset({"Completed", "Failed", "Stopped", "PartiallyCompleted", "Expired"})
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")
_SKEWED = frozenset({"InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired"})


class Said(BaseModel):
    """Anything it says."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Lifecycle(Said):
    """How far a model's life is."""

    status: str


class Summary(Said):
    """A foundation model."""

    modelId: str  # noqa: N815  AWS's name
    modelArn: str  # noqa: N815  as above
    providerName: str = ""  # noqa: N815  as above
    modelLifecycle: Lifecycle | None = None  # noqa: N815  as above


class Models(Said):
    """GET /foundation-models; it comes whole."""

    modelSummaries: list[Summary]  # noqa: N815  AWS's name


class Job(Said):
    """A batch of invocations, or a customisation job."""

    jobArn: str  # noqa: N815  AWS's name
    status: str
    modelId: str = ""  # noqa: N815  as above
    baseModelArn: str = ""  # noqa: N815  as above

    @property
    def model(self) -> str:
        """The foundation model it works with, by its id; what else it may be is passed through."""
        return (self.modelId or self.baseModelArn).rpartition("foundation-model/")[2]

    @property
    def runs(self) -> bool:
        """Whether it may still work: one that is being stopped does until it has ended, and so may an unknown state."""
        return self.status not in _OVER

    @property
    def ending(self) -> bool:
        """Whether nobody has to stop it any more: it is over, or being stopped."""
        return self.status in {*_OVER, "Stopping"}


class Batches(Said):
    """GET /model-invocation-jobs."""

    invocationJobSummaries: list[Job]  # noqa: N815  AWS's name
    nextToken: str | None = None  # noqa: N815  as above


class Customisations(Said):
    """GET /model-customization-jobs."""

    modelCustomizationJobSummaries: list[Job]  # noqa: N815  AWS's name
    nextToken: str | None = None  # noqa: N815  as above


class Provisioned(Said):
    """Provisioned throughput."""

    provisionedModelArn: str  # noqa: N815  AWS's name
    provisionedModelName: str  # noqa: N815  as above
    foundationModelArn: str  # noqa: N815  as above
    modelUnits: int  # noqa: N815  as above
    commitmentDuration: str | None = None  # noqa: N815  as above


class ProvisionedList(Said):
    """GET /provisioned-model-throughputs."""

    provisionedModelSummaries: list[Provisioned]  # noqa: N815  AWS's name
    nextToken: str | None = None  # noqa: N815  as above


class Enforced(Said):
    """A guardrail that the account enforces."""

    configId: str  # noqa: N815  AWS's name
    guardrailId: str  # noqa: N815  as above
    guardrailVersion: str  # noqa: N815  as above
    selectiveContentGuarding: dict[str, str] | None = None  # noqa: N815  as above
    modelEnforcement: dict[str, list[str]] | None = None  # noqa: N815  as above


class EnforcedList(Said):
    """GET /enforcedGuardrailsConfiguration."""

    guardrailsConfig: list[Enforced]  # noqa: N815  AWS's name
    nextToken: str | None = None  # noqa: N815  as above


class Guardrail(Said):
    """GET /guardrails/{id}."""

    guardrailId: str  # noqa: N815  AWS's name
    status: str


class PolicySummary(Said):
    """What a policy of the organisation is. Its ARN names the account that manages the organisation."""

    Id: str
    Arn: str = ""
    Name: str
    Type: str


class Policy(Said):
    """A policy of the organisation with its text."""

    PolicySummary: PolicySummary
    Content: str


class PolicyAnswer(Said):
    """DescribePolicy."""

    Policy: Policy


class Target(Said):
    """What a policy is attached to."""

    TargetId: str
    Name: str = ""
    Type: str


class Targets(Said):
    """ListTargetsForPolicy."""

    Targets: list[Target]
    NextToken: str | None = None


class Parent(Said):
    """The root or unit above an account or unit."""

    Id: str


class Parents(Said):
    """ListParents."""

    Parents: list[Parent]


class Answered(Said):
    """An answered Converse call."""

    output: dict[str, object]
    stopReason: str  # noqa: N815  AWS's name


class _Error(Said):
    code: str = Field(default="", alias="__type")
    other: str = Field(default="", alias="code")
    message: str = ""
    Message: str = ""


class Fault(Said):
    """A refusal: its code, and its sentence for matching alone."""

    code: str = ""
    sentence: str = ""


def quoted(step: str) -> str:
    """One step of a path, or one value of a query."""
    return quote(step, safe="~")


def unquoted(step: str) -> str:
    """What `quoted` was made of."""
    return unquote(step)


def read(kind: type[Model], reply: Reply) -> Model:
    """The reply's body as this kind.

    Raises:
        Malformed: when it is something else.
    """
    try:
        return kind.model_validate(reply.json())
    except ValidationError as fault:
        raise Malformed(f"AWS answered {reply.status} with something its description does not have") from fault


def xml(reply: Reply, root: str) -> ET.Element:
    """An answer of IAM, without its namespace.

    Raises:
        Malformed: when it is no such answer.
    """
    text = reply.body.decode("utf-8", "replace")
    if "<!" in text:
        raise Malformed(f"AWS answered {reply.status} with a page or a document type, which is not read")
    try:
        found = ET.fromstring(re.sub(r'\sxmlns="[^"]*"', "", text))  # noqa: S314  no document type, see above
    except ET.ParseError as fault:
        raise Malformed(f"AWS answered {reply.status} with no XML") from fault
    if found.tag != root:
        raise Malformed(f"AWS answered {reply.status} with something else than {root}")
    return found


def text_at(found: ET.Element, path: str) -> str:
    """The text at a path.

    Raises:
        Malformed: when there is none.
    """
    text = found.findtext(path)
    if text is None:
        raise Malformed(f"AWS left {path.rpartition('/')[2]} out")
    return text


def fault_of(reply: Reply | None) -> Fault:
    """The refusal in a reply; empty when it is in no known form."""
    if reply is None:
        return Fault()
    try:
        if reply.body.lstrip().startswith(b"<"):
            found = xml(reply, "ErrorResponse")
            return Fault(code=text_at(found, "Error/Code"), sentence=found.findtext("Error/Message") or "")
        said = read(_Error, reply)
    except Malformed:
        return Fault()
    code = reply.headers.get("x-amzn-errortype", "") or said.code or said.other
    return Fault(code=code.partition(":")[0].rpartition("#")[2], sentence=said.message or said.Message)


def check(reply: Reply, what: str) -> Reply:
    """The reply, if it is a success. Its sentence is not quoted.

    Raises:
        Refused: for a status of 400 or more, with the error's code; Throttled: for the codes that ask to wait.
        Malformed: for a redirect.
    """
    if reply.status < REDIRECTS:
        return reply
    if reply.status < REFUSALS:
        raise Malformed(f"{what}: AWS sends elsewhere ({reply.status})")
    code = fault_of(reply).code
    if code in _WAIT:
        raise Throttled(f"{what}: AWS asks to wait ({code})", _WAIT_S, reply)
    said = f" ({code})" if _WORD.fullmatch(code) else ""
    said += "; the secret or this machine's clock is wrong" if code in _SKEWED else ""
    raise Refused(f"{what}: AWS refused with {reply.status}{said}", reply.status)
