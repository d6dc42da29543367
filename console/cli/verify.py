"""`standdown verify`: a profile or a bundle."""

from __future__ import annotations

import time
from pathlib import Path

import click

from console.cli.frame import Call, pass_call
from console.domain.errors import WrongUse

_EVERY_S = 2.0


class _Told:
    """Says how far it is, where it takes long enough to be wondered about."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._next_s = time.monotonic() + _EVERY_S

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() >= self._next_s and done < total:
            self._next_s = time.monotonic() + _EVERY_S
            self._call.progress(f"{done} of {total} entries verified ...")


@click.command("verify", epilog="\b\nExamples:\n  standdown verify bundle.zip --genesis SHA256\n  standdown verify")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--genesis", help="The organisation's genesis as it was had another way: 64 hex digits.")
@pass_call
def command(call: Call, path: Path | None, genesis: str | None) -> None:
    """Verify PATH, a bundle or a profile (default: the profile). Exit code 1: something does not hold."""
    from console.services import exporting
    from console.services.session import Session

    # whoever made a bundle may have put anything beside it: with its manifest it is one, and is judged as one
    profile = path is None or ((path / "profile.toml").exists() and not (path / "manifest.sha256").exists())
    if path is not None and not path.exists():
        raise WrongUse(f"There is nothing at {path}.", "Name a bundle or a profile.")
    if not profile and path is not None:
        lines = exporting.check(path, genesis)
        call.tell({"ok": True, "bundle": str(path), "proven": lines}, *lines)
        return
    if path is not None:
        call.profile = path
    call.bring_up_to_date()
    with Session.open(call.paths(), call.passphrase) as session:
        line = exporting.check_profile(session, _Told(call), genesis)
    call.tell({"ok": True, "profile": str(call.paths().root), "proven": [line]}, line)
