"""What the simulated AWS holds, and how it says it: Bedrock and Organizations in JSON, IAM in XML."""

from __future__ import annotations

import copy
import fnmatch
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from adapters.simulator import Answer

Row = dict[str, Any]
ACCOUNT, REGION = "123456789012", "eu-central-1"
MADE_AT = "2026-01-05T10:00:00Z"
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
SCP = "p-standdown1"
CONSOLE_KEY, CONSOLE_SECRET = "AKIACONSOLE000000001", "simulated/secret+of/the+console"
CALLER_KEY, CALLER_SECRET = "AKIACANARY0000000001", "simulated/secret+of/the+canary"
API_KEY = "ABSKsimulated-bedrock-api-key"  # the canary's too
HARMLESS = {"Sid": "Kept", "Effect": "Deny", "Action": "bedrock:DeleteGuardrail", "Resource": "*"}


def arn(kind: str, name: str) -> str:
    """An ARN of this account and region."""
    return f"arn:aws:bedrock:{REGION}:{ACCOUNT}:{kind}/{name}"


def foundation(model: str) -> str:
    """The ARN of a foundation model."""
    return f"arn:aws:bedrock:{REGION}::foundation-model/{model}"


@dataclass(slots=True)
class Rows:
    """Everything that a write may change, and `bites`: from when which state of denials and keys is enforced.

    `above` has what lies above an account or unit, `ending` when a job that is being stopped has ended;
    `manages` is the account that manages the organisation, `used` how often a model was called in each minute.
    """

    models: list[str]
    principals: dict[tuple[str, str], dict[str, str]]
    keys: dict[str, Row]
    scp: Row
    targets: list[Row]
    guardrails: dict[str, set[str]]
    enforced: list[Row]
    batches: dict[str, Row]
    customisations: dict[str, Row]
    provisioned: dict[str, Row]
    above: dict[str, str]
    manages: str = "210987654321"
    ending: dict[str, float] = field(default_factory=dict[str, float])
    bites: list[tuple[float, Row]] = field(default_factory=list[tuple[float, Row]])
    used: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    may: tuple[tuple[str, str], ...] | None = None  # the console: action and resource, as patterns; None: everything
    may_not: tuple[str, ...] = ()  # actions that its boundary or organisation denies
    simulates: bool = True

    def denials(self) -> Row:
        """What is enforced of all that, as it is now."""
        return copy.deepcopy({"principals": self.principals, "keys": self.keys, "scp": self.scp})


def denies(document: Row, action: str, resource: str) -> bool:
    """Whether a policy denies an action on a resource."""
    for statement in document.get("Statement", ()):
        actions, resources = (_list(statement.get(name)) for name in ("Action", "Resource"))
        if statement["Effect"] == "Deny" and _any(actions, action) and _any(resources, resource):
            return True
    return False


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _any(patterns: list[str], told: str) -> bool:
    return any(fnmatch.fnmatchcase(told, one) for one in patterns)


# -- how it speaks -----------------------------------------------------------------------------------------------------


def told(body: Row) -> Answer:
    """An answer in JSON."""
    return Answer(body=body, headers={"x-amzn-requestid": "req-1"})


def refused(status: int, code: str, sentence: str = "No.") -> Answer:
    """A refusal of Bedrock."""
    return Answer(status=status, body={"message": sentence}, headers={"x-amzn-errortype": f"{code}:"})


def organisation_refused(status: int, code: str) -> Answer:
    """A refusal of Organizations."""
    return Answer(status=status, body={"__type": code, "Message": "No."})


def iam(action: str, result: str) -> Answer:
    """An answer of IAM."""
    inner = f"<{action}Result>{result}</{action}Result>" if result else ""
    meta = "<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata>"
    body = f'<{action}Response xmlns="{NAMESPACE}">{inner}{meta}</{action}Response>'
    return Answer(body=body.encode(), headers={"content-type": "text/xml", "x-amzn-requestid": "req-1"})


def iam_refused(status: int, code: str) -> Answer:
    """A refusal of IAM."""
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>No.</Message></Error><RequestId>req-1</RequestId>"
    body = f'<ErrorResponse xmlns="{NAMESPACE}">{inner}</ErrorResponse>'
    return Answer(status=status, body=body.encode(), headers={"content-type": "text/xml"})


def element(name: str, value: str) -> str:
    """One element."""
    return f"<{name}>{escape(value)}</{name}>"


def document(policy: str) -> str:
    """A policy as IAM shows it: quoted."""
    return element("PolicyDocument", quote(policy, safe=""))


