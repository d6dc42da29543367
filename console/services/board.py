"""The status board as values: every model on every surface, what was last seen there, and what our record says.

Pure: from surfaces, looks, corrections and a moment. Nothing is green because nothing was heard, and what is old says
how old it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from console.domain.corrections import IN_FORCE, PENDING, QUEUED
from console.services.live_values import InstanceLook, Looks, PageHint, RoundHint, SurfaceLook

if TYPE_CHECKING:  # a board is made from their values and needs none of their code
    from console.services.providers import Surface
    from console.services.standing import Standing, TargetStanding

STALE_AFTER_POLLS: Final = 3
# a provider's own page may lag behind what it does: before this much time a difference is none
_DOUBT_AFTER_MS: Final = 60_000
REACH_WORDS: Final[Mapping[str, str]] = {
    "everyone": "reaches everyone", "our-customers": "reaches our customers", "only-us": "reaches only us",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sign:
    """How one state of a surface is told: its word, a shape no other of them has, and the role of its colour."""

    word: str
    shape: str
    tone: str


# the state of a surface is what was observed there; only `serving`, freshly heard, is told in the tone of good news
STATES: Final[Mapping[str, Sign]] = {
    "serving": Sign("serving", "disc", "good"),
    "degraded": Sign("degraded", "half-disc", "waiting"),
    "loading": Sign("loading", "hourglass", "waiting"),
    "stopped": Sign("stopped", "square", "known"),
    "unknown": Sign("unknown", "question", "unknown"),
    "unreachable": Sign("unreachable", "cross", "alarm"),
    "refused": Sign("refuses us", "no-entry", "alarm"),
    "broken": Sign("cannot be used here", "triangle", "alarm"),
    "gone": Sign("no longer listed", "ring-slash", "changed"),
    "unread": Sign("not read yet", "ring", "unknown"),
    "elsewhere": Sign("not connected here", "dash", "quiet"),
    "by-hand": Sign("known from people only", "square-ring", "claimed"),
    "stale": Sign("stale", "clock", "quiet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One correction on a surface as our record has it: `state` in the protocol's word, since when (wall-clock ms)."""

    op: str
    what: str
    category: str
    direction: str
    state: str
    since_ms: int
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One surface of one model. Two cells are equal where nothing has to be painted anew: ages are not compared.

    `state` names a Sign in STATES; where it is `stale`, `was` is what was seen last. `read_ms` is when that was,
    `age_ms` how long before the board's moment. `latency` are the last looks, oldest first (None: no answer).
    `reported`: restrictions as the provider tells them; `recorded`: corrections as our record has them. `doubt` is a
    sentence where the two do not fit; `unnamed` where the organisation has no name for this surface. `page` is what the
    vendor's own status page says, a hint that changes no state; so is `round`, what of the model went round a gateway.
    """

    model: str
    instance: str
    provider: str
    surface: str
    name: str
    state: str
    was: str = ""
    read_ms: int | None = field(default=None, compare=False)
    age_ms: int | None = field(default=None, compare=False)
    stale: bool = False
    latency: tuple[int | None, ...] = ()
    reported: tuple[str, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    drifted: bool = False
    doubt: str = ""
    by_hand: bool = False
    attested_ms: int | None = None
    reach: str = ""
    detail: str = ""
    unnamed: bool = False
    page: PageHint | None = None
    round: RoundHint | None = None

    @property
    def sign(self) -> Sign:
        """How its state is told."""
        return STATES[self.state]

    @property
    def word(self) -> str:
        """The state in a word; of what is stale or unreachable, what it was."""
        return f"{self.sign.word}, was {STATES[self.was].word}" if self.was else self.sign.word


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One provider, or one more of its surfaces beside the first where it serves a model at several."""

    instance: str
    name: str
    lane: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Models down, providers across, at `now_ms`. A place without a cell: that model is not served there."""

    now_ms: int
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[int, int], Cell]

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell at a place."""
        return self.cells.get((row, column))

    def sentence(self, cell: Cell) -> str:
        """The whole cell in spoken words, for a screen reader, a tooltip and the table beside the board."""
        return sentence(cell, self.now_ms)


