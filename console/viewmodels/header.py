"""What the two lines above everything say, as chips: a shape, a word, a tone, and the whole story for the tooltip.

A connection is told only as it was heard; an age stands beside whatever can grow old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from console.domain.words import roles_said
from console.services.live_values import Connectivity, PlaceLink, ProviderLink
from console.viewmodels.outlet import Topic
from console.viewmodels.shell import Shell
from console.viewmodels.times import ago, both, span, timer

CONNECTIVITY: Topic[Connectivity] = Topic("connectivity")
_SOON_MS: Final = 10 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One statement: `mark` names a mark of the tokens, or is empty; `tip` tells it whole."""

    text: str
    mark: str = ""
    tone: str = "text"
    tip: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLines:
    """`title` and what stands at the right of it; then the line about us and our connections."""

    title: Chip
    incident: tuple[Chip, ...]
    links: tuple[Chip, ...]
    me: Chip


def header_lines(shell: Shell, links: Connectivity | None, now_ms: int, zone: tzinfo = UTC) -> HeaderLines:
    """The header at this moment; moments are told in `zone`."""
    return HeaderLines(
        title=_title(shell, zone),
        incident=_incident(shell, now_ms, zone),
        links=_links(shell, links, now_ms),
        me=_me(shell),
    )


def _title(shell: Shell, zone: tzinfo) -> Chip:
    if shell.line is None:
        return Chip(text="The organisation's record", tip="No incident is chosen.", strong=True)
    line = shell.line
    tip = f"{line.label}: {line.title}\nDeclared {both(line.declared_ms, zone)}"
    return Chip(text=line.title, mark=f"SEV-{line.severity}", tip=tip, strong=True)


def _incident(shell: Shell, now_ms: int, zone: tzinfo) -> tuple[Chip, ...]:
    if shell.line is None:
        return ()
    line = shell.line
    chips = [Chip(text=line.label, tone="text-muted")]
    if shell.uncontained_since_ms is not None:
        length = timer(now_ms - shell.uncontained_since_ms)
        tip = "No containment is recorded as in effect yet. Asked for, or accepted, is not enough."
        chips.append(Chip(text=f"uncontained for {length}", tone="alarm", tip=tip, strong=True))
    if line.status == "closed":
        chips.append(Chip(text="closed", tone="text-muted"))
    else:
        word = f"{line.phase.capitalize()}  {timer(now_ms - line.declared_ms)}"
        chips.append(Chip(text=word, tip=f"Phase {line.phase}, status {line.status}; since it was declared"))
    if shell.update_due_ms is not None:
        chips.append(_update(shell.update_due_ms, now_ms, zone))
    you = shell.line.commander == shell.me
    chips.append(Chip(text=f"IC  {'you' if you else shell.commander or 'nobody'}", tip="Incident commander",
                      tone="text" if shell.commander else "alarm"))  # fmt: skip
    chips.append(Chip(text=f"Scribe  {', '.join(shell.scribes) or '-'}", tone="text-muted"))
    return tuple(chips)


def _update(due_ms: int, now_ms: int, zone: tzinfo) -> Chip:
    """Counts down to the update that was promised, and up from it."""
    tip = f"Next update promised for {both(due_ms, zone)}. Write a communication with `next update 14:30` (UTC)."
    if due_ms < now_ms:
        return Chip(text=f"update overdue {timer(now_ms - due_ms)}", tone="alarm", tip=tip, strong=True)
    soon = due_ms - now_ms <= _SOON_MS
    return Chip(text=f"update in {timer(due_ms - now_ms)}", tone="waiting" if soon else "text", tip=tip, strong=soon)


