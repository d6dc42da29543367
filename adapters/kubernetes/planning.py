"""The exact requests there and back, for each lever.

Containment writes one field and asks for nothing else to have stayed as it was: a pod that restarts must not hold up a
stop. A restore asks just that (`resourceVersion`), so that nobody starts what somebody changed meanwhile. A revert was
signed before the stop and cannot know the version after it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from adapters.contract import Context, Planned, Refused, Request
from adapters.kubernetes import policies, states, undoing, wire
from adapters.kubernetes.objects import Seen, leading_to, port_of

MERGE = "application/merge-patch+json"
_ORIGINAL = "kubectl.kubernetes.io/last-applied-configuration"


async def scale(context: Context, blank: Planned, seen: Seen, fewer: int | None, argo: str) -> Planned:
    """Another number of replicas: none, fewer, or as many as are known from before."""
    workload = seen.object
    if not isinstance(workload, wire.Workload):
        raise Refused("this is for workloads")
    scaler, unknown = await undoing.autoscaler_of(context, seen)
    notes = [*await undoing.warnings(context, seen, argo), *([unknown] if unknown else [])]
    now = workload.replicas
    if blank.direction == "restore":
        then, said = _from_before(workload, scaler)
        notes += [said] if said else []
    elif fewer is None:
        then = 0
        notes += [undoing.at_zero(scaler)] if scaler else []
    else:
        then = fewer
        if then > now:
            raise Refused(f"{seen.key} has {now} replicas: {then} would be more, not fewer")
        notes += [undoing.above_zero(scaler)] if scaler else []
    service, sharing = ("", list[str]()) if fewer is not None else await leading_to(context, seen)
    if fewer is None and not service:
        notes.append("no Service leads to it, so that a stop cannot be tried from outside")
    notes += [f"the Service also leads to {', '.join(sharing[:4])}: callers go on there"] if sharing else []
    version = workload.metadata.resourceVersion if blank.direction == "restore" else ""
    return replace(
        blank, pre={"replicas": json.dumps(now)}, wanted={"replicas": json.dumps(then)}, notes=tuple(notes),
        params={"service": service} if fewer is None else {"replicas": str(fewer)},
        requests=(_scaled(seen, then, version),), revert=(_scaled(seen, now),),
    )  # fmt: skip


def _from_before(workload: wire.Workload, scaler: wire.Autoscaler | None) -> tuple[int, str]:
    """How many ran before a stop, which the cluster does not keep, and what the number is taken from."""
    if workload.replicas > 0:
        return workload.replicas, ""
    if scaler is not None:
        least = max(1, 1 if scaler.spec.minReplicas is None else scaler.spec.minReplicas)
        return least, f"starts with {least}, the least of its autoscaler {scaler.metadata.name}, which adds more"
    try:
        applied = json.loads(workload.metadata.annotated.get(_ORIGINAL, "{}"))["spec"]["replicas"]
    except (ValueError, KeyError, TypeError):
        applied = None
    if isinstance(applied, int) and applied > 0:
        return applied, f"starts with {applied}, as it was last applied"
    return 1, "how many ran before is not kept by the cluster: one is started; lifting the correction restores all"


def _scaled(seen: Seen, replicas: int, version: str = "") -> Request:
    body: dict[str, object] = {"spec": {"replicas": replicas}}
    path = seen.kind.path(seen.namespace, seen.name, "scale")
    return _merge(path, {"metadata": {"resourceVersion": version}, **body} if version else body)


def _merge(path: str, body: Mapping[str, object]) -> Request:
    text = json.dumps(body, separators=(",", ":"))
    return Request(method="PATCH", path=f"{path}?{policies.MANAGER}", body=text, content_type=MERGE)


async def service(context: Context, blank: Planned, seen: Seen, argo: str) -> Planned:
    """KServe's own stop: the route, the pods and the Service go, and come back without it."""
    now = seen.object.metadata.annotated.get(states.STOP_ANNOTATION)
    then = "true" if blank.direction == "contain" else now if now not in {None, "true"} else None
    notes = await undoing.warnings(context, seen, argo)
    path = f"/api/v1/namespaces/{quote(seen.namespace, safe='')}/services/{quote(f'{seen.name}-predictor', safe='')}"
    reply = await context.call("GET", path, effect="read")
    port = f"{seen.name}-predictor" if reply.status == wire.NOT_FOUND else ""
    if not port:
        port = port_of(wire.read(wire.Service, wire.check(reply, "service")))
    if ":" not in port:
        notes.append("its predictor has no Service of its own here, so that a stop cannot be tried from outside")
    version = seen.object.metadata.resourceVersion if blank.direction == "restore" else ""
    return replace(
        blank, pre={"stop": json.dumps(now)}, wanted={"stop": json.dumps(then)}, notes=tuple(notes),
        params={"service": port if ":" in port else ""}, requests=(_annotated(seen, then, version),),
        revert=(_annotated(seen, now),),
    )  # fmt: skip


def _annotated(seen: Seen, stop: str | None, version: str = "") -> Request:
    meta: dict[str, object] = {"annotations": {states.STOP_ANNOTATION: stop}}
    if version:
        meta["resourceVersion"] = version
    return _merge(seen.kind.path(seen.namespace, seen.name), {"metadata": meta})


async def isolate(
    context: Context, blank: Planned, seen: Seen, allowed: Sequence[str], argo: str
) -> Planned:  # fmt: skip
    """One policy that takes the workload's pods and lets only some namespaces in."""
    name = policies.name_of(seen)
    pre, version = await policies.read_one(context, seen.namespace, name)
    contain = blank.direction == "contain"
    if contain:
        await policies.refuse_what_lets_in(context, seen)
    then = policies.wanted(seen, allowed) if contain else policies.NONE
    notes = (*await undoing.warnings(context, seen, argo), policies.ONLY_WHERE_KEPT, policies.NOT_THE_NODE)
    params = {"policy": name, **({"allow": ", ".join(allowed)} if contain else {})}
    return replace(
        blank, pre={"policy": pre}, wanted={"policy": then}, params=params, notes=notes,
        requests=(policies.write(seen.namespace, name, then, "" if contain else version),),
        revert=(policies.write(seen.namespace, name, pre),),
    )  # fmt: skip