def board(looks: Looks, corrections: Iterable[Standing], now_ms: int) -> Board:
    """The board at `now_ms`. Rows are by model's name, columns in the order in which providers were added."""
    by_surface = _recorded(corrections)
    seen = {one.link.instance: one for one in looks.instances}
    found: dict[str, dict[str, list[Cell]]] = {}
    told_of = {(one.link.instance, told.key): told for one in looks.instances for told in one.surfaces}
    pages = {one.page.about.casefold(): one.page for one in looks.instances if one.page is not None and one.page.about}
    rounds = {(one.model, who): one for one in looks.rounds for who in (*one.gateways, *one.vendors)}
    known: set[tuple[str, str]] = set()
    for surface in looks.surfaces:
        known.add((surface.instance, surface.key))
        told = told_of.get((surface.instance, surface.key))
        records = by_surface.get(surface.surface, ())
        cell = _cell(surface, seen.get(surface.instance), told, records, looks.poll_ms, now_ms)
        page = pages.get(cell.provider.casefold()) if cell.provider else None
        went = rounds.get((surface.model, surface.instance))
        cell = cell if page is None and went is None else replace(cell, page=page, round=went)
        found.setdefault(surface.instance, {}).setdefault(surface.model, []).append(cell)
    for one in looks.instances:
        for listed in one.surfaces:
            if (one.link.instance, listed.key) not in known:
                cell = _unnamed(one, listed, looks.poll_ms, now_ms)
                found.setdefault(one.link.instance, {}).setdefault(listed.model, []).append(cell)
    return _laid_out(found, [one.link.instance for one in looks.instances], seen, now_ms)


def _laid_out(
    found: Mapping[str, Mapping[str, list[Cell]]], order: Sequence[str], seen: Mapping[str, InstanceLook], now_ms: int
) -> Board:
    rows = tuple(sorted({model for models in found.values() for model in models}))
    columns: list[Column] = []
    cells: dict[tuple[int, int], Cell] = {}
    for instance in [*(one for one in order if one in found), *sorted(found.keys() - set(order))]:
        models = found[instance]
        name = seen[instance].link.name if instance in seen else f"provider ..{instance[-4:]}"
        first = len(columns)
        columns += [Column(instance=instance, name=name, lane=at) for at in range(max(map(len, models.values())))]
        for row, model in enumerate(rows):
            for lane, cell in enumerate(sorted(models.get(model, ()), key=lambda one: (one.name, one.surface))):
                cells[row, first + lane] = cell
    return Board(now_ms=now_ms, rows=rows, columns=tuple(columns), cells=cells)


def _recorded(corrections: Iterable[Standing]) -> dict[str, tuple[Recorded, ...]]:
    """What our record has in force, or under way, on every surface. Canaries are no restriction of anybody."""
    found: dict[str, list[Recorded]] = {}
    for one in corrections:
        wanted = {*PENDING, *QUEUED, *(IN_FORCE if one.direction == "contain" else ()), "attention"}
        for target in one.targets:
            if target.state in wanted and not target.canary:
                found.setdefault(target.surface, []).append(_record(one, target))
    return {surface: tuple(records) for surface, records in found.items()}


def _record(one: Standing, target: TargetStanding) -> Recorded:
    what = target.lever_title if target.name == target.surface_name else f"{target.lever_title}: {target.name}"
    return Recorded(
        op=one.op, what=what, category=target.category, direction=one.direction, state=target.state,
        since_ms=target.since_ms, by_hand=target.by_hand,
    )  # fmt: skip


