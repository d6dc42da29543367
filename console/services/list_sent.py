"""What was really sent where a provider takes a set of accounts only whole, proven from the record alone (0169).

It reads what is here, of every console; a file of requests that is not here is said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.domain.errors import Problem, WrongUse
from console.domain.lists import list_of
from console.domain.wholes import prove_sent
from console.journal.values import Stored
from console.providers.planned import Planned, from_disclosures
from console.providers.wholes import by_membership, puts_in
from console.services import corrections
from console.services.listed import lines_of
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One set that was written: when, by which exact requests (the name of a file), where, and how many were moved.

    `others` stood there besides and stayed. `problem` is why the bytes could not be proven, empty where they were.
    """

    target: int
    at_ms: int
    requests: str
    path: str = ""
    inside: bool = True
    accounts: tuple[str, ...] = ()
    others: int = 0
    problem: str = ""

    @property
    def sentence(self) -> str:
        """As a line on a screen."""
        if self.problem:
            return f"NOT PROVEN: {self.problem}"
        how = "put into" if self.inside else "taken from"
        return f"{len(self.accounts)} {how} {self.path}, {self.others} others left as they were"


def sent(session: Session, named: str) -> tuple[Sent, ...]:
    """Every write of a set for this correction, in order, each proven: it moved who was signed, and nobody else.

    Raises:
        WrongUse: when nothing of it is sent in that manner.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    plans = {
        at: planned for at, target in enumerate(action.targets)
        if not target.by_hand
        and by_membership(planned := from_disclosures(target, held.disclosed(at), action.direction))
    }  # fmt: skip
    if not plans:
        raise WrongUse("Nothing of that correction is sent as a whole set.", "What was signed is what is sent.")
    return tuple(
        one
        for stored in session.reader.entries(action.inc, kinds=("dispatch.intent",))
        if stored.entry.pub.get("doc") == held.sha and stored.entry.pub.get("target") in plans
        for one in _of(session, stored, plans)
    )


def _of(session: Session, stored: Stored, plans: dict[int, Planned]) -> tuple[Sent, ...]:
    pub = stored.entry.pub
    at = next(number for number in plans if number == pub.get("target"))
    blank = Sent(target=at, at_ms=stored.entry.hlc[0], requests=str(pub.get("requests")))
    try:
        raw = session.reader.blob(blank.requests)
        if raw is None:
            raise WrongUse("The exact requests are not here.", "Sync.")
        sha = list_of(plans[at].params)
        signed = frozenset((plans[at].selector,) if sha is None else lines_of(session, sha))
        found = prove_sent(raw, stored.disclosed.get("fields"), signed, inside=puts_in(plans[at]))
    except Problem as fault:
        return (replace(blank, problem=fault.what),)
    return tuple(
        replace(blank, path=one.path, inside=one.inside, accounts=one.accounts, others=one.others) for one in found
    )


__all__ = ["Sent", "sent"]
