"""A model of a gateway's file in the window: the ways side by side, the text to sign, and the text for who does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from adapters.litellm.simulator import MASTER_KEY
from adapters.simulator import Simulator
from console.services import corrections, incidents, presented, providers
from console.ui.attest import AttestDialog
from console.ui.confirm_card import TargetCard
from console.ui.hand_text import HandText
from console.ui.proposal import ProposalDialog
from console.ui.widgets import Exact
from console.viewmodels.approval import approval_view
from console.viewmodels.shell import NOW, SHELL
from tests.adapters.kit import litellm_site
from tests.kit.pair import connect_manual, found, pair_at
from tests.kit.rooms import room_of, troubles_of

WITHIN_MS = 40_000
ADDED = "+      blocked: true"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hand-patch")
    with pytest.MonkeyPatch.context() as patch, Simulator(litellm_site(cache_lag_s=0.0)) as gateway:
        patch.setenv("XDG_STATE_HOME", str(folder))
        found(folder / "made", "real")
        with pair_at(folder / "made", folder / "org") as (one, _):
            made, _ = providers.add(one, "litellm", "gateway", {"base_url": gateway.url}, lambda _what: MASTER_KEY)
            providers.adopt_surfaces(one, made.id)
            connect_manual(one, "filed")
            yield one, str(incidents.declare(one, "filed says what it must not", 2).entry.inc)


class Place:
    """A window, and its composer about the model of the file."""

    def __init__(self, qtbot, room, inc: str) -> None:
        self.room, self.inc, self._qtbot = room, inc, qtbot
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.show()
        room.desk.choose(inc)
        self.until(lambda: room.desk.outlet.latest(SHELL) is not None and room.desk.outlet.latest(NOW) is not None)

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=WITHIN_MS)

    def composer(self) -> ProposalDialog:
        dialog = ProposalDialog(self.room, self.inc, model="filed", parent=self.window)
        dialog.show()
        self.until(lambda: dialog.pages.currentIndex() == 1 and not dialog.is_busy)
        dialog.fields.kind_chosen.emit("shutdown")
        self.until(lambda: dialog.made.draft.category == "shutdown")
        return dialog

    def at_gateway(self, dialog: ProposalDialog) -> int:
        rows = dialog.made.draft.rows
        return next(at for at, row in enumerate(rows) if row.options.provider == "gateway")

    def pull(self, dialog: ProposalDialog, lever: str) -> None:
        """As the box of levers does, until it is read."""
        dialog._pull(self.at_gateway(dialog), lever)
        self.until(lambda: not dialog.reader.reading and dialog.reader.is_fresh(dialog._placed()))

    def found(self, doc: str):
        now = self.room.desk.outlet.latest(NOW)
        return None if now is None else next((one for one in now.everything if one.doc == doc), None)


@pytest.fixture
def place(qtbot, console, look):
    one, inc = console
    with room_of(one, look) as room:
        yield Place(qtbot, room, inc)


def presses(widget: QWidget, word: str) -> list[QPushButton]:
    return [one for one in widget.findChildren(QPushButton) if one.text() == word and one.isVisible()]


def texts(widget: QWidget) -> str:
    shown = [one.text() for one in widget.findChildren(QLabel)]
    return "\n".join(shown + [one.toPlainText() for one in widget.findChildren(Exact)])


def test_the_ways_stand_side_by_side_and_one_press_takes_one(place) -> None:
    dialog = place.composer()
    place.pull(dialog, "model.block")
    told = dialog.plan.text()
    titles = ["Take a model out of every list", "Let another model answer", "Block a model of the file, by hand"]
    assert [told.index(one) for one in titles] == sorted(told.index(one) for one in titles), "the mildest first"
    assert "The vendor's own switch: people there are asked" in told
    way = presses(dialog.plan, "Take this way")[2]
    assert way.accessibleName().startswith("Block a model of the file, by hand")
    way.click()
    place.until(lambda: ADDED in dialog.plan.text())
    assert dialog.made.draft.rows[place.at_gateway(dialog)].lever == "model.file"

    place.pull(dialog, "model.block")
    presses(dialog.plan, "Take this way")[3].click()
    rows = dialog.made.draft.rows
    assert [row.options.provider for row in rows if row.chosen] == ["vendor"]
    assert "switched off at the vendor" in dialog.made.words[rows[place.at_gateway(dialog)].options.surface.surface]
    dialog.close()


def test_who_signs_sees_the_text_and_who_does_it_copies_or_keeps_it(place, tmp_path: Path, look, qtbot) -> None:
    session, found_ = place.room.desk.session, troubles_of(place.room)
    wish = corrections.TargetWish(provider="gateway", surface="filed", lever="model.file", selector="filed")
    made = corrections.propose(session, place.inc, [wish], "It says what it must not.")
    view = approval_view(presented.present(session, made.sha))
    hand = view.targets[0].by_hand
    assert hand is not None
    assert ADDED in hand.text
    assert "-      blocked: true" in hand.back
    assert not [name for name, _ in view.targets[0].asked if name in ("patch", "back", "instruction")]
    card = TargetCard(look, view.targets[0], set())
    qtbot.addWidget(card)
    assert ADDED in texts(card), "before anybody opens anything"

    place.room.desk.refresh()
    place.until(lambda: place.found(made.sha) is not None)
    dialog = AttestDialog(place.room, place.window, [place.found(made.sha)], made.sha, 0)
    dialog.open()
    place.until(lambda: bool(dialog.findChildren(HandText)))
    text = dialog.findChildren(HandText)[0]
    assert ADDED in texts(text)
    assert "read back and tried" in dialog.lead.text()
    text.copy.click()
    assert QGuiApplication.clipboard().text() == made.plans[0].params["patch"]
    text.save(str(tmp_path))
    place.until(lambda: "Saved as" in text.said.text())
    assert (tmp_path / "filed.patch").read_text(encoding="utf-8") == made.plans[0].params["patch"]
    text.save(str(tmp_path))
    place.until(lambda: "is there already" in texts(dialog))
    assert not found_
    dialog.close()
