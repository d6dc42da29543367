"""Reporting clocks of an incident: what runs, since when, how long there is, and the entries that move them.

Legal or the commander determines awareness; anybody records a fact or that a report was sent. Nothing is backdated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from console.domain.clocks import CLOCK_KINDS, Clock, Marks, aside_text, clocks_of, marks_of
from console.domain.errors import Problem, WrongUse
from console.domain.profile import JsonValue
from console.domain.regimes import Regime
from console.domain.seen import Seen
from console.journal.seen import all_seen
from console.journal.values import Draft, Stored
from console.services import regimes
from console.services.about import by_number, entries_about
from console.services.session import Session
from console.services.standing import held_roles

DETERMINE: Final = ("legal", "commander", "deputy")
_STARTS: Final = ("knowledge.fact", "awareness.determination", "notification", "incident.link")
_REST: Final = tuple(kind for kind in CLOCK_KINDS if kind not in (*_STARTS, "decision.not-to-act", "retraction"))
_NEWEST: Final = 200  # decisions not to act that are looked at for one that sets a clock aside
_NOT_TO_ACT: Final = (
    "SELECT e.n FROM entry e INDEXED BY entry_told "
    "WHERE e.kind <> 'note' AND e.inc = ? AND e.kind = 'decision.not-to-act' ORDER BY e.n DESC LIMIT ?"
)
_AHEAD_MS: Final = 60_000  # a clock that runs a little ahead of ours is no fault of whoever types


def marks_in(session: Session, inc: str) -> Marks:
    """What moves clocks in an incident, however long it is."""
    return marks_of(_told(session, inc))


def clocks_in(session: Session, inc: str) -> tuple[Clock, ...]:
    """Its clocks: the open ones first, the most pressing first.

    Raises:
        WrongUse: when the regimes cannot be read.
    """
    marks = marks_in(session, inc)
    also = {one.regime for one in (*marks.determinations, *marks.notifications)}
    if not marks.facts and not also:
        return ()
    return clocks_of(marks, regimes.applying(session, also), session.clock.wall_ms())


def told_in(session: Session, inc: str) -> tuple[Clock, ...]:
    """As `clocks_in`, for screens that tell other things as well: none where the regimes cannot be read."""
    try:
        return clocks_in(session, inc)
    except Problem:
        return ()


def _told(session: Session, inc: str) -> list[Seen]:
    starts = session.reader.entries(inc, kinds=_STARTS)
    if not starts:
        return []
    told = [*starts, *_linked(session, starts), *session.reader.entries(inc, kinds=_REST)]
    with session.reader.snapshot() as connection:
        numbers = connection.execute(_NOT_TO_ACT, (inc, _NEWEST)).fetchall()
        told += by_number(connection, sorted(row[0] for row in numbers))
        told += entries_about(connection, inc, ("retraction",), {one.id for one in told})
    return all_seen(told)


def adopted_in(session: Session, inc: str) -> list[Seen]:
    """The facts of the organisation's record that were taken into an incident."""
    return all_seen(_linked(session, session.reader.entries(inc, kinds=("incident.link",))))


def _linked(session: Session, told: Iterable[Stored]) -> list[Stored]:
    names = [str(name) for one in told if one.entry.kind == "incident.link" for name in _names(one)]
    found = [one for name in dict.fromkeys(names) if (one := session.reader.entry(name)) is not None]
    return [one for one in found if one.entry.kind == "knowledge.fact"]


def _names(one: Stored) -> Iterable[object]:
    found = one.entry.pub.get("of")
    return found if isinstance(found, list) else ()


# -- what people record ------------------------------------------------------------------------------------------------


def determine(session: Session, inc: str, named: str, at_ms: int | None, text: str) -> Stored:
    """Determine since when we are aware, for one regime (`eu-gpai`) or one of its limits (`eu-gpai/death`).

    `at_ms`: since when; None takes the earliest knowledge fact.

    Raises:
        WrongUse: for an unknown regime or limit, a moment ahead, no fact to take, or a person who is not to determine.
    """
    regime, part = part_of(session, named)
    if part and regime.limit(part) is None:
        raise WrongUse(f"{part} is a report, not a limit.", f"Give one of {', '.join(_limits(regime))}.")
    roles = held_roles(session, inc).get(session.me, frozenset())
    if not roles & set(DETERMINE):
        raise WrongUse("Legal, the commander or a deputy determines awareness.", "Record what you know as a fact.")
    if at_ms is None:
        facts = marks_in(session, inc).facts
        if not facts:
            raise WrongUse("No knowledge fact is recorded.", "Say since when, with --since, or record the fact first.")
        at_ms = facts[0].at_ms
    _not_ahead(session, at_ms, "Awareness")
    name = f"{regime.id}/{part}" if part else regime.id
    values: dict[str, JsonValue] = {"text": text} if text.strip() else {}
    return session.append(Draft("awareness.determination", inc, None, {"regime": name, "at_ms": at_ms}, values))


