"""Rosters and requests to join in a shared place (protocol.md section 12): conditional create, read with signatures.

It checks that a signature is its key's; who may sign what is judged by `console.keys.roster` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from console.domain.errors import Problem
from console.domain.forms import Enrolment
from console.keys import canon, sshsig
from console.keys.publickey import PublicKey
from console.runtime.ids import SystemEntropy
from console.sync import layout
from console.sync.faults import FileRefused
from console.sync.folder import FolderPlace, Listed
from console.sync.layout import MAX_NAMES_IN_FOLDER, ObjectName

MOST_REQUESTS: Final = 64
MOST_ROSTERS: Final = 1_000
MOST_ROSTER_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A signed file as it lies in the place: its number (rosters; else -1), hash, bytes, raw SSHSIG by fingerprint."""

    n: int
    sha256: str
    raw: bytes
    signatures: dict[str, bytes] = field(default_factory=dict)


def rosters_in(
    place: FolderPlace, wanted: Callable[[ObjectName], bool] = lambda _: True
) -> tuple[list[Found], list[FileRefused]]:
    """The roster versions that lie in the place and are `wanted`, by number, and the files that were not taken."""
    listed, refused = place.rosters()
    found, more = read_rosters(place, [one for one in listed if one.name.family != "roster" or wanted(one.name)])
    return found, [*refused, *more]


def enrolments_in(place: FolderPlace, most: int = MOST_REQUESTS) -> tuple[list[Found], int]:
    """Requests to join that lie in the place, `most` files of them; and how many more files there are.

    Which of very many are read is whoever's choice who laid them there. Whose words were heard is found among all
    (`enrolments_with`), and one's own by its name (`enrolment`).
    """
    names, more = place.requests(most)
    return [found for name in names if (found := enrolment(place, name.sha)) is not None], more


def enrolments_with(place: FolderPlace, wanted: Callable[[str], bool]) -> Iterator[Found]:
    """The requests to join whose hash is `wanted`, one after the other, however many lie beside them."""
    names, _ = place.requests(MAX_NAMES_IN_FOLDER, wanted)
    for name in names:
        if (found := enrolment(place, name.sha)) is not None:
            yield found


def enrolment(place: FolderPlace, sha: str) -> Found | None:
    """The request to join of that hash, with those signatures of the keys it names that hold; None where it is none.

    Signatures are read by the names of those keys, and no other file is.
    """
    try:
        raw = place.read(_named(layout.enrolment_name(sha)))
        request = Enrolment.parse(canon.decode(raw, limit=len(raw)))
        lines = (*(key.key for key in request.person.keys), request.console.key)
        keys = [PublicKey.parse(line).fingerprint for line in lines]
    except (FileRefused, Problem):
        return None
    found = Found(-1, sha, raw)
    for fingerprint in dict.fromkeys(keys):
        with suppress(FileRefused, Problem):
            blob = _signature(place, layout.enrolment_signature_name(sha, fingerprint))
            prove_signature(raw, blob, fingerprint)
            found.signatures[fingerprint] = blob
    return found


def _named(path: str) -> ObjectName:
    name = layout.read_name(path)
    if name is None:
        raise ValueError(f"{path} is no name of the layout")
    return name


def _signature(place: FolderPlace, path: str) -> bytes:
    return sshsig.dearmour(place.read(_named(path)).decode("ascii", "replace"))


def read_rosters(
    place: FolderPlace, listed: Iterable[Listed], skip: Iterable[str] = ()
) -> tuple[list[Found], list[FileRefused]]:
    """Roster versions, each with those of its signatures that hold; `skip` names hashes not to be read.

    No more at once than fits into memory: of very many others are read the next time, and whoever lays them there
    cannot tell which.
    """
    items = list(listed)
    chosen, refused = _chosen([one for one in items if one.name.family == "roster"], set(skip))
    found: dict[str, Found] = {}
    for item in chosen:
        try:
            found[item.name.sha] = Found(item.name.first, item.name.sha, place.read(item.name))
        except FileRefused as fault:
            refused.append(fault)
    for item in items:
        if item.name.family == "roster-signature" and item.name.sha in found and item.name.key is not None:
            holder = found[item.name.sha]
            try:
                blob = _signature(place, item.name.path)
                prove_signature(holder.raw, blob, layout.fingerprint_of_hex(item.name.key))
            except FileRefused as fault:
                refused.append(fault)
            except Problem as fault:
                refused.append(FileRefused(item.name.path, fault.what.rstrip(".")))
            else:
                holder.signatures[layout.fingerprint_of_hex(item.name.key)] = blob
    return sorted(found.values(), key=lambda one: (one.n, one.sha256)), refused


def _chosen(listed: list[Listed], skip: set[str]) -> tuple[list[Listed], list[FileRefused]]:
    """As many files as are read at once, by chance where there are more."""
    salt, room, chosen = SystemEntropy().token(16), MOST_ROSTER_BYTES, list[Listed]()
    news = [one for one in listed if one.name.sha not in skip]
    for one in sorted(news, key=lambda one: sha256(salt + one.name.sha.encode()).digest()):
        room -= one.size
        if room < 0 or len(chosen) == MOST_ROSTERS:
            break
        chosen.append(one)
    left = len(news) - len(chosen)
    if not left:
        return chosen, []
    why = f"{left:,} more rosters lie there than are read at once; find out who writes into the folder"
    return chosen, [FileRefused("v1/roster", why)]


def prove_signature(raw: bytes, blob: bytes, fingerprint: str) -> None:
    """Prove that the key of this fingerprint made this SSHSIG over these bytes, for whatever purpose it names.

    Raises:
        FileRefused: when it is another key's.
        BadSignature: the subclass says why.
    """
    parsed = sshsig.parse_blob(blob)
    if parsed.key.fingerprint != fingerprint:
        raise FileRefused(fingerprint, "the signature is another key's than its name says")
    sshsig.verify(parsed.key, parsed.namespace, raw, blob)


def put_roster(place: FolderPlace, n: int, raw: bytes, signatures: Mapping[str, bytes]) -> int:
    """Publish a roster version; the number of files written. Signatures first: a reader of the version finds them."""
    sha = canon.sha256_hex(raw)
    written = 0
    for fingerprint, blob in sorted(signatures.items()):
        name = layout.roster_signature_name(n, sha, fingerprint)
        written += place.create(name, sshsig.armour(blob).encode())
    return written + place.create(layout.roster_name(n, sha), raw)


def put_enrolment(place: FolderPlace, raw: bytes, signatures: Mapping[str, bytes]) -> str:
    """Publish a request to join with the signatures of the keys it names; its hash. Publishing twice is no harm."""
    sha = canon.sha256_hex(raw)
    for fingerprint, blob in sorted(signatures.items()):
        place.create(layout.enrolment_signature_name(sha, fingerprint), sshsig.armour(blob).encode())
    place.create(layout.enrolment_name(sha), raw)
    return sha
