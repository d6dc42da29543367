"""What the signer reads, laid out: headline, weight, why, what if not, targets with old and new, requests, who else.

It shows an `ApprovalView` and nothing else: no word here comes from anywhere but that view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.ui.parts import column, row
from console.ui.theme import Look
from console.ui.tokens import GRAVITIES, SEVERITIES, STATES
from console.ui.widgets import Digest, IconMark, StateMark, Text
from console.viewmodels.approval import ApprovalView, RequestView, Section, TargetView
from console.viewmodels.approval_standing import WhoElse, WindowView

_SHORT = 48  # characters that stay on one line beside each other
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class Content(QScrollArea):
    """The left side: everything that is about the document itself. It is made anew whenever the view changes."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._open: set[int] = set()
        self._view: ApprovalView | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("What would be signed")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def put(self, view: ApprovalView) -> None:
        """Show this view; what was scrolled to and opened stays so."""
        if view == self._view:
            return
        self._view = view
        at = self.verticalScrollBar().value()
        page = QWidget()
        unit = self._look.theme.space("unit")
        lines = column(page, unit + 4, (0, 0, 2 * unit, unit))
        for part in self._parts(view):
            lines.addWidget(part)
        lines.addStretch(1)
        self.setWidget(page)
        self.verticalScrollBar().setValue(at)

    def _parts(self, view: ApprovalView) -> list[QWidget]:
        parts: list[QWidget] = []
        problems = view.problems if not view.can_sign else ()
        parts += [_loud(self._look, text, "octagon-alert", "alarm") for text in problems]
        parts += [_loud(self._look, text, "triangle-alert", "changed") for text in view.warnings]
        if view.reason or view.targets:
            parts.append(self._answers(view))
        parts += [self._target(one) for one in view.targets]
        parts += [_section(self._look, one) for one in view.sections]
        return parts

    def _answers(self, view: ApprovalView) -> QWidget:
        told = [("Why", view.reason or "No reason was given.", "text"), ("If not", view.if_not, "text")]
        if view.lift_criteria:
            told.append(("Lifted when", view.lift_criteria, "text"))
        if view.undo:
            told.append(("Undo", view.undo, "text"))
        told += [("Left out", text, "changed") for text in view.left_out]
        return facts(self._look, told)

    def _target(self, one: TargetView) -> QWidget:
        return TargetCard(self._look, one, self._open)


