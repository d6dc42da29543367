"""Where one writes into the timeline: a kind, a text, what was understood of it, and whether it is saved.

"Saved" is said after the commit and never before. What is being composed is kept beside, and survives a kill.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QSizePolicy, QWidget

from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import Elide, Text
from console.viewmodels.drafts import DRAFTS_GONE, DraftsGone
from console.viewmodels.shell import Trouble
from console.viewmodels.times import both, clock_time, zone_name
from console.viewmodels.zones import UTC_NAME, shown_zone, zone_chosen

if TYPE_CHECKING:  # the window is there before what is typed can be understood: `console.ui.late` imports it next
    from console.domain.chatlog import Row
    from console.journal.values import Stored
    from console.services.session import Session

KINDS: Final = (
    ("note", "Note"), ("observation", "Observation"), ("decision", "Decision"),
    ("decision.not-to-act", "Decision not to act"), ("knowledge.fact", "Fact known since"), ("objection", "Objection"),
    ("task", "Task"), ("communication", "Communication"), ("witness", "Words heard elsewhere"),
)  # fmt: skip
_HINTS: Final = {
    "knowledge.fact": "Who knew what: begin with since when, as in \u201c03:14 the on-call engineer knew of it\u201d.",
    "communication": "To whom, what was said; \u201cnext update 14:30\u201d sets the next update due.",
    "witness": "Words heard on the telephone or in the room: never an approval.",
}
_USUAL: Final = (
    "Enter saves, Shift+Enter a new line, Esc leaves. Begin with \u201c03:14\u201d or \u201c-5m\u201d: when; "
    "\u201c@name\u201d: who said it."
)
_SHORT: Final = "Enter saves, Shift+Enter a new line, Esc leaves."
_DRAFT_AFTER_MS: Final = 200
_MOST_LINES: Final = 6
_LATE_MS: Final = 60_000


class Composer(QWidget):
    """One per window; its draft belongs to the incident that is shown. `pasted` wants what is more than text.

    `left` says that somebody wants out of the field without a pointer, so that single letters act again.
    """

    pasted = Signal(QMimeData)
    left = Signal()

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._inc: str | None = None
        self._saving = False
        unit = room.look.theme.space("unit")
        self._kind = QComboBox()
        self._kind.setAccessibleName("Kind of entry")
        for kind, word in KINDS:
            self._kind.addItem(word, kind)
        self._kind.currentIndexChanged.connect(self._hint)
        self._text = ComposerText(room, self._save)
        self._text.textChanged.connect(self._typed)
        self._text.pasted.connect(self.pasted)
        self._text.left.connect(self.left)
        self._state = Text(room.look, "", size="small", tone="text-muted")
        self._understood = _HowTo(room.look, _USUAL, size="small", tone="text-muted")
        self._understood.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        above = QWidget()
        line = row(above, unit)
        line.addWidget(self._kind, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._text, 1)
        below = QWidget()
        words = row(below, unit)
        words.addWidget(self._understood, 1)
        words.addWidget(self._state)
        lines = column(self, 3, (unit, unit // 2, unit, unit // 2))
        lines.addWidget(above)
        lines.addWidget(below)
        self._draft = QTimer(self)
        self._draft.setSingleShot(True)
        self._draft.setInterval(_DRAFT_AFTER_MS)
        self._draft.timeout.connect(self._keep_draft)
        room.bridge.on(DRAFTS_GONE, self._redacted, self)

    # -- what the panel tells ------------------------------------------------------------------------------------------

    def show_incident(self, inc: str | None) -> None:
        """Write into this incident from now on; the draft of the other stays its own."""
        if inc == self._inc and self._text.isEnabled():
            return
        self._keep_draft()
        self._inc = inc
        name = self._name()
        self._text.setPlainText("")
        self._room.doer.do(lambda _session: self._room.desk.drafts.load().get(name, ""), self._restore, over=self)

    def begin(self, kind: str) -> None:
        """Write an entry of this kind now."""
        self._kind.setCurrentIndex([one for one, _ in KINDS].index(kind))
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def say(self, text: str, tone: str = "text-muted") -> None:
        """What became of the last entry."""
        self._state.setText(text)
        self._state.set_tone(tone)
        self._state.setAccessibleName(text)

    @property
    def field(self) -> QPlainTextEdit:
        """Where one types."""
        return self._text

    @property
    def saved(self) -> bool:
        """Whether the last entry is in the record, and nothing is under way."""
        return not self._saving and self._state.text().startswith("Saved ")

    @property
    def kind(self) -> str:
        """The kind that is chosen."""
        return str(self._kind.currentData())

    def insert(self, text: str) -> None:
        """Put a text where the cursor is."""
        self._text.insertPlainText(text)
        self._text.setFocus()

    def text(self) -> str:
        """What is being composed."""
        return self._text.toPlainText()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        """The window closes: what was typed a moment ago is kept too."""
        super().hideEvent(event)
        if self._draft.isActive():
            self._keep_draft()

    # -- composing -----------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        return f"timeline:{self._inc or 'organisation'}"

    def _restore(self, text: str) -> None:
        if text and not self.text():
            self._text.setPlainText(text)
            self._text.moveCursor(self._text.textCursor().MoveOperation.End)
            self.say("Your draft is back; it is not saved yet.", "waiting")

    def _typed(self) -> None:
        self._draft.start()
        self._hint()
        if not self._saving:
            self.say("not saved yet" if self.text() else "")

    def _keep_draft(self) -> None:
        self._draft.stop()
        name, text, desk = self._name(), self.text(), self._room.desk
        self._room.doer.do(lambda _session: desk.drafts.keep(name, text), failed=self._not_kept, over=self)

    def _redacted(self, _gone: DraftsGone) -> None:
        """Something was redacted: what stands here is judged again, though nobody types."""
        if self.text() and not self._saving:
            self._keep_draft()

    def _not_kept(self, trouble: Trouble) -> None:
        """It stays in the field; saving it is the person's own deed."""
        self.say(trouble.what, "alarm")

    def _hint(self) -> None:
        text = self.text()
        told = _HINTS.get(self.kind, _USUAL)
        if text.strip():
            from console.viewmodels.intake import OneEntry, understand  # noqa: PLC0415  as above

            now = self._room.desk.session.clock.wall_ms()
            zone = zone_chosen(self._room.desk.outlet)
            found = understand(text, now, zone)
            if isinstance(found, OneEntry) and (understood := said_of(found.row, self.kind, now, shown_zone(zone))):
                told = understood
        self._understood.setText(told)

    def _save(self) -> None:
        text = self.text()
        if self._saving or not text.strip():
            return
        self._saving = True
        self._text.setReadOnly(True)
        self.say("saving ...")
        inc, kind, name, desk = self._inc, self.kind, self._name(), self._room.desk
        zone = zone_chosen(desk.outlet)
        typed_ms = desk.session.clock.wall_ms()  # a locked key may keep it from being saved for a while

        def work(session: Session) -> Stored:
            stored = write(session, kind, text, inc, typed_ms, zone)
            desk.drafts.keep(name, "")
            return stored

        self._room.doer.do(work, self._saved, failed=self._broken, over=self)

    def _saved(self, stored: Stored) -> None:
        self._saving = False
        self._text.setReadOnly(False)
        self._text.setPlainText("")
        self._draft.stop()
        at = stored.entry.hlc[0]
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        self.say(f"Saved {clock_time(at, zone)} {zone_name(at, zone)}", "good")
        self._kind.setCurrentIndex(0)
        self._room.desk.refresh()

    def _broken(self, trouble: Trouble) -> None:
        self._saving = False
        self._text.setReadOnly(False)
        self.say(f"Not saved. {trouble.what} {trouble.next_step}", "alarm")
        self._text.setFocus()


