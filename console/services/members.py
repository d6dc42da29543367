"""Who is in the organisation, with which roles and keys: each change as the next roster, proposed for signatures.

Everything here only proposes; `console.services.roster` gathers signatures and the journal's door judges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from console.domain.errors import Problem, WrongUse
from console.domain.forms import ROLES, ConsoleKey, Enrolment, Person, PersonKey, RevokedKey, Roster
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.roster import check_names
from console.services import organisation, roster
from console.services.asking import request_heard
from console.services.roster import Outcome
from console.services.roster_frontier import last_good
from console.services.session import APPROVER, WRITER, Session
from console.sync.folder import FolderPlace

NEW_KEYS = {"writer": "your new writer key", "approver": "your new approver key"}
REPLACED_LASTS_MS = 7 * 24 * 3_600_000  # a replaced key is used until the roster is in force everywhere


def admit(
    session: Session, words: str, *, name: str = "", roles: Sequence[str] | None = None, device: bool = False,
    lost: str = "", since_ms: int | None = None, reason: str = "",
) -> Outcome:  # fmt: skip
    """Propose the roster with whoever's request has the words that were heard; in a provisional record, found with it.

    `device` says that it is a member's further device or renewed keys: without it nobody gets keys for a member's
    name. `lost` names a console whose keys are revoked by the same roster, from `since_ms` on.

    Raises:
        Problem: when no sound request in any place has these words.
        WrongUse: when it is (or is not) a member's request, for an unknown role, and as `roster.propose`.
    """
    if session.provisional:
        return Outcome(organisation.admit(session, words), 1, in_force=False, missing="")
    if lost and not device:
        raise WrongUse("Only a member's own device is lost.", "Say --device too.")
    request = _heard(session, words)
    member = _member(session.roster.roster, request.person.person)
    if member is None and device:
        raise WrongUse("This request is not a member's: it asks for a new person.", "Admit it without --device.")
    if member is not None and not device:
        raise WrongUse(
            f"This request asks for further keys of {session.name_of(member.person)}, a member already.",
            "If their voice read you the words, say so: --device.",
        )
    made = roster.made_ms(session)
    if member is not None:
        after = with_keys(session.roster.roster, request, made)
        if lost:
            after = _revoking(session, after, _keys_of_console(after, lost), since_ms)
        return _propose(session, after, made, reason or ("A lost device is replaced." if lost else "Further keys."))
    texts, person = _named(session, _at(request.person, made), name)
    person = replace(person, roles=_checked(roles) if roles is not None else request.person.roles)
    now = session.roster.roster
    after = replace(
        now, persons=(*now.persons, person), consoles=(*now.consoles, _console_at(request.console, made))
    )  # fmt: skip
    return _propose(session, after, made, reason, texts)


def change_roles(session: Session, who: str, roles: Sequence[str], reason: str = "") -> Outcome:
    """Propose other roles for a member.

    Raises:
        WrongUse: for an unknown member or role, and as `roster.propose`.
    """
    member, wanted = find_member(session, who), _checked(roles)
    if set(wanted) == set(member.roles):
        raise WrongUse(f"{session.name_of(member.person)} holds these roles already.")
    after = _with(session.roster.roster, replace(member, roles=wanted))
    return _propose(session, after, roster.made_ms(session), reason)


def leave(session: Session, who: str, reason: str = "") -> Outcome:
    """Propose that a member leaves: no role, and every key ends now. Their history stays as it is.

    Raises:
        WrongUse: for an unknown member, and as `roster.propose`.
    """
    member, made = find_member(session, who), roster.made_ms(session)
    bound = {key.console for key in member.keys} - _consoles_of_others(session.roster.roster, member)
    after = _with(
        session.roster.roster, replace(member, roles=(), keys=tuple(_ended(key, made) for key in member.keys))
    )
    consoles = tuple(
        replace(one, to_ms=made) if one.console in bound and one.to_ms is None else one for one in after.consoles
    )
    return _propose(session, replace(after, consoles=consoles), made, reason or "They leave.")


def revoke(session: Session, what: str, reason: str, since_ms: int | None = None) -> Outcome:
    """Propose the revocation of a person's keys, a console's keys or one key, naming the last good entry of each feed.

    What those keys wrote later, here or anywhere, is quarantined and shown. With `since_ms` nothing from that moment
    on is good; without it, everything known here is.

    Raises:
        WrongUse: without a reason, for an unknown name, and as `roster.propose`.
    """
    if not reason.strip():
        raise WrongUse("A revocation needs a reason.", "Give it with --reason.")
    now = session.roster.roster
    lines = keys_named(session, what)
    after = _revoking(session, now, lines, since_ms)
    member = next((one for one in now.persons if what in _spellings(session, one)), None)
    if member is not None:
        after = _with(after, replace(member, roles=()))
    return _propose(session, after, roster.made_ms(session), reason)


def with_keys(now: Roster, request: Enrolment, made_ms: int) -> Roster:
    """A member with the keys of a request: a further console, or new keys in place of the same use on that console.

    Raises:
        WrongUse: when the console is another person's, or has another device key.
    """
    member = _member(now, request.person.person)
    if member is None:
        raise WrongUse("The request names nobody of this organisation.")
    known = next((one for one in now.consoles if one.console == request.console.console), None)
    if known is not None and known.key != request.console.key:
        raise WrongUse("The request names a console that has another device key.", "Join again as a new device.")
    if known is not None and not any(key.console == known.console for key in member.keys):
        raise WrongUse("The request names somebody else's console.", "Ask for it again from their own.")
    fresh = _at(request.person, made_ms).keys
    places = {(key.use, key.console) for key in fresh}
    kept = tuple(
        _ended(key, made_ms + REPLACED_LASTS_MS) if (key.use, key.console) in places else key for key in member.keys
    )
    consoles = now.consoles if known is not None else (*now.consoles, _console_at(request.console, made_ms))
    return replace(_with(now, replace(member, keys=(*kept, *fresh))), consoles=consoles)


def find_member(session: Session, who: str) -> Person:
    """The member with this name or id.

    Raises:
        WrongUse: when there is none, or several.
    """
    found = [one for one in session.roster.roster.persons if who in _spellings(session, one)]
    if len(found) != 1:
        raise WrongUse(f"{who!r} names {len(found) or 'no'} member.", "`standdown person list` shows their ids.")
    return found[0]


# -- parts -------------------------------------------------------------------------------------------------------------


def _propose(
    session: Session, after: Roster, made_ms: int, reason: str, texts: Iterable[str] = ()
) -> Outcome:  # fmt: skip
    return roster.propose(session, roster.follows(session, after, made_ms), texts=texts, reason=reason)


def _heard(session: Session, words: str) -> Enrolment:
    """The sound request whose words were heard, in any place; none with a key that the roster in force lists."""
    listed = {key.raw for key in (facts.public for facts in session.roster.keys().values())}
    for folder in session.settings.places:
        place = FolderPlace(Path(folder))
        request = request_heard(place, session.org, organisation.genesis_of(session), words)
        if request is not None and not any(PublicKey.parse(key.key).raw in listed for key in request.person.keys):
            return request
    raise Problem("No request to join has these words.", "Compare them again, or wait until the folder has synced.")


def _named(session: Session, person: Person, name: str) -> tuple[tuple[str, ...], Person]:
    if not name.strip():
        return (), replace(person, sd=())
    if len(name) > 120 or not name.isprintable():  # noqa: PLR2004  a line on a screen
        raise WrongUse("A name has at most 120 printable characters.")
    known = {one.person: session.name_of(one.person) for one in session.roster.roster.persons}
    check_names({**known, person.person: name.strip()})
    text = canon.make_disclosure(session.entropy.token(16), "name", name.strip())
    return (text,), replace(person, sd=(canon.digest(text),))


def _checked(roles: Sequence[str]) -> tuple[str, ...]:
    unknown = [one for one in roles if one not in ROLES]
    if unknown:
        raise WrongUse(f"There is no role {unknown[0]!r}.", f"Roles: {', '.join(ROLES)}.")
    return tuple(dict.fromkeys(roles))


def _at(person: Person, made_ms: int) -> Person:
    """The newcomer's clock may be ahead: no key begins after the roster that lists it."""
    return replace(
        person, keys=tuple(replace(key, from_ms=min(key.from_ms, made_ms), to_ms=None) for key in person.keys)
    )


