"""The engine for a server: what the window's engine does, told as lines. It holds no person's key and asks for none."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from console.domain.errors import Problem
from console.keys.faults import WrongPassphrase
from console.outbox.item import Row
from console.outbox.steps import Pace
from console.services.live import CONNECTIVITY, OUTBOX, SYNC, Live, LivePace
from console.services.live_values import Connectivity, SyncNews
from console.services.provider_secrets import needs_of
from console.services.providers import instances_of
from console.services.secrets import open_secrets
from console.services.session import SECRETS, AskPassphrase, Session

Say = Callable[[dict[str, Any], str], None]
_TRIES: Final = 3
_OTHERWISE: Final = "What needs none of them goes on."


def open_secrets_file(session: Session, ask: AskPassphrase, ask_anew: Callable[[], bool]) -> None:
    """Open the providers' credentials before the engine wants them, where they lie in a file with a passphrase.

    Raises:
        WrongPassphrase: when nobody is there to type it again. A service that sees nothing of its providers would be
            taken for one that watches.
    """
    instances = instances_of(session)
    needs = [name for names in needs_of(instances, instances.all()).values() for name in names]
    if not needs or not session.paths.secrets.exists():
        return
    for left in reversed(range(_TRIES)):
        session.offer(SECRETS, ask(SECRETS))
        try:
            open_secrets(session).prime(needs)
        except WrongPassphrase:
            if not left or not ask_anew():
                raise
        except Problem:
            return  # the engine says what is wrong with them, and looks again
        else:
            return


class Watching:
    """A context manager around a running engine; `say` is called with a fact and its line, from the engine's thread."""

    def __init__(
        self, session: Session, say: Say, *, pace: LivePace | None = None, outbox_pace: Pace | None = None
    ) -> None:
        self._say = say
        self._states: dict[tuple[str, int], str] = {}
        self._links: dict[str, str] = {}
        self._odd: tuple[str, ...] = ()
        self._engine = ""
        self._locked = ""
        self._live = Live(session, self._take, pace=pace, outbox_pace=outbox_pace)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def _take(self, key: str, snapshot: object) -> None:
        if key == CONNECTIVITY and isinstance(snapshot, Connectivity):
            self._connected(snapshot)
        elif key == OUTBOX and isinstance(snapshot, tuple):
            for row in snapshot:
                if isinstance(row, Row) and self._states.get(row.key) != f"{row.state} {row.detail}":
                    self._states[row.key] = f"{row.state} {row.detail}"
                    fact = {"what": "target", "op": row.op, "target": row.target, "state": row.state}
                    self._say({**fact, "detail": row.detail}, f"{row.op} target {row.target}: {row.state} {row.detail}")
        elif key == SYNC and isinstance(snapshot, SyncNews) and snapshot.received:
            fact = {"what": "sync", "place": snapshot.path, "received": snapshot.received}
            self._say(fact, f"{snapshot.path}: {snapshot.received} entries received")

    def _connected(self, now: Connectivity) -> None:
        if now.engine.sentence != self._engine:
            self._engine = now.engine.sentence
            sentence = self._engine.replace("This window", "This process").replace("this window", "this process")
            self._say({"what": "engine", "state": now.engine.state}, sentence)
        if now.locked != self._locked:
            self._locked = now.locked
            fact = {"what": "secrets", "state": "locked" if now.locked else "open", "text": now.locked}
            self._say(fact, f"! The secrets are locked: {now.locked} {_OTHERWISE}" if now.locked else "Secrets: open")
        for link in now.providers:
            if self._links.get(link.instance) != link.state:
                self._links[link.instance] = link.state
                self._say({"what": "provider", "name": link.name, "state": link.state}, f"{link.name}: {link.state}")
        for odd in now.odd:
            if odd not in self._odd:
                self._say({"what": "odd", "text": odd}, f"! {odd}")
        self._odd = now.odd
