"""AWS Bedrock, in one account and region: what our own principals and our own organisation may do there.

Written by AWS's descriptions; nothing here was run against a real account, and the manifest says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from adapters.access import Access, CallersSide
from adapters.alike import compared, in_order, lever_of
from adapters.aws_bedrock import principals, rights, trying, usage, whole, wire, work
from adapters.aws_bedrock.here import Here, enforced, models
from adapters.aws_bedrock.levers import AGENTS, DELETE, DENY, GUARD, KEY, LEVERS, SCP, STOP, STOP_ALL, TUNING, Settings
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
    SurfaceState,
    Throttled,
    Traffic,
    Wish,
)
from adapters.forms import NoParams, fitting
from adapters.rights import Granted
from adapters.signing import Aws, Service

__all__ = ["AwsBedrock", "Settings"]

_SECRET = "secret-key"  # noqa: S105  its name
_PRINCIPALS = frozenset({DENY.name, TUNING.name, AGENTS.name, KEY.name})
_WHOLE = frozenset({SCP.name, GUARD.name})
_GLOBAL = "us-east-1"  # where IAM and Organizations are signed for, whatever the region
_OFFERS = {"scp": SCP.name, "guardrail": GUARD.name}


class AwsBedrock:
    """One account and region, with an access key of a user made for this."""

    manifest: ClassVar[Manifest] = Manifest(
        name="aws_bedrock", version=1, title="AWS Bedrock", settings=Settings,
        secrets={_SECRET: "the secret access key that belongs to the access key id"}, auth="bearer", levers=LEVERS,
        not_possible={
            "frequency": "AWS lowers no quota by a call: throttle in a gateway before it",
            "context": "a smaller context: Bedrock has no such switch",
            "streams": "a call that is being answered cannot be seen or ended from outside",
            "everybody": "AWS serves the model to other accounts as before",
        },
    )  # fmt: skip

    passes_on: ClassVar[bool] = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base_url(self) -> str:
        """Bedrock's control plane in this region."""
        return self._at("bedrock", self._settings.region)

    def _at(self, name: str, region: str) -> str:
        return self._settings.endpoint or f"https://{name}.{region}.amazonaws.com"

    def access(self) -> Access:
        """Every request is signed; callers come to the runtime, with a Bedrock API key or an access key."""
        here = self._settings
        services = {
            "bedrock": Service(url=self.base_url(), name="bedrock", region=here.region),
            "iam": Service(url=here.endpoint or "https://iam.amazonaws.com", name="iam", region=_GLOBAL),
            usage.MONITORING: Service(
                url=self._at(usage.MONITORING, here.region), name=usage.MONITORING, region=here.region
            ),
            "organizations": Service(
                url=self._at("organizations", _GLOBAL), name="organizations", region=_GLOBAL,
                target="AWSOrganizationsV20161128",
            ),
        }  # fmt: skip
        runtime = self._at("bedrock-runtime", here.region)
        callers = Service(url=runtime, name="bedrock", region=here.region)
        aws = Aws(key_id=here.access_key_id, secret=_SECRET, services=services, callers=callers)
        return Access(aws=aws, callers=CallersSide(url=runtime))

    def offers(self) -> Sequence[str]:
        """All, without what would need something prepared that the settings do not name."""
        missing = {lever for name, lever in _OFFERS.items() if not getattr(self._settings, name)}
        return tuple(one.name for one in LEVERS if one.name not in missing)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every foundation model of the region: our own use of it."""
        here, _ = await models(context, self._settings)
        return [
            Found(
                key=one.modelId, name=one.modelId, model=one.modelId, kind="internal", control="cloud",
                detail=one.providerName,
            )
            for one in here.models
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """Each model, whether the organisation denies it, and how many jobs work with it."""
        here, elapsed_ms = await models(context, self._settings)
        who = await principals.who(context)
        denied = await whole.denied_models(context, here, who.get("account", ""))
        there = await enforced(context)
        strict = [one for one in there if f"{one.guardrailId}:{one.guardrailVersion}" == self._settings.guardrail]
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms,
            surfaces=tuple(
                _state(one, denied, strict=any(whole.guards(each, one.modelId) for each in strict))
                for one in here.models
            ),
            detail=f"AWS Bedrock in {self._settings.region}",
            facts={
                **who, "enforced guardrails": str(len(there)), "denied by the organisation": str(len(denied.models)),
            },
        )  # fmt: skip

    async def running(self, context: Context, planned: Planned) -> Sequence[Running] | None:
        """Batches and customisation jobs of the model: a deny lets them finish, as far as is known."""
        if planned.lever in {KEY.name, DELETE.name, GUARD.name}:
            return None
        return await work.running(context, planned, stops=planned.lever in {STOP.name, STOP_ALL.name})

    async def traffic(self, context: Context, surface_key: str, since_ms: int, until_ms: int) -> Traffic | None:
        """How often the model was called here, as CloudWatch counts it."""
        return await usage.traffic(context, surface_key, since_ms, until_ms)

    async def granted(self, context: Context) -> Granted:
        """What the user may do to everything, by IAM's own simulation."""
        return await rights.granted(context)

    async def may_not(self, context: Context, planned: Planned) -> Sequence[str] | None:
        """What of a plan it may not do, to exactly what the plan names."""
        return await rights.may_not(context, planned)

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """The exact requests there and back, for one principal, key, job, or for everybody."""
        lever = lever_of(self.manifest, wish)
        fitting(NoParams, wish)
        here, _ = await models(context, self._settings)
        if wish.surface_key:
            here.need(wish.surface_key)
        blank = _blank(context, lever, wish, here)
        if lever.name in _PRINCIPALS:
            return await principals.plan(context, here, blank)
        if lever.name in _WHOLE:
            return await whole.plan(context, here, blank)
        return await work.plan(context, here, blank)

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what puts the field back as it was."""
        if not planned.revert:
            raise Refused(work.NO_WAY_BACK)
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        if planned.lever in _WHOLE:
            await whole.must_be_as_read(context, planned)

        async def one(request: Request) -> Receipt:
            try:
                return await _one(context, request)
            except Refused as fault:
                if not await self._is_so_already(context, planned, request, fault):
                    raise
                return Receipt(outcome="already-so", detail=fault.detail)

        return await in_order(requests, one)

    async def _is_so_already(self, context: Context, planned: Planned, request: Request, fault: Refused) -> bool:
        """A job that is over, or being stopped, refuses to be stopped (409, 400): then it is looked at."""
        if fault.status not in {400, wire.NOT_FOUND, 409}:
            return False
        if planned.lever in {STOP.name, STOP_ALL.name}:
            return await work.ends_already(context, request)
        return planned.lever == DELETE.name and (await self.read_back(context, planned)).verdict == "in-effect"

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the field anew, by another call than the one that wrote."""
        fields, detail = await self._now(context, planned)
        return compared(planned, fields, context.now_ms(), detail)

    async def _now(self, context: Context, planned: Planned) -> tuple[Mapping[str, str], str]:
        if planned.lever in _PRINCIPALS:
            return await principals.fields_now(context, planned), ""
        if planned.lever in _WHOLE:
            seen = await whole.seen_now(context, planned)
            return seen.fields, seen.detail
        return await work.fields_now(context, planned)

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One call of one token at the runtime, on a fresh connection; only the lever's own refusal counts as one."""
        evidence = self.manifest.lever(planned.lever).probe or "credential"
        blank = Probe(outcome="cannot-tell", evidence=evidence)
        if planned.lever not in trying.MEASURED:
            return replace(blank, detail="one call of a model cannot tell")
        if credential is None or not planned.model:
            return replace(blank, detail="no caller's credential, or no model, to try with")
        try:
            reply = await context.call(
                "POST", trying.path_of(planned), json=trying.ask(), effect="read", credential=credential, fresh=True,
                side="callers",
            )  # fmt: skip
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


