"""Which of the kit's tests an adapter fails."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from adapters.conformance import AdapterConformance
from adapters.contract import AdapterFault


def failing(serve, adapter_at, context_at, wish, credential) -> Iterator[str]:
    """The names of the kit's tests that fail, each on a new server; the next one is run when it is asked for."""

    class Kit(AdapterConformance):
        probe_credential = credential
        settles_within_s = 0.15

    for name, test in inspect.getmembers(Kit(), inspect.ismethod):
        if not name.startswith("test_"):
            continue
        held = True
        with serve() as server:
            given = {"adapter": adapter_at(server.url), "context": context_at(server.url), "wish": wish}
            try:
                test(**{wanted: given[wanted] for wanted in inspect.signature(test).parameters})
            except (AssertionError, AdapterFault):
                held = False
        if not held:
            yield name


def failures(*about) -> list[str]:
    """All of them."""
    return list(failing(*about))
