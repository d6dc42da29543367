"""How a list stands once parts of it were given back: by later restores of lists, account by account.

It reads what is here; of a list whose lines are not here nothing more is said than of any other target.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from console.domain.actions import Action
from console.domain.corrections import IN_EFFECT, IN_FORCE
from console.domain.errors import Problem
from console.domain.ids import is_sha256
from console.domain.lists import LIFTS, PREFIX, from_bytes
from console.outbox.facts import read_document
from console.services.session import Session

if TYPE_CHECKING:
    from console.services.standing import Standing, TargetStanding


def with_lists(session: Session, found: Sequence[Standing]) -> list[Standing]:
    """Lists that were given back whole are lifted; of those given back in part it is said how many."""
    if not any(target.selector.startswith(PREFIX) for one in found for target in one.targets):
        return list(found)
    lines: dict[str, frozenset[str]] = {}
    restored = [
        (_named(session, one, target), target, accounts)
        for one in found if one.direction == "restore"
        for target in one.targets if target.state in IN_EFFECT
        if (accounts := _accounts(session, target, lines))
    ]  # fmt: skip
    lifted: list[Standing] = []
    for one in found:
        if one.direction != "contain":
            lifted.append(one)
            continue
        mine = [(target, accounts) for names, target, accounts in restored if names in (None, one.doc)]
        targets = tuple(_target(session, target, mine, lines) for target in one.targets)
        real = [target for target in targets if not target.canary]
        over = targets != one.targets and all(target.state == "lifted" for target in real)
        lifted.append(replace(one, targets=targets, state="lifted" if over else one.state))
    return lifted


def _target(
    session: Session, target: TargetStanding, restored: Sequence[tuple[TargetStanding, frozenset[str]]],
    lines: dict[str, frozenset[str]],
) -> TargetStanding:  # fmt: skip
    if not target.selector.startswith(PREFIX) or target.state not in IN_FORCE:
        return target
    mine = _accounts(session, target, lines)
    later = [
        (other.since_ms, accounts) for other, accounts in restored
        if (other.instance, other.surface, other.lever) == (target.instance, target.surface, target.lever)
        and other.since_ms >= target.since_ms
    ]  # fmt: skip
    back = mine & frozenset(account for _, accounts in later for account in accounts)
    if not mine or not back:
        return target
    if back == mine:
        return replace(target, state="lifted", since_ms=max(since for since, _ in later), detail="")
    return replace(target, detail=f"{len(back)} of {len(mine)} accounts were given back.")


def _named(session: Session, one: Standing, target: TargetStanding) -> str | None:
    """The one correction that a restore gives back; None where it names none."""
    if one.undoes is not None or not target.selector.startswith(PREFIX):
        return one.undoes
    from console.providers.planned import from_disclosures  # noqa: PLC0415  a record without lists needs no provider

    try:
        with session.reader.snapshot() as connection:
            held = read_document(connection, one.doc)
        action = held.document
        if not isinstance(action, Action):
            return None
        return from_disclosures(action.targets[target.index], held.disclosed(target.index)).params.get(LIFTS)
    except Problem:
        return None


def _accounts(session: Session, target: TargetStanding, lines: dict[str, frozenset[str]]) -> frozenset[str]:
    if not target.selector.startswith(PREFIX):
        return frozenset({target.selector})
    sha = target.selector.removeprefix(PREFIX)
    if sha not in lines:
        lines[sha] = frozenset()
        with suppress(Problem):
            raw = session.reader.blob(sha) if is_sha256(sha) else None
            lines[sha] = frozenset() if raw is None else frozenset(from_bytes(raw, sha))
    return lines[sha]
