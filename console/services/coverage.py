"""The coverage map: every surface by the five categories of correction. What can be done, undone, and was rehearsed.

Possible is what manifests say; rehearsed is what the record shows was enforced. It asks no provider, and never calls a
place covered because nothing was heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from console.domain.actions import CATEGORIES, Target
from console.domain.corrections import PENDING
from console.domain.errors import Problem
from console.domain.forms import Policy
from console.domain.gravity import gravity
from console.domain.policy import level_told
from console.journal.values import Stored
from console.services import policy, standing
from console.services.levers import LeverLine, Options, options_for
from console.services.rulings import counted_steps
from console.services.session import Session
from console.services.standing import Standing, TargetStanding

CellState = Literal["none", "by-hand", "unproven", "possible", "tried", "rehearsed", "out-of-reach", "elsewhere"]
GAPS: Final[tuple[CellState, ...]] = ("none", "out-of-reach", "elsewhere", "possible", "unproven", "tried")
_REVERSALS: Final = ("exact", "best-effort", "none")
_STEPS: Final = ("dispatch.authorised", "dispatch.enforced", "correction.attested")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """When a correction of this category was last in force at this surface, and how long that took from its decision.

    `in_ms` runs from the moment its quorum was met to the first time it was observed (or, by hand, attested).
    """

    at_ms: int
    in_ms: int | None
    lever: str
    canary: bool
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One surface in one category. `reversal` is the best of its levers; `bound_s` the shortest time they promise.

    `why` says why there is none, or what is in the way. `times` is how often it was rehearsed. `takes` says who has to
    order the mildest of its levers by the policy in force; empty where there is none.
    """

    category: str
    state: CellState
    levers: tuple[str, ...] = ()
    reversal: str = ""
    bound_s: int | None = None
    why: str = ""
    last: Rehearsal | None = None
    times: int = 0
    takes: str = ""

    @property
    def gap(self) -> bool:
        """Whether nobody knows from here that it would work."""
        return self.state in GAPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One surface and its five cells, in the order of the toolkit."""

    surface: str
    name: str
    model: str
    provider: str
    kind: str
    control: str
    reach: str
    cells: tuple[Cell, ...]

    @property
    def uncontrolled(self) -> bool:
        """Whether no lever at all is known to work here."""
        return all(cell.state in ("none", "out-of-reach", "elsewhere") for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The map at a moment. `gaps` are sentences, the worst first."""

    now_ms: int
    rows: tuple[Row, ...]
    gaps: tuple[str, ...]


def coverage(session: Session) -> Coverage:
    """The map as the inventory, the adapters here and the record give it."""
    told = standing.corrections(session)
    signers: Policy | None = None
    with suppress(Problem):  # one person alone has none yet
        signers = policy.in_force(session)
    rows = rows_of(
        options_for(session, ""), told, counted_steps(session, session.reader.entries(kinds=_STEPS)), signers
    )
    return Coverage(now_ms=session.clock.wall_ms(), rows=rows, gaps=tuple(_gaps(rows)))


def rows_of(
    options: Sequence[Options], told: Sequence[Standing], steps: Sequence[Stored], signers: Policy | None = None
) -> tuple[Row, ...]:  # fmt: skip
    """The rows, by model and then by provider."""
    held = _first_held(steps)
    done: dict[tuple[str, str], list[Rehearsal]] = {}
    tried: set[tuple[str, str]] = set()
    for one in told:
        if one.direction != "contain":
            continue
        for target in one.targets:
            place = (target.surface, target.category)
            if one.authorised_ms is not None and target.state not in PENDING:
                tried.add(place)
            if (one.doc, target.index) in held:
                done.setdefault(place, []).append(_rehearsal(one, target, held[one.doc, target.index]))
    rows = [_row(one, done, tried, signers) for one in options]
    return tuple(sorted(rows, key=lambda row: (row.model, row.provider, row.name)))


def _first_held(steps: Sequence[Stored]) -> dict[tuple[str, int], tuple[int, bool]]:
    """When each target was first observed to be enforced, or attested (true) by a person."""
    found: dict[tuple[str, int], tuple[int, bool]] = {}
    for one in steps:
        pub = one.entry.pub
        doc, target = pub.get("doc"), pub.get("target")
        if one.standing != "good" or not isinstance(doc, str) or not isinstance(target, int):
            continue
        by_hand = one.entry.kind == "correction.attested"
        if by_hand and pub.get("outcome", "done") != "done":
            continue
        at = int(str(pub["done_ms"])) if by_hand else one.entry.hlc[0]
        if one.entry.kind != "dispatch.authorised" and at < found.get((doc, target), (at + 1, False))[0]:
            found[doc, target] = (at, by_hand)
    return found


