"""Reading a gateway: its deployments, keys, teams, guardrails, aliases, and who called a model in the last hour.

It only reads, and it never holds a caller's key: keys are known by alias and token hash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from adapters.contract import AdapterFault, Context, Malformed, Refused, Reply, Traffic
from adapters.litellm import wire

NOT_FOUND = 404
MOST_PAGES = 50
ROUND_IT = "whoever holds the vendor's own key goes round this gateway"
MODELS_A_PAGE, MOST_MODEL_PAGES = 50, 100
_SPEND_PAGES, _CALLS_A_PAGE = 5, 50  # one call may be told in 10 KiB
_HOUR_MS = 3_600_000
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The deployments behind one gateway, by the model name that callers use."""

    deployments: Sequence[wire.Deployment]
    elapsed_ms: int = 0

    def names(self) -> list[str]:
        """The model names, each once."""
        return list(dict.fromkeys(found.model_name for found in self.deployments))

    def behind(self, name: str) -> list[wire.Deployment]:
        """Every deployment that answers to this name."""
        return [found for found in self.deployments if found.model_name == name]

    def named(self, selector: str, surface_key: str) -> str:
        """The model name that a name or a deployment's id means.

        Raises:
            Refused: when it is served under neither, or is not the surface that was meant.
        """
        ids = {found.model_info.id: found.model_name for found in self.deployments}
        name = ids.get(selector, selector)
        if not self.behind(name):
            raise Refused(f"the gateway serves no model called {selector}", NOT_FOUND)
        if surface_key not in {"", name}:
            raise Refused(f"{selector} belongs to {name}, not to {surface_key}")
        return name

    def surface(self, surface_key: str, otherwise: str = "") -> str:
        """The surface that is meant, checked; without one, `otherwise` or the first.

        Raises:
            Refused: when the gateway serves no such model.
        """
        if surface_key and surface_key not in self.names():
            raise Refused(f"the gateway serves no model called {surface_key}", NOT_FOUND)
        return surface_key or otherwise or (self.names() or ["none"])[0]


async def gateway(context: Context, model: str = "") -> Gateway:
    """Every deployment, or those of one model name, page by page: one deployment may be told in 7 KiB.

    Raises:
        Malformed: when there are more pages than are read.
    """
    found: dict[str, wire.Deployment] = {}
    elapsed_ms = 0
    for page in range(1, MOST_MODEL_PAGES + 1):
        query = urlencode({**({"model": model} if model else {}), "page": page, "size": MODELS_A_PAGE})
        reply = await context.call("GET", f"/v2/model/info?{query}", effect="read")
        told = wire.read(wire.Deployments, wire.check(reply, "models"))
        elapsed_ms += reply.elapsed_ms
        found |= {one.model_info.id: one for one in told.data}
        if page >= (told.total_pages or 1):
            return Gateway(deployments=list(found.values()), elapsed_ms=elapsed_ms)
    raise Malformed(f"the gateway has more than {MOST_MODEL_PAGES * MODELS_A_PAGE} deployments")


# -- keys and teams ----------------------------------------------------------------------------------------------------


def is_hash(selector: str) -> bool:
    """Whether this is a token hash; anything else is an alias."""
    return _HASH.fullmatch(selector) is not None


async def together(context: Context, hashes: Sequence[str], aliases: Sequence[str] = ()) -> list[wire.Key]:
    """The keys with these hashes or aliases, as far as there are any, in no order and without their hashes.

    It stands in the gateway's source and not in its description; raises Refused or Malformed where it is not so.
    """
    asked = {"keys": list(hashes), "key_aliases": list(aliases)}
    reply = await context.call("POST", "/v2/key/info", json=asked, effect="read")
    return wire.read(wire.KeysTogether, wire.check(reply, "keys")).info


async def key_info(context: Context, token_hash: str) -> Reply:
    """What the database holds of a key."""
    return await context.call("GET", f"/key/info?key={quote(token_hash, safe='')}", effect="read")


async def team_info(context: Context, team_id: str) -> Reply:
    """What the database holds of a team."""
    return await context.call("GET", f"/team/info?team_id={quote(team_id, safe='')}", effect="read")


async def find_key(context: Context, selector: str) -> wire.KeyInfo:
    """The key with this hash or exactly this alias.

    Raises:
        Refused: when there is none or more than one, or a key itself was named.
    """
    if selector.startswith("sk-"):
        raise Refused("select a key by its alias or token hash: the key itself must not enter the record")
    if not selector:
        raise Refused("say which key, by alias or token hash")
    token_hash = selector if is_hash(selector) else await _hash_of(context, selector)
    reply = await key_info(context, token_hash)
    if reply.status == NOT_FOUND:
        raise Refused(f"the gateway knows no key {selector}", NOT_FOUND)
    found = wire.read(wire.KeyInfo, wire.check(reply, "key"))
    if found.key != token_hash:
        raise Malformed("the gateway answered about another key than was asked for")
    return found


async def _hash_of(context: Context, alias: str) -> str:
    query = urlencode({"key_alias": alias, "return_full_object": "true", "size": "100"})
    reply = await context.call("GET", f"/key/list?{query}", effect="read")
    found = wire.read(wire.KeyList, wire.check(reply, "keys"))
    named = [key.token for key in found.keys if key.key_alias == alias]
    if len(named) == 1 and is_hash(named[0]):
        return named[0]
    if named:
        raise Refused(f"{len(named)} keys have the alias {alias}: select by token hash")
    raise Refused(f"the gateway knows no key with the alias {alias}", NOT_FOUND)