def _cell(
    surface: Surface, look: InstanceLook | None, told: SurfaceLook | None, recorded: tuple[Recorded, ...],
    poll_ms: int, now_ms: int,
) -> Cell:  # fmt: skip
    state, was, stale = _state(look, told, poll_ms, now_ms)
    read_ms = _read_ms(look, told)
    by_hand = look is not None and look.link.state == "by-hand"
    attested = [one.since_ms for one in recorded if one.state == "attested"]
    return Cell(
        model=surface.model, instance=surface.instance, provider=look.link.name if look is not None else "",
        surface=surface.surface, name=surface.name or surface.key, state=state, was=was, read_ms=read_ms,
        age_ms=None if read_ms is None else max(0, now_ms - read_ms), stale=stale,
        latency=() if look is None or by_hand else look.latency, reported=() if told is None else told.restrictions,
        recorded=recorded, drifted=any(one.state == "drifted" for one in recorded),
        doubt=_doubt(told, recorded, state), by_hand=by_hand, attested_ms=max(attested, default=None),
        reach=REACH_WORDS.get(surface.reach, surface.reach), detail=_detail(look, told),
    )  # fmt: skip


def _unnamed(look: InstanceLook, told: SurfaceLook, poll_ms: int, now_ms: int) -> Cell:
    """A surface that the provider lists and the organisation never named: a model may be served there unnoticed."""
    state, was, stale = _state(look, told, poll_ms, now_ms)
    return Cell(
        model=told.model, instance=look.link.instance, provider=look.link.name, surface="", name=told.key, state=state,
        was=was, read_ms=told.read_ms, age_ms=max(0, now_ms - told.read_ms), stale=stale, latency=look.latency,
        reported=told.restrictions, detail="The organisation has not named this surface yet.", unnamed=True,
    )  # fmt: skip


def _state(look: InstanceLook | None, told: SurfaceLook | None, poll_ms: int, now_ms: int) -> tuple[str, str, bool]:
    """The state, what it was where that is only remembered, and whether it is stale."""
    if look is None:
        return "elsewhere", "", False
    remembered = "" if told is None else _known(told.state)
    match look.link.state:
        case "by-hand" | "broken" | "unreachable" as word:
            return word, remembered if word != "by-hand" else "", told is not None
        case _:
            pass
    read_ms = _read_ms(look, told)
    if read_ms is None:
        return ("unread" if not look.link.fault or look.link.state == "unread" else "refused"), "", False
    if now_ms - read_ms > STALE_AFTER_POLLS * (look.every_ms or poll_ms):
        return ("refused" if look.link.fault else "stale"), remembered or "gone", True
    return (remembered or "gone"), "", False


def _known(state: str) -> str:
    return state if state in STATES else "unknown"


def _read_ms(look: InstanceLook | None, told: SurfaceLook | None) -> int | None:
    if told is not None:
        return told.read_ms
    return None if look is None else look.link.read_ms


def _detail(look: InstanceLook | None, told: SurfaceLook | None) -> str:
    if look is not None and look.link.fault:
        return look.link.fault
    return "" if told is None else told.detail


def _doubt(told: SurfaceLook | None, recorded: Sequence[Recorded], state: str) -> str:
    """Where a model was withdrawn from the surface by our record, and the provider, read well after, serves it."""
    if told is None or state != "serving" or told.restrictions:
        return ""
    for one in recorded:
        withdrawn = one.direction == "contain" and one.category == "shutdown"
        holds = withdrawn and one.state in ("recorded", "enforced", "unmeasurable")
        if holds and told.read_ms - one.since_ms > _DOUBT_AFTER_MS:
            return f"The provider tells of no restriction, but our record has this {one.state}: {one.what}."
    return ""


# -- words -------------------------------------------------------------------------------------------------------------

_UNITS: Final = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second"))


def spoken_age(age_ms: int) -> str:
    """`12 seconds`, `1 hour`: the largest unit that fits."""
    for size, unit in _UNITS:
        if age_ms >= size:
            count = age_ms // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a second"


