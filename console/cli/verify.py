"""`standdown verify`: prove a profile or a bundle again, from its bytes. Exit status 1 where it does not hold."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.frame import Call, exit_with, pass_call
from console.domain.errors import WrongUse


@click.command(
    "verify",
    epilog="""\b
Examples:
  standdown verify                      (this profile)
  standdown verify bundle.zip --genesis 3f9c...""",
)
@click.argument("what", required=False, type=click.Path(path_type=Path))
@click.option("--genesis", help="The fingerprint of roster 0 (64 hex digits), had another way than with the bundle.")
@pass_call
def command(call: Call, what: Path | None, genesis: str | None) -> None:
    """Verify WHAT: a profile folder, a bundle folder, or a bundle .zip. Without WHAT: this profile."""
    target = call.paths().root if what is None else what.expanduser()
    if not target.exists():
        raise WrongUse(f"There is nothing at {target}.", "Name a profile folder or a bundle.")
    if target.is_dir() and (target / "profile.toml").exists():
        _profile(call, target)
    else:
        _bundle(call, target, genesis)


def _profile(call: Call, folder: Path) -> None:
    from console.journal.store import JournalStore
    from console.journal.verify import verify_profile
    from console.runtime.clock import SystemClock
    from console.runtime.ids import SystemEntropy
    from console.runtime.paths import ProfilePaths

    with JournalStore.open(ProfilePaths(folder), SystemClock(), SystemEntropy()) as store:
        report = verify_profile(store)
    wrong = report.first_wrong
    counts = ", ".join(f"{count} {name}" for name, count in report.counts.items() if count)
    call.tell(
        {
            "ok": report.ok, "what": "profile", "counts": report.counts,
            "first_wrong": None if wrong is None else {"where": wrong.where, "why": wrong.why},
        },
        f"Verified: {counts}." if wrong is None else f"NOT SOUND. {wrong.where}: {wrong.why}.",
        *(() if wrong is None else ("Stop writing to this profile; compare it with a colleague's or a backup.",)),
    )  # fmt: skip
    exit_with(0 if report.ok else 1)


def _bundle(call: Call, path: Path, genesis: str | None) -> None:
    from console.exports.check import check_bundle

    report = check_bundle(path, genesis)
    call.tell(
        {"ok": report.ok, "what": "bundle", "wrong": list(report.wrong), "counts": dict(report.counts)},
        *(report.sentences()),
    )
    exit_with(0 if report.ok else 1)
