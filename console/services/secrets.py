"""Where provider secrets are kept on this console. In a drill: a plain file, for it can hold no real credential."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from console.domain.errors import Problem, WrongUse
from console.keys.vault import Vault, open_vault
from console.runtime import platform
from console.services.session import Session

PRACTICE_PREFIX = "practice-"


class SecretPlace(Protocol):
    """Secrets by name. `where` says in plain words where they lie."""

    where: str

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        ...

    def put(self, name: str, secret: str) -> None:
        """Keep it under this name."""
        ...


class DrillSecrets:
    """The practice estate's tokens in the drill profile. Anything else is refused: it could be real."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = "Practice tokens are kept in a plain file of the drill profile."

    def get(self, name: str) -> str | None:
        """The token, or None."""
        return self._read().get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep a practice token.

        Raises:
            WrongUse: for anything that is not one.
        """
        if not secret.startswith(PRACTICE_PREFIX):
            raise WrongUse("A drill holds practice tokens only.", "Use a real profile for a real secret.")
        platform.write_durably(self._path, json.dumps({**self._read(), name: secret}).encode())

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        try:
            found: object = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError:
            raise Problem("The drill's tokens cannot be read.", "Start a new drill.") from None
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def open_secrets(session: Session) -> SecretPlace:
    """Where secrets of this profile lie."""
    if session.settings.world == "drill":
        return DrillSecrets(session.paths.root / "practice-tokens.json")
    return _Kept(
        open_vault(session.paths.secrets, f"standdown/{session.settings.console}", session.ask, session.entropy)
    )


class _Kept:
    """The vault of a real profile, in this module's words."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.where = vault.place

    def get(self, name: str) -> str | None:
        return self._vault.get(name)

    def put(self, name: str, secret: str) -> None:
        self._vault.put(name, secret)
