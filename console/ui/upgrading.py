"""What stands where a record of an earlier version is brought up to date: how far it is, and that it may be closed.

The work is on a thread of its own; this looks at it ten times a second. The profile's window comes when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from console.services.upgrading import Upgrade
from console.ui.pages import Page
from console.ui.parts import column, fit
from console.ui.theme import Look
from console.ui.widgets import Text

_LOOK_EVERY_MS: Final = 100
_ENDS_WITHIN_S: Final = 20.0


class UpgradeWindow(QWidget):
    """`done` is called when the record can be opened. Closed before that, it breaks off; the next start goes on."""

    def __init__(self, upgrade: Upgrade, look: Look, done: Callable[[], None]) -> None:
        super().__init__()
        self._upgrade, self._done = upgrade, done
        self.setWindowTitle("Standdown")
        self.page = Page(
            look, "Bringing the record up to date",
            "Nothing that was written changes. You may close this window: what is done stays, and the next start goes "
            "on. Until then this record can be neither read nor written here.",
            back=False,
        )  # fmt: skip
        self.told = Text(look, wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far it is")
        self.page.add(self.told)
        self.page.add(self.bar)
        self.page.end()
        close = self.page.add_button("Close")
        close.clicked.connect(self.close)
        column(self).addWidget(self.page)
        fit(self, QSize(760, 420), QSize(640, 320))
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        upgrade.start()
        self.look()

    def look(self) -> None:
        """Show how far it is; hand over where it is done."""
        state = self._upgrade.state
        self.told.setText(state.sentence)
        self.bar.setRange(0, state.total)
        self.bar.setValue(state.done)
        if state.phase == "running":
            return
        self._timer.stop()
        for part in (self.told, self.bar):
            part.setVisible(state.phase != "failed")
        if state.fault is not None:
            self.page.tell(state.fault)
        elif state.phase == "done":
            self._done()
            self.hide()  # after another one is there: a process without a window ends

    def end(self) -> None:
        """Break it off where it runs, and wait for it: what it has not finished, it undoes."""
        self._timer.stop()
        self._upgrade.break_off()
        self._upgrade.wait(_ENDS_WITHIN_S)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  Qt's name
        """Closed: break off; the process ends when it has."""
        self._upgrade.break_off()
        super().closeEvent(event)
