"""What one row of a timeline shows: word, shape and tone of its kind, its times with their zone, its badges.

Plain values made from the index; it decides nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import compress
from typing import Final

from console.journal.line import Line, Shown

LATE_MS = 15 * 60_000
"""What was written down later than this after it occurred is marked as late, as in the exported account."""


@dataclass(frozen=True, slots=True)
class KindMark:
    """How a kind of entry is told: a word, a shape, and the role of its colour."""

    word: str
    shape: str
    tone: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A short mark on a row, with the sentence that explains it."""

    name: str
    word: str
    tone: str
    sentence: str


BADGES: Final[Mapping[str, Badge]] = {
    badge.name: badge
    for badge in (
        Badge("drill", "DRILL", "drill", "This is practice."),
        Badge("retracted", "retracted", "alarm", "Somebody took this back; the reason is one key away."),
        Badge("amended", "amended", "changed", "The newest wording is shown; the original is one key away."),
        Badge("forked", "forked", "alarm", "This feed was written twice: nothing in it counts from here on."),
        Badge(
            "quarantined", "quarantined", "alarm", "It was written by a key after it was revoked: it does not count."
        ),
        Badge("skewed", "clock ahead", "waiting", "The clock it was written by was over five minutes ahead of ours."),
        Badge("late", "written later", "waiting", "It was written down over 15 minutes after it occurred."),
        Badge("quoted", "quoted", "quiet", "It was taken over from another place, not witnessed by its author."),
        Badge("unsynced", "only here", "waiting", "No shared place has it yet: it exists on this console only."),
        Badge("absent", "not all here", "unknown", "Some of it is not here: not arrived yet, or redacted."),
    )
}

