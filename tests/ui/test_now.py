"""What stands at the right: nothing on it is made anew because a second passed, and what changes is shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QLabel

from console.services.needs import Need
from console.ui.now import NowPanel, _CardFrame
from console.ui.widgets import StateMark
from console.viewmodels.cards import Card, CardLine
from console.viewmodels.shell import Now


def line(state: str, text: str) -> CardLine:
    return CardLine(state=state, text=text, tip="queued for 3 s")


CARD = Card(
    key="d", doc="d", target=None, inc="i", state="queued", title="Block a key at gateway", count="2 queued",
    told=("valid: 3 h left",), commands=(("review", "Review"),), alarm=False,
    lines=(line("queued", "one at gateway"), line("queued", "two at gateway")),
)  # fmt: skip


def marks(frame: _CardFrame) -> list[StateMark]:
    found = [frame._targets.itemAt(at).widget() for at in range(frame._targets.count())]
    return [one for one in found if isinstance(one, StateMark)]


def test_a_second_that_passes_makes_nothing_anew(qtbot, room) -> None:
    frame = _CardFrame(room)
    qtbot.addWidget(frame)
    frame.show()
    frame.put(CARD)
    before = marks(frame)
    later = tuple(replace(one, tip="queued for 4 s") for one in CARD.lines)
    frame.put(replace(CARD, lines=later, told=("valid: 2 h 59 min left",)))
    assert marks(frame) == before, "the very same marks: what is made anew flickers"
    assert all("queued for 4 s" in one.toolTip() for one in before)


def test_what_changes_is_shown_and_what_is_gone_goes(qtbot, room) -> None:
    frame = _CardFrame(room)
    qtbot.addWidget(frame)
    frame.show()
    frame.put(CARD)
    more = (line("enforced", "one at gateway"), *CARD.lines[1:], line("failed", "three"))
    frame.put(replace(CARD, lines=more))
    assert [one.text() for one in marks(frame)] == [
        "enforced  one at gateway", "queued  two at gateway", "failed  three",
    ]  # fmt: skip
    frame.put(replace(CARD, lines=CARD.lines[:1]))
    assert marks(frame) == [], "a single target stands in the title"
    frame.put(CARD)
    assert len(marks(frame)) == 2


def test_what_somebody_undid_stands_under_needs_you_with_who_and_when(qtbot, room) -> None:
    """As `standdown watch` enters it (tests/scenarios/test_watch_process.py)."""
    who = (
        "An independent read no longer shows it: somebody or something undid it. Its provider's log: "
        "feature-environment-enabled by mallory at 2026-11-26 16:20:11 UTC. It is not sent again; propose it again or "
        "anew."
    )
    undone = Need(kind="decide", text="Switch a model off: atlas at flags was undone", detail=who, inc="i", doc="d",
                  op="a", target=0, helps="undone")  # fmt: skip
    panel = NowPanel(room)
    qtbot.addWidget(panel)
    panel.resize(340, 420)
    panel.show()
    panel._take(Now((), (undone,)))
    frame = panel._sections["needs"].first()
    assert frame is not None
    labels = [label for label in frame.findChildren(QLabel) if not label.isHidden()]
    qtbot.waitUntil(lambda: frame.isVisible() and all(label.isVisible() for label in labels))
    told = [label.text() for label in labels]
    assert any("atlas at flags was undone" in text for text in told)
    assert any("by mallory at 2026-11-26 16:20:11 UTC" in text for text in told)
    assert "mallory" in frame.accessibleName()
    qtbot.waitUntil(lambda: all(label.heightForWidth(label.width()) <= label.height() for label in labels))
    qtbot.waitUntil(lambda: max(label.geometry().bottom() for label in labels) <= frame.height())
