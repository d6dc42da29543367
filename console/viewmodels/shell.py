"""What the frame of the window says: who we are, which incident, how connected, what needs somebody. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from console.viewmodels.outlet import Topic

if TYPE_CHECKING:  # a window that starts needs the shapes only
    from console.services.fates import Sender
    from console.services.incidents import IncidentLine
    from console.services.live_values import Looks, SyncNews
    from console.services.needs import Need
    from console.services.standing import Standing
    from console.services.verification import Progressed

Rung = Literal["provisional", "joining", "founded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame. `rung` says how far the organisation is: one person's record, waiting to be admitted, or founded.

    `update_due_ms` is when the next update was promised for, met or not.
    """

    me: str
    my_name: str
    world: Literal["real", "drill"]
    rung: Rung
    unlocked: bool
    inc: str | None
    line: IncidentLine | None
    commander: str | None
    scribes: tuple[str, ...]
    my_roles: tuple[str, ...]
    uncontained_since_ms: int | None
    queued: int
    needs_me: int
    update_due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Incidents:
    """Every incident known here, the open ones first, the worst first."""

    lines: tuple[IncidentLine, ...]


@dataclass(frozen=True, slots=True)
class Now:
    """The corrections of the incident that is shown (or of all, where none is), and what needs this person.

    `everything` are those of all incidents: a surface does not ask which one restricts it. `senders` are the other
    consoles that are to send something, by their machine feeds; `closed` incidents wait for nothing any more.
    """

    standings: tuple[Standing, ...]
    needs: tuple[Need, ...]
    everything: tuple[Standing, ...] = ()
    senders: Mapping[str, Sender] = field(default_factory=dict[str, "Sender"])
    closed: frozenset[str] = frozenset()

    def group(self, name: str) -> tuple[Standing, ...]:
        """Those in one group (`in force`, `pending`, `queued`, `over`), the newest first."""
        return tuple(one for one in reversed(self.standings) if one.group == name)


@dataclass(frozen=True, slots=True)
class Grown:
    """The journal has changed; `mark` differs each time. `new` tells how many entries came since the last."""

    mark: int
    new: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong that no dialog shows: one sentence and what to do."""

    what: str
    next_step: str
    at_ms: int


SHELL: Topic[Shell] = Topic("shell")
INCIDENTS: Topic[Incidents] = Topic("incidents")
NOW: Topic[Now] = Topic("now")
GROWN: Topic[Grown] = Topic("grown")
TROUBLE: Topic[Trouble] = Topic("trouble")
LOOKS: Topic[Looks] = Topic("looks", often=True)
SYNC_NEWS: Topic[SyncNews] = Topic("sync")
PROVEN: Topic[Progressed] = Topic("proven")  # how the verification of the journal stands
