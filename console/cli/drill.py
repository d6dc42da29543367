"""`standdown drill`: practise the whole job on simulators."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, pass_call


@click.group("drill")
def command() -> None:
    """Practise the whole job on simulators, in under a minute."""


@command.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where the drill's profiles and bundle go.")
@pass_call
def run(call: Call, folder: Path | None) -> None:
    """Play the story with a simulated colleague; nothing real is touched."""
    import tempfile

    from console.services import drill

    where = folder or Path(tempfile.mkdtemp(prefix="standdown-drill-"))
    call.progress("*** PRACTICE: a drill on simulators; nothing real is touched ***")
    outcome = drill.run(where.absolute(), call.progress)
    lines: list[str] = []
    for title, items in (
        ("DECIDED", outcome.decided), ("SENT", outcome.sent), ("OBSERVED", outcome.observed),
        ("VERIFIED", outcome.verified),
    ):  # fmt: skip
        lines += ["", title, *(f"  {item}" for item in items)]
    lines += ["", f"The bundle lies at {outcome.bundle}", f"Check it again: standdown verify {outcome.bundle}"]
    lines.append(f"*** PRACTICE: done in {outcome.seconds:.0f} s ***")
    call.tell(
        {"ok": True, "practice": True, "folder": str(outcome.folder), "bundle": str(outcome.bundle),
         "decided": outcome.decided, "sent": outcome.sent, "observed": outcome.observed,
         "verified": outcome.verified, "seconds": outcome.seconds},
        *lines,
    )  # fmt: skip


@command.command(epilog="\b\nExample:\n  standdown drill record drill/bundle.zip --text 'Contained in 4 minutes'")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--text", default="", help="What was learnt.")
@pass_call
def record(call: Call, bundle: Path, text: str) -> None:
    """Check a drill's bundle, and write its hash and what was learnt into the real record."""
    from console.services import drill_result

    with call.session() as session:
        made = drill_result.record(session, bundle, text)
    call.tell(
        {"ok": True, "entry": made.entry.id, "manifest_sha256": made.sha256, "entries": made.report.entries,
         "decisions": made.report.decisions, "closed": made.report.closed},
        f"The drill's result is recorded: manifest sha256 {made.sha256}",
    )  # fmt: skip
