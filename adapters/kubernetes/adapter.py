"""A Kubernetes cluster: the workloads that serve models, and KServe's services, in the namespaces that people name.

It changes what the cluster is told to run. Whoever tells the cluster otherwise (an autoscaler, GitOps) undoes it: every
plan says who would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from adapters.access import Access, Tls
from adapters.alike import compared, in_order, lever_of
from adapters.contract import (
    Context,
    Found,
    Malformed,
    Manifest,
    NotSent,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Reply,
    Request,
    Stale,
    Status,
    SurfaceState,
    Throttled,
    Wish,
)
from adapters.forms import NoParams, fitting
from adapters.kubernetes import objects, planning, policies, rights, states, trying, wire
from adapters.kubernetes.levers import ISOLATE, LEVERS, SERVICE, Allow, Fewer, Settings, split

__all__ = ["Kubernetes", "Settings"]


class Kubernetes:
    """Some namespaces of one cluster, with a service account's token or a client certificate."""

    manifest: ClassVar[Manifest] = Manifest(
        name="kubernetes", version=1, title="Kubernetes and KServe", settings=Settings,
        secrets={
            "token": "a service account's token (with prove = token)",
            "key": "the client certificate's private key, PEM or client-key-data (with prove = certificate)",
        },
        auth="bearer", levers=LEVERS,
        not_possible={
            "capability": "what a model server can do is in its arguments, which belong to whoever deploys it",
            "use-case": "the cluster does not read what is asked",
        },
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._namespaces = split(settings.namespaces)

    def base_url(self) -> str:
        """Where the API server is."""
        return self._settings.base_url

    def access(self) -> Access:
        """The cluster's own authority, and a token or a certificate."""
        shown = self._settings.prove == "certificate"
        certificate = self._settings.certificate if shown else ""
        tls = Tls(ca=self._settings.ca, certificate=certificate, key="key" if shown else "")
        return Access(scheme="none" if shown else "bearer", tls=tls)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def discover(self, context: Context) -> Sequence[Found]:
        """Every workload and KServe service of the namespaces."""
        found, _ = await objects.everything(context, self._namespaces, self._settings.labels)
        return [
            Found(key=one.key, name=f"{one.namespace}/{one.name}", model=self._model(one), kind="internal",
                  detail=one.kind.name)
            for one in found
        ]  # fmt: skip

    async def status(self, context: Context) -> Status:
        """What runs of each, and who may still call."""
        found, elapsed_ms = await objects.everything(context, self._namespaces, self._settings.labels)
        shut = {name: await policies.all_of(context, name) for name in self._namespaces}
        reply = await context.call(
            "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", json=_WHO_AM_I, effect="read"
        )
        known = reply.status < wire.REDIRECTS
        who = wire.read(wire.SelfReview, reply).status.userInfo.username if known else ""
        return Status(
            at_ms=context.now_ms(), latency_ms=elapsed_ms + reply.elapsed_ms, facts={"identity": who} if who else {},
            surfaces=tuple(self._state(one, shut[one.namespace]) for one in found),
            detail=f"Kubernetes, {self._settings.namespaces}",
        )  # fmt: skip

    def _state(self, seen: objects.Seen, shut: Sequence[wire.Policy]) -> SurfaceState:
        state, detail = states.of(seen)
        lines = [*(["stopped"] if state == "stopped" else []), *policies.restrictions(seen, shut)]
        return SurfaceState(
            key=seen.key, model=self._model(seen), state=state, restrictions=tuple(lines), detail=detail
        )

    def _model(self, seen: objects.Seen) -> str:
        return seen.object.metadata.labelled.get(self._settings.model_label) or seen.name

    # -- planning ------------------------------------------------------------------------------------------------------

    async def plan(self, context: Context, wish: Wish) -> Planned:
        """One object, what is wanted of it now and then, and who would put it back."""
        lever = lever_of(self.manifest, wish)
        params = fitting(NoParams if wish.direction == "restore" else lever.params or NoParams, wish)
        kinds = (objects.INFERENCE,) if lever is SERVICE else objects.WORKLOADS
        asked = wish.selector or wish.surface_key
        seen = await objects.find(context, kinds, asked, self._namespaces, self._settings.labels)
        if wish.surface_key not in {"", seen.key}:
            raise Refused(f"{seen.key} is a surface of its own, not part of {wish.surface_key}")
        blank = Planned(
            lever=lever.name, selector=seen.key, surface_key=seen.key, name=f"{seen.namespace}/{seen.name}",
            model=self._model(seen), params={}, pre={}, pre_read_ms=context.now_ms(), wanted={}, requests=(), revert=(),
            selectors=0, reach=lever.reach, reversal=lever.reversal, direction=wish.direction,
        )  # fmt: skip
        argo = self._settings.argo_namespace
        if lever is ISOLATE:
            allowed = split(params.allow) if isinstance(params, Allow) else []
            return await planning.isolate(context, blank, seen, allowed, argo)
        if lever is SERVICE:
            return await planning.service(context, blank, seen, argo)
        fewer = params.replicas if isinstance(params, Fewer) else None
        return await planning.scale(context, blank, seen, fewer, argo)

    async def may_not(self, context: Context, planned: Planned) -> Sequence[str] | None:
        """By the server's own review of each write; nobody needs a right of his own to ask about himself."""
        return await rights.lacking(context, planned)

    # -- doing ---------------------------------------------------------------------------------------------------------

    async def apply(self, context: Context, planned: Planned) -> Receipt:
        """Send what was planned."""
        return await self._send(context, planned, planned.requests)

    async def revert(self, context: Context, planned: Planned) -> Receipt:
        """Send what puts the fields back as they were."""
        return await self._send(context, planned, planned.revert)

    async def _send(self, context: Context, planned: Planned, requests: Sequence[Request]) -> Receipt:
        return await in_order(requests, lambda request: self._one(context, planned, request))

    async def _one(self, context: Context, planned: Planned, request: Request) -> Receipt:
        reply = await context.send(request)
        if reply.status == wire.NOT_FOUND and request.method == "DELETE":
            return Receipt(outcome="already-so", status=reply.status, detail="it was not there")
        if reply.status == wire.CONFLICT:
            return await self._overtaken(context, planned, reply)
        wire.check(reply, "write").json()
        return Receipt(outcome="accepted", status=reply.status, request_id=reply.headers.get("audit-id"))

    async def _overtaken(self, context: Context, planned: Planned, reply: Reply) -> Receipt:
        """Somebody changed it meanwhile, and nothing was written. Our own lost answer may have been that somebody."""
        back = await self.read_back(context, planned)
        if dict(back.fields) == dict(planned.wanted):
            return Receipt(outcome="already-so", status=reply.status, detail="it was so already")
        raise Stale("it was changed after the plan was made, and nothing was written")

    async def read_back(self, context: Context, planned: Planned) -> ReadBack:
        """Read the object anew: what it is told to be, and whether the cluster has got there."""
        kind = objects.kind_of(planned.selector)
        _, namespace, name = planned.selector.split("/")
        if planned.lever == ISOLATE.name:
            fields, _ = await policies.read_one(context, namespace, planned.params["policy"])
            others = [] if fields == policies.NONE else await self._undone_by(context, kind, namespace, name)
            told = f"policies add up: {', '.join(others[:4])} lets callers in" if others else ""
            return compared(planned, {"policy": fields}, context.now_ms(), told, arrived=not others)
        seen = await objects.read_one(context, kind, namespace, name)
        if seen is None:
            return ReadBack(verdict="cannot-tell", fields={}, at_ms=context.now_ms(), detail="it was deleted")
        arrived, detail = states.arrived(seen, planned)
        return compared(planned, states.fields(seen), context.now_ms(), detail, arrived=arrived)

    async def _undone_by(self, context: Context, kind: objects.Kind, namespace: str, name: str) -> list[str]:
        """Policies made since that let callers in beside ours; none where the workload itself is gone."""
        seen = await objects.read_one(context, kind, namespace, name)
        return [] if seen is None else policies.letting_in(seen, await policies.all_of(context, namespace))

    async def probe(self, context: Context, planned: Planned, credential: str | None) -> Probe:
        """One call to the pods through the server's proxy, as another account than the console's own."""
        blank = Probe(outcome="cannot-tell", evidence="client-view")
        if trying.unmeasured(planned):
            return replace(blank, detail=trying.unmeasured(planned))
        if credential is None:
            return replace(blank, detail="no account to try it as")
        try:
            path = trying.path_of(planned, self._settings.probe_path)
            reply = await context.call("GET", path, effect="read", credential=credential, fresh=True)
        except (NotSent, Throttled, Refused, Malformed) as fault:
            return replace(blank, detail=fault.detail)
        outcome, detail = trying.judge(planned, reply)
        return replace(blank, outcome=outcome, status=reply.status, detail=detail)


_WHO_AM_I = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
