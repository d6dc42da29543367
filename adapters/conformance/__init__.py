"""The tests every adapter inherits: `class TestMine(AdapterConformance)` with fixtures `adapter`, `context`, `wish`.

The fixtures hand over the adapter, a context to a server that may be changed, and a wish that can be met there.
It must only ever be pointed at a simulator or at a server of one's own: it really pulls the lever.
"""

from __future__ import annotations

from adapters.conformance.bent import Bent, Overheard, reply
from adapters.conformance.direct import REPLY_CAP_BYTES, DirectContext
from adapters.conformance.effects import Effects
from adapters.conformance.faults import ECHOED_SECRET, RETRY_AFTER_S, Faults
from adapters.conformance.hands import ByHandConformance, Person
from adapters.conformance.known import Known
from adapters.conformance.roads import Roads
from adapters.conformance.steps import faulted, run, until

__all__ = [
    "ECHOED_SECRET", "REPLY_CAP_BYTES", "RETRY_AFTER_S", "AdapterConformance", "Bent", "ByHandConformance",
    "DirectContext", "Overheard", "Person", "demands", "faulted", "reply", "run", "until",
]  # fmt: skip


class AdapterConformance(Known, Effects, Faults, Roads):
    """What the contract demands, tried. Each test puts the server back as it was.

    Set `probe_credential` to the name of the caller's secret that the wish shuts out (None where none is needed), and
    `probes_measure` to False where a probe cannot say. `settles_within_s` bounds every wait.
    """


def demands() -> list[str]:
    """The names of its tests, in their order: looking, there and back, a bad provider, a bad network."""
    return [name for part in (Known, Effects, Faults, Roads) for name in vars(part) if name.startswith("test_")]
