"""The after-action view in words, section by section. Pure: it claims no more than the review it is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from console.services.clock_words import words_of
from console.viewmodels.times import clock_time, moment, span, zone_name

if TYPE_CHECKING:
    from console.services.after_action import Review, Way

_LATE_MS: Final = 60_000
_TROUBLES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: what stands at the left (a moment, a length), the words, and a muted word beneath."""

    lead: str
    text: str
    under: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section."""

    title: str
    lines: tuple[Line, ...]
    none: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """All of it. `headline` is how long it took to contain, or that it is not."""

    title: str
    headline: str
    alarm: bool
    parts: tuple[Part, ...]


def review_view(found: Review, name_of: Callable[[str | None], str], zone: tzinfo = UTC) -> ReviewView:
    """The view of a review, times in `zone`."""
    line = found.line
    headline, alarm = _headline(found)
    return ReviewView(
        title=f"{line.label}: {line.title}", headline=headline, alarm=alarm,
        parts=(
            Part(title=f"What happened, in {zone_name(found.now_ms, zone)}", none="Nothing is recorded.", lines=tuple(
                Line(lead=clock_time(one.at_ms, zone, day=True), text=one.what,
                     under=_by(one.written_ms - one.at_ms, name_of(one.author) if one.author else "", one.text))
                for one in found.account.milestones)),
            Part(title="How long it took", none="Too little is recorded to tell.", lines=tuple(
                Line(lead=span(one.length_ms) if one.length_ms >= 0 else "before it", text=one.words)
                for one in found.account.gaps)),
            Part(title="Corrections", none="None was proposed.", lines=tuple(_way(one) for one in found.ways)),
            Part(title="What failed", none="Nothing of the kind is recorded.", lines=tuple(
                Line(lead=clock_time(one.at_ms, zone, day=True), text=one.about or one.what,
                     under=one.what if one.about else "")
                for one in found.troubles[:_TROUBLES])),
            Part(title="Reports", none="No reporting clock runs.", lines=tuple(
                Line(lead=words.state, text=f"{words.title}: {words.left}", under=words.detail, alarm=words.pressing)
                for words in (words_of(one, found.now_ms) for one in found.clocks))),
            Part(title="Open findings", none="None.", lines=tuple(
                Line(lead="\u2022", text=one) for one in found.findings)),
            Part(title="Follow-ups", none="None is set: what changes, who does it, until when?", lines=tuple(
                Line(lead="overdue" if one.overdue(found.now_ms) else one.state, text=one.text,
                     under=", ".join((one.owner or "nobody named",
                                      moment(one.due_ms, zone) if one.due_ms is not None else "no day named")),
                     alarm=one.overdue(found.now_ms))
                for one in found.follow_ups)),
        ),
    )  # fmt: skip


def _headline(found: Review) -> tuple[str, bool]:
    if found.contained_ms is not None:
        held, after = found.containment, f"{span(found.contained_ms)} after the declaration"
        if held.observed:
            return f"Contained {after}, all of it observed", False
        return f"In force as decided {after}; {held.enforced} of {held.total} observed to hold", False
    if found.containment.word == "given back":
        count, decided, last_ms = found.held
        how = "" if last_ms is None else f", the last {span(last_ms)} after the declaration"
        return f"{count} of {decided} targets were in force{how}; all of it is given back", False
    words = {"uncontained": "Not contained", "partly": "Not fully contained"}[found.containment.word]
    return f"{words}: {span(found.now_ms - found.line.declared_ms)} since the declaration", True


def _by(late_ms: int, who: str, text: str) -> str:
    told = [who] if who else []
    told += [f"written {span(late_ms)} later"] if late_ms > _LATE_MS else []
    head = ", ".join(told)
    return f"{head}: {text}" if head and text else head or text


def _way(one: Way) -> Line:
    steps = (("first signature", one.first_ms), ("quorum", one.second_ms), ("sent", one.sent_ms),
             (f"in force ({one.held} of {one.targets})", one.in_force_ms))  # fmt: skip
    before, told = one.proposed_ms, list[str]()
    for what, at in steps:
        if at is not None:
            told.append(f"{what} +{span(at - before)}")
            before = at
    return Line(lead=one.state, text=one.title, under=", ".join(["proposed", *told]))


__all__ = ["Line", "Part", "ReviewView", "review_view"]
