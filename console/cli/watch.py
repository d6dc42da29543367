"""`standdown watch`: the same engine without a window and without authority, for a server that stays awake."""

from __future__ import annotations

import math
import signal
import threading
import time
from typing import Any, Final

import click

from console.cli.frame import Call, harmless, json_line, pass_call

_LOOKS_EVERY_S: Final = 0.5


@click.command(
    "watch",
    epilog="""\b
On a server, with a profile of its own that was admitted as a member's further device:
  standdown --profile /srv/standdown watch
It re-reads what is in force, meets the shared folders, sends what was approved for it, and pages people. It never asks
for a key and can sign nothing but what the machine itself did. Where no keyring keeps the providers' credentials, it
asks for the passphrase of the secrets file once, at its start; a service hands it over:
  standdown --passphrase-fd 3 --profile /srv/standdown watch 3< FILE""",
)
@click.option("--seconds", type=float, help="End after so long (default: at SIGINT or SIGTERM).")
@pass_call
def command(call: Call, seconds: float | None) -> None:
    """Watch, sync, dispatch and call out until stopped; a line for whatever changes (with --json: one object each)."""
    from console.services.session import SECRETS, Session, nobody_asked
    from console.services.watching import Watching, open_secrets_file

    said = threading.Lock()

    def say(fact: dict[str, Any], line: str) -> None:
        with said:
            click.echo(json_line(fact) if call.as_json else harmless(line))

    call.bring_up_to_date()
    with Session.open(call.paths(), nobody_asked) as session:
        if call.can_ask:  # else it goes on with what needs none, and says which providers that leaves out
            open_secrets_file(session, call.passphrase, lambda: call.ask_anew(SECRETS))
        ended = _told_to_end()  # not before: at a question Ctrl+C ends it at once
        with Watching(session, say):
            _wait(ended, seconds)


def _told_to_end() -> threading.Event:
    """Set as soon as somebody ends the process."""
    ended = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: ended.set())
    return ended


def _wait(ended: threading.Event, seconds: float | None) -> None:
    """In short waits: the system may give the signal to any thread, and then nothing wakes this one, which answers."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not ended.wait(min(left, _LOOKS_EVERY_S)):
        pass
