"""Lists of thousands of accounts: matched before they are signed, proposed as one target, followed, lifted as a list.

It reads and proposes; what is sent goes through the outbox like everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from console.domain.errors import Problem, WaitsForConnection, WrongUse
from console.domain.lists import HEAVIEST, LIFTS, PREFIX, Imported, list_of, to_bytes
from console.keys import canon
from console.outbox.facts import Held
from console.outbox.reconcile import REPEATABLE
from console.providers.lists import AdapterFault, Plane, Refused, fill, fit, template_of
from console.providers.plane import Planes
from console.providers.planned import from_disclosures
from console.providers.wishes import Planned, wish
from console.services import corrections, incidents, lifting, planning, providers
from console.services.corrections import Proposal, TargetWish
from console.services.listed import Listed, lines_of, listed_in
from console.services.protected import protected
from console.services.session import Session

__all__ = ["Listed", "Matched", "lift", "lines_of", "listed_in", "match", "propose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A list matched against its provider: what would be done to whom, and who is left out and why.

    `accounts` are the provider's own ids, each once, in order; `template` is what is sent for each of them. `heaviest`
    are those in use most, with their count of calls, empty where the provider does not count.
    """

    imported: Imported
    wish: TargetWish
    direction: planning.Direction
    where: providers.Surface
    template: Planned | None
    accounts: tuple[str, ...]
    already: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    protected: tuple[tuple[str, str], ...]
    other: tuple[tuple[str, str], ...]
    taken_off: tuple[str, ...]
    heaviest: tuple[tuple[str, int], ...]

    @property
    def sha256(self) -> str:
        """The list's name: what both signers see and the dispatcher checks."""
        return canon.sha256_hex(to_bytes(self.accounts))

    @property
    def report(self) -> str:
        """The match in a line, as it is signed with the list."""
        found = self.imported
        return (
            f"{found.read} read, {found.again} twice, {found.refused} refused, {len(self.accounts)} to restrict or "
            f"give back, {len(self.already)} so already, {len(self.unknown)} unknown, {len(self.protected)} protected, "
            f"{len(self.other)} otherwise"
        )


def match(
    session: Session, wished: TargetWish, imported: Imported, *, direction: planning.Direction = "contain",
    take_off: Collection[str] = (),
) -> Matched:  # fmt: skip
    """Ask the provider about every line. `take_off` names protected accounts that are restricted all the same.

    Raises:
        WrongUse: for a lever that cannot go over a list, or an account to take off that is not protected.
        WaitsForConnection: when the provider cannot be read.
    """
    where = planning.resolve(session, wished)
    instances = providers.instances_of(session)
    lever = instances.registry.manifest(instances.get(where.instance).adapter).lever(wished.lever)
    if lever.wide or lever.idempotency not in REPEATABLE:
        why = "reaches everybody there" if lever.wide else "cannot be pulled twice safely"
        raise WrongUse(f"{lever.title} takes no list: it {why}.", "Choose a lever that selects one account.")
    kept = protected(session)
    strangers = [one for one in take_off if one not in kept]
    if strangers:
        raise WrongUse(f"{strangers[0]} is not protected.", "Leave it out of what is taken off.")
    asked = [wish(wished.lever, line, where.key, wished.params, direction) for line in imported.lines]

    async def read(planes: Planes) -> tuple[list[Planned | AdapterFault], Plane]:
        plane = planes.get(where.instance)
        if plane is None:
            raise Problem(planes.why_not(where.instance), "See `standdown provider list`.")
        try:
            return await plane.plan_many(asked), plane
        except AdapterFault as fault:
            raise WaitsForConnection(f"{plane.instance.name} does not tell: {fault.detail}.", "Try again.") from None

    async def work(planes: Planes) -> Matched:
        answers, plane = await read(planes)
        found = _with_held(session, _matched(wished, imported, direction, where, answers, kept, frozenset(take_off)))
        if found.template is None:
            return found
        plans = {one.selector: one for one in answers if not isinstance(one, AdapterFault)}
        try:
            counts = await plane.served_many([plans[account] for account in found.accounts])
        except AdapterFault:
            counts = [None for _ in found.accounts]
        used = sorted(
            (
                (account, count.asked)
                for account, count in zip(found.accounts, counts, strict=True)
                if count is not None
            ),
            key=lambda pair: (-pair[1], pair[0]),
        )
        return replace(found, heaviest=tuple(used[:HEAVIEST]))

    return providers.on_planes(session, work)


