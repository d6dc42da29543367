"""Staged lifts: planned, proposed stage by stage, held, stopped; what was given back is proposed to be put back.

Each stage is a restore that two people sign. It gives nothing back and puts nothing back by itself: people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from console.domain.corrections import IN_EFFECT, NEEDS_PEOPLE
from console.domain.errors import Problem, WrongUse
from console.domain.ids import is_sha256
from console.domain.lists import Imported, list_of
from console.domain.profile import JsonValue
from console.domain.stages import LiftPlan, Part, StageWord, Stop, checked, marked, read_plan, share
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.outbox.facts import Held
from console.providers.planned import from_disclosures
from console.services import approvals, corrections, lists
from console.services.corrections import Proposal, TargetWish
from console.services.listed import lines_of
from console.services.session import Session
from console.services.standing import Standing
from console.services.standing import corrections as standings_of

SOURCE = "staged lift plan"
_MINUTE_MS = 60_000
_A_LOOK_MS = 1_000  # two looks closer together tell no rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage as it stands. `doc` is its proposal; `since_ms` when it was given back; `until_ms` ends its hold."""

    number: int
    part: Part
    count: int
    word: StageWord
    doc: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A plan and how far it is. `tripped` says which stops came true since something was given back, and how.

    `put_back` is the proposal that takes it away again, where there is one; `why_not` why the next stage may not be
    proposed, empty where it may.
    """

    plan: LiftPlan
    inc: str
    author: str | None
    title: str
    stages: tuple[Stage, ...]
    tripped: tuple[str, ...]
    put_back: str | None
    why_not: str

    @property
    def next(self) -> int | None:
        """The number of the next stage; None where all is given back."""
        return next((one.number for one in self.stages if one.word != "given-back"), None)


# -- planning ----------------------------------------------------------------------------------------------------------


def plan_lift(
    session: Session, named: str, stages: Sequence[Part], *, hold_ms: int, stops: Sequence[Stop], go_on: str
) -> Staged:
    """Keep a plan for the staged lift of a correction, as evidence of its incident; nothing is proposed yet.

    Raises:
        WrongUse: for stages, a hold or stops that make no plan, or a correction that is not in force.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    if action.direction != "contain":
        raise WrongUse("Only what was taken away is given back in stages.")
    if not go_on.strip():
        raise WrongUse("Say when the next stage may follow: its signers read it.", "Give the criteria.")
    plan = checked(
        LiftPlan(op=action.op, doc=held.sha, stages=tuple(stages), hold_ms=hold_ms, stops=tuple(stops),
                 go_on=go_on.strip())
    )  # fmt: skip
    names = _names(session, held)
    if plan.stages[0].percent is None and sorted(at for one in plan.stages for at in one.targets) != list(
        range(len(names))
    ):
        raise WrongUse("The stages have to name every target once.", f"It has {len(names)}, from 0.")
    if plan.stages[0].percent is None and any(t.listed is not None for t in action.targets):
        raise WrongUse("A list is given back by percentages.", "For instance 10% 50% 100%.")
    raw, feed, ref = plan.to_bytes(), session.person(), session.ref
    told = ", then ".join(one.text for one in plan.stages)
    stops_told = "; ".join(one.text for one in plan.stops) or "nothing by itself"
    held_for = f"{hold_ms // _MINUTE_MS} min"
    text = f"Staged lift of {action.op}: {told}. Held {held_for} after each. Stopped when {stops_told}."

    def work(tx: Tx) -> Stored:
        blob: dict[str, JsonValue] = {
            "name": f"lift-plan-{plan.sha256[:12]}.json", "sha256": tx.put_blob(raw), "size": len(raw),
        }  # fmt: skip
        draft = Draft("evidence", action.inc, None, {"class": "open"}, {
            "blob": blob, "text": f"{text} On when: {plan.go_on}"[:2000], "source": SOURCE, "how": "planned here",
        })  # fmt: skip
        return tx.append(feed, draft, roster=ref)

    session.store.write(work)
    return next(one for one in staged(session, action.inc) if one.plan == plan)


def _names(session: Session, held: Held) -> list[str]:
    """What is given back in parts: the accounts of the list, else the targets by number."""
    action = corrections.action_of(held)
    at = _list_at(held)
    if at is None:
        return [str(number) for number in range(len(action.targets))]
    planned = from_disclosures(action.targets[at], held.disclosed(at), action.direction)
    return list(lines_of(session, list_of(planned.params) or ""))