def write(
    session: Session, kind: str, text: str, inc: str | None, typed_ms: int, zone: str = UTC_NAME
) -> Stored:  # fmt: skip
    """One entry of this kind, with what was understood of the text; durable when it returns.

    Times are read in the zone that was shown, against the moment it was typed (ms). Saved a good while later, it
    occurred then, not now.
    """
    from console.services import incidents  # noqa: PLC0415  as above
    from console.viewmodels.intake import OneEntry, understand  # noqa: PLC0415  as above

    found = understand(text, typed_ms, zone)
    if not isinstance(found, OneEntry):
        if kind == "note":
            return incidents.keep(session, found, inc=inc)[-1]
        return incidents.write(session, kind, text, inc=inc)
    entry = found.row
    if kind == "knowledge.fact":
        since = typed_ms if entry.occurred_ms is None else entry.occurred_ms
        return incidents.record_fact(session, entry.text, inc=inc, since_ms=since, who=entry.speaker)
    more: dict[str, object] = {"speaker": entry.speaker} if entry.speaker else {}
    if entry.occurred_ms is not None:
        more["occurred"] = {"at_ms": entry.occurred_ms, "plus_minus_s": entry.plus_minus_s}
    elif session.clock.wall_ms() - typed_ms > _LATE_MS:
        more["occurred"] = {"at_ms": typed_ms, "plus_minus_s": _LATE_MS // 1000}
    return incidents.write(session, kind, entry.text, inc=inc, more=more)  # type: ignore[arg-type]  # JSON values only


def said_of(entry: Row, kind: str, now_ms: int, zone: tzinfo = UTC) -> str:
    """What was understood beside the words; empty where nothing was."""
    from console.services.said import promised_ms  # noqa: PLC0415  as above
    from console.viewmodels.intake import within  # noqa: PLC0415  as above

    parts: list[str] = []
    if entry.occurred_ms is not None:
        word = "known since" if kind == "knowledge.fact" else "occurred"
        about = f" {within(entry.plus_minus_s)}" if entry.plus_minus_s else ""
        parts.append(f"{word} {both(entry.occurred_ms, zone)}{about}")
    elif kind == "knowledge.fact":
        parts.append(f"known since now, {both(now_ms, zone)}: begin with a time if it was earlier")
    if entry.speaker:
        parts.append(f"said by {entry.speaker}")
    if kind == "communication" and (due_ms := promised_ms(entry.text, now_ms)) is not None:
        parts.append(f"next update due {both(due_ms, zone)}")
    return ", ".join(parts)


class _HowTo(Elide):
    """What was understood, or how one writes: that in fewer words where what became of the last entry stands beside."""

    def elided(self) -> str:
        """What is seen at the present width."""
        full = super().elided()
        if self.text() != _USUAL or full == _USUAL:
            return full
        return QFontMetrics(self.font()).elidedText(_SHORT, Qt.TextElideMode.ElideRight, self.contentsRect().width())


class ComposerText(QPlainTextEdit):
    """Grows to six lines. Enter saves, Escape leaves; what is pasted and is more than text goes to whoever listens."""

    pasted = Signal(QMimeData)
    left = Signal()

    def __init__(self, room: Room, save: Callable[[], None]) -> None:
        super().__init__()
        self._room, self._save = room, save
        self.setAccessibleName("Write into the timeline")
        self.setPlaceholderText("Write what happened")
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        room.look.changed.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter saves, with Shift it is a new line; Escape leaves, and what is typed stays."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        if (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            if not event.isAutoRepeat():
                self._save()
            return
        super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802  Qt's name
        """Pictures and files too: they become evidence."""
        return source.hasImage() or source.hasUrls() or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802  Qt's name
        """A line is text; everything else is understood first."""
        if source.hasImage() or source.hasUrls() or "\n" in source.text().strip():
            self.pasted.emit(source)
            return
        self.insertPlainText(source.text())

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A line."""
        return QSize(300, self.height())

    def _fit(self) -> None:
        theme = self._room.look.theme
        line = theme.metrics().lineSpacing()
        lines = max(1, min(_MOST_LINES, round(self.document().size().height())))
        self.setFixedHeight(line * lines + 2 * theme.space("unit") + 2)
