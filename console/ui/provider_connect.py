"""Connects a provider: choose what it is, fill in its own form, try it by reading, keep it and name its surfaces.

Secrets are typed once, tried, handed to the vault and emptied; they never stand in a draft or a message.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from console.domain.errors import WaitsForConnection
from console.services import connection, providers
from console.services.session import Session
from console.ui.forms import FormFields
from console.ui.parts import column, row
from console.ui.provider_parts import AbilityList, ReportPanel
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.provider_cards import AdapterCard, adapter_cards, report_view, where_secrets_lie
from console.viewmodels.provider_forms import Form, settings_form

_NAME_CHARS: Final = 120
_NOT_TRIED: Final = "Nothing was tried yet. A trial only reads: it changes nothing there."
_TRYING: Final = "Trying: it only reads ..."


class ConnectDialog(Sheet):
    """Two pages: which adapter, then its form beside what a trial found."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Connect a provider",
            "A provider is whatever controls a model where it is offered: a gateway, a model server, a vendor.",
        )  # fmt: skip
        self._cards: tuple[AdapterCard, ...] = ()
        self._form: Form | None = None
        self._trial = 0
        self._answered = False
        self.fields: FormFields | None = None
        self.pages = QStackedWidget()
        self._first = _ChoosePage(room)
        self._second = QWidget()
        self.pages.addWidget(self._first)
        self.pages.addWidget(self._second)
        self.add(self.pages, 1)
        self.name = text_line("Name", _NAME_CHARS)
        self.report = ReportPanel(room.look)
        self._where = Text(room.look, size="small", tone="text-muted", wrap=True)
        self.back = self.add_button("Back", self._to_first)
        self.stop = self.add_button("Stop waiting", self._stop_waiting)
        self.test = self.add_button("Test connection", self._test)
        self.save = self.add_button("Save", self._save)
        self.next = self.add_button("Next", self._chosen, "main")
        self._first.list.currentRowChanged.connect(self.check)
        self._first.list.itemActivated.connect(self.press_main)
        self._offer()
        self.read_first(adapter_cards, self._fill, "Reading ...", "look")
        self.take_room(900, 620)

    def why_not(self) -> str:
        """Why it cannot go on yet."""
        if self.pages.currentIndex() == 0:
            card = self._first.card()
            return "Choose what it is." if card is None else card.why_not
        return "" if self.name.text().strip() else "Give it a name."

    # -- which ---------------------------------------------------------------------------------------------------------

    def _fill(self, cards: tuple[AdapterCard, ...]) -> None:
        self._cards = cards
        self._first.fill(cards)
        self.check()

    def _chosen(self) -> None:
        card = self._first.card()
        if card is not None and not card.why_not:
            self.carry_out(lambda _session: settings_form(card.name), self._show_form, "Reading ...", "look")

    def _show_form(self, form: Form) -> None:
        self.pages.removeWidget(self._second)
        self._second.deleteLater()
        self._form = form
        self._answered = False
        self.name = text_line("Name", _NAME_CHARS)
        self.name.setPlaceholderText("What colleagues call it")
        self.name.textChanged.connect(self.check)
        self.fields = FormFields(self.room.look, form)
        self.fields.changed.connect(self._changed)
        self.fields.entered.connect(self.press_main)
        self.report = ReportPanel(self.room.look)
        self.report.say(_NOT_TRIED)
        self._where = Text(self.room.look, size="small", tone="text-muted", wrap=True)
        self._second = self._two_columns(form, self.fields)
        self.pages.addWidget(self._second)
        self.pages.setCurrentWidget(self._second)
        self.lead.setText(form.title)
        self._offer()
        self.name.setFocus()
        if form.secrets:
            self.room.doer.do(where_secrets_lie, self._say_where, failed=lambda _trouble: None, lane="aside")

    def _two_columns(self, form: Form, fields: FormFields) -> QWidget:
        wide = self.room.look.theme.space("wide")
        left = QWidget()
        lines = column(left, wide)
        lines.addWidget(Labelled(self.room, "Name", self.name))
        lines.addWidget(fields)
        if form.secrets:
            lines.addWidget(self._where)
        lines.addStretch(1)
        page = QWidget()
        both = QHBoxLayout(page)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(2 * wide)
        both.addWidget(left, 1)
        both.addWidget(_framed(self.room, self.report), 1)
        return page

    def _say_where(self, where: str) -> None:
        if isValid(self):
            self._where.setText(where)

    def _to_first(self) -> None:
        self.pages.setCurrentWidget(self._first)
        self.trouble.clear()
        self._offer()
        self._first.list.setFocus()

    # -- try and keep --------------------------------------------------------------------------------------------------

    def _test(self) -> None:
        if self.fields is None or self._form is None or not self.fields.check():
            return
        self._trial += 1
        mine = self._trial
        work = partial(
            connection.try_connection, adapter=self._form.name, settings=self._form.values(self.fields.typed()),
            secrets=self.fields.secrets(),
        )  # fmt: skip
        self.report.say(_TRYING)
        self.carry_out(work, lambda report: self._tried(mine, report), _TRYING, "aside")
        self._offer()

    def _tried(self, which: int, report: connection.ConnectionReport) -> None:
        if which != self._trial:
            return  # it was not waited for, or something was changed since
        view = report_view(report)
        self.report.show_report(view)
        self._answered = view.good
        self._offer()

    def _stop_waiting(self) -> None:
        """What was begun ends by itself at its deadline; nobody waits for it."""
        self._trial += 1
        self.report.say("Not waited for. It can be saved without a trial.")
        self.set_busy("")
        self._offer()

    def _changed(self) -> None:
        """What was found is no longer about what stands here."""
        if self._answered:
            self._answered = False
            self.report.say("Changed since it was tried.")
        self._offer()

    def _save(self) -> None:
        if self.fields is None or self._form is None or not self.fields.check():
            return
        self._trial += 1
        form, name = self._form, self.name.text().strip()
        settings, given = form.values(self.fields.typed()), self.fields.secrets()

        def work(session: Session) -> tuple[str, int, str]:
            typed = iter([given.get(one.name, "") for one in form.secrets])
            made, _ = providers.add(session, form.name, name, settings, lambda _what: next(typed))
            try:
                return made.id, len(providers.adopt_surfaces(session, made.id)), ""
            except WaitsForConnection as fault:
                return made.id, 0, fault.what

        self.carry_out(work, self._saved, "Saving, and naming its surfaces ...", "aside")
        self._offer()

    def _saved(self, kept: tuple[str, int, str]) -> None:
        _instance, count, fault = kept
        if self.fields is not None:
            self.fields.forget_secrets()
        if self.room.desk.engine is not None:
            self.room.desk.engine.reload_providers()
        self.room.desk.refresh()
        if not fault:
            self.accept()
            return
        self.report.say(
            f"It is saved. Its surfaces are not known yet: {fault} Find them later in the list of providers."
        )
        for button in (self.back, self.save, self.test, self.stop):
            button.hide()
        self.only_close("Close")
        self.lead.setText(f"Saved, with {count} surfaces." if count else "Saved; no surface is known yet.")

    # -- buttons -------------------------------------------------------------------------------------------------------

    def set_busy(self, doing: str) -> None:
        """While a trial is under way it can be left alone."""
        super().set_busy(doing)
        self._offer()

    def _offer(self) -> None:
        """Which buttons are there, and which of them is the main one."""
        second = self.pages.currentIndex() == 1
        self.next.setVisible(not second)
        self.back.setVisible(second)
        self.stop.setVisible(second and self.is_busy and self.doing.text() == _TRYING)
        self.save.setVisible(second)
        self.save.setText("Save" if self._answered else "Save without a trial")
        self.test.setVisible(second)
        self._crown(self.next if not second else self.save if self._answered else self.test)
        self.check()

    def _crown(self, main: QPushButton) -> None:
        for button in (self.next, self.save, self.test):
            button.setProperty("kind", "main" if button is main else "")
            QApplication.style().unpolish(button)
            QApplication.style().polish(button)
        self.set_main(main)

    def check(self) -> None:
        """Both that try and that save need what is needed."""
        super().check()
        for button in (self.back, self.save, self.test):
            button.setEnabled(not self.is_busy and (button is self.back or not self.why_not()))


