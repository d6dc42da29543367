"""Exports and checks in words: what was written, what was proven, or the first thing that does not hold and why.

A check that fails is a result, not an error. It runs on a lane: a bundle may be large.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.exports.bundle import Exported
from console.runtime.faults import RuntimeProblem
from console.services import exporting
from console.services.incidents import IncidentLine
from console.services.organisation import genesis_of
from console.services.session import Session

_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check came to. Where it does not hold, `lines` name the first thing wrong and what to do.

    `anchored`: it was held against something that came another way; without that it only agrees with itself.
    """

    holds: bool
    anchored: bool
    headline: str
    lines: tuple[str, ...]


def suggested(line: IncidentLine) -> Path:
    """A path for the bundle of an incident; whether something is there already is found out when it is written."""
    return Path.home() / f"{line.label}.zip"


def export_to(session: Session, inc: str, typed: str) -> Exported:
    """Write the bundle of an incident: a zip where the name ends in .zip, else a new folder.

    Raises:
        WrongUse: for an empty path, where something is there, or where its folder is missing.
        Locked: where the writer key, which signs the bundle, is locked.
    """
    if not typed.strip():
        raise WrongUse("No place was named.", "Choose where the bundle goes.")
    out = Path(typed.strip()).expanduser().absolute()
    if not out.parent.is_dir():
        raise WrongUse(f"There is no folder {out.parent}.", "Choose another place.")
    return exporting.export(session, inc, out)


def check(session: Session, typed: str, genesis: str) -> Verdict:
    """Check a bundle or a profile; with no path, this profile. `genesis`: as it was had another way, or empty.

    Raises:
        WrongUse: for a path where nothing is, or a genesis that is none.
    """
    wanted = genesis.strip().lower()
    if wanted and not _HEX.fullmatch(wanted):
        raise WrongUse("A genesis is 64 hexadecimal digits.", "Copy it whole, or leave it empty.")
    path = Path(typed.strip()).expanduser().absolute() if typed.strip() else session.paths.root
    if not path.exists():
        raise WrongUse(f"There is nothing at {path}.", "Choose a bundle or a profile.")
    own = path.samefile(session.paths.root)
    anchored = own or bool(wanted)  # in one's own profile it is pinned; somebody else's pins what they like
    try:
        if own:
            lines = [exporting.check_profile(session, genesis=wanted or None)]
        elif exporting.is_profile(path):
            lines = [exporting.check_profile_at(path, genesis=wanted or None)]
        else:
            lines = exporting.check(path, wanted or None)
    except (Problem, RuntimeProblem) as fault:
        return Verdict(
            holds=False, anchored=anchored, headline="It does not hold.", lines=(fault.what, fault.next_step)
        )
    headline = "It holds." if anchored else "It agrees with itself. Whose it is, was not compared."
    return Verdict(holds=True, anchored=anchored, headline=headline, lines=tuple(map(_sentence, lines)))


def own_genesis(session: Session) -> str:
    """The fingerprint of this profile's organisation, as it was pinned when the profile was made."""
    return genesis_of(session)


def _sentence(text: str) -> str:
    plain = text[:1].upper() + text[1:]
    return plain if plain.endswith((".", "!", "?")) else f"{plain}."
