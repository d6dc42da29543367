"""Paints every token, mark, widget and control to pictures for a person to look at: `python -m console.ui.gallery DIR`.

It must never open a record, a key or a network: it shows how things look, with made-up words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from console.ui import icons, tokens
from console.ui.theme import Look
from console.ui.widgets import (
    AgeLabel,
    Banner,
    Digest,
    Elide,
    EmptyState,
    HoldButton,
    IconMark,
    KeyHint,
    SeverityBadge,
    Sparkline,
    StateMark,
    Stripe,
    Text,
)
from console.ui.widgets.frames import BannerKind

_HEX: Final = "7c3a91be04d25f6688e1c0aa3b9d7f1254ce86097abf31d2e4105c9b76d8fa3e"
_WORDS: Final = "amber lantern orbit velvet copper meadow signal harbor"
_NOW_MS: Final = 1_800_000_000_000
_READINGS: Final = (80, 95, 120, 110, None, None, 240, 340, 180, 130, 120, 118, 90, 100, 120)
_TABLES: Final = {
    "States": tokens.STATES, "Links": tokens.LINKS, "Serving": tokens.SERVING, "Gravities": tokens.GRAVITIES,
}  # fmt: skip


class _Swatch(QWidget):
    """One role on each of the surfaces, as text and as a shape's ground."""

    def __init__(self, look: Look, role: str) -> None:
        super().__init__()
        self._look, self._role = look, role

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(620, 22)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name and signature
        theme, painter = self._look.theme, QPainter(self)
        painter.setFont(theme.font("small", "medium"))
        painter.fillRect(QRectF(0, 1, 22, 20), theme.colour(self._role))
        own = (self._role.removeprefix("on-"),)
        for index, surface in enumerate(own if self._role.startswith("on-") else tokens.SURFACES):
            cell = QRectF(30 + index * 118, 0, 116, 22)
            painter.fillRect(cell, theme.colour(surface))
            painter.setPen(theme.colour(self._role))
            ratio = tokens.contrast(theme.colours[self._role], theme.colours[surface])
            painter.drawText(cell, int(Qt.AlignmentFlag.AlignCenter), f"{self._role} {ratio:.1f}")


class _HalfHeld(HoldButton):
    """The button as it looks in the middle of a hold, without a hand."""

    @property
    def progress(self) -> float:
        return 0.45


def _column(widgets: Iterable[QWidget], spacing: int = 8) -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return made


def _row(*widgets: QWidget) -> QWidget:
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return made


def _tokens_page(look: Look) -> QWidget:
    roles = [role for role in look.theme.colours.roles if role not in tokens.SURFACES]
    sizes = [
        Text(look, f"{size} {weight}: uncontained for 00:41:12 -> 4 surfaces (0O 1lI)", size=size, weight=weight)
        for size in ("small", "body", "title", "headline") for weight in ("regular", "medium", "semibold")
    ]  # fmt: skip
    mono = [
        Text(look, f"{size} mono: {_HEX[:32]} != 0O 1lI -> [ok]", size=size, mono=True) for size in ("small", "body")
    ]
    return _column([*(_Swatch(look, role) for role in roles), *sizes, *mono], 2)


