"""Opening a file that is for named people, and saying what can be said of one without opening it (decision 0156).

It keeps nothing that it opened, writes only where a person says, and believes no word that the file itself contradicts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.domain.errors import Problem, WrongUse
from console.domain.file_names import file_name
from console.domain.ids import is_sha256
from console.domain.named_file import NamedFile, is_sealed, named_file
from console.domain.profile import JsonValue
from console.journal.values import Stored
from console.keys import canon, keyfile
from console.keys.faults import WrongPassphrase
from console.keys.publickey import PublicKey
from console.keys.sealed import MOST_HEADER_BYTES, NotForYou, recipients, tag_of, unseal
from console.runtime import platform
from console.services import timeline
from console.services.session import Session

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

IDENTITY: Final = "the key file"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was before it was encrypted, and its true name."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What can be said of an encrypted file without opening it.

    `to` are names as signed. `mine`: it is encrypted to this person's keys here. `strange` says in a sentence where
    the file's header names others than were signed, or lacks somebody; empty while the file is not here.
    """

    to: tuple[str, ...]
    mine: bool
    strange: str


def open_file(session: Session, entry: str, *, identity: Path | None = None) -> Opened:
    """The file as it was, with a key of this profile, or with the OpenSSH key file `identity`.

    Raises:
        WrongUse: where the entry names no encrypted file, it is not here, or its key is in an agent.
        NotForYou: where no key here opens it.
        SealDamaged: where the file is not what was attached.
        Locked, WrongPassphrase, BadKeyFile: as the keys'.
    """
    _, file = find_sealed(session, entry)
    sealed = session.reader.blob(file.sha256)
    if sealed is None:
        raise WrongUse("The file is not here: it has not arrived yet, or was redacted.", "Sync, and try again.")
    key = _opener(session, sealed, identity)
    about = _about(key(file.about)) if file.about else None
    raw = key(sealed)
    if about is not None and (about.get("sha256"), about.get("size")) != (canon.sha256_hex(raw), len(raw)):
        raise Problem("The file is not the one its encrypted line describes.", "Ask whoever attached it which it is.")
    return Opened(str((about or {}).get("name") or "evidence"), raw)


def save(
    session: Session, entry: str, to: Path, *, identity: Path | None = None, encrypted: bool = False,
    replace: bool = False,
) -> Path:  # fmt: skip
    """Write an entry's file to `to` (a folder, or a name), for this user alone; its path.

    `encrypted` writes a sealed one as it is kept. It takes nothing's place unless `replace` says so. In a folder it
    gets a plain, visible name, whatever its entry calls it.

    Raises:
        WrongUse: where the entry has no file here, or something lies there already.
        NotForYou, SealDamaged, Locked and the keys' faults: as `open_file`.
    """
    stored = timeline.find_entry(session, entry)
    file = named_file(stored.entry.pub, stored.disclosed.get("blob"))
    if file is not None and file.kind == "need-to-know" and not encrypted:
        opened = open_file(session, stored.id, identity=identity)
    else:
        raw = None if file is None or file.kind == "held" else session.reader.blob(file.sha256)
        if file is None or raw is None:
            raise WrongUse("That entry has no file here.", "It is held elsewhere, has not arrived, or was redacted.")
        opened = Opened(f"{stored.id[:16]}.age" if is_sealed(raw) else file.name, raw)
    path = to / file_name(opened.name) if to.is_dir() else to
    if replace:
        platform.write_durably(path, opened.raw)
        return path
    try:
        platform.create_durably(path, opened.raw)
    except FileExistsError:
        raise WrongUse(f"{path} exists already.", "Name another file.") from None
    return path


def seal_of(session: Session, stored: Stored, file: NamedFile) -> Seal:
    """What can be said of it without opening it: by its first bytes alone, however long it is."""
    mine = {tag_of(key) for key in _keys_here(session)}
    head = _head(session, file.sha256)
    strange, named = "", frozenset[str]()
    try:
        named = recipients(file.about if head is None else head)
        strange = "" if head is None else _strange(session, stored, file, named)
    except Problem as fault:
        strange = "" if head is None else fault.what
    return Seal(to=tuple(session.name_of(one) for one in file.to), mine=bool(mine & named), strange=strange)


