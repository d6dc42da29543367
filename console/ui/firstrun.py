"""The window of a first run: the house, four doors, and on through founding or joining until the main window opens.

There is no profile yet: it works on a thread of its own. It must never wait, and nothing typed is lost by an error.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from console.runtime.paths import ProfilePaths
from console.runtime.settings import House
from console.runtime.workers import OwnedThread
from console.services import setup
from console.services.setup import PRACTICE_PASSPHRASE
from console.ui.bridge import Bridge
from console.ui.doors import AlonePage, DoorsPage, HearPage, JoinPage, PractisePage
from console.ui.key_choices import Take
from console.ui.pages import Page, trouble_of
from console.ui.parts import column, fit
from console.ui.theme import Look
from console.ui.widgets import Stripe
from console.viewmodels.keys import agent_keys
from console.viewmodels.outlet import Outlet, Topic

if TYPE_CHECKING:
    from console.services.practice import Practice
    from console.services.session import Session
    from console.ui.room import Room

T = TypeVar("T")
Show = Callable[[ProfilePaths, Callable[[], None]], "Room | None"]
_SAID: Final[Topic[tuple[str, ...]]] = Topic("practice-said")
_ENDS_WITHIN_S: Final = 60.0  # keys that are being made are finished


def nothing() -> None:
    """What is to be done when a profile's window has ended, where there is nothing."""


