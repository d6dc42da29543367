"""A list that was signed or is to be: its lines proven by their hash, and the rows drawn for every signer's screen.

It reads what is here; a list whose lines are not here can neither be shown nor signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.actions import Action
from console.domain.deceit import shown
from console.domain.errors import BadForm, Problem, WaitsForConnection
from console.domain.ids import is_sha256
from console.domain.lists import DRAWN, PREFIX, drawn, from_bytes, list_of
from console.outbox.facts import Held
from console.providers.planned import from_disclosures
from console.services.protected import protected
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list target as a signer sees it: the rows drawn by the document's hash, and what this console protects in it.

    `problem` says why its lines cannot be shown here; then it cannot be signed.
    """

    target: int
    count: int
    sha256: str
    drawn: tuple[str, ...]
    protected: tuple[tuple[str, str], ...]
    problem: str = ""


def listed_in(session: Session, held: Held) -> tuple[Listed, ...]:
    """Every list of a document, from the bytes that are here; the drawn rows are the same on every screen."""
    action = held.document
    if not isinstance(action, Action):
        return ()
    found: list[Listed] = []
    for at, target in enumerate(action.targets):
        if target.listed is None:
            continue
        planned = from_disclosures(target, held.disclosed(at), action.direction)
        sha = list_of(planned.params) or ""
        try:
            lines = lines_of(session, sha)
            if len(lines) != target.listed or planned.selector != f"{PREFIX}{sha}":
                raise BadForm("list", "its count or its name is not that of its lines")
        except Problem as fault:
            found.append(Listed(target=at, count=target.listed, sha256=sha, drawn=(), protected=(), problem=fault.what))
            continue
        kept = protected(session) if action.direction == "contain" else {}
        hits = tuple((line, kept[line]) for line in lines if line in kept)
        rows = drawn(held.sha, lines, DRAWN)
        found.append(Listed(target=at, count=len(lines), sha256=sha, drawn=rows, protected=hits))
    return tuple(found)


def lines_of(session: Session, sha: str) -> tuple[str, ...]:
    """The lines of a list.

    Raises:
        WaitsForConnection: when they are not here (yet).
        BadForm: when they are not those of this name.
    """
    raw = session.reader.blob(sha) if is_sha256(sha) else None
    if raw is None:
        raise WaitsForConnection("The lines of its list are not here yet.", "Sync, then look again.")
    return from_bytes(raw, sha)


def lines_for(session: Session, held: Held) -> list[str]:
    """What the lists of a document add to the text that is signed.

    Raises:
        WaitsForConnection: when the lines of one are not here, or not those that it names.
    """
    found: list[str] = []
    for one in listed_in(session, held):
        if one.problem:
            raise WaitsForConnection(one.problem, "What cannot be shown cannot be signed: sync, then look again.")
        found.append(
            f"Target {one.target + 1} is a list of {one.count} accounts; {len(one.drawn)} drawn by the document:"
        )
        found += [f"  {shown(line)}" for line in one.drawn]
        found += [f"  ! protected on this console: {shown(line)} ({shown(why)})" for line, why in one.protected]
    return found
