"""What a drill came to, written into the real record: the hash of its bundle, proven first, and what was learnt.

The drill stays a world of its own: nothing of the bundle but its hash and its figures crosses over.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import WrongUse
from console.exports.check import Report, check_bundle, read_files
from console.journal.values import Draft, Stored
from console.keys import canon
from console.services.session import Session

MANIFEST: Final = "manifest.sha256"


@dataclass(frozen=True, slots=True)
class DrillResult:
    """The entry that records it, the SHA-256 of the bundle's manifest (which names every file), and what was proven."""

    entry: Stored
    sha256: str
    report: Report


def record(session: Session, bundle: Path, text: str = "", *, inc: str | None = None) -> DrillResult:
    """Check a drill's bundle (zip or folder), and record its hash with what is to be said about it.

    Raises:
        NoBundle, Wrong: where it does not hold.
        WrongUse: where it is no drill's, this record is itself practice, or it was recorded already.
    """
    if session.settings.world == "drill":
        raise WrongUse("This record is practice itself.", "Record the result in the organisation's real record.")
    report = check_bundle(bundle)
    if not report.org.startswith("d-"):
        raise WrongUse("That bundle is of a real organisation, not of a drill.", "Export the drill's incident first.")
    sha = canon.sha256_hex(read_files(bundle)[MANIFEST])
    known = session.reader.entries(kinds=("drill.result",))
    if any(one.entry.pub.get("bundle") == sha and one.standing == "good" for one in known):
        raise WrongUse("That drill's result is recorded already.", "Write a note about it instead.")
    figures = (
        f"Drill {report.org}: {report.entries} entries, {report.decisions} decisions judged again, "
        f"{'closed' if report.closed else 'not closed'}. Manifest {sha}."
    )
    words = f"{text.strip()}\n{figures}" if text.strip() else figures
    return DrillResult(session.append(Draft("drill.result", inc, None, {"bundle": sha}, {"text": words})), sha, report)


__all__ = ["MANIFEST", "DrillResult", "record"]
