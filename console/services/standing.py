"""Where every correction stands, for people: the fold of its entries, with names and times. It sends nothing.

One reading for the command line, the window, the brief and the wall. It never says more than entries recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from console.domain.actions import ASK, Action
from console.domain.corrections import IN_FORCE, PENDING, QUEUED, CorrectionState, RevisionState, TargetState
from console.domain.errors import Problem
from console.domain.fold import fold_incident
from console.domain.profile import JsonValue
from console.journal.seen import all_seen
from console.journal.values import Stored
from console.outbox import store as table
from console.outbox.facts import Held
from console.outbox.item import Row
from console.services.given_back import with_lifts
from console.services.list_standing import with_lists
from console.services.revised import Said, one_by_one, said_of
from console.services.session import Session
from console.services.told import told_of

if TYPE_CHECKING:  # a record without corrections is shown before anything of a provider is imported
    from console.providers.registry import Registry
    from console.services.inventory import Surface

# what moves a correction or says who commands; notes and evidence do neither
KINDS: Final = (
    "incident.declared", "command.offered", "command.accepted", "command.assumed", "role.assigned", "role.released",
    "correction.proposed", "correction.approved", "correction.refused", "correction.cancelled", "correction.attested",
    "approval.received", "dispatch.authorised", "dispatch.held", "dispatch.intent", "dispatch.accepted",
    "dispatch.recorded", "dispatch.passed", "dispatch.enforced", "dispatch.unmeasurable", "dispatch.unknown",
    "dispatch.requeued", "dispatch.failed", "dispatch.stale", "dispatch.expired", "dispatch.cancelled",
    "dispatch.attention", "dispatch.drifted", "reading.observed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStanding:
    """One target: what and where as signed, and how far it is. `row` is set where this console dispatches it.

    `checked_ms` is when it was last looked at again and still held; `dispatchers` are the machine feeds that may send
    it, first in line first.
    """

    index: int
    name: str
    selector: str
    lever: str
    lever_title: str
    category: str
    model: str
    surface: str
    surface_name: str
    instance: str
    instance_name: str
    by_hand: bool
    canary: bool
    reach: str
    reversal: str
    state: str
    since_ms: int
    detail: str
    evidence: str | None
    passes: int
    row: Row | None
    checked_ms: int | None = None
    dispatchers: tuple[str, ...] = ()

    @property
    def by_word(self) -> bool:
        """As `Target.by_word`: only people can say what became of it."""
        return self.by_hand and self.lever == ASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One action in its current revision. Times are wall-clock ms; `signed`: persons whose approvals are here.

    `execute_until_ms` is the longer limit for containment whose provider cannot be reached. `undo_until_ms` is set
    while one signer alone may still undo it. `signed_ms` is when the last approval came in here.
    """

    op: str
    doc: str
    rev: int
    inc: str
    direction: str
    gravity: str
    title: str
    reason: str
    state: str
    partial: str
    proposer: str | None
    proposed_ms: int
    signed: tuple[str, ...]
    authorised_ms: int | None
    approve_by_ms: int
    execute_by_ms: int
    execute_until_ms: int
    review_by_ms: int | None
    undo_until_ms: int | None
    undoes: str | None
    undone_by: str | None
    attention: tuple[str, ...]
    targets: tuple[TargetStanding, ...]
    said: tuple[Said, ...] = ()
    signed_ms: int | None = None

    @property
    def group(self) -> str:
        """`pending`, `queued`, `in force` or `over`: what a person looks for it under."""
        states = {target.state for target in self.targets}
        if states & set(QUEUED) or (self.authorised_ms is not None and states & set(PENDING)):
            return "queued"
        if states & set(PENDING):
            return "pending"
        if self.direction == "contain" and states & set(IN_FORCE):
            return "in force"
        return "over"


def corrections(session: Session, inc: str | None = None) -> tuple[Standing, ...]:
    """Every correction of an incident, or of all, in the order in which they were proposed.

    Of an action's revisions each of which something stands or is asked for: what was proposed again is beside the rest.
    A document whose bytes or values are not here yet is left out: the next sync brings it.
    """
    reading = told_of(session).read(inc, KINDS)
    held = reading.held
    names = Names(session)
    with session.reader.snapshot() as connection:
        rows = {row.key: row for row in table.load(connection)}
    now = session.clock.wall_ms()
    found: list[Standing] = []
    for correction in reading.corrections:
        shown = [
            _standing(correction, one, one.document, held[one.doc], rows, names, now, reading.named)
            for one in correction.shown if one.doc in held and one.document is not None
        ]  # fmt: skip
        found += one_by_one(shown, correction.current.doc)
    found.sort(key=lambda one: (one.proposed_ms, one.op, one.rev))
    return tuple(with_lists(session, with_lifts(found, held)))


