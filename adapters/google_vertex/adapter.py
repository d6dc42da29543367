"""Google Vertex AI, in one project and location: what our own principals, endpoints and organisation may do there.

Written by Google's descriptions; nothing here was run against a real project, and the manifest says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from adapters.access import Access, CallersSide, SignIn
from adapters.alike import compared, lever_of
from adapters.contract import (
    Context,
    Found,
    Lever,
    Malformed,
    Manifest,
    NotSent,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Running,
    Status,
    Throttled,
    Wish,
)
from adapters.forms import NoParams, fitting
from adapters.google_vertex import denying, endpoints, policies, quotas, reading, rights, sending, trying, wire, work
from adapters.google_vertex.levers import (
    ASIDE,
    CANCEL,
    CANCEL_ALL,
    DENY,
    EVERYONE,
    FORBID,
    LEVERS,
    NO_TUNING,
    QUIET,
    RPM,
    TUNING,
    UNDEPLOY,
    Rate,
    Settings,
)
from adapters.google_vertex.states import surfaces
from adapters.rights import Granted

__all__ = ["GoogleVertex", "Settings"]

_KEY = "service-account-key"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_ENDPOINTS = frozenset({QUIET.name, ASIDE.name, UNDEPLOY.name})
_DENIALS = frozenset({DENY.name, TUNING.name, EVERYONE.name})
_POLICIES = frozenset({NO_TUNING.name, FORBID.name})
_WORK = frozenset({CANCEL.name, CANCEL_ALL.name})


class GoogleVertex:
    """One project and location, with the key of a service account made for this."""

    manifest: ClassVar[Manifest] = Manifest(
        name="google_vertex", version=1, title="Google Vertex AI", settings=Settings,
        secrets={_KEY: "the key of the service account: its JSON file, or base64 of it on one line"}, auth="bearer",
        levers=LEVERS,
        not_possible={
            "uses": "forbidding a use: safety settings are each request's own",
            "context": "a smaller context, or no tools: Google has no such switch",
            "streams": "a call that is being answered cannot be seen or ended from outside",
            "everybody": "Google serves the model to other organisations as before",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Vertex AI at this location."""
        return self._settings.endpoint or self._settings.address

    def access(self) -> Access:
        """A token of the service account for five services; callers come to Vertex AI with a key or a token."""
        here = self._settings
        token = f"{here.endpoint or 'https://oauth2.googleapis.com'}/token"
        sign_in = SignIn(url=token, client=here.service_account, scope=_SCOPE, secret=_KEY, grant="signed-token")
        services = {
            name: here.endpoint or f"https://{name}.googleapis.com"
            for name in ("orgpolicy", "iam", "serviceusage", "cloudresourcemanager")
        }
        return Access(
            sign_in=sign_in, services={"aiplatform": self.base_url(), **services},
            callers=CallersSide(url=self.base_url(), sign_in=replace(sign_in, client="", secret="")),
        )  # fmt: skip

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every endpoint of the location, and the watched models of the Model Garden."""
        found, _ = await reading.endpoints(context, self._settings)
        here = [
            Found(
                key=endpoints.key_of(one), name=endpoints.name_of(one), model=endpoints.model_of(one),
                control="cloud",
            )
            for one in found
        ]  # fmt: skip
        garden = await reading.watched(context, self._settings)
        return here + [
            Found(
                key=one.name, name=_pair(one.name), model=one.name.rpartition("/")[2], kind="internal", control="cloud",
                detail=one.launchStage,
            )
            for one in garden
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """Each endpoint's traffic, and which watched models the policy and the project's denials let through."""
        found, elapsed_ms = await reading.endpoints(context, self._settings)
        garden = await reading.watched(context, self._settings)
        policy = await reading.effective(context, self._settings)
        ident = denying.ident_of(EVERYONE.name, denying.PUBLIC)
        closed = denying.shuts_all(await reading.denial_if_allowed(context, self._settings, ident))
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms,
            surfaces=surfaces(found, garden, policy, closed=closed),
            detail=f"Google Vertex AI, {self._settings.project} in {self._settings.location}",
            facts={
                "identity": self._settings.service_account,
                "organisation policy": "read" if policy else "none, or this account may not read it",
            },
        )  # fmt: skip

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """Batches and jobs that were begun before: nothing but cancelling ends them."""
        if planned.lever in {RPM.name} | _ENDPOINTS:
            return None
        return await work.running(context, self._settings, planned, stops=planned.lever in _WORK)

    async def granted(self, context: Context) -> Granted:
        """What the service account may do here, by Google's own question."""
        return await rights.granted(context, self._settings)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The exact requests there and back."""
        lever = lever_of(self.manifest, wish)
        here = self._settings
        params = fitting(NoParams if lever.params is None or wish.direction == "restore" else lever.params, wish)
        blank = _blank(context, lever, wish)
        if lever.name in _ENDPOINTS:
            return await endpoints.plan(context, here, blank)
        if lever.name in _DENIALS:
            return await denying.plan(context, here, await self._shown(context, blank))
        if lever.name == CANCEL.name:
            return await work.plan(context, here, blank, here.watched)
        model = self._model(wish.selector or wish.surface_key)
        if wish.surface_key not in {"", model}:
            raise Refused(f"{model} is a surface of its own, not part of {wish.surface_key}")
        short = model.rpartition("/")[2]
        at = replace(blank, selector=model, surface_key=model, model=short, name=short)
        if lever.name == RPM.name:
            return await quotas.plan(context, here, at, params.rpm if isinstance(params, Rate) else 0)
        if lever.name in _POLICIES:
            return await policies.plan(context, here, at)
        return await work.plan(context, here, at, here.watched)

    def _model(self, asked: str) -> str:
        """A watched model, by its whole name, PUBLISHER/MODEL or the model's own name where only one has it."""
        if asked.startswith("endpoints/"):
            raise Refused("it is an endpoint, and no model of the Model Garden")
        same = [one for one in self._settings.watched if asked in {one, one.rpartition("/")[2], _pair(one)}]
        if len(same) != 1:
            raise Refused(f"{len(same)} watched models are called that: name it in the settings", wire.NOT_FOUND)
        return same[0]

    async def _shown(self, context: Context, blank: Planned) -> Planned:
        """Where a denial is tried and shown: the surface that was chosen, or the first there is."""
        surface = blank.surface_key
        watched = list(self._settings.watched)
        if surface.startswith("endpoints/"):
            one = await reading.endpoint(context, self._settings, surface.removeprefix("endpoints/"))
            if one is None:
                raise Refused("there is no such endpoint here", wire.NOT_FOUND)
            return replace(blank, model=endpoints.name_of(one))
        if surface and surface not in watched:
            raise Refused(f"there is no surface {surface[:80]} here", wire.NOT_FOUND)
        if not surface and not watched:
            found, _ = await reading.endpoints(context, self._settings)
            shown = [(endpoints.key_of(one), endpoints.name_of(one)) for one in found]
            key, model = shown[0] if shown else ("", "")
            return replace(blank, surface_key=key, model=model)
        key = surface or watched[0]
        return replace(blank, surface_key=key, model=key.rpartition("/")[2])

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned, and follow what Google makes of it while there is time."""
        if planned.lever in _ENDPOINTS:
            await endpoints.must_be_as_read(context, self._settings, planned, back=False)
        return await self._send(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what puts the field back as it was."""
        if not planned.revert:
            raise Refused(work.NO_WAY_BACK)
        if planned.lever in _ENDPOINTS:
            await endpoints.must_be_as_read(context, self._settings, planned, back=True)
        elif planned.lever in _POLICIES:
            await policies.must_be_as_left(context, self._settings, planned)
        elif planned.lever in _DENIALS:
            await denying.must_be_as_left(context, self._settings, planned)
        return await self._send(context, planned, planned.revert, planned.pre)

    async def _send(
        self, context: Context, planned: Planned, requests: Sequence[Request], then: Mapping[str, str]
    ) -> Receipt:
        async def look() -> Mapping[str, str]:
            if planned.lever in _WORK:
                return await work.asked_now(context, self._settings, planned)
            return (await self._now(context, planned))[0]

        return await sending.send(context, requests, planned, then, look)

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the field anew, by another call than the one that wrote."""
        fields, detail = await self._now(context, planned)
        at_ms = context.now_ms()
        if not fields:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="it is not there any more")
        left = await policies.left_since(context, self._settings, planned) if planned.lever in _POLICIES else ""
        return compared(planned, fields, at_ms, left or detail, arrived=not left)

    async def _now(self, context: Context, planned: Planned) -> tuple[Mapping[str, str], str]:
        here = self._settings
        if planned.lever in _ENDPOINTS:
            return await endpoints.fields_now(context, here, planned), ""
        if planned.lever in _DENIALS:
            return await denying.fields_now(context, here, planned), ""
        if planned.lever in _POLICIES:
            return await policies.fields_now(context, here), ""
        if planned.lever == RPM.name:
            return await quotas.fields_now(context, here, planned), ""
        return await work.fields_now(context, here, planned)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One call of one token, on a fresh connection; only the lever's own refusal counts as one."""
        evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if planned.lever not in trying.MEASURED:
            return replace(blank, detail="one call of a model cannot tell")
        asked = trying.ask(self._settings, planned) if planned.surface_key else None
        if credential is None or asked is None:
            return replace(blank, detail="no caller's credential, or no call known here, to try it with")
        try:
            reply = await context.call(
                "POST", asked.path, json=asked.body, effect="read", credential=credential, fresh=True, side="callers"
            )
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, asked, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


def _blank(context: Context, lever: Lever, wish: Wish) -> Planned:
    return Planned(
        lever=lever.name, selector=wish.selector, surface_key=wish.surface_key, name=wish.selector, model="",
        params={}, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
        selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip


def _pair(model: str) -> str:
    _, publisher, _, name = model.split("/")
    return f"{publisher}/{name}"
