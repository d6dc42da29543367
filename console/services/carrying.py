"""What one console hands to another without any network: a document that asks for a signature, or the signatures given.

A file holds all it takes to stand in the other's record; pictures hold only what it takes to read and sign.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from console.domain import frames
from console.domain.actions import Action
from console.domain.errors import WrongUse
from console.domain.lists import list_of
from console.journal.segments import Disclosed
from console.journal.values import Stored
from console.outbox.facts import Held, read_document
from console.providers.planned import from_disclosures
from console.runtime import platform
from console.services import qr
from console.services.approvals import Judged, weigh_up
from console.services.session import Session
from console.sync import carrier, held
from console.sync.carrier import Load, Record
from console.sync.parcel import Parcel

ASK_ENDING: Final = ".standdown-ask"
ANSWER_ENDING: Final = ".standdown-answer"
_TAIL: Final = 512
_TAIL_BYTES: Final = 256 * 1024
_ROSTER_BYTES: Final = 48 * 1024
# of the entries that come along only to close the gap, whose words whoever signs has to read
_SPOKEN: Final = frozenset({
    "incident.declared", "correction.proposed", "document.proposed", "provider.added", "surface.added",
})  # fmt: skip
Way = Literal["file", "pictures"]


@dataclass(frozen=True, slots=True)
class Carried:
    """What is handed over: its bytes, a name for its file, and whether it asks for a signature or brings some."""

    doc: str
    asks: bool
    name: str
    data: bytes

    def frames(self, piece_bytes: int = frames.PICTURE_BYTES) -> tuple[str, ...]:
        """The same as lines for QR pictures.

        Raises:
            NotTogether: when it takes too many.
        """
        return frames.cut(frames.pack(self.data), piece_bytes)


def ask(session: Session, document: Held, way: Way = "file") -> Carried:
    """A document that waits for a signature, with whatever proves it and the approvals that are here.

    As pictures it goes without rosters and without the rest of the record, and without lists of accounts.

    Raises:
        WrongUse: when this record does not hold its proposal, or it restricts a list and pictures were asked for.
    """
    judged = weigh_up(session, document)
    if judged.proposal is None:
        raise WrongUse(
            "The entry that proposes it is not in this record, and without it nobody takes it in.",
            "Pass on the file that it came in.",
        )
    load = Load(session.org, document.sha, asks=True)
    if way == "file":
        _add_roster(load.parcel, session)
        _add_tails(load.parcel, session)
    _add_document(load, session, document, judged.proposal, way)
    named = getattr(document.document, "doc", None)
    if isinstance(named, str):  # what it ratifies or extends is read beside it
        _add_named(load, session, named, way)
    load.records += [_record_of(stored) for stored, _ in judged.records]
    return _made(load)


def answer(session: Session, document: Held) -> Carried:
    """The approvals and refusals of a document that were given at this console.

    Raises:
        WrongUse: when nobody decided about it here.
    """
    own = session.settings.console
    given = [stored for stored, one in weigh_up(session, document).records if one.record.console == own]
    if not given:
        raise WrongUse("Nobody has signed or refused it at this console.", "Read it, then sign or refuse it.")
    load = Load(session.org, document.sha, asks=False)
    load.records += [_record_of(stored) for stored in given]
    return _made(load)


def _made(load: Load) -> Carried:
    ending = ASK_ENDING if load.asks else ANSWER_ENDING
    return Carried(load.doc, load.asks, f"{load.doc[:12]}{ending}", carrier.encode(load))


def _record_of(stored: Stored) -> Record:
    pub, said = stored.entry.pub, stored.disclosed.get("reason")
    remark = said if isinstance(said, str) and len(said.encode()) <= carrier.MAX_REMARK_BYTES else ""
    return Record(base64.b64decode(str(pub["record"])), base64.b64decode(str(pub["sig"])), remark)


# -- what goes in ------------------------------------------------------------------------------------------------------


def _add_document(load: Load, session: Session, document: Held, proposal: Stored, way: Way) -> None:
    parcel = load.parcel
    if (proposal.raw, proposal.sig) not in parcel.entries:
        parcel.entries.append((proposal.raw, proposal.sig))
    parcel.documents.append(document.row.raw)
    _add_values(parcel, [(document.sha, document.row.strings)] if document.row.strings else [])
    _add_values(parcel, session.reader.disclosures([proposal.id]).items())
    for sha in _lists_of(document):
        if way == "pictures":
            raise WrongUse("It restricts a list of accounts, which is too long for pictures.", "Carry it as a file.")
        raw = session.reader.blob(sha)
        load.lists += [] if raw is None else [raw]


def _add_named(load: Load, session: Session, sha: str, way: Way) -> None:
    if session.reader.document(sha) is None:
        return
    with session.reader.snapshot() as connection:
        document = read_document(connection, sha)
    judged: Judged = weigh_up(session, document)
    if judged.proposal is not None:
        _add_document(load, session, document, judged.proposal, way)
        load.records += [_record_of(stored) for stored, _ in judged.records]


def _lists_of(document: Held) -> list[str]:
    action = document.document
    if not isinstance(action, Action):
        return []
    listed = [at for at, target in enumerate(action.targets) if target.listed is not None]
    planned = (from_disclosures(action.targets[at], document.disclosed(at), action.direction) for at in listed)
    return [sha for one in planned if (sha := list_of(one.params)) is not None]


def _add_values(parcel: Parcel, values: Iterable[Disclosed]) -> None:
    known = {holder for holder, _ in parcel.values}
    parcel.values += [one for one in values if one[0] not in known]


def _add_roster(parcel: Parcel, session: Session) -> None:
    """The newest versions, as far back as a little room goes, and the policy in force."""
    room = _ROSTER_BYTES
    for _, sha, raw, signatures, rival in reversed(session.reader.roster_files()):
        room -= len(raw) + sum(map(len, signatures.values()))
        if room < 0:
            break
        if not rival:
            parcel.rosters.insert(0, (raw, signatures))
            _add_values(parcel, session.reader.disclosures([sha]).items())
    policy = held.policy_of(session.roster.raw)
    row = None if policy is None else session.reader.document(policy)
    if row is not None:
        parcel.documents.append(row.raw)


def _add_tails(parcel: Parcel, session: Session) -> None:
    """The ends of this console's feeds, so that what is proposed joins the other's record; of most only the bones."""
    reader = session.reader
    heads = reader.heads()
    mine = [one.feed for one in reader.feeds() if one.console == session.settings.console and one.feed in heads]
    for feed in mine:
        room, kept = _TAIL_BYTES // len(mine), list[held.Line]()
        for one in reversed(held.lines(reader, feed, max(0, heads[feed][0] - _TAIL + 1))):
            room -= one.weight
            if room < 0:
                break
            kept.insert(0, one)
        parcel.entries += [one.pair for one in kept]
        _add_values(parcel, reader.disclosures([one.id for one in kept if one.kind in _SPOKEN]).items())


# -- where it goes -----------------------------------------------------------------------------------------------------


def write_file(carried: Carried, path: Path) -> None:
    """Put it into a new file; nothing is written over.

    Raises:
        WrongUse: when the name is taken.
    """
    _create(path, carried.data)


def write_pictures(carried: Carried, folder: Path) -> tuple[Path, ...]:
    """Put it into a folder as pictures, one for each frame; nothing is written over.

    Raises:
        NotTogether: when it takes too many.
        WrongUse: when a name is taken.
    """
    made = carried.frames()
    folder.mkdir(parents=True, exist_ok=True)
    digits = len(str(len(made)))
    stem = f"{carried.doc[:12]}-{'ask' if carried.asks else 'answer'}"
    paths = tuple(folder / f"{stem}-{at:0{digits}}-of-{len(made)}.png" for at in range(1, len(made) + 1))
    for path, frame in zip(paths, made, strict=True):
        _create(path, qr.png(frame))
    return paths


def _create(path: Path, data: bytes) -> None:
    try:
        platform.create_durably(path, data)
    except FileExistsError:
        raise WrongUse(f"{path} is there already.", "Name another place; nothing is written over.") from None
