"""Reporting clocks in words: how much time is left, what it runs from, whether it was met. One wording for all screens.

Pure. It never says "in time" of what is only provisional, and never leaves out that something was written late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.clocks import Clock, ClockState, Mark
from console.domain.regimes import AWARENESS, CLOSING

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWords:
    """One clock in words. `left` is the time there is, or what became of it; `detail` says from what it runs.

    `more`: other limits, what is over already if it was meant, what was written late, why it was set aside.
    """

    key: str
    title: str
    state: ClockState
    left: str
    detail: str
    more: tuple[str, ...]
    pressing: bool

    @property
    def line(self) -> str:
        """All of it but `more`, in a line."""
        told = "; ".join(one for one in ("provisional" if self.state == "provisional" else "", self.detail) if one)
        return f"{self.title}: {self.left} ({told})" if told else f"{self.title}: {self.left}"


def length(ms: int) -> str:
    """How long, in the two largest units: `6 min 12 s`, `4 d 21 h`."""
    seconds = max(0, ms) // 1000
    for at, (size, unit) in enumerate(_UNITS):
        if seconds >= size:
            rest = _UNITS[at + 1] if at + 1 < len(_UNITS) else None
            if rest is not None and seconds % size >= rest[0]:
                return f"{seconds // size} {unit} {seconds % size // rest[0]} {rest[1]}"
            return f"{seconds // size} {unit}"
    return "0 s"


def hours(count: int) -> str:
    """A limit as people say it: `72 h`, `15 d`."""
    return f"{count // 24} d" if count >= 48 and count % 24 == 0 else f"{count} h"  # noqa: PLR2004  two days are days


def words_of(clock: Clock, now_ms: int) -> ClockWords:
    """One clock as it stands at `now_ms`."""
    detail = [] if clock.state in ("met", "met late", "set aside") else [_from(clock)]
    if clock.limit.when:
        detail.insert(0, f"if {clock.limit.when}" if clock.others or clock.passed else clock.limit.when)
    return ClockWords(
        key=clock.key, title=f"{clock.regime.short} {hours(clock.limit.hours)}", state=clock.state,
        left=_left(clock, now_ms), detail="; ".join(part for part in detail if part),
        more=tuple(_more(clock, now_ms)), pressing=clock.open and now_ms >= clock.warn_ms,
    )  # fmt: skip


def _left(clock: Clock, now_ms: int) -> str:
    if clock.met is not None:
        early = clock.due_ms - clock.met.at_ms
        return f"sent {length(early)} before its end" if early >= 0 else f"sent {length(-early)} too late"
    if clock.state == "set aside":
        return "set aside: does not apply"
    if clock.due_ms >= now_ms:
        return f"{length(clock.due_ms - now_ms)} left"
    return f"over for {length(now_ms - clock.due_ms)}"


def _from(clock: Clock) -> str:
    if clock.report.runs_from == CLOSING:
        return "from the closing"
    if clock.report.runs_from != AWARENESS:
        before = clock.regime.report(clock.report.runs_from)
        return f"from the {before.name if before is not None else clock.report.runs_from}"
    return "from awareness as determined" if clock.first is not None and clock.first.regime else "from the first fact"


def _more(clock: Clock, now_ms: int) -> list[str]:
    found = [f"{clock.report.name[:1].upper()}{clock.report.name[1:]}, to: {clock.regime.to}."]
    found += [f"If {one.when}: {hours(one.hours)}, {length(due - now_ms)} left." for one, due in clock.others
              if clock.open and due > now_ms]  # fmt: skip
    found += [f"If {one.when}: {hours(one.hours)}, over for {length(now_ms - due)}." for one, due in clock.passed
              if clock.open and due <= now_ms]  # fmt: skip
    for what, mark in (("What it runs from", clock.first), ("That it was sent", clock.met)):
        if mark is not None and mark.late_ms:
            found.append(f"{what} was written {length(mark.late_ms)} later.")
    return [*found, clock.why] if clock.why else found


def summary(clocks: Sequence[Clock], now_ms: int) -> str:
    """All of an incident's clocks in a line, the most pressing first: for a brief. Empty where none runs."""
    told = [words_of(one, now_ms) for one in clocks if one.state != "set aside"]
    shown = [f"{one.title}: {one.left}" + (" (provisional)" if one.state == "provisional" else "") for one in told]
    more = f"; and {len(shown) - _MOST} more" if len(shown) > _MOST else ""
    return "; ".join(shown[:_MOST]) + more


def late_words(mark: Mark) -> str:
    """`, written 3 h 2 min later`, or nothing."""
    return f", written {length(mark.late_ms)} later" if mark.late_ms else ""
