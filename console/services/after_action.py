"""The after-action view of an incident: what happened, when it was contained, what failed, what is open, what follows.

Blameless: it tells entries and lengths of time. Findings are what the record leaves open, not whose fault it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.domain.after_action import STORY_KINDS, Account, Failure, Story, account_of
from console.domain.clocks import LATE_MS, Clock
from console.domain.corrections import NEEDS_PEOPLE
from console.domain.tasks import Task
from console.journal.seen import all_seen
from console.services import checklist, clocks, glass, picture, standing
from console.services.clock_words import length, words_of
from console.services.incidents import IncidentLine
from console.services.picture import Containment, Picture
from console.services.rulings import counted_steps
from console.services.session import Session
from console.services.standing import Standing

_MOST: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One correction's way in words: its title, its state, and each step with how long it took since the one before."""

    doc: str
    title: str
    direction: str
    state: str
    proposed_ms: int
    first_ms: int | None
    second_ms: int | None
    sent_ms: int | None
    in_force_ms: int | None
    held: int
    targets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What did not go as it was meant to: when, what it concerned, what became of it."""

    at_ms: int
    about: str
    what: str
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that an after-action review begins with. `follow_ups` are tasks that come from no plan.

    `contained_ms`: how long it took from the declaration until all that was decided held, where it does. `held`: how
    many targets of what was decided ever held, of how many, and how long after the declaration the last of them did.
    """

    line: IncidentLine
    now_ms: int
    marks: tuple[str, ...]
    account: Account
    containment: Containment
    contained_ms: int | None
    held: tuple[int, int, int | None]
    ways: tuple[Way, ...]
    troubles: tuple[Trouble, ...]
    clocks: tuple[Clock, ...]
    findings: tuple[str, ...]
    follow_ups: tuple[Task, ...]
    steps: tuple[Task, ...]


def review(session: Session, inc: str) -> Review:
    """The review of an incident as this console knows it now.

    Raises:
        WrongUse: when there is no such incident here.
    """
    seen = picture.take(session, inc, marked=False)
    steps = all_seen(counted_steps(session, session.reader.entries(inc, kinds=STORY_KINDS)))
    account = account_of([*steps, *clocks.adopted_in(session, inc)], session.roster.roster)
    told = standing.corrections(session, inc)
    tasks = checklist.tasks_in(session, inc)
    contained = seen.containment.word == "contained"
    ways = tuple(_ways(account.stories, told))
    return Review(
        line=seen.line, now_ms=seen.now_ms, marks=seen.marks, account=account, containment=seen.containment,
        contained_ms=seen.containment.since_ms - seen.line.declared_ms if contained else None,
        held=_held(ways, seen.line.declared_ms), ways=ways, troubles=tuple(_troubles(account.failures, told)),
        clocks=seen.clocks, findings=tuple(_findings(session, seen, account, told, tasks)),
        follow_ups=tuple(one for one in tasks if not one.plan), steps=tuple(one for one in tasks if one.plan),
    )  # fmt: skip


def _ways(stories: Sequence[Story], told: Sequence[Standing]) -> Iterable[Way]:
    known = {one.doc: one for one in told}
    for one in stories:
        stands = known.get(one.doc)
        if stands is None:
            continue  # an earlier revision, or a document whose values are not here
        yield Way(
            doc=one.doc, title=stands.title, direction=stands.direction, state=stands.state,
            proposed_ms=one.proposed_ms, first_ms=one.first_ms, second_ms=one.second_ms, sent_ms=one.sent_ms,
            in_force_ms=one.in_force_ms, held=len(one.held_ms), targets=len(stands.targets),
        )  # fmt: skip


def _held(ways: Sequence[Way], declared_ms: int) -> tuple[int, int, int | None]:
    decided = [one for one in ways if one.direction == "contain" and one.second_ms is not None]
    last = max((one.in_force_ms for one in decided if one.in_force_ms is not None), default=None)
    after = None if last is None else last - declared_ms
    return sum(one.held for one in decided), sum(one.targets for one in decided), after


def _troubles(failures: Sequence[Failure], told: Sequence[Standing]) -> Iterable[Trouble]:
    known = {one.doc: one for one in told}
    for one in failures:
        yield Trouble(at_ms=one.at_ms, about=_about(one, known), entry=one.entry,
                      what=f"{one.words}: {one.text}" if one.text else one.words)  # fmt: skip


