"""`standdown incident`: declare, list, show, rate, command, close."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call, when
from console.cli.lines import timeline_line, told


@click.group("incident")
def command() -> None:
    """Declare, command, rate, close."""


named = click.option("--incident", "incident", help="Which one: label, id or its end (default: the only open one).")


@command.command(epilog='\b\nExample:\n  standdown incident declare "F-7 answers with working exploits" --severity 1')
@click.argument("title")
@click.option("--severity", type=click.IntRange(1, 4), required=True, help="1 is worst; when unsure, the worse one.")
@click.option("--text", default="", help="What is known so far.")
@click.option("--shareable", is_flag=True, help="Title and text may be quoted to executives and customers (`brief`).")
@pass_call
def declare(call: Call, title: str, severity: int, text: str, shareable: bool) -> None:  # noqa: FBT001  as below
    """Declare an incident. You command it until you hand it over."""
    from console.services import incidents

    with call.session() as session:
        stored = incidents.declare(session, title, severity, text, shareable=shareable)
        line = next(one for one in incidents.list_incidents(session) if one.inc == stored.entry.inc)
    call.tell(
        {"ok": True, "incident": line.inc, "label": line.label, "entry": stored.id, "severity": severity},
        f"{line.label} declared, SEV-{severity}. You command it.",
    )


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every incident known here."""
    from console.services import incidents

    with call.session() as session:
        found = [
            {
                "incident": one.inc, "label": one.label, "title": one.title, "severity": one.severity,
                "phase": one.phase, "status": one.status, "commander": session.name_of(one.commander),
                "declared_ms": one.declared_ms,
            }
            for one in incidents.list_incidents(session)
        ]  # fmt: skip
    lines = [f"{o['label']}  SEV-{o['severity']}  {o['status']:<10} {o['title']}  ({o['commander']})" for o in found]
    call.tell({"ok": True, "incidents": found}, *(lines or ["No incident is known here."]))


@command.command()
@named
@click.option("--all", "everything", is_flag=True, help="The organisation's record as well.")
@pass_call
def show(call: Call, incident: str | None, everything: bool) -> None:  # noqa: FBT001  click hands options by name
    """The timeline of an incident."""
    from console.services import incidents
    from console.services.targets import Targets

    with call.session() as session:
        targets = Targets(session)
        inc = incidents.any_incident(session, incident)
        line = next(one for one in incidents.list_incidents(session) if one.inc == inc)
        entries = incidents.timeline(session, inc)
        if everything:
            entries = sorted([*entries, *incidents.timeline(session, None)], key=lambda one: (one.entry.hlc, one.feed))
        rows = [{**told(session, one), "about": targets.of(one)} for one in entries]
        lines = [timeline_line(session, one, targets.of(one)) for one in entries]
        head = [] if not session.provisional else ["PROVISIONAL: ONE PERSON"]
    head += [f"{line.label}  SEV-{line.severity}  {line.status}  {line.title}  declared {when(line.declared_ms)}"]
    call.tell({"ok": True, "incident": inc, "label": line.label, "entries": rows}, *head, *lines)


def _change(call: Call, incident: str | None, what: str, to: str, reason: str) -> None:
    from console.services import incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = incidents.change(session, inc, what, to, reason)
    call.tell({"ok": True, "entry": stored.id, what: to}, f"{what.capitalize()} is now {to}.")


@command.command()
@click.argument("to")
@click.option("--reason", default="", help="Why; needed to lower it.")
@named
@pass_call
def severity(call: Call, to: str, reason: str, incident: str | None) -> None:
    """Raise or lower the severity (1 is worst)."""
    _change(call, incident, "severity", to, reason)


@command.command()
@click.argument("to")
@click.option("--reason", default="")
@named
@pass_call
def phase(call: Call, to: str, reason: str, incident: str | None) -> None:
    """Preparation, analysis, execution or recovery."""
    _change(call, incident, "phase", to, reason)


@command.command()
@click.argument("to")
@click.option("--reason", default="")
@named
@pass_call
def status(call: Call, to: str, reason: str, incident: str | None) -> None:
    """Declared, analysing, correcting, holding, recovering, reopened."""
    _change(call, incident, "status", to, reason)


@command.group("command")
def command_group() -> None:
    """Hand command over: offered, then accepted."""


@command_group.command()
@click.argument("to")
@click.option("--briefing", default="", help="What the next commander must know.")
@named
@pass_call
def offer(call: Call, to: str, briefing: str, incident: str | None) -> None:
    """Offer command to a person."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = incidents.offer_command(session, inc, incidents.find_person(session, to), briefing)
    call.tell({"ok": True, "entry": stored.id}, f"Offered. You command until {to} accepts.")


@command_group.command()
@named
@pass_call
def accept(call: Call, incident: str | None) -> None:
    """Accept command that was offered to you."""
    from console.services import incidents

    with call.session() as session:
        stored = incidents.accept_command(session, incidents.find_incident(session, incident))
    call.tell({"ok": True, "entry": stored.id}, "You command now.")


@command.command()
@click.argument("person")
@click.argument("role")
@click.option("--release", is_flag=True, help="Take the role away again.")
@named
@pass_call
def role(call: Call, person: str, role: str, release: bool, incident: str | None) -> None:  # noqa: FBT001  as above
    """Give a person a role in this incident."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = incidents.assign_role(session, inc, incidents.find_person(session, person), role, release=release)
    call.tell({"ok": True, "entry": stored.id}, f"{person} {'no longer holds' if release else 'holds'} {role}.")


@command.command()
@named
@pass_call
def close(call: Call, incident: str | None) -> None:
    """Propose to close: two people sign the frontier of every feed (`standdown approve`)."""
    from console.services import closing, incidents

    with call.session() as session:
        sha = closing.propose_closing(session, incidents.find_incident(session, incident))
    call.tell(
        {"ok": True, "document": sha},
        f"Closing proposed: {sha[:16]}. It is closed when two people have signed: standdown approve list",
    )
