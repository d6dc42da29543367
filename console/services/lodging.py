"""What is said of an organisation outside of it: the letter that is lodged with others, and a record taken over.

A letter holds fingerprints only, no name of a person and no content, so that anybody may keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.forms import Head
from console.domain.profile import JsonValue
from console.journal.still import Still
from console.journal.values import Draft, Stored
from console.keys import canon
from console.keys.words import words_of
from console.runtime import platform
from console.runtime.paths import ProfilePaths
from console.runtime.settings import read_settings
from console.services import verification
from console.services.exporting import NotSound
from console.services.organisation import genesis_of
from console.services.session import Session
from console.services.upgrading import PARTS

_DAY_MS: Final = 24 * 3_600_000
_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as written: its text, the SHA-256 of its bytes, and the entry that records it."""

    text: str
    sha256: str
    entry: Stored


def lodge(session: Session, path: Path, keeper: str = "") -> Letter:
    """Write the letter to `path`, and record that it was made, for whom, with its hash.

    Raises:
        WrongUse: where a file lies there already.
    """
    if path.exists():
        raise WrongUse(f"{path} is there already.", "Name another file; a letter is never written over.")
    session.person()  # a locked key shows before a letter lies there that no entry records
    text = letter(session)
    raw = text.encode()
    platform.write_durably(path, raw)
    sha = canon.sha256_hex(raw)
    to = f" for {keeper.strip()}" if keeper.strip() else ""
    entry = session.append(Draft("lodging", disclosures={"text": f"Lodging letter{to}. SHA-256 of its bytes: {sha}"}))
    return Letter(text, sha, entry)


def owed(session: Session) -> str:
    """That a letter is to be lodged, as a sentence: none was yet, or the last is over a month old. Empty in practice.

    Whoever holds an older one can show less of the record; one person's record has nobody to lodge it against.
    """
    if session.settings.world == "drill" or session.provisional:
        return ""
    made = [one.entry.hlc[0] for one in session.reader.entries(org=True, kinds=("lodging",)) if one.standing == "good"]
    if not made:
        return "No letter is lodged yet: print one for counsel, an auditor or a public page (standdown org lodge)."
    days = (session.clock.wall_ms() - max(made)) // _DAY_MS
    return "" if days < _MONTH else f"The last lodging letter is {days} days old: lodge another (standdown org lodge)."


