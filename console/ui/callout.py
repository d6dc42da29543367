"""Reaching people, in the window: who was paged, has heard, opened, signed; hooks, their order, and a test of them.

It pages nobody by itself but for the test: the engine does, in its turns.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QComboBox, QFrame, QPushButton, QVBoxLayout, QWidget

from console.domain.callout import Page
from console.services import callout, callout_settings
from console.services.callout_settings import EVERYONE
from console.services.hooks import KINDS, SECRET_OF, Hook, kind_of
from console.services.session import Session
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Number, Sheet, text_line
from console.ui.unlock import secret_field
from console.ui.widgets import IconMark, Text
from console.viewmodels.callout import CallCard, CalloutPage, page

_LEAD: Final = (
    "Whoever can still sign is paged in order, and the next one after the wait (half of it at SEV-1); an answer of "
    "anybody who is asked ends it. A page names the organisation, the severity and the document in words, never what "
    "is restricted or why."
)


class CalloutSheet(Sheet):
    """The calls of now, the hooks of this console, one to be added, and the test."""

    def __init__(self, room: Room, parent: QWidget | None) -> None:
        super().__init__(room, parent, "Reaching people", _LEAD)
        look = room.look
        self.calls, self.hooks = QWidget(), QWidget()
        self._calls, self._hooks = column(self.calls, look.theme.space("unit")), column(self.hooks, 4)
        self.name, self.address = text_line("A short name", 40), text_line("Address")
        self.kind, self.whom, self.first = QComboBox(), QComboBox(), QComboBox()
        for kind, words in KINDS.items():
            self.kind.addItem(f"{kind}: {words}", kind)
        for box in (self.kind, self.whom, self.first):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.secret = secret_field("Its secret")
        self._secret = Labelled(room, "Its secret", self.secret)
        self.mail_to, self.mail_from = text_line("To"), text_line("From")
        self._mail = QWidget()
        mail = row(self._mail, look.theme.space("unit"))
        mail.addWidget(Labelled(room, "To", self.mail_to))
        mail.addWidget(Labelled(room, "From", self.mail_from))
        self.wait = Number(1, 60)
        self.wait.setSuffix(" min")
        self.add(Text(look, "Who is called out now", size="title", weight="semibold"))
        self.add(self.calls)
        self.add(Text(look, "Hooks of this console", size="title", weight="semibold"))
        self.add(self.hooks)
        self.add(self._ladder())
        self.add(Text(look, "Add a hook", size="title", weight="semibold"))
        for part in (
            Labelled(room, "Name", self.name), Labelled(room, "What it is", self.kind),
            Labelled(room, "Whom it reaches", self.whom), Labelled(room, "Address", self.address), self._mail,
            self._secret,
        ):  # fmt: skip
            self.add(part)
        self.test = self.add_button("Page-test all hooks", self._test)
        self.go = self.add_button("Add the hook", self._add, "main")
        self.need_reading(self.test)
        self.only_close()
        self.kind.currentIndexChanged.connect(self._turn)
        self.name.textChanged.connect(self.check)
        self._turn()
        self.body.addStretch(1)
        self.take_room(720, 760)
        self._read()

    def _ladder(self) -> QWidget:
        held = QWidget()
        line = row(held, self.room.look.theme.space("unit"))
        line.addWidget(Text(self.room.look, "First paged"))
        line.addWidget(self.first, 1)
        line.addWidget(Text(self.room.look, "waited for"))
        line.addWidget(self.wait)
        keep = QPushButton("Keep this order")
        keep.setAutoDefault(False)
        self.need_reading(self.first, self.wait, keep)
        keep.clicked.connect(self._keep_order)
        line.addWidget(keep)
        self.first.setAccessibleName("Who is paged first")
        self.wait.setAccessibleName("How long each is waited for")
        return held

    # -- showing -------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self.read_first(page, self._take, "Reading ...", lane="slow")

    def _take(self, found: CalloutPage) -> None:
        look = self.room.look
        _clear(self._calls)
        _clear(self._hooks)
        for card in found.calls:
            self._calls.addWidget(self._card(card))
        if not found.calls:
            self._calls.addWidget(Text(look, "Nobody has to be called out.", tone="text-muted"))
        for one in found.hooks:
            held = QWidget()
            line = row(held, look.theme.space("unit"))
            line.addWidget(IconMark(look, "bell", "known"))
            line.addWidget(Text(look, f"{one.name}: {one.kind}; reaches {one.reaches}", wrap=True), 1)
            gone = QPushButton("Remove")
            gone.setAutoDefault(False)
            gone.setAccessibleName(f"Remove the hook {one.name}")
            gone.clicked.connect(partial(self._remove, one.name))
            line.addWidget(gone)
            self._hooks.addWidget(held)
        if not found.hooks:
            self._hooks.addWidget(_marked(self.room, "triangle-alert", "waiting",
                                          "None: nobody is paged from this console."))  # fmt: skip
        self.test.setEnabled(bool(found.hooks))
        chosen = self.whom.currentData()
        for box in (self.whom, self.first):
            box.clear()
            for who, name in found.people:
                box.addItem(name, who)
        self.whom.addItem("everyone (a channel)", EVERYONE)
        self.whom.setCurrentIndex(max(0, self.whom.findData(chosen)))
        self.wait.setValue(found.wait_min)
        self.check()

    def not_read(self) -> None:
        """Neither that nobody is called, nor that nobody can be."""
        for lines in (self._calls, self._hooks):
            _clear(lines)
            lines.addWidget(_marked(self.room, "circle-question-mark", "unknown", "Not known: it could not be read."))

    def _card(self, one: CallCard) -> QWidget:
        look = self.room.look
        wide, unit = look.theme.space("wide"), look.theme.space("unit")
        card = QFrame()
        card.setProperty("ground", "raised")
        card.setAccessibleName(f"{one.headline} {one.detail}")
        layout = column(card, look.theme.space("half"), (wide, unit, wide, unit))
        head = QWidget()
        line = row(head, unit)
        line.addWidget(Text(look, one.headline, weight="semibold", wrap=True), 1)
        if one.mine:
            heard = QPushButton("I have heard of it")
            heard.setAutoDefault(False)
            heard.clicked.connect(partial(self._acknowledge, one.doc))
            line.addWidget(heard)
        layout.addWidget(head)
        layout.addWidget(Text(look, one.detail, tone="text-muted", wrap=True))
        for person in one.people:
            layout.addWidget(_marked(self.room, person.icon, person.tone, f"{person.name} {person.state}"))
            for told in person.told:
                layout.addWidget(Text(look, f"      {told}", tone="text-muted", size="small", wrap=True))
        return card

    def _turn(self, _at: int = 0) -> None:
        kind = self.kind.currentData()
        asked = next((word for one, word in SECRET_OF.items() if one == kind), None)
        self._secret.setVisible(asked is not None)
        self._secret.say(f"The {asked}. It is kept where provider secrets are." if asked else "")
        self._mail.setVisible(kind == "smtp")
        self.check()

    def why_not(self) -> str:
        """What is still to be said before it can be added."""
        return "" if self.name.text().strip() else "Give the hook a name."

    # -- doing ---------------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        kind = kind_of(str(self.kind.currentData()))
        hook = Hook(name=self.name.text().strip(), kind=kind, address=self.address.text().strip(),
                    to=self.mail_to.text().strip(), sender=self.mail_from.text().strip())  # fmt: skip
        whom, secret = str(self.whom.currentData()), self.secret.text()

        def done(_none: None) -> None:
            for edit in (self.name, self.address, self.secret, self.mail_to, self.mail_from):
                edit.clear()
            self.trouble.tell("good", f"The hook {hook.name} is kept.", "Page-test it: does it reach a person?")
            self._read()

        self.carry_out(lambda session: callout_settings.add_hook(session, hook, whom, secret), done, lane="slow")

    def _remove(self, name: str) -> None:
        def work(session: Session) -> None:
            callout_settings.remove_hook(session, name)

        self.carry_out(work, lambda _n: self._read(), lane="slow")

    def _keep_order(self) -> None:
        first, wait_ms = str(self.first.currentData()), self.wait.value() * 60_000
        order = (first, *(str(self.first.itemData(at)) for at in range(self.first.count())))

        def work(session: Session) -> None:
            callout_settings.set_order(session, tuple(dict.fromkeys(order)), wait_ms)

        self.carry_out(work, lambda _n: self._read(), lane="slow")

    def _acknowledge(self, doc: str) -> None:
        self.carry_out(lambda session: callout.acknowledge(session, doc), lambda _s: self._read(), lane="slow")

    def _test(self) -> None:
        def done(pages: tuple[Page, ...]) -> None:
            failed = [f"{one.hook}: {one.detail}" for one in pages if not one.ok]
            if failed:
                self.tell(f"{len(failed)} of {len(pages)} hooks failed: {'; '.join(failed)}.", "")
            else:
                self.trouble.tell("good", f"All {len(pages)} hooks took it.", "Whether it reached them, they tell you.")

        self.carry_out(callout.try_hooks, done, "Trying every hook ...", lane="slow")


def _marked(room: Room, icon: str, tone: str, text: str) -> QWidget:
    held = QWidget()
    line = row(held, room.look.theme.space("unit"))
    line.addWidget(IconMark(room.look, icon, tone))
    line.addWidget(Text(room.look, text, wrap=True), 1)
    return held


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (gone := item.widget()) is not None:
            gone.hide()
            gone.deleteLater()
