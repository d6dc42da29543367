"""One incident as it stands now, for whoever has to tell it: how sure, not yet and why, who commands, what was said.

It reads the record and nothing else. It never says more than entries recorded; unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.clocks import Clock
from console.domain.command import ROLE_KINDS, fold_roles
from console.domain.errors import WrongUse
from console.journal.seen import all_seen
from console.journal.values import Stored
from console.services import clocks, incidents, providers, standing
from console.services.incidents import IncidentLine
from console.services.said import NextUpdate, Said, next_update, said_in
from console.services.session import Session
from console.services.standing import Standing, TargetStanding

Sure = Literal["enforced", "recorded", "attested", "asked", "not yet", "over"]
ContainmentWord = Literal["uncontained", "partly", "contained", "given back"]
HELD: Final[tuple[Sure, ...]] = ("enforced", "recorded", "attested")
DRILL: Final = "DRILL: practice, nothing here is real"
ALSO_DECLARED: Final = "declared it too"
PROVISIONAL: Final = "PROVISIONAL: ONE PERSON"
_SURE: Final[dict[str, Sure]] = {
    "enforced": "enforced", "recorded": "recorded", "unmeasurable": "recorded", "attested": "attested",
    "accepted": "asked", "refused": "over", "cancelled": "over", "superseded": "over", "lifted": "over",
}  # fmt: skip
_DEAD: Final = ("failed", "stale", "expired", "attention", "unknown")  # a later action on the same place replaces it
_HOLDS: Final[dict[str, Sure]] = {
    "dispatch.enforced": "enforced", "dispatch.recorded": "recorded", "dispatch.unmeasurable": "recorded",
    "correction.attested": "attested",
}  # fmt: skip
_BREAKS: Final = (
    "dispatch.intent", "dispatch.drifted", "dispatch.passed", "dispatch.unknown", "dispatch.failed",
    "dispatch.requeued",
)  # fmt: skip
_WHY: Final = {
    "proposed": "waits for signatures", "approved": "signed, waits to be sent", "queued": "signed, waits to be sent",
    "dispatching": "being sent", "unknown": "sent, outcome unknown", "failed": "failed",
    "stale": "the state had changed: back to people", "expired": "expired before it was done",
    "drifted": "undone by others", "attention": "needs a person",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One target of a correction. `sure` says how far it holds; `held_ms` since when, where it does.

    `why` says in fixed words why it does not hold; `detail` adds what the provider or a person said, for colleagues.
    """

    op: str
    direction: str
    authorised: bool
    name: str
    lever: str
    category: str
    model: str
    surface: str
    surface_name: str
    instance: str
    instance_name: str
    by_hand: bool
    canary: bool
    state: str
    since_ms: int
    sure: Sure
    held_ms: int | None
    why: str
    detail: str
    reach: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What people did themselves, outside any signed action: their word for it, and when it was done (ms)."""

    entry: str
    direction: str
    outcome: str
    category: str
    name: str
    done_ms: int


@dataclass(frozen=True, slots=True)
class Containment:
    """Whether what was decided holds, and since when (ms). Counts of targets by how sure it is, canaries left out.

    `contained` says that everything decided holds as far as `counts` tell, and nothing about what nobody decided.
    """

    word: ContainmentWord
    since_ms: int
    enforced: int = 0
    recorded: int = 0
    attested: int = 0
    asked: int = 0
    waiting: int = 0

    @property
    def held(self) -> int:
        """Targets that hold, however sure."""
        return self.enforced + self.recorded + self.attested

    @property
    def total(self) -> int:
        """All targets that were decided and are not over."""
        return self.held + self.asked + self.waiting

    @property
    def observed(self) -> bool:
        """Whether every one of them was observed to be enforced."""
        return self.total > 0 and self.enforced == self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An incident at one moment. `roles` are (role, person); `marks` go before everything else."""

    inc: str
    now_ms: int
    marks: tuple[str, ...]
    line: IncidentLine
    roles: tuple[tuple[str, str], ...]
    measures: tuple[Measure, ...]
    by_hand: tuple[ByHand, ...]
    containment: Containment
    said: tuple[Said, ...]
    update: NextUpdate | None
    surfaces: tuple[providers.Surface, ...]
    clocks: tuple[Clock, ...] = ()

    @property
    def declared(self) -> Said | None:
        """The words of the declaration that counts (`console.domain.command.declared_in`), as they stand now."""
        return next((one for one in self.said if one.entries[0] == self.line.declared), None)

    @property
    def taken(self) -> tuple[Measure, ...]:
        """What takes access away and is not over, canaries left out."""
        return tuple(one for one in self.measures if one.direction == "contain" and not one.canary)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that corrections of this incident concern, in their order."""
        return tuple(dict.fromkeys(one.model for one in self.measures))


def marks_of(session: Session) -> tuple[str, ...]:
    """What has to stand before everything that is told from this profile."""
    drill = (DRILL,) if session.settings.world == "drill" else ()
    return (*drill, *((PROVISIONAL,) if session.provisional else ()))


def take(session: Session, inc: str, *, marked: bool = True) -> Picture:
    """The incident as this console knows it now; `marked` as in `said_in`.

    Raises:
        WrongUse: when there is no such incident here.
    """
    line = incidents.line_of(session, inc)
    if line is None:
        raise WrongUse("That incident is not known here.", "See `standdown incident list`.")
    told = standing.corrections(session, inc)
    steps = session.reader.entries(inc, kinds=(*_HOLDS, *_BREAKS))
    by_hand = by_hand_of(steps)
    measures = _measures(told, steps)
    said = said_in(session, inc, marked=marked)
    return Picture(
        inc=inc, now_ms=session.clock.wall_ms(), marks=marks_of(session), line=line, roles=roles_of(session, inc),
        measures=tuple(one for one in measures if one.sure != "over"), by_hand=by_hand,
        containment=containment_of(measures, by_hand, line.declared_ms), said=said, update=next_update(said),
        surfaces=tuple(providers.surfaces(session)), clocks=clocks.told_in(session, inc),
    )  # fmt: skip


def roles_of(session: Session, inc: str) -> tuple[tuple[str, str], ...]:
    """Who holds which role: (role, person), the commander first; whoever declared it too is named as just that."""
    told = [one for one in all_seen(session.reader.entries(inc, kinds=ROLE_KINDS)) if one.standing == "good"]
    roles = fold_roles(told, session.roster.roster)
    found = [
        (ALSO_DECLARED if role == "commander" and person in roles.besides else role, person)
        for person, held in roles.held.items() for role in held
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda pair: (pair[0] != "commander", pair[0] != "deputy", *pair)))


# -- corrections -------------------------------------------------------------------------------------------------------


def sure_of(target: TargetStanding) -> Sure:
    """How far a target holds. Probes that still got through take back what was only read."""
    found = _SURE.get(target.state, "not yet")
    return "not yet" if target.passes and found in ("recorded", "asked") else found


def _measures(told: Sequence[Standing], steps: Sequence[Stored]) -> tuple[Measure, ...]:
    found = [_measure(one, target, steps) for one in told for target in one.targets]
    places = {(one.instance, one.surface, one.lever, one.name, one.direction): one for one in found}
    last = {id(one) for one in places.values()}
    return tuple(one for one in found if one.state not in _DEAD or id(one) in last)


def _measure(one: Standing, target: TargetStanding, steps: Sequence[Stored]) -> Measure:
    sure = sure_of(target)
    why = "" if sure in HELD else _WHY.get(target.state, "")
    if target.passes and sure == "not yet" and not why:
        why = f"recorded, but {target.passes} calls still got through"
    elif sure == "asked":
        why = "accepted by the provider, not read back yet"
    return Measure(
        op=one.op, direction=one.direction, authorised=one.authorised_ms is not None, name=target.name,
        lever=target.lever_title, category=target.category, model=target.model, surface=target.surface,
        surface_name=target.surface_name, instance=target.instance, instance_name=target.instance_name,
        by_hand=target.by_hand, canary=target.canary, state=target.state, since_ms=target.since_ms, sure=sure,
        held_ms=_held_since(one.doc, target, sure, steps) if sure in HELD else None, why=why, detail=target.detail,
        reach=target.reach,
    )  # fmt: skip


def _held_since(doc: str, target: TargetStanding, sure: Sure, steps: Sequence[Stored]) -> int:
    """When it first came to hold like this and has since: a later look that finds the same is no new beginning."""
    mine = [
        one for one in steps
        if one.entry.pub.get("doc") == doc and one.entry.pub.get("target") == target.index and one.standing == "good"
    ]  # fmt: skip
    began: int | None = None
    for one in sorted(mine, key=lambda step: (step.entry.hlc, step.feed)):
        if one.entry.kind in _BREAKS:
            began = None
        elif _HOLDS[one.entry.kind] == sure and began is None:
            began = one.entry.hlc[0]
    return target.since_ms if began is None else min(began, target.since_ms)


def by_hand_of(steps: Sequence[Stored]) -> tuple[ByHand, ...]:
    """What people recorded as done by themselves without an action document, in order of when it was done."""
    found = [
        ByHand(
            entry=one.id, direction=str(pub["direction"]), outcome=str(pub.get("outcome") or "done"),
            category=str(pub["category"]), name=_first(one, "name", "text"), done_ms=int(str(pub["done_ms"])),
        )
        for one in steps
        if one.entry.kind == "correction.attested" and one.standing == "good"
        and (pub := one.entry.pub).get("doc") is None
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.done_ms))


def _first(one: Stored, *names: str) -> str:
    return next((found for name in names if isinstance(found := one.disclosed.get(name), str) and found), "")


def containment_of(measures: Sequence[Measure], by_hand: Sequence[ByHand], declared_ms: int) -> Containment:
    """Whether all that was decided holds. A proposal that nobody signed is not decided; a canary is not what counts."""
    mine = [one for one in measures if one.direction == "contain" and one.authorised and not one.canary]
    live = [one for one in mine if one.sure != "over"]
    done, promised, doubtful = _hands(by_hand)
    count = {sure: sum(one.sure == sure for one in live) for sure in (*HELD, "asked", "not yet")}
    attested, asked = count["attested"] + len(done), count["asked"] + promised
    counts = (count["enforced"], count["recorded"], attested, asked, count["not yet"] + doubtful)
    held = sum(counts[:3])
    if not sum(counts):
        back = [one.since_ms for one in mine if one.state == "lifted"]
        back += [one.done_ms for one in by_hand if one.direction == "restore" and one.outcome == "done"]
        return Containment("given back", max(back)) if back else Containment("uncontained", declared_ms)
    if held < sum(counts):
        return Containment("partly" if held else "uncontained", declared_ms, *counts)
    since = [one.held_ms for one in live if one.held_ms is not None] + [one.done_ms for one in done]
    return Containment("contained", max(since), *counts)


def _hands(by_hand: Sequence[ByHand]) -> tuple[list[ByHand], int, int]:
    """What was taken by hand and stands on a person's word; how much was promised; and how much is doubtful.

    What was given back by hand under the same name is over; under another name of that category it is doubtful which.
    """
    back = [one for one in by_hand if one.direction == "restore" and one.outcome == "done"]
    done: list[ByHand] = []
    promised = doubtful = 0
    for one in (hand for hand in by_hand if hand.direction == "contain"):
        later = [other for other in back if other.category == one.category and other.done_ms >= one.done_ms]
        if any(other.name == one.name for other in later) or one.outcome == "declined":
            continue
        promised += one.outcome == "promised"
        doubtful += one.outcome == "done" and bool(later)
        if one.outcome == "done" and not later:
            done.append(one)
    return done, promised, doubtful
