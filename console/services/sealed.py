"""Files for named people alone, and files that are held elsewhere: attached, and passed on (decision 0156).

What is kept and what travels is encrypted from the first moment; the bytes in the clear are written nowhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from console.domain.chatlog import storable
from console.domain.errors import WrongUse
from console.domain.profile import JsonValue
from console.journal.tx import Tx
from console.journal.values import Draft, Stored
from console.keys import canon
from console.keys.sealed import seal
from console.services.incidents import MAX_EVIDENCE_BYTES, find_person, read_evidence
from console.services.opening import Opened, find_sealed, keys_of, open_file
from console.services.session import Session

_PAD_BYTES: Final = 256
_CHUNK_BYTES: Final = 1024 * 1024
_ENCRYPTED_MORE: Final = 256 * 1024  # what an encrypted file may be longer: its header, and 16 bytes in each 64 KiB


@dataclass(frozen=True, slots=True)
class Reader:
    """A member, and whether a file can be encrypted to them: `why_not` is empty where it can."""

    person: str
    name: str
    why_not: str


def readers(session: Session) -> tuple[Reader, ...]:
    """Every member of the roster in force, oneself first."""
    people = [one.person for one in session.roster.roster.persons]
    people.sort(key=lambda one: (one != session.me, session.name_of(one).casefold()))
    return tuple(
        Reader(one, session.name_of(one), "" if keys_of(session, one) else "no writer key of theirs can open a file")
        for one in people
    )


def attach(
    session: Session, path: Path, names: Sequence[str], *, inc: str | None, text: str = "", how: str = ""
) -> Stored:  # fmt: skip
    """A file as evidence for the named people and oneself. Its name is encrypted too; `text` and `how` are not.

    Raises:
        WrongUse: for a file that cannot be read or is too long, or people nothing can be encrypted to.
    """
    raw = read_evidence(path, MAX_EVIDENCE_BYTES - _ENCRYPTED_MORE)
    return attach_bytes(session, raw, path.name, names, inc=inc, text=text, how=how)


def attach_bytes(
    session: Session, raw: bytes, name: str, names: Sequence[str], *, inc: str | None, text: str = "", how: str = ""
) -> Stored:  # fmt: skip
    """As `attach`, of bytes that are no file."""
    if not names:
        raise WrongUse("Nobody is named who may read it.", "Name at least one person; you can always open it.")
    people = _people(session, names)
    values: dict[str, JsonValue] = {field: said for field, said in (("text", text), ("how", how)) if said}
    return _append(session, Opened(storable(name), raw), people, inc, values, None)


def share(session: Session, entry: str, names: Sequence[str], *, identity: Path | None = None) -> Stored:
    """Pass a file that one can open on to more people: encrypted anew for those it was for and these.

    Raises:
        WrongUse: where the entry names no such file, or nobody new is named.
        NotForYou, SealDamaged: as their names say.
    """
    stored, file = find_sealed(session, entry)
    if stored.standing != "good":
        raise WrongUse("That entry does not count.", "Attach the file anew.")
    opened = open_file(session, entry, identity=identity)
    members = {one.person for one in session.roster.roster.persons}
    before = [one for one in file.to if one in members and keys_of(session, one)]
    added = [one for one in _people(session, names) if one not in file.to]
    if not added:
        raise WrongUse("It is for these people already.", "Name somebody else.")
    people = list(dict.fromkeys((session.me, *before, *added)))
    said: dict[str, JsonValue] = {name: stored.disclosed[name] for name in ("text", "how") if name in stored.disclosed}
    return _append(session, opened, people, stored.entry.inc, said, (stored, file.was or file.sha256))


# -- held elsewhere ----------------------------------------------------------------------------------------------------


def hold(
    session: Session, path: Path, *, inc: str | None, holder: str, place: str, text: str = "", how: str = ""
) -> Stored:  # fmt: skip
    """Record a file by hash and size, who holds it and where; not a byte of it is copied. It may be of any length.

    Raises:
        WrongUse: where it cannot be read, or nobody holds it.
    """
    if not holder.strip() or not place.strip():
        raise WrongUse("A file that is not copied needs who holds it and where.", "Give both.")
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            for chunk in iter(partial(file.read, _CHUNK_BYTES), b""):
                digest.update(chunk)
                size += len(chunk)
    except OSError as fault:
        raise WrongUse(f"{path} cannot be read ({fault.strerror}).", "Check the path and its rights.") from None
    blob: dict[str, JsonValue] = {
        "name": storable(path.name), "sha256": digest.hexdigest(), "size": size, "holder": storable(holder.strip()),
        "place": storable(place.strip()),
    }  # fmt: skip
    values: dict[str, JsonValue] = {"blob": blob}
    values |= {field: said for field, said in (("text", text), ("how", how)) if said}
    return session.append(Draft("evidence", inc, None, {"class": "held"}, values))


# -- parts -------------------------------------------------------------------------------------------------------------


def _append(
    session: Session, opened: Opened, people: Sequence[str], inc: str | None, values: dict[str, JsonValue],
    before: tuple[Stored, str] | None,
) -> Stored:  # fmt: skip
    keys = [key for one in people for key in keys_of(session, one)]
    about: dict[str, JsonValue] = {
        "name": opened.name, "sha256": canon.sha256_hex(opened.raw), "size": len(opened.raw), "pad": "",
    }  # fmt: skip
    about["pad"] = "." * (-len(canon.encode(about)) % _PAD_BYTES)  # its length shall not tell that of the name
    line = seal(canon.encode(about), keys)
    sealed = seal(opened.raw, keys)
    feed, ref = session.person(), session.ref

    def work(tx: Tx) -> Stored:
        blob: dict[str, JsonValue] = {
            "sha256": tx.put_blob(sealed), "size": len(sealed), "to": list(people),
            "about": base64.b64encode(line).decode(),
        }  # fmt: skip
        pub: dict[str, JsonValue] = {"class": "need-to-know"}
        if before is not None:
            blob["was"] = before[1]
            pub["of"] = [before[0].id]
        return tx.append(feed, Draft("evidence", inc, None, pub, {"blob": blob, **values}), roster=ref)

    return session.store.write(work)


def _people(session: Session, names: Sequence[str]) -> list[str]:
    """Oneself and the named, each a member with a key that opens something."""
    people = list(dict.fromkeys((session.me, *(find_person(session, name) for name in names))))
    for one in people:
        if not keys_of(session, one):
            raise WrongUse(
                f"Nothing can be encrypted to {session.name_of(one)}: no writer key of theirs can open a file.",
                "Record the file as held elsewhere, or name somebody else.",
            )
    return people
