"""The left side of the composer: which model, what kind, which key, why, where, and until when.

It shows a composition and tells what a person changed. It plans nothing and decides nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QCompleter,
    QFrame,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.domain.deceit import shown
from console.domain.words import CATEGORY_NAMES, CATEGORY_WORDS
from console.services.live_values import Looks
from console.services.planning import DAY_MS
from console.ui.forms import FieldBox
from console.ui.parts import column, row
from console.ui.proposal_besides import Besides
from console.ui.proposal_rows import Change, SurfaceRow, complete
from console.ui.room import Room
from console.ui.sheets import Labelled, Lines, text_line
from console.ui.widgets import Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.composing import Composition
from console.viewmodels.ground import Ground
from console.viewmodels.house import kind_means, kinds
from console.viewmodels.shell import LOOKS

_HOUR_MS: Final = 3_600_000
_REVIEWS: Final = (
    ("in 1 hour", _HOUR_MS), ("in 4 hours", 4 * _HOUR_MS), ("in 12 hours", 12 * _HOUR_MS), ("in a day", DAY_MS),
    ("in 3 days", 3 * DAY_MS), ("in a week", 7 * DAY_MS), ("in 30 days", 30 * DAY_MS),
)  # fmt: skip
_REASON_LINES: Final = 3
_LEAST_WIDTH: Final = 540


class ModelBox(QComboBox):
    """Type a part of its name: leaving the field takes the first that has it. `chosen` tells which."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._model = ""
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName("Model")
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a part of its name")
        self.line.setAccessibleName("Model")
        self.setLineEdit(self.line)
        self.line.editingFinished.connect(self._resolve)
        self.activated.connect(self._resolve)

    def offer(self, models: tuple[str, ...], model: str) -> None:
        """Show these, and this one as chosen."""
        self.clear()
        self.addItems(list(models))
        offered = QCompleter(list(models), self)
        offered.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        offered.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(offered)
        self.put(model)

    def put(self, model: str) -> None:
        """Show this one; nothing is told."""
        self._model = model
        self.setCurrentIndex(self.findText(model) if model else -1)
        self.line.setText(model)

    def _resolve(self, _at: int = 0) -> None:
        typed = self.line.text().strip().casefold()
        known = [self.itemText(at) for at in range(self.count())]
        found = [one for one in known if one.casefold() == typed] or [one for one in known if typed in one.casefold()]
        if not typed or not found:
            self.put(self._model)
            return
        changed = found[0] != self._model
        self.put(found[0])
        if changed:
            self.chosen.emit(found[0])


class KindBar(QWidget):
    """The five kinds of correction in a row; arrows move, Alt and 1 to 5 choose."""

    chosen = Signal(str)

    def __init__(self, room: Room, over: QWidget) -> None:
        super().__init__()
        self._buttons: dict[str, QRadioButton] = {}
        house = room.desk.session.settings.house
        self._kinds, self._meanings = kinds(house), kind_means(house)
        group = QButtonGroup(self)
        lines = column(self, 2)
        holder = QWidget()
        line = row(holder, room.look.theme.space("unit"))
        for number, (name, title) in enumerate(self._kinds.items(), start=1):
            button = QRadioButton(CATEGORY_WORDS[name])
            button.setAccessibleName(f"{title}: {self._meanings[name]}")
            button.setToolTip(plain_tooltip(f"{title} (Alt+{number})"))
            button.clicked.connect(lambda _on=False, name=name: self._clicked(name))
            button.toggled.connect(self._turned)
            group.addButton(button)
            self._buttons[name] = button
            line.addWidget(button)
            QShortcut(QKeySequence(f"Alt+{number}"), over).activated.connect(button.click)
        line.addStretch(1)
        lines.addWidget(holder)
        self._means = Text(room.look, size="small", tone="text-muted", wrap=True)
        lines.addWidget(self._means)
        self.setAccessibleName("Kind of correction")

    def put(self, category: str) -> None:
        """Show this one."""
        self._buttons[category].setChecked(True)
        self.setFocusProxy(self._buttons[category])

    def _clicked(self, name: str) -> None:
        self.setFocusProxy(self._buttons[name])
        self.chosen.emit(name)

    def _turned(self, on: bool) -> None:  # noqa: FBT001  Qt's signal
        name = next((name for name, button in self._buttons.items() if on and button.isChecked()), None)
        if name is not None:
            self._means.setText(f"{CATEGORY_NAMES[name]}. {self._meanings[name]}")


class _Named(Labelled):
    """A field whose name depends on what the levers select."""

    def rename(self, title: str) -> None:
        """Another name, on screen and for screen readers."""
        for name in self.findChildren(Text):
            if name.buddy() is self.control:
                name.setText(title)
        self.control.setAccessibleName(title)


