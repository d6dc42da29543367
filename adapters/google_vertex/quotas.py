"""The limit of requests a minute to one model, for the whole project in this location.

Google gives an override a name of its own, so that none can be taken away by a request that people signed before: the
way back sets the number that was in effect, and an override with that number stays.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.contract import Context, Malformed, Planned, Refused, Request
from adapters.google_vertex import reading, wire
from adapters.google_vertex.levers import Settings

_UNIT = "1/min/"
_BRACED = re.compile(r"\{([a-z_]+)\}")
_STAYS = "the way back sets the number of before as an override of its own; take that away by hand to follow Google's"
_VERSION = re.compile(r"(@.*|-[0-9]{3})\Z")


async def plan(context: Context, settings: Settings, blank: Planned, rpm: int) -> Planned:
    """The plan for one model's limit."""
    limit, name, bucket = await _bucket(context, settings, blank.surface_key)
    now = bucket.effectiveLimit
    if now is None:
        raise Refused("this quota tells no limit for the model: nothing could be given back")
    if blank.direction == "restore":
        if bucket.defaultLimit is None:
            raise Refused("Google tells no limit of its own for this model: lift the correction itself")
        rpm = bucket.defaultLimit
    elif 0 <= now < rpm:
        raise Refused(f"the limit is {now} a minute: {rpm} would be more, not less")
    dimensions = dict(_dimensions(limit, settings, name))

    def write(number: int) -> Request:
        override = {
            "metric": settings.quota,
            "unit": limit.unit,
            "dimensions": dimensions,
            "overrideValue": str(number),
        }
        body = {"inlineSource": {"overrides": [override]}, "force": True}
        return Request(
            method="POST", path=f"{reading.quotas(settings)}:importConsumerOverrides", body=wire.text(body)
        )  # fmt: skip

    return replace(
        blank, pre={"limit": wire.text(now)}, wanted={"limit": wire.text(rpm)}, requests=(write(rpm),),
        revert=(write(now),), params={"base_model": name, "rpm": str(rpm)},
        notes=(
            f"every caller of the project {settings.project} in {settings.location}: over it they are answered 429",
            "forced past Google's check that a limit falls by no more than a tenth", _STAYS,
        ),
    )  # fmt: skip


async def fields_now(context: Context, settings: Settings, planned: Planned) -> dict[str, str]:
    """The limit in effect; nothing where the quota tells none any more."""
    try:
        _, _, bucket = await _bucket(context, settings, planned.surface_key)
    except Refused as fault:
        if fault.status != wire.NOT_FOUND:
            raise
        return {}
    return {"limit": wire.text(bucket.effectiveLimit)}


async def _bucket(context: Context, settings: Settings, model: str) -> tuple[wire.Limit, str, wire.Bucket]:
    """The limit a minute, what it calls the model, and the most particular numbers about it here."""
    metric = await reading.metric(context, settings)
    for limit in metric.consumerQuotaLimits:
        keys = _BRACED.findall(limit.unit)
        if not limit.unit.startswith(_UNIT) or "base_model" not in keys:
            continue
        for name in called(model):
            about = [
                one for one in limit.quotaBuckets
                if one.dimensions.get("base_model") == name
                and one.dimensions.get("region", settings.location) == settings.location
            ]  # fmt: skip
            if about:
                return limit, name, max(about, key=lambda one: len(one.dimensions))
    raise Refused(f"this quota has no limit a minute of its own for {model} here", wire.NOT_FOUND)


def called(model: str) -> list[str]:
    """What Google's quotas may call a model: as it is, with its publisher, and both without a version."""
    _, publisher, _, name = model.split("/")
    bare = _VERSION.sub("", name)
    return list(dict.fromkeys((name, bare, f"{publisher}-{name}", f"{publisher}-{bare}")))


def _dimensions(limit: wire.Limit, settings: Settings, name: str) -> dict[str, str]:
    """What stands in the limit's unit, but the project and the user."""
    known = {"region": settings.location, "base_model": name}
    keys = [one for one in _BRACED.findall(limit.unit) if one not in {"project", "user"}]
    if any(one not in known for one in keys):
        raise Malformed("this quota has dimensions that its documentation does not have")
    return {one: known[one] for one in keys}
