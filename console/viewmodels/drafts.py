"""Which drafts have to go when something was redacted. Drafts themselves are `console.runtime.drafts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.runtime.drafts import MAX_DRAFT_CHARS, Drafts

if TYPE_CHECKING:
    from console.services.session import Session

ABOUT_ENTRY = ("dialog:amend:", "dialog:retract:")


def forget_redacted(session: Session, drafts: Drafts) -> None:
    """Drop every draft that begins from an entry of which something was redacted: it may hold the very words.

    Those that repeat the words themselves go when the redaction is carried out, while the words are known.
    """
    buried = session.reader.tombstones()
    for name in drafts.load() if buried else ():
        about = next((name.removeprefix(one) for one in ABOUT_ENTRY if name.startswith(one)), "")
        stored = session.reader.entry(about) if about else None
        if stored is not None and buried & set(stored.entry.sd):
            drafts.keep(name, "")


__all__ = ["ABOUT_ENTRY", "MAX_DRAFT_CHARS", "Drafts", "forget_redacted"]