def _about(one: Failure, known: Mapping[str, Standing]) -> str:
    stands = known.get(one.doc)
    if stands is None:
        return "" if not one.doc else f"correction {one.doc[:8]}"
    target = next((target for target in stands.targets if target.index == one.target), None)
    if target is None:
        return stands.title
    return f"{target.lever_title}: {target.name} at {target.instance_name}"


# -- what is open ------------------------------------------------------------------------------------------------------


def _findings(
    session: Session, seen: Picture, account: Account, told: Sequence[Standing], tasks: Sequence[Task]
) -> Iterable[str]:
    found = [
        *_of_corrections(session, seen, told), *_of_clocks(seen, account), *_of_people(session, seen, account),
        *_of_tasks(session, tasks, seen.now_ms),
    ]  # fmt: skip
    return found[:_MOST] + ([f"and {len(found) - _MOST} more"] if len(found) > _MOST else [])


def _of_corrections(session: Session, seen: Picture, told: Sequence[Standing]) -> Iterable[str]:
    for one in told:
        for target in one.targets:
            if target.state in NEEDS_PEOPLE:
                yield f"{target.lever_title}: {target.name} at {target.instance_name} is {target.state}."
    counts = seen.containment
    if counts.attested:
        yield _one_or_more(counts.attested, "correction rests", "corrections rest", "on a person's word alone.")
    if counts.recorded:
        yield _one_or_more(counts.recorded, "correction was", "corrections were", "read back, and never measured.")
    covered = {one.surface for one in seen.taken}
    concerned = {one.model for one in seen.taken}
    names = standing.Names(session)
    for surface in seen.surfaces:
        if surface.model in concerned and surface.surface not in covered:
            name, provider = surface.name or surface.key, names.instance(surface.instance)
            place = name if name == provider else f"{name} at {provider}"
            yield f"{surface.model} is offered as {place}, where nothing restricts it."


def _one_or_more(count: int, one: str, many: str, rest: str) -> str:
    return f"{count} {one if count == 1 else many} {rest}"


def _of_clocks(seen: Picture, account: Account) -> Iterable[str]:
    for one in seen.clocks:
        words = words_of(one, seen.now_ms)
        if one.state in ("missed", "met late"):
            yield f"{words.title}: {words.left}."
        elif one.state == "provisional":
            yield f"{one.regime.short}: awareness is neither determined nor set aside."
    late = [one for one in account.marks.facts if one.written_ms - one.at_ms > LATE_MS]
    for fact in late:
        yield f"A fact was written {length(fact.written_ms - fact.at_ms)} after it was known: {fact.text[:120]}"
    if not account.marks.facts:
        yield "No knowledge fact is recorded: nothing says since when it was known."


def _of_people(session: Session, seen: Picture, account: Account) -> Iterable[str]:
    for person in account.declared_too:
        yield f"{session.name_of(person)} declared it too: whoever commands had to be agreed."
    for one in glass.broken(session, seen.inc):
        if one.state != "ratified":
            yield f"What {session.name_of(one.by)} sent alone is not ratified: {one.title}."
    slow = [one for one in account.stories if one.first_ms is not None and one.second_ms is None]
    if slow:
        yield _one_or_more(len(slow), "proposal was", "proposals were", "signed by one and never by enough.")


def _of_tasks(session: Session, tasks: Sequence[Task], now_ms: int) -> Iterable[str]:
    for one in tasks:
        if one.overdue(now_ms):
            yield f"Overdue: {one.text} ({one.owner or 'nobody named'})"
        elif one.state == "dropped":
            yield f"Dropped by {session.name_of(one.by)}: {one.text} {one.note}".rstrip()
    follow_ups = [one for one in tasks if not one.plan]
    for one in follow_ups:
        if one.state == "open" and not (one.owner and one.due_ms is not None):
            yield f"A follow-up without {'an owner' if not one.owner else 'a day'}: {one.text}"
    if not follow_ups:
        yield "No follow-up is set: what changes, who does it, until when?"


__all__ = ["Review", "Trouble", "Way", "review"]
