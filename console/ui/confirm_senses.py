"""What the confirmation's window can know of itself: shown, in front, uncovered. It tells the guard, and no more.

Of other programs' windows only the focus tells; the defence against those is the key unlocked for one signature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from console.viewmodels.approval import ApprovalView, choices_of, signed_part
from console.viewmodels.guard import Guard

_LOCKED_WRITER: Final = "Your writer key is locked: it carries your signature into the record. Unlock it first."
_NOT_ALL_DRAWN: Final = "Not every target is on this screen yet."
_TURNING: Final = "The seat is being handed over: nobody signs until it is taken."
_TELLING: Final = frozenset({
    QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate, QEvent.Type.WindowStateChange, QEvent.Type.Expose,
    QEvent.Type.ActivationChange, QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowBlocked,
    QEvent.Type.WindowUnblocked,
})  # fmt: skip
_ABOVE: Final = (Qt.WindowType.Popup, Qt.WindowType.Tool, Qt.WindowType.SplashScreen, Qt.WindowType.Sheet)


def tell_of_view(
    guard: Guard, before: ApprovalView | None, view: ApprovalView, *, whole: bool, turning: bool, locked_writer: bool
) -> None:
    """Tell the guard what a view made anew changes: what is signed, what may be, and what locks it meanwhile.

    `whole` is whether all of it is drawn, `turning` whether the seat is being handed over, `locked_writer` whether the
    key that would carry the signature is locked.
    """
    if before is not None and signed_part(before) != signed_part(view):
        guard.content_changed(view.sha)
    if view.contradiction and (before is None or view.contradiction != before.contradiction):
        guard.contradicted()
    choices = choices_of(view)
    guard.permit(choices)
    guard.allow("reading")
    _lock(guard, "problem", "" if choices else view.why_not or "It cannot be signed here.")
    _lock(guard, "drawing", "" if whole else _NOT_ALL_DRAWN)
    _lock(guard, "seat", _TURNING if turning else "")
    _lock(guard, "writer", _LOCKED_WRITER if locked_writer and choices else "")


def _lock(guard: Guard, what: str, reason: str) -> None:
    """Lock it for a reason, or no longer; what is so already is no event."""
    if not reason:
        guard.allow(what)
    elif not guard.locked_by(what):
        guard.forbid(what, reason)


class Senses(QObject):
    """Watches one window for the guard that holds now. `look` may be called at any time, as often as wanted."""

    def __init__(self, window: QWidget, guard: Callable[[], Guard | None]) -> None:
        super().__init__(window)
        self._window, self._guard = window, guard
        window.installEventFilter(self)

    def look(self) -> None:
        """Tell the guard what is so."""
        guard, window = self._guard(), self._window
        if guard is None:
            return
        handle = window.windowHandle()
        exposed = bool(handle) and handle.isExposed()
        guard.shown(window.isVisible() and not window.isMinimized() and exposed)
        guard.focus(window.isActiveWindow())
        guard.obscured(self.covered())

    def covered(self) -> bool:
        """Whether another window of ours lies over it."""
        if QApplication.activePopupWidget() is not None:
            return True
        mine = self._window.frameGeometry()
        return any(self._covers(one) and one.frameGeometry().intersects(mine) for one in QApplication.topLevelWidgets())

    def _covers(self, other: QWidget) -> bool:
        if other is self._window or not other.isVisible() or other.windowType() == Qt.WindowType.ToolTip:
            return False
        if other.windowFlags() & Qt.WindowType.WindowStaysOnTopHint or other.windowType() in _ABOVE:
            return True
        parent = other.parentWidget()  # whatever is opened over this window lies above it
        return other.isModal() or (parent is not None and parent.window() is self._window)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Whatever could hide, cover or take the focus away is told at once."""
        if not hasattr(self, "_window"):  # the window is being taken down, and with it what this object knew
            return False
        if watched is self._window and event.type() in _TELLING:
            if event.type() == QEvent.Type.WindowActivate:
                self._window.raise_()  # with the focus but beneath another window it could not be read
            self.look()
        return super().eventFilter(watched, event)
