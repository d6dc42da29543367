"""One target of a document, laid out whole: names, what changes, whom it reaches, how to take it back, what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QWidget

from console.ui.confirm_standing import SELECTABLE
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.widgets import Exact, IconMark, Text
from console.viewmodels.approval import RequestView, TargetView

_SHORT = 48  # characters that stay on one line beside each other


class TargetCard(QFrame):
    """One target: its name as signed and as read here, what changes, whom it reaches, how it is taken back."""

    def __init__(self, look: Look, one: TargetView, opened: set[int]) -> None:
        super().__init__()
        self._look, self._one, self._opened = look, one, opened
        self.setProperty("ground", "raised")
        unit = look.theme.space("unit")
        lines = column(self, unit // 2 + 2, (unit + 6, unit + 2, unit + 4, unit + 2))
        lines.addLayout(self._head())
        lines.addWidget(self._reading())
        if one.changes:
            lines.addWidget(self._changes())
        lines.addWidget(facts(look, self._facts()))
        if one.by_hand is not None and one.by_hand.text:
            title = "Exactly this is asked of them"
            lines.addWidget(Text(look, title, size="small", weight="semibold", tone="text-muted"))
            lines.addWidget(Exact(look, one.by_hand.text))
        for text in one.notes:
            lines.addWidget(Text(look, text, tone="waiting", wrap=True))
        self._more = QPushButton()
        self._more.setProperty("kind", "quiet")
        self._more.setAutoDefault(False)
        self._more.clicked.connect(self.turn)
        self._lines, self._exact = lines, None
        lines.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.setAccessibleName(spoken(one))
        self._tell()

    _exact: QWidget | None

    @property
    def is_open(self) -> bool:
        """Whether its exact requests are shown."""
        return self._one.number in self._opened

    @property
    def last(self) -> QWidget:
        """Its one control."""
        return self._more

    def read(self, one: TargetView) -> None:
        """The same target with another reading."""
        if one == self._one:
            return
        self._one = one
        self._say_reading()
        self.setAccessibleName(spoken(one))

    def _head(self) -> QHBoxLayout:
        look, one = self._look, self._one
        line = QHBoxLayout()
        line.setSpacing(look.theme.space("unit"))
        line.addWidget(Text(look, f"{one.number}", size="title", weight="semibold", tone="text-muted"))
        name = Text(look, one.name, size="title", weight="semibold", wrap=True)
        name.setTextInteractionFlags(SELECTABLE)
        line.addWidget(name, 1)
        for word, tone in (
            ("CANNOT BE REVERTED", "alarm" if one.irreversible else ""),
            (one.whole, "changed" if one.whole else ""),
            ("canary", "text-muted" if one.canary else ""),
            ("by hand", "claimed" if one.by_hand else ""),
        ):  # fmt: skip
            if tone:
                line.addWidget(Text(look, word, size="small", weight="semibold", tone=tone))
        return line

    def _reading(self) -> QWidget:
        look, holder = self._look, QWidget()
        line = row(holder, look.theme.space("unit"))
        self._read_mark = IconMark(look, "eye", "text-muted")
        self._read = Text(look, "", size="small", tone="text-muted", wrap=True)
        self._against = Text(look, "", weight="semibold", tone="alarm", wrap=True)
        line.addWidget(self._read_mark, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._read, 1)
        line.addWidget(self._against, 1)
        self._say_reading()
        return holder

    def _say_reading(self) -> None:
        one = self._one
        text = one.reading
        if one.contradicts:
            pass  # it says itself what is called otherwise
        elif one.name_here and one.name_here != one.name:
            text = f"called {one.name_here!r} here; {text}"
        elif one.name_here:
            text = f"called so here too; {text}"
        if one.contradicts:
            self._read_mark.set_icon("octagon-alert", "alarm")
        else:
            self._read_mark.set_icon("eye", "text-muted")
        self._read.setText(text)
        self._against.setText(text)
        self._read.setVisible(not one.contradicts)
        self._against.setVisible(one.contradicts)

    def _changes(self) -> QWidget:
        look = self._look
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * look.theme.space("unit"))
        grid.setColumnMinimumWidth(0, look.theme.space("unit") * 13)
        for at, (field, old, new) in enumerate(self._one.changes):
            grid.addWidget(Text(look, field, tone="text-muted"), at, 0)
            both = QWidget()
            line = row(both, look.theme.space("unit"))
            for part in (
                Text(look, old, size="title", tone="text-muted"),
                Text(look, new, size="title", weight="semibold"),
            ):
                part.setTextInteractionFlags(SELECTABLE)
                part.setWordWrap(len(old) + len(new) > _SHORT)
                line.addWidget(part)
            line.insertWidget(1, IconMark(look, "arrow-right", "text"))
            line.addStretch(1)
            grid.addWidget(both, at, 1)
        grid.setColumnStretch(1, 1)
        return holder

    def _facts(self) -> list[tuple[str, str, str]]:
        one = self._one
        told = [("What", f"{one.lever}: {one.how_many}", "text")]
        if one.selector and one.selector != one.name:
            told.append(("Which", one.selector, "text"))
        where = one.surface if one.surface == one.provider else f"{one.surface} at {one.provider}"
        told.append(("Where", f"{where}, model {one.model}", "text"))
        told.append(("Whom it reaches", one.reach, "text"))
        if one.by_hand is None:
            told.append(("Users", one.affected, "text"))
        if one.in_flight:
            told.append(("In flight", one.in_flight, "text"))
        told.append(("Taking it back", one.reversal, "alarm" if one.irreversible else "text"))
        if one.by_hand is not None:
            hand = one.by_hand
            told += [
                (word, text, "text") for word, text in (
                    ("Asked", hand.instruction), ("Who", hand.who), ("Contact", hand.contact), ("Ticket", hand.ticket),
                    ("By", hand.by), ("Seen to by", hand.assignee),
                ) if text
            ]  # fmt: skip
        told += [(word, text, "text") for word, text in (*one.asked, *one.more)]
        return told

    def _requests(self) -> QWidget:
        look, one = self._look, self._one
        holder = QWidget()
        lines = column(holder, look.theme.space("unit") // 2)
        if one.by_hand is not None and one.by_hand.back:
            title = "Exactly this takes it back, by hand again"
            lines.addWidget(Text(look, title, size="small", weight="semibold", tone="text-muted"))
            lines.addWidget(Exact(look, one.by_hand.back))
            return holder
        for title, found in (("Exactly this is sent", one.requests), ("Exactly this takes it back", one.revert)):
            lines.addWidget(Text(look, title, size="small", weight="semibold", tone="text-muted"))
            for request in found:
                lines.addWidget(_request(look, request))
            if not found:
                lines.addWidget(Text(look, "Nothing.", size="small", tone="text-muted"))
        sent = ", ".join(one.dispatchers)
        lines.addWidget(Text(look, f"Sent by {sent}", size="small", tone="text-muted", wrap=True))
        return holder

    def turn(self) -> None:
        """Show its exact requests, or hide them."""
        self._opened ^= {self._one.number}
        self._tell()

    def _tell(self) -> None:
        count = len(self._one.requests)
        word = "Hide" if self.is_open else "Show"
        what = "the exact request" if count == 1 else f"the {count} exact requests" if count else "what is sent"
        hand = self._one.by_hand is not None and bool(self._one.by_hand.text)  # it stands there already
        self._more.setText(f"{word} how it is taken back" if hand else f"{word} {what} and how it is taken back")
        whose = f"of target {self._one.number}"
        said = f"{word} how {whose[3:]} is taken back" if hand else f"{word} {what} {whose} and how it is taken back"
        self._more.setAccessibleName(said)
        if self.is_open and self._exact is None:
            self._exact = self._requests()
            self._lines.addWidget(self._exact)
        if self._exact is not None:
            self._exact.setVisible(self.is_open)


def facts(look: Look, told: Sequence[tuple[str, str, str]]) -> QWidget:
    """Pairs of a quiet word and what it is, aligned; the third is the tone."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * look.theme.space("unit"))
    grid.setVerticalSpacing(3)
    grid.setColumnMinimumWidth(0, look.theme.space("unit") * 13)
    for at, (word, text, tone) in enumerate(told):
        grid.addWidget(Text(look, word, tone="text-muted"), at, 0, Qt.AlignmentFlag.AlignTop)
        value = Text(look, text, tone=tone, wrap=True, weight="semibold" if tone == "alarm" else "regular")
        value.setTextInteractionFlags(SELECTABLE)
        grid.addWidget(value, at, 1)
    grid.setColumnStretch(1, 1)
    return holder


def _request(look: Look, request: RequestView) -> QWidget:
    text = "\n".join((f"{request.head}   {request.kind}".rstrip(), *request.body))
    return Exact(look, text)


def spoken(one: TargetView) -> str:
    """The target in one sentence for a screen reader."""
    changes = ", ".join(f"{field} from {old} to {new}" for field, old, new in one.changes)
    parts = (
        f"Target {one.number}: {one.lever} {one.name}", f"{one.surface} at {one.provider}", changes, one.reading,
        f"reaches {one.reach}", one.reversal, "canary" if one.canary else "", "by hand" if one.by_hand else "",
    )  # fmt: skip
    return ". ".join(part for part in parts if part)
