"""What is said of an entry later: amended, retracted, of another kind; and everything there is to know of one entry.

Nothing is ever edited: each of these is a further signed entry that names the first, which stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.errors import WrongUse
from console.domain.kinds import KINDS
from console.domain.named_file import NamedFile, named_file
from console.domain.profile import JsonValue
from console.journal.line import occurred
from console.journal.projections import Projections
from console.journal.values import Draft, Stored
from console.services.session import Session
from console.services.synced import SyncedUpto
from console.services.targets import Targets

PLAIN_KINDS = (
    "note", "observation", "witness", "decision", "decision.not-to-act", "objection", "task", "communication",
    "lodging",
)  # fmt: skip
"""Kinds that hold nothing but what was said: one can be told as another."""

WRITTEN_KINDS = (
    *PLAIN_KINDS, "notification", "knowledge.fact", "awareness.determination", "evidence", "incident.declared",
)  # fmt: skip
"""What people say and can take back or put better. Steps that had an effect are undone by further steps instead."""

_LEAST_DIGITS = 8
_KEPT = ("quoted", "tlp", "privileged", "shareable")


@dataclass(frozen=True, slots=True)
class Wording:
    """What an entry said at first, or was amended to: by whom, when (ms), in which entry."""

    entry: str
    author: str
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """All wordings, the first one first; and who took it back, with the reason as text, where somebody did."""

    wordings: tuple[Wording, ...]
    retraction: Wording | None


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file as its entry names it, and whether its bytes are here.

    `named` is all that the entry says of it. An encrypted one: `to` are the names it is for, `mine` whether this
    person's keys open it, `strange` where its header says otherwise; its true name is there while the key is unlocked.
    """

    name: str
    sha256: str
    size: int
    here: bool
    named: NamedFile | None = None
    to: tuple[str, ...] = ()
    mine: bool = False
    strange: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything there is to know of one entry. Times in ms; `received_ms` is when this console had it.

    `absent` counts its values that are not here, `redacted` those of them that two people had deleted for ever.
    `about` says what an entry about a correction is about; `only_here`: no shared place is known to have it yet.
    """

    id: str
    feed: str
    seq: int
    kind: str
    inc: str | None
    subj: str | None
    author: str
    console: str
    key: str
    text: str
    speaker: str
    source: str
    occurred_ms: int
    plus_minus_ms: int
    recorded_ms: int
    received_ms: int
    skewed: bool
    standing: str
    absent: int
    redacted: int
    public: tuple[tuple[str, str], ...]
    file: EvidenceFile | None
    history: History
    about: str = ""
    only_here: bool = False


def find_entry(session: Session, named: str) -> Stored:
    """The entry a person means: its id, or at least its first eight digits.

    Raises:
        WrongUse: when none or more than one begins so.
    """
    begins = named.strip().casefold()
    if len(begins) < _LEAST_DIGITS or set(begins) - set("0123456789abcdef"):
        raise WrongUse(f"{named[:64]!r} is no entry.", f"Give at least {_LEAST_DIGITS} digits of its id.")
    found = session.reader.ids_beginning(begins)
    stored = session.reader.entry(found[0]) if len(found) == 1 else None
    if stored is None:
        raise WrongUse(
            f"{'No' if not found else 'More than one'} entry begins with {begins[:64]}.", "See its id again."
        )
    return stored


def amend(session: Session, entry: str, text: str) -> Stored:
    """Say an entry in better words. Both wordings stay; the newest is shown.

    Raises:
        WrongUse: when there is nothing to say, or the entry is none of those that can be said in other words.
    """
    stored = _written(session, entry, "amended")
    if not text.strip():
        raise WrongUse("There is nothing to write.", "Give the new wording, or retract the entry.")
    return session.append(Draft("amendment", stored.entry.inc, None, {"of": [stored.id]}, {"text": text}))


def retract(session: Session, entry: str, reason: str) -> Stored:
    """Take an entry back, with the reason. It stays, marked.

    Raises:
        WrongUse: without a reason, or when the entry is none of those that can be taken back.
    """
    stored = _written(session, entry, "retracted")
    if not reason.strip():
        raise WrongUse("Taking something back needs a reason.", "Give it with --reason.")
    return session.append(_retraction(stored, reason))


def retype(session: Session, entry: str, kind: str) -> Stored:
    """Tell an entry as one of another kind; gives the new entry.

    A signed kind cannot be changed, so it is taken back and written again in one step, with the time it occurred, its
    newest own wording and whom it quotes; the new entry names the old one.

    Raises:
        WrongUse: when one of the two kinds holds more than words.
    """
    stored = _written(session, entry, "told as another kind")
    if kind not in PLAIN_KINDS or stored.entry.kind not in PLAIN_KINDS:
        raise WrongUse(
            f"A {stored.entry.kind} cannot be told as {kind[:64]!r}.", f"It goes between {', '.join(PLAIN_KINDS)}."
        )
    if kind == stored.entry.kind:
        raise WrongUse(f"It is a {kind} already.", "There is nothing to do.")
    at_ms, plus_minus_ms = occurred(stored.disclosed.get("occurred"), stored.entry.hlc[0])
    values: dict[str, JsonValue] = {
        name: value for name, value in stored.disclosed.items() if name in KINDS[kind].discloses
    }
    if text := _newest_own_wording(session, stored):
        values["text"] = text
    values["occurred"] = {"at_ms": at_ms, "plus_minus_s": plus_minus_ms // 1000}
    pub: dict[str, JsonValue] = {name: value for name, value in stored.entry.pub.items() if name in _KEPT}
    pub["of"] = [stored.id]
    again = Draft(kind, stored.entry.inc, None, pub, values)
    return session.append_all([_retraction(stored, f"written again as {kind}"), again])[1]


def history(session: Session, entry: str) -> History:
    """How an entry was worded, in order, and whether it was taken back; only what counts, and what is here."""
    stored = find_entry(session, entry)
    amended, retracted = _said_later(session, stored)
    return History(
        wordings=tuple(_wording(session, one) for one in (stored, *amended)),
        retraction=_wording(session, retracted[0]) if retracted else None,
    )


def detail(session: Session, entry: str) -> Detail:
    """Everything there is to know of one entry.

    Raises:
        WrongUse: when there is no such entry here.
    """
    stored = find_entry(session, entry)
    said = stored.disclosed
    at_ms, plus_minus_ms = occurred(said.get("occurred"), stored.entry.hlc[0])
    return Detail(
        id=stored.id, feed=stored.feed, seq=stored.seq, kind=stored.entry.kind, inc=stored.entry.inc,
        subj=stored.entry.subj, author=session.name_of(stored.entry.author), console=stored.entry.console,
        key=stored.entry.key, text=_words(stored), speaker=_text(said.get("speaker")), source=_text(said.get("source")),
        occurred_ms=at_ms, plus_minus_ms=plus_minus_ms, recorded_ms=stored.entry.hlc[0],
        received_ms=stored.received_ms, skewed=stored.skewed, standing=stored.standing, absent=stored.absent,
        redacted=len(session.reader.tombstones() & set(stored.entry.sd)) if stored.absent else 0,
        public=tuple((name, _shown(value)) for name, value in sorted(stored.entry.pub.items())),
        file=_file(session, stored), history=history(session, stored.id),
        about=Targets(session).of(stored), only_here=stored.seq > SyncedUpto(session)().get(stored.feed, stored.seq),
    )  # fmt: skip


def _written(session: Session, entry: str, done: str) -> Stored:
    stored = find_entry(session, entry)
    kind = stored.entry.kind
    if kind == "amendment":
        of = stored.entry.pub.get("of")
        first = str(of[0])[:16] if isinstance(of, list) and of else "the entry it amends"
        raise WrongUse(f"An amendment is not {done}.", f"Amend or retract {first} itself.")
    if kind not in WRITTEN_KINDS or stored.entry.author is None:
        raise WrongUse(
            f"An entry of the kind {kind} is not {done}: it is a step that was taken, or was observed.",
            "Write a note about it, or take the step that undoes it.",
        )
    return stored


def _retraction(stored: Stored, reason: str) -> Draft:
    return Draft("retraction", stored.entry.inc, None, {"of": [stored.id]}, {"reason": reason})


def _newest_own_wording(session: Session, stored: Stored) -> str:
    """The newest wording by the author: another person's amendment is not put into a new entry in silence."""
    amended, _ = _said_later(session, stored)
    return [_words(one) for one in (stored, *amended) if one.entry.author == stored.entry.author][-1]


