"""Reading an organisation: its projects, what each may use, and who is in it. Lists come in pages of a hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from adapters.contract import AdapterFault, Context, Malformed, Refused
from adapters.openai_admin import wire

Row = TypeVar("Row", bound=wire.Said)
PAGE = 100
MOST_PAGES = 200  # a list that never ends is no list
_USERS = "/organization/users"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Its active projects, by name, and how long reading them took."""

    projects: Sequence[wire.Project]
    elapsed_ms: int

    def project(self, named: str) -> wire.Project:
        """The active project of this id or name.

        Raises:
            Refused: when there is none, or the name is not unique.
        """
        found = [one for one in self.projects if named in {one.id, one.name}]
        found = [one for one in found if one.id == named] or found
        if not named or not found:
            raise Refused(f"there is no active project called {named[:80]}", wire.NOT_FOUND)
        if len(found) > 1:
            raise Refused(f"{len(found)} projects are called {named[:80]}: give the id of one")
        return found[0]

    def some(self, named: Sequence[str]) -> Sequence[wire.Project]:
        """These projects, or all."""
        return [self.project(name) for name in named] if named else self.projects


def place(project: str, *steps: str) -> str:
    """A path below a project."""
    return "/".join(("/organization/projects", wire.quoted(project), *(wire.quoted(step) for step in steps)))


def user_place(user: str) -> str:
    """The path of a user of the organisation."""
    return f"{_USERS}/{wire.quoted(user)}"


async def organisation(context: Context) -> Organisation:
    """The active projects, in the order of their names."""
    found, elapsed_ms = await pages(context, "/organization/projects", wire.Page[wire.Project], "projects")
    active = [one for one in found if one.status != "archived"]
    return Organisation(projects=sorted(active, key=lambda one: (one.title, one.id)), elapsed_ms=elapsed_ms)


async def pages(context: Context, path: str, kind: type[wire.Page[Row]], what: str) -> tuple[list[Row], int]:
    """A whole list, and how long it took in ms."""
    rows: list[Row] = []
    elapsed_ms, after = 0, ""
    for _ in range(MOST_PAGES):
        reply = await context.call("GET", f"{path}?limit={PAGE}{after}", effect="read")
        page = wire.read(kind, wire.check(reply, what))
        rows += page.data
        elapsed_ms += reply.elapsed_ms
        if not page.has_more or not page.last_id:
            return rows, elapsed_ms
        after = f"&after={wire.quoted(page.last_id)}"
    raise Malformed(f"{what}: the list does not end")


async def permissions(context: Context, project: str) -> wire.Permissions | None:
    """The project's policy for models; None where it has none."""
    reply = await context.call("GET", place(project, "model_permissions"), effect="read")
    return None if reply.status == wire.NOT_FOUND else wire.read(wire.Permissions, wire.check(reply, "model policy"))


async def tools(context: Context, project: str) -> wire.Tools:
    """The project's hosted tools."""
    reply = await context.call("GET", place(project, "hosted_tool_permissions"), effect="read")
    return wire.read(wire.Tools, wire.check(reply, "hosted tools"))


async def limits(context: Context, project: str) -> list[wire.Limit]:
    """The project's limits, a row for each model."""
    found, _ = await pages(context, place(project, "rate_limits"), wire.Page[wire.Limit], "rate limits")
    return found


async def spend_limit(context: Context, path: str) -> wire.SpendLimit | None:
    """A limit of money; None where there is none."""
    reply = await context.call("GET", path, effect="read")
    return None if reply.status == wire.NOT_FOUND else wire.read(wire.SpendLimit, wire.check(reply, "spend limit"))


async def member(context: Context, project: str, user: str) -> wire.Member | None:
    """A user in a project; None where the user is not in it."""
    reply = await context.call("GET", place(project, "users", user), effect="read")
    return None if reply.status == wire.NOT_FOUND else wire.read(wire.Member, wire.check(reply, "project's user"))


async def user(context: Context, named: str) -> wire.Member:
    """A user of the organisation, by id or e-mail address.

    Raises:
        Refused: when there is none.
    """
    if "@" in named:
        found, _ = await pages(context, _USERS, wire.Page[wire.Member], "users")
        same = [one for one in found if (one.email or "").lower() == named.lower()]
        if len(same) != 1:
            raise Refused(f"{len(same)} users of the organisation have this address", wire.NOT_FOUND)
        return same[0]
    if not named:
        raise Refused("say which user")
    reply = await context.call("GET", user_place(named), effect="read")
    if reply.status == wire.NOT_FOUND:
        raise Refused("there is no such user in the organisation", wire.NOT_FOUND)
    return wire.read(wire.Member, wire.check(reply, "user"))


async def let_in(context: Context, selector: str) -> str:
    """Whether the caller's credential kept for this selector is let in now: "yes", "no", or "" where none is kept.

    OpenAI refuses a dead key as it refuses a mistyped one, so a refusal counts only after this.
    """
    credential = context.caller_of(selector)
    if credential is None:
        return ""
    try:
        reply = await context.call("GET", "/models", effect="read", credential=credential)
        wire.read(wire.Models, wire.check(reply, "a caller's models"))
    except AdapterFault:  # a canary that is ill must not stop a plan
        return "no"
    return "yes"
