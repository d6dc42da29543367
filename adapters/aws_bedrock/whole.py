"""What reaches everybody: the organisation's prepared policy, and the guardrail that the account enforces.

Both are written whole, so what else stands in them is compared before sending: nobody else's change is put back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.here import Here, enforced, loaded, no_calls, organisation, short, text
from adapters.aws_bedrock.levers import GUARD
from adapters.aws_bedrock.principals import who
from adapters.contract import Context, Malformed, Planned, Refused, Request, Stale
from adapters.operations import MOST_PAGES

Reach = Literal["here", "none", "unknown"]
NOT_HERE = "the organisation's policy does not reach this very account: it manages the organisation, or is not below it"
_JSON = "application/x-amz-json-1.1"
_DEEPEST = 8  # units lie within each other five deep at most
_MOST_TARGETS = 200  # as many are held to their place


async def plan(context: Context, here: Here, blank: Planned) -> Planned:
    """The plan for the organisation or the account."""
    if blank.lever == GUARD.name:
        return await _guard(context, here, blank)
    return await _organisation(context, here, blank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The fields as they are now; `rest` stands for what is written beside them; `detail` is for people."""

    fields: Mapping[str, str]
    rest: str
    detail: str = ""


async def seen_now(context: Context, planned: Planned) -> Seen:
    """What the lever writes, as it is now. A policy that was taken off a place where it was denies nothing there."""
    if planned.lever == GUARD.name:
        return await _guard_now(context, planned)
    statements, _ = await _policy(context, planned.params["policy"])
    there = {one.TargetId for one in await _targets(context, planned.params["policy"])}
    off = sorted(set(planned.params.get("targets", "").split(",")) - there - {""})
    ours = _ours(planned.model)
    denied = _all(ours, statements) and bool(there) and not off
    others = [one for one in statements if not _is(one, ours)]
    told = f"the policy is attached no more to {', '.join(off[:4])}" if off else ""
    told = told or ("" if there else "the policy is attached to nothing")
    return Seen(fields={"denied": text(denied)}, rest=short(text(others)), detail=told)


async def _guard_now(context: Context, planned: Planned) -> Seen:
    one = await _config(context, planned.params["config"])
    if one is None:
        return Seen(fields={"guardrail": "null"}, rest="", detail="the account enforces it no more")
    fields = {name: told for name, told in _shown(one).items() if name in planned.wanted}
    return Seen(fields=fields, rest=short(text(_rest(one))))


async def must_be_as_read(context: Context, planned: Planned) -> None:
    """Raise `Stale` where what is written with the field is no longer as the plan found it."""
    if (await seen_now(context, planned)).rest != planned.params["rest"]:
        raise Stale("what stands beside it was changed after the plan was made, and nothing was sent")


# -- the organisation --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The models that the prepared policy denies, and whether it reaches the account of this instance."""

    models: frozenset[str]
    reach: Reach = "unknown"


async def denied_models(context: Context, here: Here, account: str) -> Denied:
    """The models that the prepared policy denies, where one is named; `account` is our own, where that is known."""
    if not here.settings.scp:
        return Denied(models=frozenset())
    statements, summary = await _policy(context, here.settings.scp)
    names = frozenset(name for name in here.names if _all(_ours(name), statements))
    if not names:
        return Denied(models=names)
    there = await _targets(context, here.settings.scp)
    return Denied(models=names, reach=await _reach(context, summary, there, account))


async def _reach(context: Context, summary: wire.PolicySummary, there: Sequence[wire.Target], account: str) -> Reach:
    """Whether a policy holds for an account: it is attached to it or above it, and it does not manage everything."""
    manages = summary.Arn.removeprefix("arn:aws:organizations::").partition(":")[0]
    if not there or (account and account == manages):
        return "none"
    above = await _above(context, account) if account and manages.isdigit() else None
    if above is None:
        return "unknown"
    return "here" if above & {one.TargetId for one in there} else "none"


async def _above(context: Context, account: str) -> set[str] | None:
    """The account, the units above it and the root; None where that may not be asked, or has no end."""
    found = {account}
    child = account
    for _ in range(_DEEPEST):
        try:
            reply = wire.check(await organisation(context, "ListParents", ChildId=child), "what is above the account")
        except Refused:  # this permission may be left out
            return None
        parents = wire.read(wire.Parents, reply).Parents
        if not parents:
            return None
        child = parents[0].Id
        found.add(child)
        if child.startswith("r-"):
            return found
    return None


async def _organisation(context: Context, here: Here, blank: Planned) -> Planned:
    policy = here.settings.scp
    if not policy:
        raise Refused("no service control policy is named in the settings: prepare one, and attach it")
    model = here.need(blank.selector or blank.surface_key)
    if blank.surface_key not in {"", model}:
        raise Refused(f"{model} is a surface of its own, not part of {blank.surface_key}")
    statements, summary = await _policy(context, policy)
    places = await _targets(context, policy)
    if not places:
        raise Refused("the prepared policy is attached to nothing: a deny in it would be accepted and not enforced")
    ours = _ours(model)
    others = [one for one in statements if not _is(one, ours)]
    now, then = _all(ours, statements), blank.direction == "contain"
    before = statements
    after = [*others, *ours] if then else others
    if not after or not before:
        raise Refused("a policy needs one statement besides ours: put a harmless one into the prepared policy")
    shown = ", ".join(sorted(one.Name or one.TargetId for one in places)[:12])
    account = (await who(context)).get("account", "")
    reach = await _reach(context, summary, places, account) if then else "here"
    return replace(
        blank, selector=model, name=model, surface_key=model, model=model,
        params={
            "policy": policy, "rest": short(text(others)),
            "targets": ",".join(sorted(one.TargetId for one in places)[:_MOST_TARGETS]),
        },
        pre={"denied": text(now)},
        wanted={"denied": text(then)},
        requests=(_update(policy, after),), revert=(_update(policy, before),), selectors=0,
        notes=(
            *([NOT_HERE] if reach == "none" else []),
            *(["whether this very account is below it is not known here"] if reach == "unknown" else []),
            f"every account under {shown}, by the policy {summary.Name}; the management account is never reached",
            "custom and imported models, and provisioned throughput under another name, are not reached",
        ),
    )  # fmt: skip


