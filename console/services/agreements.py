"""The register of agreements with downstream users: what their terms allow, with what notice.

Each is a decision in the organisation's own record, in words of a fixed form (`console.domain.agreements`); it is
ended by a retraction with its reason, and said in better words by an amendment. Nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.actions import CATEGORIES
from console.domain.agreements import MOST_NOTICE_H, Agreement, read_agreement
from console.domain.errors import WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft, Stored
from console.services.session import Session

_KINDS = ("decision", "amendment", "retraction")
_LEAST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One agreement as it stands: its entry, who wrote it, when (ms)."""

    entry: str
    agreement: Agreement
    by: str | None
    at_ms: int


def agreements(session: Session) -> tuple[Registered, ...]:
    """Every agreement that was not ended, oldest first, in its latest words."""
    found: dict[str, Registered] = {}
    for one in _entries(session):
        text = str(one.disclosed.get("text", ""))
        if one.entry.kind == "decision":
            read = read_agreement(text)
            if read is not None:
                found[one.id] = Registered(
                    entry=one.id, agreement=read, by=one.entry.author, at_ms=one.entry.hlc[0]
                )  # fmt: skip
            continue
        for about in _about(one):
            known = found.get(about)
            if known is None:
                continue
            if one.entry.kind == "retraction":
                del found[about]
            elif (better := read_agreement(text)) is not None:
                found[about] = Registered(entry=about, agreement=better, by=known.by, at_ms=known.at_ms)
    return tuple(found.values())


def allowing(session: Session, category: str, model: str) -> tuple[Registered, ...]:
    """Those that allow this kind of correction of this model."""
    return tuple(one for one in agreements(session) if one.agreement.covers(category, model))


def find(session: Session, named: str) -> Registered:
    """The agreement somebody means: its entry (or the beginning), or with whom it is.

    Raises:
        WrongUse: when no single one fits.
    """
    known = agreements(session)
    wanted = named.strip().casefold()
    fits = [one for one in known if one.agreement.partner.casefold() == wanted]
    if not fits and len(wanted) >= _LEAST_NAMED:
        fits = [one for one in known if one.entry.startswith(wanted)]
    if len(fits) != 1:
        raise WrongUse(f"No single agreement is called {named[:64]!r}.", "See `standdown agreement list`.")
    return fits[0]


def register(session: Session, agreement: Agreement) -> Stored:
    """Enter an agreement.

    Raises:
        WrongUse: when it names nobody, no kind or an unknown one, a notice that is none, or cannot be said in a line.
    """
    allows = agreement.allows
    if not agreement.partner.strip() or not allows:
        raise WrongUse("An agreement is with somebody and allows something.", "Name both.")
    odd = [one for one in allows if one not in CATEGORIES]
    if odd:
        raise WrongUse(f"{odd[0]!r} is no kind of correction.", f"Kinds: {', '.join(CATEGORIES)}.")
    if not 0 <= agreement.notice_h <= MOST_NOTICE_H:
        raise WrongUse("A notice is between none and a year.", "Give it in hours or days: 72h, 3d.")
    if read_agreement(agreement.text()) is None:
        raise WrongUse("That agreement cannot be written so that it reads back.", "Use plain words.")
    return session.append(Draft("decision", None, None, {}, {"text": agreement.text()}))


def end(session: Session, named: str, reason: str) -> Stored:
    """End an agreement; what was signed under it stays as it was signed.

    Raises:
        WrongUse: when there is no such one, or no reason.
    """
    if not reason.strip():
        raise WrongUse("Ending an agreement needs a reason.", "Give it with --reason.")
    of: list[JsonValue] = [find(session, named).entry]
    return session.append(Draft("retraction", None, None, {"of": of}, {"reason": reason}))


def lines(session: Session, named: Sequence[str], categories: Sequence[str]) -> tuple[str, ...]:
    """As they are signed with a correction of these kinds."""
    kinds = tuple(dict.fromkeys(categories))
    found = dict.fromkeys(find(session, one) for one in named)
    return tuple(one.agreement.line(one.entry, kinds) for one in found)


def _about(one: Stored) -> tuple[str, ...]:
    of = one.entry.pub.get("of")
    return tuple(str(ident) for ident in of) if isinstance(of, list) else ()


def _entries(session: Session) -> list[Stored]:
    found = [one for one in session.reader.entries(org=True, kinds=_KINDS) if one.standing == "good"]
    return sorted(found, key=lambda one: (*one.entry.hlc, one.feed))
