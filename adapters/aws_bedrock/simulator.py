"""A simulated AWS account: Bedrock, its runtime, IAM and Organizations, on one loopback port, for tests and practice.

Of the console's requests it checks the secret, by signing them anew as they arrived; whether that is how AWS signs is
botocore's to judge, in the tests. Of a caller's it checks only whose they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from adapters.aws_bedrock.simulated import (
    ACCOUNT,
    API_KEY,
    CONSOLE_KEY,
    CONSOLE_SECRET,
    REGION,
    SCP,
    Row,
    Rows,
    account,
    arn,
    denies,
    document,
    element,
    foundation,
    iam,
    iam_refused,
    organisation_refused,
    refused,
    role,
    simulation,
    summary,
    told,
    user,
)
from adapters.signing import Bare, Service, signed
from adapters.simulator import Answer, Incoming

__all__ = ["AwsSite"]
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/\d{8}/([a-z0-9-]+)/([a-z]+)/aws4_request, ")
_SIGNED = re.compile(r"SignedHeaders=([a-z0-9;-]+)")
_RUNTIME = ("/model/", "/async-invoke")
_READS = ("Get", "List", "Describe", "Simulate")


class AwsSite:
    """One account. What is written bites `lag_s` later; lists come in pages of `page`.

    `console` is the access key with which the console has to sign, id and secret.
    """

    state: Any

    def __init__(
        self, rows: Rows | None = None, *, lag_s: float = 0.05, page: int = 2,
        console: tuple[str, str] = (CONSOLE_KEY, CONSOLE_SECRET),
    ) -> None:  # fmt: skip
        self._console = console
        self.state = rows or account()
        self.state.bites = [(0.0, self.state.denials())]
        self._lag_s = lag_s
        self._page = page

    def kind(self, incoming: Incoming) -> Literal["read", "write", "call"]:
        """The runtime is called; what asks is read, whatever its method."""
        if incoming.path.startswith(_RUNTIME):
            return "call"
        reads = incoming.method == "GET" or _action(incoming).startswith(_READS)
        return "read" if reads else "write"

    def handle(self, incoming: Incoming, enforce_lag_s: float) -> Answer:
        """Answer as the service for which the request is signed would."""
        if incoming.path.startswith(_RUNTIME):
            return self._call(incoming)
        self._end_jobs(incoming.at_s)
        found = _CREDENTIAL.match(incoming.headers.get("authorization", ""))
        key, region, service = found.groups() if found else ("", "", "")
        if key != self._console[0]:
            return refused(403, "UnrecognizedClientException")
        here = region == (REGION if service in {"bedrock", "monitoring"} else "us-east-1")
        if not here or not _proven(incoming, Service(url="", name=service, region=region), self._console):
            return refused(403, "InvalidSignatureException")
        before = self.state.denials()
        match service:
            case "iam":
                answer = self._iam(incoming)
            case "organizations":
                answer = self._organisation(incoming)
            case "monitoring":
                answer = self._counted(dict(parse_qsl(incoming.body.decode())))
            case _:
                answer = self._bedrock(incoming)
        if self.state.denials() != before:
            self.state.bites.append((incoming.at_s + self._lag_s + enforce_lag_s, self.state.denials()))
        return answer

    # -- callers -------------------------------------------------------------------------------------------------------

    def _call(self, incoming: Incoming) -> Answer:
        now = next(one for at_s, one in reversed(self.state.bites) if at_s <= incoming.at_s)
        found = _CREDENTIAL.match(incoming.headers.get("authorization", ""))
        key = now["keys"].get(found.group(1) if found else "", {"status": "Inactive"})
        user = "canary" if incoming.bearer == API_KEY else key["user"] if key["status"] == "Active" else None
        if user is None:
            return refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        if incoming.path == "/async-invoke":
            return told({"asyncInvokeSummaries": []})
        model = incoming.path.removeprefix("/model/").removesuffix("/converse")
        if model not in self.state.models:
            return refused(404, "ResourceNotFoundException")
        own = now["principals"].get(("User", user), {})
        for kind, policies in (("a service control", [now["scp"]["content"]]), ("an identity-based", own.values())):
            if any(denies(json.loads(one), "bedrock:InvokeModel", foundation(model)) for one in policies):
                who = f"arn:aws:iam::{ACCOUNT}:user/{user}"
                sentence = f"User: {who} is not authorized to perform: bedrock:InvokeModel on resource: "
                return refused(403, "AccessDeniedException", f"{sentence}x with an explicit deny in {kind} policy")
        message = {"role": "assistant", "content": [{"text": "p"}]}
        return told({
            "output": {"message": message}, "stopReason": "max_tokens",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 5},
        })  # fmt: skip

    # -- IAM -----------------------------------------------------------------------------------------------------------

    def _iam(self, incoming: Incoming) -> Answer:
        asked = dict(incoming.query) or dict(parse_qsl(incoming.body.decode()))
        action = asked.get("Action", "")
        if action == "SimulatePrincipalPolicy":
            return simulation(self.state, action, asked)
        return self._keys(action, asked) if "AccessKey" in action else self._principal(action, asked)

    def _principal(self, action: str, asked: Row) -> Answer:
        kind = "Role" if "Role" in action else "User"
        policies = self.state.principals.get((kind, asked.get(f"{kind}Name", "standdown")))
        if policies is None:
            return iam_refused(404, "NoSuchEntity")
        name = asked.get("PolicyName", "")
        if action == f"Get{kind}":
            return (
                iam(action, role(asked["RoleName"]))
                if kind == "Role"
                else iam(action, user(asked.get("UserName", "standdown")))
            )
        if action == f"Put{kind}Policy":
            policies[name] = asked["PolicyDocument"]
            return iam(action, "")
        if name not in policies:
            return iam_refused(404, "NoSuchEntity")
        if action.startswith("Delete"):
            del policies[name]
            return iam(action, "")
        named = element(f"{kind}Name", asked[f"{kind}Name"]) + element("PolicyName", name)
        return iam(action, named + document(policies[name]))

    def _keys(self, action: str, asked: Row) -> Answer:
        ident = asked.get("AccessKeyId", "")
        if action == "ListAccessKeys":
            rows = "".join(
                f"<member>{element('UserName', one['user'])}{element('AccessKeyId', key)}"
                f"{element('Status', one['status'])}{element('CreateDate', '2026-01-05T10:00:00Z')}</member>"
                for key, one in self.state.keys.items() if one["user"] == asked["UserName"]
            )  # fmt: skip
            return iam(action, f"<AccessKeyMetadata>{rows}</AccessKeyMetadata><IsTruncated>false</IsTruncated>")
        if ident not in self.state.keys:
            return iam_refused(404, "NoSuchEntity")
        if action == "UpdateAccessKey":
            self.state.keys[ident]["status"] = asked["Status"]
            return iam(action, "")
        used = element("ServiceName", "N/A") + element("Region", "N/A")
        return iam(
            action,
            element("UserName", self.state.keys[ident]["user"]) + f"<AccessKeyLastUsed>{used}</AccessKeyLastUsed>",
        )

    # -- Organizations -------------------------------------------------------------------------------------------------

    def _organisation(self, incoming: Incoming) -> Answer:
        asked, action = incoming.json(), _action(incoming)
        if action == "ListParents":
            above = self.state.above.get(asked["ChildId"])
            if above is None:
                return organisation_refused(400, "ChildNotFoundException")
            kind = "ROOT" if above.startswith("r-") else "ORGANIZATIONAL_UNIT"
            return told({"Parents": [{"Id": above, "Type": kind}]})
        if asked.get("PolicyId") != SCP:
            return organisation_refused(400, "PolicyNotFoundException")
        if action == "ListTargetsForPolicy":
            return told({"Targets": self.state.targets})
        if action == "UpdatePolicy":
            if not json.loads(asked["Content"])["Statement"]:
                return organisation_refused(400, "MalformedPolicyDocumentException")
            self.state.scp["content"] = asked["Content"]
        named = {
            "Id": SCP, "Arn": f"arn:aws:organizations::{self.state.manages}:policy/o-1/{SCP}", "Name": "Standdown",
            "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False,
        }  # fmt: skip
        return told({"Policy": {"PolicySummary": named, "Content": self.state.scp["content"]}})

    # -- CloudWatch ----------------------------------------------------------------------------------------------------

    def _counted(self, asked: Row) -> Answer:
        wanted = {"Namespace": "AWS/Bedrock", "MetricName": "Invocations", "Dimensions.member.1.Name": "ModelId"}
        mine = {name: asked.get(name) for name in wanted} == wanted
        minutes = self.state.used.get(asked.get("Dimensions.member.1.Value", ""), []) if mine else []
        rows = "".join(
            f"<member>{element('Timestamp', asked['StartTime'])}{element('Sum', str(count))}"
            f"{element('Unit', 'Count')}</member>" for count in minutes
        )  # fmt: skip
        return iam(asked["Action"], f"{element('Label', 'Invocations')}<Datapoints>{rows}</Datapoints>")

    # -- Bedrock -------------------------------------------------------------------------------------------------------

    def _bedrock(self, incoming: Incoming) -> Answer:  # noqa: PLR0911  one answer per part
        rows, path = self.state, incoming.path
        match incoming.method, path:
            case "GET", "/foundation-models":
                return told({"modelSummaries": [summary(name) for name in rows.models]})
            case "GET", "/enforcedGuardrailsConfiguration":
                return self._list(incoming, "guardrailsConfig", rows.enforced)
            case "PUT", "/enforcedGuardrailsConfiguration":
                return self._enforce(incoming.json())
            case "GET", "/model-invocation-jobs":
                return self._list(incoming, "invocationJobSummaries", list(rows.batches.values()))
            case "GET", "/model-customization-jobs":
                return self._list(incoming, "modelCustomizationJobSummaries", list(rows.customisations.values()))
            case "GET", "/provisioned-model-throughputs":
                return self._list(incoming, "provisionedModelSummaries", list(rows.provisioned.values()))
            case "GET", _ if path.startswith("/guardrails/"):
                return self._guardrail(path.removeprefix("/guardrails/"), incoming.query.get("guardrailVersion", ""))
            case "POST", _ if path.endswith("/stop"):
                return self._stop(incoming)
            case "DELETE", _ if rows.provisioned.pop(path.removeprefix("/provisioned-model-throughput/"), None):
                return told({})
            case _:
                return refused(404, "ResourceNotFoundException")

    def _guardrail(self, ident: str, version: str) -> Answer:
        if version not in self.state.guardrails.get(ident, ()):
            return refused(404, "ResourceNotFoundException")
        return told({
            "name": ident, "guardrailId": ident, "guardrailArn": arn("guardrail", ident), "version": version,
            "status": "READY", "createdAt": "2026-01-05T10:00:00Z", "updatedAt": "2026-01-05T10:00:00Z",
            "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
        })  # fmt: skip

    def _enforce(self, asked: Row) -> Answer:
        row = next((one for one in self.state.enforced if one["configId"] == asked.get("configId")), None)
        inner = asked["guardrailInferenceConfig"]
        ident, version = inner["guardrailIdentifier"], inner["guardrailVersion"]
        if row is None or version not in self.state.guardrails.get(ident, ()):
            return refused(404, "ResourceNotFoundException")
        kept = {name: inner[name] for name in ("selectiveContentGuarding", "modelEnforcement") if name in inner}
        fixed = {"configId": row["configId"], "owner": "ACCOUNT", "guardrailArn": arn("guardrail", ident)}
        row.clear()
        row.update({**fixed, "guardrailId": ident, "guardrailVersion": version, **kept})
        return told({"configId": row["configId"], "updatedAt": "2026-01-05T10:00:00Z", "updatedBy": "console"})

    def _stop(self, incoming: Incoming) -> Answer:
        kind, _, rest = incoming.path.removeprefix("/").partition("/")
        jobs = self.state.batches if kind == "model-invocation-job" else self.state.customisations
        row = jobs.get(name := rest.removesuffix("/stop"))
        if row is None:
            return refused(404, "ResourceNotFoundException")
        if row["status"] != "InProgress":
            return refused(409, "ConflictException")
        row["status"] = "Stopping"
        self.state.ending[name] = incoming.at_s + self._lag_s
        return told({})

    def _end_jobs(self, now_s: float) -> None:
        """What is being stopped goes on for a while."""
        for name in [name for name, at_s in self.state.ending.items() if at_s <= now_s]:
            del self.state.ending[name]
            row = self.state.batches.get(name) or self.state.customisations.get(name, {})
            if row.get("status") == "Stopping":
                row["status"] = "Stopped"

    def _list(self, incoming: Incoming, name: str, rows: Sequence[Row]) -> Answer:
        begins = int(incoming.query.get("nextToken", "0"))
        ends = begins + self._page
        more = {"nextToken": str(ends)} if ends < len(rows) else {}
        return told({name: list(rows[begins:ends]), **more})


def _action(incoming: Incoming) -> str:
    target = incoming.headers.get("x-amz-target", "").rpartition(".")[2]
    return target or dict(parse_qsl(incoming.body.decode("utf-8", "replace"))).get("Action", "")


def _proven(incoming: Incoming, service: Service, console: tuple[str, str]) -> bool:
    """Whether the console's secret signed it: the same request, signed anew at its own moment, has the same proof."""
    shown, stamp = incoming.headers.get("authorization", ""), incoming.headers.get("x-amz-date", "")
    names = _SIGNED.search(shown)
    if names is None:
        return False
    with suppress(ValueError):
        at_s = datetime.strptime(f"{stamp} +0000", "%Y%m%dT%H%M%SZ %z").timestamp()
        named = set(names[1].split(";")) - {"host", "x-amz-date"}
        headers = {name: incoming.headers.get(name, "") for name in named}
        host = incoming.headers.get("host", "")
        bare = Bare(method=incoming.method, host=host, target=incoming.target, headers=headers, body=incoming.body)
        return signed(service, *console, bare, int(at_s * 1000))["authorization"] == shown
    return False
