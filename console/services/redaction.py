"""Forget a value everywhere: chosen by one person, signed by two, then carried out by every console that hears of it.

It proposes, lists, and carries out what was decided. Nothing is deleted before the rule is met, and the entries stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from console.domain.actions import Redaction, RedactionItem, document_json
from console.domain.errors import BadForm, Problem, WrongUse
from console.domain.render import REDACTION_LEAVES
from console.journal import envelope
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.outbox.authorise import authorise
from console.outbox.facts import good_entries, read_document
from console.outbox.redaction import DONE, Forgotten, Redactions, prove
from console.services import timeline
from console.services.approvals import judge
from console.services.redacted_values import Source, Value, files_of, in_words, rows_of, source
from console.services.session import Session
from console.sync.held import file_names

DAY_MS: Final = 24 * 3_600_000
LEAVES: Final = REDACTION_LEAVES
"""What a redaction cannot do, as sentences for whoever proposes or signs one."""
State = Literal["proposed", "authorised", "done here", "refused", "lapsed"]
Chosen = Mapping[str, Sequence[str]]
"""Digests to be forgotten, by the entry or document that carries them."""

_LEAST_WORDS: Final = 3
_MOST_FOUND: Final = 200
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Proposed:
    """What was proposed: the document's hash, its entry, and how many values it names."""

    sha: str
    entry: str
    values: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a redaction stands. `done` are consoles that reported it (whose, ms); `open` those that have not yet."""

    sha: str
    inc: str | None
    proposer: str
    created_ms: int
    approve_by_ms: int
    values: int
    reason: str
    state: State
    missing: tuple[str, ...]
    done: tuple[tuple[str, int], ...]
    open: tuple[str, ...]


# -- choosing ----------------------------------------------------------------------------------------------------------


def choose(session: Session, named: str) -> tuple[Source, ...]:
    """What can be redacted about an entry: itself, the document it proposes, and what amends or takes it back.

    `named` is an entry's or document's id, or its first eight digits at least.

    Raises:
        WrongUse: where there is none.
    """
    document = _document_named(session, named)
    if document is not None:
        return (document,)
    stored = timeline.find_entry(session, named)
    holders = [stored.id]
    if isinstance(doc := stored.entry.pub.get("doc"), str):
        holders.append(doc)
    for kind in ("amendment", "retraction"):
        about = session.reader.entries(stored.entry.inc, org=stored.entry.inc is None, kinds=(kind,))
        holders += [one.id for one in about if stored.id in _texts(one.entry.pub.get("of"))]
    found = (source(session, holder) for holder in holders)
    return tuple(one for one in found if one is not None)


def find(session: Session, words: str) -> tuple[tuple[Source, tuple[Value, ...]], ...]:
    """Every entry and document with a value that holds these words, however they are written large or small.

    Raises:
        WrongUse: for fewer than three characters.
    """
    wanted = words.strip().casefold()
    if len(wanted) < _LEAST_WORDS:
        raise WrongUse("That would find nearly everything.", "Give at least three characters of what must go.")
    hits: dict[str, set[str]] = {}
    for holder, digest, body in rows_of(session):
        _, name, value = canon.open_disclosure(body)
        if wanted in in_words(value, whole=True).casefold() or wanted in files_of(name, value):
            hits.setdefault(holder, set()).add(digest)
        if len(hits) >= _MOST_FOUND:
            break
    found: list[tuple[Source, tuple[Value, ...]]] = []
    for holder, digests in hits.items():
        one = source(session, holder)
        if one is not None:
            found.append((one, tuple(value for value in one.values if value.digest in digests)))
    return tuple(found)


def _document_named(session: Session, named: str) -> Source | None:
    begins = named.strip().casefold()
    least = 8
    shas = [sha for sha, _, _ in session.reader.documents() if len(begins) >= least and sha.startswith(begins)]
    return source(session, shas[0]) if len(shas) == 1 else None


# -- proposing ---------------------------------------------------------------------------------------------------------


def propose(session: Session, chosen: Chosen, reason: str, *, within_ms: int = DAY_MS) -> Proposed:
    """Propose to forget these values everywhere. It moves nothing; two people sign, one of them qualified to command.

    An attachment dies with its value, so every other value that names the same file goes with it.

    Raises:
        WrongUse: in one person's record, without a reason, with a reason that repeats what is to go, or for a value
            that is not here.
    """
    if session.provisional:
        raise WrongUse(
            "A redaction needs two signatures, and the record is one person's.", "Found: standdown org found"
        )
    if not reason.strip():
        raise WrongUse(
            "A redaction needs a reason; it stays in the record.", "Say why, without what is to be forgotten."
        )
    wanted = _with_same_files(session, chosen)
    sources = _sources(session, wanted)
    _require_discreet(reason, sources, wanted)
    feed, ref = session.person(), session.ref
    session.device()
    (text,), (reason_sd,) = envelope.conceal({"reason": reason.strip()}, session.entropy)
    inc = next((one.inc for one in sources if one.inc is not None), None)
    items = tuple(
        RedactionItem(
            entry=None if one.is_document else one.holder, doc=one.holder if one.is_document else None,
            digests=tuple(sorted(set(wanted[one.holder]))),
        )
        for one in sources
    )  # fmt: skip

    def work(tx: Tx) -> Proposed:
        now = tx.now_ms
        document = Redaction(
            org=session.org, inc=inc, items=items, reason_sd=reason_sd, roster=ref, created=now,
            approve_by=now + within_ms,
        )  # fmt: skip
        raw = canon.encode(document_json(document))
        sha = canon.sha256_hex(raw)
        proposed = Draft("document.proposed", inc, None, {"doc": sha, "doc_type": "redaction.v1"})
        stored = tx.append(feed, proposed, roster=ref)
        tx.put_document(raw, [text], carried_by=stored.id)
        return Proposed(sha, stored.id, sum(len(item.digests) for item in items))

    return session.store.write(work)


def _sources(session: Session, chosen: Chosen) -> list[Source]:
    """Every holder with its values; all chosen ones have to be here, so that whoever signs can see them.

    Raises:
        WrongUse: where nothing is chosen, or one of them is not here.
    """
    found: list[Source] = []
    for holder, digests in chosen.items():
        one = source(session, holder)
        if one is None or set(digests) - {value.digest for value in one.values}:
            raise WrongUse(
                f"A value of {holder[:16]} is not here, or was redacted already.", "Look at the entry again, or sync."
            )
        if digests:
            found.append(one)
    if not found:
        raise WrongUse("Nothing is chosen.", "Choose at least one value.")
    return found


def _with_same_files(session: Session, chosen: Chosen) -> dict[str, tuple[str, ...]]:
    wanted = {holder: tuple(digests) for holder, digests in chosen.items()}
    doomed = _files(filter(None, (source(session, holder) for holder in wanted)), wanted)
    grown = bool(doomed)
    while grown:
        named = ((one.id, files_of("blob", one.disclosed.get("blob"))) for one, _ in file_names(session.reader))
        holders = [one for ident, files in named if files & doomed and (one := source(session, ident)) is not None]
        for one in holders:
            more = (value.digest for value in one.values if value.files & doomed)
            wanted[one.holder] = tuple(dict.fromkeys((*wanted.get(one.holder, ()), *more)))
        grown = not _files(holders, wanted) <= doomed
        doomed |= _files(holders, wanted)
    return wanted


def _files(sources: Iterable[Source], chosen: Chosen) -> frozenset[str]:
    return frozenset().union(
        *(value.files for one in sources for value in one.values if value.digest in chosen[one.holder])
    )


def _require_discreet(reason: str, sources: Iterable[Source], chosen: Chosen) -> None:
    said = reason.casefold()
    least = 6
    for one in sources:
        for value in one.values:
            text = value.text.strip().casefold()
            if value.digest in chosen[one.holder] and len(text) >= least and text in said:
                raise WrongUse("The reason repeats what is to be forgotten.", "Say why without it: the reason stays.")


# -- carrying out ------------------------------------------------------------------------------------------------------


def carry_out(session: Session, *, stop: Callable[[], bool] = lambda: False) -> tuple[Forgotten, ...]:
    """Decide what has its people, and carry out here whatever any console has decided. Beside an engine it is harmless.

    It may rebuild the index: never on a thread that must not wait. Nothing in a record that is one person's.
    """
    if session.provisional or not _any(session):
        return ()
    try:
        feed = session.device()
    except Problem:
        return ()  # no roster names this console (yet): it cannot even report
    redactions = Redactions(session.store, feed)
    told: dict[str, Forgotten] = {one.doc: one for one in redactions.carry_out(stop)}
    for sha in _proposed(session):
        if sha not in told or told[sha].outcome == "refused":  # a false authorisation keeps no true one away
            with suppress(Problem):  # parts of it are not here yet
                session.store.write(partial(authorise, feed=feed, doc=sha))
    for _ in range(_TRIES):
        told |= {one.doc: one for one in redactions.carry_out(stop)}
        if all(one.outcome != "under way" for one in told.values()) or stop():
            break
    return tuple(told.values())


def _any(session: Session) -> bool:
    with session.reader.snapshot() as connection:
        return connection.execute("SELECT 1 FROM document WHERE type = 'redaction.v1' LIMIT 1").fetchone() is not None


def _proposed(session: Session) -> tuple[str, ...]:
    """Redactions that were proposed by anybody and are not done here."""
    with session.reader.snapshot() as connection:
        proposals = good_entries(connection, ("document.proposed",))
        done = {
            str(one.entry.pub.get("doc"))
            for one in good_entries(connection, (DONE,))
            if one.entry.console == session.settings.console
        }
    named = (str(one.entry.pub["doc"]) for one in proposals if one.entry.pub.get("doc_type") == "redaction.v1")
    return tuple(sha for sha in dict.fromkeys(named) if sha not in done)


# -- how they stand ----------------------------------------------------------------------------------------------------


def standings(session: Session) -> tuple[Standing, ...]:
    """Every redaction that is here, the newest first; one of which parts are missing is left out."""
    found: list[Standing] = []
    for sha, kind, _ in session.reader.documents():
        if kind == "redaction.v1":
            try:
                found.append(standing(session, sha))
            except (Problem, BadForm):
                continue
    return tuple(sorted(found, key=lambda one: (-one.created_ms, one.sha)))


def standing(session: Session, sha: str) -> Standing:
    """How one redaction stands here.

    Raises:
        WrongUse: where the document is no redaction.
        UnknownDocument: where it is not here.
    """
    with session.reader.snapshot() as connection:
        held = read_document(connection, sha)
        reported = [one for one in good_entries(connection, (DONE,)) if one.entry.pub.get("doc") == sha]
    document = held.document
    if not isinstance(document, Redaction):
        raise WrongUse("That document is no redaction.", "See `standdown redact list`.")
    done = {one.entry.console: one.entry.hlc[0] for one in reversed(reported)}
    waiting = judge(session, held)
    authorised = session.settings.console in done or (waiting.authorised and _holds(session, sha))
    state: State = "proposed"
    if authorised:
        state = "done here" if session.settings.console in done else "authorised"
    elif any("refused" in one for one in waiting.verdict.missing):
        state = "refused"
    elif document.approve_by < session.clock.wall_ms():
        state = "lapsed"
    pair = held.row.disclosed_by_digest.get(document.reason_sd)
    owners = _owners(session)
    return Standing(
        sha=sha, inc=document.inc, proposer=session.name_of(waiting.proposer), created_ms=document.created,
        approve_by_ms=document.approve_by, values=sum(len(item.digests) for item in document.items),
        reason=pair[1] if pair is not None and isinstance(pair[1], str) else "", state=state,
        missing=() if authorised else waiting.verdict.missing,
        done=tuple((owners.get(console, console), at_ms) for console, at_ms in done.items()),
        open=tuple(name for console, name in owners.items() if authorised and console not in done),
    )  # fmt: skip


def _holds(session: Session, sha: str) -> bool:
    try:
        prove(session.store, sha)
    except Problem:
        return False
    return True


def _owners(session: Session) -> dict[str, str]:
    """Every console of the roster, called after whose it is."""
    roster = session.roster.roster
    persons = {key.console: one.person for one in roster.persons for key in one.keys if key.console is not None}
    return {
        one.console: f"{session.name_of(persons[one.console])}'s console" if one.console in persons else one.console
        for one in roster.consoles
    }


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


__all__ = [
    "LEAVES", "Chosen", "Forgotten", "Proposed", "Source", "Standing", "Value", "carry_out", "choose", "find",
    "propose", "standing", "standings",
]  # fmt: skip
