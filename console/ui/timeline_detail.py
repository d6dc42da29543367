"""One entry, whole: its text, its three times, who, which feed and number, its file, and how it was worded before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton, QScrollArea, QWidget

from console.domain.deceit import shown
from console.domain.file_names import file_name
from console.domain.kinds import KINDS
from console.ui.parts import column, row
from console.ui.room import Room
from console.ui.widgets import EmptyState, Text
from console.viewmodels.lines import KIND_MARKS
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

if TYPE_CHECKING:  # nothing is read of one entry before one is chosen
    from console.services.session import Session
    from console.services.timeline import Detail, EvidenceFile, Wording

_WORD, _BEGINNING = 72, 24  # a digest and an id are shown whole
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class EntryDetail(QScrollArea):
    """The pane below the rows. `give` runs a command of the window about the entry that is shown."""

    def __init__(self, room: Room, give: Callable[[str], None]) -> None:
        super().__init__()
        self._room, self._give = room, give
        self._asked = ""
        self.detail: Detail | None = None
        self.setWidgetResizable(True)
        self.setAccessibleName("The chosen entry")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._none()

    def show_entry(self, ident: str | None) -> None:
        """Read it on the lane that reads, then show it; a newer wish makes an older one nobody's."""
        self._asked = ident or ""
        if ident is None:
            self._none()
            return

        def work(session: Session) -> Detail:
            from console.services import timeline  # noqa: PLC0415  as above

            return timeline.detail(session, ident)

        self._room.doer.do(work, self._take, lane="look", over=self)

    def again(self) -> None:
        """It may have been amended."""
        if self._asked:
            self.show_entry(self._asked)

    def _none(self) -> None:
        self.detail = None
        self.setWidget(
            EmptyState(self._room.look, "No entry is chosen", "Choose a row; Enter shows or hides this.", icon="list")
        )

    def _take(self, found: Detail) -> None:
        if found.id != self._asked or found == self.detail:
            return
        self.detail = found
        look, unit = self._room.look, self._room.look.theme.space("unit")
        page = QWidget()
        lines = column(page, unit // 2, (unit + 4, unit, unit, unit))
        mark = KIND_MARKS.get(found.kind)
        head = QWidget()
        top = row(head, unit)
        top.addWidget(
            Text(look, mark.word if mark else found.kind, weight="semibold", tone=mark.tone if mark else "unknown")
        )
        who = f"{found.author}, quoting {found.speaker}" if found.speaker else found.author
        top.addWidget(Text(look, who, tone="text-muted"))
        top.addStretch(1)
        for button in self._buttons(found):
            top.addWidget(button)
        lines.addWidget(head)
        text = Text(look, found.history.wordings[-1].text if found.history.wordings else found.text, wrap=True)
        text.setTextInteractionFlags(_SELECTABLE)
        text.setAccessibleName("Text")
        if found.about:
            about = Text(look, shown(found.about), weight="medium", wrap=True)
            about.setTextInteractionFlags(_SELECTABLE)
            lines.addWidget(about)
        if text.text() or not found.about:
            lines.addWidget(text)
        for told, tone in self._facts(found):
            label = Text(look, told, size="small", tone=tone, wrap=True)
            label.setTextInteractionFlags(_SELECTABLE)
            lines.addWidget(label)
        lines.addStretch(1)
        self.setWidget(page)

    def _buttons(self, found: Detail) -> list[QPushButton]:
        from console.services.timeline import WRITTEN_KINDS  # noqa: PLC0415  as above

        changeable = found.kind in WRITTEN_KINDS
        names = [("amend", "Amend"), ("retract", "Retract"), ("retype", "Re-type")] if changeable else []
        made: list[QPushButton] = []
        for name, word in names:
            button = QPushButton(f"{word} ...")
            button.clicked.connect(lambda _checked=False, command=name: self._give(command))
            made.append(button)
        if found.kind == "correction.attested" and ("doc", "-") in found.public:
            watch = QPushButton("Watch it ...")
            watch.clicked.connect(self._watch)
            made.append(watch)
        file = found.file
        if file is not None and file.mine:
            more = QPushButton("Pass it on ...")
            more.clicked.connect(self._share)
            made.append(more)
        if file is not None and file.here:
            sealed = file.named is not None and file.named.kind == "need-to-know" and not file.mine
            save = QPushButton("Save it encrypted ..." if sealed else "Save a copy ...")
            save.clicked.connect(self._save)
            made.append(save)
        return made

    def _facts(self, found: Detail) -> list[tuple[str, str]]:
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        told = _times(found, zone)
        if found.skewed:
            told.append(("The clock it was written by was over five minutes ahead of ours.", "waiting"))
        if found.standing != "good":
            told.append((f"It does not count: {found.standing}.", "alarm"))
        if found.source:
            told.append((f"Quoted from {found.source}", "text-muted"))
        if found.file is not None:
            told += _of_file(found.file)
        if found.redacted:
            what = "1 value was" if found.redacted == 1 else f"{found.redacted} values were"
            told.append((f"Redacted: {what} deleted for ever, as two people signed.", "changed"))
        if found.absent > found.redacted:
            told.append((f"{found.absent - found.redacted} of its values have not arrived here yet.", "unknown"))
        if found.kind not in KINDS:
            told.append(("A newer version wrote it: it is kept as it is. Update this console to read it.", "unknown"))
        told += [(_wording(one, at, zone), "changed") for at, one in enumerate(found.history.wordings[:-1])]
        if found.history.retraction is not None:
            back = found.history.retraction
            told.append((f"Taken back by {back.author} at {both(back.at_ms, zone)}: {back.text}", "alarm"))
        public = ", ".join(f"{name} {in_short(value)}" for name, value in found.public)
        if public:
            told.append((public, "text-muted"))
        told.append((f"Entry {found.id}   feed {found.feed[:16]}, number {found.seq}   key {found.key}", "text-muted"))
        return told

    def _watch(self) -> None:
        from console.ui.watch import WatchDialog  # noqa: PLC0415  as above

        if self.detail is not None:
            WatchDialog(self._room, self.window(), self.detail.inc, self.detail.id).open()

    def _save(self) -> None:
        if self.detail is None or self.detail.file is None:
            return
        file = self.detail.file
        dialog = QFileDialog(self, "Save a copy of the evidence")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        sealed = file.named is not None and file.named.kind == "need-to-know" and not file.mine
        dialog.selectFile(f"{self.detail.id[:16]}.age" if sealed else file_name(file.name))
        dialog.fileSelected.connect(self._write)
        dialog.open()

    def _write(self, path: str) -> None:
        file = None if self.detail is None else self.detail.file
        if self.detail is None or file is None:
            return
        ident, as_kept = self.detail.id, not file.mine

        def work(session: Session) -> Path:
            from console.services import opening  # noqa: PLC0415  as above

            return opening.save(session, ident, Path(path), encrypted=as_kept, replace=True)

        self._room.doer.do(work, lambda _path: self.again(), lane="slow", over=self)

    def _share(self) -> None:
        from console.ui.evidence import ShareDialog  # noqa: PLC0415  as above

        if self.detail is not None:
            ShareDialog(self._room, self.window(), self.detail.id).open()


def _of_file(file: EvidenceFile) -> list[tuple[str, str]]:
    """Its name, size and hash; of one that is not for everybody, for whom or where it is, and what is strange."""
    kind = "open" if file.named is None else file.named.kind
    if kind == "held" and file.named is not None:
        where = f"Held by {shown(file.named.holder)}, {shown(file.named.place)}; not copied."
        return [(where, "text"), (f"{shown(file.name)}, {file.size:,} bytes, SHA-256 {file.sha256}", "text")]
    here = "" if file.here else ", not here yet"
    if kind != "need-to-know":
        return [(f"{file.name}, {file.size:,} bytes{here}, SHA-256 {file.sha256}", "text")]
    mine = "You can open it." if file.mine else "You cannot open it."
    name = shown(file.name) or "A file whose name is encrypted too"
    told = [
        (f"For {', '.join(map(shown, file.to)) or 'nobody it names'} alone. {mine}", "text"),
        (f"{name}, {file.size:,} bytes encrypted{here}, SHA-256 {file.sha256}", "text"),
    ]
    return [*told, (file.strange, "alarm")] if file.strange else told


def _times(found: Detail, zone: tzinfo) -> list[tuple[str, str]]:
    """Occurred, recorded, received; and whether any place has it yet."""
    about = f", within {found.plus_minus_ms // 1000} s" if found.plus_minus_ms else ""
    recorded, received = both(found.recorded_ms, zone), both(found.received_ms, zone)
    times = f"Occurred {both(found.occurred_ms, zone)}{about}   Recorded {recorded}   Received here {received}"
    here = [("Only here: no shared place is known to have it yet.", "waiting")] if found.only_here else []
    return [(times, "text-muted"), *here]


def in_short(value: str) -> str:
    """What the entry says of itself; of a signature or a record only its beginning: nobody reads base64."""
    words = (
        word if len(word) <= _WORD else f"{word[:_BEGINNING]}... ({len(word):,} characters)"
        for word in value.split(" ")
    )
    return " ".join(words)


def _wording(one: Wording, at: int, zone: tzinfo) -> str:
    first = "At first" if at == 0 else "Then"
    return f"{first}, {one.author} at {both(one.at_ms, zone)}: {one.text}"
