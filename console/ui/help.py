"""All keys on one sheet, and what this program is: version, licences, where the profile lies. Reading only."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QScrollArea, QWidget

from console import __version__
from console.ui.parts import column, fit
from console.ui.room import Room
from console.ui.widgets import KeyHint, Stripe, Text

_COLUMNS = 2
_LICENCES = (
    "Apache License 2.0. Inter and IBM Plex Mono: SIL Open Font License. Icons: Lucide, ISC License. "
    "Qt for Python: GNU Lesser General Public License."
)
_MORE = (
    ("j k or arrows", "Move in a list"), ("Enter", "Open what is chosen"), ("Esc", "Leave, clear a filter"),
    ("Tab", "Next control"), ("Shift+Enter", "A new line in the composer"),
)  # fmt: skip


class KeysSheet(QDialog):
    """Every command that has a key, by group."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        unit = room.look.theme.space("unit")
        sheet = QWidget()
        grid = QGridLayout(sheet)
        grid.setHorizontalSpacing(2 * unit)
        rows = [(command.key, command.title) for command in room.commands if command.key]
        for at, (key, title) in enumerate([*rows, *_MORE]):
            line, side = at // _COLUMNS, (at % _COLUMNS) * 2
            grid.addWidget(KeyHint(room.look, key), line, side, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(Text(room.look, title), line, side + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(sheet)
        scroll.setAccessibleName("All keys")
        content = QWidget()
        lines = column(content, unit, (2 * unit, 2 * unit, 2 * unit, 2 * unit))
        lines.addWidget(Text(room.look, "Single letters act while no text has the focus. None approves anything.",
                             tone="text-muted", wrap=True))  # fmt: skip
        lines.addWidget(scroll, 1)
        lines.addWidget(_close(self))
        _frame(self, room, content)
        fit(self, QSize(760, 520))


class About(QDialog):
    """What runs here, and by whose leave."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Standdown")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        unit = room.look.theme.space("unit")
        content = QWidget()
        lines = column(content, unit, (2 * unit, 2 * unit, 2 * unit, 2 * unit))
        lines.addWidget(Text(room.look, f"Standdown {__version__}", size="title", weight="semibold"))
        for text in (
            "Corrects deployed AI models with two signatures, and proves it afterwards.",
            f"Profile: {room.desk.session.paths.root}",
            f"Organisation: {room.desk.session.org}",
            _LICENCES,
        ):
            told = Text(room.look, text, wrap=True)
            told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            lines.addWidget(told)
        lines.addWidget(_close(self))
        _frame(self, room, content)
        self.setMinimumWidth(520)


def _frame(dialog: QDialog, room: Room, content: QWidget) -> None:
    """A drill is unmistakable on every window."""
    column(dialog).addWidget(Stripe(room.look, content, drill=room.desk.session.settings.world == "drill"))


def _close(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