def _list_at(held: Held) -> int | None:
    action = corrections.action_of(held)
    return next((at for at, one in enumerate(action.targets) if one.listed is not None), None)


# -- how it stands -----------------------------------------------------------------------------------------------------


def staged(session: Session, inc: str) -> tuple[Staged, ...]:
    """Every staged lift of an incident, the newest first."""
    plans: list[tuple[LiftPlan, Stored]] = []
    for stored in session.reader.entries(inc, kinds=("evidence",)):
        blob = stored.disclosed.get("blob")
        if stored.disclosed.get("source") != SOURCE or stored.standing != "good" or not isinstance(blob, dict):
            continue
        with suppress(Problem):
            sha = str(blob.get("sha256"))
            raw = session.reader.blob(sha) if is_sha256(sha) else None
            plans += [] if raw is None else [(read_plan(raw), stored)]
    if not plans:  # the engine asks every few seconds, and most incidents have none
        return ()
    standings = {one.doc: one for one in standings_of(session, inc)}
    found: list[Staged] = []
    for plan, stored in reversed(plans):
        with suppress(Problem):
            found.append(_staged(session, plan, stored, standings))
    return tuple(found)


def find(session: Session, inc: str, named: str) -> Staged:
    """The plan that begins so, or the only one of the incident where none is named.

    Raises:
        WrongUse: when there is none, or several fit.
    """
    found = [one for one in staged(session, inc) if one.plan.sha256.startswith(named) or one.plan.op == named]
    if len(found) != 1:
        raise WrongUse(f"{len(found) or 'No'} staged lifts fit.", "See `standdown stages show`.")
    return found[0]


def _staged(session: Session, plan: LiftPlan, stored: Stored, standings: dict[str, Standing]) -> Staged:
    held = corrections.find_document(session, plan.doc)
    names, now = _names(session, held), session.clock.wall_ms()
    forth, back = _proposals(session, plan, standings)
    given: dict[int, int] = {}
    for number, one in forth.items():
        real = [t for t in one.targets if not t.canary]
        if real and all(t.state in IN_EFFECT or t.state in ("lifted", "attested") for t in real):
            given[number] = max(t.since_ms for t in real)
    put_back = next((doc for at_ms, doc in back if at_ms > max(given.values(), default=0)), None)
    tripped = _tripped(session, plan, stored.entry.inc or "", held, min(given.values()), given) if given else ()
    stages: list[Stage] = []
    clear = True
    for number, part in enumerate(plan.stages):
        word, until = _word(number, given, forth, plan, now, clear=clear, stopped=bool(tripped or put_back))
        clear = clear and word == "given-back" and (until is None or now >= until)
        stages.append(
            Stage(number=number, part=part, count=len(share(plan, number, names)), word=word,
                  doc=forth[number].doc if number in forth else None, since_ms=given.get(number), until_ms=until)
        )  # fmt: skip
    original = standings.get(plan.doc)
    return Staged(
        plan=plan, inc=stored.entry.inc or "", author=stored.entry.author,
        title=original.title if original is not None else plan.op, stages=tuple(stages), tripped=tripped,
        put_back=put_back, why_not=_why_not(stages, tripped, put_back),
    )  # fmt: skip


def _word(
    number: int, given: dict[int, int], forth: dict[int, Standing], plan: LiftPlan, now: int, *, clear: bool,
    stopped: bool,
) -> tuple[StageWord, int | None]:  # fmt: skip
    if number in given:
        return "given-back", given[number] + plan.hold_ms
    if number in forth:
        return "proposed", None
    if stopped:
        return "stopped", None
    if clear:
        return "ready", None
    held = given.get(number - 1)
    if held is not None and now < held + plan.hold_ms:
        return "holding", held + plan.hold_ms
    return "waiting", None


def _why_not(stages: Sequence[Stage], tripped: tuple[str, ...], put_back: str | None) -> str:
    if tripped:
        return f"A stop came true: {tripped[0]}"
    if put_back is not None:
        return "It is proposed to be put back."
    after = next((one for one in stages if one.word != "given-back"), None)
    if after is None:
        return "Everything is given back."
    return {"proposed": "It is proposed already: two people sign it.", "holding": "The hold is not over.",
            "waiting": "The stage before is not given back yet."}.get(after.word, "")  # fmt: skip


