"""Reading an organisation: its workspaces, keys, limits and people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from adapters.anthropic_admin import wire
from adapters.contract import AdapterFault, Context, Malformed, Refused, Reply, Throttled

Row = TypeVar("Row", bound=wire.Said)
ROOT = "/v1/organizations"
PAGE = 100
MOST_PAGES = 200  # a list that never ends is no list


def place(*steps: str) -> str:
    """A path of the organisation."""
    return "/".join((ROOT, *(wire.quoted(step) for step in steps)))


async def get(context: Context, path: str) -> Reply:
    """One read; raises as `honest`."""
    return await honest(lambda: context.call("GET", path, effect="read"))


async def honest(ask: Callable[[], Awaitable[Reply]]) -> Reply:
    """The reply. A limit of money answers 429 too, without a Retry-After: waiting does not end it, so it is a refusal.

    Raises:
        Refused: where money is what is missing.
    """
    try:
        return await ask()
    except Throttled as fault:
        if (code := wire.error_of(fault.reply).code) in wire.SPENT:
            raise Refused(f"Anthropic refuses until the month ends or the limit is raised ({code})", 429) from fault
        raise


async def pages(context: Context, path: str, kind: type[wire.Page[Row]], what: str) -> tuple[list[Row], int]:
    """A whole list, and how long it took in ms."""
    rows: list[Row] = []
    elapsed_ms, more = 0, ""
    for _ in range(MOST_PAGES):
        reply = await get(context, f"{path}{'&' if '?' in path else '?'}limit={PAGE}{more}")
        page = wire.read(kind, wire.check(reply, what))
        rows += page.data
        elapsed_ms += reply.elapsed_ms
        if page.next_page:
            more = f"&page={wire.quoted(page.next_page)}"
        elif page.has_more and page.last_id:
            more = f"&after_id={wire.quoted(page.last_id)}"
        else:
            return rows, elapsed_ms
    raise Malformed(f"{what}: the list does not end")


async def workspaces(context: Context, *, default: bool = False) -> list[wire.Workspace]:
    """The active workspaces, in the order of their names; with `default` the organisation's own one too."""
    path = f"{place('workspaces')}{'?include_default=true' if default else ''}"
    found, _ = await pages(context, path, wire.Page[wire.Workspace], "workspaces")
    active = [one for one in found if one.archived_at is None]
    return sorted(active, key=lambda one: (one.name, one.id))


def named(found: Sequence[wire.Workspace], name: str) -> wire.Workspace:
    """The workspace of this id or name.

    Raises:
        Refused: when there is none, or the name is not unique.
    """
    same = [one for one in found if name in {one.id, one.name}]
    same = [one for one in same if one.id == name] or same
    if not name or not same:
        raise Refused(f"there is no active workspace called {name[:80]}", wire.NOT_FOUND)
    if len(same) > 1:
        raise Refused(f"{len(same)} workspaces are called {name[:80]}: give the id of one")
    return same[0]


async def families(context: Context) -> tuple[list[wire.OrganisationLimit], int]:
    """The families of models that the organisation has limits for."""
    path = f"{place('rate_limits')}?group_type=model_group"
    return await pages(context, path, wire.Page[wire.OrganisationLimit], "rate limits")


def models_of(found: Sequence[wire.OrganisationLimit]) -> list[str]:
    """Every model's name, aliases too."""
    return sorted({name for one in found for name in one.models or ()})


async def limits(context: Context, workspace: str) -> list[wire.WorkspaceLimit]:
    """A workspace's own limits of families of models."""
    path = f"{place('workspaces', workspace, 'rate_limits')}?group_type=model_group"
    found, _ = await pages(context, path, wire.Page[wire.WorkspaceLimit], "a workspace's limits")
    return found


async def keys(context: Context, workspace: str = "") -> list[wire.Key]:
    """The keys of a workspace, or of all."""
    path = f"{place('api_keys')}{f'?workspace_id={wire.quoted(workspace)}' if workspace else ''}"
    found, _ = await pages(context, path, wire.Page[wire.Key], "keys")
    return found


async def key(context: Context, name: str) -> wire.Key:
    """A key by its id, or by a name that only it has.

    Raises:
        Refused: when there is none, when the name is not unique, and for a key itself.
    """
    if name.startswith("sk-"):
        raise Refused("name a key by its id (apikey_...): the key itself must not enter a record")
    if not name:
        raise Refused("say which key, by its id")
    if name.startswith("apikey_"):
        reply = await get(context, place("api_keys", name))
        if reply.status != wire.NOT_FOUND:
            return wire.read(wire.Key, wire.check(reply, "key"))
    same = [one for one in await keys(context) if one.name == name]
    if len(same) != 1:
        raise Refused(f"{len(same) or 'no'} keys are called {name[:80]}", None if same else wire.NOT_FOUND)
    return same[0]


async def user(context: Context, name: str) -> wire.User:
    """A user of the organisation, by id or e-mail address.

    Raises:
        Refused: when there is none.
    """
    if "@" in name:
        path = f"{place('users')}?email={wire.quoted(name)}"
        same, _ = await pages(context, path, wire.Page[wire.User], "users")
        if len(same) != 1:
            raise Refused(f"{len(same)} users of the organisation have this address", wire.NOT_FOUND)
        return same[0]
    if not name:
        raise Refused("say which user")
    reply = await get(context, place("users", name))
    if reply.status == wire.NOT_FOUND:
        raise Refused("there is no such user in the organisation", wire.NOT_FOUND)
    return wire.read(wire.User, wire.check(reply, "user"))


async def member(context: Context, workspace: str, who: str) -> wire.Member | None:
    """A user in a workspace; None where the user is not in it."""
    reply = await get(context, place("workspaces", workspace, "members", who))
    return None if reply.status == wire.NOT_FOUND else wire.read(wire.Member, wire.check(reply, "member"))


async def let_in(context: Context, selector: str) -> str:
    """Whether the caller's credential kept for this selector is let in now: "yes", "no", or "" where none is kept.

    Anthropic refuses a dead key as it refuses a mistyped one, so a refusal counts only after this.
    """
    credential = context.caller_of(selector)
    if credential is None:
        return ""
    try:
        reply = await context.call("GET", "/v1/models?limit=1", effect="read", credential=credential)
        wire.read(wire.Page[wire.Named], wire.check(reply, "a caller's models"))
    except AdapterFault:  # a canary that is ill must not stop a plan
        return "no"
    return "yes"
