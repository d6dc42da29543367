"""`standdown clock`: who has to be told, by when; awareness determined, reports sent, clocks set aside.

And this console's own clock: `here` and `confirm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, moment, pass_call, when

if TYPE_CHECKING:
    from console.domain.clocks import Clock, Mark
    from console.services.session import Session

named = click.option("--incident", help="Which incident (default: the only open one).")


@click.group(
    "clock",
    epilog="""\b
Examples:
  standdown fact "On-call saw the first exploit" --since 02:45     (clocks run from it, provisionally)
  standdown clock list
  standdown clock start eu-gpai/cyber --since 03:10 "Counsel: a serious breach, our model is involved"
  standdown clock met eu-gpai "Sent to the AI Office by mail, reference 2026-88"

No legal advice: `standdown clock regimes` says where each limit was read, and when.""",
)
def command() -> None:
    """Reporting clocks: what is owed to whom, and how long there is."""


@command.command("list")
@named
@pass_call
def list_(call: Call, incident: str | None) -> None:
    """Every clock of an incident, the most pressing first."""
    from console.services import clocks, incidents
    from console.services.clock_words import words_of

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        now = session.clock.wall_ms()
        found = clocks.clocks_in(session, inc)
        rows = [_told(session, one, now) for one in found]
        lines: list[str] = []
        for one in found:
            words = words_of(one, now)
            lines += [f"{words.state:<12} {words.line}", f"{'':<13}{one.key}  {when(one.due_ms)}"]
            lines += [f"{'':<13}{more}" for more in words.more]
    none = "No clock runs: no knowledge fact is recorded, or no regime applies (`standdown clock regimes`)."
    call.tell({"ok": True, "incident": inc, "clocks": rows}, *(lines or [none]))


@command.command()
@pass_call
def regimes(call: Call) -> None:
    """Every regime: its limits, where and when they were read, and whether it applies to us."""
    from console.services import regimes as known
    from console.services.clock_words import hours

    with call.session() as session:
        chosen, source = known.chosen(session), known.source_of(session)
        rows: list[dict[str, Any]] = []
        lines: list[str] = []
        for one in known.regimes(session):
            on = known.applies(session, one, chosen)
            limits = [f"{report.id}/{limit.id} {hours(limit.hours)}" for report in one.reports
                      for limit in report.limits]  # fmt: skip
            rows.append({
                "regime": one.id, "name": one.name, "to": one.to, "applies": on, "house": one.house,
                "source": one.source, "read": one.read, "in_force_ms": one.in_force_ms, "limits": limits,
            })  # fmt: skip
            begins = f", from {when(one.in_force_ms)[:10]}" if one.in_force_ms is not None else ""
            lines += [f"{'applies' if on else '-':<8} {one.id:<13} {one.name}{begins}", f"{'':<23}{', '.join(limits)}",
                      f"{'':<23}read {one.read}: {one.source}"]  # fmt: skip
    call.tell({"ok": True, "regimes": rows, "file": str(source)}, *lines, f"From {source}. No legal advice.")


@command.command()
@click.argument("regime")
@click.argument("choice", type=click.Choice(["on", "off"]))
@pass_call
def apply(call: Call, regime: str, choice: str) -> None:
    """Say whether a regime applies to us (this console's setting)."""
    from console.services import regimes as known

    with call.session() as session:
        found = known.choose(session, regime, on=choice == "on")
    call.tell(
        {"ok": True, "regime": found.id, "applies": choice == "on"},
        f"{found.short} {'applies: its clocks are shown' if choice == 'on' else 'does not apply here'}.",
    )


@command.command()
@pass_call
def copy(call: Call) -> None:
    """Put an editable copy of the regimes into the profile."""
    from console.services import regimes as known

    with call.session() as session:
        path = known.copy(session)
    call.tell({"ok": True, "file": str(path)}, f"Edit {path}; it is read from now on.")


@command.command()
@click.argument("regime", metavar="REGIME[/LIMIT]")
@click.argument("text", default="")
@click.option("--since", help="Since when we are aware: HH:MM today or an ISO moment (default: the earliest fact).")
@named
@pass_call
def start(call: Call, regime: str, text: str, since: str | None, incident: str | None) -> None:
    """Determine awareness for a regime: Legal or the commander. The earliest determination counts."""
    from console.services import clocks, incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        at_ms = None if since is None else moment(since, session.clock.wall_ms())
        stored = clocks.determine(session, inc, regime, at_ms, text)
        since_ms = stored.entry.pub["at_ms"]
    told = f"Saved as {stored.id[:16]}: aware since {when(int(str(since_ms)))}."
    call.tell({"ok": True, "entry": stored.id, "regime": stored.entry.pub["regime"], "since_ms": since_ms}, told)


@command.command()
@click.argument("regime", metavar="REGIME[/REPORT]")
@click.argument("text")
@click.option("--at", "at", help="When it was sent: HH:MM today or an ISO moment (default: now).")
@named
@pass_call
def met(call: Call, regime: str, text: str, at: str | None, incident: str | None) -> None:
    """Record that a report was sent: TEXT says to whom and under which reference."""
    from console.services import clocks, incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident) if incident else incidents.any_incident(session, None)
        at_ms = None if at is None else moment(at, session.clock.wall_ms())
        stored = clocks.notified(session, inc, regime, at_ms, text)
    call.tell({"ok": True, "entry": stored.id, "regime": stored.entry.pub["regime"]}, f"Saved as {stored.id[:16]}.")