def letter(session: Session) -> str:
    """One page: the organisation, its beginning in words, the roster in force, the head of every feed."""
    genesis, roster = genesis_of(session), session.roster
    heads = sorted(session.reader.heads().items())
    now = datetime.fromtimestamp(session.clock.wall_ms() / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    drill = "A DRILL: NOTHING IN IT IS REAL\n" if session.settings.world == "drill" else ""
    lone = "PROVISIONAL: ONE PERSON\n" if session.provisional else ""
    lines = [f"  {feed}\n      {seq:>6}  {ident}" for feed, (seq, ident) in heads]
    return f"""STANDDOWN - LODGING LETTER
{drill}{lone}
Made            {now}
Organisation    {session.org}
Beginning       {genesis}
  in words      {words_of(genesis)}
Roster in force {roster.roster.n}, {roster.sha256}
  in words      {words_of(roster.sha256)}

What was recorded by then. For each feed its last entry: number, and SHA-256.

{chr(10).join(lines)}

Please keep this letter as it is, with the date on which you had it. Whoever later shows you a record of this
organisation has to show these entries in it, unchanged: an export lists each feed with the SHA-256 of every entry,
and `sha256sum` over an entry's bytes gives its number above. The letter discloses nothing of what they say.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneRecord:
    """One person's provisional record as it lies in a folder: who began it and when, and how far it goes.

    `entries` counts what its feeds hold, `newest_ms` is when its newest entry was written; `known` says that it was
    taken over as it stands already.
    """

    org: str
    name: str
    genesis: str
    begun_ms: int
    entries: int
    newest_ms: int
    heads: tuple[Head, ...]
    known: bool

    @property
    def words(self) -> str:
        """Its beginning in words, as its owner reads them out."""
        return words_of(self.genesis)


def read_record(session: Session, folder: Path) -> LoneRecord:
    """What lies in `folder`, as far as it may be taken over. Nothing is written, here or there (0199).

    Raises:
        WrongUse: when it is this organisation's own, a founded one, or of the other world (practice, real).
        NotSound: when it does not prove itself.
        RuntimeProblem: when no profile lies there.
    """
    paths = ProfilePaths(folder.absolute())
    settings = read_settings(paths.settings)
    with Still(paths, PARTS) as other:
        reader = other.reader()
        begun = reader.roster()
        if begun.roster.org == session.org:
            raise WrongUse("That record is of this organisation already.", "Founding adopted it.")
        if begun.roster.n:
            raise WrongUse("That is a founded organisation, not one person's record.", "Only a record is taken over.")
        if settings.world != session.settings.world:
            raise WrongUse("One of the two is a drill.", "Practice and what is real are never mixed.")
        if (wrong := verification.whole(other).first_wrong) is not None:
            raise NotSound(wrong.where, wrong.why)
        heads = tuple(sorted((feed, seq, ident) for feed, (seq, ident) in reader.heads().items()))
        newest = [stored.entry.hlc[0] for _, _, ident in heads if (stored := reader.entry(ident)) is not None]
        return LoneRecord(
            org=begun.roster.org, name=settings.name, genesis=begun.sha256, begun_ms=begun.roster.created,
            entries=sum(seq + 1 for _, seq, _ in heads), newest_ms=max(newest, default=0), heads=heads,
            known=_taken_over(session, begun.sha256, heads),
        )  # fmt: skip


def _taken_over(session: Session, genesis: str, heads: tuple[Head, ...]) -> bool:
    named = [list(one) for one in heads]
    return any(
        stored.entry.pub.get("roster") == genesis and stored.entry.pub.get("heads") == named
        for stored in session.reader.entries(org=True, kinds=("organisation.adopted",))
    )


def adopt_record(session: Session, folder: Path, *, seen: LoneRecord | None = None) -> Stored:
    """Take over the provisional record of one person in `folder`: an entry names its roster 0 and its feeds' heads.

    Its bytes stay where and as they are; whoever holds them proves them by what this entry names. `seen` is what a
    person was shown of it: it has to be that still.

    Raises:
        WrongUse, RuntimeProblem: as `read_record`.
        Problem: when it was taken over as it stands already, or is another one than was shown.
    """
    found = read_record(session, folder)
    if found.known:
        raise Problem("That record was taken over as it stands already.", "Nothing was written.")
    if seen is not None and (seen.genesis, seen.heads) != (found.genesis, found.heads):
        raise Problem("That record has changed since it was shown.", "Look at it again; nothing was written.")
    named: list[JsonValue] = [list(one) for one in found.heads]
    text = f"The provisional record {found.org}, begun by {found.name}, is taken over as it stands."
    return session.append(
        Draft("organisation.adopted", pub={"roster": found.genesis, "heads": named}, disclosures={"text": text})
    )


@dataclass(frozen=True, slots=True)
class Split:
    """Two validly signed rosters of one number: the one used here, the rivals, and who stands in every branch."""

    n: int
    used: str
    rivals: tuple[str, ...]
    in_both: tuple[str, ...]


def splits(session: Session) -> tuple[Split, ...]:
    """The forks of the roster that nothing has settled yet, as known here; empty in an organisation that is whole."""
    tree = session.reader.roster_tree()
    if not tree.open:
        return ()
    ends = [tree.chain[-1], *tree.tips()]
    people = [frozenset(person.person for person in one.roster.persons if person.roles) for one in ends]
    both = tuple(sorted(frozenset.intersection(*people)))
    on_it = {one.sha256 for one in tree.chain}
    found: dict[int, list[str]] = {}
    for one in tree.open:
        if one.roster.prev in on_it:
            found.setdefault(one.roster.n, []).append(one.sha256)
    return tuple(Split(n, tree.chain[n].sha256, tuple(shas), both) for n, shas in sorted(found.items()))
