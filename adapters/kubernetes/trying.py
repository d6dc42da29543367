"""Trying what a stop forbids: one call to the pods by the server's own proxy, judged in the server's own words."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from adapters.contract import Malformed, Planned, Reply
from adapters.kubernetes import wire
from adapters.kubernetes.levers import SERVICE, STOP

Outcome = Literal["refused", "passed", "cannot-tell"]
_UNAVAILABLE = 503


def unmeasured(planned: Planned) -> str:
    """Why nothing can be tried; empty where something can."""
    if planned.lever not in {STOP.name, SERVICE.name}:
        return "fewer replicas and a policy cannot be told from here: the server's proxy is no caller"
    if not planned.params.get("service"):
        return "no Service leads to it: nothing can be tried"
    return ""


def path_of(planned: Planned, path: str) -> str:
    """The server's proxy to the Service."""
    _, namespace, _ = planned.selector.split("/")
    service = quote(planned.params["service"], safe=":")
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/services/{service}/proxy{path}"


def judge(planned: Planned, reply: Reply) -> tuple[Outcome, str]:
    """What one answer says. A pod that answers with a fault is there, and proves nothing."""
    name = planned.params["service"].partition(":")[0]
    if reply.status < wire.REDIRECTS:
        try:
            answered = isinstance(reply.json(), dict | list)
        except Malformed as fault:
            return "cannot-tell", fault.detail
        return ("passed", "a pod answered") if answered else ("cannot-tell", "the answer is none of a model's")
    said = wire.failure_of(reply)
    by_either_name = (f'no endpoints available for service "{one}"' for one in (name, planned.params["service"]))
    none_left = said.reason == "ServiceUnavailable" and any(one in said.message for one in by_either_name)
    if reply.status == _UNAVAILABLE and none_left:
        return "refused", "no pod is left behind the Service"
    gone = said.details if said.reason == "NotFound" else None
    if (
        planned.lever == SERVICE.name
        and reply.status == wire.NOT_FOUND
        and gone == wire.Details(name=name, kind="services")
    ):
        return "refused", "KServe took the Service away"
    return "cannot-tell", "refused for another reason than this correction"
