"""Where things lie here: the layout of a profile (protocol 11, Profile). It must never create or read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class ProfilePaths:
    """Every path inside one profile directory."""

    root: Path

    @property
    def settings(self) -> Path:
        """What the profile is; no secret in it."""
        return self.root / "profile.toml"

    @property
    def journal(self) -> Path:
        """Entries, disclosures, documents, outbox: never deletable."""
        return self.root / "journal.db"

    @property
    def index(self) -> Path:
        """Projections and telemetry: deletable, rebuilt from the journal."""
        return self.root / "index.db"

    @property
    def blobs(self) -> Path:
        """Evidence files, named by content."""
        return self.root / "blobs"

    @property
    def keys(self) -> Path:
        """Private keys in OpenSSH form."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """Encrypted provider secrets; exists only where there is no keyring."""
        return self.root / "secrets.enc"

    @property
    def engine_lock(self) -> Path:
        """Held by the one process that polls, syncs and dispatches."""
        return self.root / "engine.lock"

    def blob(self, sha256: str) -> Path:
        """Where the blob with this digest (64 lower-case hex digits) lies; anything else is a ValueError."""
        if len(sha256) != _SHA256_DIGITS or set(sha256) - set("0123456789abcdef"):
            raise ValueError("a blob is named by 64 lower-case hex digits")
        return self.blobs / sha256[:2] / sha256

    def key(self, role: str) -> Path:
        """Where the private key of `writer`, `console`, `approver` or another single word lies."""
        if not (role.isascii() and role.isalnum()):
            raise ValueError("a key's role is one word of letters and digits")
        return self.keys / role


def data_home(environ: Mapping[str, str], home: Path) -> Path:
    """Directory that holds all profiles by default; a relative XDG value is ignored, as its specification asks."""
    return _xdg(environ, "XDG_DATA_HOME", home / ".local" / "share") / "standdown"


def adapters_home(environ: Mapping[str, str], home: Path) -> Path:
    """Directory of adapters declared in files: software of this user, not part of any profile."""
    return data_home(environ, home) / "adapters"


def state_home(environ: Mapping[str, str], home: Path) -> Path:
    """Directory for what is neither profile nor cache: high-water marks, the practice estate's leftovers."""
    return _xdg(environ, "XDG_STATE_HOME", home / ".local" / "state") / "standdown"


def default_profile(environ: Mapping[str, str], home: Path, name: str = "default") -> ProfilePaths:
    """Paths of the profile called `name`, which must be a plain folder name."""
    if not name or name.startswith(".") or any(character in name for character in "/\\:\0"):
        raise ValueError(f"{name!r} cannot be a profile's name: use a plain folder name")
    return ProfilePaths(data_home(environ, home) / name)


def _xdg(environ: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    value = environ.get(variable, "")
    return Path(value) if value and Path(value).is_absolute() else otherwise
