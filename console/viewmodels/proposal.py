"""The composer of a correction: which surfaces, which lever, how much, why; and beside it what that would mean.

A draft is a value; every change gives another. All surfaces of the model are chosen at first, and the mildest lever of
the kind; whatever is left out is said. It reads nothing and proposes nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from console.domain import flight
from console.domain.actions import ASK
from console.domain.deceit import shown
from console.domain.render import REACHES, REVERSALS, WHOLE
from console.providers.wishes import BACK, PATCH
from console.services.corrections import LeftOut, TargetWish, Trial, TrialTarget
from console.services.levers import LeverLine, Options
from console.services.planning import DAY_MS, Direction
from console.viewmodels import approval_words as say

BY_HAND_FIELDS: Final = ("instruction", "who", "by", "contact", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One target as composed. `levers` are what its surface offers in this kind, the mildest first.

    Where there are none, `cannot` says why and `instead` names levers of other kinds; else `instead` are those that do
    less at the same place. `params` are texts by name.
    """

    options: Options
    chosen: bool
    lever: str
    levers: tuple[LeverLine, ...]
    instead: tuple[LeverLine, ...]
    cannot: str
    selector: str = ""
    params: tuple[tuple[str, str], ...] = ()
    canary: bool = False
    assignee: str | None = None

    @property
    def line(self) -> LeverLine | None:
        """The lever that is chosen."""
        return next((one for one in (*self.levers, *self.instead) if one.name == self.lever), None)

    @property
    def where(self) -> str:
        """The surface and its provider."""
        return shown(f"{self.options.surface.name} at {self.options.provider or 'a provider not connected here'}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDraft:
    """A correction being composed. Every method gives the changed draft; `problems` says what is still wanting."""

    model: str
    category: str
    direction: Direction = "contain"
    rows: tuple[Row, ...] = ()
    reason: str = ""
    if_not: str = ""
    criteria: str = ""
    review_in_ms: int = DAY_MS

    @staticmethod
    def start(options: Sequence[Options], model: str, category: str, direction: Direction = "contain") -> ProposalDraft:
        """All surfaces of the model chosen, each with the mildest lever of this kind."""
        rows = tuple(_row(one, category) for one in options if one.surface.model == model)
        return ProposalDraft(model=model, category=category, direction=direction, rows=rows)

    # -- changing it ---------------------------------------------------------------------------------------------------

    def _at(self, at: int, row: Row) -> ProposalDraft:
        return replace(self, rows=(*self.rows[:at], row, *self.rows[at + 1 :]))

    def choose(self, at: int, chosen: bool) -> ProposalDraft:  # noqa: FBT001  the box's own state
        """Take a row in, or leave it out; one without a lever stays out."""
        row = self.rows[at]
        return self._at(at, replace(row, chosen=chosen and bool(row.lever)))

    def pull(self, at: int, lever: str) -> ProposalDraft:
        """Another lever of that surface, also of another kind; parameters begin anew."""
        row = self.rows[at]
        found = next((one for one in row.options.levers if one.name == lever), None)
        if found is None:
            return self
        return self._at(
            at,
            replace(
                row, lever=lever, chosen=True, selector=_selector(found, row), params=_defaults(found, self.category)
            ),
        )

    def select(self, at: int, selector: str) -> ProposalDraft:
        """Which key, team, user or deployment."""
        return self._at(at, replace(self.rows[at], selector=selector.strip()))

    def select_everywhere(self, selector: str) -> ProposalDraft:
        """The same selector for every row whose lever selects something narrower than its surface, canaries aside."""
        rows = tuple(
            replace(row, selector=selector.strip()) if _narrow(row) and not row.canary else row for row in self.rows
        )
        return replace(self, rows=rows)

    def set(self, at: int, name: str, text: str) -> ProposalDraft:
        """A parameter of a row."""
        params = {**dict(self.rows[at].params), name: text}
        return self._at(at, replace(self.rows[at], params=tuple(params.items())))

    def ask(self, at: int, assignee: str | None = None, **fields: str) -> ProposalDraft:
        """Of a by-hand row: instruction, who, by, contact, ticket; `assignee` is the member who sees to it."""
        params = dict(self.rows[at].params)
        params |= {name: fields[name] for name in BY_HAND_FIELDS if name in fields}
        return self._at(at, replace(self.rows[at], params=tuple(params.items()), assignee=assignee))

    def another(self, at: int, *, canary: bool = False) -> ProposalDraft:
        """A further target at the same surface, with the same lever; as a canary, if asked."""
        row = replace(self.rows[at], selector="", canary=canary, chosen=True)
        return replace(self, rows=(*self.rows[: at + 1], row, *self.rows[at + 1 :]))

    def drop(self, at: int) -> ProposalDraft:
        """Remove a further target; the last of a surface is left out instead, so that it stays visible."""
        surface = self.rows[at].options.surface.surface
        if sum(row.options.surface.surface == surface for row in self.rows) == 1:
            return self.choose(at, False)  # noqa: FBT003  as `choose`
        return replace(self, rows=(*self.rows[:at], *self.rows[at + 1 :]))

    def said(self, reason: str | None = None, if_not: str | None = None, criteria: str | None = None) -> ProposalDraft:
        """Why; what happens otherwise; when it may be lifted. What is not given stays."""
        return replace(
            self,
            reason=self.reason if reason is None else reason,
            if_not=self.if_not if if_not is None else if_not,
            criteria=self.criteria if criteria is None else criteria,
        )

    def review_in(self, ms: int) -> ProposalDraft:
        """When people have to look at it again, from now."""
        return replace(self, review_in_ms=ms)

    # -- what it comes to ----------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The rows taken in."""
        return tuple(row for row in self.rows if row.chosen)

    def wishes(self) -> tuple[TargetWish, ...]:
        """The targets as they would be planned, in order."""
        return tuple(
            TargetWish(
                provider=row.options.surface.instance, surface=row.options.surface.surface, lever=row.lever,
                selector=row.selector, params={name: text for name, text in row.params if text}, canary=row.canary,
                assignee=row.assignee,
            )
            for row in self.chosen
        )  # fmt: skip

    def left_out(self) -> tuple[str, ...]:
        """Surfaces of the model that are not touched, each with the reason."""
        touched = {row.options.surface.surface for row in self.chosen}
        return tuple(
            f"{row.where}: {row.cannot or 'not chosen'}"
            for row in self.rows
            if row.options.surface.surface not in touched
        )

    def problems(self) -> tuple[str, ...]:
        """What is still wanting before it can be proposed, as sentences."""
        found = [] if self.chosen else ["No target is chosen."]
        found += [sentence for row in self.chosen for sentence in _wanting(row)]
        if not self.reason.strip():
            found.append("Say why: everybody who signs reads it.")
        return tuple(found)


def _row(one: Options, category: str) -> Row:
    levers = one.of(category)
    first = levers[0] if levers else None
    why = one.broken or dict(one.cannot).get(category, "" if levers else "it has no lever of this kind")
    row = Row(
        options=one, chosen=first is not None, lever="" if first is None else first.name, levers=levers,
        instead=_milder(one, levers) if levers else one.levers, cannot="" if levers else why,
    )  # fmt: skip
    if first is None:
        return row
    return replace(row, selector=_selector(first, row), params=_defaults(first, category))


def _milder(one: Options, levers: Sequence[LeverLine]) -> tuple[LeverLine, ...]:
    """Levers of other kinds that do less at the same place than those of this kind."""
    named = {line.milder for line in levers} - {line.name for line in levers}
    return tuple(line for line in one.levers if line.name in named)


def _selector(lever: LeverLine, row: Row) -> str:
    """A lever that reaches the whole surface selects the surface itself; a narrow one has to be told."""
    return row.options.surface.key if lever.wide else ""


def _defaults(lever: LeverLine, category: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.name, category if one.name == "category" and one.choices else one.default) for one in lever.params
    )


