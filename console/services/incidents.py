"""What people write: incidents, notes, decisions, facts, evidence, command. Each is one durable entry or a few.

It never edits: a mistake is amended or retracted by a further entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.errors import Problem, WrongUse
from console.domain.forms import ROLES
from console.domain.ids import incident_label
from console.domain.incident_fold import HEADLINE_KINDS, headline_of
from console.domain.kinds import PHASES, STATUSES
from console.domain.profile import JsonValue
from console.domain.seen import Seen
from console.journal.seen import all_seen
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.outbox.facts import read_document
from console.runtime.ids import new_id
from console.services.rulings import rulings_of
from console.services.session import Session

if TYPE_CHECKING:  # what is pasted is understood long after the incidents are listed
    from console.domain.actions import Document
    from console.domain.chatlog import Row
    from console.domain.intake import Intake

MAX_EVIDENCE_BYTES = 256 * 1024 * 1024
_YEAR_MS = 31_556_952_000
_TOO_LONG = "Record it as held elsewhere: standdown evidence held FILE --holder NAME --place WHERE."


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident as a line: label, id, severity, status, who commands, when it was declared, by which entry.

    `besides` are those who declared it too and may command.
    """

    inc: str
    label: str
    title: str
    severity: int
    phase: str
    status: str
    commander: str | None
    declared_ms: int
    declared: str = ""
    besides: tuple[str, ...] = ()


def declare(session: Session, title: str, severity: int, text: str = "", *, shareable: bool = False) -> Stored:
    """Declare an incident; whoever declares it commands it until a signed hand-over.

    `shareable`: title and text may be quoted to executives and customers.
    """
    words: dict[str, JsonValue] = {"title": title}
    if text:
        words["text"] = text
    inc = new_id("i", session.entropy)
    pub: dict[str, JsonValue] = {"severity": severity, **({"shareable": True} if shareable else {})}
    return session.append(Draft("incident.declared", inc, None, pub, words))


def find_incident(session: Session, named: str | None) -> str:
    """The incident a person means: an id, a label, the end of an id; None is the only open one.

    Raises:
        WrongUse: when there is none, or more than one fits.
    """
    known = session.reader.incidents()
    if named is None:
        open_ones = [line.inc for line in list_incidents(session) if line.status != "closed"]
        if len(open_ones) == 1:
            return open_ones[0]
        what = "There is no open incident." if not open_ones else "There is more than one open incident."
        raise WrongUse(what, "Declare one with `standdown incident declare`, or name one with --incident.")
    tail = named.rsplit("-", 1)[-1].casefold()
    found = [inc for inc in known if tail and inc.endswith(tail)]
    if len(found) != 1:
        raise WrongUse(f"No single incident is called {named[:64]!r} here.", "See `standdown incident list`.")
    return found[0]


def any_incident(session: Session, named: str | None) -> str:
    """As `find_incident`, for reading: with none named, the only one known here will do, even closed."""
    known = session.reader.incidents()
    return known[0] if named is None and len(known) == 1 else find_incident(session, named)


def optional_incident(session: Session, named: str | None) -> str | None:
    """As `find_incident`, but with none named and none (or several) open it is the organisation's record."""
    if named is not None:
        return find_incident(session, named)
    open_ones = [line.inc for line in list_incidents(session) if line.status != "closed"]
    return open_ones[0] if len(open_ones) == 1 else None


def list_incidents(session: Session) -> list[IncidentLine]:
    """Every incident known here, folded by the rule that the dispatcher and the verifier use."""
    known = session.reader.incidents()
    return [_line(session, inc, known) for inc in known]


def line_of(session: Session, inc: str) -> IncidentLine | None:
    """One incident as its line; None where nothing of it is here."""
    known = session.reader.incidents()
    return _line(session, inc, known) if inc in known else None


def _line(session: Session, inc: str, known: list[str]) -> IncidentLine:
    """Reads the kinds that say something about the incident as a whole, however many notes there are."""
    stored = session.reader.entries(inc, kinds=HEADLINE_KINDS)
    told = [one for one in all_seen(stored) if one.standing == "good"]
    head = headline_of(told, _closings(session, told), inc, session.roster.roster)
    declared = head.declared_ms or 0
    year = 1970 + declared // _YEAR_MS
    return IncidentLine(
        inc, incident_label(inc, year, known), head.title, head.severity or 4, head.phase, head.status,
        head.roles.commander, declared, head.declared or "", head.roles.besides,
    )  # fmt: skip


