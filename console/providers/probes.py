"""Measure enforcement: try what is forbidden until it was refused often enough, for long enough, without one pass.

Time and waiting are handed in. It must never call silence a refusal (protocol.md section 7, point 7).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final, Literal

from adapters.contract import AdapterFault, Evidence, Planned
from console.providers.plane import Plane

LEAST_PROBES: Final = 24
# A fault says nothing about enforcement; so many in a row and nothing can be measured now.
MOST_FAULTS_IN_A_ROW: Final = 12
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What the probes showed. `refused` counts the unbroken run at the end, from `first_ms` to `last_ms` (wall).

    `passed` counts every pass since the start. Only `verdict` "enforced" may be called enforced.
    """

    verdict: Literal["enforced", "passing", "cannot-tell"]
    refused: int
    passed: int
    cannot_tell: int
    evidence: Evidence | None
    first_ms: int | None
    last_ms: int | None
    detail: str = ""


@dataclass(slots=True)
class _Run:
    refused: int = 0
    first_ms: int = 0
    last_ms: int = 0
    first_boot_ms: int = 0

    def restart(self) -> None:
        self.refused = 0


async def measure(  # noqa: PLR0913  bounds, and who is told what it comes to
    plane: Plane,
    planned: Planned | Sequence[Planned],
    credential: str | None,
    *,
    sleep: Sleep,
    spread_ms: int,
    probes: int = LEAST_PROBES,
    patience_ms: int | None = None,
    on_pass: Callable[[int], Awaitable[None]] | None = None,
    on_try: Callable[[str], object] = str,
) -> Measurement:
    """Probe until `probes` refusals in a row span at least `spread_ms` on the boot clock; any pass restarts the count.

    Gives up after `patience_ms` (default: four spreads and a minute) with "passing" or "cannot-tell". It is "passing"
    too where only some of the tries pass, as with one worker of two that never heard of it (`late_pass`). `on_pass` is
    told the number of passes so far, at each one; `on_try` the outcome of every single try. Several plans, accounts of
    one list, are tried in turn.

    Raises:
        ValueError: for fewer than 24 probes.
    """
    if probes < LEAST_PROBES:
        raise ValueError(f"fewer than {LEAST_PROBES} probes prove nothing")
    clock = plane.clock
    turns = cycle((planned,) if isinstance(planned, Planned) else planned)
    pause_s = spread_ms / (probes - 1) / 1000
    began_ms = clock.boot_ms()
    end_boot_ms = began_ms + (4 * spread_ms + 60_000 if patience_ms is None else patience_ms)
    run = _Run()
    passed = cannot_tell = in_a_row = last_pass_ms = 0
    evidence: Evidence | None = None
    detail = ""
    while True:
        asked_ms = clock.boot_ms()
        try:
            seen = await plane.probe(next(turns), credential)
            outcome, detail, kind = seen.outcome, seen.detail, seen.evidence
        except AdapterFault as fault:
            outcome, detail, kind = "cannot-tell", fault.detail, None
        on_try(outcome)
        if outcome == "refused":
            in_a_row = 0
            evidence = kind
            run.last_ms = clock.wall_ms()
            if run.refused == 0:
                run.first_ms, run.first_boot_ms = run.last_ms, clock.boot_ms()
            run.refused += 1
            if run.refused >= probes and clock.boot_ms() - run.first_boot_ms >= spread_ms:
                return _told("enforced", run, passed, cannot_tell, evidence, detail)
        elif outcome == "passed":
            in_a_row = 0
            passed += 1
            last_pass_ms = clock.boot_ms()
            run.restart()
            if on_pass is not None:
                await on_pass(passed)
        else:
            cannot_tell += 1
            in_a_row += 1
        late = clock.boot_ms() >= end_boot_ms
        if late or in_a_row >= MOST_FAULTS_IN_A_ROW:
            works = passed and (not run.refused or late_pass(began_ms, last_pass_ms, clock.boot_ms(), spread_ms))
            verdict: Literal["passing", "cannot-tell"] = "passing" if works else "cannot-tell"
            return _told(verdict, run, passed, cannot_tell, evidence, detail)
        took_s = (clock.boot_ms() - asked_ms) / 1000
        await sleep(max(0.0, pause_s - took_s))  # a slow provider is not measured for longer than it takes to ask


def late_pass(began_ms: int, passed_ms: int, now_ms: int, spread_ms: int) -> bool:
    """Whether the last pass came so late that it is no lag: after the bound, and in the second half of the time."""
    return passed_ms - began_ms >= max(spread_ms, (now_ms - began_ms) // 2)


def _told(
    verdict: Literal["enforced", "passing", "cannot-tell"],
    run: _Run,
    passed: int,
    cannot_tell: int,
    evidence: Evidence | None,
    detail: str,
) -> Measurement:
    began = run.refused > 0
    return Measurement(
        verdict=verdict,
        refused=run.refused,
        passed=passed,
        cannot_tell=cannot_tell,
        evidence=evidence,
        first_ms=run.first_ms if began else None,
        last_ms=run.last_ms if began else None,
        detail=detail,
    )
