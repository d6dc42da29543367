"""Before a window closes: says what becomes of what is queued, and lets the person stay. It stops nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from console.ui.room import Room
from console.viewmodels.shell import NOW


def may_close(room: Room, window: QWidget) -> bool:
    """Ask where something is on its way; true where the window may close."""
    now = room.desk.outlet.latest(NOW)
    waiting = () if now is None else now.group("queued")
    if not waiting:
        return True
    box = QMessageBox(window)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Close Standdown?")
    count = len(waiting)
    box.setText("One correction is still on its way." if count == 1 else f"{count} corrections are still on their way.")
    box.setInformativeText(
        "Nothing is lost: they stay queued in the record. While no console of yours runs, nothing is sent, "
        "read back or probed; what lapses meanwhile goes back to people. To let them go on without the window, run "
        "`standdown outbox run` in a terminal.\n\n" + "\n".join(f"- {one.title}" for one in waiting[:6])
    )
    stay = box.addButton("Keep it open", QMessageBox.ButtonRole.RejectRole)
    leave = box.addButton("Close, leave them queued", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is leave
