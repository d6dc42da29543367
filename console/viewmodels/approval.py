"""What the confirmation shows: what, where, how many, why, what if not, who else, until when; and whether to sign.

Made from the bytes that would be signed, read anew; live readings stand beside and never replace them. No Qt here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from console.domain import flight
from console.domain.actions import Action, Extension, Ratification
from console.domain.agreements import concerns
from console.domain.deceit import shown
from console.domain.render import BREAK_GLASS, MIN_BREAK_GLASS_REASON, REACHES, REVERSALS, UNDERSTATED, WHOLE, Line
from console.domain.sheet import Sheet, SheetRequest, SheetTarget, odd_texts, scope_of
from console.providers.wishes import BACK, PATCH
from console.runtime.clock import Clock
from console.services.approvals import Reading
from console.services.presented import Presented
from console.services.readings import FALLBACK_AT
from console.viewmodels import approval_words as say
from console.viewmodels.approval_standing import WhoElse, WindowView, called, may_refuse, problems, who_else, windows
from console.viewmodels.guard import Choice, Guard

NOT_SAID = "The proposer has not said what happens otherwise."
NO_FALLBACK_SAID = "The proposer has not said what answers instead."


@dataclass(frozen=True, slots=True)
class RequestView:
    """One exact request: method and path, its kind in words, its body line by line."""

    head: str
    kind: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a person or a vendor is asked to do. Empty where it was not said.

    `text` is what they follow, in the direction of this correction; `back` what takes that back.
    """

    instruction: str
    who: str
    contact: str
    ticket: str
    by: str
    assignee: str
    text: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """One target in words. `name` is as signed; `name_here` is what this console read, empty where it read nothing.

    `whole` is who is meant where nobody is selected. `changes` are (field, old, new); `asked` and `more` are what else
    the target says. `contradicts` marks a reading that speaks against what is signed.
    """

    number: int
    name: str
    name_here: str
    reading: str
    contradicts: bool
    lever: str
    selector: str
    how_many: str
    model: str
    surface: str
    provider: str
    reach: str
    reversal: str
    irreversible: bool
    whole: str
    canary: bool
    affected: str
    in_flight: str = ""
    changes: tuple[tuple[str, str, str], ...]
    read_by_proposer: str
    asked: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    requests: tuple[RequestView, ...]
    revert: tuple[RequestView, ...]
    by_hand: ByHand | None
    dispatchers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document that is no correction: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """The confirmation, whole. `can_sign` false has its sentence in `why_not`; `can_refuse` may still be true.

    `direction` and `gravity` are empty for what is no correction; then `sections` hold the content. `fallback` is what
    answers instead as it is signed, `fallback_now` how this console read it.
    """

    sha: str
    kind: str
    headline: str
    direction: str = ""
    gravity: str = ""
    gravity_why: str = ""
    incident: str = ""
    severity: str = ""
    reason: str = ""
    left_out: tuple[str, ...] = ()
    if_not: str = ""
    fallback: str = ""
    fallback_now: str = ""
    agreements: tuple[str, ...] = ()
    lift_criteria: str = ""
    targets: tuple[TargetView, ...] = ()
    sections: tuple[Section, ...] = ()
    who: WhoElse | None = None
    until: tuple[WindowView, ...] = ()
    undo: str = ""
    digest_words: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    can_sign: bool = False
    can_refuse: bool = False
    why_not: str = ""
    to_type: str = ""
    to_type_is: str = ""
    readings: tuple[Reading, ...] = field(default=(), repr=False)

    @property
    def contradiction(self) -> str:
        """What a reading says against what is signed; empty where none does. It alone begins the guard anew."""
        return "; ".join(f"target {one.number}: {one.reading}" for one in self.targets if one.contradicts)


def approval_view(paper: Presented, readings: Sequence[Reading] = (), *, person: str | None = None) -> ApprovalView:
    """The view of a document for one person (this console's own, unless a guest at the seat is named)."""
    who = person or paper.me
    found = problems(paper, who)
    base = ApprovalView(
        sha=paper.sha,
        kind="" if paper.document is None else _type_of(paper),
        headline="This document cannot be shown here.",
        incident=shown(paper.incident),
        who=who_else(paper),
        digest_words=tuple(paper.words.split()),
        problems=found,
        can_sign=not found,
        can_refuse=may_refuse(paper),
        why_not=found[0] if found else "",
        to_type=paper.to_type,
        to_type_is=paper.to_type_is,
        readings=tuple(readings),
    )
    if paper.sheet is not None:
        return _of_action(base, paper, paper.sheet, {one.target: one for one in readings})
    sections = sections_of(paper.lines)
    return replace(
        base,
        headline=_named(f"{sections[0].heading}.", paper) if sections else base.headline,
        sections=(*sections, *_about(paper)),
        until=windows(paper),
        warnings=tuple(line.text for line in paper.lines if line.kind == "warning"),
    )


