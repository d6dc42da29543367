"""The document by which people confirm the time of one console's clock: `clock.v1` (decision 0167).

It says what this console showed at one moment by both its clocks. It decides nothing by itself: `quorum` counts who
signed it, and `clock_doubt` for how long and for which clock it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from console.domain import shape
from console.domain.errors import BadForm
from console.domain.forms import RosterRef

CLOCK_LIVES_MS: Final = 3_600_000  # an hour at most: whoever needs longer sets the clock right
CLOCK_FIELDS: Final[dict[str, shape.Check]] = {
    "console": shape.id_of("c"),
    "feed": shape.sha256,
    "boot": shape.nonce,
    "mono": shape.whole,
    "approve_by": shape.moment,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """What a console showed: `created` by its wall clock and `mono` by its boot clock, both at the same moment.

    `feed` is its machine feed, whose decisions may rest on it; `boot` is the boot within which `mono` counts. It serves
    until `approve_by` by the confirmed time, and never in another boot.
    """

    doc_type: ClassVar[str] = "clock.v1"
    org: str
    console: str
    feed: str
    boot: str
    mono: int
    roster: RosterRef
    created: int
    approve_by: int

    def __post_init__(self) -> None:
        """Refuse a window that is none, or longer than anybody may confirm for.

        Raises:
            BadForm: for such a one.
        """
        if not self.created < self.approve_by <= self.created + CLOCK_LIVES_MS:
            raise BadForm("approve_by", "a time is confirmed for an hour at most, and not for nothing")
