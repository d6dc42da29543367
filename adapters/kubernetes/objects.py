"""Finding what serves a model: Deployments, StatefulSets and InferenceServices, their Services, and labels that match.

A surface's key is `kind/namespace/name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from adapters.contract import Context, Refused, Reply
from adapters.kubernetes import wire
from adapters.operations import pages

Model = TypeVar("Model", bound=BaseModel)
PAGE = 500
_KEY_PARTS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object that serves models: its word in keys, its name at the server, and where it lies."""

    word: str
    name: str
    group: str
    plural: str

    def path(self, namespace: str, name: str = "", part: str = "") -> str:
        """The path of all of a namespace, of one, or of a part of it."""
        found = f"/apis/{self.group}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        return found + (f"/{quote(name, safe='')}" if name else "") + (f"/{part}" if part else "")


DEPLOYMENT = Kind("deployment", "Deployment", "apps/v1", "deployments")
STATEFULSET = Kind("statefulset", "StatefulSet", "apps/v1", "statefulsets")
INFERENCE = Kind("inferenceservice", "InferenceService", "serving.kserve.io/v1beta1", "inferenceservices")
WORKLOADS = (DEPLOYMENT, STATEFULSET)


@dataclass(frozen=True, slots=True)
class Seen:
    """One object found: a workload or an InferenceService, and how long the answer took."""

    kind: Kind
    object: wire.Workload | wire.InferenceService
    elapsed_ms: int = 0

    @property
    def key(self) -> str:
        """The surface's key."""
        return f"{self.kind.word}/{self.object.metadata.namespace}/{self.object.metadata.name}"

    @property
    def namespace(self) -> str:
        """Where it is."""
        return self.object.metadata.namespace

    @property
    def name(self) -> str:
        """Its name there."""
        return self.object.metadata.name


async def list_all(
    context: Context, kind: type[Model], path: str, labels: str = "", *, optional: bool = False
) -> tuple[list[Model], int]:
    """Every object below this path, page by page; none where `optional` and the cluster has no such kind."""
    first = f"{path}?{urlencode({'limit': PAGE, **({'labelSelector': labels} if labels else {})})}"

    def after(page: Reply) -> str | None:
        if optional and page.status == wire.NOT_FOUND:
            return None
        token = wire.read(wire.Listed, wire.check(page, "list")).metadata.after
        return f"{first}&{urlencode({'continue': token})}" if token else None

    found: list[Model] = []
    elapsed_ms = 0
    for page in await pages(context, first, after):
        elapsed_ms += page.elapsed_ms
        if page.status != wire.NOT_FOUND:
            found += wire.items(kind, page)
    return found, elapsed_ms


async def everything(context: Context, namespaces: Iterable[str], labels: str) -> tuple[list[Seen], int]:
    """Every object that may serve a model, in the order of namespaces and kinds."""
    found: list[Seen] = []
    elapsed_ms = 0
    for namespace in namespaces:
        for kind in WORKLOADS:
            some, took_ms = await list_all(context, wire.Workload, kind.path(namespace), labels)
            found += [Seen(kind, one) for one in some]
            elapsed_ms += took_ms
        services, took_ms = await list_all(
            context, wire.InferenceService, INFERENCE.path(namespace), labels, optional=True
        )
        found += [Seen(INFERENCE, one) for one in services]
        elapsed_ms += took_ms
    return found, elapsed_ms


async def find(context: Context, kinds: Sequence[Kind], asked: str, namespaces: Sequence[str], labels: str) -> Seen:
    """The object that is meant, by key, or by name where only one has it.

    Raises:
        Refused: when there is none, or more than one.
    """
    parts = asked.split("/")
    if len(parts) == _KEY_PARTS:
        return await _by_key(context, kinds, parts, namespaces)
    found, _ = await everything(context, namespaces, labels)
    named = [one for one in found if one.kind in kinds and one.name == asked]
    if not named:
        raise Refused(f"there is no {' or '.join(kind.name for kind in kinds)} called {asked}", wire.NOT_FOUND)
    if len(named) > 1:
        raise Refused(f"more than one is called {asked}: say {' or '.join(one.key for one in named[:4])}")
    return named[0]


async def _by_key(context: Context, kinds: Sequence[Kind], parts: Sequence[str], namespaces: Sequence[str]) -> Seen:
    word, namespace, name = parts
    kind = next((one for one in kinds if one.word == word), None)
    if kind is None or not name:
        raise Refused(f"this reaches {' and '.join(f'{one.name}s' for one in kinds)} only, not {'/'.join(parts)[:200]}")
    if namespace not in namespaces:
        raise Refused(f"{namespace} is not among this provider's namespaces")
    seen = await read_one(context, kind, namespace, name)
    if seen is None:
        raise Refused(f"there is no {kind.name} {name} in {namespace}", wire.NOT_FOUND)
    return seen


async def read_one(context: Context, kind: Kind, namespace: str, name: str) -> Seen | None:
    """One object; None where it is gone."""
    reply = await context.call("GET", kind.path(namespace, name), effect="read")
    if reply.status == wire.NOT_FOUND:
        return None
    wire.check(reply, kind.word)
    if kind is INFERENCE:
        return Seen(kind, wire.read(wire.InferenceService, reply), reply.elapsed_ms)
    return Seen(kind, wire.read(wire.Workload, reply), reply.elapsed_ms)


def kind_of(key: str) -> Kind:
    """The kind in a surface's key."""
    word = key.partition("/")[0]
    return next(kind for kind in (*WORKLOADS, INFERENCE) if kind.word == word)


async def leading_to(context: Context, seen: Seen) -> tuple[str, list[str]]:
    """The Service (`name:port`) by which callers reach a workload, and other workloads that share it.

    Nothing where no Service selects its pods: then nobody can try it from outside.
    """
    if not isinstance(seen.object, wire.Workload):
        return "", []
    labels = seen.object.spec.template.metadata.labels or {}
    path = f"/api/v1/namespaces/{quote(seen.namespace, safe='')}/services"
    services, _ = await list_all(context, wire.Service, path)
    for service in services:
        wanted = service.spec.selector or {}
        if wanted and wanted.items() <= labels.items() and (name := port_of(service)):
            others = await everything(context, [seen.namespace], "")
            return name, [one.key for one in others[0] if one.key != seen.key and _shares(one, wanted)]
    return "", []


def _shares(one: Seen, wanted: Mapping[str, str]) -> bool:
    if not isinstance(one.object, wire.Workload):
        return False
    return wanted.items() <= (one.object.spec.template.metadata.labels or {}).items()


def port_of(service: wire.Service) -> str:
    """`name:port` for the server's proxy; nothing for a Service that only stands for another name."""
    ports = service.spec.ports or []
    if service.spec.type == "ExternalName" or not ports:
        return ""
    return f"{service.metadata.name}:{ports[0].name or ports[0].port}"


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector (`matchLabels`, `matchExpressions`) takes these labels; an empty one takes all."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    return all(_holds(one, labels) for one in selector.get("matchExpressions") or [])


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    name, values = str(expression.get("key", "")), expression.get("values") or []
    match expression.get("operator"):
        case "In":
            return labels.get(name) in values
        case "NotIn":
            return name not in labels or labels[name] not in values
        case "Exists":
            return name in labels
        case "DoesNotExist":
            return name not in labels
        case _:
            return True  # an operator of tomorrow: better to warn of a policy too many than to miss one
