"""`standdown person`: who is in the organisation."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call, when


@click.group("person")
def command() -> None:
    """Who is in the organisation, with which roles and keys; other roles, leaving."""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every member, with roles and keys."""
    from console.services import readiness

    with call.session() as session:
        facts = readiness.organisation_facts(session)
    lines: list[str] = []
    for one in facts["people"]:
        lines.append(f"{one['name']}  {one['person']}  {', '.join(one['roles'])}")
        for key in one["keys"]:
            ends = "  REVOKED" if key["revoked"] else f"  until {when(key['until_ms'])}" if key["until_ms"] else ""
            lines.append(f"    {key['use']:<9} {key['key']}  {key['console'] or 'no console'}{ends}")
    call.tell({"ok": True, "people": facts["people"]}, *lines)


@command.command()
@click.argument("who")
@click.option("--role", "held", multiple=True, required=True, help="A role they may hold from then on; several times.")
@click.option("--reason", default="", help="Why; kept in the record and read by whoever signs.")
@pass_call
def roles(call: Call, who: str, held: tuple[str, ...], reason: str) -> None:
    """Propose the roles a member (name or p-...) may hold, in place of those they hold now."""
    from console.cli.org import share, tell_outcome
    from console.services import members

    with call.session() as session:
        outcome = members.change_roles(session, who, held, reason)
        share(session)
    tell_outcome(call, outcome, "Signed. It counts once enough admins signed: standdown org sign")


@command.command()
@click.argument("who")
@click.option("--reason", default="", help="Why; kept in the record and read by whoever signs.")
@pass_call
def leave(call: Call, who: str, reason: str) -> None:
    """Propose that a member leaves: no roles, every key ends; what they wrote stays."""
    from console.cli.org import share, tell_outcome
    from console.services import members

    with call.session() as session:
        outcome = members.leave(session, who, reason)
        share(session)
    tell_outcome(call, outcome, "Signed. It counts once enough admins signed: standdown org sign")
