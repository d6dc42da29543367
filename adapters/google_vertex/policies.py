"""The organisation's policy about models of the Model Garden (`constraints/vertexai.allowedModels`).

A policy is written whole, with the etag it was read with on the way there. The way back cannot name the etag that will
be by then: it is sent only where the policy still is as we left it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import Context, Planned, Refused, Request, Stale
from adapters.google_vertex import reading, wire
from adapters.google_vertex.levers import FORBID, Settings

_ACTIONS = {FORBID.name: ("predict", "deploy", "tune")}
_TUNE = ("tune",)
MOST_VALUES = 500
NONE = "null"
Spec = Mapping[str, Any]


async def plan(context: Context, settings: Settings, blank: Planned) -> Planned:
    """The plan for one model of the Model Garden, for everybody below the place of the policy."""
    values = values_of(blank.lever, blank.surface_key)
    found = await reading.policy(context, settings)
    before = None if found is None else kept(found.spec)
    after = denied(before, values) if blank.direction == "contain" else allowed(before, values)
    path = reading.policy_path(settings)
    notes = [
        f"every project below {settings.policies}; a project whose policy replaces its parent's is not reached",
        "models of your own, and what is deployed already, are not reached",
    ]
    left_out = bool(settings.policy_at) and await reading.replaces_its_parents(context, settings)
    if left_out:
        notes.insert(0, f"the project {settings.project} has a policy that replaces its parent's: it is NOT reached")
    etags = ("", "") if found is None else (found.etag, str(found.spec.get("etag", "")))
    return replace(
        blank, pre={"policy": wire.text(before)}, wanted={"policy": wire.text(after)},
        requests=(_write(path, settings, before, after, etags),), revert=(_write(path, settings, after, before),),
        params={"at": settings.policies, **({"left_out": "yes"} if left_out else {})},
        notes=tuple(notes),
    )  # fmt: skip


def values_of(lever: str, model: str) -> tuple[str, ...]:
    """What the policy calls this model in what the lever forbids."""
    return tuple(f"{model}:{action}" for action in _ACTIONS.get(lever, _TUNE))


def kept(spec: Spec) -> dict[str, Any]:
    """A spec without what Google adds by itself."""
    return {name: value for name, value in spec.items() if name not in {"etag", "updateTime"}}


# -- what a policy says ------------------------------------------------------------------------------------------------


def is_denied(spec: Spec, value: str) -> bool:
    """Whether a spec denies a value: by naming it, by naming others only, or by denying all."""
    rules = _rules(spec)
    allows: list[str] = []
    for rule in rules:
        if rule.get("denyAll"):
            return True
        if value in _values(rule, "deniedValues"):
            return True
        allows += _values(rule, "allowedValues")
    return bool(allows) and value not in allows


def denied(before: Spec | None, values: Sequence[str]) -> dict[str, Any]:
    """The spec with these values denied; what else it says stays.

    Raises:
        Refused: where it is longer than Google takes, or denies everything already.
    """
    spec: dict[str, Any] = {"inheritFromParent": True} if before is None else copy.deepcopy(dict(before))
    rule = _plain_rule(spec)
    if rule.get("denyAll"):
        raise Refused("this policy denies every model already")
    rule.pop("allowAll", None)
    listed = rule.setdefault("values", {})
    if listed.get("allowedValues"):
        rest = [one for one in listed["allowedValues"] if _bare(one) not in values]
        if not rest and not listed.get("deniedValues"):
            del rule["values"]
            rule["denyAll"] = True
            return spec
        listed["allowedValues"] = rest
        if not rest:
            raise Refused("this policy allows no other model: change it by hand")
        return spec
    held = [_bare(one) for one in listed.get("deniedValues", [])]
    listed["deniedValues"] = [*listed.get("deniedValues", []), *(one for one in values if one not in held)]
    if len(listed["deniedValues"]) > MOST_VALUES:
        raise Refused(f"a policy takes {MOST_VALUES} values, and this one would have more")
    return spec


def allowed(before: Spec | None, values: Sequence[str]) -> dict[str, Any] | None:
    """The spec without a denial of these values; None where nothing of it is left.

    Raises:
        Refused: where it does not name them, and nothing here could be lifted.
    """
    held = [] if before is None else [one for rule in _rules(before) for one in _values(rule, "deniedValues")]
    if before is None or not set(held) & set(values):
        raise Refused("this policy does not deny the model by its name: there is nothing to lift here")
    spec = copy.deepcopy(dict(before))
    rules: list[dict[str, Any]] = []
    for rule in _rules(spec):
        listed = rule.get("values", {})
        if "deniedValues" in listed:
            rest = [one for one in listed["deniedValues"] if _bare(one) not in values]
            listed = {**listed, "deniedValues": rest} if rest else {"allowedValues": listed.get("allowedValues", [])}
            rule["values"] = {name: value for name, value in listed.items() if value}
        if rule.get("values") != {}:
            rules.append(rule)
    if not rules and spec.get("inheritFromParent"):
        return None
    spec["rules"] = rules or [{"allowAll": True}]
    return spec


def _rules(spec: Spec) -> list[dict[str, Any]]:
    found: object = spec.get("rules") or []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _values(rule: Mapping[str, Any], kind: str) -> list[str]:
    listed: Any = rule.get("values")
    found: Any = listed.get(kind) if isinstance(listed, dict) else None
    return [_bare(str(one)) for one in found] if isinstance(found, list) else []


def _bare(value: str) -> str:
    """Google takes a value with and without this."""
    return value.removeprefix("is:")


def _plain_rule(spec: dict[str, Any]) -> dict[str, Any]:
    """The rule that holds without a condition; a new one where there is none.

    Raises:
        Refused: where there are several, or the policy sets everything back to Google's own.
    """
    if spec.pop("reset", False):
        raise Refused("this policy sets everything back to Google's own: change it by hand")
    rules = spec.setdefault("rules", [])
    plain = [one for one in rules if not one.get("condition")]
    if len(plain) > 1:
        raise Refused("this policy has several rules without a condition: change it by hand")
    if not plain:
        plain = [{}]
        rules.append(plain[0])
    found: dict[str, Any] = plain[0]
    return found


def _write(
    path: str, settings: Settings, before: Spec | None, after: Spec | None, etags: tuple[str, str] = ("", "")
) -> Request:
    """From one spec to another: made, written whole, or taken away. The etags are the policy's and its spec's."""
    whole, inner = etags
    if after is None:
        tag = whole or inner
        return Request(method="DELETE", path=path + (f"?etag={wire.quoted(tag)}" if tag else ""), content_type=None)
    name = f"{settings.policies}/policies/{reading.CONSTRAINT}"
    if before is None:
        made = wire.text({"name": name, "spec": after})
        return Request(method="POST", path=path.rpartition("/")[0], body=made)
    body = {"name": name, "spec": {**after, **_tag(inner)}, **_tag(whole)}
    return Request(method="PATCH", path=f"{path}?updateMask=policy.spec", body=wire.text(body))


def _tag(etag: str) -> dict[str, str]:
    return {"etag": etag} if etag else {}


# -- reading back ------------------------------------------------------------------------------------------------------


async def fields_now(context: Context, settings: Settings) -> dict[str, str]:
    """The policy as it is."""
    found = await reading.policy(context, settings)
    return {"policy": NONE if found is None else wire.text(kept(found.spec))}


async def left_since(context: Context, settings: Settings, planned: Planned) -> str:
    """Whether this project was reached when people signed, and its own policy replaces its parent's since."""
    if not settings.policy_at or planned.direction == "restore" or planned.params.get("left_out") == "yes":
        return ""
    gone = await reading.replaces_its_parents(context, settings)
    return f"the project {settings.project} replaces its parent's policy since: it is not reached" if gone else ""


async def must_be_as_left(context: Context, settings: Settings, planned: Planned) -> None:
    """Before the way back, raise `Stale` where somebody else changed the policy meanwhile."""
    now = await fields_now(context, settings)
    if now not in (dict(planned.wanted), dict(planned.pre)):
        raise Stale("the policy was changed after the correction, and nothing was sent")
