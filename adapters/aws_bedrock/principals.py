"""One user, role or access key: an inline policy of our own that denies, or the key switched off."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.here import Here, deny, iam, iam_request, loaded, no_calls, short, text
from adapters.aws_bedrock.levers import AGENTS, DENY, KEY, TUNING
from adapters.contract import Context, Malformed, NotSent, Planned, Refused, Request, Throttled

_KINDS = {"user": "User", "role": "Role"}
_ON, _OFF = "Active", "Inactive"
_NONE = "null"
_SETS = {
    TUNING.name: ("standdown-no-tuning", ["bedrock:CreateModelCustomizationJob", "bedrock:CreateCustomModel*"]),
    AGENTS.name: (
        "standdown-no-agents",
        ["bedrock:InvokeAgent", "bedrock:InvokeInlineAgent", "bedrock:InvokeFlow", "bedrock-agentcore:Invoke*"],
    ),
}
_OTHERS = "other principals, and the root user of the account, are not reached"
_BESIDE = (
    "custom and imported models, and provisioned throughput under another name, are not reached",
    "agents and flows call it under a role of their own and go on: deny that role, or agents (principal.no-agents)",
)


async def plan(context: Context, here: Here, blank: Planned) -> Planned:
    """The plan for one principal or one key."""
    if blank.lever == KEY.name:
        return await _key(context, here, blank)
    kind, name = _principal(blank.selector)
    if blank.lever == DENY.name:
        if not blank.surface_key:
            raise Refused("say which model: choose its surface")
        ours = f"standdown-deny-{short(blank.surface_key)}"
        statements = no_calls("Standdown", blank.surface_key)
    else:
        ours, actions = _SETS[blank.lever]
        statements = [deny("Standdown", actions, ["*"])]
    document = {"Version": "2012-10-17", "Statement": statements}
    found = await _policy(context, kind, name, ours)
    contain = blank.direction == "contain"
    if not contain and found == _NONE:
        raise Refused("this principal has no such deny of ours: there is nothing to lift")
    wanted = text(document) if contain else _NONE
    return replace(
        blank, name=name, params={"policy": ours}, pre={"policy": found}, wanted={"policy": wanted},
        requests=(_write(kind, name, ours, wanted),), revert=(_write(kind, name, ours, found),),
        notes=(_OTHERS, *(_BESIDE if blank.lever == DENY.name else ())),
    )  # fmt: skip


async def fields_now(context: Context, planned: Planned) -> dict[str, str]:
    """The policy's text, or the key's status, as it is now."""
    if planned.lever == KEY.name:
        return {"status": text(await _status(context, planned.selector, planned.params["user"]))}
    kind, name = _principal(planned.selector)
    return {"policy": await _policy(context, kind, name, planned.params["policy"])}


async def who(context: Context) -> dict[str, str]:
    """The user that signs here and its account, where it may read itself; IAM's silence hides nothing of Bedrock."""
    try:
        reply = wire.check(await iam(context, "GetUser"), "own user")
        found = wire.xml(reply, "GetUserResponse")
        account = (found.findtext("GetUserResult/User/Arn") or "").removeprefix("arn:aws:iam::").partition(":")[0]
        told = {"account": account} if account.isdigit() else {}
        return {"identity": wire.text_at(found, "GetUserResult/User/UserName"), **told}
    except (Refused, NotSent, Throttled, Malformed):
        return {}


def _principal(selector: str) -> tuple[str, str]:
    kind, _, name = selector.partition("/")
    if kind not in _KINDS or not name or "/" in name:
        raise Refused("say which principal: user/NAME or role/NAME, without a path", wire.NOT_FOUND)
    return _KINDS[kind], name


async def _policy(context: Context, kind: str, name: str, ours: str) -> str:
    """The inline policy's text as a field; who is not there at all is refused."""
    reply = await iam(context, f"Get{kind}Policy", **{f"{kind}Name": name, "PolicyName": ours})
    if reply.status == wire.NOT_FOUND and wire.fault_of(reply).code in wire.MISSING:
        wire.check(await iam(context, f"Get{kind}", **{f"{kind}Name": name}), f"{kind.lower()} {name[:64]}")
        return _NONE
    found = wire.xml(wire.check(reply, "policy"), f"Get{kind}PolicyResponse")
    return text(loaded(unquote(wire.text_at(found, f"Get{kind}PolicyResult/PolicyDocument"))))


def _write(kind: str, name: str, ours: str, document: str) -> Request:
    given = {f"{kind}Name": name, "PolicyName": ours}
    if document == _NONE:
        return iam_request(f"Delete{kind}Policy", given)
    return iam_request(f"Put{kind}Policy", {**given, "PolicyDocument": document})


# -- keys --------------------------------------------------------------------------------------------------------------


async def _key(context: Context, here: Here, blank: Planned) -> Planned:
    if blank.selector == here.settings.access_key_id:
        raise Refused("this console signs with that key: it would shut itself out")
    if not blank.selector.isalnum() or not blank.selector.isupper():
        raise Refused("say which access key, by its id", wire.NOT_FOUND)
    reply = await iam(context, "GetAccessKeyLastUsed", AccessKeyId=blank.selector)
    found = wire.xml(wire.check(reply, "access key"), "GetAccessKeyLastUsedResponse")
    user = wire.text_at(found, "GetAccessKeyLastUsedResult/UserName")
    used = found.findtext("GetAccessKeyLastUsedResult/AccessKeyLastUsed/LastUsedDate")
    now = await _status(context, blank.selector, user)
    wanted = _OFF if blank.direction == "contain" else _ON
    notes = (
        f"the key of user {user}, last used {used[:10] if used else 'never, as far as AWS tells'}",
        "the user's other keys, its password and roles that it took on already are not reached",
    )
    return replace(
        blank, name=user, params={"user": user, "let_in": await _let_in(context, blank.selector)},
        pre={"status": text(now)}, wanted={"status": text(wanted)}, requests=(_switch(blank.selector, user, wanted),),
        revert=(_switch(blank.selector, user, now),), notes=notes,
    )  # fmt: skip


async def _status(context: Context, key: str, user: str) -> str:
    marker: dict[str, str] = {}
    for _ in range(20):  # AWS allows two keys a user; pages all the same
        reply = await iam(context, "ListAccessKeys", UserName=user, **marker)
        found = wire.xml(wire.check(reply, "access keys"), "ListAccessKeysResponse")
        for one in found.findall("ListAccessKeysResult/AccessKeyMetadata/member"):
            if one.findtext("AccessKeyId") == key:
                return wire.text_at(one, "Status")
        if found.findtext("ListAccessKeysResult/IsTruncated") != "true":
            raise Refused("this user has no such access key any more", wire.NOT_FOUND)
        marker = {"Marker": wire.text_at(found, "ListAccessKeysResult/Marker")}
    raise Malformed("the list of access keys has no end")


def _switch(key: str, user: str, status: str) -> Request:
    return iam_request("UpdateAccessKey", {"UserName": user, "AccessKeyId": key, "Status": status})


async def _let_in(context: Context, selector: str) -> str:
    """Whether the kept credential is known to AWS now: a key that is off is refused as one that never was (0047)."""
    credential = context.caller_of(selector)
    if credential is None:
        return ""
    try:
        reply = await context.call(
            "GET", "/async-invoke?maxResults=1", effect="read", credential=credential, side="callers"
        )
    except (NotSent, Refused, Throttled, Malformed):
        return "no"
    known = reply.status == wire.FORBIDDEN and wire.fault_of(reply).code == "AccessDeniedException"
    return "yes" if known or reply.status < wire.REDIRECTS else "no"
