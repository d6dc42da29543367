"""What an organisation and this console can do now, and what is missing, as facts. It changes nothing."""

from __future__ import annotations

from typing import Any

from console.domain.forms import Person
from console.keys.publickey import PublicKey
from console.keys.roster import VerifiedRoster, founding_complete
from console.outbox.facts import View, rehearsed
from console.services.lodging import owed, splits
from console.services.session import Session


def organisation_facts(session: Session) -> dict[str, Any]:
    """The roster in force in words and figures, and what is missing before two people can act."""
    version = session.roster
    roster = version.roster
    with session.reader.snapshot() as connection:
        able = rehearsed(View(connection), version) if roster.n else frozenset[str]()
    now = session.clock.wall_ms()
    people: list[dict[str, Any]] = [
        {
            "person": one.person, "name": session.name_of(one.person), "roles": list(one.roles),
            "me": one.person == session.me, "rehearsed": one.person in able, "can_sign": _can_sign(version, one, now),
            "keys": [
                {
                    "use": key.use, "key": name, "console": key.console, "until_ms": key.to_ms,
                    "revoked": version.is_revoked(name),
                }
                for key in one.keys
                if (name := PublicKey.parse(key.key).fingerprint)
            ],
        }
        for one in roster.persons
    ]  # fmt: skip
    missing: list[str] = []
    if roster.n == 0:
        missing.append("a second person: standdown org found")
    else:
        missing += [
            f"{one['name']} has not rehearsed signing (standdown org rehearse)."
            for one in people
            if not one["rehearsed"] and "approver" in one["roles"]
        ]
        if not founding_complete(roster):
            missing.append("three admins, or two with sealed recovery keys: one lost key could be the end.")
    split = splits(session)
    missing += [
        f"one roster {one.n}: two were validly signed. Until the admins agree on one, sign nothing but containment."
        for one in split
    ]
    return {
        "org": roster.org, "world": session.settings.world, "provisional": roster.n == 0, "roster": roster.n,
        "roster_sha256": version.sha256, "created_ms": roster.created, "threshold": roster.threshold,
        "in_every_branch": list(split[0].in_both) if split else None, "people": people, "consoles": [
            one.console for one in roster.consoles if _in_force(version, PublicKey.parse(one.key).fingerprint, now)
        ], "missing": missing, "owed": [told] if (told := owed(session)) else [],
    }  # fmt: skip


def _can_sign(version: VerifiedRoster, person: Person, now_ms: int) -> bool:
    """Whether an approver key of theirs may be used now: neither ended nor revoked."""
    names = (PublicKey.parse(key.key).fingerprint for key in person.keys if key.use == "approver")
    return any(_in_force(version, name, now_ms) for name in names)


def _in_force(version: VerifiedRoster, fingerprint: str, now_ms: int) -> bool:
    facts = version.key(fingerprint)
    ended = facts is None or (facts.to_ms is not None and now_ms >= facts.to_ms)
    return not ended and not version.is_revoked(fingerprint)
