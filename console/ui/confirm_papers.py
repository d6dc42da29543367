"""One document on the lanes: read for its confirmation, signed once, asked about. It holds no guard and no widget.

One reading of the document at a time, and none that was asked for is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from console.domain.errors import Problem, WrongUse
from console.outbox.facts import Held, read_document
from console.services import approvals
from console.services.presented import Presented, present
from console.services.session import Locked, Session
from console.ui.room import Room
from console.viewmodels.shell import Trouble

Found = tuple[approvals.Reading, ...] | None


class Papers(QObject):
    """`came` carries a `Presented`, `lost` why there is none; `read` the readings (None: credentials are locked here).

    `unread` carries why nothing could be read.
    """

    came = Signal(object)
    lost = Signal(object)
    read = Signal(object)
    unread = Signal(object)

    def __init__(self, room: Room, sha: str, over: QWidget) -> None:
        super().__init__(over)
        self._room, self._sha, self._over = room, sha, over
        self._presenting = self._again = False

    def present(self) -> None:
        """Read the document and its standing anew."""
        if self._presenting:
            self._again = True
            return
        self._presenting = True
        self._room.doer.do(
            lambda session: present(session, self._sha), self._take, failed=self._fail, lane="look", over=self._over
        )

    def _take(self, paper: Presented) -> None:
        self.came.emit(paper)
        self._ended()

    def _fail(self, trouble: Trouble) -> None:
        self.lost.emit(trouble)
        self._ended()

    def _ended(self) -> None:
        self._presenting = False
        if self._again:
            self._again = False
            self.present()

    def look(self, *, asked: bool) -> None:
        """What this console reads for itself. Only where a person asked for it may it ask for a passphrase."""

        def work(session: Session) -> Found:
            try:
                return tuple(approvals.readings(session, self._held(session)))
            except Locked:
                if asked:
                    raise
                return None

        self._room.doer.do(work, self.read.emit, failed=self.unread.emit, lane="aside", over=self._over)

    def sign(
        self, choice: str, passphrase: bytes, reason: str, guest: approvals.Guest | None,
        done: Callable[[approvals.Waiting | str], None], failed: Callable[[Trouble], None],
    ) -> None:  # fmt: skip
        """One signature over the bytes of the document first shown, in a child process.

        `done` is told how it stands then, or in words why that cannot be judged here: it is signed all the same.
        """

        def work(session: Session) -> approvals.Waiting | str:
            held = self._held(session)
            try:
                approvals.decide(session, held, choice, lambda: passphrase, reason=reason, guest=guest, shown=self._sha)
            except Locked as fault:  # it would be asked for while this passphrase lies waiting
                raise WrongUse("Your writer key was locked meanwhile; nothing was signed.", "Unlock it.") from fault
            try:
                return approvals.judge(session, held)
            except Problem as fault:
                return f"{fault.what} {fault.next_step}".strip()

        self._room.doer.do(work, done, failed=failed, lane="slow", over=self._over)

    def ask(self, text: str, done: Callable[[object], None], failed: Callable[[Trouble], None]) -> None:
        """A question to the proposer; it decides nothing."""
        self._room.doer.do(
            lambda session: approvals.ask(session, self._held(session), text), done, failed=failed, over=self._over
        )

    def _held(self, session: Session) -> Held:
        with session.reader.snapshot() as connection:
            return read_document(connection, self._sha)
