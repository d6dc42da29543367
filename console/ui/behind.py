"""What lies behind the doors of a first run: making a record, asking to join, the practice, the way to two people.

It is loaded when the doors stand already. All but `enter` runs on the first run's worker, never on Qt's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QWidget

from console.keys import hardware
from console.keys.publickey import PublicKey
from console.runtime.paths import ProfilePaths
from console.runtime.settings import House
from console.services import founding, organisation, setup
from console.services.practice import Practice, new_folder
from console.services.record import start_record
from console.services.session import APPROVER, WRITER, AskPassphrase, Session, nobody_asked
from console.services.setup import Note
from console.ui.bridge import Bridge
from console.ui.doer import Doer
from console.ui.founding import FoundingPage
from console.ui.room import Room
from console.ui.stages import Beside
from console.ui.theme import Look
from console.viewmodels.commands import Commands
from console.viewmodels.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What somebody typed who wants to join.

    `held` is a key of their ssh-agent; `on_device`: the approver key is made on a security key, and `approver` is its
    PIN; `member` is their id, where they are a member already.
    """

    folder: Path
    words: str
    name: str
    writer: bytes
    approver: bytes
    envelopes: Path
    held: PublicKey | None = None
    on_device: bool = False
    member: str | None = None


def begin_record(
    paths: ProfilePaths, name: str, typed: bytes, house: House | None, held: PublicKey | None = None
) -> None:  # fmt: skip
    """Start a provisional record, with a new writer key, or one `held` by the ssh-agent.

    Raises:
        WrongUse: where there is a profile already.
    """
    start_record(paths, _given({WRITER: typed}), name=name, held=held)
    if house is not None:
        setup.choose_house(paths, house)


def begin_founding(
    paths: ProfilePaths, name: str, typed: bytes, house: House | None, held: PublicKey | None = None
) -> Session:  # fmt: skip
    """Start a provisional record in order to found: noted, so that the next start goes on. Its session, unlocked."""
    begin_record(paths, name, typed, house, held)
    setup.write_note(paths, Note("found"))
    return _opened(paths, typed)


def find_beginning(folder: Path, words: str) -> None:
    """See that an organisation with these words begins in the folder.

    Raises:
        PlaceGone: when the folder is not there.
        Problem: when none in it has these words.
    """
    founding.find_beginning(folder, words)


def ask_to_join(paths: ProfilePaths, asked: Joining, house: House | None) -> Session:
    """Make keys and a request to join; noted, so that the next start goes on. The profile's session, unlocked."""
    setup.write_note(paths, Note("join", str(asked.folder), str(asked.envelopes)))
    typed = {WRITER: asked.writer, hardware.PIN if asked.on_device else APPROVER: asked.approver}
    organisation.join(
        paths, _given(typed), folder=asked.folder, words=asked.words, name=asked.name, envelopes=asked.envelopes,
        held=asked.held, on_device=asked.on_device, member=asked.member,
    )  # fmt: skip
    if house is not None:
        setup.choose_house(paths, house)
    return _opened(paths, asked.writer)


def resume(paths: ProfilePaths) -> Session:
    """Open what was begun."""
    return Session.open(paths, nobody_asked)


def begin_practice(say: Callable[[str], None], closing: threading.Event) -> Practice:
    """A practice that waits for its `go`; ended at once where the window is closing."""
    practice = Practice(new_folder())
    practice.begin(say)
    if closing.is_set():  # nobody is there to end it
        practice.stop()
    return practice


def enter(session: Session, look: Look, window: QWidget, beside: Beside) -> tuple[Room, FoundingPage]:
    """The surroundings of founding or joining, and its page. On Qt's thread."""
    desk = Desk(session)
    bridge = Bridge(desk.outlet)
    doer = Doer(desk, bridge, look)
    doer.set_parent_window(window)
    desk.start()
    room = Room(desk, bridge, look, Commands(), doer)
    return room, FoundingPage(room, beside=beside)


def unlock(room: Room, typed: bytes) -> None:
    """Unlock the writer key with what was typed a moment ago: nobody is asked twice."""
    session = room.desk.session
    session.offer(WRITER, typed)
    session.writer()
    room.desk.refresh()


def _given(typed: dict[str, bytes]) -> AskPassphrase:
    """Passphrases that a page already has."""

    def given(what: str, *, new: bool = False) -> bytes:
        return typed[what] if what in typed else nobody_asked(what, new=new)

    return given


def _opened(paths: ProfilePaths, typed: bytes) -> Session:
    """The profile just made, with its writer key unlocked."""
    session = Session.open(paths, nobody_asked)
    try:
        session.offer(WRITER, typed)
        session.writer()
        session.forget(WRITER)  # a key in an agent took none
    except BaseException:
        session.close()
        raise
    return session
