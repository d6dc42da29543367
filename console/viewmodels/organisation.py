"""What founding and joining say on screen, and who can sign what now: from facts to sentences. No widget, no rule.

Whether a quorum is met is decided by `domain.quorum` alone; here it is only told who could sign if it were asked.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.domain.words import roles_said
from console.keys.words import words_of
from console.services import policy, roster
from console.services.founding import Progress, Stage
from console.services.roster import Waiting
from console.services.roster_signers import read_roster
from console.services.session import Session
from console.viewmodels.approval import ApprovalView, Section
from console.viewmodels.roster_paper import Ground, roster_view

StepState = Literal["done", "now", "later"]
_COMMAND: Final = re.compile(r"[:(]?\s*\(?standdown [a-z -]+\)?")
_FOUNDER: Final[tuple[tuple[str, tuple[Stage, ...]], ...]] = (
    ("Share a folder, make your keys", ("alone",)),
    ("Compare words, admit your colleague", ("inviting",)),
    ("Your colleague signs", ("admitted",)),
    ("Rehearse a signature", ("rehearsing",)),
    ("Your colleague rehearses", ("others-rehearsing",)),
)
_JOINER: Final[tuple[tuple[str, tuple[Stage, ...]], ...]] = (
    ("Make your keys, ask to be admitted", ()),
    ("Read out your words, be admitted", ("asking",)),
    ("Sign the roster", ("signing", "signed")),
    ("Rehearse a signature", ("rehearsing",)),
    ("Your colleague rehearses", ("others-rehearsing",)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to two people who can act."""

    title: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the roster names them. `keys`: use, fingerprint words, fingerprint; `ended` those that count no more.

    `consoles` are the devices their keys are bound to.
    """

    name: str
    me: bool
    roles: str
    rehearsed: bool
    keys: tuple[tuple[str, str, str], ...]
    person: str = ""
    consoles: tuple[str, ...] = ()
    ended: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Whether they may sign rosters."""
        return "admin" in self.roles.split(", ")

    @property
    def roles_said(self) -> str:
        """What they may hold, in words; `no role` for one who left."""
        return roles_said(one for one in self.roles.split(", ") if one)


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A roster that waits for signatures, for its card and for its signer; `paper` is made from the signed bytes."""

    sha: str
    n: int
    paper: ApprovalView
    why: str
    signed: str
    missing: str
    mine: Literal["may", "signed", "not"]
    alone: bool


@dataclass(frozen=True, slots=True)
class Ability:
    """Whether the signatures for one gravity could be had now, and from whom, or what is missing."""

    gravity: Literal["normal", "high", "critical", "roster"]
    can: bool
    sentence: str


def steps(progress: Progress) -> tuple[Step, ...]:
    """The way, with where one is on it."""
    way = _FOUNDER if progress.founder else _JOINER
    at = next((number for number, (_, stages) in enumerate(way) if progress.stage in stages), len(way))
    return tuple(
        Step(title, "done" if number < at else "now" if number == at else "later")
        for number, (title, _) in enumerate(way)
    )


def members(facts: dict[str, Any]) -> tuple[Member, ...]:
    """The members, oneself first, those who left last."""
    found = [
        Member(
            str(one["name"]), bool(one["me"]), ", ".join(one["roles"]), bool(one["rehearsed"]),
            tuple((str(key["use"]), fingerprint_words(str(key["key"])), str(key["key"])) for key in one["keys"]),
            str(one["person"]), _consoles(one["keys"]),
            frozenset(str(key["key"]) for key in one["keys"] if key.get("revoked") or key.get("until_ms")),
        )
        for one in facts["people"]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.me, not one.roles, one.name.casefold())))


def _consoles(keys: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted({str(key["console"]) for key in keys if key.get("console") and not key.get("revoked")}))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look into the shared places found: the rosters that wait, and the places that could not be looked into."""

    waiting: tuple[WaitingView, ...]
    gone: tuple[str, ...]


def look_for_rosters(session: Session) -> Looked:
    """The rosters that wait, and which places are not there: of those nothing is known. For a lane."""
    gone = tuple(place for place in session.settings.places if not Path(place).is_dir())
    return Looked(waiting_views(session), gone)


def waiting_views(session: Session) -> tuple[WaitingView, ...]:
    """The rosters that wait, read anew. For a lane: it reads the shared places."""
    now = session.clock.wall_ms()
    return tuple(_waiting_view(session, one, now) for one in roster.waiting(session))


def ground_of(session: Session, raw: bytes) -> Ground:
    """What a roster's bytes stand on, as far as it is known here."""
    before, *settled = roster.beneath(session, read_roster(raw))
    return Ground(before, tuple(settled), session.roster, policy.known(session))


