"""What an object is told to be, and whether the cluster has got there. A count of pods is never taken from the wish."""

from __future__ import annotations

import json
from typing import Literal

from adapters.contract import Planned
from adapters.kubernetes import wire
from adapters.kubernetes.objects import DEPLOYMENT, Seen

STOP_ANNOTATION = "serving.kserve.io/stop"
NOT_COUNTED = "nothing is called any more; whether pods are still ending this cluster does not tell"
State = Literal["serving", "degraded", "stopped", "unknown"]


def fields(seen: Seen) -> dict[str, str]:
    """The fields that a lever of this kind of object writes."""
    if isinstance(seen.object, wire.Workload):
        return {"replicas": json.dumps(seen.object.replicas)}
    return {"stop": json.dumps(seen.object.metadata.annotated.get(STOP_ANNOTATION))}


def of(seen: Seen) -> tuple[State, str]:
    """How it is now, and in how many pods."""
    if isinstance(seen.object, wire.Workload):
        return _workload(seen.object, whole=seen.kind is not DEPLOYMENT)
    status = seen.object.status
    if status.is_so("Stopped"):
        return "stopped", "KServe stopped it"
    if seen.object.metadata.annotated.get(STOP_ANNOTATION) == "true":
        return "unknown", "told to stop; KServe has not said so yet"
    return ("serving", "") if status.is_so("Ready") else ("degraded", "not ready")


def _workload(found: wire.Workload, *, whole: bool) -> tuple[State, str]:
    """`whole`: pods that are ending are counted; of a Deployment's only newer clusters tell."""
    status = found.status
    detail = f"{status.readyReplicas} of {found.replicas} ready"
    if status.observedGeneration < found.metadata.generation:
        return "unknown", f"{detail}; the cluster has not looked yet"
    if found.replicas == 0:
        left = status.replicas + (status.terminatingReplicas or 0)
        told = "nothing runs" if whole or status.terminatingReplicas is not None else NOT_COUNTED
        return ("stopped", told) if left == 0 else ("degraded", f"{left} still ending")
    if status.readyReplicas == 0:
        return "degraded", detail
    return ("serving" if status.readyReplicas >= found.replicas else "degraded"), detail


def arrived(seen: Seen, planned: Planned) -> tuple[bool, str]:
    """Whether the cluster has got to what it is told; on the way back a start is enough."""
    state, detail = of(seen)
    if isinstance(seen.object, wire.InferenceService):
        stopped = seen.object.status.is_so("Stopped")
        return stopped == (planned.wanted.get("stop") == json.dumps("true")), detail
    if planned.wanted.get("replicas") == "0":
        return state == "stopped", detail
    looked = seen.object.status.observedGeneration >= seen.object.metadata.generation
    too_many = planned.direction == "contain" and seen.object.status.replicas > seen.object.replicas
    return looked and not too_many, detail
