"""`standdown person`: who is in the organisation."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call


@click.group("person")
def command() -> None:
    """Who is in the organisation, with which roles and keys."""


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
        lines += [f"    {key['use']:<9} {key['key']}" for key in one["keys"]]
    call.tell({"ok": True, "people": facts["people"]}, *lines)
