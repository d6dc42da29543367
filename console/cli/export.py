"""`standdown export`: a bundle that stock tools verify."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, pass_call


@click.command("export", epilog="\b\nExample:\n  standdown export bundle.zip")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--incident", help="Which incident (default: the only one known).")
@pass_call
def command(call: Call, out: Path, incident: str | None) -> None:
    """Write an incident as a bundle: OUT ends in .zip, or is a new folder."""
    from console.services import exporting, incidents

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        made = exporting.export(session, inc, out)
        provisional = session.provisional
    call.tell(
        {"ok": True, "bundle": str(made.path), "files": made.files, "manifest_sha256": made.manifest_sha256,
         "warnings": list(made.warnings), "provisional": provisional},
        *(["PROVISIONAL: ONE PERSON"] if provisional else []),
        f"Written: {made.path} ({made.files} files).",
        *(f"Warning: {one}" for one in made.warnings),
        f"Check it: standdown verify {made.path}",
    )  # fmt: skip
