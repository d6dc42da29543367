"""Letting only some namespaces call: one NetworkPolicy of the console's own for each workload.

Policies only ever add: where another one lets callers in, this one would take nothing away, and is refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from adapters.contract import Context, Refused, Request
from adapters.kubernetes import wire
from adapters.kubernetes.objects import Seen, list_all, matches

MANAGER = "fieldManager=standdown"
MARK = {"app.kubernetes.io/managed-by": "standdown"}
NONE = "null"
ONLY_WHERE_KEPT = "a cluster whose network does not keep policies accepts this and lets everybody through"
NOT_THE_NODE = "calls from the workload's own node, and through the API server, may still come in"
_LONGEST_NAME = 253


def _folder(namespace: str) -> str:
    return f"/apis/networking.k8s.io/v1/namespaces/{quote(namespace, safe='')}/networkpolicies"


def name_of(seen: Seen) -> str:
    """The policy's own name."""
    return f"standdown-{seen.kind.word}-{seen.name}"[:_LONGEST_NAME].rstrip("-.")


def wanted(seen: Seen, allowed: Sequence[str]) -> str:
    """The policy's fields as they will be."""
    selector = seen.object.spec.selector if isinstance(seen.object, wire.Workload) else {}
    source: dict[str, Any] = {
        "namespaceSelector": {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "In", "values": sorted(allowed)}
            ]
        }
    }  # fmt: skip
    return _text(
        {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{"from": [source]}] if allowed else []}
    )


def _text(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


async def read_one(context: Context, namespace: str, name: str) -> tuple[str, str]:
    """The policy's fields (`null` where there is none) and its version."""
    reply = await context.call("GET", f"{_folder(namespace)}/{quote(name, safe='')}", effect="read")
    if reply.status == wire.NOT_FOUND:
        return NONE, ""
    found = wire.read(wire.Policy, wire.check(reply, "policy"))
    spec = found.spec
    fields = {
        "podSelector": spec.podSelector, "policyTypes": spec.policyTypes or ["Ingress"], "ingress": spec.ingress or [],
    }  # fmt: skip
    return _text(fields), found.metadata.resourceVersion


async def all_of(context: Context, namespace: str) -> list[wire.Policy]:
    """Every policy of a namespace, whoever made it."""
    found, _ = await list_all(context, wire.Policy, _folder(namespace))
    return found


def letting_in(seen: Seen, found: Sequence[wire.Policy]) -> list[str]:
    """The other policies that let callers in to a workload, by name: where there is one, ours takes nothing away."""
    labels = seen.object.spec.template.metadata.labels or {} if isinstance(seen.object, wire.Workload) else {}
    return [
        one.metadata.name for one in found
        if one.metadata.name != name_of(seen) and "Ingress" in (one.spec.policyTypes or ["Ingress"])
        and one.spec.ingress and matches(one.spec.podSelector, labels)
    ]  # fmt: skip


async def refuse_what_lets_in(context: Context, seen: Seen) -> None:
    """Nothing, where no other policy lets callers in.

    Raises:
        Refused: naming those that do.
    """
    if letting := letting_in(seen, await all_of(context, seen.namespace)):
        raise Refused(f"policies add up: {', '.join(letting[:4])} would go on letting callers in")


def restrictions(seen: Seen, found: Sequence[wire.Policy]) -> list[str]:
    """Who may still call a workload by the console's own policy, and whoever undoes it by another one."""
    ours = [
        one for one in found if one.metadata.name == name_of(seen) and MARK.items() <= one.metadata.labelled.items()
    ]
    if not ours:
        return []
    let_in = _let_in(ours[0].spec)
    lines = [f"only {', '.join(let_in)} may call" if let_in else "nobody in the cluster may call"]
    if others := letting_in(seen, found):
        lines = [f"a policy that takes nothing away: {', '.join(others[:4])} lets callers in"]
    return lines


def _let_in(spec: wire.PolicySpec) -> list[str]:
    names: list[str] = []
    for rule in spec.ingress or []:
        for source in rule.get("from") or []:
            for one in (source.get("namespaceSelector") or {}).get("matchExpressions") or []:
                names += one.get("values") or []
    return sorted(names)


def write(namespace: str, name: str, fields: str, version: str = "") -> Request:
    """The request that makes the policy so: put whole, by server-side apply, or taken away.

    With `version` it is taken away only if nobody changed it meanwhile.
    """
    path = f"{_folder(namespace)}/{quote(name, safe='')}"
    if fields == NONE:
        body = {"preconditions": {"resourceVersion": version}} if version else None
        if body is None:
            return Request(method="DELETE", path=path, content_type=None)
        return Request(method="DELETE", path=path, body=json.dumps(body, separators=(",", ":")))
    whole = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "labels": MARK},
        "spec": json.loads(fields),
    }  # fmt: skip
    return Request(
        method="PATCH", path=f"{path}?{MANAGER}&force=true", body=json.dumps(whole, separators=(",", ":")),
        content_type="application/apply-patch+yaml",
    )  # fmt: skip
