"""Whether command was assumed as the rule wants: the holder asked for a sign of life, and silent for ten minutes.

It judges by the entries' own times, for every console and for the auditor alike. It only finds: command is with
whoever assumed it, since no two consoles' clocks are worth a fight about that in an emergency (decision 0143).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.command import ROLE_KINDS, fold_roles
from console.domain.forms import Roster
from console.domain.seen import Seen

SILENCE_MS: Final = 10 * 60_000
ASKED: Final = "command: asked for a sign of life"
_MOVES: Final = ("incident.declared", "command.accepted", "command.assumed")
Rule = Literal["kept", "not asked", "too early", "heard", "cannot be told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One time that command was assumed: by whom, from whom, and how that stands to the rule.

    `asked_ms` is when a sign of life was asked for, `heard_ms` when the holder wrote something after that.
    """

    id: str
    by: str
    holder: str | None
    at_ms: int
    rule: Rule
    asked_ms: int | None = None
    heard_ms: int | None = None


def assumptions(entries: Iterable[Seen], roster: Roster | None = None) -> tuple[Assumption, ...]:
    """Every time that command of one incident was assumed. `entries` are all of that incident that count.

    Taking command back from whoever assumed it is free, once; so is assuming what nobody holds.
    """
    told = sorted((one for one in entries if one.author is not None), key=_when)
    some = [one for one in told if one.kind in _MOVES]
    # whoever may not command moved nothing
    moves = [one for one in some if _holder([*_before(told, one), one], roster) == one.author]
    return tuple(
        _judged(told, moves, at, roster) for at, one in enumerate(moves) if one.kind == "command.assumed" and one.author
    )


def _judged(told: Sequence[Seen], moves: Sequence[Seen], at: int, roster: Roster | None) -> Assumption:
    move = moves[at]
    by, holder = str(move.author), _holder(_before(told, move), roster)
    if holder in (None, by) or _takes_back(told, moves, at, roster):
        return Assumption(id=move.id, by=by, holder=holder, at_ms=move.hlc[0], rule="kept")
    since = _when(moves[at - 1]) if at else (0, 0, "", 0)
    between = [one for one in told if since < _when(one) < _when(move)]
    asked = next((one for one in between if one.kind == "communication" and one.disclosed.get("source") == ASKED), None)
    if asked is None:
        withheld = any(one.kind == "communication" and "source" not in one.disclosed for one in between)
        rule: Rule = "cannot be told" if withheld else "not asked"
        return Assumption(id=move.id, by=by, holder=holder, at_ms=move.hlc[0], rule=rule)
    heard = next((one.hlc[0] for one in between if one.author == holder and _when(one) > _when(asked)), None)
    early = move.hlc[0] - asked.hlc[0] < SILENCE_MS
    return Assumption(
        id=move.id, by=by, holder=holder, at_ms=move.hlc[0],
        rule="too early" if early else "kept" if heard is None else "heard", asked_ms=asked.hlc[0], heard_ms=heard,
    )  # fmt: skip


def _takes_back(told: Sequence[Seen], moves: Sequence[Seen], at: int, roster: Roster | None) -> bool:
    """Whether this is whoever held command before the last assumption, and that one was no taking back itself."""
    if not at or moves[at - 1].kind != "command.assumed":
        return False
    last = moves[at - 1]
    return _holder(_before(told, last), roster) == moves[at].author and not _takes_back(told, moves, at - 1, roster)


def _before(told: Sequence[Seen], move: Seen) -> list[Seen]:
    return [one for one in told if _when(one) < _when(move)]


def _holder(told: Sequence[Seen], roster: Roster | None) -> str | None:
    return fold_roles((one for one in told if one.kind in ROLE_KINDS), roster).commander


def _when(entry: Seen) -> tuple[int, int, str, int]:
    return (*entry.hlc, entry.feed, entry.seq)


__all__ = ["ASKED", "SILENCE_MS", "Assumption", "Rule", "assumptions"]
