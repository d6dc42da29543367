"""The approval policy in force: read, tried, and changed by the next roster, with the signatures that takes.

It never changes a policy by itself: a new one counts only once enough admins signed the roster that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from console.domain.errors import Problem, WrongUse
from console.domain.facts import Facts
from console.domain.forms import Policy
from console.domain.policy import Row, differences, edited, table
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.keys import canon
from console.outbox.facts import View, policy_of, read_policy, rehearsed
from console.services import roster
from console.services.roster import Outcome
from console.services.session import Session
from console.services.standing import held_roles

__all__ = ["Tried", "attempt", "in_force", "known", "propose", "who_may"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A policy tried: what it changes, who could then sign what, and what speaks against it (empty: nothing)."""

    policy: Policy
    changes: tuple[str, ...]
    rows: tuple[Row, ...]
    against: tuple[str, ...]


def in_force(session: Session) -> Policy:
    """The policy that the roster in force names.

    Raises:
        NoPolicy: in a provisional record; UnknownDocument: when it is not here yet.
    """
    with session.reader.snapshot() as connection:
        return read_policy(connection, policy_of(session.roster))


def known(session: Session) -> dict[str, Policy]:
    """Every policy that is here and readable, by hash."""
    found: dict[str, Policy] = {}
    for sha, kind, _ in session.reader.documents():
        row = session.reader.document(sha) if kind == "policy.v1" else None
        try:
            if row is not None:
                found[sha] = Policy.parse(canon.decode(row.raw, limit=MAX_DOCUMENT_BYTES))
        except Problem:
            continue  # a newer form: whoever reads says that it cannot be shown
    return found


def who_may(session: Session, inc: str | None = None, policy: Policy | None = None) -> tuple[Row, ...]:
    """Who could sign what now, under the policy in force or another one.

    With `inc`, roles are those held in that incident; without, everybody is taken to hold what the roster grants.

    Raises:
        NoPolicy, UnknownDocument: as `in_force`.
    """
    version, now = session.roster, session.clock.wall_ms()
    found = policy or in_force(session)
    held = (
        {one.person: frozenset(one.roles) for one in version.roster.persons}
        if inc is None
        else held_roles(session, inc)
    )
    with session.reader.snapshot() as connection:
        able = rehearsed(View(connection), version)
    sha = canon.sha256_hex(canon.encode(found.as_json()))
    facts = Facts(
        roster=replace(version.roster, policy=sha), roster_sha=version.sha256, policy=found, policy_sha=sha, held=held,
        rehearsed=able, bad_keys=frozenset(one.key for one in version.roster.revoked),
    )  # fmt: skip
    return table(facts, now)


def attempt(session: Session, settings: Mapping[str, str]) -> Tried:
    """What these settings would change and who could then sign what; nothing is proposed.

    Raises:
        WrongUse: for settings that make no policy; otherwise as `in_force`.
    """
    before = in_force(session)
    after = edited(before, settings, roster.made_ms(session))
    changes = differences(before, after)
    rows = who_may(session, policy=after)
    against = [] if changes else ["It changes nothing."]
    against += [
        f"Nobody could sign this then: {one.title[:1].lower()}{one.title[1:]}. {' '.join(one.missing)}"
        for one in rows
        if not one.can and one.deed != "break-glass"
    ]
    return Tried(policy=after, changes=changes, rows=rows, against=tuple(against))


def propose(session: Session, settings: Mapping[str, str], reason: str) -> Outcome:
    """Propose the roster that names the changed policy; it counts once enough admins signed it.

    Raises:
        WrongUse: without a reason, when it changes nothing or could not be met, and as `roster.propose`.
    """
    if not reason.strip():
        raise WrongUse("A new policy needs a reason.", "Say why; it is kept with the roster.")
    tried = attempt(session, settings)
    if tried.against:
        raise WrongUse(tried.against[0], "Nothing was proposed.")
    raw = canon.encode(tried.policy.as_json())
    made = roster.made_ms(session)
    after = replace(session.roster.roster, policy=canon.sha256_hex(raw))
    return roster.propose(session, roster.follows(session, after, made), reason=reason, papers=(raw,))