def _head(session: Session, sha: str) -> bytes | None:
    try:
        with session.paths.blob(sha).open("rb") as kept:
            return kept.read(MOST_HEADER_BYTES)
    except OSError:
        return None


def true_name(session: Session, file: NamedFile) -> str:
    """Its name, where this person's key is unlocked and opens it; else empty. Never asks."""
    if not session.unlocked or not file.about:
        return ""
    try:
        return str(_about(session.writer().unseal(file.about)).get("name") or "")
    except Problem:
        return ""


def keys_of(session: Session, person: str) -> list[PublicKey]:
    """A person's writer keys that count now and can open a file, one for each of their devices."""
    now, roster = session.clock.wall_ms(), session.roster
    return [
        facts.public
        for name, facts in roster.keys().items()
        if facts.person == person and facts.use == "writer" and facts.valid_at(now) and not roster.is_revoked(name)
        and not facts.public.hardware
    ]  # fmt: skip


def _keys_here(session: Session) -> dict[PublicKey, Path]:
    """The writer keys of this profile, the one in use first, then those before it, whose files stay."""
    found: dict[PublicKey, Path] = {}
    for path in (session.paths.key("writer"), *sorted(session.paths.keys.glob("writeruntil*[0-9]"))):
        with suppress(Problem):
            found.setdefault(keyfile.read_saved(path, "writer").public, path)
    return found


def _opener(session: Session, sealed: bytes, identity: Path | None) -> Callable[[bytes], bytes]:
    """What opens it: `identity`, or the first of this profile's keys that it is encrypted to. Asks once."""
    if identity is not None:
        return partial(unseal, private=_identity(session, identity))
    named = recipients(sealed)
    for public, path in _keys_here(session).items():
        if tag_of(public) not in named:
            continue
        if path == session.paths.key("writer"):
            return session.writer().unseal
        passphrase = session.ask(f"your writer key of before ({path.name})")
        return partial(unseal, private=keyfile.read_private(path, passphrase))
    raise NotForYou


def _identity(session: Session, path: Path) -> Ed25519PrivateKey:
    try:
        return keyfile.read_private(path, None)
    except WrongPassphrase:
        return keyfile.read_private(path, session.ask(IDENTITY))


def find_sealed(session: Session, entry: str) -> tuple[Stored, NamedFile]:
    """The entry a person means and its encrypted file; WrongUse where it names none."""
    stored = timeline.find_entry(session, entry)
    file = named_file(stored.entry.pub, stored.disclosed.get("blob"))
    if file is None and stored.entry.pub.get("class") == "need-to-know":
        raise WrongUse("The file is not here: it has not arrived yet, or was redacted.", "Sync, and try again.")
    if file is None or file.kind != "need-to-know":
        raise WrongUse("That entry names no file for named people.", "`standdown evidence list` shows those that do.")
    return stored, file


def _about(raw: bytes) -> dict[str, JsonValue]:
    value = canon.decode(raw, limit=len(raw))
    if not isinstance(value, dict) or not is_sha256(value.get("sha256")):
        raise Problem("The encrypted line about the file is none.", "Ask whoever attached it to attach it again.")
    return value


def _strange(session: Session, stored: Stored, file: NamedFile, named: frozenset[str]) -> str:
    rosters = [one for one in session.store.rosters() if one.ref == stored.entry.roster]
    tags: dict[str, set[str]] = {person: set() for person in file.to}
    for version in rosters:
        for facts in version.keys().values():
            if facts.person in tags and facts.use == "writer":
                tags[facts.person].add(tag_of(facts.public))
    known = set[str]().union(*tags.values())
    if rosters and named - known:
        return "It is encrypted to more keys than those of the people it was said to be for."
    left = [session.name_of(person) for person, mine in tags.items() if rosters and not mine & named]
    return f"It is not encrypted to {', '.join(left)}, though it was said to be." if left else ""
