"""What is on its way and why it waits: for each target until when it is valid, and what happens when the link returns.

Pure. It says what the record and the last looks say; where this console does not dispatch, it says who does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final, Literal

from console.services.live_values import Connectivity, ProviderLink
from console.viewmodels.shell import Now
from console.viewmodels.times import both, span

if TYPE_CHECKING:  # as in shell
    from console.services.standing import Standing, TargetStanding

Waits = Literal["people", "connection", "hold", "time", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLine:
    """One target that is not settled. `hold_until_ms` is set while a visible hold runs; `can_release` offers "now".

    `state` is a state of the tokens; `why` what it waits for; `then` what happens afterwards; `until` its validity.
    """

    doc: str
    op: str
    inc: str
    target: int
    title: str
    where: str
    state: str
    since_ms: int
    waits: Waits
    why: str
    then: str
    until_ms: int
    until: str
    hold_until_ms: int | None
    can_release: bool


def outbox_lines(
    now: Now, links: Connectivity | None, now_ms: int, zone: tzinfo = UTC
) -> tuple[OutboxLine, ...]:  # fmt: skip
    """Everything on its way, what waits for people first; moments are told in `zone`."""
    order = {"hold": 0, "people": 1, "connection": 2, "time": 3, "nobody": 4}
    found = [
        _line(one, target, links, now_ms, zone)
        for one in now.standings
        if one.authorised_ms is not None and one.group != "over"
        for target in one.targets
        if target.state in ("queued", "approved", "dispatching", "unknown", "accepted")
        or (target.state == "recorded" and one.direction == "contain")
    ]
    return tuple(sorted(found, key=lambda line: (order[line.waits], line.until_ms, line.title)))


def _line(
    one: Standing, target: TargetStanding, links: Connectivity | None, now_ms: int, zone: tzinfo
) -> OutboxLine:  # fmt: skip
    link = None if links is None else links.link(target.instance)
    row = target.row
    held = row is not None and row.held and target.state == "queued" and not target.by_hand
    hold_until = row.not_before_ms if row is not None and held and row.not_before_ms > now_ms else None
    waits, why = _why(target, link, links, now_ms, hold_until)
    outage = row is not None and (row.outage or row.missed)
    until_ms = one.execute_until_ms if outage and one.direction == "contain" else one.execute_by_ms
    return OutboxLine(
        doc=one.doc, op=one.op, inc=one.inc, target=target.index, where=target.instance_name, since_ms=target.since_ms,
        title=f"{target.lever_title}: {target.name}" + (" (canary)" if target.canary else ""),
        state="held" if held else target.state, waits=waits, why=why, then=_then(one, target, waits),
        until_ms=until_ms, until=f"valid until {both(until_ms, zone)}, {span(until_ms - now_ms)} left"
        if until_ms > now_ms else f"its time passed at {both(until_ms, zone)}",
        hold_until_ms=hold_until, can_release=hold_until is not None,
    )  # fmt: skip


def _why(
    target: TargetStanding, link: ProviderLink | None, links: Connectivity | None, now_ms: int, hold_until: int | None
) -> tuple[Waits, str]:
    if target.by_hand:
        return "people", "It is done by hand: somebody has to say what became of it."
    if target.row is None and target.state in ("queued", "approved"):
        return "nobody", "Another console dispatches it."
    if target.state == "recorded":
        passes = f" {target.passes} calls still passed since." if target.passes else ""
        return "time", f"It reads back; whether it bites is being probed.{passes}"
    if target.state in _UNDER_WAY:
        return _UNDER_WAY[target.state]
    if hold_until is not None:
        return "hold", f"The provider is back: it goes in {span(hold_until - now_ms)}."
    return _why_queued(target, link, links, now_ms)


_UNDER_WAY: Final[dict[str, tuple[Waits, str]]] = {
    "unknown": ("nobody", "Its answer was lost: it is read back before anything is sent again."),
    "dispatching": ("nobody", "It is being sent."),
    "accepted": ("time", "The provider accepted it; it is read back until it shows."),
}


def _why_queued(  # noqa: PLR0911  one answer for each thing a target can wait for
    target: TargetStanding, link: ProviderLink | None, links: Connectivity | None, now_ms: int
) -> tuple[Waits, str]:
    if link is not None and link.state == "unreachable":
        since = f" for {span(now_ms - link.since_ms)}" if link.since_ms is not None else ""
        return "connection", f"{target.instance_name} has not answered{since}."
    if link is not None and link.state == "unread" and target.row is not None and target.row.outage:
        return "connection", f"{target.instance_name} was not read yet since this window opened."
    if link is not None and link.state == "broken":
        return "people", f"{target.instance_name} cannot be used here: {link.fault}"
    if links is not None and link is None and links.engine.state == "here":
        return "people", f"{target.instance_name} is not connected here any more: connect it again, or cancel this."
    if links is not None and links.engine.state in ("stopped", "elsewhere", "recording"):
        return "nobody", links.engine.sentence
    if target.row is not None and target.row.not_before_ms > now_ms:
        wait = span(target.row.not_before_ms - now_ms)
        return "time", f"Tried {target.row.attempt} times; again in {wait}. {target.row.detail}".strip()
    return "nobody", "It goes now."


def _then(one: Standing, target: TargetStanding, waits: Waits) -> str:
    if target.by_hand:
        return "Attested, it ends there unless it can be read back."
    if waits == "connection" and one.direction == "contain":
        return "When it answers: the journal first, the target read again, a visible hold of 10 s, then it goes."
    if waits == "connection":
        return "Giving back never goes by itself after an outage: it returns to people."
    if waits == "hold":
        return "If nothing laxer is found it is sent; otherwise it goes back to people."
    if target.state == "recorded":
        return "No pass in 24 fresh calls over the lever's own delay: enforced. Any pass starts the count again."
    return ""


def summary(lines: tuple[OutboxLine, ...], now_ms: int) -> str:
    """The strip at the bottom, in one line."""
    if not lines:
        return "Outbox empty"
    counts = {kind: [line for line in lines if line.waits == kind] for kind in ("hold", "people", "connection")}
    parts: list[str] = []
    if counts["hold"]:
        first = min(line.hold_until_ms or now_ms for line in counts["hold"])
        parts.append(f"{len(counts['hold'])} held, the first goes in {span(first - now_ms)}")
    if counts["connection"]:
        places = ", ".join(dict.fromkeys(line.where for line in counts["connection"]))
        parts.append(f"{len(counts['connection'])} waiting for {places}")
    if counts["people"]:
        parts.append(f"{len(counts['people'])} waiting for people")
    moving = len(lines) - sum(len(found) for found in counts.values())
    if moving:
        parts.append(f"{moving} under way")
    return "Outbox  " + ", ".join(parts)
