"""The secrets that providers need: opened before anything is sent, and what is left alone where they stay locked.

It never shows a secret, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.domain.errors import Problem, WaitsForPeople
from console.outbox.item import Row
from console.providers.instance import Instance, Instances
from console.providers.plane import BrokenPlane, Planes

Needs = Mapping[str, tuple[str, ...]]


class SecretsLocked(WaitsForPeople):
    """What is on its way needs secrets that cannot be opened: nothing of it was taken up, nothing was sent."""

    def __init__(self, why: str, places: Iterable[str]) -> None:
        """`why` is the sentence of whoever keeps them."""
        super().__init__(
            f"The secrets are locked: {why}",
            f"Nothing was sent; what is queued stays queued. They are for {', '.join(places)}: run it again with the "
            "passphrase, or --without-secrets for what needs none.",
        )


def needs_of(instances: Instances, everything: Iterable[Instance]) -> dict[str, tuple[str, ...]]:
    """By instance, the vault's names of the secrets it may use; none where its adapter is not usable here."""
    return {one.id: _names(instances, one) for one in everything}


def _names(instances: Instances, one: Instance) -> tuple[str, ...]:
    try:
        names = instances.registry.manifest(one.adapter).secrets
    except Problem:
        return ()
    return tuple(one.secret(name) for name in (*names, *one.probe_credentials.values()))


def without(planes: Planes, needs: Needs, why: str) -> Planes:
    """These planes where no secret can be had: without its own a provider can only refuse us, and is left alone."""
    usable = [plane for plane in planes.all() if not needs.get(plane.instance.id)]
    left = [BrokenPlane(plane.instance, why) for plane in planes.all() if needs.get(plane.instance.id)]
    return Planes(usable, (*planes.broken(), *left))


def waiting_for(needs: Needs, instances: Iterable[Instance], rows: Iterable[Row]) -> tuple[str, ...]:
    """The names of those providers that need a secret for something on its way."""
    wanted = {
        row.instance for row in rows
        if not row.final and (not row.by_hand or row.state == "recorded") and needs.get(row.instance)
    }  # fmt: skip
    return tuple(one.name for one in instances if one.id in wanted)


__all__ = ["Needs", "SecretsLocked", "needs_of", "waiting_for", "without"]