def _marks_page(look: Look) -> QWidget:
    columns: list[QWidget] = []
    for title, table in _TABLES.items():
        marks = [StateMark(look, name, "14:06" if name == "enforced" else "", table=table) for name in table]
        columns.append(_column([Text(look, title, size="small", tone="text-muted"), *marks], 6))
    badges = [SeverityBadge(look, name) for name in tokens.SEVERITIES]
    columns.append(_column([Text(look, "Severities", size="small", tone="text-muted"), *badges], 6))
    sheet = QWidget()
    grid = QGridLayout(sheet)
    for index, name in enumerate(icons.names()):
        grid.addWidget(IconMark(look, name, "text", 18), index // 10, index % 10)
    columns.append(_column([sheet]))
    made = QWidget()
    layout = QHBoxLayout(made)
    for column in columns:
        layout.addWidget(column)
    return made


def _banner(look: Look, kind: BannerKind, sentence: str, next_step: str = "", action: str = "") -> Banner:
    made = Banner(look)
    made.tell(kind, sentence, next_step, action)
    return made


def _age(look: Look, age_s: float | None) -> AgeLabel:
    made = AgeLabel(look, stale_after_s=60)
    made.set_read(None if age_s is None else _NOW_MS - round(age_s * 1000), _NOW_MS)
    return made


def _widgets_page(look: Look) -> QWidget:
    line = Sparkline(look, "latency", "ms")
    line.set_readings(_READINGS)
    held = _HalfHeld(look, "Block 1 key at 2 providers")
    at_rest, off = HoldButton(look, "Withdraw F-7", tone="alarm"), HoldButton(look, "Withdraw F-7")
    off.setEnabled(False)
    narrow = Elide(look, "projects/frontier/locations/europe-west4/endpoints/7741902213")
    narrow.setFixedWidth(240)
    drill = Stripe(look, Text(look, "    Content of a window in a drill.\n    Nothing here is real."), drill=True)
    drill.setFixedHeight(90)
    return _column([
        _banner(look, "alarm", "Uncontained for 00:41:12.", "Two of four surfaces still serve F-7.", "Review"),
        _banner(look, "offline", "Azure has not answered for 6 min.", "What is queued for it waits; all else works."),
        _banner(look, "warning", "Approval by one person only so far.", "Somebody else must sign before 14:40 UTC."),
        _banner(look, "drill", "This is a drill.", "Everything here runs on simulators."),
        _banner(look, "provisional", "Provisional: one person's record.", "Found the organisation to sign with two."),
        _banner(look, "info", "The index is being built: 42 %."),
        _row(_age(look, 12), _age(look, 372), _age(look, None), _age(look, -90), line),
        _row(KeyHint(look, "Ctrl+K"), KeyHint(look, "n"), KeyHint(look, "?"), narrow),
        Digest(look, _HEX, _WORDS),
        _row(at_rest, held, off),
        drill,
        EmptyState(look, "No incident", "Declare one when something may be wrong; it can be closed again.", "Declare"),
    ])  # fmt: skip


def _controls_page(look: Look) -> QWidget:
    main, danger, off, mine = (
        QPushButton("Sign"),
        QPushButton("Withdraw"),
        QPushButton("Disabled"),
        QPushButton("Review"),
    )
    main.setProperty("kind", "main")
    danger.setProperty("kind", "danger")
    mine.setIcon(look.icon("eye"))
    off.setEnabled(False)
    off.setIcon(look.icon("eye"))
    combo, spin, edit, faint, words = QComboBox(), QSpinBox(), QLineEdit("F-7"), QLineEdit(), QPlainTextEdit("Reason")
    combo.addItems(["Europe/Brussels", "UTC"])
    faint.setPlaceholderText("filter")
    words.setFixedHeight(60)
    checks = [QCheckBox("Shareable"), QCheckBox("All surfaces"), QRadioButton("Dark"), QRadioButton("Light")]
    checks[1].setChecked(True)
    checks[2].setChecked(True)
    gone = QCheckBox("Disabled")
    gone.setEnabled(False)
    bar = QProgressBar()
    bar.setValue(40)
    table = QTableWidget(12, 3)
    table.setHorizontalHeaderLabels(["time", "kind", "text"])
    for row in range(12):
        for column, word in enumerate((f"14:{row:02d}:11", "decision", "restrict tools first")):
            table.setItem(row, column, QTableWidgetItem(word))
    table.selectRow(2)
    tabs = QTabWidget()
    tabs.addTab(table, "Timeline")
    tabs.addTab(QFrame(), "Board")
    return _column([
        _row(main, danger, mine, off), _row(combo, spin, edit, faint), words, _row(*checks, gone), bar, tabs,
    ])  # fmt: skip


_PAGES: Final[dict[str, Callable[[Look], QWidget]]] = {
    "tokens": _tokens_page, "marks": _marks_page, "widgets": _widgets_page, "controls": _controls_page,
}  # fmt: skip


def paint(app: QApplication, folder: Path, themes: Iterable[str] = tokens.THEMES) -> list[Path]:
    """Write a picture of each page in each theme into `folder`; returns their paths."""
    look = Look(app, "dark")
    made: list[Path] = []
    for theme in themes:
        look.choose(theme)  # type: ignore[arg-type]  # the names of the tokens are the choices
        for name, page in _PAGES.items():
            widget = page(look)
            widget.resize(widget.sizeHint().expandedTo(QSize(760, 0)))
            widget.show()
            path = folder / f"{name}-{theme}.png"
            widget.grab().save(str(path))
            widget.close()
            widget.deleteLater()
            made.append(path)
    return made


def main() -> None:
    """Paint into the folder that the command line names."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the folder
        sys.exit("Name a folder: python -m console.ui.gallery DIR")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for path in paint(QApplication([]), folder):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
