"""What a correction would mean, beside the composer: gravity, who can sign, each target's requests, what is left out.

It shows plans that were read; it plans nothing, and says of each target whether its plan is of this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.ui.parts import column, row
from console.ui.proposal_rows import PLANS
from console.ui.theme import Look
from console.ui.tokens import GRAVITIES
from console.ui.widgets import Exact, StateMark, Text, Words
from console.viewmodels.proposal import PlanLine, TrialView, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One target of the plan panel. Without a line its plan is being read."""

    key: str
    where: str
    line: PlanLine | None
    row: int = -1
    canary: bool = False
    asked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPaper:
    """Everything that stands beside the composer. `verdict` is missing until a plan was read."""

    targets: tuple[Shown, ...]
    verdict: TrialView | None
    fresh: bool
    left_out: tuple[str, ...]
    note: str = ""
    unproven: str = ""


class PlanPanel(QScrollArea):
    """Made anew whenever the paper changes; where one had scrolled to stays.

    `pulled` tells that somebody wants another lever in a row (one that does less, or that is there at all), or another
    surface instead: row, lever, surface.
    """

    pulled = Signal(int, str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._paper: PlanPaper | None = None
        self._opened: set[str] = set()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What it would mean")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def put(self, paper: PlanPaper) -> None:
        """Show this one."""
        if paper == self._paper:
            return
        self._paper = paper
        at = self.verticalScrollBar().value()
        unit = self._look.theme.space("unit")
        page = QWidget()
        lines = column(page, unit, (unit, unit, unit + 4, unit))
        lines.addWidget(Text(self._look, "What it would mean", weight="semibold"))
        if paper.note:
            lines.addWidget(Text(self._look, paper.note, tone="text-muted", wrap=True))
        if paper.verdict is not None and paper.targets and (paper.fresh or paper.verdict.gravity):
            lines.addWidget(self._verdict(paper.verdict, fresh=paper.fresh))
        if paper.unproven and paper.targets:
            lines.addWidget(Text(self._look, paper.unproven, size="small", tone="waiting", wrap=True))
        for one in paper.targets:
            lines.addWidget(PlanCard(self._look, one, self._opened, self.pulled.emit))
        if paper.left_out:
            lines.addWidget(self._left(paper.left_out))
        lines.addStretch(1)
        self.setWidget(page)
        self.verticalScrollBar().setValue(at)
        self.setAccessibleDescription(_spoken(paper))

    def text(self) -> str:
        """All that is shown, for those who look for a word in it."""
        inner = self.widget()
        if inner is None:
            return ""
        found = [one.text() for one in inner.findChildren(QLabel)]
        return "\n".join(found + [one.toPlainText() for one in inner.findChildren(Exact)])

    def _verdict(self, view: TrialView, *, fresh: bool) -> QWidget:
        look, unit = self._look, self._look.theme.space("unit")
        box = QWidget()
        lines = column(box, 2)
        if view.gravity in GRAVITIES:
            head = QWidget()
            line = row(head, unit)
            line.addWidget(StateMark(look, view.gravity, "" if fresh else "as last read", table=GRAVITIES))
            line.addStretch(1)
            lines.addWidget(head)
            lines.addWidget(Text(look, _sentence(view.why), size="small", tone="text-muted", wrap=True))
        facts = [("Users touched", view.affected)]
        if view.can_sign:
            facts.append(("Can approve now", ", ".join(view.can_sign)))
        facts += [("Needed", _sentence(one)) for one in view.missing]
        facts += [("Cannot approve", f"{name}: {why}") for name, why in view.cannot]
        lines.addWidget(grid_of(look, facts))
        return box

    def _left(self, told: Sequence[str]) -> QWidget:
        box = QWidget()
        lines = column(box, 2)
        lines.addWidget(Text(self._look, "Left out, and signed so", size="small", weight="semibold", tone="changed"))
        for one in told:
            lines.addWidget(Words(self._look, one, size="small"))
        return box


class PlanCard(QFrame):
    """One target: how it is now and then, what is sent, what it reverts to; or why it cannot be, and what can."""

    def __init__(self, look: Look, one: Shown, opened: set[str], pull: Callable[[int, str, str], None]) -> None:
        super().__init__()
        self._look, self._one, self._opened, self._pull = look, one, opened, pull
        self.setProperty("ground", "raised")
        unit = look.theme.space("unit")
        self._lines: QVBoxLayout = column(self, unit // 2, (unit + 2, unit, unit + 2, unit))
        line = one.line
        state = "reading" if line is None else "planned" if line.possible else "waits" if line.waits else "cannot"
        head = QWidget()
        top = row(head, unit)
        what = one.where if line is None else f"{line.what[:1].upper()}{line.what[1:]}, {line.where}"
        name = Words(look, what + (" (canary)" if one.canary else ""), weight="medium")
        top.addWidget(name, 1)
        top.addWidget(StateMark(look, state, size="small", table=PLANS), 0, Qt.AlignmentFlag.AlignTop)
        self._lines.addWidget(head)
        self.setAccessibleName(f"{name.text()}: {PLANS[state].word}")
        if line is not None:
            self._fill(line)

    def _gap(self, line: PlanLine) -> None:
        """Why it cannot be done, and what can."""
        look = self._look
        self._lines.addWidget(Words(look, line.why_not, size="small", tone="alarm"))
        if line.waits:
            told = "It can be planned when it answers. Read again, or do it by hand and record it."
            self._lines.addWidget(Text(look, told, size="small", tone="text-muted", wrap=True))
        elif line.ways:
            self._lines.addWidget(ways_of(look, line.ways, self._one.where, self._take))
        elif line.instead:  # the names are enough here; what each does stands at its row
            told = "; ".join(offer.split(":", 1)[0] for offer in line.instead)
            self._lines.addWidget(Text(look, f"Instead: {told}", size="small", tone="text-muted", wrap=True))
            self._offer(line)

    def _take(self, way: Way) -> None:
        """Another lever in this row, or another row."""
        self._pull(self._one.row, way.lever, way.surface)

    def _fill(self, line: PlanLine) -> None:
        look = self._look
        if not line.possible:
            self._gap(line)
            return
        if line.changes:
            self._lines.addWidget(changes_of(look, line.changes))
        loud = line.reversal.isupper()
        facts = [("Reaches", line.reach), ("Users", line.affected)]
        if line.in_flight:
            facts.append(("In flight", line.in_flight))
        if not loud:
            facts.append(("Reversal", line.reversal))
        facts += self._one.asked
        self._lines.addWidget(grid_of(look, facts))
        if loud:
            self._lines.addWidget(Text(look, line.reversal, weight="semibold", tone="alarm"))
        for note in line.notes:
            self._lines.addWidget(Text(look, _sentence(note), size="small", tone="waiting", wrap=True))
        if line.text:
            title = "What a person follows; once it is signed it can be copied, or kept as a file"
            self._lines.addWidget(Text(look, title, size="small", tone="text-muted", wrap=True))
            self._lines.addWidget(Exact(look, line.text))
        for offer in line.instead:
            self._lines.addWidget(Text(look, f"Milder: {offer}", size="small", tone="text-muted", wrap=True))
        self._offer(line)
        if line.sends:
            self._exact(line)

    def _offer(self, line: PlanLine) -> None:
        """One press for what does less, or what can be done at all: the first of them."""
        if not line.offers or self._one.row < 0 or self._one.canary:
            return
        lever, title = line.offers[0]
        take = QPushButton(f"{title} instead")
        take.setProperty("kind", "quiet")
        take.setAutoDefault(False)
        take.setAccessibleName(f"{title} instead, {self._one.where}")
        take.clicked.connect(lambda: self._pull(self._one.row, lever, ""))
        self._lines.addWidget(take, 0, Qt.AlignmentFlag.AlignLeft)

    def _exact(self, line: PlanLine) -> None:
        count = len(line.sends)
        more = QPushButton()
        more.setProperty("kind", "quiet")
        more.setAutoDefault(False)
        told = QWidget()
        lines = column(told, 2)
        for title, requests in (("Sends", line.sends), ("Reverts to", line.reverts or ("nothing known",))):
            lines.addWidget(Text(self._look, title, size="small", tone="text-muted"))
            for request in requests:
                lines.addWidget(Exact(self._look, request))
        if line.read_at:
            lines.addWidget(Text(self._look, f"Read {line.read_at}", size="small", tone="text-muted"))

        def turn() -> None:
            key = self._one.key
            self._opened.symmetric_difference_update({key})
            say()

        def say() -> None:
            hidden = self._one.key in self._opened
            told.setVisible(not hidden)
            word = "1 request" if count == 1 else f"{count} requests"
            more.setText(f"Show {word}" if hidden else f"Hide {word}")

        more.clicked.connect(turn)
        self._lines.addWidget(told)
        self._lines.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        say()


def ways_of(look: Look, ways: Sequence[Way], where: str, take: Callable[[Way], None]) -> QWidget:
    """Several ways side by side, the mildest first: each with what it is and one press that takes it."""
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, look.theme.space("half"), 0, 0)
    grid.setHorizontalSpacing(look.theme.space("unit"))
    grid.setVerticalSpacing(look.theme.space("unit"))
    for at, way in enumerate(ways):
        cell = QWidget()
        unit = look.theme.space("unit")
        lines = column(cell, unit // 2, (unit, unit, unit, unit))
        lines.addWidget(Text(look, way.title, size="small", weight="semibold", wrap=True))
        lines.addWidget(Text(look, way.told, size="small", tone="text-muted", wrap=True))
        lines.addStretch(1)
        if way.lever or way.surface:
            press = QPushButton("Take this way")
            press.setProperty("kind", "quiet")
            press.setAutoDefault(False)
            press.setAccessibleName(f"{way.title}, instead of what {where} cannot do")
            press.clicked.connect(lambda _on=False, way=way: take(way))
            lines.addWidget(press, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(cell, at // _BESIDE, at % _BESIDE)
    for at in range(_BESIDE):
        grid.setColumnStretch(at, 1)
    return box


def changes_of(look: Look, changes: Sequence[tuple[str, str, str]]) -> QWidget:
    """Fields with their value now and then."""
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(look.theme.space("unit"))
    grid.setVerticalSpacing(2)
    grid.setColumnMinimumWidth(0, _LABEL)
    for at, (field, now, then) in enumerate(changes):
        grid.addWidget(Text(look, field, size="small", tone="text-muted", wrap=True), at, 0, _TOP)
        text = Text(look, f"{now}  \N{RIGHTWARDS ARROW}  {then}", weight="medium", wrap=True)
        text.setAccessibleName(f"{field}: now {now}, then {then}")
        grid.addWidget(text, at, 1)
    grid.setColumnStretch(1, 1)
    return box


def grid_of(look: Look, facts: Sequence[tuple[str, str]]) -> QWidget:
    """Names and values in two columns; a name that is repeated is said once."""
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(look.theme.space("unit"))
    grid.setVerticalSpacing(2)
    grid.setColumnMinimumWidth(0, _LABEL)
    before = ""
    for at, (name, value) in enumerate(facts):
        if name != before:
            grid.addWidget(Text(look, name, size="small", tone="text-muted"), at, 0, _TOP)
        before = name
        grid.addWidget(Text(look, value, size="small", wrap=True), at, 1)
    grid.setColumnStretch(1, 1)
    return box


_LABEL: Final = 104
_BESIDE: Final = 2
_TOP: Final = Qt.AlignmentFlag.AlignTop


def _spoken(paper: PlanPaper) -> str:
    states = [one.line for one in paper.targets]
    ready = sum(line is not None and line.possible for line in states)
    told = f"{ready} of {len(states)} targets can be done."
    if paper.verdict is not None and paper.verdict.gravity:
        told += f" Gravity {paper.verdict.gravity}: {paper.verdict.why}."
    return told


def _sentence(text: str) -> str:
    told = text[:1].upper() + text[1:]
    return told if not told or told[-1] in ".!?" else f"{told}."