def _narrow(row: Row) -> bool:
    return row.line is not None and not row.line.wide and not row.options.by_hand


def _wanting(row: Row) -> list[str]:
    line, given = row.line, dict(row.params)
    if line is None:
        return [f"{row.where}: choose what is to be done."]
    found = [f"{row.where}: say which {line.selector}."] if _narrow(row) and not row.selector else []
    missing = [one.title for one in line.params if one.required and not given.get(one.name, "").strip()]
    return found + [f"{row.where}: {title} is missing." for title in missing]


# -- what it would mean ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One of several ways, side by side: another `lever` here, another `surface`, or neither: nothing is there yet."""

    title: str
    told: str
    lever: str = ""
    surface: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One target of a trial in words. `why_not` is set where it cannot be done; `waits` where it may be later.

    `instead` says what can be done there instead, or what does less; `offers` are the same as (lever, title).
    `changes` are (field, now, then); `magnitudes` (what with its unit, wished, now). `ways` are what its provider names
    instead, side by side. `text` is what a person follows who carries it out.
    """

    what: str
    where: str
    possible: bool
    waits: bool
    why_not: str
    next_step: str
    instead: tuple[str, ...]
    offers: tuple[tuple[str, str], ...] = ()
    ways: tuple[Way, ...] = ()
    text: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    magnitudes: tuple[tuple[str, str, str], ...] = ()
    sends: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    reach: str = ""
    reversal: str = ""
    affected: str = ""
    in_flight: str = ""
    notes: tuple[str, ...] = ()
    read_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """What stands beside the composer. `affected` says at how many targets users cannot be counted."""

    lines: tuple[PlanLine, ...]
    gravity: str
    why: str
    affected: str
    can_sign: tuple[str, ...]
    cannot: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...]
    ready: bool


def trial_view(trial: Trial, names: Mapping[str, str], now_ms: int) -> TrialView:
    """A trial in words; `names` are what people are called here."""

    def called(person: str) -> str:
        return shown(names.get(person, person))

    return TrialView(
        lines=tuple(_plan_line(one, trial, now_ms) for one in trial.targets),
        gravity=trial.gravity or "",
        why=trial.why,
        affected=_affected(trial),
        can_sign=tuple(called(one) for one in trial.can_sign),
        cannot=tuple((called(one), why) for one, why in trial.cannot),
        missing=trial.missing,
        left_out=tuple(_left(one) for one in trial.left_out),
        ready=trial.ready,
    )


def _affected(trial: Trial) -> str:
    """Users over all targets, and at how many of them nobody can count."""
    if trial.affected_known is None:
        return say.NOT_COUNTABLE
    told = say.count(trial.affected_known, "user", "users")
    return f"{told}; not countable at {trial.uncounted} more" if trial.uncounted else told


def _left(one: LeftOut) -> tuple[str, tuple[str, ...]]:
    return shown(one.sentence), tuple(map(_offer, one.options))


def _offer(lever: LeverLine) -> str:
    wide = f"reaches {WHOLE[lever.reach]} it" if lever.wide else f"one {lever.selector}"
    return f"{lever.title} ({lever.name}): {wide}, {REVERSALS[lever.reversal]}"


def _by_hand(one: TrialTarget) -> bool:
    return one.wish.lever == ASK or (one.lever is not None and one.lever.by_hand)


def _ways(one: TrialTarget) -> tuple[Way, ...]:
    """What the provider itself names, the mildest first, and last the vendor's own switch."""
    if not one.ways:
        return ()
    found = [Way(title=lever.title, told=_way(lever), lever=lever.name) for lever in one.instead]
    for other in one.elsewhere:
        how = "people there are asked; known by their word only" if other.by_hand else "by what it can do there"
        found.append(Way(title=f"At {shown(other.provider)}", told=f"The vendor's own switch: {how}.",
                         surface=other.surface.surface))  # fmt: skip
    if not one.elsewhere:
        told = "Connect the vendor, or a provider `manual` for people there who are asked."
        found.append(Way(title="At the vendor", told=f"The vendor's own switch. {told}"))
    return tuple(found)