def _proposals(
    session: Session, plan: LiftPlan, standings: dict[str, Standing]
) -> tuple[dict[int, Standing], list[tuple[int, str]]]:
    """The living proposals of each stage, and those that put back (when proposed, document), newest first."""
    forth: dict[int, Standing] = {}
    back: list[tuple[int, str]] = []
    for doc, one in standings.items():
        if one.state in ("cancelled", "refused", "expired", "superseded"):
            continue
        with suppress(Problem):
            told = approvals.open_values(corrections.find_document(session, doc)).lift_criteria
            mark = marked(told) if told else None
            if mark is None or not plan.sha256.startswith(mark[2]):
                continue
            if mark[0]:
                back.append((one.proposed_ms, doc))
            else:
                forth[mark[1]] = one
    return forth, sorted(back, reverse=True)


def _tripped(
    session: Session, plan: LiftPlan, inc: str, held: Held, since_ms: int, given: dict[int, int]
) -> tuple[str, ...]:
    """Which stops came true since the first stage was given back."""
    found: list[str] = []
    kinds = {one.kind: one for one in plan.stops}
    told = [one for one in session.reader.entries(inc, kinds=("observation", "severity.changed", "incident.declared"))
            if one.standing == "good"]  # fmt: skip
    if "observation" in kinds:
        seen = [one for one in told if one.entry.kind == "observation" and one.entry.hlc[0] > since_ms]
        found += [f"{session.name_of(seen[0].entry.author)} recorded an observation."] if seen else []
    if "severity" in kinds:
        found += _raised(told, since_ms)
    if "drift" in kinds:
        troubled = [
            t.name for one in standings_of(session, inc) if one.op == plan.op for t in one.targets
            if t.state in NEEDS_PEOPLE and t.since_ms > since_ms
        ]  # fmt: skip
        found += [f"{troubled[0]} needs a decision."] if troubled else []
    if "rate" in kinds:
        found += _too_many(session, plan, held, given, kinds["rate"].most)
    return tuple(found)


def _raised(told: Sequence[Stored], since_ms: int) -> list[str]:
    before: int | None = None
    for one in told:
        level = one.entry.pub.get("severity")
        if not isinstance(level, int):
            continue
        if before is not None and level < before and one.entry.hlc[0] > since_ms:
            return [f"The severity was raised to SEV-{level}."]
        before = level
    return []


def _too_many(session: Session, plan: LiftPlan, held: Held, given: dict[int, int], most: int) -> list[str]:
    """Accounts given back that make more calls a minute than allowed, by the rates noted at the last two looks."""
    rates: dict[str, int] = session.once(f"stage rates {plan.sha256}", dict)
    names = _names(session, held)
    back = {name for number in given for name in share(plan, number, names)}
    worst = max(((rate, name) for name, rate in rates.items() if name in back), default=None)
    return [f"{worst[1]} makes {worst[0]} calls a minute."] if worst is not None and worst[0] > most else []


# -- going on ----------------------------------------------------------------------------------------------------------


def propose_stage(session: Session, inc: str, named: str, reason: str) -> Proposal:
    """Propose the next stage: a restore of its part, from a fresh reading; two people sign it.

    Raises:
        WrongUse: while a stop is true, the hold runs, or the stage before is not given back.
        WaitsForConnection: when the provider cannot be read.
    """
    now = find(session, inc, named)
    if now.why_not or now.next is None:
        raise WrongUse(now.why_not or "Everything is given back.", "Nothing was proposed.")
    if not reason.strip():
        raise WrongUse("Say why the criteria are met: its signers read it.", "Nothing was proposed.")
    held, number = corrections.find_document(session, now.plan.doc), now.next
    names = share(now.plan, number, _names(session, held))
    criteria = f"{now.plan.mark(number)}. On when: {now.plan.go_on}"
    if _list_at(held) is None:
        return corrections.lift_some(session, held, [int(one) for one in names], reason, criteria=criteria)
    last = number == len(now.plan.stages) - 1
    return _list_proposal(session, held, names, reason, criteria, direction="restore", with_canaries=last)


