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
    """Verify PATH, a bundle or a profile (default: the profile). Exit code 1: something does not hold.

    Nothing is changed in PATH: a profile is read in a copy of its journal, made where temporary files go.
    """
    from console.services import exporting

    if path is not None and not path.exists():
        raise WrongUse(f"There is nothing at {path}.", "Name a bundle or a profile.")
    if path is not None and not exporting.is_profile(path):
        lines = exporting.check(path, genesis)
        call.tell({"ok": True, "bundle": str(path), "proven": lines}, *lines)
        return
    if path is not None:
        line = exporting.check_profile_at(path, _Told(call), genesis)
    else:
        with call.session() as session:
            line = exporting.check_profile(session, _Told(call), genesis)
    root = call.paths().root if path is None else path.absolute()
    call.tell({"ok": True, "profile": str(root), "proven": [line]}, line)
