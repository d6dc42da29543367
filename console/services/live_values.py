"""What the live engine posts, as immutable values: how everything is connected, and what was last seen where.

Nothing here is told because nothing was heard: what is not known says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # the values are light; what finds surfaces is not
    from console.domain.clock_hint import ClockHint
    from console.services.providers import Surface

EngineWord = Literal["starting", "here", "elsewhere", "recording", "stopped"]
ProviderWord = Literal["answers", "unreachable", "broken", "unread", "by-hand"]
SAMPLES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLink:
    """Who dispatches: this window (`here`), another process (`elsewhere`, with its id and since when), or nobody.

    `recording`: this window is the engine, but there is nothing to dispatch yet (`detail` says why).
    """

    state: EngineWord
    pid: int | None = None
    since_ms: int | None = None
    detail: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        match self.state:
            case "here":
                return "This window dispatches."
            case "elsewhere":
                who = f" (process {self.pid})" if self.pid is not None else ""
                return f"Another process dispatches{who}; this window watches."
            case "recording":
                return f"Nothing is dispatched: {self.detail}"
            case "starting":
                return "The engine starts."
            case _:
                return "The engine is stopped."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLink:
    """One provider. `since_ms`: since when it is in its state (wall-clock ms).

    `looked_ms` is the last look at it, `read_ms` the last that learnt something; `fault` is what the last look came to
    where it learnt nothing.
    """

    instance: str
    name: str
    adapter: str
    state: ProviderWord
    since_ms: int | None = None
    looked_ms: int | None = None
    read_ms: int | None = None
    latency_ms: int | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLink:
    """One shared place. `to_send`: own entries that it has not been given yet, where that is known.

    `busy_since_ms` is set while a meeting with it is under way: a place that hangs shows by it.
    """

    path: str
    synced_ms: int | None = None
    fault: str = ""
    fault_ms: int | None = None
    to_send: int | None = None
    busy_since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectivity:
    """Everything this console depends on, each for itself: partial outage is the normal case.

    `retired` are providers that were removed for everybody and are still connected here: they count for nothing.
    `alarm` is what is wrong with this console itself and what to do; two empty texts where nothing is. `clock` is what
    other clocks tell of this console's, where they tell anything: a hint.
    """

    engine: EngineLink
    providers: tuple[ProviderLink, ...] = ()
    places: tuple[PlaceLink, ...] = ()
    locked: str = ""
    odd: tuple[str, ...] = ()
    alarm: tuple[str, str] = ("", "")
    retired: tuple[ProviderLink, ...] = ()
    clock: ClockHint | None = None

    def link(self, instance: str) -> ProviderLink | None:
        """How one provider is connected here, retired or not; None where it is not connected."""
        return next((one for one in (*self.providers, *self.retired) if one.instance == instance), None)

    @property
    def answering(self) -> tuple[int, int]:
        """How many providers answer, of how many that can be asked at all."""
        asked = [one for one in self.providers if one.state != "by-hand"]
        return sum(one.state == "answers" for one in asked), len(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLook:
    """What a provider last told of one of its surfaces; `made_ms` is when its model was made, where that is told."""

    key: str
    model: str
    state: str
    restrictions: tuple[str, ...]
    detail: str
    read_ms: int
    made_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHint:
    """What a vendor's own status page says of the provider called `about`: a hint, set by hands, and often late.

    `updated_ms` is when the page was changed by its own word, `read_ms` when it was read.
    """

    about: str
    indicator: str
    words: str
    trouble: str
    read_ms: int
    updated_ms: int | None = None

    @staticmethod
    def of(facts: Mapping[str, str], looked_ms: int) -> PageHint:
        """From what the adapter told at a look; it may have read the page earlier than that, and says when."""
        read, updated = facts.get("at_ms", ""), facts.get("updated_ms", "")
        return PageHint(
            about=facts.get("about", ""), indicator=facts.get("indicator", "") or "unknown",
            words=facts.get("words", ""), trouble=facts.get("trouble", ""),
            read_ms=int(read) if read.isdecimal() else looked_ms,
            updated_ms=int(updated) if updated.isdecimal() else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundHint:
    """What of a model went round a gateway (`console.domain.bypass`): a hint and a lower bound, never a state.

    `gateways` and `vendors` are the providers that were compared. `calls` went round it at least (None: it cannot be
    told), in an hour that ended at `until_ms`. `words` is the whole sentence.
    """

    model: str
    gateways: tuple[str, ...]
    vendors: tuple[str, ...]
    calls: int | None
    until_ms: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLook:
    """One provider as the board needs it. `surfaces` are those it listed when it last answered, at `read_ms`.

    `page` is set where it is no provider but the status page of one. `every_ms` is how often it is looked at now;
    None: as often as all the others.
    """

    link: ProviderLink
    surfaces: tuple[SurfaceLook, ...] = ()
    latency: tuple[int | None, ...] = ()
    page: PageHint | None = None
    every_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The board's input: what the organisation calls its surfaces, and what was last seen of them.

    `poll_ms` is how often a provider is looked at that says nothing else: what is three times as old is stale.
    `rounds` is what went round gateways, a model each.
    """

    surfaces: tuple[Surface, ...]
    instances: tuple[InstanceLook, ...]
    poll_ms: int
    rounds: tuple[RoundHint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncNews:
    """What one meeting with a place brought. `early` counts what came ahead of its history.

    `faults` are sentences about single files, which held up nothing else; `forks` one for every fork known here.
    """

    path: str
    at_ms: int
    received: int
    documents: int
    rosters: int
    sent: int
    waiting: int
    faults: tuple[str, ...]
    early: int = 0
    forks: tuple[str, ...] = ()
