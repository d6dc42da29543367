"""How far founding or joining is, as one value read from the journal, the keys and the shared folder. Changes nothing.

Whoever comes back later, at a window or a terminal, goes on from here. What lies in a folder is never trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from console.domain.errors import Problem
from console.domain.forms import Roster
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.keys import canon, keyfile
from console.keys.publickey import PublicKey
from console.keys.words import words_of
from console.services import dispatch, setup
from console.services.asking import own_request, requests_to_join
from console.services.organisation import begins_with, genesis_of, rosters_for_me
from console.services.readiness import organisation_facts
from console.services.session import Session
from console.services.setup import Note
from console.sync.folder import FolderPlace
from console.sync.people import Found, rosters_in

Stage = Literal[
    "alone", "inviting", "admitted", "asking", "signing", "signed", "rehearsing", "others-rehearsing", "ready",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """A sound request to join that lies in the folder. Its words are compared with what was heard, not shown."""

    words: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class Party:
    """A person in a roster that waits for a signature, with the words of the keys it would give them."""

    person: str
    name: str
    me: bool
    roles: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    founder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where this profile stands on the way to two people who can act. `facts` as `readiness.organisation_facts`.

    `unread`: so many files lie among the requests that they were not read; whose words are heard is found all the same.
    """

    stage: Stage
    founder: bool
    genesis_words: str
    my_words: str | None
    folder: str
    requests: tuple[Request, ...]
    unread: int = 0
    roster: tuple[Party, ...]
    roster_sha: str = ""
    envelopes: tuple[str, ...]
    note: Note
    trouble: str
    facts: dict[str, Any]


def find_beginning(folder: Path, words: str) -> str:
    """The hash of the roster 0 in `folder` whose words were heard.

    Raises:
        PlaceGone: when the folder is not there.
        Problem: when none in it has these words.
    """
    found, _ = rosters_in(FolderPlace(folder), begins_with(words))
    for one in found:
        return one.sha256
    raise Problem(
        "No organisation in that folder has these words.", "Compare them again; if they differ, do not go on."
    )


def meet(session: Session) -> Progress:
    """Exchange with the folder once, then say how far it is. A folder that is gone is said, not raised."""
    trouble = ""
    try:
        dispatch.sync_all(session)
    except Problem as fault:
        trouble = f"{fault.what} {fault.next_step}"
    return progress(session, trouble)


def progress(session: Session, trouble: str = "") -> Progress:
    """How far founding or joining is here."""
    founder = any(one.person == session.me for one in session.store.rosters()[0].roster.persons)
    waiting = [found for _, found in rosters_for_me(session)] if session.provisional else []
    mine = _own_key(session, "approver")
    stage = _stage(session, founder=founder, mine=mine, waiting=waiting)
    mine_first = sorted(waiting, key=lambda one: mine is None or mine.fingerprint not in one.signatures)
    shown = mine_first[0] if waiting and stage in ("signing", "signed") else None
    lying = _requests(session) if stage in ("inviting", "asking") else _Lying()
    facts = organisation_facts(session)
    return Progress(
        stage=stage, founder=founder, genesis_words=words_of(genesis_of(session)), my_words=lying.own,
        folder=session.settings.places[0] if session.settings.places else "", requests=tuple(lying.found),
        unread=lying.unread,
        roster=() if shown is None else _parties(session, shown),
        roster_sha="" if shown is None else shown.sha256,
        envelopes=tuple(str(path) for path in setup.envelopes_left(session.paths)),
        note=setup.read_note(session.paths), trouble=trouble or lying.trouble, facts=facts,
    )  # fmt: skip


def _stage(session: Session, *, founder: bool, mine: PublicKey | None, waiting: list[Found]) -> Stage:
    if not session.provisional:
        return _stage_later(session, mine)
    signed = any(mine is not None and mine.fingerprint in found.signatures for found in waiting)
    if founder:
        if mine is None or not session.settings.places:
            return "alone"
        return "admitted" if signed else "inviting"
    if not waiting:
        return "asking"
    return "signed" if signed else "signing"


def _stage_later(session: Session, mine: PublicKey | None) -> Stage:
    """In an organisation that is founded: admitted or not yet, rehearsed or not yet."""
    facts = [one for one in organisation_facts(session)["people"] if "approver" in one["roles"] or one["me"]]
    me = next((one for one in facts if one["me"]), None)
    if me is None or mine is None or session.roster.key(mine.fingerprint) is None:
        return "asking"  # a member's new device asks as a newcomer does
    if "approver" in me["roles"] and not me["rehearsed"]:
        return "rehearsing"
    return "ready" if all(one["rehearsed"] for one in facts if not one["me"]) else "others-rehearsing"


def _own_key(session: Session, use: Literal["approver", "writer"]) -> PublicKey | None:
    try:
        return keyfile.read_saved(session.paths.key(use), use).public
    except Problem:
        return None


@dataclass(slots=True)
class _Lying:
    """Others' sound requests, how many files were not read, the words of one's own, what is wrong with a folder."""

    found: list[Request] = field(default_factory=list[Request])
    unread: int = 0
    own: str | None = None
    trouble: str = ""


def _requests(session: Session) -> _Lying:
    genesis, lying = genesis_of(session), _Lying()
    for folder in session.settings.places:
        place = FolderPlace(Path(folder))
        try:
            own = own_request(session, place)
            sound, more = requests_to_join(place, session.org, genesis)
        except Problem as fault:
            lying.trouble = f"{fault.what} {fault.next_step}"
            break
        lying.own = lying.own if own is None else words_of(own)
        lying.unread += more
        lying.found += [Request(words_of(one.sha256), asked.created) for one, asked in sound if one.sha256 != own]
    return lying


def _parties(session: Session, found: Found) -> tuple[Party, ...]:
    founders = {one.person for one in session.store.rosters()[0].roster.persons}
    roster = Roster.parse(canon.decode(found.raw, limit=MAX_DOCUMENT_BYTES))
    return tuple(
        Party(
            one.person, session.name_of(one.person), one.person == session.me, one.roles,
            tuple((key.use, key_words(key.key)) for key in one.keys), one.person in founders,
        )
        for one in roster.persons
    )  # fmt: skip


def key_words(line: str) -> str:
    """A public key's words, as its recovery envelope prints them."""
    return words_of(canon.sha256_hex(PublicKey.parse(line).blob))
