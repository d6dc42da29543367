"""`standdown window`: open the window; it does what the other commands do, through the same services."""

from __future__ import annotations

import click

from console.cli.frame import Call, pass_call
from console.domain.errors import WrongUse


@click.command(
    "window",
    epilog="""\b
Examples:
  standdown window
  standdown window --practise
  standdown --profile ~/approver window""",
)
@click.option("--practise", is_flag=True, help="Open a running drill on simulators; nothing real is touched.")
@pass_call
def command(call: Call, practise: bool) -> int:  # noqa: FBT001  click hands options by name
    """Open the window on this profile, or the first run where there is none yet."""
    from console.ui.start import has_display, run

    if not has_display():
        raise WrongUse(
            "There is no display here.", "Use the other commands, or `standdown drill run` to practise without one."
        )
    return run(call.paths(), practise=practise)