def _way(lever: LeverLine) -> str:
    how = "A person does it by a text; it is read back and tried then" if lever.by_hand else "Sent from here"
    return f"{how}; {REVERSALS[lever.reversal]}."


def _plan_line(one: TrialTarget, trial: Trial, now_ms: int) -> PlanLine:
    wish, plan = one.wish, one.planned
    verb, noun = say.verb_of(wish.lever, trial.direction)
    what = f"{verb} {noun} {shown(wish.selector if plan is None else plan.name)}".strip()
    if _by_hand(one):
        what = f"ask {shown(dict(plan.params if plan else wish.params).get('who', '') or 'somebody')} by hand"
    line = PlanLine(
        what=what, where=shown(one.surface.name if one.surface else wish.provider), possible=plan is not None,
        waits=one.waits, why_not=shown(one.why_not), next_step=one.next_step, instead=tuple(map(_offer, one.instead)),
        offers=tuple((lever.name, lever.title) for lever in one.instead), ways=_ways(one),
    )  # fmt: skip
    if plan is None:
        return line
    fields = dict.fromkeys((*plan.pre, *plan.wanted))
    in_flight, notes = flight.split(plan.notes)
    return replace(
        line,
        changes=tuple(
            (say.field(name), say.value(plan.pre.get(name)), say.value(plan.wanted.get(name))) for name in fields
        ),
        magnitudes=tuple(
            (shown(found.title), shown(found.value), say.value(found.present)) for found in one.magnitudes
        ),
        sends=tuple(shown(f"{request.method} {request.path} {request.body}".strip()) for request in plan.requests),
        reverts=tuple(shown(f"{request.method} {request.path} {request.body}".strip()) for request in plan.revert),
        reach=REACHES[plan.reach],
        reversal=REVERSALS[plan.reversal],
        affected=say.affected(plan.affected),
        in_flight=shown(in_flight) if trial.direction == "contain" and not _by_hand(one) else "",
        text="\n".join(map(shown, plan.params.get(PATCH if trial.direction == "contain" else BACK, "").splitlines())),
        notes=tuple(map(shown, notes)),
        read_at=say.clock(plan.pre_read_ms, now_ms),
    )