async def find_team(context: Context, selector: str) -> wire.Team:
    """The team with this id or exactly this alias.

    Raises:
        Refused: when there is none or more than one.
    """
    if not selector:
        raise Refused("say which team, by alias or id")
    query = urlencode({"team_alias": selector, "page": "1", "page_size": "100"})
    reply = await context.call("GET", f"/v2/team/list?{query}", effect="read")
    named = [one for one in wire.read(wire.TeamList, wire.check(reply, "teams")).teams if one.team_alias == selector]
    if len(named) > 1:
        raise Refused(f"{len(named)} teams have the alias {selector}: select by id")
    team_id = named[0].team_id if named else selector
    reply = await team_info(context, team_id)
    if reply.status == NOT_FOUND:
        raise Refused(f"the gateway knows no team {selector}", NOT_FOUND)
    found = wire.read(wire.TeamInfo, wire.check(reply, "team")).team_info
    if found.team_id != team_id:
        raise Malformed("the gateway answered about another team than was asked for")
    return found


async def every_key(context: Context, most_pages: int = MOST_PAGES) -> list[wire.ListedKey]:
    """Every key, page by page.

    Raises:
        Refused: when there are more pages than are read.
    """
    found: list[wire.ListedKey] = []
    for page in range(1, most_pages + 1):
        query = urlencode({"return_full_object": "true", "include_team_keys": "true", "size": "100", "page": page})
        reply = await context.call("GET", f"/key/list?{query}", effect="read")
        told = wire.read(wire.KeyList, wire.check(reply, "keys"))
        found += told.keys
        pages = told.total_pages or 1
        if page >= pages:
            return list({one.token: one for one in found}.values())
        if pages > most_pages:
            break
    raise Refused(f"the gateway has more than {most_pages * 100} keys: too many for one correction")


async def every_team(context: Context) -> list[wire.Team]:
    """Every team, page by page; raises as `every_key`."""
    found: list[wire.Team] = []
    for page in range(1, MOST_PAGES + 1):
        reply = await context.call("GET", f"/v2/team/list?page={page}&page_size=100", effect="read")
        told = wire.read(wire.TeamList, wire.check(reply, "teams"))
        found += told.teams
        if page >= (told.total_pages or 1):
            return list({one.team_id: one for one in found}.values())
    raise Refused(f"the gateway has more than {MOST_PAGES * 100} teams: too many for one correction")


# -- guardrails and aliases --------------------------------------------------------------------------------------------


async def guardrails(context: Context) -> list[wire.Guardrail]:
    """Every guardrail. /guardrails/list leaves out those of the database."""
    reply = await context.call("GET", "/v2/guardrails/list", effect="read")
    return wire.read(wire.Guardrails, wire.check(reply, "guardrails")).guardrails


async def aliases(context: Context) -> dict[str, Any]:
    """Model names that are answered by another model, as the worker that is asked knows them."""
    reply = await context.call("GET", "/router/settings", effect="read")
    return wire.read(wire.RouterSettings, wire.check(reply, "router settings")).current_values.model_group_alias or {}


# -- who depends on it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependants:
    """Callers of a model in the last hour: calls and spend by key. `whole` says whether every call was looked at."""

    callers: int
    calls: int
    whole: bool
    told: str


async def dependants(context: Context, model: str) -> Dependants | None:
    """Who called this model in the last hour; None where the gateway keeps no record of it."""
    try:
        return await _dependants(context, model)
    except AdapterFault:
        return None  # it is a hint beside a plan: without it the plan stands


async def _dependants(context: Context, model: str) -> Dependants:
    now_ms = context.now_ms()
    calls: dict[str, int] = {}
    spend: dict[str, float] = {}
    total = pages = 1
    for page in range(1, _SPEND_PAGES + 1):
        query = urlencode({
            "start_date": _time(now_ms - _HOUR_MS), "end_date": _time(now_ms + 1000), "model_group": model,
            "page": page, "page_size": _CALLS_A_PAGE,
        })  # fmt: skip
        reply = await context.call("GET", f"/spend/logs/v2?{query}", effect="read")
        told = wire.read(wire.SpendLogs, wire.check(reply, "spend"))
        for row in told.data:
            who = row.metadata.user_api_key_alias or f"key {row.api_key[:12]}"
            calls[who] = calls.get(who, 0) + 1
            spend[who] = spend.get(who, 0.0) + row.spend
        total, pages = told.total, told.total_pages
        if page >= pages:
            break
    most = sorted(calls, key=lambda who: (-calls[who], who))[:3]
    told_of = ", ".join(f"{who} ({calls[who]} calls, ${spend[who]:.2f})" for who in most)
    return Dependants(callers=len(calls), calls=total, whole=pages <= _SPEND_PAGES, told=told_of)


async def traffic(context: Context, model: str, since_ms: int, until_ms: int) -> Traffic | None:
    """The calls to a model in the gateway's log of calls; None where it keeps none, which shows as not one call."""
    query = urlencode({
        "start_date": _time(since_ms), "end_date": _time(until_ms), "model_group": model, "page": 1, "page_size": 1,
    })  # fmt: skip
    reply = await context.call("GET", f"/spend/logs/v2?{query}", effect="read")
    told = wire.read(wire.SpendLogs, wire.check(reply, "spend"))
    return Traffic(calls=told.total) if told.total else None


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def dependants_note(found: Dependants | None) -> str:
    """One line for whoever signs."""
    if found is None:
        return "who called it in the last hour is not known: the gateway keeps no log of calls, or did not show it"
    if not found.calls:
        return "nobody called it in the last hour, as far as the gateway's log of calls goes"
    least = "" if found.whole else "at least "
    return f"in the last hour {least}{found.callers} callers, {found.calls} calls; most: {found.told}"
