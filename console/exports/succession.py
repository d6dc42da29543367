"""Which roster version may follow which, and who signed it, as the console's own door has it (`console.keys.roster`).

Standard library and console.domain only. Each answer is one clause that says what is wrong, or None.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence

from console.domain.facts import fingerprint
from console.domain.forms import PersonKey, Roster

_SIGNING = ("approver", "recovery")
_FOUNDERS = 2
_POINT_BYTES = 32
Owner = tuple[str, str]
"""Whose a key is (a person, or a console), and its use."""


def point(line: str) -> bytes:
    """The 32 bytes of a public key line: what is one key, however it is written. Empty where it is none."""
    try:
        blob = base64.b64decode(line.partition(" ")[2].encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
    at = 4 + int.from_bytes(blob[:4], "big")
    found = blob[at + 4 : at + 4 + int.from_bytes(blob[at : at + 4], "big")]
    return found if len(found) == _POINT_BYTES else b""


def owners_in(roster: Roster) -> list[tuple[bytes, Owner]]:
    """Each key of a version by its point, with whose it is."""
    found = [(point(key.key), (person.person, key.use)) for person in roster.persons for key in person.keys]
    return [*found, *((point(one.key), (one.console, "device")) for one in roster.consoles)]


def wrong_members(roster: Roster) -> str | None:
    """What is wrong with a version by itself."""
    consoles = {one.console for one in roster.consoles}
    keys = [key for person in roster.persons for key in person.keys]
    points = [place for place, _ in owners_in(roster)]
    admins = sum("admin" in person.roles for person in roster.persons)
    faults = {
        "a person stands in it twice": _doubled(person.person for person in roster.persons),
        "a console stands in it twice": _doubled(one.console for one in roster.consoles),
        "a role stands twice at one person": any(_doubled(person.roles) for person in roster.persons),
        "a line in it is no key": b"" in points,
        "one key stands in it twice": _doubled(points),
        "a key is bound to a console it does not list": any(key.console not in {None, *consoles} for key in keys),
        "more admins must sign than it has": roster.threshold is not None and roster.threshold > admins,
        "it begins with more than one person with one writer key": (
            roster.n == 0 and [key.use for key in keys] != ["writer"]
        ),
    }
    return next((why for why, so in faults.items() if so), None)


def wrong_order(roster: Roster, below: Sequence[tuple[Roster, Mapping[bytes, Owner]]]) -> str | None:
    """What speaks against `roster` after those it follows and settles, each with the owners of all keys up to it."""
    revoked = {one.key for one in roster.revoked}
    for one, owners in below:
        if roster.created < one.created:
            return "it is older than the one it follows"
        if any(owners.get(place, owner) != owner for place, owner in owners_in(roster)):
            return "a key changes hands or use"
        if not {gone.key for gone in one.revoked} <= revoked:
            return "it drops a revocation"
    return None


def lacking(version: Roster, signed: set[str], at_ms: int) -> str | None:
    """Whether too few admins of `version` are among those whose key lines signed something at `at_ms`.

    A revoked key, and one that is not valid at that time, signs for nobody.
    """
    gone = {one.key for one in version.revoked}

    def counts(key: PersonKey) -> bool:
        valid = key.from_ms <= at_ms and (key.to_ms is None or at_ms < key.to_ms)
        return key.use in _SIGNING and key.key in signed and valid and fingerprint(key.key) not in gone

    people = sum("admin" in one.roles and any(map(counts, one.keys)) for one in version.persons)
    needed = version.threshold or _FOUNDERS
    return None if people >= needed else f"{people} admins of version {version.n} signed it, {needed} are needed"


def _doubled(items: Iterable[object]) -> bool:
    told = list(items)
    return len(set(told)) != len(told)


__all__ = ["Owner", "lacking", "owners_in", "point", "wrong_members", "wrong_order"]
