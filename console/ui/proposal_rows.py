"""Where a correction goes: one row for each surface of the model, chosen, left out with a word, or impossible.

A row shows a composition and tells what a person changed; it plans nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QFrame,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.deceit import shown
from console.domain.render import REACHES, REVERSALS, WHOLE
from console.domain.words import category_word
from console.providers.wishes import FINISH, RUNNING, STOP
from console.ui.forms import Editor, connect, editor_for, put_value, value_of
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.tokens import Mark
from console.ui.widgets import StateMark, Text, Words, plain_tooltip
from console.viewmodels.composing import Composition
from console.viewmodels.ground import Ground, lever_words
from console.viewmodels.proposal import Row

PLANS: Final = {
    "planned": Mark("can be done", "ring", "known"),
    "cannot": Mark("cannot be done", "no-entry", "alarm"),
    "waits": Mark("does not answer", "hourglass", "waiting"),
    "reading": Mark("reading ...", "dots", "text-muted"),
    "wanting": Mark("not complete", "question", "waiting"),
    "left": Mark("left out", "ring-slash", "changed"),
    "gap": Mark("nothing to pull", "dash", "text-muted"),
}
_NARROW: Final = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
_BY_HAND: Final = (("who", "Who is asked"), ("contact", "Contact"), ("ticket", "Ticket"), ("by", "By when"))
Change = Callable[[Callable[[Composition], Composition]], None]


class SurfaceRow(QFrame):
    """One surface. `change` is handed what is to be done to the composition, with nothing of this row in it."""

    def __init__(self, look: Look, ground: Ground, made: Composition, at: int, change: Change) -> None:
        super().__init__()
        self._look, self._ground, self._at, self._change = look, ground, at, change
        self._filling = True
        self._shown_lever = ""
        self.setProperty("ground", "raised")
        one = made.draft.rows[at]
        self.box = QCheckBox(shown(one.options.surface.name).replace("&", "&&"))
        self.box.setAccessibleName(f"{one.where}: correct it here too")
        self.box.toggled.connect(self._toggled)
        self.levers = _levers(one)
        self.levers.currentIndexChanged.connect(self._pulled)
        self.mark = StateMark(look, "reading", size="small", table=PLANS)
        self.told = Text(look, size="small", tone="text-muted", wrap=True)
        self.fault = Words(look, size="small", tone="alarm")
        self.word = QLineEdit()
        self.word.setPlaceholderText("Left out because ... (everybody who signs reads it)")
        self.word.setAccessibleName(f"Why {one.where} is left out")
        self.word.textEdited.connect(self._worded)
        self.more = QPushButton("Differently here ...")
        self.more.setProperty("kind", "quiet")
        self.more.setAutoDefault(False)
        self.more.setCheckable(True)
        self.more.setAccessibleName(f"{one.where}: other values than for the rest")
        self.more.toggled.connect(self._opened)
        self.only = QPushButton("Only here")
        self.only.setProperty("kind", "quiet")
        self.only.setAutoDefault(False)
        self.only.setAccessibleName(f"Only {one.where}; leave the others out")
        self.only.clicked.connect(lambda: self._change(lambda now: now.only(at)))
        self.canary = QComboBox()
        self.canary.setSizeAdjustPolicy(_NARROW)  # an id is long, and nothing else may be pushed out of sight by it
        self.canary.setAccessibleName(f"{one.where}: canary")
        self.canary.currentIndexChanged.connect(self._canaried)
        self.own = _OwnValues(look, self)
        self._ask = _AskFields(look, ground, one, self) if one.options.by_hand else None
        self._lay_out()
        self._filling = False
        self.put(made)

    # -- showing -------------------------------------------------------------------------------------------------------

    def put(self, made: Composition) -> None:
        """Show this; a field that somebody types in is left alone."""
        self._filling = True
        one = made.draft.rows[self._at]
        self.box.setChecked(one.chosen)
        self.box.setEnabled(bool(one.lever))
        at = self.levers.findData(one.lever)
        self.levers.setCurrentIndex(max(at, 0))
        offers = not one.lever and self.levers.count() > 1
        self.levers.setVisible((one.chosen and not one.options.by_hand) or offers)
        if one.lever != self._shown_lever:
            self._shown_lever = one.lever
            self.own.build(self._ground, one, self._at, made)
            self._offer_canaries(one, made)
        self.own.put(made, self._at)
        here = made.draft.chosen == (one,)
        self.only.setVisible(one.chosen and not here)
        self.more.setVisible(one.chosen and self.own.any)
        self.own.setVisible(one.chosen and self.own.any and (self.more.isChecked() or self.own.said(one)))
        self.canary.setVisible(one.chosen and self.canary.count() > 1)
        self.word.setVisible(not one.chosen and bool(one.lever))
        if not self.word.hasFocus():
            self.word.setText(made.words.get(one.options.surface.surface, ""))
        if self._ask is not None:
            self._ask.setVisible(one.chosen)
            self._ask.put(one)
        self.told.setText(_told(one))
        self._filling = False

    def say(self, state: str, fault: str, note: str = "") -> None:
        """How far its plan is, and what is wrong."""
        self.mark.set_state(state, note)
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))
        self.fault.set_tone("alarm" if state in ("cannot", "waits") else "waiting")
        self.box.setAccessibleDescription(f"{self.mark.text()}. {fault}".strip())

    def in_order(self) -> list[QWidget]:
        """What takes the focus, in reading order."""
        asked = [] if self._ask is None else self._ask.in_order()
        return [self.box, self.only, *asked, self.levers, self.canary, self.more, *self.own.in_order(), self.word]

    # -- what a person does --------------------------------------------------------------------------------------------

    def edited(self, name: str, text: str) -> None:
        """A value of this row alone."""
        if self._filling:
            return
        at = self._at
        if name == "selector":
            self._change(lambda now: now.select_at(at, text))
        else:
            self._change(lambda now: now.set_at(at, name, text))

    def assigned(self, person: str | None) -> None:
        """Who sees to it."""
        if not self._filling:
            self._change(lambda now: now.ask(self._at, person))

    def _toggled(self, on: bool) -> None:  # noqa: FBT001  Qt's signal
        if self._filling:
            return
        self._change(lambda now: now.choose(self._at, on))
        if not on:
            self.word.setFocus()

    def _pulled(self, _index: int) -> None:
        if not self._filling:
            lever = str(self.levers.currentData() or "")
            self._change(lambda now: now.pull(self._at, lever, self._ground))

    def _worded(self, text: str) -> None:
        self._change(lambda now: now.word(self._at, text))

    def _canaried(self, _index: int) -> None:
        if not self._filling:
            selector = str(self.canary.currentData() or "")
            self._change(lambda now: now.canary(self._at, selector))

    def _opened(self, on: bool) -> None:  # noqa: FBT001  Qt's signal
        self._change(lambda now: now)
        if on:
            self.own.setFocus()

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        unit = self._look.theme.space("unit")
        head = QWidget()
        line = row(head, unit)
        line.addWidget(self.box, 1)
        line.addWidget(self.only)
        line.addWidget(self.mark)
        do = QWidget()
        second = row(do, unit)
        second.addWidget(self.levers, 1)
        second.addWidget(self.canary, 1)
        second.addWidget(self.more)
        lines = column(self, unit // 2 + 2, (unit + 2, unit - 2, unit + 2, unit))
        for part in (head, self.told, do, self.own, self.word, self.fault):
            lines.addWidget(part)
        if self._ask is not None:
            lines.insertWidget(3, self._ask)

    def _offer_canaries(self, one: Row, made: Composition) -> None:
        self.canary.clear()
        known = self._ground.canaries_of(one)
        if not known:
            return
        self.canary.addItem("No canary with it", "")
        for selector in known:
            name = shown(self._ground.called.get(selector, selector))
            self.canary.addItem(f"With canary {name}", selector)
        self.canary.setToolTip(
            plain_tooltip("A canary is corrected with it and probed, so that it can be proven that it takes hold.")
        )
        chosen = made.canaries.get(one.options.surface.surface, "")
        self.canary.setCurrentIndex(max(self.canary.findData(chosen), 0))


class _OwnValues(QWidget):
    """Selector and parameters of one row, where they differ from what is said for all."""

    def __init__(self, look: Look, owner: SurfaceRow) -> None:
        super().__init__()
        self._look, self._owner = look, owner
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(look.theme.space("half"))
        self._grid.setColumnStretch(1, 1)
        self._editors: dict[str, Editor] = {}

    @property
    def any(self) -> bool:
        """Whether this lever asks anything."""
        return bool(self._editors)

    def in_order(self) -> list[QWidget]:
        """Its fields."""
        return list(self._editors.values())

    def said(self, one: Row) -> bool:
        """Whether the row says anything of its own."""
        return bool("selector" in self._editors and one.selector) or any(
            text for name, text in one.params if name in self._editors
        )

    def build(self, ground: Ground, one: Row, at: int, made: Composition) -> None:
        """The fields of its lever."""
        while (item := self._grid.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        self._editors = {}
        if one.options.by_hand or one.line is None:
            return
        if made.narrow(at):
            field = QLineEdit(one.selector)
            field.setAccessibleName(f"{one.line.selector} at {one.where}")
            complete(field, (*ground.canaries_of(one), *ground.canaries.get(one.options.surface.instance, ())))
            self._add("selector", one.line.selector.capitalize(), field)
        form = ground.form(one, one.lever)
        own = dict(one.params)
        for asked in form.fields if form is not None else ():
            editor = _running() if asked.name == RUNNING else editor_for(self._look, asked)
            put_value(editor, own.get(asked.name, ""))
            editor.setAccessibleName(f"{asked.title} at {one.where}")
            self._add(asked.name, asked.title, editor)
        first = next(iter(self._editors.values()), None)
        if first is not None:
            self.setFocusProxy(first)

    def put(self, made: Composition, at: int) -> None:
        """Say what counts where nothing is written here."""
        for name, editor in self._editors.items():
            if isinstance(editor, QLineEdit):
                common = made.selector if name == "selector" else made.common.get(name, "")
                editor.setPlaceholderText(f"as above: {common}" if common else "as above")
                own = made.draft.rows[at].selector if name == "selector" else dict(made.draft.rows[at].params).get(name)
                if not editor.hasFocus() and own is not None and editor.text() != own:
                    editor.setText(own)

    def _add(self, name: str, title: str, editor: Editor) -> None:
        connect(editor, lambda: self._owner.edited(name, str(value_of(editor))), lambda: None)
        at = len(self._editors)
        label = Text(self._look, title, size="small", tone="text-muted")
        label.setBuddy(editor)
        self._grid.addWidget(label, at, 0)
        self._grid.addWidget(editor, at, 1)
        self._editors[name] = editor


class _AskFields(QWidget):
    """What is asked of people: the instruction, who, how they are reached, ticket, by when, who here sees to it."""

    def __init__(self, look: Look, ground: Ground, one: Row, owner: SurfaceRow) -> None:
        super().__init__()
        self._look, self._owner = look, owner
        half = look.theme.space("half")
        lines: QVBoxLayout = column(self, half)
        self.instruction = QPlainTextEdit()
        self.instruction.setTabChangesFocus(True)
        self.instruction.setAccessibleName(f"What is asked at {one.where}")
        self.instruction.setFixedHeight(look.theme.metrics().lineSpacing() * 2 + look.theme.space("unit") + half)
        self.instruction.textChanged.connect(lambda: owner.edited("instruction", self.instruction.toPlainText()))
        lines.addWidget(self.instruction)
        grid = QGridLayout()
        grid.setVerticalSpacing(half)
        grid.setHorizontalSpacing(look.theme.space("unit"))
        self.fields: dict[str, QLineEdit] = {}
        for at, (name, title) in enumerate(_BY_HAND):
            field = QLineEdit()
            field.setAccessibleName(f"{title}, {one.where}")
            field.setPlaceholderText("as connected" if name in ("who", "contact") else "")
            field.textEdited.connect(partial(owner.edited, name))
            label = Text(look, title, size="small", tone="text-muted")
            label.setBuddy(field)
            grid.addWidget(label, at // 2, (at % 2) * 2)
            grid.addWidget(field, at // 2, (at % 2) * 2 + 1)
            grid.setColumnStretch((at % 2) * 2 + 1, 1)
            self.fields[name] = field
        self.assignee = QComboBox()
        self.assignee.setAccessibleName(f"Who of us sees to it, {one.where}")
        self.assignee.addItem("nobody in particular", None)
        for person, name in ground.members:
            self.assignee.addItem(name, person)
        self.assignee.currentIndexChanged.connect(self._assigned)
        label = Text(look, "Sees to it", size="small", tone="text-muted")
        label.setBuddy(self.assignee)
        grid.addWidget(label, 2, 0)
        grid.addWidget(self.assignee, 2, 1)
        lines.addLayout(grid)

    def _assigned(self, _at: int) -> None:
        self._owner.assigned(self.assignee.currentData())

    def in_order(self) -> list[QWidget]:
        """Its fields."""
        return [self.instruction, *self.fields.values(), self.assignee]

    def put(self, one: Row) -> None:
        """Show what is asked; a field that somebody types in is left alone."""
        told = dict(one.params)
        text = told.get("instruction", "")
        if not self.instruction.hasFocus() and self.instruction.toPlainText() != text:
            self.instruction.setPlainText(text)
        for name, field in self.fields.items():
            if not field.hasFocus() and field.text() != told.get(name, ""):
                field.setText(told.get(name, ""))
        at = self.assignee.findData(one.assignee)
        self.assignee.setCurrentIndex(max(at, 0))


def _running() -> QComboBox:
    """What becomes of work in flight in one row, where it is not as for the others."""
    made = QComboBox()
    for words, kept in (("as below", ""), ("Let it finish", FINISH), ("Stop it", STOP)):
        made.addItem(words, kept)
    return made


def complete(field: QLineEdit, known: tuple[str, ...]) -> None:
    """Offer what is known while somebody types; anything else may be typed too."""
    offered = QCompleter(sorted(set(known)), field)
    offered.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    offered.setFilterMode(Qt.MatchFlag.MatchContains)
    field.setCompleter(offered)


def _levers(one: Row) -> QComboBox:
    """What can be pulled there, the mild first; where nothing of the kind is there, what can be done instead."""
    made = QComboBox()
    made.setAccessibleName(f"{one.where}: what is pulled")
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(16)
    if not one.levers:
        made.addItem("Left out" if not one.instead else "Nothing of this kind: leave it out", "")
    for line in one.levers:
        made.addItem(lever_words(line), line.name)
    word = "Milder" if one.levers else "Instead"
    for line in one.instead:
        made.addItem(f"{word}: {lever_words(line)} ({category_word(line.category).lower()})", line.name)
    return made


def _told(one: Row) -> str:
    """Whom it reaches and how it is taken back; or why nothing can be pulled."""
    line = one.line
    provider, surface = one.options.provider, one.options.surface
    own = f"calls it {shown(surface.own)}; " if surface.own not in ("", surface.model) else ""
    at = "" if not provider or provider == one.options.surface.name else f"at {provider}; "
    if line is None:
        what = f"{at}{one.cannot or 'nothing can be pulled there'}"
    elif one.options.by_hand:
        what = f"{at}done by people; it can be attested, not observed"
    else:
        wide = f"{WHOLE[line.reach].upper()} this surface; " if line.wide else ""
        doubt = "" if line.proven else "; unproven: shown on no real server"
        what = f"{at}{wide}reaches {REACHES[line.reach]}; {REVERSALS[line.reversal]}{doubt}"
    told = f"{own}{what}"
    return told[:1].upper() + told[1:]
