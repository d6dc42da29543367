"""What one trial of a provider found: whether it answers, what is there, and lever by lever what this credential may.

That a plan can be made is the adapter's word; that it may be written, the provider's; that it works, only a write says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from console.providers.plane import Plane
from console.providers.rights import Granted

Verdict = Literal["can-plan", "cannot", "not-tried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverReport:
    """What is known of one lever with this credential.

    `can-plan`: it was planned by reading on `at` (only a write would tell whether the provider allows it). `cannot`:
    the provider or the adapter refuses even the plan, `why`; `denied` where it is this credential that it refuses.
    `not-tried`: it needs a selector that was not given. `allowed` is the provider's own word about the writes, of those
    plans where it tells that, else of the lever; None where it tells nothing: it is unproven. What is done `by_hand`
    needs no credential.
    """

    lever: str
    title: str
    category: str
    reach: str
    reversal: str
    propagation_s: int
    probe: str | None
    verdict: Verdict
    why: str = ""
    at: tuple[str, ...] = ()
    denied: bool = False
    allowed: bool | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """What one trial found. `answers` is False where nothing was learnt; `fault` then says what came instead.

    `facts` are the provider's own words about itself (where its models are kept, say); `warnings` what follows from
    them for corrections. `surfaces` are (key, name, model, what it is). `asked` says how the provider was asked what
    this credential may write, or why that is unproven.
    """

    adapter: str
    title: str
    answers: bool
    fault: str = ""
    latency_ms: int | None = None
    who: str = ""
    surfaces: tuple[tuple[str, str, str, str], ...] = ()
    levers: tuple[LeverReport, ...] = ()
    not_possible: Mapping[str, str] = field(default_factory=dict[str, str])
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()
    asked: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The report for a terminal or a panel, one fact a line."""
        return tuple(_lines(self))


def by_plans(report: LeverReport, lacks: Sequence[tuple[str, ...] | None]) -> LeverReport:
    """The report with what the provider says of the writes, where it says that of every plan."""
    missing = list(dict.fromkeys(one for each in lacks for one in each or ()))
    if missing:
        why = f"this credential may not {'; nor '.join(missing)}"
        verdict: Verdict = "cannot" if all(lacks) else "can-plan"  # one surface may be another kind of thing
        return replace(report, verdict=verdict, why=why, denied=True, allowed=False)
    return replace(report, allowed=True) if lacks and None not in lacks else report


def by_grant(report: LeverReport, told: Granted | None) -> LeverReport:
    """The report with what the provider says of the lever, where it said nothing nearer about what was planned."""
    lacks = None if told is None else told.lacks.get(report.lever)
    if lacks is None or report.allowed is not None:
        return report
    if not lacks:
        return replace(report, allowed=True)
    why = f"this credential may not {'; nor '.join(lacks)}"
    why = f"{report.why}; and {why}" if report.why and report.verdict != "not-tried" else why
    return replace(report, verdict="cannot", why=why, denied=True, allowed=False)


def how_asked(plane: Plane, told: Granted | None, untold: str, levers: Sequence[LeverReport]) -> str:
    """How it was asked what this credential may write, or why that is unproven."""
    if told is not None:
        return f"asked by {told.asked}"
    if untold:
        return f"unproven: it was asked and did not tell ({untold})"
    if any(one.allowed is not None for one in levers):
        return "asked about each plan"
    if not plane.manifest.secrets:
        return "unproven: it takes no credential, so whoever reaches it may do the same"
    return "unproven: it has no question for that, so that only a write would tell"


_RIGHTS: Final = {True: ", and its writes are allowed", False: "", None: "; whether it may be written is unproven"}
_BY_HAND: Final = ", and a person carries it out, whatever this credential may"
_VERDICTS: Final = {"can-plan": "can be planned", "cannot": "CANNOT", "not-tried": "not tried"}


def _lines(report: ConnectionReport) -> list[str]:
    if not report.answers:
        return [f"{report.title} does not answer: {report.fault}."]
    took = "" if report.latency_ms is None else f" in {report.latency_ms} ms"
    who = report.who or "it does not say who we are there"
    lines = [f"{report.title} answers{took}; {'as ' if report.who else ''}{who}."]
    lines += [f"  {name.replace('_', ' ')}: {text}" for name, text in sorted(report.facts.items())]
    lines += [
        f"  surface {name or key} ({model}){', ' + detail if detail else ''}"
        for key, name, model, detail in report.surfaces
    ]
    lines += [f"  what it may write: {report.asked}"] if report.asked else []
    for one in report.levers:
        where = f" on {', '.join(one.at)}" if one.at else ""
        why = f": {one.why}" if one.why else ""
        right = "" if one.verdict == "cannot" else _BY_HAND if one.by_hand else _RIGHTS[one.allowed]
        lines.append(f"  {one.lever} ({one.title}, {one.category}): {_VERDICTS[one.verdict]}{where}{right}{why}")
    lines += [f"  not possible, {what}: {why}" for what, why in sorted(report.not_possible.items())]
    return [*lines, *(f"  ! {warning}" for warning in report.warnings)]


__all__ = ["ConnectionReport", "LeverReport", "Verdict", "by_grant", "by_plans", "how_asked"]
