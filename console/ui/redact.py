"""Redact an entry: choose what has to go, say why, propose; and see which consoles have carried it out.

It proposes only: two people sign in the confirmation. Nothing that is to be forgotten is kept in a draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from console.services import redaction
from console.services.redaction import LEAVES, Proposed, Source, Standing, Value
from console.services.session import Session
from console.ui.kept import Kept
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.timeline import TimelinePanel
from console.ui.widgets import Banner, EmptyState, Text
from console.ui.widgets.text import plain_tooltip
from console.viewmodels.commands import Command
from console.viewmodels.shell import SHELL
from console.viewmodels.times import ago

_WORDS: Final = {
    "text": "Text", "reason": "Reason", "occurred": "When it happened", "speaker": "Who said it", "source": "Source",
    "blob": "File", "how": "How it was obtained", "title": "Title", "name": "Name",
}  # fmt: skip
_AT_FIRST: Final = frozenset({"text", "reason", "blob", "title", "speaker", "source", "how", "name"})
_NAME_PX: Final = 176
_STATES: Final = {
    "proposed": ("waits for signatures", "waiting"), "authorised": ("decided; not carried out here yet", "waiting"),
    "done here": ("carried out here", "text"), "refused": ("refused", "text-muted"), "lapsed": ("lapsed", "text-muted"),
}  # fmt: skip


class RedactDialog(Sheet):
    """The values of one entry and of what says it again, each with a tick; the reason; what this cannot do."""

    def __init__(self, room: Room, parent: QWidget, entry: str) -> None:
        super().__init__(
            room, parent, "Redact",
            "Two people sign it. Then every console that hears of it deletes what is ticked, for ever.",
        )  # fmt: skip
        self.boxes: dict[tuple[str, str], QCheckBox] = {}
        self._sources: dict[str, Source] = {}
        self._place = QWidget()
        self._lines: QVBoxLayout = column(self._place, room.look.theme.space("unit"))
        self.words = text_line("The same words elsewhere")
        self.words.setPlaceholderText("Words that must go")
        self.words.returnPressed.connect(self._find)
        self.look_button = QPushButton("Find")
        self.look_button.setAutoDefault(False)
        self.look_button.clicked.connect(self._find)
        self._found = Labelled(room, "The same words elsewhere", self._finding(), "A copy that is not ticked stays.")
        self.reason = text_line("Reason", 500)
        self._why = Labelled(room, "Reason", self.reason, "It stays in the record: say it without what has to go.")
        self._limits = QWidget()
        limits = column(self._limits, room.look.theme.space("half"))
        limits.addWidget(Text(room.look, "What this cannot do", weight="medium"))
        for one in LEAVES:
            limits.addWidget(Text(room.look, one, size="small", tone="text-muted", wrap=True))
        self.said = Banner(room.look)
        self.said.clear()
        for part in (self._place, self._found, self._why, self.said, self._limits):
            self.add(part)
        self.go = self.add_button("Propose to redact", self._propose, "main")
        self.reason.textChanged.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.body.addStretch(1)
        self.take_room(680, 640)
        self.read_first(lambda session: redaction.choose(session, entry), self._fill, "Reading ...", "look")
        self._kept = Kept(self, f"redact:{entry}", {"reason": self.reason})  # never the words that must go

    def _finding(self) -> QWidget:
        made = QWidget()
        line = row(made, self.room.look.theme.space("unit"))
        line.addWidget(self.words, 1)
        line.addWidget(self.look_button)
        made.setFocusProxy(self.words)
        return made

    def why_not(self) -> str:
        """What is still to be said."""
        if not any(box.isChecked() for box in self.boxes.values()):
            return "Tick what has to go." if self.boxes else "Nothing of it is here that could be redacted."
        return "" if self.reason.text().strip() else "Say why."

    # -- choosing ------------------------------------------------------------------------------------------------------

    def _fill(self, sources: Sequence[Source]) -> None:
        for one in sources:
            self._show(one, {value.digest for value in one.values if value.name in _AT_FIRST})
        self.check()
        first = next(iter(self.boxes.values()), None)
        if first is not None:
            first.setFocus()

    def _show(self, one: Source, ticked: set[str]) -> None:
        """A heading and a row for each value; a source that is shown already gains ticks only."""
        if one.holder in self._sources:
            for digest in ticked:
                if (box := self.boxes.get((one.holder, digest))) is not None:
                    box.setChecked(True)
            return
        self._sources[one.holder] = one
        look = self.room.look
        self._lines.addWidget(Text(look, one.title, size="small", weight="semibold", tone="text-muted", wrap=True))
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.theme.space("unit"))
        grid.setColumnMinimumWidth(0, round(_NAME_PX * look.theme.text_scale))
        grid.setColumnStretch(1, 1)
        for at, value in enumerate(one.values):
            text = Text(look, value.text, wrap=True)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # no long word widens it
            text.setToolTip(plain_tooltip(value.text))
            grid.addWidget(self._box(one, value, ticked=value.digest in ticked), at, 0)
            grid.addWidget(text, at, 1)
        told = [f"{one.gone} redacted already"] if one.gone else []
        told += [f"{one.absent} not here yet: they cannot be chosen here"] if one.absent else []
        if told:
            grid.addWidget(
                Text(look, "; ".join(told), size="small", tone="unknown", wrap=True), len(one.values), 0, 1, 2
            )
        self._lines.addWidget(page)

    def _box(self, one: Source, value: Value, *, ticked: bool) -> QCheckBox:
        box = QCheckBox(_WORDS.get(value.name, value.name))
        box.setChecked(ticked)
        box.setAccessibleName(f"Redact: {_WORDS.get(value.name, value.name)} of {one.title}")
        box.setAccessibleDescription(value.text)
        box.toggled.connect(self.check)
        self.boxes[one.holder, value.digest] = box
        return box

    def _find(self) -> None:
        words = self.words.text()
        work = partial(redaction.find, words=words)
        self.carry_out(work, self._add_found, "Looking through everything here ...", "slow")

    def _add_found(self, found: Sequence[tuple[Source, Sequence[Value]]]) -> None:
        for one, hits in found:
            self._show(one, {value.digest for value in hits})
        count = sum(len(hits) for _, hits in found)
        told = "No value here holds these words." if not count else f"{count} hold these words; they are ticked above."
        self._found.say(told)
        self.check()

    # -- proposing -----------------------------------------------------------------------------------------------------

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Digests by entry or document, as ticked."""
        made: dict[str, tuple[str, ...]] = {}
        for (holder, digest), box in self.boxes.items():
            if box.isChecked():
                made[holder] = (*made.get(holder, ()), digest)
        return made

    def _propose(self) -> None:
        chosen, reason = self.chosen(), self.reason.text().strip()

        def work(session: Session) -> Proposed:
            return redaction.propose(session, chosen, reason)

        self.carry_out(self._kept.spending(work), self._proposed, "Proposing ...")

    def _proposed(self, made: Proposed) -> None:
        self.room.desk.point_at(made.sha)
        self.room.desk.refresh()
        for part in (self._place, self._found, self._why):
            part.hide()
        for line in self.findChildren(QLineEdit):
            line.clear()
        what = "1 value" if made.values == 1 else f"{made.values} values"
        self.said.tell(
            "info", f"Proposed: redact {what}. Nothing is deleted yet.",
            "Two people sign it, each with their own key, one of them qualified to command.",
        )  # fmt: skip
        self.boxes.clear()
        self.go.hide()
        self.only_close()
        if any(one.name == "review" for one in self.room.commands):
            on = self.add_button("Open the confirmation", self._review)
            on.setFocus()
        self._is_over = True
        self.doing.setText("")

    def _review(self) -> None:
        self.accept()
        self.room.commands.give("review")


