"""One row of a timeline: what is shown of an entry before anybody opens it. What its author says is only shown."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.occurred import give_or_take_ms, occurred_at
from console.domain.profile import JsonValue
from console.journal.values import Stored

_TEXT = ("title", "text", "reason", "briefing")
_MORE = ("text", "reason", "briefing", "how", "source", "who", "signal", "why", "name", "ticket", "contact", "selector")
_FACTS = (
    "status",
    "phase",
    "role",
    "regime",
    "direction",
    "category",
    "outcome",
    "verdict",
    "what",
    "model",
    "adapter",
)
_MAX_WORDS = 4096
_FILE = {"need-to-know": "a file for named people", "held": "held elsewhere"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a timeline. `occurred_ms` is when it occurred as its author says, else when it was recorded.

    `text` is the first of title, text, reason and briefing that is here; empty where there is none. `fact` says in
    a few words what the public part or a file's name says; `more` is what else is found by search. `held` counts the
    values here, `absent` those that are not.
    """

    n: int
    id: str
    inc: str | None
    feed: str
    seq: int
    author: str | None
    kind: str
    subj: str | None
    occurred_ms: int
    plus_minus_ms: int
    hlc: tuple[int, int]
    received_ms: int
    standing: str
    skewed: bool
    quoted: bool
    absent: int
    held: int
    text: str
    speaker: str
    fact: str
    more: str

    @property
    def order(self) -> tuple[int, int, int, str, int]:
        """What a timeline is ordered by."""
        return (self.occurred_ms, *self.hlc, self.feed, self.n)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line, and what was said of it later: the newest amendment's text and author where there is one, retracted."""

    line: Line
    amended: bool = False
    amended_text: str | None = None
    amended_by: str | None = None
    retracted: bool = False


def place_of(feed: str, ident: str) -> int:
    """Where an entry stands among those of the same hybrid time, on every console alike: by its feed, then its id."""
    return int(feed[:8] + ident[:6], 16)


def line_of(stored: Stored) -> Line:
    """The row of one entry; what its author says of the time is believed for display only."""
    entry, said = stored.entry, stored.disclosed
    occurred_ms, plus_minus_ms = occurred(said.get("occurred"), entry.hlc[0])
    first = next((name for name in _TEXT if isinstance(said.get(name), str)), None)
    return Line(
        n=stored.n,
        id=stored.id,
        inc=entry.inc,
        feed=entry.feed,
        seq=entry.seq,
        author=entry.author,
        kind=entry.kind,
        subj=entry.subj,
        occurred_ms=occurred_ms,
        plus_minus_ms=plus_minus_ms,
        hlc=entry.hlc,
        received_ms=stored.received_ms,
        standing=stored.standing,
        skewed=stored.skewed,
        quoted=entry.pub.get("quoted") is True,
        absent=stored.absent,
        held=len(entry.sd) - stored.absent + stored.damaged,
        text="" if first is None else str(said[first]),
        speaker=_plain(said.get("speaker")),
        fact=fact_of(entry.pub, said),
        more="\n".join(_plain(said[name]) for name in _MORE if name in said and name != first)[:_MAX_WORDS],
    )


def occurred(told: JsonValue, recorded_ms: int) -> tuple[int, int]:
    """When it occurred and give or take how much, both in ms; as recorded where nothing usable is told."""
    at_ms = occurred_at(told)
    return (recorded_ms, 0) if at_ms is None else (at_ms, give_or_take_ms(told))


def fact_of(pub: dict[str, JsonValue], said: dict[str, JsonValue]) -> str:
    """A few words for an entry that has none of its own: its file, its severity, its new status and the like."""
    blob = said.get("blob")
    parts = [_FILE.get(str(pub.get("class")), ""), _plain(blob.get("name"))] if isinstance(blob, dict) else []
    if type(pub.get("severity")) is int:
        parts.append(f"SEV-{pub['severity']}")
    parts += [_plain(pub[name]) for name in _FACTS if name in pub]
    return ", ".join(part for part in parts if part)[:_MAX_WORDS]


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