class Names:
    """What surfaces, providers and levers are called here; read once for a whole list, and only where one asks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _surfaces(self) -> Mapping[str, Surface]:
        from console.services.inventory import surfaces  # noqa: PLC0415  as above

        return {one.surface: one for one in surfaces(self._session)}

    @cached_property
    def _adapters(self) -> Mapping[str, str]:
        from console.services.providers import instances_of  # noqa: PLC0415  as above

        return {one.id: one.adapter for one in instances_of(self._session).all()}

    @cached_property
    def _known(self) -> tuple[Mapping[str, str], Registry]:
        from console.services.providers import instances_of  # noqa: PLC0415  as above

        told = self._session.reader.entries(org=True, kinds=("provider.added",))
        names = {
            str(one.entry.pub["instance"]): name for one in told if isinstance(name := one.disclosed.get("name"), str)
        }
        known = instances_of(self._session)
        return names | {one.id: one.name for one in known.all()}, known.registry

    def surface(self, ident: str) -> str:
        """A surface, by its id."""
        found = self._surfaces.get(ident)
        return found.name if found is not None and found.name else f"surface ..{ident[-4:]}"

    def instance(self, ident: str) -> str:
        """A provider, by its id."""
        return self._known[0].get(ident, f"provider ..{ident[-4:]}")

    def lever(self, adapter: str, lever: str, instance: str = "") -> str:
        """A lever's title. What people carry out may be named by the adapter of the provider where they do it."""
        registry = self._known[1]
        for name in (adapter.split("/", 1)[0], self._adapters.get(instance, "")):
            try:
                return registry.manifest(name).lever(lever).title
            except (Problem, LookupError):
                continue
        return lever


def _standing(
    correction: CorrectionState, current: RevisionState, action: Action, held: Held,
    rows: Mapping[tuple[str, int], Row], names: Names, now: int, by_id: Mapping[str, Stored],
) -> Standing:  # fmt: skip
    targets = tuple(
        _target(action, state, held.disclosed(state.index), rows.get((current.doc, state.index)), names,
                lapsed=state.state == "proposed" and now > action.approve_by)
        for state in current.targets if state.index < len(action.targets)
    )  # fmt: skip
    decided = min((one.now_ms for one in current.authorised), default=None)
    undo_until = None
    if decided is not None and action.undo_within_s is not None and current.undone_by is None:
        until = decided + action.undo_within_s * 1000
        undo_until = until if until > now else None
    told = held.row.disclosed_by_digest.get(action.reason_sd)
    lapsed = all(target.state == "expired" for target in targets) and bool(targets)
    state = "attention" if correction.attention else current.state
    return Standing(
        op=correction.op, doc=current.doc, rev=action.rev, inc=action.inc, direction=action.direction,
        gravity=action.gravity, title=title_of(targets, action.direction),
        reason=str(told[1]) if told is not None else "", state="expired" if lapsed else state,
        partial=current.partial, proposer=current.proposer, proposed_ms=current.proposed_ms,
        signed=current.approvers, authorised_ms=decided, approve_by_ms=action.approve_by,
        execute_by_ms=action.execute_by, execute_until_ms=max(action.execute_by, action.execute_by_unreachable or 0),
        review_by_ms=action.review_by, undo_until_ms=undo_until, undoes=action.undoes, undone_by=current.undone_by,
        attention=correction.attention, targets=targets, said=said_of(current, by_id),
        signed_ms=max((one.received_ms for one in current.approvals), default=None),
    )  # fmt: skip


def _target(
    action: Action, state: TargetState, told: Mapping[str, JsonValue], row: Row | None, names: Names, *, lapsed: bool
) -> TargetStanding:
    one = action.targets[state.index]
    return TargetStanding(
        index=state.index, name=str(told.get("name", "?")), selector=str(told.get("selector", "?")), lever=one.lever,
        lever_title=names.lever(one.adapter, one.lever, one.instance), category=one.category, model=one.model,
        surface=one.surface,
        surface_name=names.surface(one.surface), instance=one.instance, instance_name=names.instance(one.instance),
        by_hand=one.by_hand, canary=one.canary, reach=one.reach, reversal=one.reversal,
        state="expired" if lapsed else state.state, since_ms=action.approve_by if lapsed else state.since_ms,
        detail=state.detail, evidence=state.evidence, passes=state.passes, row=row, checked_ms=state.checked_ms,
        dispatchers=one.dispatchers,
    )  # fmt: skip


def title_of(targets: Sequence[TargetStanding], direction: str) -> str:
    """What it does, in a line: the first target and how many more; canaries are not what it is about."""
    real = [one for one in targets if not one.canary] or list(targets)
    if not real:
        return "Nothing"
    first = real[0]
    verb = "" if direction == "contain" else "Lift: "
    more = f" and {len(real) - 1} more" if len(real) > 1 else ""
    return f"{verb}{first.lever_title}: {first.name} at {first.instance_name}{more}"


def held_roles(session: Session, inc: str) -> dict[str, frozenset[str]]:
    """Who holds which role in an incident, by person."""
    stored = [one for one in session.reader.entries(inc, kinds=KINDS[:6]) if one.standing == "good"]
    return dict(fold_incident(all_seen(stored), {}, session.roster.roster, inc).held)
