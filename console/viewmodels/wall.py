"""What the wall says: headline, how contained, corrections by how sure, decisions, who commands. Values.

Made from the same picture as the brief and the room page, so that none of them says more than another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from console.domain.clocks import is_aside
from console.domain.words import role_said
from console.viewmodels.times import beside, clock_time, moment, timer, zone_name

if TYPE_CHECKING:
    from console.domain.clocks import ClockState
    from console.services.picture import Picture
    from console.services.session import Session

_FIRST: Final = ("not yet", "asked", "attested", "recorded", "enforced")  # what is not sure is looked at first


@dataclass(frozen=True, slots=True, kw_only=True)
class WallLine:
    """One correction: state by a mark of the tokens, what and where, and why it does not hold yet."""

    state: str
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """One reporting clock: its state by a mark of the tokens, what is owed, and the time there is."""

    state: ClockState
    text: str
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WallView:
    """Everything on the wall at one moment. `tone` is that of the containment sentence."""

    marks: tuple[str, ...]
    severity: int
    label: str
    title: str
    phase: str
    elapsed: str
    containment: str
    tone: str
    update: str
    commander: str
    roles: str
    lines: tuple[WallLine, ...]
    decisions: tuple[str, ...]
    clock: str
    owed: tuple[WallClock, ...] = ()


_NOT_TO_ACT: Final = "Not to act: "
_TONES: Final = {"uncontained": "alarm", "partly": "waiting", "contained": "known", "given back": "quiet"}


def wall_view(picture: Picture, names: dict[str, str], now_ms: int, zone: tzinfo = UTC) -> WallView:
    """The wall at `now_ms`, from a picture that may be older; `names` are the display names by person."""
    from console.services.brief import containment_words, one_line, update_words  # noqa: PLC0415  as in desk
    from console.services.clock_words import words_of  # noqa: PLC0415  as above

    line = picture.line
    held: dict[str, list[str]] = {}
    for role, person in picture.roles:
        held.setdefault(role, []).append(names.get(person, person))
    commander = ", ".join(held.pop("commander", ["nobody commands"]))
    order = {word: at for at, word in enumerate(_FIRST)}
    taken = sorted(picture.taken, key=lambda one: (order.get(one.sure, 9), one.instance_name, one.name))
    return WallView(
        marks=picture.marks, severity=line.severity, label=line.label, title=line.title,
        phase=f"{line.phase} - {line.status}", elapsed=timer(now_ms - line.declared_ms),
        containment=containment_words(picture.containment, now_ms, zone), tone=_TONES[picture.containment.word],
        update="" if picture.update is None else _both_zones(
            update_words(replace(picture, now_ms=now_ms), zone), picture.update.due_ms, zone
        ),
        commander=commander,
        roles=", ".join(f"{role_said(role)} {name}" for role, found in held.items() for name in found),
        lines=tuple(
            WallLine(state=one.state, text=f"{one.lever}: {one.name} at {one.instance_name}", why=one.why)
            for one in taken
        ),
        decisions=tuple(
            f"{clock_time(said.at_ms, zone)[:5]}  {_NOT_TO_ACT if said.kind == 'decision.not-to-act' else ''}"
            + one_line(said.text)
            for said in reversed(picture.said)
            if said.kind.startswith("decision") and not said.privileged and not is_aside(said.text)
        )[:3],
        clock=f"{clock_time(now_ms, zone)} {zone_name(now_ms, zone)}",
        owed=tuple(WallClock(state=one.state, text=one.title, left=one.left)
                   for one in (words_of(clock, now_ms) for clock in picture.clocks if clock.state != "set aside")),
    )  # fmt: skip


def _both_zones(told: str, at_ms: int, zone: tzinfo) -> str:
    other = beside(at_ms, zone, form="%H:%M").strip(" ()")
    return f"{told.removesuffix('.')}, {other}." if other else told


def as_of(now_ms: int, read_ms: int, zone: tzinfo = UTC) -> str:
    """What the wall says of itself when it was not made anew for a while; empty while it is fresh."""
    return f"as of {moment(read_ms, zone)}" if now_ms - read_ms > 15_000 else ""  # noqa: PLR2004  three rounds missed


def read_picture(session: Session, inc: str) -> tuple[Picture, dict[str, str]]:
    """The picture of an incident and everybody's names; on a lane that may read."""
    from console.services import picture  # noqa: PLC0415  as in desk

    names = {one.person: session.name_of(one.person) for one in session.roster.roster.persons}
    return picture.take(session, inc), names
