"""Anthropic, with an admin key: what one organisation may use. It restricts us, not the world.

Written by Anthropic's SDK; nothing here was run against a real account, and the manifest says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from adapters.alike import compared, for_each, in_order, lever_of
from adapters.anthropic_admin import keys, limits, people, trying, usage, wire
from adapters.anthropic_admin import organisation as there
from adapters.anthropic_admin.levers import LEVERS, Settings
from adapters.contract import (
    Context,
    Evidence,
    Found,
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
from adapters.forms import model_or_params

__all__ = ["AnthropicAdmin", "Settings"]

VERSION = "2026-10-21"  # what the SDK sends whose shapes these are
_BAD = 400
_FAMILIES = {
    "key.off": keys, "key.archive": keys, "key.off-all": keys, "organisation.off": keys, "workspace.archive": keys,
    "member.remove": people, "user.demote": people, "workspace.rpm": limits, "workspace.tpm": limits,
    "model.rpm": limits, "model.tpm": limits,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at the organisation finds: families, keys that are on, and each workspace's own limits.

    `above` counts keys that are on and belong to no workspace, but to the organisation itself.
    """

    families: Sequence[wire.OrganisationLimit]
    on: int
    off: int
    above: int
    own: Mapping[str, Sequence[wire.WorkspaceLimit]]
    elapsed_ms: int


class AnthropicAdmin:
    """One Anthropic organisation, with an admin key or an administrator's token."""

    manifest: ClassVar[Manifest] = Manifest(
        name="anthropic_admin", version=1, title="Anthropic (Admin API)", settings=Settings,
        secrets={"admin": "an admin key of the organisation (sk-ant-admin...)"}, auth="bearer",
        headers={"anthropic-version": VERSION}, headers_below=usage.TRIAL, levers=LEVERS,
        not_possible={
            "one model": "there is no switch for a model: limit its family, which takes an hour, or switch keys off",
            "capability": "tools and features are limited in number at most, never forbidden",
            "use-case": "the Admin API has no filter and no list of forbidden words",
            "federation": "workloads that sign in without a key are not reached by keys",
            "batches": "a batch that runs is cancelled with its workspace's key, not with an admin key",
            "everybody": "an admin key reaches its own organisation: Anthropic serves the model to others as before",
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
        """Every model that the organisation has limits for: our own use of it."""
        found, _ = await there.families(context)
        return [
            Found(key=name, name=name, model=name, kind="internal", control="reseller", detail="our use at Anthropic")
            for name in there.models_of(found)
        ]

    async def status(self, context: Context) -> Status:
        """Each model, where it is limited, and whether any key is on at all: one call more for each workspace."""
        reply = await there.get(context, there.place("me"))
        who = wire.read(wire.Organisation, wire.check(reply, "organisation"))
        seen = await self._look(context)
        return Status(
            at_ms=context.now_ms(), latency_ms=reply.elapsed_ms + seen.elapsed_ms,
            surfaces=tuple(_state(name, seen) for name in there.models_of(seen.families)),
            detail=f"{seen.on} keys on, {seen.off} off",
            facts={"identity": who.name, "workspaces": str(len(seen.own)), "keys_on": str(seen.on)},
        )  # fmt: skip

    async def _look(self, context: Context) -> _Look:
        families, elapsed_ms = await there.families(context)
        every = await there.keys(context)
        found = [one for one in every if one.scope.type == "workspace"]
        active = await there.workspaces(context)
        own = await for_each(active, lambda one: there.limits(context, one.id))
        return _Look(
            families=families, on=sum(one.status == keys.ON for one in found),
            off=sum(one.status == keys.OFF for one in found), elapsed_ms=elapsed_ms,
            above=sum(one.status == keys.ON for one in every if one.scope.type != "workspace"),
            own={one.name: limits for one, limits in zip(active, own, strict=True)},
        )  # fmt: skip

    async def traffic(self, context: Context, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """What each key called of a model, as Anthropic counts it."""
        return await usage.traffic(context, surface_key, since_ms, until_ms)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The requests that make it so, the fields as they are now, and the requests that restore exactly these."""
        lever = lever_of(self.manifest, wish)
        planned: Planned = await _FAMILIES[lever.name].plan(context, lever, wish, model_or_params(lever, wish))
        return planned

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._sent(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what restores the fields as they were. It can be refused: keys and members are limited in number."""
        if not planned.revert:
            raise Refused(keys.NO_WAY_BACK)
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
        """Read the fields by another call than the one that wrote; what came later is looked for too."""
        fields, detail = await _FAMILIES[planned.lever].fields_now(context, planned)
        return compared(planned, fields, context.now_ms(), detail)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One call of one token on a fresh connection; only the lever's own refusal counts as one."""
        evidence: Evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if credential is None:
            return replace(blank, detail="no caller's key to try with")
        try:
            reply = await context.call(
                "POST", "/v1/messages", json=trying.ask(planned), effect="read", credential=credential, fresh=True
            )
        except Throttled as fault:
            outcome, detail = trying.limited(planned, fault)
            return replace(blank, outcome=outcome, status=429, detail=detail)
        except NotSent as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


def _state(name: str, seen: _Look) -> SurfaceState:
    """No key on: nobody of ours calls it by one. What a key of the organisation itself may call is not documented."""
    none = bool(seen.off) and not seen.on
    lines = [f"every workspace's key is off ({seen.off})"] if none else []
    lines += [f"{seen.above} keys of the organisation itself are on"] if none and seen.above else []
    lines += [
        f"{workspace}: {value.value} {value.type.replace('_', ' ')}"
        for workspace, own in seen.own.items() for one in own if name in (one.models or ()) for value in one.limits
    ]  # fmt: skip
    state: Literal["serving", "degraded", "stopped"] = "degraded" if lines else "serving"
    if none and not seen.above:
        state = "stopped"
    family = next((one.group.display_name for one in seen.families if name in (one.models or ())), "")
    told = "; workloads that sign in without a key are not seen here" if none else ""
    return SurfaceState(key=name, model=name, state=state, restrictions=tuple(lines), detail=f"family {family}{told}")


async def _one(context: Context, request: Request) -> Receipt:
    """One write. Who is out already need not be taken out; every answer but that has to be Anthropic's."""
    reply = await there.honest(lambda: context.send(request))
    if request.method == "DELETE" and reply.status == wire.NOT_FOUND and wire.error_of(reply).type is not None:
        return Receipt(outcome="already-so", status=reply.status, request_id=reply.request_id)
    wire.read(wire.Removed, wire.check(reply, "write"))
    return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
