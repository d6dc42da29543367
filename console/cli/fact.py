"""`standdown fact`: who knew what, since when."""

from __future__ import annotations

import click

from console.cli.frame import Call, moment, pass_call


@click.command(
    "fact", epilog='\b\nExample:\n  standdown fact "On-call saw the first exploit" --since 02:45 --who "on-call"'
)
@click.argument("text")
@click.option("--since", required=True, help="Since when it was known: HH:MM today or an ISO moment.")
@click.option("--who", default="", help="Who knew it.")
@click.option("--signal", default="", help="From which signal.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def command(call: Call, text: str, since: str, who: str, signal: str, incident: str | None) -> None:
    """Record a knowledge fact. Reporting clocks run from it; entering it late shows."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        since_ms = moment(since, session.clock.wall_ms())
        stored = incidents.record_fact(session, text, inc=inc, since_ms=since_ms, who=who, signal=signal)
    call.tell({"ok": True, "entry": stored.id, "since_ms": since_ms}, f"Saved as {stored.id[:16]}.")
