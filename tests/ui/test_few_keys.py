"""Human effort, counted: every key that goes down between "incident open" and "proposed", and from there to "signed".

Bars (issue 5): a proposer 25 keys plus the reason; an approver 8 plus the passphrase and the value that varies. A chord
counts each of its keys. The counts stand in the manual's page on performance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from adapters.practice.simulator import Estate
from console.domain.agreements import Agreement
from console.domain.reasons import read_reason
from console.services import agreements, approvals, corrections, incidents, providers
from console.ui.confirm import ConfirmDialog
from console.ui.keys import Keys
from console.ui.proposal import ProposalDialog, add_commands
from console.viewmodels.commands import Command
from console.viewmodels.shell import INCIDENTS, NOW, SHELL
from tests.kit.confirming import ready, records, until
from tests.kit.pair import connect, pair_at, passphrase, sync
from tests.kit.resting import rest
from tests.kit.rooms import room_of

pytestmark = pytest.mark.qt_log_ignore(
    "plugin does not support raise", "plugin does not support propagateSizeHints", extend=True
)
PROPOSER, APPROVER = 25, 8
WHY = "Exploits; three reports since noon."
CTRL, PLAIN = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


@dataclass
class Fingers:
    """Types through the platform's own door, to whatever has the focus in a window, and counts."""

    window: QWidget
    keys: int = 0

    def press(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.keyClick(self.window.windowHandle(), key, modifier)
        rest(20)
        self.keys += 1 if modifier == PLAIN else 2

    def type(self, text: str) -> None:
        for letter in text:
            self.press(letter)

    def tab_to(self, widget: QWidget, most: int = 60) -> None:
        for _ in range(most):
            if widget.hasFocus():
                return
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"{widget.accessibleName()} is not reached by Tab")


@pytest.fixture(scope="module")
def org(founded, tmp_path_factory) -> Iterator[tuple]:
    folder = tmp_path_factory.mktemp("few")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, two):
            connect(one, estate)
            providers.add_canary(one, "gateway-east", "key-canary", estate.instances()[0]["secrets"]["key-canary"])
            agreements.register(one, Agreement(partner="Acme Ltd", allows=("user",), notice_h=72))
            sync(one, two)
            connect(two, estate)
            yield one, two


@pytest.fixture
def window(qtbot, org, look):
    """The proposer's window with an incident open, and nothing pressed yet."""
    one, _ = org
    with room_of(one, look) as room:
        window = QWidget()
        qtbot.addWidget(window)
        add_commands(room, window)
        keys = Keys(window, room.commands, lambda *_said: None)
        inc = str(incidents.declare(one, "Atlas large helps with exploits", 2).entry.inc)
        room.desk.choose(inc)
        until(lambda: room.desk.outlet.latest(SHELL) is not None and room.desk.outlet.latest(NOW) is not None)
        until(lambda: any(found.inc == inc for found in room.desk.outlet.latest(INCIDENTS).lines))
        window.show()
        window.activateWindow()
        until(window.isActiveWindow)
        assert keys is not None
        yield window, room
        for dialog in window.findChildren(ProposalDialog):
            dialog.close()


def composer(window: QWidget) -> tuple[ProposalDialog, Fingers]:
    """The composer, opened by its key; what opened it is counted."""
    first = Fingers(window)
    first.press(Qt.Key.Key_C)
    until(lambda: window.findChildren(ProposalDialog))
    dialog = window.findChildren(ProposalDialog)[-1]
    until(lambda: dialog.pages.currentIndex() == 1 and dialog.fields.which.hasFocus())
    return dialog, Fingers(dialog, first.keys)


def proposed(dialog: ProposalDialog, fingers: Fingers) -> None:
    """Ctrl+Enter, once what would be sent was read."""
    until(dialog.propose.isEnabled)
    fingers.press(Qt.Key.Key_Return, CTRL)
    until(lambda: dialog.pages.currentWidget() is dialog.said)


