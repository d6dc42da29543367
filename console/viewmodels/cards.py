"""Corrections and needs as cards: what it is, how far it is, who signed, until when, and which commands help. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.corrections import STATES
from console.domain.flight import ran_on
from console.viewmodels.conflicts import bite_lines, said_lines
from console.viewmodels.times import left, span

if TYPE_CHECKING:  # as in shell
    from console.services.needs import Need
    from console.services.standing import Standing, TargetStanding

_SHOWN_TARGETS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """One target on a card."""

    state: str
    text: str
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One correction, or one thing that needs somebody. `commands`: names, and the words on their buttons.

    `count` tells a partial state (`3 of 4 in effect`); empty where all stand alike.
    """

    key: str
    doc: str | None
    target: int | None
    inc: str | None
    state: str
    title: str
    count: str
    told: tuple[str, ...]
    lines: tuple[CardLine, ...]
    commands: tuple[tuple[str, str], ...]
    alarm: bool = False

    @property
    def sentence(self) -> str:
        """For a screen reader."""
        return ". ".join(part for part in (self.title, self.state, self.count, *self.told) if part)


def card_of(one: Standing, name_of: Callable[[str], str], now_ms: int) -> Card:
    """A correction as a card."""
    shown = [_line(target, now_ms) for target in one.targets[:_SHOWN_TARGETS]]
    return Card(
        key=one.doc, doc=one.doc, target=None, inc=one.inc, state=one.state, title=one.title, count=_count(one),
        told=_told(one, name_of, now_ms), lines=tuple(shown), commands=_commands(one, now_ms),
        alarm=one.state in ("attention", "failed", "drifted"),
    )  # fmt: skip


def _count(one: Standing) -> str:
    """How many stand where, in words; canaries count like the rest, for they are sent like the rest."""
    counts = Counter(target.state for target in one.targets)
    if len(counts) < 2:  # noqa: PLR2004  all alike
        return ""
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def _told(one: Standing, name_of: Callable[[str], str], now_ms: int) -> tuple[str, ...]:
    told: list[str] = []
    if one.group == "pending":
        signed = ", ".join(name_of(person) for person in one.signed)
        told.append(f"{one.gravity}; signed by {signed}" if signed else f"{one.gravity}; nobody has signed yet")
        told.append(f"approve by: {left(now_ms, one.approve_by_ms)}")
    elif one.group == "queued":
        told.append(f"valid: {left(now_ms, one.execute_until_ms)}")
    elif one.group == "in force" and one.review_by_ms is not None:
        told.append(f"review: {left(now_ms, one.review_by_ms)}")
    if one.group != "over" and one.undo_until_ms is not None and one.undo_until_ms > now_ms:
        told.append(f"one signer may undo it for {span(one.undo_until_ms - now_ms)}")
    told += said_lines(one, name_of, now_ms)
    told += bite_lines(one)
    told += one.attention
    return tuple(told)


def _commands(one: Standing, now_ms: int) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = [("review", "Review")]
    if any(target.by_hand and target.state == "queued" for target in one.targets):
        found.append(("attest", "Attest ..."))
    if one.group == "pending":
        found.append(("carry", "Hand over ..."))
    if one.group in ("pending", "queued"):
        found.append(("cancel-correction", "Cancel ..."))
    if one.group == "in force":
        if one.undo_until_ms is not None and one.undo_until_ms > now_ms:
            found.append(("undo", "Undo ..."))
        found.append(("lift", "Lift ..."))
        if any(not target.by_word for target in one.targets):
            found.append(("refusals", "Bites? ..."))
    return tuple(found)


def _line(target: TargetStanding, now_ms: int) -> CardLine:
    marks = " (canary)" if target.canary else " (by hand)" if target.by_hand else ""
    how = f", by {target.evidence}" if target.evidence and target.state == "enforced" else ""
    tip = "\n".join(
        part for part in (
            f"{target.lever_title}: {target.name} [{target.selector}]",
            f"{target.surface_name} at {target.instance_name}",
            f"{target.state} for {span(now_ms - target.since_ms)}{how}", target.detail,
        ) if part
    )  # fmt: skip
    ran = ran_on(target.detail)
    text = f"{target.name} at {target.instance_name}{marks}{f'; {ran}' if ran else ''}"
    return CardLine(state=target.state, text=text, tip=tip)


_NEED_COMMANDS = {
    "approve": (("review", "Review"),),
    "attest": (("attest", "Attest ..."),),
    "decide": (("review", "Look"), ("correct", "Propose anew ...")),
    "lapse": (("outbox-at", "Look"),),
    "review": (("review", "Look"), ("lift", "Lift ...")),
    "command": (("accept-command", "Accept command ..."),),
    "declared": (("assume-command", "Assume command ..."), ("hand-over", "Hand over ...")),
    "fork": (("organisation", "Organisation"),),
    "roster": (("organisation", "Read and sign ..."),),
    "clock": (("clocks", "Reporting clocks ..."),),
}
# of what is to be decided: what helps, by what it is (`Need.helps`)
_DECIDE_COMMANDS = {
    "again": (("outbox-at", "Look"), ("propose-again", "Propose again ...")),
    "undone": (("propose-again", "Propose again ..."), ("review", "Look")),
    "take-over": (("outbox-at", "Look"), ("take-over", "Take over ...")),
    "bites": (("refusals", "Bites? ..."), ("correct", "Propose anew ...")),
    "by-hand": (("watch-by-hand", "Look again ..."), ("correct", "Propose it ...")),
}
_NEED_STATES = {
    "approve": "proposed", "attest": "attention", "decide": "attention", "lapse": "queued", "review": "stale",
    "command": "attention", "declared": "attention", "fork": "attention", "roster": "proposed", "clock": "attention",
}  # fmt: skip


def _about(need: Need) -> str:
    """An incident may owe several reports, and much in it be done by hand: those differ by their words."""
    return need.text if need.kind == "clock" or need.helps == "by-hand" else need.inc or need.text


def need_card(need: Need, now_ms: int) -> Card:
    """A need as a card."""
    told = [need.detail] if need.detail else []
    if need.until_ms is not None:
        told.append(left(now_ms, need.until_ms))
    commands = _DECIDE_COMMANDS.get(need.helps, _NEED_COMMANDS[need.kind])
    return Card(
        key=f"{need.kind}:{need.doc or _about(need)}:{need.target}", doc=need.doc, target=need.target,
        inc=need.inc, state=_NEED_STATES[need.kind], title=need.text, count="", told=tuple(told), lines=(),
        commands=commands, alarm=need.kind in ("fork", "declared", "approve", "decide", "clock"),
    )  # fmt: skip
