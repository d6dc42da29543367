"""Which drafts have to go when something was redacted. Drafts themselves are `console.runtime.drafts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.runtime.drafts import MAX_DRAFT_CHARS, Drafts
from console.viewmodels.outlet import Topic

if TYPE_CHECKING:
    from console.services.session import Session

ABOUT_ENTRY = ("dialog:amend:", "dialog:retract:")


@dataclass(frozen=True, slots=True)
class DraftsGone:
    """Redactions came: how many values were deleted here so far, and the drafts that went with the last of them."""

    buried: int
    names: frozenset[str]

    def told(self) -> tuple[str, str]:
        """As a sentence and what to do."""
        what = "a draft on this console" if len(self.names) == 1 else f"{len(self.names)} drafts on this console"
        return (
            f"A redaction removed {what}, for what two people had deleted.",
            "What still stands in an open field is not kept; write it anew without those words.",
        )


DRAFTS_GONE: Topic[DraftsGone] = Topic("drafts-gone")


def forget_redacted(session: Session, drafts: Drafts) -> frozenset[str]:
    """Drop every draft that begins from an entry of which something was redacted: it may hold the very words.

    Those that repeat the words themselves go when the redaction is carried out, while the words are known. Gives the
    names of all that went since this was asked last.
    """
    gone = set(drafts.missing())
    buried = session.reader.tombstones()
    for name in drafts.load() if buried else ():
        about = next((name.removeprefix(one) for one in ABOUT_ENTRY if name.startswith(one)), "")
        stored = session.reader.entry(about) if about else None
        if stored is not None and buried & set(stored.entry.sd) and drafts.bar(name):
            gone.add(name)
    return frozenset(gone)


__all__ = ["ABOUT_ENTRY", "DRAFTS_GONE", "MAX_DRAFT_CHARS", "Drafts", "DraftsGone", "forget_redacted"]
