"""A split roster in words: each version that was validly signed, by whom, what it changes, and what to do now.

It decides nothing: which version counts here is the journal's answer, and only people can agree on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console.domain.deceit import shown
from console.keys.words import words_of
from console.services import lodging, policy, settling
from console.services.roster import names_in
from console.services.roster_signers import read_roster, signers_of
from console.services.session import Session
from console.viewmodels.approval import Section
from console.viewmodels.roster_paper import Ground, roster_view

_CALL: Final = (
    "Call every admin, by voice: read out the words of both versions, and find out who signed which, and why. One "
    "person who signed both is a mistake or a stolen key."
)
_COUNTS: Final = "in both versions; containment that they sign counts on every console."
_THEN: Final = (
    "Once you agree, an admin settles it at a console where the version that goes on counts; admins of every branch "
    "sign that. Whoever's key was misused is revoked afterwards."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One of the versions of a number. `used` is the one that counts on this console."""

    sha: str
    words: str
    used: bool
    headline: str
    signed: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitView:
    """Two or more versions of one number. `both` are the people who stand in every branch, `left_out` those who would
    have to be admitted again if the version in use here went on. `may_settle`: this person is an admin of it.
    """

    n: int
    versions: tuple[VersionView, ...]
    both: str
    left_out: str
    may_settle: bool
    steps: tuple[str, ...]


def split_views(session: Session) -> tuple[SplitView, ...]:
    """Every split known here, the version in use first. For a lane: it reads the journal."""
    return tuple(_view(session, split) for split in lodging.splits(session))


def _view(session: Session, split: lodging.Split) -> SplitView:
    found = {sha: (raw, sigs) for n, sha, raw, sigs, _ in session.reader.roster_files() if n == split.n}
    before = next(one for one in session.store.rosters() if one.roster.n == split.n - 1)
    ground = Ground(before, policies=policy.known(session))
    versions: list[VersionView] = []
    for sha in (split.used, *split.rivals):
        raw, sigs = found[sha]
        given = names_in(session, sha)
        known = {one.person for one in session.roster.roster.persons}

        def name_of(person: str, given: dict[str, str] = given, known: set[str] = known) -> str:
            return session.name_of(person) if person in known else given.get(person, session.name_of(person))

        paper = roster_view(raw, ground, name_of, session.clock.wall_ms())
        by = sorted(shown(name_of(person)) for person in signers_of(before, read_roster(raw), raw, sigs))
        versions.append(
            VersionView(
                sha=sha, words=words_of(sha), used=sha == split.used, headline=paper.headline,
                signed=", ".join(by) or "nobody whose signature counts here", sections=paper.sections,
            )
        )  # fmt: skip
    both = sorted(shown(session.name_of(person)) for person in split.in_both)
    left = sorted(shown(session.name_of(person)) for person in settling.left_out(session))
    return SplitView(
        n=split.n, versions=tuple(versions), both=", ".join(both), left_out=", ".join(left),
        may_settle=session.me in session.roster.persons_with("admin"), steps=_steps(both),
    )  # fmt: skip


def _steps(both: list[str]) -> tuple[str, ...]:
    who = " and ".join(filter(None, (", ".join(both[:-1]), *both[-1:]))) if both else "Nobody"
    stand = "stands" if len(both) == 1 else "stand"
    return (_CALL, f"Until you agree, sign nothing but containment. {who} {stand} {_COUNTS}", _THEN)
