"""What went round the gateways: for each model the vendor's own count beside the gateway's, read while it is open.

It is a hint and says so; it changes nothing, here or there.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QFrame, QWidget

from console.domain.deceit import shown
from console.services.bypass import Round, round_now
from console.ui.parts import column
from console.ui.room import Room
from console.ui.sheets import Sheet
from console.ui.widgets import EmptyState, Text

_LEAD: Final = (
    "Calls that a vendor counted and the gateway before it did not carry. Whoever made them holds a key of the "
    "vendor's own, and a block at the gateway does not reach them. Vendors count late: it is an hour that ended ten "
    "minutes ago."
)
_NOTHING: Final = (
    "No model is offered both by a gateway and by a vendor that counts calls, as OpenAI, Anthropic and AWS do. "
    "Where the two call it differently, say on the composer that they are one model."
)


class BypassDialog(Sheet):
    """One card for each model that can be compared."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(room, parent, "What went round a gateway", _LEAD)
        self._place = QWidget()
        self._lines = column(self._place, room.look.theme.space("unit"))
        self.add(self._place)
        self.body.addStretch(1)
        self.only_close()
        self.add_button("Ask again", self._ask, "main")
        self._ask()
        self.take_room(720, 480)

    def _ask(self) -> None:
        self.carry_out(round_now, self._fill, "Asking the gateways and the vendors ...", "aside")

    def _fill(self, found: list[Round]) -> None:
        while (gone := self._lines.takeAt(0)) is not None:
            if (widget := gone.widget()) is not None:
                widget.deleteLater()
        if not found:
            self._lines.addWidget(EmptyState(self.room.look, "Nothing can be compared", _NOTHING, "", "plug"))
        for one in sorted(found, key=lambda each: (-(each.found.round or 0), each.found.model)):
            self._lines.addWidget(_card(self.room, one))


def _card(room: Room, one: Round) -> QFrame:
    frame = QFrame()
    frame.setProperty("ground", "raised")
    unit = room.look.theme.space("unit")
    lines = column(frame, unit // 2, (2 * unit, unit, 2 * unit, unit))
    lines.addWidget(Text(room.look, shown(one.found.model), weight="semibold"))
    told = shown(one.told)
    tone = "changed" if one.found.round else "text"
    lines.addWidget(Text(room.look, f"{told[:1].upper()}{told[1:]}.", tone=tone, wrap=True))
    frame.setAccessibleName(f"{shown(one.found.model)}: {told}")
    return frame
