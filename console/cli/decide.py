"""`standdown decide`: a decision, or a decision not to act."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call
from console.domain.profile import JsonValue


@click.command("decide", epilog='\b\nExample:\n  standdown decide --not-to-act "One report only; watch until 14:00"')
@click.argument("text")
@click.option("--not-to-act", "not_to_act", is_flag=True, help="The decision is to do nothing now; it is recorded too.")
@click.option("--incident", help="Which incident (default: the only open one).")
@click.option("--shareable", is_flag=True, help="Its words may be quoted to executives and customers (`brief`).")
@pass_call
def command(call: Call, text: str, not_to_act: bool, incident: str | None, shareable: bool) -> None:  # noqa: FBT001  click hands options by name
    """Record a decision."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        pub: dict[str, JsonValue] = {"shareable": True} if shareable else {}
        stored = incidents.write(session, "decision.not-to-act" if not_to_act else "decision", text, inc=inc, pub=pub)
    call.tell({"ok": True, "entry": stored.id, "kind": stored.entry.kind}, f"Saved as {stored.id[:16]}.")
