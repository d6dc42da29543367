"""The pages of a first run before there is a profile: the doors, starting alone, joining, the practice that begins.

They ask and show. What is made is made by the first run, on its worker.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QRadioButton, QSizePolicy, QWidget

from console.runtime.settings import House
from console.services.setup import Door
from console.ui.key_choices import ApproverChoice, Ask, MemberChoice, WriterChoice
from console.ui.pages import Field, FolderField, HeardField, Page, press
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.widgets import IconMark, Text
from console.viewmodels.firstrun import DOORS, HOUSES, DoorText, suggested_name, why_not_name

_ICON_PX: Final = 24
_HIGH_PX: Final = 76
KEYS_HINT: Final = (
    "A recovery key of yours, in two envelopes. They come as two files into this folder to be printed: a stick is best."
)


class DoorButton(QAbstractButton):
    """One of the doors."""

    def __init__(self, look: Look, said: DoorText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._said = look, said
        self.setText(said.title)
        self.setAccessibleName(f"{said.title}, {said.takes}")
        self.setAccessibleDescription(said.sentence)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Two lines and room to breathe."""
        return QSize(480, _HIGH_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        """Icon, title and how long it takes, the sentence below."""
        theme, said = self._look.theme, self._said
        wide = theme.space("wide")
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        over = self.underMouse() or self.isDown()
        ring = theme.space("focus") if self.hasFocus() else 1
        painter.setPen(QPen(theme.colour("focus" if self.hasFocus() else "edge"), ring))
        painter.setBrush(theme.colour("hover" if over else "raised"))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), theme.space("radius"), theme.space("radius"))
        icon = self._look.pixmap(said.icon, "accent", _ICON_PX, self.devicePixelRatioF())
        painter.drawPixmap(wide, (self.height() - _ICON_PX) // 2, icon)
        box = self.rect().adjusted(wide * 2 + _ICON_PX, wide // 2 + 2, -wide, -wide // 2)
        painter.setFont(theme.font("title", "medium"))
        painter.setPen(theme.colour("text"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), said.title)
        high = painter.fontMetrics().height()
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("text-muted"))
        takes = QRect(box.left(), box.top(), box.width(), high)
        painter.drawText(takes, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), said.takes)
        below = box.adjusted(0, high + 4, 0, 0)
        flags = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(below, flags, said.sentence)


class DoorsPage(Page):
    """Which house, then one of four doors."""

    chosen = Signal(str)

    def __init__(self, look: Look, where: str) -> None:
        lead = "Correct a deployed AI model that has turned out dangerous, and prove afterwards what was done."
        super().__init__(look, "Standdown", lead, back=False)
        self._group = QButtonGroup(self)
        asked = QWidget()
        asked.setAccessibleName("The model and you")
        line = row(asked, look.theme.space("unit"))
        line.addWidget(Text(look, "The model:", weight="medium"))
        for at, answer in enumerate(HOUSES):
            choice = QRadioButton(answer.title)
            choice.setAccessibleName(f"The model: {answer.title}")
            choice.setChecked(answer.house is None)
            self._group.addButton(choice, at)
            line.addWidget(choice)
        line.addStretch(1)
        self.add(asked)
        doors = QWidget()
        listed = column(doors, look.theme.space("unit"))
        self.doors: dict[Door, DoorButton] = {}
        for said in DOORS:
            button = DoorButton(look, said)
            button.clicked.connect(lambda _checked=False, door=said.door: self.chosen.emit(door))
            self.doors[said.door] = button
            listed.addWidget(button)
        self.add(doors)
        self.end()
        self.doing.setText(f"What you write is kept in {where}")
        self.setFocusProxy(self.doors["alone"])

    def house(self) -> House | None:
        """What was said; None where it was left for later."""
        return HOUSES[max(0, self._group.checkedId())].house


class AlonePage(Page):
    """Name and passphrase; founding begins with the same page."""

    asked = Signal()

    def __init__(self, look: Look, ask_agent: Ask, *, found: bool) -> None:
        title = "Found an organisation" if found else "Start a record now"
        lead = (
            "First a record of your own, with your name and your key. The shared folder and your colleague come next."
            if found
            else "Your name and a passphrase; then you can write."
        )
        super().__init__(look, title, lead)
        self.name = Field(look, "Your name, as colleagues will read it")
        self.name.edit.setText(suggested_name())
        self.passphrase = WriterChoice(look, "A passphrase for what you write", ask_agent)
        self.go = self.add_button("Go on" if found else "Start the record", "main")
        for part in (self.name, self.passphrase):
            self.add(part)
            part.changed.connect(self.check)
        self.name.entered.connect(self.passphrase.setFocus)
        self.passphrase.entered.connect(press(self.go))
        self.go.clicked.connect(self.asked)
        self.end()
        self.setFocusProxy(self.name.edit)
        self.check()

    def check(self) -> None:
        """May it start."""
        why = why_not_name(self.name.text())
        self.name.say(why, wrong=bool(why and self.name.text().strip()))
        self.go.setEnabled(not (why or self.passphrase.why_not()))


