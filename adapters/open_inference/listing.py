"""What a model server says it has: an index of its repository, or, at KServe's own server, the loaded models only.

From the second kind nothing can be learnt about a model that is not loaded, not even that there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.contract import Context
from adapters.open_inference import wire

READY, UNLOADING, LOADING = "READY", "UNLOADING", "LOADING"
_NO_SUCH_ROUTE = frozenset({404, 405})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The models of a server. `whole` says whether those that are not loaded are among them."""

    index: Sequence[wire.Indexed]
    whole: bool
    elapsed_ms: int

    def names(self) -> list[str]:
        """Every model, each once."""
        return list(dict.fromkeys(found.name for found in self.index))

    def state(self, model: str) -> str:
        """The state that says most about whether it still serves: one ready version is enough."""
        states = {found.state for found in self.index if found.name == model}
        for state in (READY, LOADING, UNLOADING):
            if state in states:
                return state
        return "UNAVAILABLE" if states - {""} else ""


async def list_models(context: Context) -> Listing:
    """Ask for the index, and where there is no such route for the loaded models."""
    reply = await context.call("POST", "/v2/repository/index", json={}, effect="read")
    if reply.status not in _NO_SUCH_ROUTE:
        index = wire.index_of(wire.check(reply, "repository index"))
        return Listing(index=index, whole=True, elapsed_ms=reply.elapsed_ms)
    loaded = await context.call("GET", "/v2/models", effect="read")
    names = wire.read(wire.Loaded, wire.check(loaded, "models")).models
    index = [wire.Indexed(name=name, state=READY) for name in names]
    return Listing(index=index, whole=False, elapsed_ms=reply.elapsed_ms + loaded.elapsed_ms)