def _console_at(console: ConsoleKey, made_ms: int) -> ConsoleKey:
    return replace(console, from_ms=min(console.from_ms, made_ms), to_ms=None)


def _ended(key: PersonKey, at_ms: int) -> PersonKey:
    return key if key.to_ms is not None and key.to_ms <= at_ms else replace(key, to_ms=at_ms)


def _member(now: Roster, person: str) -> Person | None:
    return next((one for one in now.persons if one.person == person), None)


def _with(now: Roster, member: Person) -> Roster:
    return replace(now, persons=tuple(member if one.person == member.person else one for one in now.persons))


def _consoles_of_others(now: Roster, member: Person) -> set[str | None]:
    return {key.console for one in now.persons if one.person != member.person for key in one.keys} | {None}


def _spellings(session: Session, member: Person) -> tuple[str, ...]:
    return member.person, session.name_of(member.person)


def _keys_of_console(now: Roster, console: str) -> list[str]:
    lines = [key.key for one in now.persons for key in one.keys if key.console == console]
    lines += [one.key for one in now.consoles if one.console == console]
    if not lines:
        raise WrongUse(f"No console is called {console}.", "`standdown org show` lists them.")
    return lines


def keys_named(session: Session, what: str) -> list[str]:
    """The public lines of a person, a console, or one key by the beginning of its fingerprint."""
    now = session.roster.roster
    if any(one.console == what for one in now.consoles):
        return _keys_of_console(now, what)
    by_print = {PublicKey.parse(line).fingerprint: line for line in _all_lines(now)}
    hits = [line for name, line in by_print.items() if what.startswith("SHA256:") and name.startswith(what)]
    if len(hits) == 1:
        return hits
    if hits:
        raise WrongUse(f"{len(hits)} keys begin with {what}.", "Name it with more characters.")
    member = find_member(session, what)
    others = _consoles_of_others(now, member)
    consoles = {key.console for key in member.keys} - others
    return [key.key for key in member.keys] + [one.key for one in now.consoles if one.console in consoles]


def _all_lines(now: Roster) -> list[str]:
    return [key.key for one in now.persons for key in one.keys] + [one.key for one in now.consoles]


def _revoking(session: Session, after: Roster, lines: Iterable[str], since_ms: int | None) -> Roster:
    known = {one.key for one in after.revoked}
    names = [name for line in lines if (name := PublicKey.parse(line).fingerprint) not in known]
    if not names:
        raise WrongUse("These keys are revoked already.")
    more = tuple(RevokedKey(key=name, good=last_good(session, name, since_ms)) for name in names)
    return replace(after, revoked=(*after.revoked, *more))


__all__ = [
    "APPROVER", "NEW_KEYS", "WRITER", "admit", "change_roles", "find_member", "keys_named", "leave",
    "revoke", "with_keys",
]  # fmt: skip
