"""What the signer reads, laid out: headline, weight, why, what if not, targets with old and new, requests, who else.

It shows an `ApprovalView` and nothing else: no word here comes from anywhere but that view.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from console.ui.confirm_card import TargetCard, facts
from console.ui.confirm_standing import SELECTABLE
from console.ui.confirm_targets import Targets
from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.tokens import SEVERITIES
from console.ui.widgets import IconMark, StateMark, Text
from console.viewmodels.approval import ApprovalView, Section, signed_part


class Content(QScrollArea):
    """The left side: everything that is about the document itself, each target laid out when it comes into sight.

    It is made anew where what is signed changed; readings change in place, so that nobody loses their line.
    `drawn` says that all of it can be read. A `tail` is kept at its end, where there is no room for it beside.
    """

    drawn = Signal()

    def __init__(self, look: Look, tail: QWidget | None = None) -> None:
        super().__init__()
        self._look, self._tail = look, tail
        self._open: set[int] = set()
        self._key: tuple[ApprovalView, tuple[str, ...]] | None = None
        self._targets = Targets(look, (), self._open, 0)
        self._instead: Text | None = None
        self.verticalScrollBar().valueChanged.connect(self._look_in)
        self.viewport().installEventFilter(self)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What would be signed")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def whole(self) -> bool:
        """Whether every target can be read here."""
        return self._targets.whole

    @property
    def cards(self) -> list[TargetCard]:
        """The targets that are laid out."""
        return self._targets.cards

    def put(self, view: ApprovalView, problems: tuple[str, ...] = ()) -> None:
        """Show this view, with what keeps it from being signed above it; what was opened stays so."""
        key = (signed_part(view), problems)
        if key != self._key:
            self._key = key
            self._make(view, problems)
        self._targets.read(view.targets)
        self._say_fallback(view)

    def _say_fallback(self, view: ApprovalView) -> None:
        """How what answers instead is now: read here, so it comes and goes beside what is signed."""
        if self._instead is not None:
            self._instead.setText(f"What answers instead is {view.fallback_now}.")

    def turn_all(self) -> None:
        """Show every exact request, or hide them all."""
        self._targets.turn_all(self._open)

    def _make(self, view: ApprovalView, problems: tuple[str, ...]) -> None:
        at = self.verticalScrollBar().value()
        page = QWidget()
        unit = self._look.theme.space("unit")
        lines = column(page, unit + 4, (unit // 2, unit // 2, 2 * unit, unit))
        for part in self._parts(view, problems):
            lines.addWidget(part)
        self._targets = Targets(self._look, view.targets, self._open, lines.spacing())
        self._targets.settled.connect(self.drawn)
        self._targets.moved.connect(self._follow)
        lines.addWidget(self._targets)
        self._targets.setVisible(bool(view.targets))
        for section in view.sections:
            lines.addWidget(_section(self._look, section))
        if self._tail is not None:
            lines.addWidget(self._tail)
        lines.addStretch(1)
        self.setWidget(page)
        self._targets.order(self)
        self.verticalScrollBar().setValue(at)

    def _look_in(self) -> None:
        """What is in sight from now on is laid out before it is painted."""
        top = self.verticalScrollBar().value() - self._targets.y()
        self._targets.look_at(top, top + self.viewport().height())

    def _follow(self, by_px: int) -> None:
        """Something above what is seen is higher than was thought: what is seen stays where it is."""
        page = self.widget()
        layout = None if page is None else page.layout()
        if page is not None and layout is not None:
            layout.activate()
            high = layout.totalHeightForWidth(page.width()) if layout.hasHeightForWidth() else page.sizeHint().height()
            page.resize(page.width(), max(high, self.viewport().height()))
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + by_px)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Before anything of it is painted, all that is in sight is laid out."""
        if watched is self.viewport() and event.type() in (QEvent.Type.Resize, QEvent.Type.Paint):
            self._look_in()
        return super().eventFilter(watched, event)

    def _parts(self, view: ApprovalView, problems: tuple[str, ...]) -> list[QWidget]:
        parts: list[QWidget] = []
        told = [_problem(self._look, text, grave=not view.can_refuse) for text in problems]
        told += [_warning(self._look, text) for text in view.warnings]
        if told:
            warnings = QWidget()
            lines = column(warnings, self._look.theme.space("half"))
            for part in told:
                lines.addWidget(part)
            parts.append(warnings)
        if view.reason or view.targets:
            parts.append(self._answers(view))
        self._instead = Text(self._look, "", tone="text-muted", wrap=True) if view.fallback_now else None
        if self._instead is not None:
            parts.append(self._instead)
        return parts

    def _answers(self, view: ApprovalView) -> QWidget:
        told = [("Why", view.reason or "No reason was given.", "text"), ("If not", view.if_not, "text")]
        if view.lift_criteria:
            word = "Criteria" if view.direction == "give back" else "Lifted when"
            told.append((word, view.lift_criteria, "text"))
        if view.undo:
            told.append(("Undo", view.undo, "text"))
        if view.fallback:
            told.append(("Answers instead", view.fallback, "text"))
        told += [("Allowed by", text, "text") for text in view.agreements]
        told += [("Left out", text, "changed") for text in view.left_out]
        return facts(self._look, told)


def severity_mark(look: Look, severity: str) -> StateMark:
    """The incident's severity, small."""
    return StateMark(look, severity, table=SEVERITIES)


def _problem(look: Look, text: str, *, grave: bool) -> QWidget:
    """Why it cannot be signed: by anybody, or only by whoever reads it."""
    return _loud(look, text, "octagon-alert", "alarm") if grave else _loud(look, text, "info", "known")


def _warning(look: Look, text: str) -> QWidget:
    worst = "CANNOT BE REVERTED" in text
    return _loud(look, text, "octagon-alert" if worst else "triangle-alert", "alarm" if worst else "changed")


def _loud(look: Look, text: str, icon: str, tone: str) -> QWidget:
    holder = QWidget()
    line = row(holder, look.theme.space("unit"))
    line.addWidget(IconMark(look, icon, tone), 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(Text(look, text, tone=tone, weight="semibold", wrap=True), 1)
    return holder


def _section(look: Look, section: Section) -> QWidget:
    holder = QWidget()
    lines = column(holder, 3)
    lines.addWidget(Text(look, section.heading, size="title", weight="semibold", wrap=True))
    for text in section.lines:
        told = Text(look, text, wrap=True)
        told.setTextInteractionFlags(SELECTABLE)
        lines.addWidget(told)
    return holder
