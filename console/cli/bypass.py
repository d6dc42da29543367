"""`standdown provider bypass`: calls that a vendor counted and the gateway before it did not carry."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.frame import Call, pass_call


@click.command(
    "bypass",
    epilog="""\b
Example:
  standdown provider bypass atlas
""",
)
@click.argument("model", default="")
@pass_call
def bypass(call: Call, model: str) -> None:
    """What went round the gateway in an hour that ended ten minutes ago: by key, where the vendor tells."""
    from console.services.bypass import round_now

    with call.session() as session:
        found = round_now(session, model)
    rows = [{**asdict(one.found), "round": one.found.round, "told": one.told} for one in found]
    lines = [f"{one.found.model}  {one.told}" for one in found]
    nothing = "Nothing can be compared: no model is offered both by a gateway and by a vendor that counts."
    call.tell({"ok": True, "models": rows}, *(lines or [nothing]))