class TargetCard(QFrame):
    """One target: its name as signed and as read here, what changes, whom it reaches, how it is taken back."""

    def __init__(self, look: Look, one: TargetView, opened: set[int]) -> None:
        super().__init__()
        self._look, self._one, self._opened = look, one, opened
        self.setProperty("ground", "raised")
        unit = look.theme.space("unit")
        lines = column(self, unit // 2 + 2, (unit + 6, unit + 2, unit + 4, unit + 2))
        lines.addLayout(self._head())
        lines.addWidget(self._reading())
        if one.changes:
            lines.addWidget(self._changes())
        lines.addWidget(facts(look, self._facts()))
        for text in one.notes:
            lines.addWidget(Text(look, text, tone="waiting", wrap=True))
        self._more = QPushButton()
        self._more.setProperty("kind", "quiet")
        self._more.setAutoDefault(False)
        self._more.clicked.connect(self._turn)
        self._exact = self._requests()
        lines.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        lines.addWidget(self._exact)
        self.setAccessibleName(_spoken(one))
        self._told()

    def _head(self) -> QHBoxLayout:
        look, one = self._look, self._one
        line = QHBoxLayout()
        line.setSpacing(look.theme.space("unit"))
        line.addWidget(Text(look, f"{one.number}", size="title", weight="semibold", tone="text-muted"))
        name = Text(look, one.name, size="title", weight="semibold", wrap=True)
        name.setTextInteractionFlags(_SELECTABLE)
        line.addWidget(name, 1)
        for word, tone in (
            ("CANNOT BE REVERTED", "alarm" if one.irreversible else ""),
            ("everybody", "changed" if one.everybody else ""),
            ("canary", "text-muted" if one.canary else ""),
            ("by hand", "claimed" if one.by_hand else ""),
        ):  # fmt: skip
            if tone:
                line.addWidget(Text(look, word, size="small", weight="semibold", tone=tone))
        return line

    def _reading(self) -> QWidget:
        look, one = self._look, self._one
        tone = "alarm" if one.contradicts else "text-muted"
        text = one.reading
        if one.name_here and one.name_here != one.name:
            text = f"called {one.name_here!r} here; {text}"
        told = Text(look, text, size="small", tone=tone, wrap=True, weight="semibold" if one.contradicts else "regular")
        holder = QWidget()
        line = row(holder, look.theme.space("unit"))
        line.addWidget(IconMark(look, "octagon-alert" if one.contradicts else "eye", tone))
        line.addWidget(told, 1)
        return holder

    def _changes(self) -> QWidget:
        look = self._look
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * look.theme.space("unit"))
        grid.setColumnMinimumWidth(0, look.theme.space("unit") * 13)
        for at, (field, old, new) in enumerate(self._one.changes):
            grid.addWidget(Text(look, field, tone="text-muted"), at, 0)
            both = QWidget()
            line = row(both, look.theme.space("unit"))
            for part in (
                Text(look, old, size="title", tone="text-muted"),
                Text(look, new, size="title", weight="semibold"),
            ):
                part.setTextInteractionFlags(_SELECTABLE)
                part.setWordWrap(len(old) + len(new) > _SHORT)
                line.addWidget(part)
            line.insertWidget(1, IconMark(look, "arrow-right", "text"))
            line.addStretch(1)
            grid.addWidget(both, at, 1)
        grid.setColumnStretch(1, 1)
        return holder

    def _facts(self) -> list[tuple[str, str, str]]:
        one = self._one
        told = [("What", f"{one.lever}: {one.how_many}", "text")]
        if one.selector and one.selector != one.name:
            told.append(("Which", one.selector, "text"))
        told.append(("Where", f"{one.surface} at {one.provider}, model {one.model}", "text"))
        told.append(("Whom it reaches", one.reach, "text"))
        if one.affected != "not known":
            told.append(("Affected", one.affected, "text"))
        told.append(("Taking it back", one.reversal, "alarm" if one.irreversible else "text"))
        if one.by_hand is not None:
            hand = one.by_hand
            told += [
                (word, text, "text") for word, text in (
                    ("Asked", hand.instruction), ("Who", hand.who), ("Contact", hand.contact), ("Ticket", hand.ticket),
                    ("By", hand.by), ("Seen to by", hand.assignee),
                ) if text
            ]  # fmt: skip
        told += [(word, text, "text") for word, text in (*one.asked, *one.more)]
        return told

    def _requests(self) -> QWidget:
        look, one = self._look, self._one
        holder = QWidget()
        lines = column(holder, look.theme.space("unit") // 2)
        for title, found in (("Exactly this is sent", one.requests), ("Exactly this takes it back", one.revert)):
            lines.addWidget(Text(look, title, size="small", weight="semibold", tone="text-muted"))
            for request in found:
                lines.addWidget(_request(look, request))
            if not found:
                lines.addWidget(Text(look, "Nothing.", size="small", tone="text-muted"))
        sent = ", ".join(one.dispatchers)
        lines.addWidget(Text(look, f"Sent by {sent}", size="small", tone="text-muted", wrap=True))
        return holder

    def _turn(self) -> None:
        if self._one.number in self._opened:
            self._opened.discard(self._one.number)
        else:
            self._opened.add(self._one.number)
        self._told()

    def _told(self) -> None:
        shown = self._one.number in self._opened
        count = len(self._one.requests)
        word = "Hide" if shown else "Show"
        what = "the exact request" if count == 1 else f"the {count} exact requests"
        self._more.setText(f"{word} {what} and how it is taken back")
        self._exact.setVisible(shown)


class Standing(QWidget):
    """The right side: weight, time, who signed and who can, the digest to be read out. Made anew with the view."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._view: ApprovalView | None = None
        self._lines = column(self, look.theme.space("unit"))

    def put(self, view: ApprovalView) -> None:
        """Show this view."""
        if view == self._view:
            return
        self._view = view
        while (item := self._lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        look = self._look
        if view.gravity:
            holder = QWidget()
            lines = column(holder, 2)
            lines.addWidget(StateMark(look, view.gravity, table=GRAVITIES, size="title"))
            lines.addWidget(Text(look, view.gravity_why, size="small", tone="text-muted", wrap=True))
            self._lines.addWidget(holder)
        if view.who is not None:
            self._lines.addWidget(_who(look, view.who))
        if view.until:
            self._lines.addWidget(_until(look, view.until))
        self._lines.addWidget(_title(look, "Read these words to each other"))
        words = " ".join(view.digest_words)
        self._lines.addWidget(Digest(look, view.sha, words))
        self._lines.addStretch(1)


def facts(look: Look, told: Sequence[tuple[str, str, str]]) -> QWidget:
    """Pairs of a quiet word and what it is, aligned; the third is the tone."""
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * look.theme.space("unit"))
    grid.setVerticalSpacing(3)
    grid.setColumnMinimumWidth(0, look.theme.space("unit") * 13)
    for at, (word, text, tone) in enumerate(told):
        grid.addWidget(Text(look, word, tone="text-muted"), at, 0, Qt.AlignmentFlag.AlignTop)
        value = Text(look, text, tone=tone, wrap=True, weight="semibold" if tone == "alarm" else "regular")
        value.setTextInteractionFlags(_SELECTABLE)
        grid.addWidget(value, at, 1)
    grid.setColumnStretch(1, 1)
    return holder


def severity_mark(look: Look, severity: str) -> StateMark:
    """The incident's severity, small."""
    return StateMark(look, severity, table=SEVERITIES)


def _title(look: Look, text: str) -> Text:
    return Text(look, text, size="small", weight="semibold", tone="text-muted")


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
        told.setTextInteractionFlags(_SELECTABLE)
        lines.addWidget(told)
    return holder


def _request(look: Look, request: RequestView) -> QWidget:
    text = "\n".join((f"{request.head}   {request.kind}".rstrip(), *request.body))
    told = Text(look, text, mono=True, size="small", wrap=True)
    told.setTextInteractionFlags(_SELECTABLE)
    return told


def _who(look: Look, who: WhoElse) -> QWidget:
    holder = QWidget()
    lines: QVBoxLayout = column(holder, 3)
    lines.addWidget(_title(look, "Who else"))
    lines.addWidget(Text(look, f"Proposed by {who.proposer}", wrap=True))
    for one in who.signed:
        state = (
            "approved"
            if one.decision == "approve" and one.counts
            else "refused"
            if one.decision == "refuse"
            else "stale"
        )
        lines.addWidget(StateMark(look, state, f" {one.name}", table=STATES))
        where = f"{one.when}, {one.where}" + (f". Does not count: {one.why_not}" if not one.counts else "")
        lines.addWidget(Text(look, where, size="small", tone="text-muted", wrap=True))
    for text in who.missing:
        lines.addWidget(Text(look, text, tone="waiting", wrap=True))
    if who.can_sign:
        lines.addWidget(Text(look, f"Can sign now: {', '.join(who.can_sign)}", wrap=True))
    for name, why in who.cannot:
        lines.addWidget(Text(look, f"{name} cannot: {why}", size="small", tone="text-muted", wrap=True))
    if who.met:
        lines.addWidget(Text(look, "Its signatures are complete.", tone="good", wrap=True))
    return holder


def _until(look: Look, until: Sequence[WindowView]) -> QWidget:
    holder = QWidget()
    lines = column(holder, 2)
    lines.addWidget(_title(look, "Until when"))
    for one in until:
        lines.addWidget(Text(look, f"{one.word}: {one.left}", wrap=True))
        lines.addWidget(Text(look, one.when, size="small", tone="text-muted", wrap=True))
    return holder


def _spoken(one: TargetView) -> str:
    """The target in one sentence for a screen reader."""
    changes = ", ".join(f"{field} from {old} to {new}" for field, old, new in one.changes)
    parts = (
        f"Target {one.number}: {one.lever} {one.name}", f"{one.surface} at {one.provider}", changes, one.reading,
        f"reaches {one.reach}", one.reversal, "canary" if one.canary else "", "by hand" if one.by_hand else "",
    )  # fmt: skip
    return ". ".join(part for part in parts if part)