def notified(session: Session, inc: str, named: str, at_ms: int | None, text: str) -> Stored:
    """Record that a report was sent: for a regime, or one of its reports (`nis2-23/early-warning`), with its reference.

    Raises:
        WrongUse: for an unknown regime or report, a moment ahead, or without a word to whom it went.
    """
    regime, part = part_of(session, named)
    if not text.strip():
        raise WrongUse("To whom did it go, and under which reference?", "Say it: it is what proves that it was sent.")
    if at_ms is not None:
        _not_ahead(session, at_ms, "The report")
    values: dict[str, JsonValue] = {"text": text}
    if at_ms is not None:
        values["occurred"] = {"at_ms": at_ms, "plus_minus_s": 0}
    pub: dict[str, JsonValue] = {"regime": f"{regime.id}/{part}" if part else regime.id}
    return session.append(Draft("notification", inc, None, pub, values))


def acknowledged(session: Session, entry: str, text: str) -> Stored:
    """Record that the authority acknowledged a report: a further notification that names it.

    Raises:
        WrongUse: when the entry is no notification, or nothing is said.
    """
    from console.services.timeline import find_entry  # noqa: PLC0415  clocks are read before anything of a provider

    sent = find_entry(session, entry)
    if sent.entry.kind != "notification":
        raise WrongUse("That entry is no notification.", "Give the one by which the report was recorded as sent.")
    if not text.strip():
        raise WrongUse("What did they say?", "Give their reference or their words.")
    pub: dict[str, JsonValue] = {"regime": sent.entry.pub.get("regime", ""), "of": [sent.id]}
    return session.append(Draft("notification", sent.entry.inc, None, pub, {"text": text}))


def set_aside(session: Session, inc: str, named: str, reason: str, *, applies: bool = False) -> Stored:
    """Record, as a decision not to act, that a regime does not apply here; or (`applies`) why awareness is not yet.

    Raises:
        WrongUse: for an unknown regime, or without a reason.
    """
    regime = regimes.find_regime(session, named)
    if not reason.strip():
        raise WrongUse("A clock is set aside for a reason.", "Say why.")
    values: dict[str, JsonValue] = {"text": aside_text(regime.id, applies=applies, reason=reason)}
    return session.append(Draft("decision.not-to-act", inc, None, {}, values))


def adopt(session: Session, inc: str, entry: str) -> Stored:
    """Take a fact of the organisation's record, written before there was an incident, into the incident.

    Raises:
        WrongUse: when it is no fact, or belongs to an incident already.
    """
    from console.services.timeline import find_entry  # noqa: PLC0415  as above

    found = find_entry(session, entry)
    if found.entry.kind != "knowledge.fact" or found.entry.inc is not None:
        raise WrongUse("That is no fact of the organisation's record.", "See `standdown incident show --all`.")
    return session.append(Draft("incident.link", inc, None, {"of": [found.id]}))


def part_of(session: Session, named: str) -> tuple[Regime, str]:
    """A regime and the report or limit of it that a person means, empty where they named none.

    Raises:
        WrongUse: when there is no such regime, report or limit.
    """
    ident, _, part = named.partition("/")
    regime = regimes.find_regime(session, ident)
    if part and regime.report(part) is None and regime.limit(part) is None:
        names = [*(one.id for one in regime.reports), *_limits(regime)]
        raise WrongUse(f"{regime.short} has no {part[:40]!r}.", f"Give one of {', '.join(names)}.")
    return regime, part


def _limits(regime: Regime) -> list[str]:
    return [limit.id for report in regime.reports for limit in report.limits]


def _not_ahead(session: Session, at_ms: int, what: str) -> None:
    if at_ms > session.clock.wall_ms() + _AHEAD_MS:
        raise WrongUse(f"{what} cannot lie ahead.", "Give a moment that is over.")


# -- what presses ------------------------------------------------------------------------------------------------------


def pressing(clocks: Sequence[Clock], now_ms: int) -> tuple[Clock, ...]:
    """Those that are owed and about to be too late, or are."""
    return tuple(one for one in clocks if one.open and now_ms >= one.warn_ms)


__all__ = [
    "DETERMINE", "acknowledged", "adopt", "adopted_in", "clocks_in", "determine", "marks_in", "notified", "part_of",
    "pressing", "set_aside", "told_in",
]  # fmt: skip
