"""What an organisation and this console can do now, and what is missing, as facts. It changes nothing."""

from __future__ import annotations

from typing import Any

from console.keys.publickey import PublicKey
from console.outbox.facts import View, rehearsed
from console.services.session import Session


def organisation_facts(session: Session) -> dict[str, Any]:
    """The roster in force in words and figures, and what is missing before two people can act."""
    version = session.roster
    roster = version.roster
    with session.reader.snapshot() as connection:
        able = rehearsed(View(connection), version) if roster.n else frozenset[str]()
    people: list[dict[str, Any]] = [
        {
            "person": one.person, "name": session.name_of(one.person), "roles": list(one.roles),
            "me": one.person == session.me, "rehearsed": one.person in able,
            "keys": [{"use": key.use, "key": PublicKey.parse(key.key).fingerprint} for key in one.keys],
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
            if not one["rehearsed"]
        ]
        sealed = [one for one in people if any(key["use"] == "recovery" for key in one["keys"])]
        if len(people) < 3 and len(sealed) < 2:  # noqa: PLR2004  section 2: three people, or two with recovery keys
            missing.append("three people, or two with sealed recovery keys.")
    return {
        "org": roster.org, "world": session.settings.world, "provisional": roster.n == 0, "roster": roster.n,
        "roster_sha256": version.sha256, "created_ms": roster.created, "threshold": roster.threshold,
        "people": people, "consoles": [one.console for one in roster.consoles], "missing": missing,
    }  # fmt: skip