def _matched(
    wished: TargetWish, imported: Imported, direction: planning.Direction, where: providers.Surface,
    answers: Sequence[Planned | AdapterFault], kept: dict[str, str], take_off: frozenset[str],
) -> Matched:  # fmt: skip
    plans: dict[str, Planned] = {}
    unknown: list[tuple[str, str]] = []
    barred: list[tuple[str, str]] = []
    already: list[str] = []
    for line, one in zip(imported.lines, answers, strict=True):
        if isinstance(one, Refused):
            unknown.append((line, one.detail))
        elif isinstance(one, AdapterFault):
            raise WaitsForConnection(f"The provider did not tell about {line}: {one.detail}.", "Try again.")
        elif direction == "contain" and (why := _barred(kept, line, one, take_off)):
            barred.append((one.selector, why))
        elif dict(one.pre) == dict(one.wanted):
            already.append(one.selector)
        else:
            plans[one.selector] = one
    template, other = None, list[tuple[str, str]]()
    accounts: list[str] = []
    if plans:
        usual, _ = Counter(tuple(sorted(one.pre.items())) for one in plans.values()).most_common(1)[0]
        first = max((one for one in plans.values() if tuple(sorted(one.pre.items())) == usual), key=_length)
        template = template_of(first)
        for account, one in sorted(plans.items()):
            told = fit(template, one)
            other += [(account, told.differs)] if told.differs else []
            accounts += [] if told.differs else [account]
    return Matched(
        imported=imported, wish=wished, direction=direction, where=where, template=template, accounts=tuple(accounts),
        already=tuple(sorted(set(already))), unknown=tuple(unknown), protected=tuple(barred), other=tuple(other),
        taken_off=tuple(sorted(one for one in take_off if one in accounts)), heaviest=(),
    )  # fmt: skip


def _with_held(session: Session, found: Matched) -> Matched:
    """What another correction in force has made so already belongs to the list all the same: that one may be lifted."""
    if found.template is None or found.direction != "contain" or not found.already:
        return found
    held = lifting.held_here(session, found.where, found.template, found.already)
    if not held:
        return found
    note = (
        f"So already, for another correction in force there: {len(held)}. Nothing is sent for them, and they stay "
        "restricted when that one is lifted."
    )
    return replace(
        found, accounts=tuple(sorted({*found.accounts, *held})),
        already=tuple(one for one in found.already if one not in held),
        template=replace(found.template, notes=(*found.template.notes, note)),
    )  # fmt: skip


def _length(one: Planned) -> tuple[int, str]:
    """A long id stands nowhere else in a request by chance."""
    return len(one.selector), one.selector


def _barred(kept: dict[str, str], line: str, one: Planned, take_off: frozenset[str]) -> str:
    named = next((name for name in (line, one.selector, one.name) if name in kept), None)
    return "" if named is None or {line, one.selector} & take_off else kept[named]