def spoken_ago(now_ms: int, at_ms: int) -> str:
    """`12 seconds ago`; `just now` where it is less than one."""
    age_ms = max(0, now_ms - at_ms)
    return f"{spoken_age(age_ms)} ago" if age_ms >= _UNITS[-1][0] else "just now"


def short_age(age_ms: int) -> str:
    """`12 s`, `4 min`, `2 h`, `3 d`."""
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min")):
        if age_ms >= size:
            return f"{age_ms // size} {unit}"
    return f"{age_ms // 1000} s"


def sentence(cell: Cell, now_ms: int) -> str:
    """A cell in spoken words, everything that is on it."""
    names = dict.fromkeys(name for name in (cell.model, cell.name, cell.provider) if name)
    parts = [f"{' at '.join(names)}: {cell.word}."]
    if cell.by_hand:
        known = "Attested by people only" if cell.attested_ms is not None else "Nobody has attested anything here"
        age = "" if cell.attested_ms is None else f", {spoken_ago(now_ms, cell.attested_ms)}"
        parts.append(f"{known}{age}.")
    elif cell.read_ms is not None:
        parts.append(f"Read {spoken_ago(now_ms, cell.read_ms)}.")
    if cell.latency and cell.latency[-1] is not None and not cell.stale:
        parts.append(f"It answers in {cell.latency[-1]} milliseconds.")
    if cell.reach:
        parts.append(f"A correction here {cell.reach}.")
    if cell.reported:
        parts.append(f"The provider reports: {'; '.join(cell.reported)}.")
    parts += [f"Our record: {recorded_words(one)}." for one in cell.recorded]
    if cell.drifted:
        parts.append("It drifted: somebody or something undid it.")
    if cell.doubt:
        parts.append(cell.doubt)
    parts += _hints(cell, now_ms)
    if cell.detail:
        parts.append(f"{cell.detail[:1].upper()}{cell.detail[1:].rstrip('.')}.")
    return " ".join(parts)


def _hints(cell: Cell, now_ms: int) -> list[str]:
    page = [] if cell.page is None else [page_words(cell.page, now_ms)]
    return page if cell.round is None else [*page, round_words(cell.round, now_ms)]


def page_words(page: PageHint, now_ms: int) -> str:
    """The vendor's own page in a sentence, with the age of what it says; a hint, and called one."""
    said = f"{page.indicator}, {page.words}" if page.words else page.indicator
    when = page.updated_ms
    age = "it does not say since when" if when is None else f"changed {spoken_ago(now_ms, when)}"
    trouble = f" {page.trouble}." if page.trouble else ""
    read = spoken_ago(now_ms, page.read_ms)
    return f"The vendor's own page, a hint only: {said} ({age}; read {read}).{trouble}"


def round_words(hint: RoundHint, now_ms: int) -> str:
    """What went round a gateway in a sentence, with the age of what was counted; a lower bound, and called one."""
    age = spoken_age(max(0, now_ms - hint.until_ms))
    told = hint.words.rstrip(".")
    return f"Round the gateway, a hint and a lower bound, of an hour that ended {age} ago: {told}."


def recorded_words(one: Recorded) -> str:
    """`Block a key: batch, enforced since 14:02 UTC`."""
    lift = "lift of " if one.direction == "restore" else ""
    state = {"attested": "attested only", "unmeasurable": "recorded, not measurable"}.get(one.state, one.state)
    at = datetime.fromtimestamp(one.since_ms / 1000, UTC)
    return f"{lift}{one.what}, {state} since {at:%Y-%m-%d %H:%M} UTC"


__all__ = [
    "REACH_WORDS", "STATES", "Board", "Cell", "Column", "Recorded", "Sign", "board", "page_words", "recorded_words",
    "round_words", "sentence", "short_age", "spoken_age",
]  # fmt: skip