@command.command()
@click.argument("entry")
@click.argument("text")
@pass_call
def acknowledged(call: Call, entry: str, text: str) -> None:
    """Record that the authority acknowledged the report of ENTRY: its reference or words."""
    from console.services import clocks

    with call.session() as session:
        stored = clocks.acknowledged(session, entry, text)
    call.tell({"ok": True, "entry": stored.id}, f"Saved as {stored.id[:16]}.")


@command.command()
@click.argument("regime")
@click.argument("reason")
@click.option("--not-yet", is_flag=True, help="It may apply: REASON says why awareness is not determined yet.")
@named
@pass_call
def aside(call: Call, regime: str, reason: str, not_yet: bool, incident: str | None) -> None:  # noqa: FBT001  click hands options by name
    """Record why a regime does not apply to this incident: a decision not to act. A determination brings it back."""
    from console.services import clocks, incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = clocks.set_aside(session, inc, regime, reason, applies=not_yet)
    call.tell({"ok": True, "entry": stored.id, "regime": regime}, f"Saved as {stored.id[:16]}.")


@command.command()
@click.argument("entry")
@named
@pass_call
def adopt(call: Call, entry: str, incident: str | None) -> None:
    """Take a fact that was written before there was an incident into it: its clocks run from then."""
    from console.services import clocks, incidents

    with call.session() as session:
        stored = clocks.adopt(session, incidents.find_incident(session, incident), entry)
    call.tell({"ok": True, "entry": stored.id}, f"Saved as {stored.id[:16]}.")


@command.command()
@pass_call
def here(call: Call) -> None:
    """Say what this console's own clock shows, whether it went back, and until when two people confirmed it."""
    from console.services.machine_time import machine_time

    with call.session() as session:
        found = machine_time(session)
    call.tell(
        {
            "ok": True, "wall_ms": found.wall_ms, "behind_ms": found.lag_ms, "doubtful": found.doubtful,
            "confirmed_until_ms": found.confirmed_until_ms,
        },
        f"It shows {when(found.wall_ms)}.", found.told or "It is in no doubt.",
    )  # fmt: skip


@command.command()
@pass_call
def confirm(call: Call) -> None:
    """Ask two people to confirm the time this console shows, while its clock is in doubt (`standdown approve`)."""
    from console.services.machine_time import propose_time

    with call.session() as session:
        sha = propose_time(session)
        shown = session.clock.wall_ms()
    call.tell(
        {"ok": True, "document": sha, "wall_ms": shown},
        f"It shows {when(shown)}. Compare that with a watch that is not this machine's, each of you.",
        f"Two people sign it within the hour: standdown approve sign {sha[:16]}",
    )


def _told(session: Session, one: Clock, now_ms: int) -> dict[str, Any]:
    from console.services.clock_words import words_of

    words = words_of(one, now_ms)
    return {
        "regime": one.regime.id, "report": one.report.id, "limit": one.limit.id, "hours": one.limit.hours,
        "state": one.state, "since_ms": one.since_ms, "due_ms": one.due_ms, "left_ms": one.due_ms - now_ms,
        "pressing": words.pressing, "words": words.line, "more": list(words.more), "to": one.regime.to,
        "from": _mark(session, one.first), "met": _mark(session, one.met),
    }  # fmt: skip


def _mark(session: Session, mark: Mark | None) -> dict[str, Any] | None:
    if mark is None:
        return None
    return {
        "entry": mark.entry, "by": session.name_of(mark.author), "at_ms": mark.at_ms, "written_ms": mark.written_ms,
        "late_ms": mark.late_ms, "text": mark.text,
    }  # fmt: skip