class RedactionsDialog(Sheet):
    """Every redaction, how it stands, and which consoles have not reported it done."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(
            room, parent, "Redactions", "A console that has not reported may still hold what was redacted."
        )
        self._place = QWidget()
        self._lines: QVBoxLayout = column(self._place, room.look.theme.space("wide"))
        self.add(self._place)
        self.body.addStretch(1)
        self.only_close()
        self.take_room(640, 460)
        self.read_first(redaction.standings, self._fill, "Reading ...", "look")

    def _fill(self, found: Sequence[Standing]) -> None:
        look = self.room.look
        if not found:
            next_step = "Choose an entry in the timeline, then redact it."
            self._lines.addWidget(EmptyState(look, "Nothing is redacted", next_step))
            return
        now = self.room.desk.session.clock.wall_ms()
        for one in found:
            page = QWidget()
            lines = column(page, look.theme.space("half"))
            word, tone = _STATES[one.state]
            head = QWidget()
            top = row(head, look.theme.space("unit"))
            top.addWidget(Text(look, one.reason or "The reason is not here", weight="medium", wrap=True), 1)
            top.addWidget(Text(look, word, tone=tone))
            lines.addWidget(head)
            values = "1 value" if one.values == 1 else f"{one.values} values"
            told = [f"{values}, proposed by {one.proposer} {ago(now, one.created_ms)}"]
            told += [*one.missing] if one.state == "proposed" else []
            told += [f"Done at {name} {ago(now, at_ms)}" for name, at_ms in one.done]
            for text in told:
                lines.addWidget(Text(look, text, size="small", tone="text-muted", wrap=True))
            for name in one.open:
                lines.addWidget(Text(look, f"Not heard from {name} yet", size="small", tone="unknown", wrap=True))
            self._lines.addWidget(page)


def add_commands(room: Room, window: QWidget) -> None:
    """Offer them; the entry is the one that is chosen in the window's timeline."""

    def chosen() -> str | None:
        panel = window if isinstance(window, TimelinePanel) else window.findChild(TimelinePanel)
        line = panel.chosen() if isinstance(panel, TimelinePanel) else None
        return None if line is None else line.id

    def redact() -> None:
        entry = chosen()
        if entry is not None:
            RedactDialog(room, window, entry).open()

    def why_not() -> str | None:
        shell = room.desk.outlet.latest(SHELL)
        if shell is not None and shell.rung != "founded":
            return "It needs two signatures, and the record is one person's."
        return None if chosen() is not None else "Choose an entry first."

    room.commands.add(
        Command(name="redact", title="Redact the entry", group="Write", run=redact, why_not=why_not,
                also="forget delete secret erase personal data")
    )  # fmt: skip
    room.commands.add(
        Command(name="redactions", title="Redactions and who carried them out", group="Go",
                run=lambda: RedactionsDialog(room, window).open(), also="forgotten deleted")
    )  # fmt: skip


__all__ = ["RedactDialog", "RedactionsDialog", "add_commands"]