def signed_part(view: ApprovalView) -> ApprovalView:
    """What of a view is signed, or decided by others: where it changes, the guard begins anew.

    Readings, limits of time and who could still sign come and go beside it.
    """
    targets = tuple(replace(one, name_here="", reading="", contradicts=False) for one in view.targets)
    who = None if view.who is None else replace(view.who, missing=(), can_sign=(), cannot=())
    return replace(
        view, targets=targets, who=who, until=(), readings=(), problems=(), can_sign=False, can_refuse=False,
        why_not="", fallback_now="",
    )  # fmt: skip


def choices_of(view: ApprovalView) -> tuple[Choice, ...]:
    """What may be signed about it: approval and refusal each for themselves."""
    allowed: tuple[tuple[Choice, bool], ...] = (("approve", view.can_sign), ("refuse", view.can_refuse))
    return tuple(choice for choice, may in allowed if may)


def guard_of(clock: Clock, view: ApprovalView) -> Guard:
    """The guard of this confirmation as first shown. Where nothing may be signed it is locked, with the reason.

    When the view is made anew: `content_changed(view.sha)` if what is signed was drawn again, `contradicted()` if
    `view.contradiction` is new, and `permit(choices_of(view))` always.
    """
    choices = choices_of(view)
    guard = Guard(clock, digest=view.sha, gravity=view.gravity or None, to_type=view.to_type, choices=choices)
    if not choices:
        guard.forbid("problem", view.why_not or "It cannot be signed here.")
    return guard


def _named(heading: str, paper: Presented) -> str:
    """A heading with the incident called as people call it; its id stands in the text below."""
    inc = getattr(paper.document, "inc", None)
    return heading.replace(inc, shown(paper.incident)) if isinstance(inc, str) and paper.incident else heading


def _type_of(paper: Presented) -> str:
    return "action.v1" if isinstance(paper.document, Action) else getattr(paper.document, "doc_type", "")


# -- corrections -------------------------------------------------------------------------------------------------------


def _of_action(base: ApprovalView, paper: Presented, sheet: Sheet, read: Mapping[int, Reading]) -> ApprovalView:
    action = sheet.action
    return replace(
        base,
        headline=say.headline(sheet.targets, action.direction, paper.names),
        direction="take away" if action.direction == "contain" else "give back",
        gravity=action.gravity if sheet.weight is None else sheet.weight,
        gravity_why=f"{UNDERSTATED} {sheet.why}" if sheet.understated else sheet.why,
        severity=f"SEV-{action.severity}",
        reason=_lines_shown(sheet.parts.why or sheet.reason),
        left_out=tuple(map(shown, sheet.parts.left_out)),
        if_not=shown(sheet.parts.if_not) or NOT_SAID,
        fallback=shown(sheet.parts.fallback) or (NO_FALLBACK_SAID if _takes_away_all(sheet) else ""),
        fallback_now=say.fallback_words(read.get(FALLBACK_AT), paper.now_ms) if sheet.parts.fallback else "",
        agreements=tuple(map(shown, sheet.parts.agreements)),
        lift_criteria=_lines_shown(sheet.lift_criteria or ""),
        targets=tuple(_target(number, one, paper, read.get(number - 1)) for number, one in enumerate(sheet.targets, 1)),
        until=windows(paper),
        undo=_undo(action),
        warnings=_warnings(sheet, paper),
    )


def _takes_away_all(sheet: Sheet) -> bool:
    """Whether everybody somewhere loses the model by it, so that what answers instead is asked for."""
    reached = [one.target for one in sheet.targets if one.target.category == "shutdown" and not one.target.canary]
    return sheet.action.direction == "contain" and bool(reached)


def _target(number: int, one: SheetTarget, paper: Presented, reading: Reading | None) -> TargetView:
    target, names = one.target, paper.names
    direction = "contain" if paper.sheet is None else paper.sheet.action.direction
    asked = dict(one.asked)
    in_flight, notes = flight.split(one.notes)
    texts = (asked.pop(PATCH, ""), asked.pop(BACK, "")) if target.by_hand else ("", "")
    texts = texts if direction == "contain" else texts[::-1]
    by_hand = ByHand(
        instruction=_lines_shown(asked.pop("instruction", "")), who=shown(asked.pop("who", "")),
        contact=shown(asked.pop("contact", "")), ticket=shown(asked.pop("ticket", "")), by=shown(asked.pop("by", "")),
        assignee=shown(names.get(target.assignee, target.assignee)) if target.assignee else "",
        text=_lines_shown(texts[0]), back=_lines_shown(texts[1]),
    ) if target.by_hand else None  # fmt: skip
    return TargetView(
        number=number,
        name=shown(one.name),
        name_here=shown(reading.name) if reading is not None else "",
        reading=say.reading_words(reading, one.read_ms, paper.now_ms),
        contradicts=reading is not None and reading.contradicts,
        lever=say.lever(one, direction),
        selector=shown(one.selector),
        how_many=say.how_many(target),
        model=shown(target.model),
        surface=called(target.surface, names),
        provider=called(target.instance, names),
        reach=REACHES[target.reach],
        reversal=REVERSALS[target.reversal],
        irreversible=target.reversal == "none",
        whole=WHOLE[target.reach].rpartition(" ")[0] if target.selectors == 0 else "",
        canary=target.canary,
        affected=say.affected(one.affected),
        in_flight="" if target.by_hand or direction == "restore" else shown(in_flight),
        changes=tuple((say.field(c.field), say.value(c.old), say.value(c.new)) for c in one.changes),
        read_by_proposer="" if one.read_ms is None else say.clock(one.read_ms, paper.now_ms),
        asked=tuple((say.param(name), say.told(name, text)) for name, text in asked.items() if text),
        more=(*((shown(name), shown(text)) for name, text in one.more), *_drawn(number, paper)),
        notes=tuple(map(shown, notes)),
        requests=tuple(map(_request, one.requests)),
        revert=tuple(map(_request, one.revert)),
        by_hand=by_hand,
        dispatchers=tuple(called(feed, names) for feed in target.dispatchers),
    )


