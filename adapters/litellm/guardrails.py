"""Switching a guardrail that was prepared: refuse calls with tools, refuse words. For every caller and every model.

A guardrail is created under an id that the gateway chooses, so a plan could not say beforehand what would undo it.
It is therefore prepared in peace, switched off (README), and only switched here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.contract import Context, Lever, Planned, Refused, Request, Wish
from adapters.litellm import wire
from adapters.litellm.gateway import NOT_FOUND, gateway, guardrails
from adapters.litellm.levers import words_of

KINDS = {"tools.forbid": "tool_permission", "words.forbid": "litellm_content_filter"}
PREPARED = {"tools.forbid": "standdown-tools", "words.forbid": "standdown-words"}


async def plan(context: Context, lever: Lever, wish: Wish, params: Mapping[str, str]) -> Planned:
    """The plan that switches one guardrail on, or off to restore."""
    there = await gateway(context)
    # a lever that reaches everybody is asked for with the surface: the prepared guardrail is meant
    named = PREPARED[lever.name] if wish.selector in {"", wish.surface_key, *there.names()} else wish.selector
    surface = there.surface(wish.surface_key, wish.selector if wish.selector in there.names() else "")
    found = await _find(context, lever.name, named)
    ident = found.guardrail_id or ""
    pre = _fields(lever.name, found)
    wanted = _wanted(wish, params, found)
    return Planned(
        lever=lever.name, selector=named, surface_key=surface, name=named, model=surface,
        params={**params, "probe_model": surface, "guardrail": ident}, pre=pre,
        pre_read_ms=context.now_ms(), wanted=wanted, requests=(_write(ident, wanted),),
        revert=(_write(ident, pre),), selectors=0, reach=lever.reach, reversal=lever.reversal,
        direction=wish.direction,
        notes=("reaches every caller and every model of this gateway, unless a key's own metadata opts out",),
    )  # fmt: skip


async def fields_now(context: Context, planned: Planned) -> dict[str, str]:
    """The guardrail's fields as the database holds them; none where it is gone."""
    held = [found for found in await guardrails(context) if found.guardrail_id == planned.params.get("guardrail")]
    return _fields(planned.lever, held[0]) if held else {}


async def _find(context: Context, lever: str, name: str) -> wire.Guardrail:
    named = [found for found in await guardrails(context) if found.guardrail_name == name]
    if not named:
        raise Refused(
            f"the gateway has no guardrail called {name}: prepare it once, switched off, as the adapter's README says",
            NOT_FOUND,
        )
    found = named[0]
    if found.guardrail_definition_location != "db" or not found.guardrail_id:
        raise Refused(f"the guardrail {name} stands in the gateway's configuration file, which cannot be changed here")
    if found.litellm_params.guardrail != KINDS[lever]:
        raise Refused(f"the guardrail {name} is no {KINDS[lever]}")
    if lever == "tools.forbid" and (found.litellm_params.default_action != "deny" or found.litellm_params.rules):
        raise Refused(f"the guardrail {name} lets some tools through: prepare one that denies all")
    return found


def _fields(lever: str, found: wire.Guardrail) -> dict[str, str]:
    fields = {"default_on": json.dumps(found.litellm_params.default_on is True)}
    if lever == "words.forbid":
        words = [{"keyword": one.keyword, "action": one.action} for one in found.litellm_params.blocked_words or ()]
        fields["blocked_words"] = json.dumps(words)
    return fields


def _wanted(wish: Wish, params: Mapping[str, str], found: wire.Guardrail) -> dict[str, str]:
    now = _fields(wish.lever, found)
    if wish.direction == "restore":
        return {**now, "default_on": "false"}
    wanted = {**now, "default_on": "true"}
    if wish.lever == "words.forbid":
        # words of a guardrail that is switched off were refused once, and are not asked for now
        kept = json.loads(now["blocked_words"]) if now["default_on"] == "true" else []
        held = {one["keyword"] for one in kept}
        asked = [{"keyword": word, "action": "BLOCK"} for word in words_of(params["words"]) if word not in held]
        wanted["blocked_words"] = json.dumps([*kept, *asked])
    return wanted


def _write(guardrail_id: str, fields: Mapping[str, str]) -> Request:
    values = {name: json.loads(text) for name, text in fields.items()}
    body = json.dumps({"litellm_params": values}, separators=(",", ":"))
    return Request(method="PATCH", path=f"/guardrails/{guardrail_id}", body=body)