def _said_later(session: Session, stored: Stored) -> tuple[list[Stored], list[Stored]]:
    """Amendments that were not taken back themselves, and retractions; in the order in which they were written."""
    amended: list[Stored] = []
    retracted: list[Stored] = []
    with Projections(session.store) as projections:
        while not (progress := projections.advance()).finished and not progress.building:
            pass
        shelf = projections.shelf
        for ident, retracts in shelf.said_of(stored.id):
            one = session.reader.entry(ident)
            if one is not None and (retracts or not any(back for _, back in shelf.said_of(ident))):
                (retracted if retracts else amended).append(one)
    for found in (amended, retracted):
        found.sort(key=lambda one: (one.entry.hlc, one.feed))
    return amended, retracted


def _wording(session: Session, stored: Stored) -> Wording:
    return Wording(stored.id, session.name_of(stored.entry.author), stored.entry.hlc[0], _words(stored))


def _words(stored: Stored) -> str:
    """Everything that was said, a paragraph each."""
    said = [stored.disclosed.get(name) for name in ("title", "text", "reason", "briefing")]
    return "\n\n".join(word for word in said if isinstance(word, str))


def _file(session: Session, stored: Stored) -> EvidenceFile | None:
    named = named_file(stored.entry.pub, stored.disclosed.get("blob"))
    if named is None:
        return None
    here = named.kind != "held" and session.paths.blob(named.sha256).exists()
    if named.kind != "need-to-know":
        return EvidenceFile(named.name, named.sha256, named.size, here, named)
    from console.services.opening import seal_of, true_name  # noqa: PLC0415  few files are for few people

    seal = seal_of(session, stored, named)
    name = true_name(session, named) if seal.mine else ""
    return EvidenceFile(name, named.sha256, named.size, here, named, seal.to, seal.mine, seal.strange)


def _shown(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return "-" if value is None else str(value)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
