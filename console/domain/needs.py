"""What a document needs before it may go: how many people, in which roles, and what no signature can heal.

Pure rules over the document and the facts (protocol.md sections 6 and 12). It never looks at a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.domain.actions import Action, Document, Extension, Ratification, Rehearsal, Target
from console.domain.clock_form import Clock
from console.domain.facts import Facts
from console.domain.forms import GRAVITIES, RoleClause, Roster
from console.domain.gravity import counted_targets, graver, gravity, irreversible
from console.domain.records import wrong_roster
from console.domain.undoing import may_alone

FLOORS = {"normal": 1, "high": 2, "critical": 2}  # whatever a policy object says
MAX_AHEAD_MS = 5 * 60_000  # how far a document's clock may run ahead of ours before a restore waits
MAX_EXTENSION_MS = 24 * 3_600_000
COMMAND = ("commander", "deputy")
NOT_FROM_HERE = (
    "One signature would do from the console that sent it. From the one that this names it takes two: what one person "
    "alone signed as the way back, nobody compared there."
)
_SAME = (
    "surface",
    "instance",
    "adapter",
    "lever",
    "category",
    "model",
    "selectors",
    "all_surfaces",
    "canary",
    "listed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One way of being met: how many persons, which role clauses, who is out, and what speaks against it at all.

    `beside` is said where something is missing: why no easier way is open.
    """

    persons: int
    clauses: tuple[RoleClause, ...] = ()
    roles_of: Callable[[str], frozenset[str]]
    out: Callable[[str], str | None] = lambda _person: None
    strict_consoles: bool = False
    against: tuple[str, ...] = ()
    beside: str = ""


def weigh(document: Document, facts: Facts) -> tuple[str | None, str]:
    """The gravity that decides, with its reason; null for whatever is no action. A higher signed value stands."""
    if not isinstance(document, Action):
        return None, ""
    found, reason = gravity(document.targets, document.direction, facts.recent_normal, facts.policy)
    if graver(document.gravity, found):
        return document.gravity, "Its proposer called it graver than it had to be."
    return found, reason


def objections(document: Document, facts: Facts, now_ms: int, *, unreachable: bool) -> tuple[str, ...]:
    """What no signature can heal, as sentences."""
    found: list[str] = []
    if document.org != facts.roster.org or facts.policy.org != document.org:
        found.append("It belongs to another organisation.")
    if wrong_roster(document.roster, facts):
        found.append("It was written under a roster that is not known here.")
    if facts.roster.policy not in (None, facts.policy_sha):
        found.append("The roster names another policy than the one at hand.")
    if facts.cancelled:
        found.append("It was cancelled.")
    if facts.refused:
        found.append("It was refused.")
    if facts.in_all is not None and not (isinstance(document, Action) and document.direction == "contain"):
        found.append("Two rosters were validly signed: until the admins settle which goes on, only containment does.")
    if isinstance(document, Action):
        found += _action_objections(document, facts, now_ms, unreachable=unreachable)
    return tuple(found)


def _action_objections(action: Action, facts: Facts, now_ms: int, *, unreachable: bool) -> list[str]:
    found: list[str] = []
    if facts.roster.threshold is None:
        found.append("The record is provisional: one person alone cannot dispatch.")
    if action.policy != facts.policy_sha:
        found.append("The approval policy has changed since it was written: propose it again.")
    computed, reason = gravity(action.targets, action.direction, facts.recent_normal, facts.policy)
    if graver(computed, action.gravity):
        found.append(f"It is signed as {action.gravity} but is {computed}: {reason}")
    deadline = max(action.execute_by, facts.extended_to or 0)
    if unreachable and action.direction == "contain":
        deadline = max(deadline, action.execute_by_unreachable or 0)
    if now_ms > deadline:
        found.append("Its time to be carried out has passed.")
    if action.direction == "restore" and action.created > now_ms + MAX_AHEAD_MS:
        found.append("It was written by a clock that runs ahead of this one.")
    return found


def ways(document: Document, facts: Facts, now_ms: int, weight: str | None) -> tuple[Need, ...]:
    """The ways of being met, the most particular first."""
    if isinstance(document, Action):
        return _action_needs(document, facts, now_ms, weight or GRAVITIES[-1])

    def qualified(person: str) -> frozenset[str]:
        return _granted(facts.roster, person)

    if isinstance(document, Rehearsal):
        own = document.person
        against = () if document.role in qualified(own) else ("The roster does not grant this person that role.",)
        return (
            Need(
                persons=1,
                roles_of=qualified,
                out=lambda person: None if person == own else "the rehearsal is somebody else's",
                against=against,
            ),
        )
    if isinstance(document, Extension):
        return (_extension_need(document, facts, now_ms, qualified),)
    if isinstance(document, Ratification):
        return (_ratification_need(document, facts, qualified),)
    if isinstance(document, Clock):
        return (Need(persons=2, roles_of=qualified),)  # what the time is, is no question of command
    return (Need(persons=2, clauses=(RoleClause(any_of=COMMAND, count=1),), roles_of=qualified),)


