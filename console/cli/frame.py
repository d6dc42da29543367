"""What every command shares: the profile, secrets by prompt or descriptor, output for people or as JSON, faults.

A secret is never an argument and never printed. A fault is one sentence and what to do next, never a traceback.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from console.domain.errors import Problem, WrongUse
from console.domain.profile import REFUSED_TEXT

if TYPE_CHECKING:
    from console.runtime.paths import ProfilePaths
    from console.services.session import Session

_HOISTED_FLAGS = {"--json"}
_TERMINAL_LINE_BYTES = 4095  # Linux keeps no more of one; macOS keeps less, and rings the bell
_HOISTED_VALUES = {"--profile", "--passphrase-fd", "--secret-fd"}


def hoist(arguments: list[str]) -> list[str]:
    """Global options may stand anywhere before `--`; put them first, where the command line expects them."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for word in waiting:
        if word == "--":
            rest.extend((word, *waiting))
        elif word in _HOISTED_FLAGS:
            front.append(word)
        elif word in _HOISTED_VALUES:
            front.append(word)
            front.extend(value for value in [next(waiting, None)] if value is not None)
        elif word.partition("=")[0] in _HOISTED_VALUES:
            front.append(word)
        else:
            rest.append(word)
    return front + rest


@dataclass
class Call:
    """One run of the command line: where the profile is, how to ask for secrets, how to answer."""

    profile: Path | None = None
    as_json: bool = False
    passphrase_fd: int | None = None
    secret_fd: int | None = None
    _lines: dict[int, Iterator[bytes]] = field(default_factory=dict[int, Iterator[bytes]])
    _known: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def paths(self) -> ProfilePaths:
        """The profile's paths: --profile, STANDDOWN_PROFILE, or the default folder."""
        from console.runtime.paths import ProfilePaths, default_profile

        named = self.profile or (Path(found) if (found := os.environ.get("STANDDOWN_PROFILE")) else None)
        if named is not None:
            return ProfilePaths(named.expanduser().absolute())
        return default_profile(os.environ, Path.home())

    @contextmanager
    def session(self) -> Generator[Session]:
        """The opened profile; the writer key is asked for when something is first written."""
        from console.services.session import Session

        self.bring_up_to_date()
        with Session.open(self.paths(), self.passphrase) as session:
            yield session

    def bring_up_to_date(self) -> None:
        """Before the profile is opened: its record to the form of this version, and say how far that is."""
        from console.services.upgrading import bring

        bring(self.paths(), self.progress)

    def passphrase(self, what: str, *, new: bool = False) -> bytes:
        """The passphrase for `what`, asked once in a run, from the descriptor or the terminal."""
        if what not in self._known:
            self._known[what] = self._ask(self.passphrase_fd, f"Passphrase for {what}", "--passphrase-fd", new=new)
        return self._known[what]

    @property
    def can_ask(self) -> bool:
        """Whether a passphrase can be had at all: from a descriptor, or from somebody at a terminal."""
        return self.passphrase_fd is not None or sys.stdin.isatty()

    def ask_anew(self, what: str) -> bool:
        """Forget what was typed for it, so that it is asked again; False where nobody sits at a terminal."""
        typed = self.passphrase_fd is None and sys.stdin.isatty()
        if typed:
            self._known.pop(what, None)
        return typed

    def secret(self, what: str, *, blank: bool = False) -> str:
        """A provider's secret, from the descriptor or the terminal; with `blank` nothing may be given there too."""
        return self._ask(self.secret_fd, what, "--secret-fd", blank=blank).decode()

    def _ask(self, fd: int | None, prompt: str, option: str, *, new: bool = False, blank: bool = False) -> bytes:
        if fd is not None:
            if fd not in self._lines:
                self._lines[fd] = _lines_of(fd)
            line = next(self._lines[fd], None)
            if line is None:
                raise WrongUse(f"{prompt}: the descriptor {fd} has no further line.", "Give one line for each secret.")
            return line
        if not sys.stdin.isatty():
            raise WrongUse(f"{prompt} is needed.", f"Run it in a terminal, or hand it over with {option} N.")
        told = f"{prompt} (nothing: press Enter)" if blank else prompt
        answer: str = click.prompt(
            told, default="" if blank else None, show_default=False, hide_input=True, confirmation_prompt=new, err=True
        )
        typed = answer.encode()
        if len(typed) >= _TERMINAL_LINE_BYTES:
            raise WrongUse(
                f"A terminal cuts a line at {_TERMINAL_LINE_BYTES:,} characters: what was typed may not be whole.",
                f"Hand it over with {option} 3 3<FILE.",
            )
        return typed

    def tell(self, result: dict[str, Any], *lines: str) -> None:
        """The command's answer: `result` as JSON where asked for, else the lines."""
        if self.as_json:
            click.echo(json_line(result))
            return
        for line in lines:
            click.echo(harmless(line))

    def progress(self, text: str) -> None:
        """A line about work that goes on; never on standard output when that is JSON."""
        click.echo(harmless(text), err=self.as_json)