def propose(  # noqa: PLR0913  each is a part of what is signed
    session: Session, inc: str, matched: Matched, reason: str, *, canaries: Sequence[TargetWish] = (),
    criteria: str = "", if_not: str = "", review_in_ms: int = planning.DAY_MS, lifts: str | None = None,
) -> Proposal:  # fmt: skip
    """Propose a matched list as one target, signed once; its lines are kept as a file that everybody's console gets.

    `canaries` are corrected beside it, so that enforcement can be measured. `lifts` is the document whose list this
    gives back: what other corrections ask of its accounts stays.

    Raises:
        WrongUse: when nobody is left in it.
        WaitsForConnection: when a canary cannot be planned.
    """
    template, accounts = matched.template, matched.accounts
    if template is None or not accounts:
        raise WrongUse("Nobody is left in the list.", matched.report)
    session.person()
    raw, where = to_bytes(accounts), matched.where
    sha = canon.sha256_hex(raw)
    noun = (
        providers.instances_of(session).registry.manifest(_adapter(session, where)).lever(matched.wish.lever).selector
    )
    heaviest = ", ".join(f"{account} ({count})" for account, count in matched.heaviest) or "not counted here"
    params = {
        **template.params, "list": sha, "list.source": matched.imported.source[:200], "list.report": matched.report,
        "list.heaviest": heaviest, "list.unprotected": ", ".join(matched.taken_off) or "none",
        **({} if lifts is None else {LIFTS: lifts}),
    }  # fmt: skip
    notes = template.notes
    if lifts is not None:
        notes = (*notes, *lifting.held_beside(session, where, template, accounts, lifts))
    planned = replace(
        template, selector=f"{PREFIX}{sha}", name=f"{len(accounts)} accounts ({noun})", selectors=len(accounts),
        params=params, affected=None, notes=notes,
    )  # fmt: skip
    incidents.attach_bytes(
        session, raw, f"list-{sha[:12]}.txt", inc=inc, text=f"A list of {len(accounts)} accounts, to be signed.",
        how=f"Imported from {matched.imported.source[:200]}: {matched.report}.",
    )  # fmt: skip
    part = planning.part_of(
        session, where, matched.wish, planned, all_surfaces=False, dispatchers=(session.device().feed,),
        listed=len(accounts),
    )  # fmt: skip
    return corrections.propose_with(
        session, inc, [part], canaries, reason, criteria=criteria, direction=matched.direction, if_not=if_not,
        review_in_ms=review_in_ms,
    )  # fmt: skip


def _adapter(session: Session, where: providers.Surface) -> str:
    return providers.instances_of(session).get(where.instance).adapter


def counts(session: Session, held: Held, accounts: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many calls each of these accounts (or targets, by number) has made, and when that was counted (ms).

    Those about which the provider counts nothing are left out.

    Raises:
        WaitsForConnection: when it cannot be read.
    """
    action = corrections.action_of(held)
    at = next((number for number, one in enumerate(action.targets) if one.listed is not None), None)
    plans: dict[str, tuple[str, Planned]] = {}
    for account in accounts:
        number = int(account) if at is None else at
        planned = from_disclosures(action.targets[number], held.disclosed(number), action.direction)
        plans[account] = (action.targets[number].instance, planned if at is None else fill(planned, account))

    async def read(planes: Planes) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for instance in {place for place, _ in plans.values()}:
            plane = planes.get(instance)
            some = [(account, plan) for account, (place, plan) in plans.items() if place == instance]
            if plane is None:
                continue
            try:
                told = await plane.served_many([plan for _, plan in some])
            except AdapterFault as fault:
                raise WaitsForConnection(f"It does not tell: {fault.detail}.", "Try again.") from None
            pairs = zip(some, told, strict=True)
            found |= {name: (one.asked, one.at_ms) for (name, _), one in pairs if one is not None}
        return found

    return providers.on_planes(session, read)


# -- giving back -------------------------------------------------------------------------------------------------------


def lift(session: Session, named: str, reason: str, *, target: int | None = None) -> Proposal:
    """Propose to give back what a list restricted, by the same list; each account as it stands now.

    Raises:
        WrongUse: when that correction has no list, or nothing of it is left to give back.
        WaitsForConnection: when its lines are not here, or the provider cannot be read.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    places = [at for at, one in enumerate(action.targets) if one.listed is not None and target in (None, at)]
    if not places:
        raise WrongUse("That correction has no list.", "Lift it: `standdown correct lift`.")
    one, at = action.targets[places[0]], places[0]
    planned = from_disclosures(one, held.disclosed(at), action.direction)
    lines = lines_of(session, list_of(planned.params) or "")
    source = f"the list of {action.op}"
    imported = Imported(source=source, lines=lines, read=len(lines), again=0, refused=0, problems=(), odd=())
    wished = TargetWish(provider=one.instance, surface=one.surface, lever=one.lever)
    matched = match(session, wished, imported, direction="restore")
    others = corrections.wishes_of(session, held, [i for i, t in enumerate(action.targets) if t.listed is None])
    return propose(session, action.inc, matched, reason, canaries=others, lifts=held.sha)