_WROTE, _ORDERED, _ASKED, _ENDED = "known", "accent", "waiting", "quiet"
KIND_MARKS: Final[Mapping[str, KindMark]] = {
    "note": KindMark("note", "ring", "quiet"),
    "observation": KindMark("observation", "ring-dot", _WROTE),
    "witness": KindMark("heard", "half-disc", _WROTE),
    "decision": KindMark("decision", "disc", _ORDERED),
    "decision.not-to-act": KindMark("decision not to act", "ring-slash", _ORDERED),
    "objection": KindMark("objection", "no-entry", "changed"),
    "task": KindMark("task", "square-ring", _ASKED),
    "communication": KindMark("communication", "arrow-right", "claimed"),
    "notification": KindMark("notification", "arrow-right", _ORDERED),
    "knowledge.fact": KindMark("fact known", "diamond", _WROTE),
    "awareness.determination": KindMark("awareness determined", "diamond", _ORDERED),
    "evidence": KindMark("evidence", "square", _WROTE),
    "lodging": KindMark("lodging", "square-half", "claimed"),
    "amendment": KindMark("amendment", "dots", "changed"),
    "retraction": KindMark("retraction", "cross", "changed"),
    "self-test": KindMark("self-test", "disc", "quiet"),
    "feed.open": KindMark("feed opened", "dash", "quiet"),
    "organisation.adopted": KindMark("organisation adopted", "dash", "quiet"),
    "roster.proposed": KindMark("roster proposed", "dots", "quiet"),
    "roster.adopted": KindMark("roster adopted", "dash", "quiet"),
    "incident.declared": KindMark("declared", "octagon", "alarm"),
    "incident.link": KindMark("linked", "dots", "quiet"),
    "severity.changed": KindMark("severity", "triangle", _ASKED),
    "phase.changed": KindMark("phase", "arrow-right", "quiet"),
    "status.changed": KindMark("status", "arrow-right", "quiet"),
    "role.assigned": KindMark("role given", "ring-dot", "quiet"),
    "role.released": KindMark("role given back", "ring", "quiet"),
    "command.offered": KindMark("command offered", "half-disc", _ASKED),
    "command.accepted": KindMark("command accepted", "disc", _ORDERED),
    "command.assumed": KindMark("command assumed", "disc", "changed"),
    "correction.proposed": KindMark("correction proposed", "diamond-ring", "claimed"),
    "correction.approved": KindMark("approved", "diamond", "known"),
    "correction.refused": KindMark("refused", "no-entry", "alarm"),
    "correction.cancelled": KindMark("cancelled", "dash", _ENDED),
    "correction.attested": KindMark("attested only", "square-ring", "claimed"),
    "document.proposed": KindMark("proposed", "diamond-ring", "claimed"),
    "document.approved": KindMark("approved", "diamond", "known"),
    "document.refused": KindMark("refused", "no-entry", "alarm"),
    "approval.received": KindMark("approval received", "half-disc", "claimed"),
    "dispatch.authorised": KindMark("authorised", "diamond", "known"),
    "dispatch.held": KindMark("held", "pause", _ASKED),
    "dispatch.intent": KindMark("being sent", "arrow-right", _ASKED),
    "dispatch.accepted": KindMark("accepted", "ring", "claimed"),
    "dispatch.recorded": KindMark("recorded", "half-disc", "known"),
    "dispatch.enforced": KindMark("enforced", "disc", "good"),
    "dispatch.passed": KindMark("still passing", "triangle-down", "alarm"),
    "dispatch.unmeasurable": KindMark("not measurable", "square-half", "known"),
    "dispatch.unknown": KindMark("outcome unknown", "question", "unknown"),
    "dispatch.requeued": KindMark("queued again", "hourglass", _ASKED),
    "dispatch.failed": KindMark("failed", "cross", "alarm"),
    "dispatch.stale": KindMark("stale", "clock", "quiet"),
    "dispatch.expired": KindMark("expired", "ring-slash", "quiet"),
    "dispatch.cancelled": KindMark("cancelled", "dash", _ENDED),
    "dispatch.attention": KindMark("needs a person", "triangle", "alarm"),
    "dispatch.drifted": KindMark("drifted", "triangle-down", "changed"),
    "redaction.authorised": KindMark("redaction authorised", "square-half", "changed"),
    "redact.done": KindMark("redacted here", "square-half", "quiet"),
    "closing.authorised": KindMark("closed", "square", "quiet"),
    "reading.observed": KindMark("reading", "ring-dot", "known"),
    "provider.unreachable": KindMark("unreachable", "cross", "alarm"),
    "provider.reachable": KindMark("answers again", "disc", "good"),
    "call.paged": KindMark("paged", "arrow-right", _ASKED),
    "fork.proof": KindMark("fork proven", "triangle", "alarm"),
    "provider.added": KindMark("provider added", "square-ring", "quiet"),
    "provider.removed": KindMark("provider removed", "dash", "quiet"),
    "surface.added": KindMark("surface added", "square-ring", "quiet"),
    "surface.removed": KindMark("surface removed", "dash", "quiet"),
    "drill.result": KindMark("drill result", "square", "quiet"),
}
_ABOUT: Final = (
    "correction.",
    "dispatch.",
    "approval.",
    "task",
    "provider.",
    "surface.",
    "reading.",
)  # kinds that may be about something else
UNKNOWN_KIND = KindMark("unknown kind", "question", "unknown")


@dataclass(frozen=True, slots=True)
class LineView:
    """One row, ready to be painted. `day` and `clock` say when it occurred, in `zone`; `about` give or take how much.

    `text` is one line: the newest wording, else what the public part says. `shape` and `tone` name tokens.
    """

    id: str
    n: int
    kind: str
    word: str
    shape: str
    tone: str
    author: str
    speaker: str
    text: str
    day: str
    clock: str
    zone: str
    about: str
    recorded: str
    occurred_ms: int
    recorded_ms: int
    subj: str | None
    badges: tuple[Badge, ...]

    @property
    def sentence(self) -> str:
        """The row as it is spoken."""
        who = f"{self.author}, quoting {self.speaker}" if self.speaker else self.author
        marks = "".join(f" {badge.word}." for badge in self.badges)
        return f"{self.day} {self.clock} {self.zone}, {self.word} by {who}: {self.text or 'no words'}.{marks}"