class Fields(QScrollArea):
    """Everything a person says, from top to bottom in the order of the Tab key."""

    model_chosen = Signal(str)
    kind_chosen = Signal(str)
    names_asked = Signal()

    def __init__(self, room: Room, change: Change, over: QWidget) -> None:
        super().__init__()
        self._room, self._change = room, change
        self._ground: Ground | None = None
        self._filling = False
        self.rows: list[SurfaceRow] = []
        self._ordered: list[QWidget] = []
        self.asked: dict[str, FieldBox] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.model = ModelBox()
        self.model.chosen.connect(self.model_chosen)
        self.names = QPushButton()
        self.names.setProperty("kind", "quiet")
        self.names.setAutoDefault(False)
        self.names.clicked.connect(self.names_asked)
        self._maybe = Text(room.look, size="small", tone="waiting", wrap=True)
        self.kind = KindBar(room, over)
        self.kind.chosen.connect(self.kind_chosen)
        self.which = text_line("Which key")
        self.which.textEdited.connect(self._selected)
        self._which = _Named(room, "Which key", self.which)
        self._asks = QWidget()
        self._asks.hide()
        self._asks_lines = column(self._asks, room.look.theme.space("unit"))
        self.reason = Lines(room, "Why", _REASON_LINES)
        self.reason.setMinimumHeight(room.look.theme.metrics().lineSpacing() * 2 + 2 * room.look.theme.space("unit"))
        self.reason.setPlaceholderText("Everybody who signs reads it, and it stays in the record.")
        self.reason.textChanged.connect(self._reasoned)
        self._where = Text(room.look, weight="medium")
        self._rows = QWidget()
        self._rows_lines: QVBoxLayout = column(self._rows, room.look.theme.space("unit"))
        self.if_not = text_line("What happens if it is not done")
        self.if_not.textEdited.connect(self._if_not)
        self.criteria = text_line("It may be lifted when")
        self.criteria.textEdited.connect(self._criteria)
        self.review = QComboBox()
        self.review.setAccessibleName("People look at it again")
        for words, ms in _REVIEWS:
            self.review.addItem(words, ms)
        self.review.currentIndexChanged.connect(self._reviewed)
        self.besides = Besides(room, change)
        QShortcut(QKeySequence("Alt+B"), over).activated.connect(self._to_besides)
        self._lay_out()

    # -- showing -------------------------------------------------------------------------------------------------------

    def build(self, ground: Ground, made: Composition) -> None:
        """The rows of this composition, made anew."""
        self._ground = ground
        if self.model.count() != len(ground.models):
            self.model.offer(ground.models, made.draft.model)
        for one in self.rows:
            one.hide()
            self._rows_lines.removeWidget(one)
            one.deleteLater()
        self.rows = [SurfaceRow(self._room.look, ground, made, at, self._change) for at in range(len(made.draft.rows))]
        for one in self.rows:
            self._rows_lines.addWidget(one)
        self.put(made, anew=True)

    def put(self, made: Composition, *, anew: bool = False) -> None:
        """Show this; a field that somebody types in is left alone, unless all begins `anew`."""
        ground = self._ground
        if ground is None:
            return
        self._filling = True
        draft = made.draft
        if not self.model.line.hasFocus():
            self.model.put(draft.model)
        self.kind.put(draft.category)
        self._name(ground, draft.model)
        selects = made.selects
        self._which.setVisible(bool(selects))
        noun = " or ".join(selects)
        self._which.rename(f"Which {noun}")
        self.which.setPlaceholderText("Its id; several with commas between" if noun else "")
        if (anew or not self.which.hasFocus()) and self.which.text() != made.selector:
            self.which.setText(made.selector)
        self._ask(ground, made)
        if (anew or not self.reason.hasFocus()) and self.reason.toPlainText() != draft.reason:
            self.reason.setPlainText(draft.reason)
        for field, text in ((self.if_not, draft.if_not), (self.criteria, draft.criteria)):
            if (anew or not field.hasFocus()) and field.text() != text:
                field.setText(text)
        at = self.review.findData(draft.review_in_ms)
        self.review.setCurrentIndex(at if at >= 0 else self.review.findData(DAY_MS))
        for one in self.rows:
            one.put(made)
        self.besides.put(ground, made, self._looks(), self._now_ms())
        self._where.setText(_where(made))
        self._order()
        self._filling = False

    def see(self) -> None:
        """Something was looked at: what is said of the fallback follows."""
        self.besides.see(self._looks(), self._now_ms())

    def _to_besides(self) -> None:
        """Past the surfaces, however many: to what is said besides."""
        self.besides.take_focus()
        self.ensureWidgetVisible(self.besides)

    def _looks(self) -> Looks | None:
        return self._room.desk.outlet.latest(LOOKS)

    def _now_ms(self) -> int:
        return self._room.desk.session.clock.wall_ms()

    def _name(self, ground: Ground, model: str) -> None:
        """Whether it is offered elsewhere under another name: what is thought so is said, and never taken for so."""
        maybe = ground.likely.get(model, ())
        told = ", ".join(dict.fromkeys(shown(one.surface.own or one.surface.model) for one in maybe))
        self._maybe.setText(f"Perhaps the same model, and not corrected by this: {told}." if told else "")
        self.names.setText("Is it the same? ..." if maybe else "Offered under another name ...")
        self.names.setVisible(bool(model) and len(ground.models) > 1)

    def known(self, selectors: tuple[str, ...]) -> None:
        """What may be offered while the selector is typed."""
        complete(self.which, selectors)

    def tell(self, which: str, asked: Mapping[str, str]) -> None:
        """What is wrong with what is said for all rows, beside its field."""
        self._which.say(which, wrong=bool(which))
        for box in self.asked.values():
            box.tell(asked)

    def first(self, made: Composition | None) -> QWidget:
        """Where a person begins: the model where it is not known, else what is most likely still to be said."""
        if made is None or not made.draft.model:
            return self.model
        if not self._which.isHidden() and not made.selector:
            return self.which
        empty = next((box for box in self.asked.values() if not box.value()), None)
        return empty if empty is not None else self.reason

    # -- what a person does --------------------------------------------------------------------------------------------

    def _reasoned(self) -> None:
        text = self.reason.toPlainText()
        if not self._filling:
            self._change(lambda now: now.said(reason=text))

    def _selected(self, text: str) -> None:
        self._change(lambda now: now.select(text))

    def _if_not(self, text: str) -> None:
        self._change(lambda now: now.said(if_not=text))

    def _criteria(self, text: str) -> None:
        self._change(lambda now: now.said(criteria=text))

    def _reviewed(self, _at: int) -> None:
        ms = int(self.review.currentData())
        if not self._filling:
            self._change(lambda now: now.review_in(ms))

    def _asked(self, name: str) -> None:
        text = str(self.asked[name].value())
        if not self._filling:
            self._change(lambda now: now.set(name, text))

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _ask(self, ground: Ground, made: Composition) -> None:
        """The fields of what the chosen levers ask, each once for all rows."""
        wanted = made.asks(ground)
        if [name for _, name in wanted] == list(self.asked):
            return
        while (item := self._asks_lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        self.asked = {}
        for form, name in wanted:
            box = FieldBox(self._room.look, next(one for one in form.fields if one.name == name))
            if name in made.common:
                box.put(made.common[name])
            box.changed.connect(lambda name=name: self._asked(name))
            self._asks_lines.addWidget(box)
            self.asked[name] = box
        self._asks.setVisible(bool(wanted))

    def _order(self) -> None:
        """Tab goes in reading order, whatever was made last."""
        wanted: list[QWidget] = [self.which, *(box.editor for box in self.asked.values()), self.reason]
        for one in self.rows:
            wanted += one.in_order()
        wanted += [*self.besides.in_order(), self.criteria, self.review, self.if_not]
        if wanted != self._ordered:
            self._ordered = wanted
            for before, after in itertools.pairwise(wanted):
                QWidget.setTabOrder(before, after)

    def _lay_out(self) -> None:
        room, unit = self._room, self._room.look.theme.space("unit")
        inside = QWidget()
        lines = column(inside, unit + 4, (2, 2, unit + 4, unit))
        lines.addWidget(Labelled(room, "Model", self.model))
        named = QWidget()
        beside = row(named, unit)
        beside.addWidget(self._maybe, 1)
        beside.addWidget(self.names, 0, Qt.AlignmentFlag.AlignTop)
        lines.addWidget(named)
        lines.addWidget(self.kind)
        lines.addWidget(self._which)
        lines.addWidget(self._asks)
        lines.addWidget(Labelled(room, "Why", self.reason))
        lines.addWidget(self._where)
        lines.addWidget(self._rows)
        lines.addWidget(self.besides)
        later = QWidget()
        both = row(later, unit)
        both.addWidget(Labelled(room, "It may be lifted when (optional)", self.criteria), 1)
        both.addWidget(Labelled(room, "People look at it again", self.review))
        lines.addWidget(later)
        lines.addWidget(Labelled(room, "What happens if it is not done (optional)", self.if_not))
        lines.addStretch(1)
        self.setWidget(inside)


def _where(made: Composition) -> str:
    rows = made.draft.rows
    if len(rows) < 2:  # noqa: PLR2004  nothing to choose from
        return "Where"
    chosen = len(made.draft.chosen)
    return f"Where: all {chosen} surfaces" if chosen == len(rows) > 1 else f"Where: {chosen} of {len(rows)} surfaces"
