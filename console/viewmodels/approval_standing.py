"""Who else, until when, and whether this person may sign: the standing of a document in words.

The quorum rule decides; this only says what it answered. It allows nothing that the rule does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.actions import Action, Extension
from console.domain.deceit import shown
from console.domain.render import UNDERSTATED
from console.services.ahead import LACKS_ROLE
from console.services.approvals import Waiting
from console.services.presented import Presented
from console.viewmodels import approval_words as say

_HEALABLE: Final = re.compile(r"\d+ (more persons? ha(s|ve) to sign|of the signers must hold)")
_OF_ROLES: Final = re.compile(r"\d+ of the signers must hold")
_ROLES_ELSEWHERE: Final = "Who holds which role is not known here: the console that sends it counts."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerView:
    """One signature: `where` says the console and, where it was shared, the seat."""

    name: str
    decision: Literal["approve", "refuse"]
    when: str
    where: str
    counts: bool
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoElse:
    """Who signed, what is still missing, who can give it and why the others cannot."""

    proposer: str
    signed: tuple[SignerView, ...]
    missing: tuple[str, ...]
    can_sign: tuple[str, ...]
    cannot: tuple[tuple[str, str], ...]
    met: bool


@dataclass(frozen=True, slots=True)
class WindowView:
    """A time limit: what it is for, when (ms and words), how long is left. `at_ms` null where it runs from dispatch."""

    word: str
    at_ms: int | None
    when: str
    left: str


def who_else(paper: Presented) -> WhoElse | None:
    """Who signed, and who still can."""
    if paper.judged is None:
        return None
    verdict, missing, lacking = paper.judged.standing.verdict, list[str](), list[str]()
    proposer = paper.judged.standing.proposer
    if proposer is None:
        lacking = [person for person, why in verdict.cannot if why == LACKS_ROLE]
        missing = [_ROLES_ELSEWHERE if _OF_ROLES.match(one) else one for one in verdict.missing]
    return WhoElse(
        proposer="somebody whose record is not here yet" if proposer is None else called(proposer, paper.names),
        signed=tuple(
            SignerView(
                name=called(one.person, paper.names), decision=one.decision, when=say.clock(one.at_ms, paper.now_ms),
                where=called(one.console, paper.names) + (" (shared seat)" if one.seat == "shared" else ""),
                counts=one.counts, why_not=one.why_not,
            )
            for one in paper.signatures
        ),
        missing=tuple(dict.fromkeys(missing)) or verdict.missing,
        can_sign=tuple(called(one, paper.names) for one in (*verdict.can_sign, *lacking)),
        cannot=tuple((called(one, paper.names), why) for one, why in verdict.cannot if one not in lacking),
        met=verdict.met,
    )  # fmt: skip


def windows(paper: Presented) -> tuple[WindowView, ...]:
    """The time limits a document carries, in words."""
    document = paper.document
    found: list[tuple[str, int | None]] = [("Approve by", getattr(document, "approve_by", None))]
    if isinstance(document, Action):
        found += [
            ("Carry out by", document.execute_by),
            ("Carry out by, if the provider is unreachable", document.execute_by_unreachable),
            ("Look at it again by", document.review_by),
        ]
    elif isinstance(document, Extension):
        found.append(("Carry out by, from now on", document.execute_by))
    return tuple(
        WindowView(word, at_ms, say.clock(at_ms, paper.now_ms), say.left(at_ms, paper.now_ms))
        for word, at_ms in found
        if at_ms is not None
    )


def problems(paper: Presented, person: str) -> tuple[str, ...]:
    """Everything that forbids this person's signature, as sentences; the first is the one to show."""
    found: list[str] = []
    if paper.problem is not None:
        found.append(" ".join(part for part in paper.problem if part))
    if paper.judged is None:
        return tuple(found or ["It cannot be judged here."])
    found += _over(paper)
    if not found:
        found += _not_this_person(paper.judged.standing, person, paper.names)
    return tuple(found)


def _over(paper: Presented) -> list[str]:
    if paper.judged is None:
        return []
    standing = paper.judged.standing
    found: list[str] = []
    if standing.cancelled:
        found.append("It was cancelled.")
    if standing.authorised:
        found.append("It was decided already: its signatures were complete.")
    elif standing.verdict.met:
        what = "send it" if paper.sheet is not None else "carry it out"
        found.append(f"Its signatures are complete; it waits for its console to {what}.")
    approve_by = getattr(paper.document, "approve_by", None)
    if isinstance(approve_by, int) and paper.now_ms > approve_by:
        found.append("The time to approve it has passed: propose it again.")
    if paper.sheet is not None and paper.sheet.understated:
        found.append(UNDERSTATED)
    return found


def _not_this_person(standing: Waiting, person: str, names: Mapping[str, str]) -> list[str]:
    verdict = standing.verdict
    # what more signatures do not heal forbids every one of them; a sentence not known here is taken for such
    against = [one for one in verdict.missing if not _HEALABLE.match(one)]
    if against or person in verdict.can_sign:
        return against
    why = dict(verdict.cannot).get(person)
    if standing.proposer is None and why == LACKS_ROLE:
        return []  # it came ahead of its history, or by hand (0096): roles are judged where the history is
    who = called(person, names)
    return [f"{who} cannot sign it: {why}." if why else f"{who} is not in the roster in force here."]


def may_refuse(paper: Presented) -> bool:
    """A refusal is never too late before the decision; it needs a document that can be shown."""
    if paper.problem is not None or paper.judged is None:
        return False
    return not (paper.judged.standing.authorised or paper.judged.standing.cancelled)


def called(ident: str, names: Mapping[str, str]) -> str:
    """What an id is called here, everything invisible made visible."""
    name = names.get(ident)
    return shown(name) if name else f"{ident} (not named here)"
