"""Who is called out, when, and what the message says: order, waits, and nothing that is secret. Pure rules.

A message names the organisation, the severity, the document in words, who is asked and until when; never a target, a
name of an account, a reason or a model (protocol.md section 6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

Why = Literal[
    "signature", "break-glass", "ratify", "drift", "failed", "lapse", "command", "stop", "undo", "clock", "test"
]
State = Literal["paged", "acknowledged", "opened", "signed"]
WHY_WORDS: Final[Mapping[Why, str]] = {
    "signature": "A proposal waits for a signature",
    "break-glass": "One person acted alone under break-glass",
    "ratify": "What was done under break-glass has to be ratified",
    "drift": "Something in force was undone",
    "failed": "Something that was sent needs a decision",
    "lapse": "Something queued lapses soon",
    "command": "Who commands is asked for a sign of life, command was assumed, or several declared",
    "stop": "A stop of a staged lift came true: is it put back?",
    "undo": "One signer alone undid what was in force",
    "clock": "A report to an authority is due",
    "test": "A test of the call-out",
}
# whoever is waited for answers one of these for everybody: several people need not run
ANSWERED: Final = frozenset({"acknowledged", "opened", "signed"})
MAX_PAGES: Final = 8  # so often at most for one cause and one person
RETRY_MS: Final = 60_000
WORST: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One cause to call people out. `key` is the same as long as the cause is; `asked` are persons, the first first.

    `about` is the entry it is about, `doc` its document; `everyone` pages all at once.
    """

    key: str
    why: Why
    organisation: str
    incident: str
    severity: int
    words: str
    asked: tuple[str, ...]
    since_ms: int
    until_ms: int | None
    about: str = ""
    doc: str | None = None
    inc: str | None = None
    everyone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page that was made: to whom, by which hook, when, and whether the hook took it (else why not)."""

    key: str
    person: str
    hook: str
    at_ms: int
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person did about a call."""

    person: str
    state: State
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The order in which people are paged, how long each is waited for, and the hooks of each person.

    People who are asked and stand in no order come last; `everyone` are hooks that reach all (a channel).
    """

    order: tuple[str, ...] = ()
    wait_ms: int = 5 * 60_000
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    everyone: tuple[str, ...] = ()

    def wait_for_ms(self, severity: int) -> int:
        """How long each is waited for: half as long where it is worst."""
        return self.wait_ms // 2 if severity == WORST else self.wait_ms


def due(call: Call, ladder: Ladder, pages: Sequence[Page], answers: Sequence[Answer], now_ms: int) -> tuple[str, ...]:
    """Whom to page now. Nobody once somebody who is asked has answered, its time has passed, or all had their turn."""
    over = call.until_ms is not None and now_ms > call.until_ms
    if over or any(one.state in ANSWERED and one.person in call.asked for one in answers):
        return ()
    mine = [one for one in pages if one.key == call.key]
    people = in_order(call.asked, ladder)
    if call.everyone:
        return () if any(one.ok for one in mine) else _again(people, mine, now_ms)
    heard = max((one.at_ms for one in mine if one.ok), default=None)
    if heard is not None and now_ms - heard < ladder.wait_for_ms(call.severity):
        return ()
    tried = {one.person for one in mine}
    fresh = next((one for one in people if one not in tried), None)  # whom no hook reaches is not waited for
    return _again(people, mine, now_ms) if fresh is None else (fresh,)


def _again(people: tuple[str, ...], mine: Sequence[Page], now_ms: int) -> tuple[str, ...]:
    """Everybody once more, after a pause and not without end."""
    last = max((one.at_ms for one in mine), default=None)
    often = max((sum(one.person == person for one in mine) for person in people), default=0)
    return () if often >= MAX_PAGES or (last is not None and now_ms - last < RETRY_MS) else people


def in_order(asked: Sequence[str], ladder: Ladder) -> tuple[str, ...]:
    """Who is asked, as the ladder orders them."""
    rank = {person: at for at, person in enumerate(ladder.order)}
    return tuple(sorted(dict.fromkeys(asked), key=lambda one: (rank.get(one, len(rank)), asked.index(one))))


def message(call: Call, *, asked: str, drill: bool) -> str:
    """The text of a page: one line for a telephone, then the facts."""
    mark = "DRILL - " if drill else ""
    until = "" if call.until_ms is None else f" until {clock(call.until_ms)}"
    lines = [
        f"{mark}SEV-{call.severity} {call.organisation}: {WHY_WORDS[call.why]}{until}.",
        f"Asked: {asked}.",
    ]
    if call.incident:
        lines.append(f"Incident: {call.incident}.")
    if call.words:
        lines.append(f"In words: {call.words}.")
    lines.append("Open Standdown; nothing can be approved by answering this.")
    return "\n".join(lines)


def clock(at_ms: int) -> str:
    """A moment in a message."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M UTC")
