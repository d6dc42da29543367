"""How long a change may take to bite, where an instance's settings decide that and not the manifest alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

from adapters.contract import Adapter, Manifest


@runtime_checkable
class TakesLonger(Protocol):
    """What an adapter may offer besides, at whose instances a cache may be set that outlives what the manifest says.

    Enforcement is measured for as long: with less, the one worker that never heard of it could be missed.
    """

    def takes_s(self, lever: str) -> int:
        """Seconds until a change bites everywhere at this instance. Known without calling."""
        ...


def manifest_here(adapter: Adapter) -> Manifest:
    """The manifest with the times of this instance; never less than the manifest's own."""
    manifest = adapter.manifest
    if not isinstance(adapter, TakesLonger):
        return manifest
    longer = adapter
    return replace(manifest, levers=tuple(
        replace(one, propagation_s=max(one.propagation_s, longer.takes_s(one.name))) for one in manifest.levers
    ))  # fmt: skip


__all__ = ["TakesLonger", "manifest_here"]
