"""What is on its way and why it waits: for each target until when it is valid, and what happens when the link returns.

Pure. It says what the record and the last looks say; where this console does not dispatch, it says who does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final, Literal

from console.services.fates import FALLEN, Fate, Sender, answered, fate_of, newest_at, waits
from console.services.live_values import Connectivity, ProviderLink
from console.viewmodels.shell import Now
from console.viewmodels.times import both, span

if TYPE_CHECKING:  # as in shell
    from console.services.standing import Standing, TargetStanding

Waits = Literal["people", "connection", "hold", "time", "nobody"]
Help = Literal["", "now", "again", "take-over", "cancel", "attest", "bites"]
HELP_WORDS: Final[dict[Help, str]] = {
    "now": "Send now", "again": "Propose again ...", "take-over": "Take over ...", "cancel": "Cancel ...",
    "attest": "Say what became of it ...", "bites": "Does it bite? ...",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLine:
    """One target that is not settled, or has fallen and waits for people. `hold_until_ms` is set while a hold runs.

    `state` is a state of the tokens; `why` what it waits for; `then` what happens afterwards; `until` its validity.
    `help` is the one thing that a person can do about it, `may_cancel` whether a hold may be ended by cancelling too.
    `fate` is set where it has fallen (`console.services.fates`), `away` where it had waited for its provider.
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
    help: Help = ""
    instance: str = ""
    fate: Fate | None = None
    away: bool = False

    @property
    def can_release(self) -> bool:
        """Whether a visible hold runs, which a person may end."""
        return self.help == "now"

    @property
    def may_cancel(self) -> bool:
        """Whether it may be taken back besides: what is held goes by itself soon."""
        return self.help == "now"


def outbox_lines(
    now: Now, links: Connectivity | None, now_ms: int, zone: tzinfo = UTC
) -> tuple[OutboxLine, ...]:  # fmt: skip
    """Everything on its way and everything that fell and was not answered, what waits for people first.

    Moments are told in `zone`.
    """
    order = {"hold": 0, "people": 1, "connection": 2, "time": 3, "nobody": 4}
    later = newest_at(now.everything or now.standings)
    found = [
        _line(one, target, links, now_ms, zone, now.senders)
        for one in now.standings
        if one.authorised_ms is not None and one.group != "over"
        for target in one.targets
        if target.state in ("queued", "approved", "dispatching", "unknown", "accepted")
        or (target.state == "recorded" and one.direction == "contain")
    ]
    known = {(line.doc, line.target) for line in found}
    found += [
        _fallen(one, target, now_ms, zone, now.senders)
        for one in now.standings
        if one.state not in ("refused", "cancelled", "superseded") and one.inc not in now.closed
        for target in one.targets
        if (one.doc, target.index) not in known and waits(one, target, now_ms, now.senders)
        and not answered(one, target, later)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda line: (order[line.waits], line.until_ms, line.title)))


def _fallen(
    one: Standing, target: TargetStanding, now_ms: int, zone: tzinfo, known: Mapping[str, Sender]
) -> OutboxLine:
    """What lapsed, went stale or failed, and what a silent console left lying: its people decide again."""
    told = fate_of(one, target, now_ms, known)
    until_ms = target.since_ms if target.state in FALLEN else one.approve_by_ms
    until = f"{_SINCE.get(target.state, 'waits since')} {both(target.since_ms, zone)}"
    return OutboxLine(
        doc=one.doc, op=one.op, inc=one.inc, target=target.index, where=target.instance_name, since_ms=target.since_ms,
        title=_title(target), state=target.state, waits="people", why=told.why, then=_AFTER[told.fate],
        until_ms=until_ms, until=until, hold_until_ms=None, help=told.help, instance=target.instance, fate=told.fate,
        away=target.row is not None and (target.row.outage or target.row.missed or target.row.held),
    )  # fmt: skip