def _waiting_view(session: Session, one: Waiting, now_ms: int) -> WaitingView:
    name_of = one.name_of(session)
    paper = roster_view(one.raw, ground_of(session, one.raw), name_of, now_ms)
    problems = (*paper.problems, *([one.problem] if one.problem else []))
    if one.mine != "may" and not problems:
        told = "You have signed it." if one.mine == "signed" else "Your signature would not count for it."
        paper = replace(paper, can_sign=False, why_not=told)
    elif problems:
        paper = replace(paper, problems=problems, can_sign=False, why_not=problems[0])
    proposer = f"{shown(name_of(one.proposer))} proposes it" if one.proposer else "Nobody recorded why"
    why = f"{proposer}: {shown(one.reason)}" if one.reason and one.proposer else f"{proposer}."
    signed = ", ".join(shown(name_of(person)) for person in one.signed)
    about = Section("Before you sign", (why, f"Signed by {signed}.", one.missing))
    return WaitingView(
        one.sha, one.n, replace(paper, sections=(*paper.sections, about)), why,
        signed, one.missing, one.mine, one.signed == (session.me,),
    )  # fmt: skip


def missing(facts: dict[str, Any]) -> tuple[str, ...]:
    """What is missing before two people can act, without the commands a terminal would name."""
    return _without_commands(facts["missing"])


def owed(facts: dict[str, Any]) -> tuple[str, ...]:
    """What is to be done some day soon though two people can act, in the same way."""
    return _without_commands(facts["owed"])


def _without_commands(lines: Iterable[str]) -> tuple[str, ...]:
    told = [_COMMAND.sub("", str(one)).strip().rstrip(".") for one in lines]
    return tuple(f"{one[:1].upper()}{one[1:]}." for one in told)


def abilities(facts: dict[str, Any]) -> tuple[Ability, ...]:
    """For each gravity, and for the next roster: could its signatures be had now, and from whom."""
    return (*_for_corrections(facts), *_for_rosters(facts))


def _for_rosters(facts: dict[str, Any]) -> tuple[Ability, ...]:
    """Admins by the keys they could sign the next roster with. A provisional record is followed by founding."""
    needed = facts["threshold"]
    if needed is None:
        return ()
    able: list[str] = []
    for one in facts["people"]:
        uses = {key["use"] for key in one["keys"] if not key["revoked"] and not key["until_ms"]}
        if "admin" in one["roles"] and uses & {"approver", "recovery"}:
            able.append(str(one["name"]) + ("" if "approver" in uses else " (by recovery key alone)"))
    names = ", ".join(sorted(able))
    can = len(able) >= needed
    spare = len(able) - needed
    told = f"A change of the roster ({needed} admins): "
    if not can:
        return (Ability("roster", can=False, sentence=f"{told}not now, {_only(names)} could sign."),)
    rest = "" if spare else " Nobody may be away."
    return (Ability("roster", can=True, sentence=f"{told}yes, by {names}.{rest}"),)


def _only(names: str) -> str:
    return f"only {names}" if names else "nobody"


def _for_corrections(facts: dict[str, Any]) -> tuple[Ability, ...]:
    """As the default policy asks for them."""
    able = [
        one for one in facts["people"] if one["rehearsed"] and "approver" in one["roles"] and one.get("can_sign", True)
    ]
    branches = facts.get("in_every_branch")  # while the roster is split, only who stands in every branch counts
    if branches is not None:
        able = [one for one in able if one["person"] in branches]
    wider = "wider, or a restore" if branches is None else "wider; nothing is restored while the roster is split"
    names = ", ".join(sorted(str(one["name"]) for one in able))
    leads = [one for one in able if {"commander", "deputy"} & set(one["roles"])]
    two = len(able) > 1 and bool(leads)
    consoles = len(facts["consoles"])
    if not able:
        nobody = "nobody's signature counts yet."
        return (
            Ability("normal", can=False, sentence=f"One signature: not now, {nobody}"),
            Ability("high", can=False, sentence=f"Two signatures: not now, {nobody}"),
            Ability("critical", can=False, sentence=f"Two on two consoles: not now, {nobody}"),
        )
    why = "one more person has to rehearse." if leads else "nobody who may command has rehearsed."
    apart = two and consoles > 1
    why_apart = why if not two else "only one console is in the roster."
    return (
        Ability("normal", can=True, sentence=f"One signature (narrow, reversible): yes, by {names}."),
        Ability(
            "high", can=two,
            sentence=f"Two signatures ({wider}): yes, by {names}."
            if two else f"Two signatures: not now, {why}",
        ),
        Ability(
            "critical", can=apart,
            sentence=f"Two on two consoles (irreversible, or everywhere): yes, by {names}."
            if apart else f"Two on two consoles: not now, {why_apart}",
        ),
    )  # fmt: skip


def fingerprint_words(fingerprint: str) -> str:
    """The words of a key by its fingerprint (`SHA256:` and base64), as its recovery envelope prints them.

    Raises:
        WrongUse: for another text.
    """
    head, _, tail = fingerprint.partition(":")
    try:
        raw = base64.b64decode(tail + "=" * (-len(tail) % 4), validate=True)
    except ValueError:
        raw = b""
    if head != "SHA256":
        raise WrongUse(f"{fingerprint!r} is no fingerprint.")
    return words_of(raw.hex())
