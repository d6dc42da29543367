"""What went round a gateway, at the window: a card for each model, the loudest first; asked again, it is read anew."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from console.ui.bypass import BypassDialog
from tests.kit.rooms import room_of
from tests.services.test_bypass import both

__all__ = ["both"]
WITHIN_MS = 30_000


def test_each_model_has_a_card_and_is_asked_again(qtbot, look, both) -> None:
    session, gateway, _ = both
    with room_of(session, look) as room:
        window = QWidget()
        qtbot.addWidget(window)
        window.show()
        dialog = BypassDialog(room, window)
        dialog.open()

        def cards() -> list[str]:
            return [one.accessibleName() for one in dialog.findChildren(QFrame) if one.property("ground") == "raised"]

        qtbot.waitUntil(lambda: any(one.startswith("atlas: ") for one in cards()), timeout=WITHIN_MS)
        first = cards()[0]
        assert "17 or more went round it" in first
        assert "key_1 40, key_3 5, key_2 2" in first
        gateway.poke(lambda rows: rows.calls.extend([rows.calls[0]] * 40))
        again = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Ask again")
        again.click()
        qtbot.waitUntil(lambda: any("none went round" in one for one in cards()), timeout=WITHIN_MS)
        shown = " ".join(one.text() for one in dialog.findChildren(QLabel))
        assert "Vendors count late" in shown
        dialog.close()
