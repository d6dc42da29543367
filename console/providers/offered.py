"""Which levers there are at one instance, with its own times: its manifest's, less those that its settings leave out.

It calls nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.bounds import manifest_here
from adapters.contract import Lever, OffersSome
from console.domain.errors import Problem
from console.providers.instance import Instance, check_settings
from console.providers.registry import Registry, make_adapter


def offered(registry: Registry, instance: Instance) -> Sequence[Lever]:
    """The levers of this instance; all of its manifest where its adapter makes no difference, or cannot be made here.

    Raises:
        Problem: when the adapter is not known here.
    """
    levers = registry.manifest(instance.adapter).levers
    try:
        usable = registry.usable(instance.adapter)
        adapter = make_adapter(usable, check_settings(usable.manifest.settings, instance.settings))
        levers = manifest_here(adapter).levers
        there = frozenset(adapter.offers()) if isinstance(adapter, OffersSome) else None
    except Problem:
        return levers
    except Exception:  # noqa: BLE001  a stranger's code: what it cannot say does not take its levers away
        return levers
    return levers if there is None else tuple(one for one in levers if one.name in there)
