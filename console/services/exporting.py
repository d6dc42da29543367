"""Export an incident as a bundle, and verify bundles and profiles. It adds nothing to what is proven elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console.domain.errors import Problem
from console.exports.bundle import Exported, export_bundle
from console.exports.check import Report, check_bundle
from console.services import verification
from console.services.session import Session


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


def check_profile(
    session: Session, progress: Callable[[int, int], None] | None = None, genesis: str | None = None
) -> str:
    """Verify everything in the profile's journal; `progress(done, all)` counts entries.

    `genesis` is roster 0's SHA-256 as it was had another way: a profile from somebody proves no more than a bundle.

    Raises:
        NotSound: at the first thing that does not hold, or where it is another organisation's.
    """
    mine = session.store.rosters()[0].sha256
    if genesis is not None and genesis != mine:
        raise NotSound("roster 0", f"it is {mine[:16]}, you were given {genesis[:16]}")
    report = verification.whole(session, progress)
    if report.first_wrong is not None:
        raise NotSound(report.first_wrong.where, report.first_wrong.why)
    counts = ", ".join(f"{count} {what}" for what, count in report.counts.items() if count)
    return f"The profile's journal holds: {counts}."
