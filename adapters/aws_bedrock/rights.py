"""What the console's user may do, by IAM's own simulation of its policies, which changes nothing.

Source: botocore's description of IAM, `SimulatePrincipalPolicy`. It counts the user's policies, its boundary and the
organisation's; not those of what is written to, nor a session's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.here import iam, loaded, organisation
from adapters.aws_bedrock.levers import AGENTS, DELETE, DENY, GUARD, KEY, SCP, STOP, STOP_ALL, TUNING
from adapters.contract import Context, Malformed, Planned, Refused, Request
from adapters.rights import Granted

ASKED = "IAM's SimulatePrincipalPolicy of this user's policies: on everything, and on what a plan names"
ANYTHING = "*"
_INLINE = ("iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy")
_STOPS = ("bedrock:StopModelInvocationJob", "bedrock:StopModelCustomizationJob")
NEEDS: Mapping[str, Sequence[str]] = {
    DENY.name: _INLINE,
    TUNING.name: _INLINE,
    AGENTS.name: _INLINE,
    KEY.name: ("iam:UpdateAccessKey",),
    GUARD.name: ("bedrock:PutEnforcedGuardrailConfiguration",),
    SCP.name: ("organizations:UpdatePolicy",),
    STOP.name: _STOPS,
    STOP_ALL.name: _STOPS,
    DELETE.name: ("bedrock:DeleteProvisionedModelThroughput",),
}
_BEDROCK = {
    "enforcedGuardrailsConfiguration": "PutEnforcedGuardrailConfiguration",
    "model-invocation-job": "StopModelInvocationJob",
    "model-customization-job": "StopModelCustomizationJob",
    "provisioned-model-throughput": "DeleteProvisionedModelThroughput",
}


async def granted(context: Context) -> Granted:
    """What it may do to everything. What it may not do to everything it may still do to what a plan names: not told.

    Raises:
        AdapterFault: where AWS does not tell it that.
    """
    every = list(dict.fromkeys(one for needed in NEEDS.values() for one in needed))
    said = await _simulated(context, await _own(context), every, ANYTHING)
    allowed = {action for action, decision in said.items() if decision == "allowed"}
    refused = {action for action, decision in said.items() if decision == "explicitDeny"}
    return Granted(asked=ASKED, lacks={
        lever: [f"do {one}" for one in needed if one in refused] for lever, needed in NEEDS.items()
        if allowed.issuperset(needed) or refused & set(needed)
    })  # fmt: skip


async def may_not(context: Context, planned: Planned) -> list[str] | None:
    """What of a plan and its way back it may not do to exactly what the plan names; None where that is not told."""
    own, missing = await _own(context), list[str]()
    by_place: dict[str, list[str]] = {}
    for request in (*planned.requests, *planned.revert):
        action, place = await _act(context, request)
        by_place.setdefault(place, []).append(action)
    for place, actions in by_place.items():
        said = await _simulated(context, own, list(dict.fromkeys(actions)), place)
        if "unknown" in said.values():
            return None
        missing += [f"do {action} on {place}" for action, decision in said.items() if decision != "allowed"]
    return missing


async def _own(context: Context) -> str:
    found = wire.xml(wire.check(await iam(context, "GetUser"), "own user"), "GetUserResponse")
    return wire.text_at(found, "GetUserResult/User/Arn")


async def _act(context: Context, request: Request) -> tuple[str, str]:
    """What a request does, and to what, by its ARN."""
    service, *steps = request.path.strip("/").split("/")
    if service == "iam":
        given = {name: values[0] for name, values in parse_qs(request.body).items()}
        kind = "Role" if "RoleName" in given else "User"
        reply = wire.check(await iam(context, f"Get{kind}", **{f"{kind}Name": given[f"{kind}Name"]}), kind.lower())
        whose = wire.xml(reply, f"Get{kind}Response")
        return f"iam:{given['Action']}", wire.text_at(whose, f"Get{kind}Result/{kind}/Arn")
    if service == "organizations":
        asked = loaded(request.body)
        reply = wire.check(await organisation(context, "DescribePolicy", PolicyId=str(asked["PolicyId"])), "policy")
        return f"organizations:{steps[0]}", wire.read(wire.PolicyAnswer, reply).Policy.PolicySummary.Arn
    named = next((wire.unquoted(step) for step in steps if step.startswith("arn")), ANYTHING)
    if steps[0] not in _BEDROCK:
        raise Refused("it is not known what this request needs")
    return f"bedrock:{_BEDROCK[steps[0]]}", named


async def _simulated(context: Context, own: str, actions: Sequence[str], place: str) -> dict[str, str]:
    """By action allowed, explicitDeny or implicitDeny; unknown where a condition could not be told."""
    given = {"PolicySourceArn": own, "ResourceArns.member.1": place}
    given |= {f"ActionNames.member.{number}": action for number, action in enumerate(actions, 1)}
    reply = wire.check(await iam(context, "SimulatePrincipalPolicy", **given), "simulation")
    found = wire.xml(reply, "SimulatePrincipalPolicyResponse")
    said: dict[str, str] = {}
    for one in found.findall("SimulatePrincipalPolicyResult/EvaluationResults/member"):
        decision = wire.text_at(one, "EvalDecision")
        unsure = decision != "allowed" and one.find("MissingContextValues/member") is not None
        said[wire.text_at(one, "EvalActionName")] = "unknown" if unsure else decision
    if set(said) != set(actions):
        raise Malformed("IAM did not answer about every action")
    return said