def put_back(session: Session, inc: str, named: str, reason: str = "") -> Proposal:
    """Propose to take away again what the stages gave back; as any containment of its size, people sign it.

    Raises:
        WrongUse: when nothing was given back, or it is proposed already.
        WaitsForConnection: when the provider cannot be read.
    """
    now = find(session, inc, named)
    given = [one for one in now.stages if one.word == "given-back"]
    if not given:
        raise WrongUse("Nothing was given back yet.", "Nothing was proposed.")
    if now.put_back is not None:
        raise WrongUse("It is proposed already to be put back.", "Sign it, or refuse it.")
    held = corrections.find_document(session, now.plan.doc)
    every = _names(session, held)
    names = [name for one in given for name in share(now.plan, one.number, every)]
    why = reason.strip() or f"A stop of the staged lift came true: {' '.join(now.tripped)}"
    criteria = now.plan.mark(given[-1].number, back=True)
    if _list_at(held) is None:
        wishes = corrections.wishes_of(session, held, [int(one) for one in names])
        return corrections.propose(session, inc, wishes, why, criteria=criteria)
    return _list_proposal(session, held, names, why, criteria, direction="contain", with_canaries=False)


def _list_proposal(
    session: Session, held: Held, names: Sequence[str], reason: str, criteria: str, *, direction: str,
    with_canaries: bool,
) -> Proposal:  # fmt: skip
    action, at = corrections.action_of(held), _list_at(held) or 0
    target = action.targets[at]
    wish = corrections.wishes_of(session, held, [at])[0]
    wished = TargetWish(
        provider=target.instance, surface=target.surface, lever=target.lever,
        params=wish.params if direction == "contain" else {},
    )  # fmt: skip
    lines = tuple(sorted(names))
    imported = Imported(source=f"a part of the list of {action.op}", lines=lines, read=len(lines), again=0, refused=0,
                        problems=(), odd=())  # fmt: skip
    matched = lists.match(session, wished, imported, direction="contain" if direction == "contain" else "restore")
    others = [i for i, one in enumerate(action.targets) if one.listed is None] if with_canaries else []
    beside = corrections.wishes_of(session, held, others) if others else []
    lifts = None if direction == "contain" else held.sha
    return lists.propose(session, action.inc, matched, reason, canaries=beside, criteria=criteria, lifts=lifts)


# -- watching ----------------------------------------------------------------------------------------------------------


def look(session: Session, inc: str) -> None:
    """Note how many calls a minute the accounts that were given back make, where a plan stops by it. On a worker."""
    for one in staged(session, inc):
        stop = next((stop for stop in one.plan.stops if stop.kind == "rate"), None)
        given = [stage for stage in one.stages if stage.word == "given-back"]
        if stop is not None and given and one.put_back is None:
            with suppress(Problem):
                _count(session, one, [stage.number for stage in given])


def _count(session: Session, one: Staged, stages: Sequence[int]) -> None:
    held = corrections.find_document(session, one.plan.doc)
    names = _names(session, held)
    accounts = [name for number in stages for name in share(one.plan, number, names)]
    counts = lists.counts(session, held, accounts)
    before: dict[str, tuple[int, int]] = session.once(f"stage counts {one.plan.sha256}", dict)
    rates: dict[str, int] = session.once(f"stage rates {one.plan.sha256}", dict)
    for name, (asked, at_ms) in counts.items():
        was = before.get(name)
        if was is not None and at_ms - was[1] >= _A_LOOK_MS:
            rates[name] = (asked - was[0]) * _MINUTE_MS // (at_ms - was[1])
        if was is None or at_ms - was[1] >= _A_LOOK_MS:
            before[name] = (asked, at_ms)


def turn(session: Session) -> tuple[Proposal, ...]:
    """Propose to put back whatever a stop came true for, with this person's key where it is unlocked. On a worker.

    A locked console proposes nothing; people are called out then (`console.services.callout`).
    """
    made: list[Proposal] = []
    if session.provisional:
        return ()
    for inc in session.reader.incidents():
        look(session, inc)
        for one in staged(session, inc):
            if one.tripped and one.put_back is None and session.unlocked and one.author == session.me:
                with suppress(Problem):
                    made.append(put_back(session, inc, one.plan.sha256))
    return tuple(made)


__all__ = ["Stage", "Staged", "find", "look", "plan_lift", "propose_stage", "put_back", "staged", "turn"]
