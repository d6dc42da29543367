"""What of a manifest holds where: its times at one instance, its headers below one path."""

from __future__ import annotations

from collections.abc import Mapping
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


def below(headers: Mapping[str, Mapping[str, str]], path: str) -> dict[str, str]:
    """The headers that a manifest wants with a call to this path (`Manifest.headers_below`)."""
    at = path.partition("?")[0]
    found: dict[str, str] = {}
    for where, more in headers.items():
        if at == where or at.startswith(f"{where}/"):
            found |= more
    return found


__all__ = ["TakesLonger", "below", "manifest_here"]
