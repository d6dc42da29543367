"""Accounts that no list may restrict unless they are taken off one by one: own staff, canaries, named customers.

What people name is kept in this profile; canaries are known from the providers. It restricts nothing itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from console.domain.errors import Problem, WrongUse
from console.domain.lists import MAX_CHARS
from console.runtime import platform
from console.services import providers
from console.services.session import Session

CANARY: Final = "a canary: enforcement is probed with it"


def protected(session: Session) -> dict[str, str]:
    """Every protected account and why; the canaries of every provider among them."""
    found = {selector: CANARY for one in providers.instances_of(session).all() for selector in one.probe_credentials}
    return found | _named(session)


def protect(session: Session, account: str, why: str) -> None:
    """Keep an account from every list.

    Raises:
        WrongUse: without a reason, or for what is no account.
    """
    account, why = account.strip(), why.strip()
    if not account or not account.isprintable() or len(account) > MAX_CHARS:
        raise WrongUse("That is no account.", "Give its id as the provider knows it.")
    if not why or not why.isprintable():
        raise WrongUse("Say why it is protected: whoever prepares a list reads it.", "Give --why.")
    _keep(session, _named(session) | {account: why})


def release(session: Session, account: str) -> None:
    """Protect it no longer.

    Raises:
        WrongUse: when nobody named it; a canary is protected as long as it is one.
    """
    named = _named(session)
    if account not in named:
        raise WrongUse(f"{account} is not among the accounts that were named.", "See `standdown list protected`.")
    del named[account]
    _keep(session, named)


def _path(session: Session) -> Path:
    return session.paths.root / "protected.json"


def _named(session: Session) -> dict[str, str]:
    path = _path(session)
    try:
        found: object = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise Problem(f"{path} cannot be read.", "Nobody is restricted by a list before it can; put it right.")
    return {str(account): str(why) for account, why in found.items()}


def _keep(session: Session, named: dict[str, str]) -> None:
    platform.write_durably(_path(session), json.dumps(named, ensure_ascii=False, indent=1, sort_keys=True).encode())
