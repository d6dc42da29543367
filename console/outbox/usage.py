"""Evidence from the provider's own count: nothing was served while as much was asked for as a measurement asks.

Silence never counts: where nobody tried, nothing is concluded (protocol.md section 7, point 7).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from adapters.contract import AdapterFault, Planned, Served
from console.outbox.steps import Sleep
from console.providers.plane import Plane
from console.providers.probes import LEAST_PROBES, MOST_FAULTS_IN_A_ROW, Measurement, late_pass

_LEAST_PAUSE_S = 0.01


async def counts(plane: Plane, planned: Planned) -> bool:
    """Whether this provider counts anything about what the plan selects; no, where it cannot be asked now."""
    try:
        return await plane.served(planned) is not None
    except AdapterFault:
        return False


async def measure_usage(  # noqa: PLR0913  as `measure`
    plane: Plane,
    planned: Planned,
    *,
    sleep: Sleep,
    spread_ms: int,
    pause_ms: int,
    probes: int = LEAST_PROBES,
    on_pass: Callable[[int], Awaitable[None]],
    patience_ms: int | None = None,
    on_count: Callable[[int, int], None] | None = None,
) -> Measurement:
    """Read the count until `probes` requests were asked for and none served, over at least `spread_ms`.

    Whatever is served begins the window anew, and so does a count that went back. Gives up after `patience_ms`
    (default: four spreads and a minute). `Measurement.refused` is how many were asked for in vain. `on_count` is told
    how many more were served and how many more asked for in vain, at each reading that differs from the one before.
    """
    clock = plane.clock
    began_ms = clock.boot_ms()
    end_boot_ms = began_ms + (4 * spread_ms + 60_000 if patience_ms is None else patience_ms)
    pause_s = max(pause_ms / 1000, _LEAST_PAUSE_S)
    first: Served | None = None
    before: Served | None = None
    first_boot_ms = in_vain = passed = faults = last_pass_ms = 0
    last_ms: int | None = None
    detail = ""
    while True:
        try:
            now = await plane.served(planned)
            faults = 0
        except AdapterFault as fault:
            now, detail, faults = None, fault.detail, faults + 1
        if now is not None:
            if before is not None and on_count is not None and now.asked > before.asked and now.served >= before.served:
                on_count(now.served - before.served, now.asked - before.asked - (now.served - before.served))
            before = now
            if first is not None and now.served > first.served:
                passed += now.served - first.served
                last_pass_ms = clock.boot_ms()
                await on_pass(passed)
            if first is None or now.served != first.served or now.asked < first.asked:
                first, first_boot_ms = now, clock.boot_ms()
            in_vain, last_ms = now.asked - first.asked, now.at_ms
            detail = f"the provider counted {in_vain} requests in vain; {probes} are needed"
            if in_vain >= probes and clock.boot_ms() - first_boot_ms >= spread_ms:
                return _told("enforced", in_vain, passed, first, last_ms, detail)
        if clock.boot_ms() >= end_boot_ms or faults >= MOST_FAULTS_IN_A_ROW:
            works = passed and (not in_vain or late_pass(began_ms, last_pass_ms, clock.boot_ms(), spread_ms))
            verdict: Literal["passing", "cannot-tell"] = "passing" if works else "cannot-tell"
            return _told(verdict, in_vain, passed, first, last_ms, detail)
        await sleep(pause_s)


def _told(
    verdict: Literal["enforced", "passing", "cannot-tell"],
    in_vain: int,
    passed: int,
    first: Served | None,
    last_ms: int | None,
    detail: str,
) -> Measurement:
    return Measurement(
        verdict=verdict, refused=in_vain, passed=passed, cannot_tell=0, evidence="usage",
        first_ms=None if first is None else first.at_ms, last_ms=last_ms, detail=detail,
    )  # fmt: skip


__all__ = ["counts", "measure_usage"]