class FirstRun(QWidget):
    """Opens where there is no profile, or founding or joining is unfinished. Ends by `show`, or by being closed.

    `show` opens the main window of a profile and may give its room; what it is handed besides is called when that
    window has ended. `handed_over` is emitted after it.
    """

    handed_over = Signal()

    def __init__(self, paths: ProfilePaths, look: Look, show: Show, *, practise: bool = False) -> None:
        super().__init__()
        self._paths, self._look, self._show = paths, look, show
        self._house: House | None = None
        self._join: tuple[Path, str] = (Path(), "")
        self._room: Room | None = None
        self._beside: list[FirstRun] = []
        self._ended = False
        self._closing = threading.Event()
        self._outlet = Outlet()
        self._bridge = Bridge(self._outlet)
        self._worker: OwnedThread[None] = OwnedThread("first-run", lambda: None, lambda _none: None)
        self._worker.start()
        self._pages = QStackedWidget()
        self._stripe = Stripe(look, self._pages)
        column(self).addWidget(self._stripe)
        self.setWindowTitle("Standdown")
        fit(self, QSize(960, 760), QSize(720, 560))
        self._begin(practise=practise)
        self._worker.submit(lambda _none: _load())  # while the person reads

    @property
    def page(self) -> QWidget | None:
        """The page that is shown; none where it was left."""
        return self._pages.currentWidget()

    @property
    def beside(self) -> tuple[FirstRun, ...]:
        """Windows that were opened for a second person here."""
        return tuple(self._beside)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _begin(self, *, practise: bool) -> None:
        note = setup.read_note(self._paths)
        if practise:
            self._practise()
        elif self._paths.settings.exists():
            self._resume()
        elif note.door == "join":
            self._hear(note.folder)
        else:
            self._doors()

    def _turn_to(self, page: QWidget) -> None:
        """Show this page; the one before is done with."""
        before = self._pages.currentWidget()
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)
        if before is not None:
            self._pages.removeWidget(before)
            before.deleteLater()
        page.setFocus()

    def _doors(self) -> None:
        page = DoorsPage(self._look, _told(self._paths.root))

        def chosen(door: str) -> None:
            self._house = page.house()
            {"practise": self._practise, "join": self._hear}.get(door, lambda: self._alone(found=door == "found"))()

        page.chosen.connect(chosen)
        self._turn_to(page)

    def _alone(self, *, found: bool) -> None:
        page = AlonePage(self._look, self._ask_agent, found=found)
        page.back.connect(self._doors)
        page.asked.connect(lambda: self._start(page, found=found))
        self._turn_to(page)

    def _start(self, page: AlonePage, *, found: bool) -> None:
        name, typed, house, paths = page.name.text().strip(), page.passphrase.typed(), self._house, self._paths
        held = page.passphrase.held()

        def make() -> Session | None:
            from console.ui import behind  # noqa: PLC0415  loaded once the doors stand, and on the worker

            if found:
                return behind.begin_founding(paths, name, typed, house, held)
            behind.begin_record(paths, name, typed, house, held)
            return None

        def made(session: Session | None) -> None:
            page.passphrase.forget()
            if session is None:
                self._hand_over(typed)
            else:
                self._enter(session)

        self._do(page, "Making your key.", make, made)

    def _hear(self, folder: str = "") -> None:
        page = HearPage(self._look)
        page.folder.edit.setText(folder)
        page.back.connect(self._doors)

        def find() -> None:
            from console.ui import behind  # noqa: PLC0415  as above

            behind.find_beginning(*self._join)

        def compare() -> None:
            self._join = page.folder.path(), page.heard.text()
            self._do(page, "Looking into the folder.", find, lambda _none: self._keys())

        page.asked.connect(compare)
        self._turn_to(page)
        if folder:
            page.heard.edit.setFocus()

    def _keys(self) -> None:
        folder, words = self._join
        paths, house = self._paths, self._house
        page = JoinPage(self._look, paths.root / "envelopes", self._ask_agent)
        page.back.connect(lambda: self._hear(str(folder)))

        def ask() -> None:
            name, envelopes = page.name.text().strip(), page.envelopes.path()
            writer, approver = page.writer.typed(), page.approver.typed()
            held, on_device, member = page.writer.held(), page.approver.on_device, page.member.member()

            def make() -> Session:
                from console.ui import behind  # noqa: PLC0415  as above

                asked = behind.Joining(
                    folder=folder, words=words, name=name, writer=writer, approver=approver, envelopes=envelopes,
                    held=held, on_device=on_device, member=member,
                )  # fmt: skip
                return behind.ask_to_join(paths, asked, house)

            def made(session: Session) -> None:
                page.writer.forget()
                page.approver.forget()
                self._enter(session)

            touch = " Touch your security key when it blinks." if on_device else ""
            self._do(page, f"Making your keys and your request.{touch}", make, made)

        page.asked.connect(ask)
        self._turn_to(page)

    def _ask_agent(self, take: Take) -> None:
        """On the worker: an agent may ask its person first."""
        self._bridge.when_done(
            self._worker.submit(lambda _none: agent_keys()), take, lambda fault: take(trouble_of(fault)[0])
        )

    def _practise(self) -> None:
        page = PractisePage(self._look, PRACTICE_PASSPHRASE)
        self._stripe.set_drill(drill=True)
        self.setWindowTitle("DRILL - Standdown")
        told: list[str] = []
        heard: list[int] = [0]

        def say(line: str) -> None:
            told.append(line)
            self._outlet.post(_SAID, tuple(told))

        def hear(lines: tuple[str, ...]) -> None:
            for line in lines[heard[0] :]:
                page.say(line)
            heard[0] = max(heard[0], len(lines))

        def make() -> Practice:
            from console.ui import behind  # noqa: PLC0415  as above

            return behind.begin_practice(say, self._closing)

        def begin() -> None:
            page.begin()
            told.clear()
            heard[0] = 0
            self._do(page, "This takes a few seconds.", make, self._run_practice)

        self._bridge.on(_SAID, hear)
        page.asked.connect(begin)
        self._turn_to(page)
        begin()

    def _run_practice(self, practice: Practice) -> None:
        if self._ended:
            practice.stop()
            return
        practice.go()
        self._finish(practice.paths, practice.stop, PRACTICE_PASSPHRASE.encode())

    # -- founding and joining ------------------------------------------------------------------------------------------

    def _resume(self) -> None:
        page = Page(self._look, "One moment", "Your record is being opened.", back=False)
        page.end()
        self._turn_to(page)

        def open_() -> Session:
            from console.ui import behind  # noqa: PLC0415  as above

            return behind.resume(self._paths)

        self._do(page, "Opening it.", open_, self._enter)

    def _enter(self, session: Session) -> None:
        if self._ended:
            session.close()
            return
        from console.ui import behind  # noqa: PLC0415  as above; loaded by now

        self._stripe.set_drill(drill=session.settings.world == "drill")
        self._room, page = behind.enter(session, self._look, self, self._open_beside)
        page.left.connect(self._leave)
        self._turn_to(page)

    def _open_beside(self, paths: ProfilePaths) -> None:
        other = FirstRun(paths, self._look, self._show)
        self._beside.append(other)
        other.move(self.pos().x() + 48, self.pos().y() + 48)
        other.show()

    def _leave(self) -> None:
        """Go on to the main window. What is not finished is found there again, under the organisation."""
        room = self._room
        if room is None:
            return
        self._room = None
        self._pages.setEnabled(False)
        room.bridge.close()

        def close() -> None:
            _close(room)
            setup.set_down(self._paths)

        self._bridge.when_done(
            self._worker.submit(lambda _none: close()),
            lambda _none: self._hand_over(),
            lambda _fault: self._hand_over(),
        )

    # -- the end -------------------------------------------------------------------------------------------------------

    def _hand_over(self, typed: bytes = b"") -> None:
        self._finish(self._paths, nothing, typed)

    def _finish(self, paths: ProfilePaths, ended: Callable[[], None], typed: bytes) -> None:
        room = self._show(paths, ended)
        self.hide()
        if room is None or not typed:
            self._over()
            return

        opened = room

        def unlock() -> None:
            from console.ui import behind  # noqa: PLC0415  as above

            behind.unlock(opened, typed)

        unlocking = self._worker.submit(lambda _none: unlock())
        self._bridge.when_done(unlocking, lambda _none: self._over(), lambda _fault: self._over())

    def _over(self) -> None:
        self.close()
        self.handed_over.emit()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """What is being made is finished; then everything ends. The next start goes on from there."""
        event.accept()
        if self._ended:
            return
        self._ended = True
        self._closing.set()
        self.hide()
        self._bridge.close()
        room, self._room = self._room, None
        if room is not None:
            room.bridge.close()
            _close(room)
        self._worker.stop(_ENDS_WITHIN_S)

    def _do(self, page: Page, doing: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        page.set_busy(doing)

        def ended(result: T) -> None:
            if not self._ended:
                page.set_busy("")
            done(result)

        def failed(fault: BaseException) -> None:
            if not self._ended:
                page.tell(fault)

        self._bridge.when_done(self._worker.submit(lambda _none: work()), ended, failed)


def _load() -> None:
    importlib.import_module("console.ui.behind")


def _close(room: Room) -> None:
    room.desk.stop()
    room.desk.session.close()


def _told(root: Path) -> str:
    """A folder as people write it."""
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{root.relative_to(Path.home())}"
    return str(root)
