"""Whose signature counts for a roster's next version, and whether it came too late to be signed at all.

It reads bytes and verifies signatures; what a version needs is judged by `console.keys.roster` alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.forms import Roster
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.keys import canon, sshsig
from console.keys.faults import BadSignature
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster

LEAST_LEFT_MS = 3 * 24 * 3_600_000  # a key whose end is nearer ends before people could have signed and synced


def read_roster(raw: bytes) -> Roster:
    """A roster's bytes as a form.

    Raises:
        BadForm: when they are none.
    """
    return Roster.parse(canon.decode(raw, limit=MAX_DOCUMENT_BYTES))


def counts_for(before: VerifiedRoster, after: Roster, key: PublicKey) -> str | None:
    """The admin for whom this key's signature would count, in the version in force or in the next."""
    facts = before.key(key.fingerprint)
    if (
        facts is not None and facts.person in before.persons_with("admin") and facts.use in ("approver", "recovery")
        and facts.valid_at(after.created) and not before.is_revoked(key.fingerprint)
    ):  # fmt: skip
        return facts.person
    if any(one.key == key.fingerprint for one in after.revoked):
        return None
    return next(
        (
            person.person
            for person in after.persons
            if "admin" in person.roles
            for listed in person.keys
            if listed.use in ("approver", "recovery") and PublicKey.parse(listed.key) == key
            if listed.from_ms <= after.created and (listed.to_ms is None or after.created < listed.to_ms)
        ),
        None,
    )


def signers_of(
    before: VerifiedRoster, after: Roster, raw: bytes, signatures: Mapping[str, bytes]
) -> dict[str, bool]:  # fmt: skip
    """Each admin whose signature holds, and whether the version in force knows that key."""
    found: dict[str, bool] = {}
    namespace = sshsig.roster_ns(after.org)
    for fingerprint, blob in signatures.items():
        try:
            key = sshsig.parse_blob(blob).key
            sshsig.verify(key, namespace, raw, blob)
        except BadSignature:
            continue
        facts = before.key(fingerprint)
        founder = before.roster.n == 0 and facts is not None and facts.use == "writer"
        person = facts.person if founder and facts is not None else counts_for(before, after, key)
        if person is not None and key.fingerprint == fingerprint:
            found[person] = found.get(person, False) or facts is not None
    return found


def ends_too_soon(before: Roster, after: Roster, now_ms: int) -> str:
    """A writer key that a version ends later must still have time: what is written in between would not count."""
    ends = {key.key: key.to_ms for person in before.persons for key in person.keys}
    for person in after.persons:
        for key in person.keys:
            planned = key.use == "writer" and key.to_ms is not None and key.to_ms > after.created
            if planned and ends.get(key.key, key.to_ms) is None and (key.to_ms or 0) < now_ms + LEAST_LEFT_MS:
                return "It was made too long ago: a key that it replaces ends before everybody could have it."
    return ""
