"""How one project's fields are, how they will be, and the request that writes one. No reading here.

A field is named `PROJECT/models`, `PROJECT/tools`, `PROJECT/spend` or `PROJECT/limit/ROW/NUMBER`; its value is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from adapters.contract import Refused, Request
from adapters.openai_admin import wire
from adapters.openai_admin.levers import TOOLS, words_of

ORGANISATION = "organisation"
NUMBERS = {"rpm": "max_requests_per_1_minute", "tpm": "max_tokens_per_1_minute"}


def lets_through(policy: wire.Permissions | None, model: str) -> bool:
    """Whether a policy lets a model be used; no policy lets every one."""
    return policy is None or (model in policy.model_ids) is (policy.mode == "allow_list")


# -- as JSON text ------------------------------------------------------------------------------------------------------


def text_of(value: object) -> str:
    """The one spelling of a value."""
    return json.dumps(value, sort_keys=True)


def of_policy(policy: wire.Permissions | None) -> str:
    """A policy for models, as a field's value; its order means nothing."""
    return text_of(None if policy is None else {"mode": policy.mode, "model_ids": sorted(policy.model_ids)})


def of_spend(limit: wire.SpendLimit | None) -> str:
    """A limit of money, as a field's value, without whether it bites just now."""
    return text_of(limit and {"threshold_amount": limit.threshold_amount, "currency": limit.currency,
                              "interval": limit.interval})  # fmt: skip


# -- how it will be ----------------------------------------------------------------------------------------------------


def denied(policy: wire.Permissions | None, ids: Sequence[str], known: Sequence[str]) -> wire.Permissions:
    """The policy without these models.

    A list of what is allowed that would become empty is turned round: empty might mean every model.
    """
    if policy is None:
        return wire.Permissions(mode="deny_list", model_ids=list(ids))
    if policy.mode != "allow_list":
        more = [one for one in ids if one not in policy.model_ids]
        return wire.Permissions(mode=policy.mode, model_ids=[*policy.model_ids, *more])
    left = [one for one in policy.model_ids if one not in ids]
    if left:
        return wire.Permissions(mode="allow_list", model_ids=left)
    return wire.Permissions(mode="deny_list", model_ids=sorted({*known, *ids}))


def allowed(policy: wire.Permissions | None, ids: Sequence[str]) -> wire.Permissions | None:
    """The policy with these models."""
    if policy is None or policy.mode == "allow_list":
        more = [one for one in ids if policy is not None and one not in policy.model_ids]
        return policy and wire.Permissions(mode="allow_list", model_ids=[*policy.model_ids, *more])
    left = [one for one in policy.model_ids if one not in ids]
    return wire.Permissions(mode="deny_list", model_ids=left) if left else None


def lower(now: int | None, asked: int) -> int:
    """A limit is only ever lowered: a stricter one that stands already stays."""
    return asked if now is None else min(now, asked)


def off(params: Mapping[str, str], *, contain: bool) -> dict[str, bool]:
    """The tools that are meant, and whether each may be used."""
    return dict.fromkeys(words_of(params["tools"]), False) if contain else dict.fromkeys(TOOLS, True)


def spend(now: str, params: Mapping[str, str], *, contain: bool) -> str:
    """The limit of money, or none."""
    if not contain:
        return text_of(None)
    held = json.loads(now)
    cents = lower(held and held["threshold_amount"], int(params["cents"]))
    return text_of({"threshold_amount": cents, "currency": "USD", "interval": "month"})


# -- writing -----------------------------------------------------------------------------------------------------------


def write(field: str, text: str, place: str) -> Request:
    """The one request that makes a field so; `place` is the path of its project, or of the organisation."""
    kind, _, rest = field.partition("/")[2].partition("/")
    value = json.loads(text)
    path = {"models": "model_permissions", "tools": "hosted_tool_permissions", "spend": "spend_limit"}.get(kind)
    if kind == "limit":
        row, _, number = rest.rpartition("/")
        return _post(f"{place}/rate_limits/{wire.quoted(row)}", {number: value})
    if path is None:
        raise Refused(f"there is no field {kind} here")
    if value is None:
        return Request(method="DELETE", path=f"{place}/{path}", content_type=None)
    if kind == "tools":
        value = {name: {"enabled": enabled} for name, enabled in value.items()}
    return _post(f"{place}/{path}", value)


def _post(path: str, body: Mapping[str, object]) -> Request:
    return Request(method="POST", path=path, body=json.dumps(body, separators=(",", ":")))
