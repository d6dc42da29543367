"""One target on its way: its states in the protocol's words, and the row that remembers it. Values only, no I/O.

The row is a convenience. What happened is what this console's own signed entries say: `state_told` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.profile import JsonValue

State = Literal[
    "queued", "dispatching", "unknown", "accepted", "recorded", "enforced", "unmeasurable", "attested",
    "failed", "stale", "expired", "cancelled", "attention", "drifted",
]  # fmt: skip

FINAL: Final = frozenset(
    {"enforced", "unmeasurable", "attested", "failed", "stale", "expired", "cancelled", "attention", "drifted"}
)
# ended, and only people can go on from there
NEEDS_PEOPLE: Final = frozenset({"failed", "stale", "expired", "attention", "drifted"})

_TOLD_BY: Final[dict[str, State]] = {
    "dispatch.held": "queued",
    "dispatch.intent": "dispatching",
    "dispatch.accepted": "accepted",
    "dispatch.recorded": "recorded",
    "dispatch.passed": "recorded",
    "dispatch.enforced": "enforced",
    "dispatch.unmeasurable": "unmeasurable",
    "dispatch.unknown": "unknown",
    "dispatch.requeued": "queued",
    "dispatch.failed": "failed",
    "dispatch.stale": "stale",
    "dispatch.expired": "expired",
    "dispatch.cancelled": "cancelled",
    "dispatch.attention": "attention",
    "dispatch.drifted": "drifted",
}
STEP_KINDS: Final = tuple(_TOLD_BY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One target of one authorised document, as the outbox table holds it. Times are wall-clock ms;
    `decided_ms` is when it was authorised, `since_ms` since when it is in its state.

    `not_before_ms` delays the next step (back-off, hold). `missed` says that a call of this state found no connection,
    `outage` that its provider was down while it waited, `held` that the hold after the outage has begun.
    """

    doc: str
    target: int
    op: str
    inc: str
    instance: str
    direction: Literal["contain", "restore"]
    by_hand: bool
    state: State
    attempt: int
    since_ms: int
    decided_ms: int
    not_before_ms: int = 0
    tries: int = 0
    missed: bool = False
    outage: bool = False
    held: bool = False
    detail: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What is unique: nothing is enqueued twice."""
        return self.doc, self.target

    @property
    def final(self) -> bool:
        """Whether this revision is at its end here. Giving back is done once it is recorded: nothing is forbidden."""
        return self.state in FINAL or (self.state == "recorded" and self.direction == "restore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a run ended: every row; what waits for people, for a connection, or only for more time; what was odd."""

    rows: tuple[Row, ...]
    people: tuple[str, ...]
    connection: tuple[str, ...]
    unfinished: tuple[str, ...]
    odd: tuple[str, ...]

    @property
    def done(self) -> bool:
        """Whether nothing waits any more."""
        return not (self.people or self.connection or self.unfinished)


def state_told(kinds: Sequence[tuple[str, dict[str, JsonValue]]]) -> tuple[State, int]:
    """State and attempt according to this console's own entries about one target, in chain order."""
    state: State = "queued"
    attempt = 0
    for kind, pub in kinds:
        found = _TOLD_BY.get(kind)
        if found is None:
            continue
        state = "attested" if kind == "dispatch.accepted" and pub.get("outcome") == "attested" else found
        told = pub.get("attempt")
        if isinstance(told, int):
            attempt = max(attempt, told)
    return state, attempt