def test_a_proposer_needs_few_keys_beside_the_reason(window, org):
    window, room = window
    dialog, fingers = composer(window)
    fingers.type("key-research")
    fingers.tab_to(dialog.fields.reason)
    before = fingers.keys
    fingers.type(WHY)
    fingers.keys = before  # the reason is not counted
    proposed(dialog, fingers)
    print(f"proposer: {fingers.keys} keys beside the reason")  # noqa: T201  the figure for the manual
    assert fingers.keys <= PROPOSER
    held = corrections.find_document(org[0], room.desk.pointed[0])
    assert read_reason(approvals.open_values(held).reason).why == WHY


def test_and_few_more_with_what_answers_instead_the_agreement_and_running_streams_stopped(window, org):
    window, room = window
    dialog, fingers = composer(window)
    fingers.type("key-research")
    fingers.tab_to(dialog.fields.reason)
    before = fingers.keys
    fingers.type(WHY)
    fingers.keys = before
    fields = dialog.fields.besides
    fingers.press("b", Qt.KeyboardModifier.AltModifier)
    until(fields.running.hasFocus)
    fingers.press(Qt.Key.Key_Down)
    fingers.tab_to(fields.fallback)
    fingers.press(Qt.Key.Key_Down)
    fingers.press(Qt.Key.Key_Down)
    fingers.tab_to(fields.terms)
    fingers.press(Qt.Key.Key_Down)
    proposed(dialog, fingers)
    print(f"proposer, everything said: {fingers.keys} keys beside the reason")  # noqa: T201  as above
    assert fingers.keys <= PROPOSER
    held = corrections.find_document(org[0], room.desk.pointed[0])
    parts = read_reason(approvals.open_values(held).reason)
    assert parts.fallback.startswith("atlas-small on ")
    assert parts.agreements[0].startswith("Acme Ltd allows user, notice 72 h [")
    assert held.disclosed(0)["requests"][-1]["path"].endswith("/stop")


def test_an_approver_needs_few_keys_beside_the_passphrase_and_the_value(qtbot, org, look):
    one, two = org
    inc = str(incidents.declare(one, "Atlas large helps with exploits", 1).entry.inc)
    wishes = [
        corrections.TargetWish(provider="model-server", surface=model, lever="model.unload", selector=model)
        for model in ("atlas-large", "atlas-small")
    ]
    made = corrections.propose(one, inc, wishes, WHY)
    sync(one, two)
    with room_of(two, look) as room:
        window = QWidget()
        qtbot.addWidget(window)
        run = lambda: ConfirmDialog.opened(room, made.sha, window)  # noqa: E731  what the window's command does
        room.commands.add(Command(name="review", title="Review and sign", key="r", run=run))
        keys = Keys(window, room.commands, lambda *_said: None)
        window.show()
        window.activateWindow()
        until(window.isActiveWindow)
        fingers = Fingers(window)
        fingers.press(Qt.Key.Key_R)
        assert keys is not None
        dialog = window.findChildren(ConfirmDialog)[-1]
        until(lambda: dialog._guard is not None and dialog._content.whole)
        ready(dialog)
        fingers = Fingers(dialog, fingers.keys)
        sign = dialog._sign
        fingers.press(Qt.Key.Key_T)
        assert sign._typed.hasFocus()
        before = fingers.keys
        fingers.type(sign._view.to_type)
        fingers.keys = before  # the value is not counted
        fingers.tab_to(sign._unlock["approve"])
        fingers.press(Qt.Key.Key_Space)
        until(sign._passphrase.hasFocus)
        before = fingers.keys
        fingers.type(passphrase("approver", "your approver key").decode())
        fingers.keys = before  # nor is the passphrase
        fingers.press(Qt.Key.Key_Return, CTRL)
        until(lambda: sign.signed)
        print(f"approver: {fingers.keys} keys beside passphrase and value")  # noqa: T201  as above
        assert fingers.keys <= APPROVER
        assert records(two, made.sha) == ["approve"]
        dialog.close()
