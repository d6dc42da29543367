"""Which approval records count at all: each clause that one record must pass (protocol.md sections 6, 11, 12).

A record that fails is named with its reason, never dropped in silence. Who is needed is decided in `needs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.domain.actions import Action, ApprovalRecord, Document, Rehearsal
from console.domain.facts import Facts, Signed
from console.domain.forms import Person, PersonKey, RosterRef

Keys = Mapping[str, tuple[Person, PersonKey]]


def sift(
    doc_sha: str,
    document: Document,
    signed: Sequence[Signed],
    facts: Facts,
    keys: Keys,
    *,
    latest_ms: int | None = None,
) -> tuple[tuple[Signed, ...], tuple[tuple[str, str], ...]]:
    """The records that count, and the others by nonce with the reason why they do not.

    `latest_ms`: nothing was received later than this, whatever the times say that a clock gave before it went back.
    """
    good: list[Signed] = []
    rejected: list[tuple[str, str]] = []
    for one in signed:
        why = (
            _wrong_paper(one.record, doc_sha, document)
            or wrong_roster(one.record.roster, facts)
            or _wrong_key(one, facts, keys)
            or wrong_person(one.record.person, facts, document)
            or _too_late(one, document, latest_ms)
        )
        if why is None:
            good.append(one)
        else:
            rejected.append((one.record.nonce, why))
    return tuple(good), tuple(rejected)


def _wrong_paper(record: ApprovalRecord, doc_sha: str, document: Document) -> str | None:
    expected = ("action.v1" if isinstance(document, Action) else document.doc_type, getattr(document, "op", None))
    if record.doc != doc_sha:
        return "it is about other bytes"
    if (record.doc_type, record.op) != expected:
        return "it names another kind of document or another action"
    if record.org != document.org:
        return "it belongs to another organisation"
    return None


def wrong_roster(ref: RosterRef, facts: Facts) -> str | None:
    """An older version is no fault as long as the key still counts; a newer or a different one is.

    One of another branch of a split roster is none: whether its signer counts, this version says.
    """
    number, sha = ref
    if ref in facts.beside:
        return None
    if number > facts.roster.n:
        return "it was signed under a newer roster than the one known here"
    if number == facts.roster.n and sha != facts.roster_sha:
        return "it was signed under another roster of the same number"
    return None


def _wrong_key(one: Signed, facts: Facts, keys: Keys) -> str | None:
    record = one.record
    person, key = keys.get(record.key, (None, None))
    if person is None or key is None or person.person != record.person:
        return "the key is no approver key of this person"
    if is_bad(record.key, facts):
        return "the key was revoked or has forked"
    if not in_force(key.from_ms, key.to_ms, one.received_ms):
        return "the key was not valid when the record was received"
    if key.key.split(" ", 1)[0] != one.key_kind:
        return "the signature is of another kind of key than the roster lists"
    return _wrong_console(one, key, facts)


def _wrong_console(one: Signed, key: PersonKey, facts: Facts) -> str | None:
    # whoever takes a seat at another console brings the key along and says so; it counts for less everywhere (0090)
    if one.record.seat == "own" and key.console not in (None, one.record.console):
        return "the key is bound to another console"
    listed = (console for console in facts.roster.consoles if console.console == one.record.console)
    if not any(in_force(console.from_ms, console.to_ms, one.received_ms) for console in listed):
        return "the roster does not list the console it was signed on"
    return None


def is_bad(key: str, facts: Facts) -> bool:
    """Whether a key (fingerprint) was revoked or has forked, as the roster or the console knows."""
    return key in facts.bad_keys or any(revoked.key == key for revoked in facts.roster.revoked)


def in_force(from_ms: int, to_ms: int | None, at_ms: int) -> bool:
    """Whether `at_ms` lies in a validity; both ends count."""
    return from_ms <= at_ms and (to_ms is None or at_ms <= to_ms)


def wrong_person(person: str, facts: Facts, document: Document) -> str | None:
    """Why nothing this person signs counts now, or None. A rehearsal may be signed before one has rehearsed."""
    if person in facts.forked:
        return "this person's feed has forked"
    if facts.in_all is not None and person not in facts.in_all:
        return "this person stands in only one of two rosters, and the admins have not settled which goes on"
    if not isinstance(document, Rehearsal) and person not in facts.rehearsed:
        return "this person has not rehearsed signing yet"
    return None


def _too_late(one: Signed, document: Document, latest_ms: int | None) -> str | None:
    """A refusal is never too late for the revision; an approval is, after approve_by."""
    approve_by: int | None = getattr(document, "approve_by", None)
    received_ms = one.received_ms if latest_ms is None else min(one.received_ms, latest_ms)
    if one.record.decision == "approve" and approve_by is not None and received_ms > approve_by:
        return "it was received after approve_by"
    return None
