"""Answers a PIN that `ssh-keygen` asks for while it makes or uses a FIDO2 key, where there is no terminal to ask on.

It hands over one answer, through a socket in a folder of this user alone: never by argument, environment or file.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.keys.faults import SigningFailed

_TURN_S: Final = 0.1
_MOST_BYTES: Final = 4096
_KILLED: Final = 5.0
# what ssh-keygen starts in our place: PROMPT=none only says that the key wants to be touched, and is ended by it
_HELPER: Final = (
    "import os,signal,socket,sys\n"
    "if os.environ.get('SSH_ASKPASS_PROMPT')=='none':\n"
    " sys.stderr.write(sys.argv[1]+'\\n'); sys.stderr.flush(); signal.pause()\n"
    "s=socket.socket(socket.AF_UNIX); s.connect(os.environ['STANDDOWN_ASKPASS'])\n"
    "got=b''\n"
    "while (more:=s.recv(4096)): got+=more\n"
    "if not got.endswith(b'\\n'): sys.exit(1)\n"
    "sys.stdout.buffer.write(got); sys.stdout.flush()"
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended: its status, what it answered, what it said.

    `again`: it asked a second time, which says that the first answer was wrong; it was ended there, because a security
    key locks itself after a few tries.
    """

    status: int
    out: bytes
    said: str
    again: bool


def run(command: Sequence[str], answer: Callable[[], bytes], given: bytes = b"", timeout_s: float = 180.0) -> Done:
    """Run it; where it asks for a PIN, `answer` is called and gives it, once. What `answer` raises is raised here.

    Raises:
        SigningFailed: when the program is not there or takes too long.
    """
    folder = Path(tempfile.mkdtemp(prefix="standdown-ask-"))  # this user alone, as mkdtemp makes it
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, tempfile.TemporaryFile() as stdin:
            listener.bind(str(folder / "s"))
            listener.listen(1)
            stdin.write(given)  # not secret: what is signed
            stdin.seek(0)
            return _served(command, _environment(folder), stdin.fileno(), listener, answer, timeout_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    helper = folder / "ask"
    helper.write_text(f'#!/bin/sh\nexec \'{sys.executable}\' -I -c "$STANDDOWN_HELPER" "$@"\n', encoding="utf-8")
    helper.chmod(0o700)
    made = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_PRELOAD"))}
    made |= {
        "SSH_ASKPASS": str(helper), "SSH_ASKPASS_REQUIRE": "force", "STANDDOWN_ASKPASS": str(folder / "s"),
        "STANDDOWN_HELPER": _HELPER, "LC_ALL": "C",
    }  # fmt: skip
    made.setdefault("DISPLAY", ":")  # older ssh-keygen asks by a program only where there is a display
    return made


def _served(
    command: Sequence[str], environment: dict[str, str], stdin: int, listener: socket.socket,
    answer: Callable[[], bytes], timeout_s: float,
) -> Done:  # fmt: skip
    times, ends = 0, time.monotonic() + timeout_s
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=said, env=environment)
        except OSError:
            raise SigningFailed(f"there is no {Path(command[0]).name} on this machine") from None
        try:
            while process.poll() is None and times < 2:  # noqa: PLR2004  see Done
                if time.monotonic() > ends:
                    raise SigningFailed(f"{Path(command[0]).name} gave no answer within {timeout_s:.0f} s")
                if select.select([listener], [], [], _TURN_S)[0]:
                    line, _ = listener.accept()
                    with line:
                        times += 1
                        if times == 1:
                            line.sendall(answer()[:_MOST_BYTES] + b"\n")
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_KILLED)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(_KILLED)
        for file in (out, said):
            file.seek(0)
        return Done(process.returncode, out.read(), said.read().decode("utf-8", "replace"), times > 1)
