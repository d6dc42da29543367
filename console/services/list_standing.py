"""How a list stands once parts of it were given back: by later restores of lists, account by account.

It reads what is here; of a list whose lines are not here nothing more is said than of any other target.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from console.domain.corrections import IN_EFFECT, IN_FORCE
from console.domain.errors import Problem
from console.domain.ids import is_sha256
from console.domain.lists import PREFIX, from_bytes
from console.services.session import Session

if TYPE_CHECKING:
    from console.services.standing import Standing, TargetStanding


def with_lists(session: Session, found: Sequence[Standing]) -> list[Standing]:
    """Lists that were given back whole are lifted; of those given back in part it is said how many."""
    if not any(target.selector.startswith(PREFIX) for one in found for target in one.targets):
        return list(found)
    lines: dict[str, frozenset[str]] = {}
    restored = [
        (target, accounts)
        for one in found if one.direction == "restore"
        for target in one.targets if target.state in IN_EFFECT
        if (accounts := _accounts(session, target, lines))
    ]  # fmt: skip
    lifted: list[Standing] = []
    for one in found:
        if one.direction != "contain":
            lifted.append(one)
            continue
        targets = tuple(_target(session, target, restored, lines) for target in one.targets)
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