def _ours(model: str) -> list[dict[str, Any]]:
    return no_calls(f"Standdown{short(model)}", model)


def _all(ours: list[dict[str, Any]], statements: list[Any]) -> bool:
    return all(one in statements for one in ours)


def _is(statement: object, ours: list[dict[str, Any]]) -> bool:
    return isinstance(statement, dict) and statement.get("Sid") in {one["Sid"] for one in ours}


def _update(policy: str, statements: list[Any]) -> Request:
    content = text({"Version": "2012-10-17", "Statement": statements})
    body = text({"Content": content, "PolicyId": policy})
    return Request(method="POST", path="/organizations/UpdatePolicy", body=body, content_type=_JSON)


async def _policy(context: Context, policy: str) -> tuple[list[Any], wire.PolicySummary]:
    reply = wire.check(await organisation(context, "DescribePolicy", PolicyId=policy), "policy of the organisation")
    found = wire.read(wire.PolicyAnswer, reply).Policy
    if found.PolicySummary.Type != "SERVICE_CONTROL_POLICY":
        raise Refused("the prepared policy is no service control policy")
    content = loaded(found.Content)
    statements = content.get("Statement") if isinstance(content, dict) else None
    if not isinstance(statements, list):
        raise Malformed("the prepared policy has no list of statements")
    return statements, found.PolicySummary


async def _targets(context: Context, policy: str) -> list[wire.Target]:
    found: list[wire.Target] = []
    more: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        reply = wire.check(await organisation(context, "ListTargetsForPolicy", PolicyId=policy, **more), "targets")
        page = wire.read(wire.Targets, reply)
        found += page.Targets
        if not page.NextToken:
            return found
        more = {"NextToken": page.NextToken}
    raise Malformed("the list of targets has no end")


# -- the account -------------------------------------------------------------------------------------------------------


async def _guard(context: Context, here: Here, blank: Planned) -> Planned:
    ident, _, version = here.settings.guardrail.partition(":")
    if not ident:
        raise Refused("no strict guardrail is named in the settings: prepare one, with a version")
    if blank.selector not in {"", "account", *here.names}:
        raise Refused(f"{blank.selector[:80]} is no model of this region", wire.NOT_FOUND)
    reply = await context.call(
        "GET", f"/bedrock/guardrails/{wire.quoted(ident)}?guardrailVersion={wire.quoted(version)}", effect="read"
    )
    if wire.read(wire.Guardrail, wire.check(reply, "guardrail")).status != "READY":
        raise Refused("the strict guardrail is not ready")
    there = await enforced(context)
    if len(there) != 1:
        raise Refused(f"the account enforces {len(there)} guardrails: prepare exactly one, a mild one, to be exchanged")
    (one,) = there
    wanted, pre = f"{ident}:{version}", _shown(one)
    if blank.direction == "restore":
        raise Refused("which guardrail was enforced before is known to the correction alone: undo that one")
    return replace(
        blank, selector="account", name="account", params={"config": one.configId, "rest": short(text(_rest(one)))},
        pre=pre, wanted={**pre, "guardrail": text(wanted)}, requests=(_put(one, wanted),),
        revert=(_put(one, f"{one.guardrailId}:{one.guardrailVersion}"),), selectors=0,
        notes=(
            "every call of this account in this region" + (", of the models it names" if one.modelEnforcement else ""),
            "the guardrail has to let every principal apply it, or their calls fail",
        ),
    )  # fmt: skip


def guards(one: wire.Enforced, model: str) -> bool:
    """Whether what the account enforces is enforced at this model too."""
    if one.modelEnforcement is None:
        return True
    included, excluded = (one.modelEnforcement.get(name, []) for name in ("includedModels", "excludedModels"))

    def named(listed: Sequence[str]) -> bool:
        return any(each == "ALL" or each.rpartition("/")[2] == model for each in listed)

    return named(included) and not named(excluded)


def _shown(one: wire.Enforced) -> dict[str, str]:
    """Which guardrail, and what it guards: narrowed to other models, it is not what people signed."""
    return {"guardrail": text(f"{one.guardrailId}:{one.guardrailVersion}"), "guards": text(_rest(one))}


def _rest(one: wire.Enforced) -> dict[str, Any]:
    kept = {"modelEnforcement": one.modelEnforcement, "selectiveContentGuarding": one.selectiveContentGuarding}
    return {name: value for name, value in kept.items() if value is not None}


def _put(one: wire.Enforced, guardrail: str) -> Request:
    ident, _, version = guardrail.partition(":")
    inner = {"guardrailIdentifier": ident, "guardrailVersion": version, **_rest(one)}
    body = text({"configId": one.configId, "guardrailInferenceConfig": inner})
    return Request(method="PUT", path="/bedrock/enforcedGuardrailsConfiguration", body=body)


async def _config(context: Context, ident: str) -> wire.Enforced | None:
    return next((one for one in await enforced(context) if one.configId == ident), None)