def summary(name: str) -> Row:
    """A foundation model."""
    return {
        "modelId": name, "modelArn": foundation(name), "modelName": name, "providerName": "Example",
        "inputModalities": ["TEXT"], "outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }  # fmt: skip


def batch(ident: str, model: str, status: str = "InProgress") -> Row:
    """A batch of invocations."""
    return {
        "jobArn": arn("model-invocation-job", ident), "jobName": f"batch-{ident}", "modelId": foundation(model),
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/batch", "status": status, "submitTime": MADE_AT,
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://in/x"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://out/x"}},
    }  # fmt: skip


def customisation(ident: str, model: str, status: str = "InProgress") -> Row:
    """A customisation job."""
    return {
        "jobArn": arn("model-customization-job", f"{model}/{ident}"), "baseModelArn": foundation(model),
        "jobName": f"tune-{ident}", "status": status, "creationTime": MADE_AT, "customizationType": "FINE_TUNING",
    }  # fmt: skip


def throughput(ident: str, model: str, name: str) -> Row:
    """Provisioned throughput."""
    of = foundation(model)
    return {
        "provisionedModelName": name, "provisionedModelArn": arn("provisioned-model", ident), "modelArn": of,
        "desiredModelArn": of, "foundationModelArn": of, "modelUnits": 2, "desiredModelUnits": 2,
        "status": "InService", "creationTime": MADE_AT, "lastModifiedTime": MADE_AT,
    }  # fmt: skip


def account() -> Rows:
    """Two models, a canary and another, a role, and something of everything else."""
    content = json.dumps({"Version": "2012-10-17", "Statement": [HARMLESS]})
    ours = {"user": "canary", "status": "Active"}
    return Rows(
        models=["example.atlas-v1:0", "example.borealis-v1:0"],
        principals={("User", "canary"): {}, ("User", "other"): {}, ("User", "standdown"): {}, ("Role", "app"): {}},
        keys={
            CALLER_KEY: ours, "AKIAOTHER0000000001X": {"user": "other", "status": "Active"},
            CONSOLE_KEY: {"user": "standdown", "status": "Active"},
        },
        scp={"id": SCP, "content": content},
        targets=[{"TargetId": "ou-ab12-11111111", "Arn": "arn:aws:organizations::1:ou/o-1/ou-ab12-11111111",
                  "Name": "Production", "Type": "ORGANIZATIONAL_UNIT"}],
        guardrails={"strict1": {"1", "2"}, "mild1": {"1"}},
        enforced=[{"configId": "config1", "guardrailId": "mild1", "guardrailVersion": "1", "owner": "ACCOUNT",
                   "guardrailArn": arn("guardrail", "mild1"),
                   "selectiveContentGuarding": {"system": "COMPREHENSIVE", "messages": "COMPREHENSIVE"}}],
        batches={
            one["jobArn"]: one for one in (
                batch("aaaaaaaaaaa1", "example.atlas-v1:0"), batch("aaaaaaaaaaa2", "example.atlas-v1:0", "Completed"),
                batch("aaaaaaaaaaa3", "example.borealis-v1:0"),
            )
        },
        customisations={one["jobArn"]: one for one in (customisation("bbbbbbbbbbb1", "example.atlas-v1:0"),)},
        above={ACCOUNT: "ou-ab12-11111111", "ou-ab12-11111111": "r-ab12"},
        provisioned={
            one["provisionedModelArn"]: one for one in (throughput("ccccccccccc1", "example.atlas-v1:0", "big"),)
        },
    )  # fmt: skip


def user(name: str) -> str:
    """A user, as IAM tells of it."""
    made = element("Path", "/") + element("UserName", name) + element("UserId", "AIDA1")
    made += element("CreateDate", "2026-01-05T10:00:00Z") + element("Arn", f"arn:aws:iam::{ACCOUNT}:user/{name}")
    return f"<User>{made}</User>"


def role(name: str) -> str:
    """A role, as IAM tells of it."""
    made = element("Path", "/") + element("RoleName", name) + element("RoleId", "AROA1")
    made += element("CreateDate", "2026-01-05T10:00:00Z") + element("AssumeRolePolicyDocument", "%7B%7D")
    return f"<Role>{made}{element('Arn', f'arn:aws:iam::{ACCOUNT}:role/{name}')}</Role>"


def simulation(rows: Rows, action: str, asked: Row) -> Answer:
    """Every action on every resource that is asked about, by what the console may."""
    if not rows.simulates:
        return iam_refused(403, "AccessDenied")
    if asked.get("PolicySourceArn") != f"arn:aws:iam::{ACCOUNT}:user/standdown":
        return iam_refused(404, "NoSuchEntity")
    places = [text for name, text in asked.items() if name.startswith("ResourceArns.member.")] or ["*"]
    found = ""
    for one in [text for name, text in asked.items() if name.startswith("ActionNames.member.")]:
        for place in places:
            may = rows.may is None or any(fnmatchcase(one, act) and fnmatchcase(place, to) for act, to in rows.may)
            decision = "explicitDeny" if one in rows.may_not else "allowed" if may else "implicitDeny"
            said = element("EvalActionName", one) + element("EvalResourceName", place)
            found += f"<member>{said}{element('EvalDecision', decision)}</member>"
    return iam(action, f"<EvaluationResults>{found}</EvaluationResults><IsTruncated>false</IsTruncated>")
