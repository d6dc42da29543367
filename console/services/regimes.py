"""Which reporting regimes this profile knows, and which of them apply: the product's file, or the profile's copy.

What applies is this console's own setting: it says which clocks are shown, and changes no entry.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.regimes import Regime, read_regimes
from console.runtime import platform
from console.services.product_data import product_path, read_table
from console.services.session import Session

COPY: Final = "clocks.toml"
CHOSEN: Final = "clocks-chosen.json"
_MOST_BYTES: Final = 65_536


def source_of(session: Session) -> Path:
    """The file that is read: the profile's copy where there is one."""
    own = session.paths.root / COPY
    return own if own.exists() else product_path("clocks", "regimes.toml")


def regimes(session: Session) -> tuple[Regime, ...]:
    """Every regime that this profile knows.

    Raises:
        WrongUse: when the file cannot be read.
    """
    return read_regimes(read_table(source_of(session)))


def applying(session: Session, also: Collection[str] = ()) -> tuple[Regime, ...]:
    """Those that apply here: as chosen, else as the file has it for this house. `also`: ids that run in any case."""
    told = chosen(session)
    return tuple(one for one in regimes(session) if one.id in also or applies(session, one, told))


def applies(session: Session, regime: Regime, told: dict[str, bool]) -> bool:
    """Whether one applies; where nobody said which house this is, both are meant."""
    house = session.settings.house
    fits = house in (None, "both") or regime.house in ("both", house)
    return told.get(regime.id, regime.applies and fits)


def chosen(session: Session) -> dict[str, bool]:
    """What was chosen in this profile, by regime.

    Raises:
        Problem: when the choices cannot be read.
    """
    path = session.paths.root / CHOSEN
    try:
        with path.open("rb") as stream:
            told: object = json.loads(stream.read(_MOST_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Problem(f"{path} cannot be read.", "Take it away, and choose anew which clocks apply.") from None
    return {str(name): value is True for name, value in told.items()} if isinstance(told, dict) else {}


def choose(session: Session, regime: str, *, on: bool) -> Regime:
    """Say whether a regime applies to us.

    Raises:
        WrongUse: when there is none of that id.
    """
    found = find_regime(session, regime)
    table = {**chosen(session), found.id: on}
    text = json.dumps(table, indent=1, sort_keys=True)
    platform.write_durably(session.paths.root / CHOSEN, text.encode())
    return found


def find_regime(session: Session, named: str) -> Regime:
    """The regime of that id.

    Raises:
        WrongUse: when there is none.
    """
    found = next((one for one in regimes(session) if one.id == named), None)
    if found is None:
        raise WrongUse(f"No reporting regime is called {named[:60]!r} here.", "See `standdown clock regimes`.")
    return found


def copy(session: Session) -> Path:
    """Put an editable copy of the product's regimes into the profile; from then on it is what is read.

    Raises:
        WrongUse: when there is one already.
    """
    path = session.paths.root / COPY
    if path.exists():
        raise WrongUse(f"{path} is there already.", "Edit it; without it the product's own file is read again.")
    platform.write_durably(path, product_path("clocks", "regimes.toml").read_bytes())
    return path
