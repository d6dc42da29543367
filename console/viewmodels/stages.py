"""A staged lift on screen: each stage with where it stands, what it waits for, what stopped it. No rule, no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.deceit import shown
from console.domain.stages import STOPS, part_of, stop_of
from console.services import staging
from console.services.session import Session
from console.services.staging import Staged
from console.viewmodels.times import both

WORDS: Final = {
    "given-back": ("given back", "check", "good"), "proposed": ("proposed, to be signed", "pencil", "claimed"),
    "holding": ("held", "hourglass", "waiting"), "ready": ("may be proposed", "play", "known"),
    "waiting": ("waits for the stage before", "minus", "text-muted"), "stopped": ("stopped", "octagon-pause", "alarm"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage: what it gives back, where it stands in words, with an icon and a tone."""

    told: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class LiftCard:
    """One staged lift. `may_go_on` and `may_put_back` say which buttons stand; `why_not` why not on."""

    name: str
    title: str
    go_on: str
    stops: str
    stages: tuple[StageLine, ...]
    tripped: tuple[str, ...]
    may_go_on: bool
    may_put_back: bool
    why_not: str


def cards(session: Session, inc: str) -> tuple[LiftCard, ...]:
    """Every staged lift of an incident. For the slow lane: rates are counted anew where a plan stops by them."""
    staging.look(session, inc)
    return tuple(_card(one) for one in staging.staged(session, inc))


def _card(one: Staged) -> LiftCard:
    lines: list[StageLine] = []
    for stage in one.stages:
        word, icon, tone = WORDS[stage.word]
        held = f" until {both(stage.until_ms)}" if stage.word == "holding" and stage.until_ms is not None else ""
        since = f" {both(stage.since_ms)}" if stage.since_ms is not None else ""
        what = f"Stage {stage.number + 1}: {stage.part.text}, that is {stage.count} more"
        lines.append(StageLine(f"{what}. {word.capitalize()}{since}{held}.", icon, tone))
    given = any(stage.word == "given-back" for stage in one.stages)
    stops = "; ".join(stop.text for stop in one.plan.stops) or "nothing by itself"
    return LiftCard(
        name=one.plan.sha256, title=shown(one.title), go_on=shown(one.plan.go_on), stops=f"Stopped when {stops}.",
        stages=tuple(lines), tripped=tuple(map(shown, one.tripped)), may_go_on=not one.why_not,
        may_put_back=given and one.put_back is None, why_not=one.why_not,
    )  # fmt: skip


def plan(session: Session, doc: str, stages: str, hold_min: int, stops: dict[str, bool], rate: str, go_on: str) -> None:
    """Keep a plan as typed: stages separated by spaces, stops ticked.

    Raises:
        WrongUse: for what is no plan.
    """
    named = [stop_of(kind) for kind in STOPS if kind != "rate" and stops.get(kind)]
    named += [stop_of(f"rate={rate.strip()}")] if stops.get("rate") else []
    staging.plan_lift(
        session, doc, [part_of(one) for one in stages.split()], hold_ms=hold_min * 60_000, stops=named, go_on=go_on
    )
