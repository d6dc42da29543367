"""Every roster version here in its place: which are in force one after another, which stand beside them, and why.

Where two versions of one number were validly signed, the one that came first counts here, until a version settles the
other branch (protocol.md section 2, decision 0027). It proves each version and never asks which of two is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.domain.errors import Problem
from console.journal.faults import Damaged
from console.keys import roster
from console.keys.faults import BadRoster
from console.keys.roster import VerifiedRoster


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it is stored. `rival`: it was no part of what was in force here when it came."""

    sha256: str
    n: int
    rival: bool
    received_ms: int
    raw: bytes
    sigs: Mapping[str, bytes]


class RosterTree:
    """The versions here, proven. `chain` is in force, from 0 on; `open` are versions beside it that nothing settled."""

    def __init__(self, kept: Iterable[Kept], genesis: str | None) -> None:
        """Prove all of them; `genesis` is the pinned fingerprint of version 0.

        Raises:
            Damaged: when one does not prove itself any more.
        """
        self._kept = {one.sha256: one for one in kept}
        self._proven: dict[str, VerifiedRoster] = {}
        self._after: dict[str, list[str]] = {}
        self._prove(genesis)
        self.chain: tuple[VerifiedRoster, ...] = self._in_force()
        on_it = {one.sha256 for one in self.chain}
        settled = {sha for one in self.chain for name in one.roster.settles for sha in self._before(name)}
        self.open = tuple(
            one for sha, one in sorted(self._proven.items()) if sha not in on_it and sha not in settled
        )  # fmt: skip

    def get(self, sha: str | None) -> VerifiedRoster | None:
        """The version of this hash, wherever it stands."""
        return None if sha is None else self._proven.get(sha)

    def everything(self) -> tuple[VerifiedRoster, ...]:
        """Every version that counts or once counted for somebody: those in force, and those that were settled."""
        beside = {one.sha256 for one in self.open}
        return tuple(one for sha, one in self._proven.items() if sha not in beside)

    def tips(self) -> tuple[VerifiedRoster, ...]:
        """The last versions of the branches that nothing settled."""
        return tuple(one for one in self.open if not self._after.get(one.sha256))

    def settled_by(self, names: Sequence[str]) -> tuple[VerifiedRoster, ...] | None:
        """The versions of these hashes; None where one is not here."""
        found = [self._proven[name] for name in names if name in self._proven]
        return tuple(found) if len(found) == len(names) else None

    def with_one(self, one: Kept, genesis: str | None) -> RosterTree:
        """The same with a further version."""
        return RosterTree((*self._kept.values(), one), genesis)

    def _prove(self, genesis: str | None) -> None:
        waiting = sorted(self._kept.values(), key=lambda one: (one.n, one.sha256))
        while waiting:
            left = [one for one in waiting if not self._prove_one(one, genesis)]
            if len(left) == len(waiting):
                raise Damaged(f"roster {left[0].n}", "what it follows or settles is not here")
            waiting = left

    def _prove_one(self, one: Kept, genesis: str | None) -> bool:
        """Whether it could be proven by now; what it rests on may come later in the list."""
        try:
            told = roster.read_roster(one.raw)
            before = self.get(told.prev)
            settled = self.settled_by(told.settles)
            if settled is None or (told.n > 0 and before is None):
                return False
            if before is None:
                found = roster.verify_genesis(one.raw, one.sigs, genesis or "")
            else:
                found = roster.verify_next(before, one.raw, one.sigs, settled)
            if found.sha256 != one.sha256 or told.n != one.n:
                raise BadRoster("its row says another than its signed bytes")
        except (Problem, ValueError) as fault:
            why = fault.what.rstrip(".") if isinstance(fault, Problem) else str(fault)
            raise Damaged(f"roster {one.n}", why) from None
        self._proven[one.sha256] = found
        if before is not None:
            self._after.setdefault(before.sha256, []).append(one.sha256)
        return True

    def _in_force(self) -> tuple[VerifiedRoster, ...]:
        roots = [one for one in self._proven.values() if one.roster.n == 0]
        if not roots:
            return ()
        path = self._onwards([roots[0].sha256])
        enders = sorted((one for one in self._proven.values() if one.roster.settles), key=lambda one: one.ref)
        while True:
            for one in enders:
                ends = any(path[-1] in self._before(name) for name in one.roster.settles)
                if ends and one.sha256 not in path:
                    path = self._onwards(self._before(one.sha256)[::-1])
                    break
            else:
                return tuple(self._proven[sha] for sha in path)

    def _onwards(self, path: list[str]) -> list[str]:
        """The path, and what came first after its end, as it was taken into force here."""
        path = list(path)
        while True:
            after = [self._kept[sha] for sha in self._after.get(path[-1], ()) if not self._kept[sha].rival]
            if not after:
                return path
            path.append(min(after, key=lambda one: (one.received_ms, one.sha256)).sha256)

    def _before(self, sha: str) -> list[str]:
        """A version and all before it, the newest first."""
        found: list[str] = []
        at = self._proven.get(sha)
        while at is not None:
            found.append(at.sha256)
            at = self.get(at.roster.prev)
        return found
