"""Where provider secrets are kept on this console. In a drill: a plain file, for it can hold no real credential."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
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

    def forget(self, name: str) -> None:
        """Delete it; one that is not there is no fault."""
        ...

    def prime(self, names: Iterable[str]) -> None:
        """Read these anew and keep them, so that `get` waits for nothing; asks for the passphrase where there is one.

        Raises:
            Locked, WrongPassphrase, VaultUnusable: as their names say.
        """
        ...


class DrillSecrets:
    """The practice estate's tokens in the drill profile. Anything else is refused: it could be real."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: tuple[tuple[int, int, int] | None, dict[str, str]] = (None, {})
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

    def forget(self, name: str) -> None:
        """Delete a practice token."""
        kept = {one: secret for one, secret in self._read().items() if one != name}
        platform.write_durably(self._path, json.dumps(kept).encode())

    def prime(self, names: Iterable[str]) -> None:  # noqa: ARG002  a plain file is read when it is asked
        """Nothing to unlock."""
        self._read()

    def _read(self) -> dict[str, str]:
        """What the file says: read again where it changed, because every call and every answer asks for all of them."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = found.st_ino, found.st_mtime_ns, found.st_size
        known, kept = self._kept
        if known == stamp:
            return kept
        try:
            read: object = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError:
            raise Problem("The drill's tokens cannot be read.", "Start a new drill.") from None
        kept = {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}
        self._kept = stamp, kept
        return kept


def open_secrets(session: Session) -> SecretPlace:
    """Where secrets of this profile lie: one place a session, so that its passphrase is asked for at most once."""
    return session.once("secrets", lambda: _open(session))


def _open(session: Session) -> SecretPlace:
    if session.settings.world == "drill":
        return DrillSecrets(session.paths.root / "practice-tokens.json")
    return _Kept(
        open_vault(session.paths.secrets, f"standdown/{session.settings.console}", session.ask, session.entropy)
    )


class _Kept:
    """The vault of a real profile, in this module's words, for any thread.

    What was read is kept in memory: the engine asks at every request, and a keyring may take its time to answer. The
    derived key of a secrets file is in memory as long, so nothing lies open that did not before.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._gate = threading.Lock()
        self._known: dict[str, str | None] = {}
        self.where = vault.place

    def get(self, name: str) -> str | None:
        known = self._known
        if name in known:
            return known[name]
        with self._gate:
            self._known[name] = self._vault.get(name)
            return self._known[name]

    def put(self, name: str, secret: str) -> None:
        with self._gate:
            self._vault.put(name, secret)
            self._known[name] = secret

    def forget(self, name: str) -> None:
        with self._gate:
            self._vault.forget(name)
            self._known[name] = None

    def prime(self, names: Iterable[str]) -> None:
        with self._gate:
            self._known = {**self._known, **{name: self._vault.get(name) for name in names}}
