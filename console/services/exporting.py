"""Export an incident as a bundle, and verify bundles and profiles. It adds nothing to what is proven elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console.domain.errors import Problem
from console.exports.bundle import Exported, export_bundle
from console.exports.check import Report, check_bundle
from console.journal.still import Still
from console.journal.verify import Progress, Readable
from console.journal.verify import Report as Proven
from console.runtime.paths import ProfilePaths
from console.runtime.settings import read_settings
from console.services import verification
from console.services.session import Session
from console.services.upgrading import PARTS


class NotSound(Problem):
    """The journal of a profile does not prove itself."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"The journal does not hold: {where}: {why}.",
            "Keep the folder as it is, stop writing here, and pull the record from a colleague or the sync place.",
        )


def export(session: Session, inc: str, out: Path) -> Exported:
    """Write the bundle of an incident, signed by one's writer key.

    Raises:
        WrongUse: when `out` exists.
    """
    return export_bundle(session.store, inc, out, session.writer(), person=session.me, clock=session.clock)


def check(path: Path, genesis: str | None) -> list[str]:
    """Verify a bundle and say what was proven, in lines.

    Raises:
        Wrong, NoBundle: naming the file and why.
    """
    return report_lines(check_bundle(path, genesis))


def report_lines(report: Report) -> list[str]:
    """A sound bundle's report in lines."""
    told = [
        (
            f"The bundle holds: {report.files} files, {report.entries} entries, {report.signatures} signatures, "
            f"{report.decisions} decisions judged again."
        ),
        "Its genesis is the one that was had another way." if report.genesis_compared
        else "Its genesis was NOT compared: give the words or the hash had another way.",
        f"Closed: {'yes' if report.closed else 'no'}; {report.after_close} entries after it.",
    ]  # fmt: skip
    return [*told, *report.notes]


def is_profile(path: Path) -> bool:
    """Whether a path is to be judged as a profile.

    Whoever made a bundle may have put anything beside it: with its manifest it is one, and is judged as one.
    """
    return (path / "profile.toml").exists() and not (path / "manifest.sha256").exists()


def check_profile(session: Session, progress: Progress | None = None, genesis: str | None = None) -> str:
    """Verify everything in the journal of the profile in use; `progress(done, all)` counts entries.

    `genesis` is roster 0's SHA-256 as it was had another way: a profile from somebody proves no more than a bundle.

    Raises:
        NotSound: at the first thing that does not hold, or where it is another organisation's.
    """
    return _check(session.store, session.settings.genesis, progress, genesis, verification.keep)


def check_profile_at(path: Path, progress: Progress | None = None, genesis: str | None = None) -> str:
    """As `check_profile`, of a profile that lies anywhere. Nothing in it is changed: a copy is read (0199).

    Raises:
        NotSound, Damaged: as there.
        WrongUse, NewerJournal, NotWritten, Unsettled: where it cannot be read.
    """
    paths = ProfilePaths(path.absolute())
    pinned = read_settings(paths.settings).genesis
    with Still(paths, PARTS) as still:
        return _check(still, pinned, progress, genesis, _kept_nowhere)


def _check(
    journal: Readable, pinned: str | None, progress: Progress | None, genesis: str | None,
    keep: Callable[[Readable, Proven], None],
) -> str:  # fmt: skip
    rosters = journal.reader().rosters()
    if not rosters:
        raise NotSound("roster 0", "there is none")
    mine = rosters[0].sha256
    for wanted, who in ((genesis, "you were given"), (pinned, "the profile's settings name")):
        if wanted is not None and wanted != mine:
            raise NotSound("roster 0", f"it is {mine[:16]}, {who} {wanted[:16]}")
    report = verification.whole(journal, progress)
    if report.first_wrong is not None:
        raise NotSound(report.first_wrong.where, report.first_wrong.why)
    keep(journal, report)
    counts = ", ".join(f"{count} {what}" for what, count in report.counts.items() if count)
    return f"The profile's journal holds: {counts}."


def _kept_nowhere(_journal: Readable, _report: Proven) -> None:
    """What is somebody else's keeps no hint of ours."""