def _drawn(number: int, paper: Presented) -> Iterator[tuple[str, str]]:
    """The rows drawn from a list, the same on every signer's screen, and what this console protects in it."""
    for one in paper.lists:
        if one.target == number - 1:
            yield f"{len(one.drawn)} of {one.count} drawn by the document", ", ".join(map(shown, one.drawn))
            for account, why in one.protected:
                yield "Protected on this console", f"{shown(account)}: {shown(why)}"


def _request(one: SheetRequest) -> RequestView:
    body = tuple(shown(line) for line in one.body.split("\n")) if one.body else ()
    return RequestView(shown(one.head), shown(one.kind), body)


def _warnings(sheet: Sheet, paper: Presented) -> tuple[str, ...]:
    action = sheet.action
    found: list[str] = [UNDERSTATED] if sheet.understated else []
    if action.break_glass:
        found.append(BREAK_GLASS)
        if len(sheet.reason.strip()) < MIN_BREAK_GLASS_REASON:
            found.append(f"The reason is shorter than {MIN_BREAK_GLASS_REASON} characters.")
    for number, one in enumerate(sheet.targets, 1):
        target = one.target
        if target.reversal == "none":
            found.append(f"Target {number} CANNOT BE REVERTED.")
        if target.selectors == 0:
            found.append(f"Target {number} reaches {WHOLE[target.reach]} {shown(one.name)}.")
        if target.all_surfaces:
            found.append(f"Target {number} is part of taking {shown(target.model)} off all its surfaces.")
        if target.credential == "in-use":
            found.append(f"Target {number} revokes a credential that is in use.")
    for hit in paper.lists:
        found += [f"Target {hit.target + 1} restricts {shown(name)}, protected here: {shown(why)}."
                  for name, why in hit.protected]  # fmt: skip
    found += paper.strange
    found += map(shown, concerns(sheet.parts.agreements, action.execute_by - action.created))
    return (*found, *(f"Look closely at the {word}: {why}." for word, why in odd_texts(sheet)))


def _undo(action: Action) -> str:
    if action.undo_within_s is not None:
        return f"Any one signer may undo it within {action.undo_within_s // 60} min of its dispatch, once, exactly."
    if action.undoes is not None:
        return f"It undoes the correction with the document {action.undoes[:16]}."
    return "It has no undo: giving it back needs its own approval."


# -- other documents ---------------------------------------------------------------------------------------------------


def sections_of(lines: Sequence[Line]) -> tuple[Section, ...]:
    """A document's text by its headings."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.kind == "heading":
            found.append((line.text, []))
        elif found:
            found[-1][1].append(line.text)
    return tuple(Section(heading, tuple(told)) for heading, told in found)


def _about(paper: Presented) -> tuple[Section, ...]:
    """The correction that an extension or a ratification is about, where it is known here."""
    before = None if paper.facts is None else paper.facts.undone
    if not isinstance(paper.document, Extension | Ratification) or before is None:
        return ()
    scope = scope_of(before.targets)
    places = list(dict.fromkeys(called(target.surface, paper.names) for target in before.targets))
    lines = [
        f"{'Take away' if before.direction == 'contain' else 'Give back'}, gravity {before.gravity}",
        f"{say.count(scope.targets, 'target', 'targets')} on {', '.join(places)}",
        f"Levers: {', '.join(dict.fromkeys(target.lever for target in before.targets))}",
    ]
    if paper.facts is not None and paper.facts.undone_signers:
        signers = sorted(called(one, paper.names) for one in paper.facts.undone_signers)
        lines.append(f"Signed by {', '.join(signers)}")
    return (Section("The correction it is about", tuple(lines)),)


def _lines_shown(text: str) -> str:
    return "\n".join(shown(line) for line in text.split("\n"))