def _links(shell: Shell, links: Connectivity | None, now_ms: int) -> tuple[Chip, ...]:
    chips: list[Chip] = []
    if shell.world == "drill":
        chips.append(
            Chip(text="DRILL", tone="drill", strong=True, tip="Practice on simulators: nothing real is touched.")
        )
    if shell.rung == "provisional":
        tip = "Nothing can be dispatched before two people have founded the organisation."
        chips.append(Chip(text="PROVISIONAL: ONE PERSON", tone="provisional", strong=True, tip=tip))
    elif shell.rung == "joining":
        tip = "The roster in force does not name this console's keys yet."
        chips.append(Chip(text="NOT ADMITTED YET", tone="provisional", strong=True, tip=tip))
    if links is None or (links.engine.state == "starting" and not links.providers):
        return (*chips, Chip(text="Connections: not heard yet", mark="unheard", tone="text-muted"))
    chips += [_providers(links, now_ms), *(_place(one, now_ms) for one in links.places)]
    if links.engine.state not in ("here", "recording"):
        chips.append(Chip(text=links.engine.sentence, mark="paused", tone="waiting", tip=links.engine.detail))
    if links.clock is not None:
        tip = f"{links.clock.sentence}\n{links.clock.next_step}"
        chips.append(Chip(text=links.clock.short, mark="stale", tone="waiting", tip=tip))
    queued = "1 queued" if shell.queued == 1 else f"{shell.queued} queued"
    chips.append(
        Chip(text=queued, mark="queued" if shell.queued else "", tone="text" if shell.queued else "text-muted")
    )
    needs = "1 needs you" if shell.needs_me == 1 else f"{shell.needs_me} need you"
    chips.append(Chip(text=needs, mark="attention" if shell.needs_me else "", strong=bool(shell.needs_me),
                      tone="text" if shell.needs_me else "text-muted"))  # fmt: skip
    return tuple(chips)


def _providers(links: Connectivity, now_ms: int) -> Chip:
    answering, asked = links.answering
    if links.locked:
        return Chip(text="Providers: credentials are locked", mark="paused", tone="waiting", tip=links.locked)
    if not asked:
        return Chip(text="No provider connected", tone="text-muted", tip="Connect one: command Connect a provider.")
    unread = sum(one.state == "unread" for one in links.providers)
    if unread == asked:
        return Chip(text="Providers: not read yet", mark="unheard", tone="text-muted")
    mark = "online" if answering == asked else "offline" if answering == 0 else "degraded"
    tip = "\n".join(provider_sentence(one, now_ms) for one in links.providers)
    return Chip(text=f"{answering}/{asked} providers answer", mark=mark, tip=tip)


def provider_sentence(link: ProviderLink, now_ms: int) -> str:
    """One provider's connection with its age, for a tooltip, a list, a screen reader."""
    heard = f"read {ago(now_ms, link.read_ms)}" if link.read_ms is not None else "never read"
    since = f" for {span(now_ms - link.since_ms)}" if link.since_ms is not None and link.state == "unreachable" else ""
    words = {"answers": "answers", "unreachable": "does not answer", "broken": "cannot be used here",
             "unread": "not read yet", "by-hand": "by hand"}  # fmt: skip
    fault = f": {link.fault}" if link.fault else ""
    told = f"{link.name}: {words[link.state]}{since}"
    return told if link.state == "by-hand" else f"{told}, {heard}{fault}"


def _place(link: PlaceLink, now_ms: int) -> Chip:
    name = link.path.rstrip("/").rsplit("/", 1)[-1] or link.path
    tip = [link.path]
    tip.append(f"last met {ago(now_ms, link.synced_ms)}" if link.synced_ms is not None else "never met")
    if link.to_send:
        tip.append(f"{link.to_send} entries to send")
    if link.fault:
        tip.append(link.fault)
    told = "\n".join(tip)
    if link.fault and (link.synced_ms is None or (link.fault_ms or 0) >= link.synced_ms):
        age = f", last met {ago(now_ms, link.synced_ms)}" if link.synced_ms is not None else ""
        return Chip(text=f"{name} not reached{age}", mark="offline", tone="alarm", tip=told)
    if link.synced_ms is None:
        return Chip(text=f"{name} not met yet", mark="unheard", tip=told)
    return Chip(text=f"{name} {ago(now_ms, link.synced_ms)}", mark="online", tip=told)


def _me(shell: Shell) -> Chip:
    roles = f" ({roles_said(shell.my_roles)})" if shell.my_roles else ""
    word = "open" if shell.unlocked else "locked"
    tip = "Your writer key is unlocked: what you write is signed." if shell.unlocked else (
        "Your writer key is locked: it is asked for when you write."
    )  # fmt: skip
    return Chip(text=f"{shell.my_name}{roles}  {word}", tip=tip)