def _granted(roster: Roster, person: str) -> frozenset[str]:
    return frozenset(role for member in roster.persons if member.person == person for role in member.roles)


def _action_needs(action: Action, facts: Facts, now_ms: int, weight: str) -> tuple[Need, ...]:
    def held(person: str) -> frozenset[str]:
        return facts.held.get(person, frozenset()) & _granted(facts.roster, person)

    level = facts.policy.levels[weight]
    targets = counted_targets(action.targets)
    undo = action.undoes is not None and _may_undo(action, facts, now_ms)
    ordinary = Need(
        persons=max(level.persons, FLOORS[weight]),
        clauses=level.clauses,
        roles_of=held,
        strict_consoles=level.distinct_consoles or weight == "critical" or irreversible(targets),
        beside=NOT_FROM_HERE if undo and not may_alone(action, facts) else "",
    )
    found: list[Need] = []
    if action.break_glass and may_be_alone(action):
        clause = RoleClause(any_of=facts.policy.break_glass, count=1)
        found.append(Need(persons=1, clauses=(clause,), roles_of=held))
    if undo and may_alone(action, facts):
        signers = facts.undone_signers
        found.append(
            Need(
                persons=1,
                roles_of=held,
                out=lambda person: None if person in signers else "only a signer of the original may undo it alone",
            )
        )
    return (*found, ordinary)


def may_be_alone(action: Action) -> bool:
    """Whether broken glass lets one person do it: containment that can be reverted, no list, nothing by hand (0143)."""
    many = any(target.listed is not None or target.by_hand for target in action.targets)
    return action.direction == "contain" and not many and not irreversible(action.targets)


def _may_undo(action: Action, facts: Facts, now_ms: int) -> bool:
    """Whether one of the original signers may revert alone: within the signed window, exactly, once (section 6)."""
    before, since = facts.undone, facts.undone_at_ms
    if before is None or since is None or facts.undone_sha != action.undoes or before.undo_within_s is None:
        return False
    return (
        action.direction == "restore"
        and not is_lift(action)
        and before.direction == "contain"
        and before.org == action.org
        and before.inc == action.inc
        and not facts.undone_used
        and facts.undone_same
        and since <= now_ms <= since + before.undo_within_s * 1000
        and all(target.reversal != "none" for target in before.targets)
        and tuple(map(place_of, before.targets)) == tuple(map(place_of, action.targets))
    )


def is_lift(action: Action) -> bool:
    """Whether a restore is a lift: it says against which criteria it is judged, so it was meant for two to sign.

    Such a one is never an undo, even where it names what it lifts and sends exactly its revert (0160).
    """
    return action.direction == "restore" and action.lift_criteria_sd is not None


def place_of(target: Target) -> tuple[object, ...]:
    """What of a target's public part must be the same in its undo; salts and dispatchers may differ."""
    return tuple(getattr(target, name) for name in _SAME)


def _extension_need(document: Extension, facts: Facts, now_ms: int, qualified: Callable[[str], frozenset[str]]) -> Need:
    before = facts.undone
    against: list[str] = []
    if before is None or facts.undone_sha != document.doc or before.op != document.op:
        against.append("The action it extends is not known here.")
    else:
        if before.direction != "contain":
            against.append("Only containment can be extended.")
        if now_ms > max(before.execute_by, before.execute_by_unreachable or 0):
            against.append("The action has lapsed already: propose it again.")
        if not before.execute_by < document.execute_by <= before.created + MAX_EXTENSION_MS:
            against.append("The new time is not later, or is more than 24 h after the action was written.")
    if facts.undone_used:
        against.append("It was extended once already.")
    signers = facts.undone_signers
    return Need(
        persons=1,
        roles_of=qualified,
        out=lambda person: None if person in signers else "only a signer of the action may extend it",
        against=tuple(against),
    )


def _ratification_need(document: Ratification, facts: Facts, qualified: Callable[[str], frozenset[str]]) -> Need:
    before, signers = facts.undone, facts.undone_signers
    against: tuple[str, ...] = ()
    if before is None or facts.undone_sha != document.doc or before.op != document.op:
        against = ("The action it ratifies is not known here.",)
    elif not before.break_glass:
        against = ("Only a break-glass action is ratified.",)
    return Need(
        persons=1,
        clauses=(RoleClause(any_of=("commander",), count=1),),
        roles_of=qualified,
        out=lambda person: "whoever broke the glass cannot ratify it" if person in signers else None,
        against=against,
    )
