"""`standdown emergency`: when one person has to act: break-glass and its ratification, more time, assuming command."""

from __future__ import annotations

import click

from console.cli.correct import tell_proposal
from console.cli.frame import Call, moment, pass_call, when


@click.group(
    "emergency",
    epilog="""\b
  standdown emergency break-glass CORRECTION --reason "exploits are live, nobody else answers"
  standdown emergency glass                    (what one person sent alone, and whether it is ratified)
  standdown emergency ratify CORRECTION        (then the second person: standdown approve sign DOCUMENT)
  standdown emergency extend CORRECTION        (then one of its signers: standdown approve sign DOCUMENT)
  standdown emergency ask-command; standdown emergency assume --reason "..."
  standdown emergency command                  (who commands; was it assumed as the rule wants?)""",
)
def command() -> None:
    """When one person has to act: break-glass and its ratification, more time, assuming command."""


@command.command("break-glass")
@click.argument("correction")
@click.option("--reason", required=True, help="20 characters or more; everybody reads it.")
@pass_call
def break_glass(call: Call, correction: str, reason: str) -> None:
    """Propose a waiting containment anew so that you alone may sign it; everybody is called out when it goes."""
    from console.services import glass

    with call.session() as session:
        made = glass.break_the_glass(session, correction, reason)
    tell_proposal(call, made)


@command.command("glass")
@pass_call
def glass_(call: Call) -> None:
    """What one person sent alone: ratified by whom, due until when, or an open finding. Exit code 1: a finding."""
    from console.cli.frame import exit_with
    from console.services import glass

    with call.session() as session:
        found = glass.broken(session)
        names = {person: session.name_of(person) for one in found for person in (one.by, one.ratified_by) if person}
    words = {"ratified": "ratified by {}", "due": "to be ratified until {}", "finding": "OPEN FINDING since {}"}
    lines = [
        f"{one.doc[:16]}  {one.title}: {names[one.by]} alone, {when(one.at_ms)}; "
        + words[one.state].format(names[one.ratified_by] if one.ratified_by else when(one.until_ms))
        for one in found
    ]
    facts = [
        {"document": one.doc, "op": one.op, "title": one.title, "reason": one.reason, "by": one.by, "at_ms": one.at_ms,
         "until_ms": one.until_ms, "state": one.state, "ratified_by": one.ratified_by,
         "ratification": one.ratification}
        for one in found
    ]  # fmt: skip
    open_ones = any(one.state == "finding" for one in found)
    call.tell({"ok": not open_ones, "glass": facts}, *(lines or ["Nobody acted alone under break-glass."]))
    if open_ones:
        exit_with(1)


@command.command()
@click.argument("correction")
@pass_call
def ratify(call: Call, correction: str) -> None:
    """Ask for the ratification of what one person sent alone; another one qualified to command signs it."""
    from console.services import glass

    with call.session() as session:
        sha = glass.ratify(session, correction)
    call.tell({"ok": True, "document": sha}, f"A second person signs: standdown approve sign {sha[:16]}")


@command.command()
@click.argument("correction")
@click.option("--until", default="", help="Until when it may be sent: HH:MM UTC or ISO (default: as long as may be).")
@pass_call
def extend(call: Call, correction: str, until: str) -> None:
    """Ask for more time for the same bytes; one of its signers signs it, once."""
    from console.services import extension

    with call.session() as session:
        at = moment(until, session.clock.wall_ms()) if until else None
        sha = extension.extend(session, correction, at)
    call.tell({"ok": True, "document": sha}, f"One of its signers signs: standdown approve sign {sha[:16]}")


@command.command("ask-command")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def ask_command(call: Call, incident: str | None) -> None:
    """Ask the holder of command for a sign of life; ten minutes later command may be assumed."""
    from console.services import assumption, incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = assumption.ask(session, inc)
        now = assumption.silence(session, inc)
    call.tell(
        {"ok": True, "entry": stored.id, "from_ms": now.from_ms},
        f"Asked. Without any entry of theirs, command may be assumed from {when(now.from_ms)}.",
    )


@command.command()
@click.option("--reason", required=True, help="Why; everybody reads it.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def assume(call: Call, reason: str, incident: str | None) -> None:
    """Assume command (or take it back from whoever assumed it from you)."""
    from console.services import assumption, incidents

    with call.session() as session:
        stored = assumption.assume(session, incidents.find_incident(session, incident), reason)
    call.tell({"ok": True, "entry": stored.id}, "You command. Whoever held command may take it back.")


@command.command("command")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def who_commands(call: Call, incident: str | None) -> None:
    """Who commands, whether they were asked and heard, and each time it was assumed. Exit code 1: a finding."""
    from console.cli.frame import exit_with
    from console.services import assumption, incidents

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        now = assumption.silence(session, inc)
        found = assumption.assumed(session, inc)
        findings = [assumption.finding(session, one) for one in found]
        names = [(session.name_of(one.by), session.name_of(one.holder) if one.holder else "nobody") for one in found]
        holder = session.name_of(now.holder) if now.holder is not None else None
    facts = [
        {"entry": one.id, "by": one.by, "from": one.holder, "at_ms": one.at_ms, "rule": one.rule,
         "asked_ms": one.asked_ms, "heard_ms": one.heard_ms, "finding": why}
        for one, why in zip(found, findings, strict=True)
    ]  # fmt: skip
    lines = [f"{holder or 'Nobody'} commands."]
    if now.from_ms is not None:
        lines.append(f"Asked for a sign of life; it may be assumed from {when(now.from_ms)}.")
    lines += [f"{when(one.at_ms)}  {by} assumed it from {whom}." for one, (by, whom) in zip(found, names, strict=True)]
    lines += [f"FINDING: {why}" for why in findings if why]
    told = {"holder": now.holder, "asked_ms": now.asked_ms, "heard_ms": now.heard_ms, "from_ms": now.from_ms}
    call.tell({"ok": not any(findings), **told, "assumed": facts}, *lines)
    if any(findings):
        exit_with(1)
