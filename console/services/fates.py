"""What becomes of a target that was not carried out, and the one thing that a person can do about it. Pure.

It says what the record says. What was shown failed or expired is never sent later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from console.domain.corrections import PENDING, QUEUED
from console.domain.lists import PREFIX
from console.domain.needs import FLOORS

if TYPE_CHECKING:  # a window that starts needs the shapes only
    from console.services.standing import Standing, TargetStanding

DAY_MS: Final = 24 * 3_600_000
_SECONDS_MS: Final = 120_000  # below it a silence is told in seconds
SILENT_MS: Final = 60_000  # a console unheard for so long may be dead; only its people's signatures hand its work over
Fate = Literal["goes", "held", "connection", "turn", "back", "unknown", "again", "anew"]
Help = Literal["", "now", "again", "take-over", "cancel"]
FATES: Final[tuple[Fate, ...]] = ("goes", "held", "unknown", "turn", "connection", "back", "again", "anew")
FALLEN: Final = ("stale", "failed", "attention", "expired")
_SENT: Final = ("accepted", "recorded", "enforced", "unmeasurable", "attested", "lifted", "superseded")
_NEVER: Final = "it is never sent"


@dataclass(frozen=True, slots=True)
class Sender:
    """A console that is to send something: what it is called here, and when it was last heard (ms), if ever.

    `mine`: it is this one.
    """

    name: str
    heard_ms: int | None
    mine: bool = False

    def silent_ms(self, now_ms: int, since_ms: int) -> int:
        """For how long nothing was heard of it although it had something to do since then."""
        return max(0, now_ms - max(self.heard_ms or 0, since_ms))

    def is_silent(self, now_ms: int, since_ms: int) -> bool:
        """Whether it may be dead, and taking over would help: a console that has nothing to say is silent for days."""
        return self.silent_ms(now_ms, since_ms) >= SILENT_MS


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of one target, when, why, and what helps."""

    fate: Fate
    why: str
    help: Help = ""
    at_ms: int | None = None


def fate_of(  # noqa: PLR0911  one answer for each fate
    one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]
) -> Told:
    """What becomes of a target that is not carried out."""
    row = target.row
    if target.state == "expired":
        return _lapsed(one, now_ms)
    if target.state in FALLEN and target.selector.startswith(PREFIX):
        return Told("anew", f"{target.detail} What is left of a list is matched and proposed as a new list.".strip())
    if target.state in FALLEN:
        fate: Fate = "again" if target.state == "stale" else "anew"
        return Told(fate, target.detail or f"It is {target.state}.", "again")
    if row is None:
        return _elsewhere(one, target, now_ms, known)
    if target.state in ("dispatching", "unknown"):
        return Told("unknown", "Its answer is not known; it is read back before anything is sent again.")
    if row.outage and one.direction == "restore":
        return Told("back", "Giving back never goes by itself after an outage.", "cancel")
    if row.held and row.not_before_ms > now_ms:
        return Told("held", target.detail, "now", row.not_before_ms)
    if row.outage and not row.held:
        return Told("connection", "Its provider cannot be reached; then it is read again and held for 10 s.", "cancel")
    if row.not_before_ms > now_ms:
        return Told("goes", target.detail or "It is tried again.", "cancel", row.not_before_ms)
    return Told("goes", target.detail or "It goes now.")


def _elsewhere(one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]) -> Told:
    """Another console sends it: how long it has said nothing since it could says whether taking over helps."""
    sender = known.get(target.dispatchers[0]) if target.dispatchers else None
    if sender is None:
        return Told("turn", "Another console sends it.")
    who = sender.name[:1].upper() + sender.name[1:]
    silent_ms = sender.silent_ms(now_ms, _ready_ms(one, target))
    long = f"{silent_ms // 1000} s" if silent_ms < _SECONDS_MS else f"{silent_ms // 60_000} min"
    if not sender.is_silent(now_ms, _ready_ms(one, target)):
        return Told("turn", f"{who} sends it; nothing was heard of it for {long}.")
    told = f"{who} was to send it, and nothing was heard of it for {long}."
    if target.state in ("dispatching", "unknown"):
        told += " It may have landed: whoever takes over reads first."
    return Told("turn", told, "take-over")


def left_lying_ms(one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]) -> int:
    """For how long another console has said nothing of what it was to send; 0 where it is not its to send."""
    sender = known.get(target.dispatchers[0]) if target.dispatchers else None
    if sender is None or sender.mine or target.row is not None or target.by_hand:
        return 0
    if target.state not in (*PENDING, *QUEUED) or not waits(one, target, now_ms, known):
        return 0
    return sender.silent_ms(now_ms, _ready_ms(one, target))


def _ready_ms(one: Standing, target: TargetStanding) -> int:
    """Since when another console could have gone on with it."""
    return max(one.signed_ms or one.proposed_ms, 0 if one.authorised_ms is None else target.since_ms)


def _lapsed(one: Standing, now_ms: int) -> Told:
    if one.authorised_ms is None:
        return Told("again", f"It was not decided in time; {_NEVER} unless its people confirm it again.", "again")
    if one.direction == "restore" or now_ms - one.execute_until_ms > DAY_MS:
        return Told("anew", f"Its time passed; {_NEVER} any more and has to be decided anew.", "again")
    return Told("again", f"Its time passed; {_NEVER} unless its people confirm it again.", "again")


def place_of(target: TargetStanding) -> tuple[str, str, str, str]:
    """What two corrections would fight over: provider, surface, lever and what is selected."""
    return target.instance, target.surface, target.lever, target.selector


def newest_at(everything: Sequence[Standing]) -> Mapping[tuple[str, str, str, str], int]:
    """When people last proposed anything for each place (ms)."""
    found: dict[tuple[str, str, str, str], int] = {}
    for one in everything:
        for target in one.targets:
            found[place_of(target)] = max(found.get(place_of(target), 0), one.proposed_ms)
    return found


def answered(one: Standing, target: TargetStanding, later: Mapping[tuple[str, str, str, str], int]) -> bool:
    """Whether it has fallen and people have proposed something for its place since."""
    return target.state in (*FALLEN, "drifted") and later.get(place_of(target), 0) > one.proposed_ms


def waits(one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]) -> bool:
    """Whether a target was decided and not carried out, or lapsed, or lies with a console that is silent."""
    if target.by_hand or target.state in (*_SENT, "refused", "cancelled", "drifted"):
        return False
    return one.authorised_ms is not None or target.state == "expired" or _left_lying(one, target, now_ms, known)


def _left_lying(one: Standing, target: TargetStanding, now_ms: int, known: Mapping[str, Sender]) -> bool:
    """Signed by as many as it takes at least, and the other console that is to decide it is not heard of any more."""
    sender = known.get(target.dispatchers[0]) if target.dispatchers else None
    if sender is None or sender.mine or one.group != "pending" or len(one.signed) < FLOORS.get(one.gravity, 2):
        return False
    return sender.is_silent(now_ms, _ready_ms(one, target)) and now_ms <= one.approve_by_ms
