"""Requests to join that lie in a shared folder: which are sound, whose words were heard, which is one's own.

Anybody who can write there lays there what they like, and any number of it (decision 0200): nothing is believed but
signatures by the keys that a request names, and words that were heard.
"""

from __future__ import annotations

from console.domain.errors import Problem
from console.domain.forms import Enrolment
from console.domain.ids import is_sha256
from console.keys import keyfile
from console.keys.roster import verify_enrolment
from console.keys.words import same_words, words_of
from console.services import setup
from console.services.session import Session
from console.sync.folder import FolderPlace
from console.sync.people import Found, enrolment, enrolments_in, enrolments_with


def requests_to_join(place: FolderPlace, org: str, genesis: str) -> tuple[list[tuple[Found, Enrolment]], int]:
    """Sound requests in a place: of this organisation, signed by every key they name. And how many were not read."""
    found, more = enrolments_in(place)
    return [(one, request) for one in found if (request := _sound(one, org, genesis)) is not None], more


def request_heard(place: FolderPlace, org: str, genesis: str, words: str) -> Enrolment | None:
    """The sound request in a place whose words were heard, however many others lie there."""
    for one in enrolments_with(place, lambda sha: same_words(words_of(sha), words)):
        if (request := _sound(one, org, genesis)) is not None:
            return request
    return None


def own_request(session: Session, place: FolderPlace) -> str | None:
    """The hash of this console's own request, where it lies in a place.

    By what was noted when it was made, and by its keys: anybody can lay one there that names this console, and who
    read its words aloud would have that one admitted.
    """
    noted = setup.read_note(session.paths).request
    mine = keyfile.read_saved(session.paths.key("console"), "console").public.line
    known = enrolment(place, noted) if is_sha256(noted) else None
    for one in enrolments_in(place)[0] if known is None else (known,):
        request = _sound(one, session.org, session.store.rosters()[0].sha256)
        if request is not None and request.console.key == mine:
            return one.sha256
    return None


def _sound(one: Found, org: str, genesis: str) -> Enrolment | None:
    try:
        return verify_enrolment(one.raw, one.signatures, org, genesis)
    except Problem:
        return None  # whatever lies in a folder is not trusted; a sound request is found by its words