def harmless(text: str) -> str:
    """Text for a terminal: whatever would steer it, or turn the writing around, is spelled out.

    Entries hold none of it, but names of files do, and what a provider answers.
    """
    return REFUSED_TEXT.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def json_line(result: dict[str, Any]) -> str:
    """One JSON object on one line, which no terminal takes for anything else."""
    made = json.dumps(result, ensure_ascii=False, sort_keys=True)
    return REFUSED_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", made)


def _lines_of(fd: int) -> Iterator[bytes]:
    try:
        with os.fdopen(os.dup(fd), "rb") as stream:
            lines = stream.read(64 * 1024).split(b"\n")
    except OSError:
        raise WrongUse(
            f"The descriptor {fd} cannot be read.", "Open it for the command, for instance `3<file`."
        ) from None
    return iter(lines[:-1] if lines and lines[-1] == b"" else lines)


pass_call = click.make_pass_decorator(Call)


def when(at_ms: int | None) -> str:
    """A moment for people: UTC, the zone shown."""
    return "-" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def age(now_ms: int, at_ms: int) -> str:
    """How long ago, in the largest fitting unit."""
    seconds = max(0, now_ms - at_ms) // 1000
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def moment(text: str, now_ms: int) -> int:
    """Milliseconds of a moment a person typed: `HH:MM` (today, UTC), or ISO date and time.

    Raises:
        WrongUse: for anything else.
    """
    try:
        if len(text) in {4, 5} and ":" in text:
            hour, minute = (int(part) for part in text.split(":"))
            day = datetime.fromtimestamp(now_ms / 1000, UTC)
            return int(day.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp() * 1000)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{text!r} is no moment.", "Write HH:MM (today, UTC) or 2026-11-24T10:42+00:00.") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def exit_with(code: int) -> NoReturn:
    """End the command with an exit status that is no fault."""
    raise _Exit(code)


class _Exit(Exception):  # an ending, not an error
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def report_fault(fault: Exception, *, as_json: bool) -> int:
    """Show a fault in one sentence with the next step; a bug is logged, and the line says where."""
    if isinstance(fault, _Exit):
        return fault.code
    if isinstance(fault, sqlite3.Error):
        from console.journal.faults import named

        fault = named(fault, Path("the profile")) or fault
    what, next_step = getattr(fault, "what", None), getattr(fault, "next_step", "")
    code = fault.exit_code if isinstance(fault, Problem) else int(getattr(fault, "exit_code", 1))
    if isinstance(fault, OSError) and not isinstance(what, str):
        what = f"{fault.filename or 'The system'}: {fault.strerror or fault}."
        next_step = "Check the path and the space on the disk, then run it again; nothing that was saved is lost."
    if not isinstance(what, str):
        what, next_step = _log_bug(fault)
    if as_json:
        click.echo(json_line({"ok": False, "what": what, "next": str(next_step), "exit": code}))
    click.echo(harmless(" ".join(part for part in (what, str(next_step)) if part)), err=True)
    return code


def _log_bug(fault: Exception) -> tuple[str, str]:
    from console.runtime.paths import state_home

    folder = state_home(os.environ, Path.home())
    log = folder / "faults.log"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(fault)) + "\n")
    except OSError:
        return f"This is a fault of the program ({type(fault).__name__}).", "What was saved is safe; please report it."
    return f"This is a fault of the program ({type(fault).__name__}).", f"What was saved is safe. Details: {log}"
