"""Reporting clocks, folded from what people recorded: provisional from the earliest fact, running once somebody
determined awareness, met by a notification, else missed. No clock is an entry: the entries are why it runs.

It never decides that a law applies, and no entry moves a deadline out: the earliest determination counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.incident_fold import occurred_ms
from console.domain.regimes import AWARENESS, CLOSING, HOUR_MS, Limit, Regime, Report
from console.domain.seen import Seen, in_order

ClockState = Literal["provisional", "running", "met", "met late", "missed", "set aside"]
CLOCK_KINDS: Final = (
    "knowledge.fact", "awareness.determination", "notification", "decision.not-to-act", "retraction",
    "closing.authorised", "status.changed",
)  # fmt: skip
OPEN_STATES: Final[tuple[ClockState, ...]] = ("provisional", "running", "missed")
LATE_MS: Final = 15 * 60_000  # written so much later than what it tells of: that shows
_LEAST_WARNING_MS: Final = 24 * HOUR_MS
_ASIDE: Final = re.compile(r"Reporting clock ([a-z0-9][a-z0-9.-]*): (does not apply|no awareness yet)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry that moves clocks: when it was so, when it was written (ms), by whom, its words."""

    entry: str
    author: str | None
    at_ms: int
    written_ms: int
    regime: str = ""
    part: str = ""
    text: str = ""
    about: tuple[str, ...] = ()

    @property
    def late_ms(self) -> int:
        """By how much later it was written than what it tells of; 0 where that is little."""
        late = self.written_ms - self.at_ms
        return late if late > LATE_MS else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is recorded in one incident that moves clocks, each in order of when it was so. Nothing taken back.

    `aside`: the last word by regime, whether it does not apply or awareness is not determined yet, and why.
    """

    facts: tuple[Mark, ...] = ()
    determinations: tuple[Mark, ...] = ()
    notifications: tuple[Mark, ...] = ()
    acknowledgements: tuple[Mark, ...] = ()
    aside: tuple[tuple[str, str, Mark], ...] = ()
    closed_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One report that is owed under one regime. `since_ms` is what it runs from, `due_ms` when it is too late.

    `limit` is the one that counts; while nobody said which is meant, `others` are the later ones with their time, and
    `passed` those that are over already. `first` names the entry it runs from, `met` the notification that met it.
    """

    regime: Regime
    report: Report
    limit: Limit
    state: ClockState
    since_ms: int
    due_ms: int
    first: Mark | None = None
    met: Mark | None = None
    others: tuple[tuple[Limit, int], ...] = ()
    passed: tuple[tuple[Limit, int], ...] = ()
    why: str = ""

    @property
    def key(self) -> str:
        """Its name within an incident, as people type it."""
        return f"{self.regime.id}/{self.report.id}"

    @property
    def open(self) -> bool:
        """Whether the report is still owed."""
        return self.state in OPEN_STATES

    @property
    def warn_ms(self) -> int:
        """From when on it needs somebody: 24 hours or a tenth before it is over, never more than half of it."""
        length = self.due_ms - self.since_ms
        return self.due_ms - min(max(_LEAST_WARNING_MS, length // 10), length // 2)


def marks_of(entries: Iterable[Seen]) -> Marks:
    """What moves clocks among the entries of one incident; further kinds may be among them and change nothing."""
    good = [one for one in in_order(entries) if one.standing == "good"]
    gone = {name for one in good if one.kind == "retraction" for name in one.about}
    told = [one for one in good if one.id not in gone and one.author is not None]
    sent = [_mark(one, occurred_ms(one)) for one in told if one.kind == "notification"]
    known = {one.entry for one in sent}
    return Marks(
        facts=_by_time(_mark(one, one.number("since_ms")) for one in told if one.kind == "knowledge.fact"),
        determinations=_by_time(
            _mark(one, one.number("at_ms")) for one in told if one.kind == "awareness.determination"
        ),
        notifications=_by_time(one for one in sent if known.isdisjoint(one.about)),
        acknowledgements=_by_time(one for one in sent if not known.isdisjoint(one.about)),
        aside=tuple(_asides(told)),
        closed_ms=_closed(good),
    )


def _mark(one: Seen, at_ms: int) -> Mark:
    regime, _, part = one.words("regime").partition("/")
    return Mark(
        entry=one.id, author=one.author, at_ms=at_ms, written_ms=one.hlc[0], regime=regime, part=part,
        text=one.disclosed_text("text"), about=one.about,
    )  # fmt: skip


def _by_time(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda one: (one.at_ms, one.written_ms, one.entry)))


def _asides(told: Sequence[Seen]) -> Iterable[tuple[str, str, Mark]]:
    """The last word on each regime. A determination that comes after it says that it applies after all."""
    last: dict[str, tuple[str, Mark] | None] = {}
    for one in told:
        if one.kind == "awareness.determination":
            last[one.words("regime").partition("/")[0]] = None
        elif one.kind == "decision.not-to-act" and (found := _ASIDE.match(one.disclosed_text("text"))):
            last[found[1]] = (found[2], _mark(one, one.hlc[0]))
    return [(regime, *said) for regime, said in last.items() if said is not None]


def aside_text(regime: str, *, applies: bool, reason: str) -> str:
    """The words by which a decision not to act sets a clock aside, or says why awareness is not determined yet."""
    return f"Reporting clock {regime}: {'no awareness yet' if applies else 'does not apply'}. {reason.strip()}"


def is_aside(text: str) -> bool:
    """Whether a decision not to act is one about a clock: that is told with the clocks, not among the decisions."""
    return _ASIDE.match(text) is not None


def _closed(good: Sequence[Seen]) -> int | None:
    closed: int | None = None
    for one in good:
        if one.kind == "closing.authorised" and one.author is None:
            closed = one.hlc[0]
        elif one.kind == "status.changed" and one.words("status") == "reopened":
            closed = None
    return closed


# -- the clocks --------------------------------------------------------------------------------------------------------


def clocks_of(marks: Marks, regimes: Sequence[Regime], now_ms: int) -> tuple[Clock, ...]:
    """Every clock that runs, was met, missed or set aside; the open ones first, the most pressing first.

    `regimes` are those that apply here; one that was determined in the incident is to be among them.
    """
    found = [clock for regime in regimes for clock in _regime_clocks(regime, marks, now_ms)]
    return tuple(sorted(found, key=lambda one: (not one.open, one.due_ms, one.key)))


def _regime_clocks(regime: Regime, marks: Marks, now_ms: int) -> Iterable[Clock]:
    determined = [one for one in marks.determinations if one.regime == regime.id]
    start = determined[0] if determined else marks.facts[0] if marks.facts else None
    if start is None or (regime.in_force_ms is not None and start.at_ms < regime.in_force_ms):
        return ()
    aside = next(((word, one) for name, word, one in marks.aside if name == regime.id), None)
    return _Running(regime, start, determined, marks, now_ms, aside).clocks()


class _Running:
    """One regime's clocks being made, in the order of its reports."""

    def __init__(
        self, regime: Regime, start: Mark, determined: Sequence[Mark], marks: Marks, now_ms: int,
        aside: tuple[str, Mark] | None,
    ) -> None:  # fmt: skip
        self._regime, self._start, self._determined = regime, start, determined
        self._marks, self._now = marks, now_ms
        self._aside = aside
        self._sent = _assigned(regime, [one for one in marks.notifications if one.regime == regime.id])

    def clocks(self) -> Iterable[Clock]:
        found = (self._clock(report) for report in self._regime.reports)
        return [one for one in found if one is not None]

    def _clock(self, report: Report) -> Clock | None:
        started = self._starts(report)
        chosen = [limit for limit in report.limits if any(one.part == limit.id for one in self._determined)]
        if started is None or (report.only_where_said and not chosen):
            return None
        since, first = started
        met = next(iter(self._sent.get(report.id, ())), None) if not report.repeats else None
        limits = chosen[:1] or list(report.limits)
        ahead = [limit for limit in limits if since + limit.length_ms > self._at(met)]
        limit = ahead[0] if ahead else limits[-1]
        due = since + limit.length_ms
        rest = [(one, since + one.length_ms) for one in limits if one is not limit]
        return Clock(
            regime=self._regime, report=report, limit=limit, since_ms=since, due_ms=due, first=first, met=met,
            state=self._state(due, met), others=tuple(one for one in rest if one[1] > due),
            passed=tuple(one for one in rest if one[1] <= due),
            why=self._aside[1].text if self._aside is not None else "",
        )  # fmt: skip

    def _at(self, met: Mark | None) -> int:
        """The moment against which limits are held: when it was met, else now."""
        return self._now if met is None else met.at_ms

    def _starts(self, report: Report) -> tuple[int, Mark | None] | None:
        if report.runs_from == AWARENESS:
            return self._start.at_ms, self._start
        if report.runs_from == CLOSING:
            begun = bool(self._determined or self._sent) and self._marks.closed_ms is not None
            return (self._marks.closed_ms or 0, None) if begun else None
        before = self._sent.get(report.runs_from, ())
        own = self._sent.get(report.id, ()) if report.repeats else ()
        if not before or (report.repeats and self._marks.closed_ms is not None):
            return None
        last = max((*before[:1], *own), key=lambda one: one.at_ms)
        return last.at_ms, last

    def _state(self, due: int, met: Mark | None) -> ClockState:
        if met is not None:
            return "met" if met.at_ms <= due else "met late"
        if self._aside is not None and self._aside[0] == "does not apply":
            return "set aside"
        if self._now > due:
            return "missed"
        return "running" if self._determined or self._sent else "provisional"


def _assigned(regime: Regime, sent: Sequence[Mark]) -> dict[str, list[Mark]]:
    """Each notification to the report it is: as it says (a report or a limit), else the first that has none yet."""
    found: dict[str, list[Mark]] = {}
    for one in sent:
        named = next(
            (report.id for report in regime.reports
             if one.part and (report.id == one.part or any(limit.id == one.part for limit in report.limits))), None,
        )  # fmt: skip
        owed = (report for report in regime.reports if not report.only_where_said)
        ident = named or next((report.id for report in owed if report.repeats or report.id not in found), None)
        found.setdefault(ident or regime.reports[-1].id, []).append(one)
    return found
