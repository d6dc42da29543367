"""The conformance kit without a test runner: what the contract demands, tried on one adapter and one server.

It really pulls the lever, without anybody's signature. It must therefore never run but against this machine.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.conformance import AdapterConformance, DirectContext, demands
from adapters.conformance.standin import Behind
from adapters.contract import Wish
from console.providers.address import Pin
from console.providers.behind import behind
from console.providers.registry import Usable, make_adapter


@dataclass(frozen=True, slots=True)
class Tried:
    """One demand of the contract: its test's name, what it demands, and why it is not met (empty where it is)."""

    name: str
    demand: str
    why_not: str

    @property
    def ok(self) -> bool:
        """Whether it is met."""
        return not self.why_not


def run(
    usable: Usable, settings: Mapping[str, Any], secrets: Mapping[str, str], wish: Wish, *, caller: str | None
) -> Iterator[Tried]:
    """Every demand in the kit's order. `secrets` are by name, the admin's first; `caller` names the prober's.

    Raises:
        BadAddress: when the adapter's address is not this machine.
    """
    Pin.parse(make_adapter(usable, settings).base_url(), loopback_only=True)
    lever = usable.manifest.lever(wish.lever)
    told = {"probe_credential": caller, "probes_measure": lever.probe is not None, "behind": _guard}
    kit = type("Kit", (AdapterConformance,), told)()
    for name in demands():
        test = getattr(kit, name)
        adapter = make_adapter(usable, settings)
        context = DirectContext(adapter.base_url(), auth=usable.manifest.auth, secrets=secrets)
        given = {"adapter": adapter, "context": context, "wish": wish}
        yield Tried(name, _first_line(test.__doc__), _why_not(test, given))


def _guard(_kit: object) -> Behind:
    return behind


def _why_not(test: Any, given: Mapping[str, object]) -> str:  # noqa: ANN401  a test takes some of what is given
    try:
        test(**{name: given[name] for name in inspect.signature(test).parameters})
    except Exception as fault:  # noqa: BLE001  a stranger's adapter may raise anything; that is what is looked for
        return " ".join(str(fault).split())[:500] or type(fault).__name__
    return ""


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
