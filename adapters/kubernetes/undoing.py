"""Who would undo a correction by itself: autoscalers, GitOps controllers, an operator that owns the workload.

All of it is a warning for whoever signs. What may not be read is said to be unknown, never taken for absent.
"""

from __future__ import annotations

from urllib.parse import quote

from adapters.contract import Context, Malformed, Refused, Reply
from adapters.kubernetes import wire
from adapters.kubernetes.objects import Seen, list_all

_TRACKING = "argocd.argoproj.io/tracking-id"
_INSTANCE = "argocd.argoproj.io/instance"
_PLAIN = "app.kubernetes.io/instance"
_FLUX = (
    ("kustomize.toolkit.fluxcd.io/name", "Kustomization"),
    ("helm.toolkit.fluxcd.io/name", "HelmRelease"),
)
_FLUX_OFF = "kustomize.toolkit.fluxcd.io/reconcile"
_KEDA = ("keda-hpa-", "scaledobject.keda.sh/name")


async def autoscaler_of(context: Context, seen: Seen) -> tuple[wire.Autoscaler | None, str]:
    """The autoscaler of a workload, and a warning where this may not be read."""
    path = f"/apis/autoscaling/v2/namespaces/{quote(seen.namespace, safe='')}/horizontalpodautoscalers"
    try:
        found, _ = await list_all(context, wire.Autoscaler, path, optional=True)
    except Refused as fault:
        if fault.status != wire.FORBIDDEN:
            raise
        return None, "this credential may not see autoscalers: whether one undoes this is not known"
    for one in found:
        target = one.spec.scaleTargetRef
        if (target.kind, target.name) == (seen.kind.name, seen.name):
            return one, ""
    return None, ""


def at_zero(scaler: wire.Autoscaler) -> str:
    """What an autoscaler does with a workload of no replicas."""
    name = scaler.metadata.name
    if name.startswith(_KEDA[0]) or _KEDA[1] in scaler.metadata.labelled:
        return f"KEDA scales it ({name}) and starts it again at its next event: pause its ScaledObject too"
    if scaler.spec.minReplicas == 0:
        return f"the autoscaler {name} may go down to 0 by itself, so that it may also start it again"
    return f"the autoscaler {name} rests while nothing runs, and acts again once something does"


def above_zero(scaler: wire.Autoscaler) -> str:
    """What it does with a number of replicas that somebody else set."""
    least = 1 if scaler.spec.minReplicas is None else scaler.spec.minReplicas
    bounds = f"{least} to {scaler.spec.maxReplicas}"
    return f"the autoscaler {scaler.metadata.name} sets the number ({bounds}) and would undo this within seconds"


async def warnings(context: Context, seen: Seen, argo_namespace: str) -> list[str]:
    """What would put the object back as it is written elsewhere."""
    meta = seen.object.metadata
    found = [
        f"{one.kind} {one.name} owns it and may put it back: stop that instead"
        for one in meta.ownerReferences or [] if one.controller
    ]  # fmt: skip
    for label, kind in _FLUX:
        if meta.labelled.get(label) and meta.annotated.get(_FLUX_OFF) != "disabled":
            found.append(f"Flux ({kind} {meta.labelled[label]}) may put it back at its next turn: suspend it too")
    application = meta.annotated.get(_TRACKING, "").partition(":")[0] or meta.labelled.get(_INSTANCE, "")
    if application:
        found.append(await _argo(context, seen, application, argo_namespace))
    elif plain := meta.labelled.get(_PLAIN):
        found.append(await _perhaps_argo(context, seen, plain, argo_namespace))
    return [one for one in found if one]


async def _perhaps_argo(context: Context, seen: Seen, name: str, namespace: str) -> str:
    """By this label Argo CD knows its own before version 3, and Helm too: an application of that name decides."""
    reply = await _application(context, name, namespace)
    if reply.status == wire.NOT_FOUND:
        return ""
    if reply.status == wire.FORBIDDEN:
        return f"it is labelled as a part of {name}, as Argo CD and Helm do: whether one puts it back is not known"
    return _how(reply, seen, name)


async def _argo(context: Context, seen: Seen, application: str, namespace: str) -> str:
    """How Argo CD treats it."""
    return _how(await _application(context, application.rpartition("_")[2], namespace), seen, application)


async def _application(context: Context, name: str, namespace: str) -> Reply:
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{quote(namespace, safe='')}/applications/{quote(name, safe='')}"
    return await context.call("GET", path, effect="read")


def _how(reply: Reply, seen: Seen, application: str) -> str:
    """Only an application that heals itself undoes at once."""
    try:
        found = wire.read(wire.Application, wire.check(reply, "application")).spec
    except (Refused, Malformed):
        return f"Argo CD ({application}) keeps it; whether it puts it back by itself cannot be read here"
    automated = None if found.syncPolicy is None else found.syncPolicy.automated
    if automated is None:
        return f"Argo CD ({application}) keeps it: whoever syncs it next puts it back"
    if not automated.selfHeal:
        return f"Argo CD ({application}) puts it back with the next change in Git"
    if _ignored(found, seen):
        return f"Argo CD ({application}) heals itself, and leaves the number of replicas alone"
    return f"Argo CD ({application}) heals itself and would undo this within seconds: switch self-heal off first"


def _ignored(spec: wire.ApplicationSpec, seen: Seen) -> bool:
    return any(
        one.get("kind") in {seen.kind.name, "*"} and "/spec/replicas" in (one.get("jsonPointers") or [])
        for one in spec.ignoreDifferences or []
    )
