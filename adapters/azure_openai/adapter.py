"""One Azure OpenAI account: how much its deployments serve, what they filter, and who gets in.

It reaches the calls to this account, not the model in the world. No lever was proven on a real subscription.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import BaseModel

from adapters.access import Access, CallersSide, SignIn
from adapters.alike import lever_of
from adapters.azure_openai import planning, rights, trying, wire
from adapters.azure_openai.account import Reader
from adapters.azure_openai.levers import (
    CAPACITY,
    CLOSE,
    DELETE,
    FILTER,
    FORBID,
    KEYS,
    LEVERS,
    PAUSE,
    Capacity,
    Settings,
    Term,
)
from adapters.azure_openai.operating import end_of
from adapters.contract import (
    Context,
    Found,
    Malformed,
    Manifest,
    NotSent,
    OutcomeUnknown,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Stale,
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import NoParams, fitting
from adapters.rights import Granted

__all__ = ["AzureOpenAI", "Settings"]

_SECRET = "client-secret"  # noqa: S105  its name
_KEY = "client-key"
_GONE = 204
_DONE = "Succeeded"
_ENDED_BADLY = frozenset({"Failed", "Canceled"})
_NO_PREVIEW = 400


class AzureOpenAI:
    """One account, with an application's secret; probes go to its endpoint with a key."""

    manifest: ClassVar[Manifest] = Manifest(
        name="azure_openai", version=1, title="Azure OpenAI", settings=Settings,
        secrets={
            _SECRET: "the secret of the application that signs in (with prove = secret)",
            _KEY: "the private key of its certificate, PEM or base64 of it (with prove = certificate)",
        },
        auth="bearer",
        levers=LEVERS,
        not_possible={
            "user": "one caller of many: an account knows two keys and roles, not end users",
            "capability": "a smaller context, or no tools: Azure has no such switch",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader = Reader(settings)

    def base_url(self) -> str:
        """Azure Resource Manager."""
        return self._settings.management_url

    def access(self) -> Access:
        """A token of the application for the manager; callers come to the account's endpoint with a key."""
        here = self._settings
        shown = here.prove == "certificate"
        sign_in = SignIn(
            url=f"{here.login_url}/{here.tenant}/oauth2/v2.0/token", client=here.client,
            scope=f"{here.management_url}/.default", secret=_KEY if shown else _SECRET,
            certificate=here.certificate if shown else "",
        )  # fmt: skip
        return Access(sign_in=sign_in, callers=CallersSide(url=here.endpoint, header="api-key"))

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every deployment of the account."""
        found, _ = await self._reader.deployments(context)
        return [
            Found(key=one.name, name=one.name, model=_model(one), control="cloud", detail=one.sku.name)
            for one in found
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """Each deployment, and the doors it stands behind."""
        account, first_ms = await self._reader.account(context)
        facts = {"kind": account.kind, "location": account.location}
        try:
            found, then_ms = await self._reader.deployments(context, wire.PREVIEW)
        except Refused as fault:
            if fault.status != _NO_PREVIEW:
                raise
            found, then_ms = await self._reader.deployments(context)
            facts["paused"] = "not told here: this cloud has no preview of pausing"
        return Status(
            at_ms=context.now_ms(), latency_ms=first_ms + then_ms, facts=facts,
            surfaces=tuple(self._state(one, account) for one in found), detail=f"Azure OpenAI, {account.name}",
        )  # fmt: skip

    def _state(self, one: wire.Deployment, account: wire.Account) -> SurfaceState:
        doors = account.properties
        closed = doors.publicNetworkAccess == "Disabled"
        lines = ["closed to the public"] if closed else []
        lines += ["services that Azure trusts still come in"] if closed and doors.trusts else []
        lines += ["takes no keys"] if doors.disableLocalAuth else []
        lines += ["filtered strictly"] if one.properties.raiPolicyName == self._settings.strict_policy else []
        paused = one.properties.deploymentState == "Paused"
        state: Literal["serving", "degraded", "stopped"] = "serving"
        if paused or (closed and not doors.privateEndpointConnections and not doors.trusts):
            state = "stopped"
        elif one.properties.provisioningState != _DONE:
            state = "degraded"
        lines += ["paused"] if paused else []
        detail = "" if one.sku.capacity is None else f"{one.sku.name}, {one.sku.capacity} units"
        return SurfaceState(key=one.name, model=_model(one), state=state, restrictions=tuple(lines), detail=detail)

    async def granted(self, context: Context) -> Granted:
        """What the application may do here, by Azure's own list."""
        return await rights.granted(context, self._settings)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """One field of one deployment, filter, blocklist or door."""
        lever = lever_of(self.manifest, wish)
        free = wish.direction == "restore" and lever is not FORBID
        params = fitting(NoParams if free else lever.params or NoParams, wish)
        door = lever in {CLOSE, KEYS}
        # a door is chosen by the account, or by a deployment behind it
        asked = wish.surface_key if door and wish.selector in {"", self._settings.account} else wish.selector
        asked = asked or wish.surface_key
        if not door and not asked:
            raise Refused("say which deployment")
        if wish.surface_key not in {"", asked}:
            raise Refused(f"{asked} is a deployment of its own, not part of {wish.surface_key}")
        blank = Planned(
            lever=lever.name, selector=self._settings.account if door else asked,
            surface_key=asked, name=asked, model="" if door else asked, params={}, pre={},
            pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(), selectors=0, reach=lever.reach,
            reversal=lever.reversal, direction=wish.direction,
        )  # fmt: skip
        if door:
            return await planning.door(context, self._reader, blank)
        return await self._of_deployment(context, blank, params)

    async def _of_deployment(self, context: Context, blank: Planned, params: BaseModel) -> Planned:
        match blank.lever:
            case CAPACITY.name:
                units = params.capacity if isinstance(params, Capacity) else 0
                return await planning.capacity(context, self._reader, blank, units)
            case PAUSE.name:
                return await planning.pause(context, self._reader, blank)
            case FILTER.name:
                return await planning.filtered(context, self._reader, blank, self._settings)
            case FORBID.name:
                term = params.term if isinstance(params, Term) else ""
                return await planning.forbidden(context, self._reader, blank, self._settings, term)
            case _:
                return await planning.deleted(context, self._reader, blank)

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned, and follow what Azure makes of it while there is time."""
        return await self._send(context, planned, planned.requests, planned.wanted)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what puts the field back as it was."""
        if not planned.revert:
            raise Refused("a deleted deployment is made again by hand")
        return await self._send(context, planned, planned.revert, planned.pre)

    async def _send(
        self, context: Context, planned: Planned, requests: Sequence[Request], then: Mapping[str, str]
    ) -> Receipt:
        if planned.lever == FILTER.name:
            await self._must_be_as_read(context, planned)
        (request,) = requests
        reply = await context.send(request)
        if request.method == "DELETE" and (reply.status == _GONE or wire.is_gone(reply)):
            return Receipt(outcome="already-so", status=reply.status, detail="it was not there")
        wire.check(reply, "write")
        if reply.body.strip():
            reply.json()
        ended = await end_of(context, reply, self._settings.management_url)
        if ended.how == "failed":
            await self._gave_up(context, planned, then, ended.code)
        detail = "" if ended.how == "succeeded" else "Azure goes on with it; the read back tells how it ended"
        request_id = reply.headers.get("x-ms-request-id")
        return Receipt(outcome="accepted", status=reply.status, request_id=request_id, detail=detail)

    async def _must_be_as_read(self, context: Context, planned: Planned) -> None:
        """A whole deployment is put: what somebody changed of it meanwhile must not be put back with it."""
        found = await self._reader.deployment(context, planned.selector)
        if found is None or planning.rest_of(wire.writable(found[1])) != planned.params["rest"]:
            raise Stale("the deployment was changed after the plan was made, and nothing was sent")

    async def _gave_up(self, context: Context, planned: Planned, then: Mapping[str, str], code: str) -> None:
        """Azure took the write and then failed. Only the field itself says what that left behind: nothing, if as asked.

        Raises:
            Refused: where the write changed nothing; OutcomeUnknown where the field is something else.
        """
        said = f" ({code})" if code else ""
        fields, _ = await self._now(context, planned)
        if fields == dict(then):
            return
        if fields in (dict(planned.pre), dict(planned.wanted)):
            raise Refused(f"Azure took it and then gave up{said}; nothing was changed")
        raise OutcomeUnknown(f"Azure took it and then gave up{said}")

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the field anew, and whether Azure is done with it."""
        fields, state = await self._now(context, planned)
        at_ms = context.now_ms()
        if not fields:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=at_ms, detail="it was deleted")
        if fields != dict(planned.wanted) or state != _DONE:
            badly = state in _ENDED_BADLY and fields == dict(planned.wanted)
            verdict: Literal["cannot-tell", "not-in-effect"] = "cannot-tell" if badly else "not-in-effect"
            return ReadBack(verdict=verdict, fields=fields, at_ms=at_ms, detail="" if state == _DONE else state)
        return ReadBack(verdict="in-effect", fields=fields, at_ms=at_ms)

    async def _now(self, context: Context, planned: Planned) -> tuple[dict[str, str], str]:
        """The field as it is, and how far Azure is; nothing where what it belongs to is gone."""
        if planned.lever in {CLOSE.name, KEYS.name}:
            account, _ = await self._reader.account(context)
            field = planning.door_of(planned.lever)
            now = planning.text(planning.door_now(planned.lever, account))
            return {field: now}, account.properties.provisioningState
        if planned.lever == FORBID.name:
            entry = await self._reader.item(context, planned.params["entry"])
            if entry is None:
                return {"entry": planning.NONE}, _DONE
            return {"entry": planning.text({"isRegex": bool(entry.isRegex), "pattern": entry.pattern})}, _DONE
        version = wire.PREVIEW if planned.lever == PAUSE.name else wire.API
        found = await self._reader.deployment(context, planned.selector, version)
        if planned.lever == DELETE.name:
            return {"there": "false" if found is None else "true"}, _DONE
        if found is None:
            return {}, _DONE
        one = found[0]
        told: dict[str, object] = {
            CAPACITY.name: one.sku.capacity, PAUSE.name: one.properties.deploymentState,
            FILTER.name: one.properties.raiPolicyName,
        }  # fmt: skip
        (name,) = planned.wanted
        return {name: planning.text(told[planned.lever])}, one.properties.provisioningState

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One short chat at the account's endpoint, with a caller's key."""
        blank = Probe(outcome="cannot-tell", evidence="canary")
        if planned.lever not in trying.MEASURED:
            return replace(blank, detail="less capacity and a stricter filter cannot be told by one call")
        if credential is None:
            return replace(blank, detail="no key to try it with")
        try:
            path, body = trying.path_of(planned), trying.ask(planned)
            reply = await context.call(
                "POST", path, json=body, effect="read", credential=credential, fresh=True, side="callers"
            )
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


def _model(one: wire.Deployment) -> str:
    return " ".join(part for part in (one.properties.model.name, one.properties.model.version) if part) or one.name