@dataclass(frozen=True, slots=True)
class Presenter:
    """How lines become rows: names of people, the zone of times, whether this is practice, what is synced.

    `synced_upto` gives the last number of each own feed that a shared place has; a feed it does not name is another
    console's. Without it nothing is said about syncing. `targets` says in words what entries about a correction or
    what became of a task are about, by their ids.
    """

    name_of: Callable[[str | None], str]
    zone: tzinfo = UTC
    drill: bool = False
    synced_upto: Callable[[], Mapping[str, int]] | None = None
    targets: Callable[[Sequence[str]], Mapping[str, str]] | None = None

    def rows(self, found: list[Shown]) -> list[LineView]:
        """Rows in the same order."""
        synced = {} if self.synced_upto is None else self.synced_upto()
        about = self._about(found)
        names: dict[str | None, str] = {}
        made: list[LineView] = []
        for shown in found:
            author = shown.line.author
            if author not in names:
                names[author] = self.name_of(author)
            made.append(self._row(shown, names[author], synced, about.get(shown.line.id, "")))
        return made

    def _about(self, found: list[Shown]) -> Mapping[str, str]:
        if self.targets is None:
            return {}
        return self.targets([one.line.id for one in found if one.line.kind.startswith(_ABOUT)])

    def _row(self, shown: Shown, author: str, synced: Mapping[str, int], about: str) -> LineView:
        line = shown.line
        mark = KIND_MARKS.get(line.kind, UNKNOWN_KIND)
        day, clock, zone = stamp(line.occurred_ms, self.zone)
        recorded_ms = line.hlc[0]
        recorded_day, recorded_clock = (day, clock) if recorded_ms == line.occurred_ms else self._recorded(recorded_ms)
        # a person's wording never stands in for what a console observed
        reworded = shown.amended_text if line.author is not None else None
        text = reworded or line.text or ("" if about else line.fact)
        text = f"{about}. {text}" if about and text else about or text
        return LineView(
            id=line.id, n=line.n, kind=line.kind, word=mark.word if mark is not UNKNOWN_KIND else line.kind,
            shape=mark.shape, tone=mark.tone, author=author, speaker=line.speaker, text=first_line(text), day=day,
            clock=clock, zone=zone, about=give_or_take(line.plus_minus_ms),
            recorded=recorded_clock if recorded_day == day else f"{recorded_day} {recorded_clock}",
            occurred_ms=line.occurred_ms, recorded_ms=recorded_ms, subj=line.subj,
            badges=_badges(shown, synced, drill=self.drill),
        )  # fmt: skip

    def _recorded(self, at_ms: int) -> tuple[str, str]:
        return stamp(at_ms, self.zone)[:2]


def stamp(at_ms: int, zone: tzinfo = UTC) -> tuple[str, str, str]:
    """Day, clock and zone of a moment; a moment that no calendar has is given in milliseconds."""
    try:
        at = datetime.fromtimestamp(at_ms / 1000, zone)
    except (OverflowError, ValueError, OSError):
        return "", f"{at_ms} ms", "UTC"
    return (
        f"{at.year:04d}-{at.month:02d}-{at.day:02d}",
        f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}",
        at.tzname() or "",
    )


def give_or_take(plus_minus_ms: int) -> str:
    """The uncertainty of an estimated moment, in the largest unit that fits; empty where there is none."""
    seconds = plus_minus_ms // 1000
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"± {seconds // size} {unit}"
    return f"± {seconds} s" if seconds else ""


def first_line(text: str) -> str:
    """The first line that says something, marked where more follows."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return "" if not lines else lines[0] + (" …" if len(lines) > 1 else "")


def _badges(shown: Shown, synced: Mapping[str, int], *, drill: bool) -> tuple[Badge, ...]:
    line: Line = shown.line
    said = (  # in the order of BADGES
        drill, shown.retracted, shown.amended, line.standing == "forked", line.standing == "quarantined", line.skewed,
        line.hlc[0] - line.occurred_ms > LATE_MS, line.quoted, line.seq > synced.get(line.feed, line.seq),
        line.absent > 0,
    )  # fmt: skip
    return tuple(compress(BADGES.values(), said)) if any(said) else ()
