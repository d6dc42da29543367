"""One document as it is put before its signer: bytes read anew, values, standing, signatures, names. It signs nothing.

Whatever keeps it from being signed is a value here, never an exception: the screen has to say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from console.domain.actions import Action, Document
from console.domain.errors import Problem
from console.domain.facts import Facts
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.domain.render import Line, approval_text
from console.domain.sheet import Sheet, read_sheet
from console.keys import canon
from console.keys.words import words_of
from console.outbox.facts import Held, read_document
from console.services.approvals import Judged, names_here, open_values, varying_value, weigh_up
from console.services.canaries import strange_canaries
from console.services.incidents import line_of
from console.services.listed import Listed, listed_in
from console.services.redacted_values import shown_values
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One proven record: who decided what, when, where, and whether it counts (else why not)."""

    person: str
    decision: Literal["approve", "refuse"]
    at_ms: int
    console: str
    seat: Literal["own", "shared"]
    counts: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A document before its signer. `sheet` is an action's content, `lines` the text of any other document.

    `problem` is what keeps it from being shown whole, and so from being signed: (what, next step). `names` are what
    ids of people, providers, surfaces, consoles and machine feeds are called here; `lists` the rows drawn from each;
    `strange` says which targets marked as canaries are none that this console knows.
    """

    sha: str
    now_ms: int
    me: str
    console: str
    incident: str
    words: str
    to_type: str
    to_type_is: str
    document: Document | None = None
    sheet: Sheet | None = None
    lines: tuple[Line, ...] = ()
    judged: Judged | None = None
    signatures: tuple[Signature, ...] = ()
    names: Mapping[str, str]
    lists: tuple[Listed, ...] = ()
    strange: tuple[str, ...] = ()
    problem: tuple[str, str] | None = None

    @property
    def facts(self) -> Facts | None:
        """The facts it was judged by."""
        return None if self.judged is None else self.judged.facts


def present(session: Session, sha: str) -> Presented:
    """Everything a signer needs of the document with this name."""
    problem: tuple[str, str] | None = None
    held: Held | None = None
    judged: Judged | None = None
    try:
        with session.reader.snapshot() as connection:
            held = read_document(connection, sha)
        judged = weigh_up(session, held)
    except Problem as fault:
        problem = (fault.what, fault.next_step)
    names = _names(session)
    facts = None if judged is None else judged.facts
    sheet: Sheet | None = None
    lines: tuple[Line, ...] = ()
    if held is not None:
        try:
            sheet, lines = _read(held, facts, {**names, **shown_values(session, held)})
        except Problem as fault:
            problem = (fault.what, fault.next_step)
    lists = () if held is None or problem is not None else listed_in(session, held)
    if broken := next((one.problem for one in lists if one.problem), ""):
        problem = (broken, "What cannot be shown cannot be signed: sync, then look again.")
    to_type, to_type_is = ("", "") if held is None else varying_value(held)
    return Presented(
        sha=sha, now_ms=session.clock.wall_ms(), me=session.me, console=session.settings.console,
        incident=_incident(session, held), words=words_of(sha), to_type=to_type, to_type_is=to_type_is,
        document=None if held is None else held.document, sheet=sheet, lines=lines, judged=judged,
        signatures=() if judged is None else _signatures(judged), names=names, lists=lists,
        strange=() if held is None or problem is not None else strange_canaries(session, held), problem=problem,
    )  # fmt: skip


def _read(held: Held, facts: Facts | None, names: Mapping[str, str]) -> tuple[Sheet | None, tuple[Line, ...]]:
    """The content, from the bytes parsed anew; by the same code whose text the terminal shows."""
    opened = open_values(held)
    value = canon.decode(held.row.raw, limit=MAX_DOCUMENT_BYTES)
    if isinstance(value, dict) and value.get("type") == "action.v1":
        action = Action.parse(value)
        return read_sheet(action, opened.targets, opened.reason, opened.lift_criteria, facts), ()
    return None, tuple(approval_text(value, (), names, reason=opened.reason, facts=facts))


def _signatures(judged: Judged) -> tuple[Signature, ...]:
    rejected = dict(judged.standing.verdict.rejected)
    found: list[Signature] = []
    for _, one in judged.records:
        record = one.record
        why = rejected.get(record.nonce, "")
        if not why and record.decision == "approve" and record.person not in judged.standing.verdict.counted:
            why = "a software key at one console does not count twice for what is critical"
        found.append(
            Signature(
                person=record.person, decision=record.decision, at_ms=record.at, console=record.console,
                seat=record.seat, counts=not why, why_not=why,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.at_ms))


def _names(session: Session) -> dict[str, str]:
    """As `names_here`, with consoles and their feeds called after the person whose they are."""
    names = names_here(session)
    roster = session.roster.roster
    for person in roster.persons:
        called = names.get(person.person) or person.person
        for key in person.keys:
            if key.console is not None:
                names.setdefault(key.console, f"the console of {called}")
    names[session.settings.console] = "this console"
    for feed in session.reader.feeds():
        if feed.author is None:
            names[feed.feed] = names.get(feed.console, f"console ..{feed.console[-4:]}")
    return names


def _incident(session: Session, held: Held | None) -> str:
    inc = None if held is None else getattr(held.document, "inc", None)
    if not isinstance(inc, str):
        return ""
    line = line_of(session, inc)
    if line is None or not line.declared:
        return inc
    return f"{line.label} {line.title}".strip()