class _ChoosePage(QWidget):
    """The adapters at the left, what the chosen one can do at the right."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._cards: tuple[AdapterCard, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("What it is")
        self.list.currentRowChanged.connect(self._show)
        self.list.setMaximumWidth(round(300 * room.look.theme.text_scale))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSpacing(room.look.theme.space("half"))
        self._inside = QWidget()
        self._lines = column(self._inside)
        both = row(self, 2 * room.look.theme.space("wide"))
        both.addWidget(self.list, 2)
        both.addWidget(_framed(room, self._inside), 3)

    def fill(self, cards: tuple[AdapterCard, ...]) -> None:
        """Show these to choose from."""
        self._cards = cards
        for one in cards:
            item = QListWidgetItem(one.title)
            if one.why_not:
                item.setToolTip(plain_tooltip(one.why_not))
                item.setForeground(self._room.look.theme.colour("text-disabled"))
            item.setData(int(Qt.ItemDataRole.AccessibleTextRole), f"{one.title}. {one.why_not}".rstrip(". "))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def card(self) -> AdapterCard | None:
        """The chosen one."""
        at = self.list.currentRow()
        return self._cards[at] if 0 <= at < len(self._cards) else None

    def _show(self, at: int) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        if not 0 <= at < len(self._cards):
            return
        card = self._cards[at]
        self._lines.addWidget(Text(self._room.look, card.title, weight="semibold", wrap=True))
        if card.why_not:
            self._lines.addWidget(Text(self._room.look, card.why_not, tone="changed", wrap=True))
        self._lines.addSpacing(self._room.look.theme.space("unit"))
        self._lines.addWidget(AbilityList(self._room.look, card), 1)


def _framed(room: Room, inside: QWidget) -> QWidget:
    """A raised panel whose content scrolls where it must."""
    wide = room.look.theme.space("wide")
    held = QWidget()
    lines: QVBoxLayout = column(held, 0, (wide, wide, wide, wide))
    lines.addWidget(inside, 1)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(held)
    scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    frame = QFrame()
    frame.setProperty("ground", "raised")
    column(frame).addWidget(scroll)
    return frame


__all__ = ["ConnectDialog"]