def _blank(context: Context, lever: Lever, wish: Wish, here: Here) -> Planned:
    shown = wish.surface_key or next(iter(here.names), "")
    unsaid = lever.name in {DENY.name, SCP.name, STOP_ALL.name} and not wish.surface_key
    return Planned(
        lever=lever.name, selector=wish.selector, surface_key="" if unsaid else shown, name=wish.selector, model=shown,
        params={}, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
        selectors=0 if lever.wide else 1, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
    )  # fmt: skip


def _state(one: wire.Summary, denied: whole.Denied, *, strict: bool) -> SurfaceState:
    """Stopped only where the organisation's denial is known to reach this very account."""
    named = one.modelId in denied.models
    lines = [] if not named or denied.reach == "none" else ["denied by the organisation's policy"]
    lines += ["whether that reaches this account is not known"] if named and denied.reach == "unknown" else []
    lines += ["the strict guardrail is enforced"] if strict else []
    state: Literal["serving", "degraded", "stopped"] = "degraded" if lines else "serving"
    legacy = one.modelLifecycle is not None and one.modelLifecycle.status != "ACTIVE"
    told = [whole.NOT_HERE] if named and denied.reach == "none" else []
    return SurfaceState(
        key=one.modelId, model=one.modelId, state="stopped" if named and denied.reach == "here" else state,
        restrictions=tuple(lines), detail="; ".join([*told, *(["legacy"] if legacy else [])]),
    )  # fmt: skip


async def _one(context: Context, request: Request) -> Receipt:
    """One write. Taking out what is out already is no fault; every other answer has to be AWS's."""
    reply = await context.send(request)
    gone = reply.status == wire.NOT_FOUND and wire.fault_of(reply).code in wire.MISSING
    if gone and "Action=Delete" in request.body:
        return Receipt(outcome="already-so", status=reply.status, request_id=reply.request_id)
    wire.check(reply, "write")
    if request.path == "/iam/":
        action = request.body.partition("Action=")[2].partition("&")[0]
        wire.xml(reply, f"{action}Response")
    elif reply.body.strip():
        reply.json()
    return Receipt(outcome="accepted", status=reply.status, request_id=reply.request_id)