def _rehearsal(one: Standing, target: TargetStanding, held: tuple[int, bool]) -> Rehearsal:
    took = None if one.authorised_ms is None else max(0, held[0] - one.authorised_ms)
    return Rehearsal(at_ms=held[0], in_ms=took, lever=target.lever_title, canary=target.canary, by_hand=held[1])


def _row(
    one: Options, done: Mapping[tuple[str, str], list[Rehearsal]], tried: set[tuple[str, str]], signers: Policy | None
) -> Row:  # fmt: skip
    surface, cannot = one.surface, dict(one.cannot)
    cells = tuple(
        replace(
            _cell(one, category, cannot.get(category, ""), done.get((surface.surface, category), []),
                  (surface.surface, category) in tried),
            takes=_takes(one, category, signers),
        )
        for category in CATEGORIES
    )  # fmt: skip
    return Row(
        surface=surface.surface, name=surface.name or surface.key, model=surface.model, provider=one.provider,
        kind=surface.kind, control=surface.control, reach=surface.reach, cells=cells,
    )  # fmt: skip


def _cell(one: Options, category: str, why: str, done: Sequence[Rehearsal], tried: bool) -> Cell:  # noqa: FBT001  five facts of one cell
    levers = one.of(category)
    last = max(done, key=lambda rehearsal: rehearsal.at_ms, default=None)
    state = _state(one, levers, last, tried=tried)
    return Cell(
        category=category, state=state, levers=tuple(lever.title for lever in levers),
        reversal=min((lever.reversal for lever in levers), key=_REVERSALS.index, default=""),
        bound_s=min((lever.propagation_s for lever in levers), default=None),
        why=why or one.broken or ("Nobody can restrict it from here: open weights." if state == "out-of-reach" else ""),
        last=last, times=len(done),
    )  # fmt: skip


def _takes(one: Options, category: str, signers: Policy | None) -> str:
    """Who has to order the mildest lever there, by the very rule that weighs an action."""
    levers = one.of(category)
    if signers is None or not levers:
        return ""
    first, where = levers[0], one.surface
    target = Target(
        surface=where.surface, instance=where.instance, adapter="", lever=first.name, category=category,
        model=where.model, reach=first.reach, assignee=None, reversal=first.reversal,
        selectors=0 if first.wide else 1, all_surfaces=False, credential=None, canary=False, dispatchers=(),
        listed=None, sd=(),
    )  # fmt: skip
    weight, _ = gravity((target,), "contain", 0, signers)
    return f"{first.title} takes {level_told(signers.levels[weight], weight)}"


def _state(one: Options, levers: Sequence[LeverLine], last: Rehearsal | None, *, tried: bool) -> CellState:
    states: tuple[tuple[bool, CellState], ...] = (  # the first that is so
        (one.surface.control == "none" and not one.by_hand, "out-of-reach"),
        (last is not None and not last.by_hand, "rehearsed"),
        (bool(one.broken), "elsewhere"), (one.by_hand, "by-hand"), (not levers, "none"), (tried, "tried"),
        (any(lever.proven for lever in levers), "possible"),
    )  # fmt: skip
    for so, state in states:
        if so:
            return state
    return "unproven"


def _gaps(rows: Sequence[Row]) -> Iterable[str]:
    for row in rows:
        if row.uncontrolled:
            yield _with_why(f"{_where(row)}: no lever at all", next((cell.why for cell in row.cells if cell.why), ""))
    for row in rows:
        if not row.uncontrolled and row.cells[-1].state == "none":
            yield _with_why(f"{_where(row)}: it cannot be shut down from here", row.cells[-1].why)
    never = [row for row in rows if not row.uncontrolled and not any(cell.times for cell in row.cells)]
    for row in never:
        yield f"{_where(row)}: no correction was ever rehearsed there."


def _where(row: Row) -> str:
    """Model and surface; a surface that is called as its provider is named once."""
    provider = row.provider or "a provider that is not connected here"
    return f"{row.model} at {provider}" if row.name in ("", row.provider) else f"{row.model} at {provider}, {row.name}"


def _with_why(told: str, why: str) -> str:
    return f"{told}: {why.rstrip('.')}." if why else f"{told}."