class HearPage(Page):
    """Joining, first half: the shared folder, and the words that the founder reads out."""

    asked = Signal()

    def __init__(self, look: Look) -> None:
        lead = "Your colleague shares a folder and reads eight words to you, by voice: they prove whose it is."
        super().__init__(look, "Join an organisation", lead)
        self.folder = FolderField(look, "The shared folder", "The one your colleague named; a stick serves too.")
        self.heard = HeardField(look, "Type what you hear")
        self.go = self.add_button("Compare", "main")
        for part in (self.folder, self.heard):
            self.add(part)
            part.changed.connect(self.check)
        self.folder.entered.connect(self.heard.edit.setFocus)
        self.heard.entered.connect(press(self.go))
        self.go.clicked.connect(self.asked)
        self.end()
        self.setFocusProxy(self.folder.edit)
        self.check()

    def check(self) -> None:
        """May it be compared."""
        self.go.setEnabled(bool(self.folder.text().strip()) and self.heard.complete())


class JoinPage(Page):
    """Joining, second half: name, two passphrases, and where the envelopes go."""

    asked = Signal()

    def __init__(self, look: Look, envelopes: Path, ask_agent: Ask) -> None:
        lead = "The words agree. Now your name, and your keys: one signs what you write, the other what you approve."
        super().__init__(look, "Join: your keys", lead)
        self.name = Field(look, "Your name, as colleagues will read it")
        self.name.edit.setText(suggested_name())
        self.member = MemberChoice(look)
        self.writer = WriterChoice(look, "A passphrase for what you write", ask_agent)
        self.approver = ApproverChoice(look, "Another one for what you approve")
        self.envelopes = FolderField(look, "Where your two recovery envelopes go", KEYS_HINT)
        self.envelopes.edit.setText(str(envelopes))
        self.go = self.add_button("Make my keys and ask", "main")
        for part in (self.name, self.member, self.writer, self.approver, self.envelopes):
            self.add(part)
            part.changed.connect(self.check)
        self.name.entered.connect(self.writer.setFocus)
        self.writer.entered.connect(self.approver.setFocus)
        self.approver.entered.connect(press(self.go))
        self.go.clicked.connect(self.asked)
        self.end()
        self.setFocusProxy(self.name.edit)
        self.check()

    def check(self) -> None:
        """May it be asked."""
        why = why_not_name(self.name.text())
        self.name.say(why, wrong=bool(why and self.name.text().strip()))
        same = bool(self.writer.typed()) and self.writer.typed() == self.approver.typed()
        where = bool(self.envelopes.text().strip())
        lacks = why or self.member.why_not() or self.writer.why_not() or self.approver.why_not()
        self.go.setEnabled(not lacks and where)
        self.doing.setText("Better two: whoever learns one of them could then approve." if same else "")


class PractisePage(Page):
    """What is being made, line by line, and the one passphrase of the drill."""

    asked = Signal()

    def __init__(self, look: Look, passphrase: str) -> None:
        lead = "A drill on simulators on this computer. Nothing real is touched, and no real credential can get in."
        super().__init__(look, "Practise", lead, back=False)
        told = QWidget()
        line = row(told, look.theme.space("unit"))
        line.addWidget(Text(look, "Wherever a passphrase is asked for, type"))
        line.addWidget(Text(look, passphrase, size="title", mono=True))
        line.addStretch(1)
        self.add(told)
        self._mark: IconMark | None = None
        self._listed = QWidget()
        self._lines = column(self._listed, look.theme.space("unit"))
        self.add(self._listed)
        self.again = self.add_button("Try again", "main")
        self.again.clicked.connect(self.asked)
        self.again.hide()
        self.end()

    def begin(self) -> None:
        """Nothing is made yet."""
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._mark = None
        self.again.hide()
        self.set_busy("This takes a few seconds.")

    def say(self, text: str) -> None:
        """What is being made now; what was said before is done."""
        self._done()
        said = QWidget()
        line = row(said, self.look.theme.space("unit"))
        self._mark = IconMark(self.look, "hourglass", "waiting")
        line.addWidget(self._mark)
        line.addWidget(Text(self.look, text), 1)
        self._lines.addWidget(said)

    def _done(self) -> None:
        if self._mark is not None:
            self._mark.set_icon("check", "good")

    def tell(self, fault: BaseException) -> None:
        """It could not be made."""
        super().tell(fault)
        self.again.show()
