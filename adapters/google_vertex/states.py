"""How each surface is, from what was read: an unknown one is never called serving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from adapters.contract import SurfaceState
from adapters.google_vertex import endpoints, policies, wire

State = Literal["serving", "degraded", "stopped", "unknown"]
_CLOSED = "everybody is denied in this project"


def surfaces(
    found: Sequence[wire.Endpoint], garden: Sequence[wire.PublisherModel], policy: wire.Policy | None, *, closed: bool
) -> tuple[SurfaceState, ...]:
    """Every endpoint and every watched model."""
    return (
        *(_endpoint(one, closed=closed) for one in found),
        *(_garden(one, policy, closed=closed) for one in garden),
    )


def _endpoint(one: wire.Endpoint, *, closed: bool) -> SurfaceState:
    lines = [_CLOSED] if closed else []
    if not one.deployedModels:
        lines.append("nothing is deployed")
    elif not one.trafficSplit:
        lines.append("it is sent no traffic")
    idle = [each for each in one.deployedModels if not one.trafficSplit.get(str(each.get("id")), 0)]
    detail = f"{len(one.deployedModels)} deployed"
    return SurfaceState(
        key=endpoints.key_of(one), model=endpoints.model_of(one), state="stopped" if lines else "serving",
        restrictions=tuple(lines), detail=f"{detail}, {len(idle)} without traffic" if idle else detail,
    )  # fmt: skip


def _garden(one: wire.PublisherModel, policy: wire.Policy | None, *, closed: bool) -> SurfaceState:
    lines = [_CLOSED] if closed else []
    spec = {} if policy is None else policy.spec
    state: State = "stopped" if closed else "serving"
    if policies.is_denied(spec, f"{one.name}:predict"):
        lines, state = [*lines, "denied by the organisation's policy"], "stopped"
    elif policies.is_denied(spec, f"{one.name}:tune"):
        lines.append("not to be tuned, by the organisation's policy")
    if policy is None and not closed:
        state = "unknown"
    return SurfaceState(
        key=one.name, model=one.name.rpartition("/")[2], state=state, restrictions=tuple(lines), detail=one.launchStage
    )