_SINCE: Final = {"expired": "lapsed", "stale": "stale since", "failed": "failed", "attention": "needs a person since"}
_AFTER: Final[dict[Fate, str]] = {
    "again": "Nothing of it is sent unless it is confirmed again; its reason is kept.",
    "anew": "Nothing of it is sent any more; proposed again, it is read anew and signed anew.",
    "turn": "Taken over, it is signed anew and sent from here.",
    "goes": "", "held": "", "connection": "", "back": "", "unknown": "",
}  # fmt: skip


def _title(target: TargetStanding) -> str:
    return f"{target.lever_title}: {target.name}" + (" (canary)" if target.canary else "")


def _line(
    one: Standing, target: TargetStanding, links: Connectivity | None, now_ms: int, zone: tzinfo,
    known: Mapping[str, Sender],
) -> OutboxLine:  # fmt: skip
    link = None if links is None else links.link(target.instance)
    row = target.row
    held = row is not None and row.held and target.state == "queued" and not target.by_hand
    hold_until = row.not_before_ms if row is not None and held and row.not_before_ms > now_ms else None
    waits, why = _why(target, link, links, now_ms, hold_until)
    elsewhere = target.row is None and not target.by_hand and target.state in _ELSEWHERE
    told = fate_of(one, target, now_ms, known) if elsewhere else None
    if told is not None:
        waits, why = "people" if told.help else "nobody", told.why
    outage = row is not None and (row.outage or row.missed)
    until_ms = one.execute_until_ms if outage and one.direction == "contain" else one.execute_by_ms
    return OutboxLine(
        doc=one.doc, op=one.op, inc=one.inc, target=target.index, where=target.instance_name, since_ms=target.since_ms,
        title=_title(target), state="held" if held else target.state, waits=waits, why=why,
        then=_AFTER["turn"] if told is not None and told.help else _then(one, target, waits),
        until_ms=until_ms, until=f"valid until {both(until_ms, zone)}, {span(until_ms - now_ms)} left"
        if until_ms > now_ms else f"its time passed at {both(until_ms, zone)}",
        hold_until_ms=hold_until, help=_help(target, waits) if told is None else told.help, instance=target.instance,
        away=row is not None and (row.outage or row.missed or row.held),
    )  # fmt: skip


_ELSEWHERE: Final = ("queued", "approved", "dispatching", "unknown")


def _help(target: TargetStanding, waits: Waits) -> Help:
    """The one thing that helps: what is being sent, or is being found out, is left alone."""
    if target.by_hand and target.state != "recorded":
        return "attest" if target.state in ("queued", "accepted") else ""
    if waits == "hold":
        return "now"
    if target.state == "recorded":
        return "bites"
    return "cancel" if target.state in ("queued", "approved") else ""


def _why(
    target: TargetStanding, link: ProviderLink | None, links: Connectivity | None, now_ms: int, hold_until: int | None
) -> tuple[Waits, str]:
    if target.by_hand and target.state != "recorded":
        return "people", "It is done by hand: somebody has to say what became of it."
    if target.state == "recorded":
        if target.passes:
            return "time", f"It reads back and does not bite yet: {target.passes} calls still passed since."
        return "time", "It reads back; whether it bites is being probed."
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
    if target.by_hand and target.state != "recorded":
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
    fallen = sum(line.fate in ("again", "anew") for line in lines)
    if fallen:
        parts.append(f"{fallen} to be decided again")
    if counts["hold"]:
        first = min(line.hold_until_ms or now_ms for line in counts["hold"])
        parts.append(f"{len(counts['hold'])} held, the first goes in {span(first - now_ms)}")
    if counts["connection"]:
        places = ", ".join(dict.fromkeys(line.where for line in counts["connection"]))
        parts.append(f"{len(counts['connection'])} waiting for {places}")
    people = len(counts["people"]) - fallen
    if people:
        parts.append(f"{people} waiting for people")
    moving = len(lines) - sum(len(found) for found in counts.values())
    if moving:
        parts.append(f"{moving} under way")
    return "Outbox  " + ", ".join(parts)
