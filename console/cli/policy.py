"""`standdown policy`: who has to sign what, who can now, and how that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.policy import Row
    from console.services.session import Session


@click.group("policy")
def command() -> None:
    """Who has to sign what, who can now and why others cannot; try another policy, and propose it."""


def told(session: Session, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[str]]:
    """The table as facts and as lines."""
    facts: list[dict[str, Any]] = []
    lines: list[str] = []
    for one in rows:
        sets = [[session.name_of(person) for person in people] for people in one.together]
        cannot = [[session.name_of(person), why] for person, why in one.cannot]
        facts.append({
            "deed": one.deed, "title": one.title, "needs": one.needs, "can": one.can,
            "together": [list(people) for people in one.together], "names": sets, "cannot": cannot,
            "missing": list(one.missing),
        })  # fmt: skip
        lines += [f"{one.title}", f"    needs    {one.needs}"]
        lines += [f"    can now  {' + '.join(people)}" for people in sets] or ["    can now  nobody"]
        lines += [f"    cannot   {name}: {why}" for name, why in cannot]
        lines += [f"    missing  {why}" for why in one.missing]
    return facts, lines


def _settings(changes: tuple[str, ...]) -> dict[str, str]:
    unreadable = [one for one in changes if "=" not in one]
    if unreadable or not changes:
        raise WrongUse(f"{unreadable[0] if unreadable else 'Nothing'} is no setting.", "Write high.persons=3.")
    pairs = (one.partition("=") for one in changes)
    return {name.strip(): value.strip() for name, _, value in pairs}


@command.command()
@click.option("--incident", help="Count only roles held in this incident (default: what the roster grants).")
@pass_call
def show(call: Call, incident: str | None) -> None:
    """The policy in force, its settings, and for each sort of deed who can sign it now and why others cannot."""
    from console.domain.policy import settings_of
    from console.services import incidents, policy

    with call.session() as session:
        inc = incidents.find_incident(session, incident) if incident else None
        found = policy.in_force(session)
        facts, lines = told(session, policy.who_may(session, inc))
    settings = settings_of(found)
    call.tell(
        {"ok": True, "settings": settings, "table": facts}, *lines, "", "Settings:",
        *(f"    {name}={value}" for name, value in settings.items()),
    )  # fmt: skip


@command.command("try", epilog="Example: standdown policy try high.persons=3 'high.roles=commander|deputy:1'")
@click.argument("changes", nargs=-1)
@pass_call
def attempt(call: Call, changes: tuple[str, ...]) -> None:
    """What other settings would change, and who could then sign what. Nothing is proposed."""
    from console.services import policy

    with call.session() as session:
        tried = policy.attempt(session, _settings(changes))
        facts, lines = told(session, tried.rows)
    call.tell(
        {"ok": not tried.against, "changes": list(tried.changes), "against": list(tried.against), "table": facts},
        *(tried.changes or ("It changes nothing.",)), "", *lines, *(f"! {one}" for one in tried.against),
    )  # fmt: skip


@command.command(epilog="Example: standdown policy propose undo=30min --reason 'nights take longer'")
@click.argument("changes", nargs=-1)
@click.option("--reason", required=True, help="Why; kept with the roster.")
@pass_call
def propose(call: Call, changes: tuple[str, ...], reason: str) -> None:
    """Propose the next roster with this policy. It counts once enough admins signed it: standdown org sign."""
    from console.cli.org import share, tell_outcome
    from console.services import policy

    with call.session() as session:
        tried = policy.attempt(session, _settings(changes))
        call.progress("\n".join(tried.changes))
        outcome = policy.propose(session, _settings(changes), reason)
        share(session)
    tell_outcome(call, outcome, "Signed by you. Others sign next: standdown org sign")
