"""Which of the kit's tests an adapter fails."""

from __future__ import annotations

import inspect

from adapters.conformance import AdapterConformance
from adapters.contract import AdapterFault


def failures(serve, adapter_at, context_at, wish, credential) -> list[str]:
    """The names of the kit's tests that fail, each on a new server."""

    class Kit(AdapterConformance):
        probe_credential = credential
        settles_within_s = 0.15

    failed = []
    for name, test in inspect.getmembers(Kit(), inspect.ismethod):
        if not name.startswith("test_"):
            continue
        with serve() as server:
            given = {"adapter": adapter_at(server.url), "context": context_at(server.url), "wish": wish}
            try:
                test(**{wanted: given[wanted] for wanted in inspect.signature(test).parameters})
            except (AssertionError, AdapterFault):
                failed.append(name)
    return failed
