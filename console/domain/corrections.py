"""Where corrections stand, as values: per target, per revision, per action (protocol.md section 6).

They say what entries recorded, and nothing more; `corrections_fold` makes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from console.domain.actions import Action
from console.domain.seen import Carried

# the most pressing first: an action is as its most pressing target is
STATES: Final = (
    "attention", "failed", "drifted", "unknown", "stale", "expired", "refused", "cancelled", "dispatching", "queued",
    "approved", "proposed", "accepted", "attested", "recorded", "unmeasurable", "enforced", "lifted", "superseded",
)  # fmt: skip
BEFORE_DISPATCH: Final = ("proposed", "approved", "queued")
IN_EFFECT: Final = ("attested", "recorded", "unmeasurable", "enforced")
PENDING: Final = ("proposed", "approved")
QUEUED: Final = ("queued", "dispatching", "unknown")
IN_FORCE: Final = ("accepted", *IN_EFFECT, "drifted")
NEEDS_PEOPLE: Final = ("attention", "failed", "stale", "expired", "drifted", "unknown")
OVER: Final = ("refused", "cancelled", "expired", "lifted", "superseded", "failed", "stale")


@dataclass(frozen=True, slots=True)
class TargetState:
    """Where one target stands: its state in the protocol's word, since when (ms), and the entry that says so.

    `passes` counts probes that still got through since it was last accepted; `evidence` names how it was measured.
    `checked_ms` is when it was last looked at again and still held, as entered since it is in this state.
    """

    index: int
    state: str
    since_ms: int
    attempt: int = 0
    detail: str = ""
    evidence: str | None = None
    passes: int = 0
    entry: str | None = None
    checked_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Authorised:
    """One console's decision: the entry, its feed, the records it counted, its time and what it had seen."""

    entry: str
    feed: str
    now_ms: int
    records: tuple[str, ...]
    roster: tuple[int, str]
    policy: str
    seen: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionState:
    """One revision of an action. `document` is null until its bytes are here.

    `signers` are the persons whose records the deciding console counted. `late` names cancels and refusals that the
    decision had not seen: they came too late and need a new action.
    """

    doc: str
    rev: int
    proposer: str | None
    entry: str | None
    proposed_ms: int
    document: Action | None
    approvals: tuple[Carried, ...] = ()
    authorised: tuple[Authorised, ...] = ()
    cancelled: str | None = None
    refused: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    undone_by: str | None = None
    targets: tuple[TargetState, ...] = ()

    @property
    def approvers(self) -> tuple[str, ...]:
        """Persons for whom an approval was carried here; whether it counts is the quorum rule's to say."""
        return tuple(sorted({one.record.person for one in self.approvals if one.record.decision == "approve"}))

    @property
    def signers(self) -> frozenset[str]:
        """The persons whose approvals a deciding console counted."""
        counted = {entry for decision in self.authorised for entry in decision.records}
        return frozenset(
            one.record.person for one in self.approvals if one.entry in counted and one.record.decision == "approve"
        )

    @property
    def state(self) -> str:
        """The fold of the targets: that of the most pressing one."""
        found = {target.state for target in self.targets}
        return next((state for state in STATES if state in found), "proposed")

    @property
    def partial(self) -> str:
        """How many targets are in effect, and where each of the others stands; empty when all stand alike."""
        counts = Counter(target.state for target in self.targets)
        if len(counts) < 2:  # noqa: PLR2004  all alike
            return ""
        effect = sum(counts[state] for state in IN_EFFECT)
        parts = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        return f"{effect} of {len(self.targets)} in effect ({parts})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionState:
    """An action through its revisions. `attention` gives the reasons why a person has to look."""

    op: str
    revisions: tuple[RevisionState, ...]
    attention: tuple[str, ...] = ()

    @property
    def current(self) -> RevisionState:
        """The revision that matters now: the one under way, else the newest."""
        moving = [one for one in self.revisions if any(t.state not in (*BEFORE_DISPATCH, *OVER) for t in one.targets)]
        return (moving or list(self.revisions))[-1]

    @property
    def shown(self) -> tuple[RevisionState, ...]:
        """The current revision, and beside it whatever people still have to see of the others, oldest first.

        An older one of which something is in force or on its way; the newest one while it is asked for.
        """
        current, newest = self.current, self.revisions[-1]
        return tuple(
            one for one in self.revisions
            if one is current
            or any(target.state in (*IN_FORCE, "dispatching", "unknown") for target in one.targets)
            or (one is newest and any(target.state in (*PENDING, "queued") for target in one.targets))
        )  # fmt: skip

    @property
    def doc(self) -> str:
        """The current revision's document."""
        return self.current.doc

    @property
    def proposer(self) -> str | None:
        """Who proposed the current revision."""
        return self.current.proposer

    @property
    def approvals(self) -> tuple[Carried, ...]:
        """The current revision's records as carried."""
        return self.current.approvals

    @property
    def targets(self) -> tuple[TargetState, ...]:
        """The current revision's targets."""
        return self.current.targets

    @property
    def cancelled(self) -> bool:
        """Whether the current revision was cancelled."""
        return self.current.cancelled is not None

    @property
    def refused(self) -> bool:
        """Whether somebody refused the current revision."""
        return bool(self.current.refused)

    @property
    def state(self) -> str:
        """The action's state: `attention` before everything else."""
        return "attention" if self.attention else self.current.state

    @property
    def partial(self) -> str:
        """See `RevisionState.partial`."""
        return self.current.partial