def _closings(session: Session, told: list[Seen]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for sha in {one.words("doc") for one in told if one.kind == "closing.authorised"}:
        with session.reader.snapshot() as connection, suppress(Problem):
            if rulings_of(session).decided(connection, sha):
                found[sha] = read_document(connection, sha).document
    return found


def write(
    session: Session, kind: str, text: str, *, inc: str | None, occurred_ms: int | None = None,
    pub: dict[str, JsonValue] | None = None, more: dict[str, JsonValue] | None = None,
) -> Stored:  # fmt: skip
    """One entry with text: note, observation, decision, witness, task, communication and the like."""
    if not text.strip():
        raise WrongUse("There is nothing to write.", "Give the text, or `-` to read it from standard input.")
    values: dict[str, JsonValue] = {"text": text, **(more or {})}
    if occurred_ms is not None:
        values["occurred"] = {"at_ms": occurred_ms, "plus_minus_s": 0}
    return session.append(Draft(kind, inc, None, dict(pub or {}), values))


def paste(session: Session, log: str, *, inc: str | None, source: str = "pasted") -> list[Stored]:
    """A chat log as quoted notes, one for each message (see `console.domain.chatlog`). One transaction.

    Times without a date are taken as today's (or yesterday's where they would lie ahead), UTC.

    Raises:
        WrongUse: when no line of it has a time.
    """
    from console.domain.intake import quoted_rows  # noqa: PLC0415  as above

    rows = quoted_rows(log, session.clock.wall_ms(), UTC)
    if not rows:
        raise WrongUse("No line of the log reads `HH:MM name: text`.", "Write it as a plain note instead.")
    return quote(session, rows, inc=inc, source=source)


def quote(session: Session, rows: Sequence[Row], *, inc: str | None, source: str = "") -> list[Stored]:
    """Rows as quoted notes, in one transaction; `source` says whence, where the rows' own word is not enough."""
    return session.append_all([_note(row, inc, source or row.source or "pasted") for row in rows])


def _note(row: Row, inc: str | None, source: str) -> Draft:
    values: dict[str, JsonValue] = {"text": row.text}
    values |= {name: value for name, value in (("speaker", row.speaker), ("source", source)) if value}
    if row.occurred_ms is not None:
        values["occurred"] = {"at_ms": row.occurred_ms, "plus_minus_s": row.plus_minus_s}
    return Draft("note", inc, None, {"quoted": True} if source else {}, values)


def keep(session: Session, found: Intake, *, inc: str | None, source: str = "") -> list[Stored]:
    """What was typed or pasted and understood: a note, quoted notes, or evidence. Durable when this returns.

    Raises:
        WrongUse: when there is nothing to keep.
    """
    from console.domain.chatlog import Row  # noqa: PLC0415  as above
    from console.domain.intake import LongText, OneEntry, Several, Table  # noqa: PLC0415  as above

    if isinstance(found, Several):
        return quote(session, found.rows, inc=inc, source=source)
    if isinstance(found, Table | LongText):
        how = "pasted into the timeline" + (f" from {source}" if source else "")
        return [attach_bytes(session, found.raw, found.name, inc=inc, how=how)[0]]
    row = found.row if isinstance(found, OneEntry) else Row(found.text)
    if not row.text.strip():
        raise WrongUse("There is nothing to write.", "Type or paste something first.")
    return [session.append(_note(row, inc, source))]


def record_fact(
    session: Session, text: str, *, inc: str | None, since_ms: int, who: str = "", signal: str = ""
) -> Stored:
    """A knowledge fact: who knew what since when. Entering it late shows; nobody can backdate the entry itself."""
    more: dict[str, JsonValue] = {name: value for name, value in (("who", who), ("signal", signal)) if value}
    return write(session, "knowledge.fact", text, inc=inc, pub={"since_ms": since_ms}, more=more)


def attach(session: Session, path: Path, *, inc: str | None, text: str = "", how: str = "") -> tuple[Stored, str]:
    """A file as evidence: its bytes are kept by SHA-256; name, hash and size are a disclosure.

    Raises:
        WrongUse: when it cannot be read or is longer than 256 MiB.
    """
    return attach_bytes(session, read_evidence(path), path.name, inc=inc, text=text, how=how)


def read_evidence(path: Path, most: int = MAX_EVIDENCE_BYTES) -> bytes:
    """A file's bytes; WrongUse when it cannot be read or has more than `most`."""
    try:
        if path.stat().st_size > most:
            raise WrongUse(f"{path.name} is longer than 256 MiB.", _TOO_LONG)
        return path.read_bytes()
    except OSError as fault:
        raise WrongUse(f"{path} cannot be read ({fault.strerror}).", "Check the path and its rights.") from None


def attach_bytes(
    session: Session, raw: bytes, name: str, *, inc: str | None, text: str = "", how: str = ""
) -> tuple[Stored, str]:
    """Bytes that are no file (a pasted picture or table) as evidence: the entry, and their SHA-256.

    Raises:
        WrongUse: when there are more than 256 MiB of them.
    """
    if len(raw) > MAX_EVIDENCE_BYTES:
        raise WrongUse(f"{name} is longer than 256 MiB.", _TOO_LONG)
    from console.domain.chatlog import storable  # noqa: PLC0415  as above

    feed, ref = session.person(), session.ref
    shas: list[str] = []

    def work(tx: Tx) -> Stored:
        shas.append(tx.put_blob(raw))
        values: dict[str, JsonValue] = {"blob": {"name": storable(name), "sha256": shas[0], "size": len(raw)}}
        values |= {field: value for field, value in (("text", text), ("how", how)) if value}
        return tx.append(feed, Draft("evidence", inc, None, {"class": "open"}, values), roster=ref)

    return session.store.write(work), shas[0]


def change(session: Session, inc: str, what: str, to: str, reason: str) -> Stored:
    """Severity (1 to 4), phase or status of an incident; lowering a severity needs a reason.

    Raises:
        WrongUse: for an unknown value, or a lowered severity without a reason.
    """
    values: dict[str, JsonValue] = {"reason": reason} if reason else {}
    if what == "severity":
        if to not in {"1", "2", "3", "4"}:
            raise WrongUse("A severity is 1 (worst) to 4.", "Give one of them.")
        line = next(one for one in list_incidents(session) if one.inc == inc)
        if int(to) > line.severity and not reason:
            raise WrongUse("Lowering the severity needs a reason.", "Give it with --reason.")
        said = session.reader.entries(inc, kinds=("incident.declared", "severity.changed"))
        of: list[JsonValue] = [one.id for one in said[-200:]]  # what it comes after; unnamed, the worse would stand
        return session.append(Draft("severity.changed", inc, None, {"severity": int(to), "of": of}, values))
    allowed = PHASES if what == "phase" else STATUSES
    if to not in allowed:
        raise WrongUse(f"{to!r} is no {what}.", f"Give one of {', '.join(allowed)}.")
    return session.append(Draft(f"{what}.changed", inc, None, {what: to}, values))


def offer_command(session: Session, inc: str, to: str, text: str) -> Stored:
    """Offer command of an incident to a person; it passes when they accept.

    Raises:
        WrongUse: when you do not hold it, or the roster does not let them command.
    """
    if not any(one.person == to and "commander" in one.roles for one in session.roster.roster.persons):
        raise WrongUse(f"The roster does not let {session.name_of(to)} command.", "Offer it to one who may.")
    line = next(one for one in list_incidents(session) if one.inc == inc)
    if line.commander != session.me:
        raise WrongUse("You do not command this incident.", f"It is with {session.name_of(line.commander)}.")
    values: dict[str, JsonValue] = {"briefing": text} if text else {}
    return session.append(Draft("command.offered", inc, None, {"to": to}, values))


def accept_command(session: Session, inc: str) -> Stored:
    """Accept the last offer of command made to you.

    Raises:
        WrongUse: when there is none.
    """
    offers = [
        one for one in session.reader.entries(inc, kinds=("command.offered",))
        if one.entry.pub.get("to") == session.me and one.standing == "good"
    ]  # fmt: skip
    if not offers:
        raise WrongUse("Nobody offered you command of this incident.", "Ask the commander to offer it.")
    return session.append(Draft("command.accepted", inc, None, {"of": [offers[-1].id]}))


def assign_role(session: Session, inc: str, person: str, role: str, *, release: bool = False) -> Stored:
    """Give (or take) a role in an incident."""
    if role not in ROLES:
        raise WrongUse(f"{role!r} is no role.", f"Give one of {', '.join(ROLES)}.")
    kind = "role.released" if release else "role.assigned"
    return session.append(Draft(kind, inc, None, {"person": person, "role": role}))


def timeline(session: Session, inc: str | None) -> list[Stored]:
    """The entries of an incident (or, with None, of the organisation), by time of the clock they were written with."""
    found = session.reader.entries(inc) if inc else session.reader.entries(org=True)
    return sorted(found, key=lambda one: (one.entry.hlc, one.feed))


def find_person(session: Session, named: str) -> str:
    """The person somebody means: an id, the end of one, or an exact display name.

    Raises:
        WrongUse: when no single member fits.
    """
    people = [person.person for person in session.roster.roster.persons]
    found = [one for one in people if one == named or session.name_of(one).casefold() == named.casefold()]
    found = found or [one for one in people if len(named) >= 4 and one.endswith(named)]  # noqa: PLR2004  as labels
    if len(found) != 1:
        raise WrongUse(f"No single member is called {named[:64]!r}.", "See `standdown person list`.")
    return found[0]
