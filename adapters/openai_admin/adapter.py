"""OpenAI, with an admin key: what one organisation may use. It restricts us, not the world.

Written by OpenAI's description and SDK; nothing here was run against a real account, and the manifest says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from adapters.alike import compared, for_each, in_order, lever_of
from adapters.contract import (
    Change,
    Context,
    Evidence,
    Found,
    LastUse,
    Manifest,
    NotSent,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Status,
    SurfaceState,
    Throttled,
    Traffic,
    Wish,
)
from adapters.openai_admin import audit, people, policy, projects, trying, usage, wire
from adapters.openai_admin.levers import LEVERS, Settings, params_of, words_of
from adapters.openai_admin.organisation import limits, organisation, permissions

__all__ = ["OpenAIAdmin", "Settings"]

_BAD = 400
_PEOPLE = frozenset({"member.remove", "user.demote", "key.delete", "account.delete", "project.archive"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """One active project, as a look finds it."""

    project: wire.Project
    policy: wire.Permissions | None
    models: Sequence[str]


class OpenAIAdmin:
    """One OpenAI organisation, with a key of the kind sk-admin-..."""

    manifest: ClassVar[Manifest] = Manifest(
        name="openai_admin", version=1, title="OpenAI (Admin API)", settings=Settings,
        secrets={"admin": "an admin key of the organisation (sk-admin-...)"}, auth="bearer", levers=LEVERS,
        not_possible={
            "use-case": "the Admin API has no filter and no list of forbidden words",
            "key off and on": "a key can only be deleted; take its owner out of the project to stop it for a while",
            "a service account's key": "it ends only with its account; no call takes its role away",
            "functions": "a caller's own functions cannot be forbidden, nor a smaller context set",
            "fine-tuning": "no switch; a job that runs is cancelled with a project's key, not with an admin key",
            "everybody": "an admin key reaches its own organisation: OpenAI serves the model to others as before",
        },
    )  # fmt: skip

    passes_on: ClassVar[bool] = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Where the Admin API is."""
        return self._settings.base_url

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every model that a project has a limit for: our own use of it."""
        found, _ = await self._look(context)
        return [
            Found(key=name, name=name, model=name, kind="internal", control="reseller", detail="our use at OpenAI")
            for name in self._models(found)
        ]

    async def status(self, context: Context) -> Status:
        """Each model, and in which projects it is denied: one more call for each project than its list."""
        found, elapsed_ms = await self._look(context)
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms,
            surfaces=tuple(_state(name, found) for name in self._models(found)),
            detail=f"{len(found)} active projects", facts={"projects": str(len(found))},
        )  # fmt: skip

    async def _look(self, context: Context) -> tuple[list[_Project], int]:
        there = await organisation(context)
        watched = words_of(self._settings.models)

        async def one(project: wire.Project) -> _Project:
            rows = [] if watched else await limits(context, project.id)
            held = await permissions(context, project.id)
            return _Project(project=project, policy=held, models=watched or [row.model for row in rows])

        return await for_each(there.projects, one), there.elapsed_ms

    def _models(self, found: Sequence[_Project]) -> list[str]:
        return sorted({*words_of(self._settings.models), *(name for one in found for name in one.models)})

    async def traffic(self, context: Context, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """What each key called of a model, by OpenAI's own count."""
        return await usage.traffic(context, surface_key, since_ms, until_ms)

    async def last_use(self, context: Context, planned: Planned) -> LastUse | None:
        """When a key, or the last of an account's keys, was used."""
        return await people.last_use(context, planned)

    async def changes(self, context: Context, planned: Planned, since_ms: int) -> Sequence[Change] | None:
        """Who gave it back, as the organisation's audit log says; it has no events about every lever."""
        return await audit.changes(context, planned, since_ms)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The requests that make it so, the fields as they are now, and the requests that restore exactly these."""
        lever = lever_of(self.manifest, wish)
        made = people.plan if lever.name in _PEOPLE else projects.plan
        return await made(context, lever, wish, params_of(lever, wish), words_of(self._settings.models))

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._sent(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the fields as they were."""
        if not planned.revert:
            raise Refused(people.NO_WAY_BACK)
        return await self._sent(context, planned, planned.revert, planned.pre)

    async def _sent(
        self, context: Context, planned: Planned, requests: Sequence[Request], after: Mapping[str, str]
    ) -> Receipt:
        """Archiving twice, or adding who is there already, is refused: then it is looked whether it is so already."""
        try:
            return await in_order(requests, lambda request: _one(context, request))
        except Refused as fault:
            if fault.status != _BAD or (await self.read_back(context, planned)).fields != after:
                raise
            return Receipt(outcome="already-so", status=fault.status)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the fields by another call than the one that wrote; a project that came later is looked for too."""
        look = people.fields_now if planned.lever in _PEOPLE else projects.fields_now
        fields, detail = await look(context, planned)
        return compared(planned, fields, context.now_ms(), detail)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One small call on a fresh connection; only the lever's own refusal counts as one."""
        evidence: Evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None:
            return replace(blank, detail="no caller's key to try with")
        try:
            reply = await context.call(
                "POST", "/responses", json=trying.ask(planned), effect="read", credential=credential, fresh=True
            )
        except Throttled as fault:
            return replace(blank, outcome=trying.limited(planned, fault), status=429, detail="limited")
        except NotSent as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


def _state(name: str, found: Sequence[_Project]) -> SurfaceState:
    """Which projects deny the model. One without a policy lets it through."""
    having = [one for one in found if name in one.models]
    free = [one.project.title for one in having if policy.lets_through(one.policy, name)]
    denied = [one.project.title for one in having if not policy.lets_through(one.policy, name)]
    state: Literal["serving", "degraded", "stopped"] = "serving"
    if denied:
        state = "degraded" if free else "stopped"
    lines = [f"denied in {', '.join(denied)}"] if denied else []
    lines += [f"not restricted in {', '.join(free)}"] if denied and free else []
    detail = f"in {len(having)} projects"
    return SurfaceState(key=name, model=name, state=state, restrictions=tuple(lines), detail=detail)


async def _one(context: Context, request: Request) -> Receipt:
    """One write. What is gone already need not be deleted; every answer but that has to be OpenAI's."""
    reply = await context.send(request)
    if request.method == "DELETE" and reply.status == wire.NOT_FOUND and wire.error_of(reply).message is not None:
        return Receipt(outcome="already-so", status=reply.status, request_id=reply.request_id)
    wire.read(wire.Deleted if request.method == "DELETE" else wire.Said, wire.check(reply, "write"))
    return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
