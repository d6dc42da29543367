"""Providers at the window: chosen, tried by reading, kept with their surfaces, listed with age, given a canary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.services import providers
from console.services.live_values import Connectivity, EngineLink, ProviderLink
from console.ui.provider_connect import ConnectDialog
from console.ui.providers import CanaryDialog, ProvidersDialog, TrialDialog
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.provider_cards import adapter_cards
from tests.kit.pair import connect
from tests.kit.rooms import troubles_of

WITHIN_MS = 15_000


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate(gateway_lag_s=0.1, cloud_lag_s=0.1, unload_s=0.1) as running:
        yield running


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    return made


def texts(widget: QWidget) -> str:
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget))


def opened(qtbot, room, window, adapter: str) -> ConnectDialog:
    """The dialog with the form of one adapter, reached by the keyboard."""
    dialog = ConnectDialog(room, window)
    dialog.open()
    page = dialog._first
    qtbot.waitUntil(lambda: page.list.count() > 0, timeout=WITHIN_MS)
    names = [one.name for one in adapter_cards(room.desk.session)]
    for _ in range(names.index(adapter)):
        qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: dialog.fields is not None, timeout=WITHIN_MS)
    return dialog


def fill(dialog: ConnectDialog, known: dict) -> None:
    dialog.name.setText(known["name"])
    dialog.fields.put(known["settings"])
    dialog.fields._secrets["admin"].put(known["secrets"]["admin"])


def test_a_provider_is_tried_then_kept_with_its_surfaces(qtbot, room, window, estate) -> None:
    known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
    dialog = opened(qtbot, room, window, "practice")
    assert dialog.save.text() == "Save without a trial"
    fill(dialog, known)
    dialog.press_main()
    qtbot.waitUntil(lambda: dialog.save.text() == "Save", timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "It answers" in texts(dialog.report))
    assert "not tried" in texts(dialog.report), "what only a write would tell is said to be untried"
    assert not providers.instances_of(room.desk.session).all(), "a trial keeps nothing"
    dialog.press_main()
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible(), timeout=WITHIN_MS)
    kept = providers.instances_of(room.desk.session).all()
    assert [one.name for one in kept] == [known["name"]]
    assert [one.instance for one in providers.surfaces(room.desk.session)] == [kept[0].id]


def test_a_wrong_credential_is_said_and_everything_typed_stays(qtbot, room, window, estate) -> None:
    known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
    dialog = opened(qtbot, room, window, "practice")
    fill(dialog, {**known, "secrets": {"admin": "practice-wrong"}})
    dialog.press_main()
    qtbot.waitUntil(lambda: "does not answer" in texts(dialog.report), timeout=WITHIN_MS)
    assert dialog.save.text() == "Save without a trial"
    assert dialog.name.text() == known["name"]
    assert dialog.fields.secrets() == {"admin": "practice-wrong"}


def test_a_change_after_a_trial_makes_it_untried_again(qtbot, room, window, estate) -> None:
    known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
    dialog = opened(qtbot, room, window, "practice")
    fill(dialog, known)
    dialog.press_main()
    qtbot.waitUntil(lambda: dialog.save.text() == "Save", timeout=WITHIN_MS)
    dialog.fields.put({"base_url": "http://127.0.0.1:9"})
    assert dialog.save.text() == "Save without a trial"
    qtbot.waitUntil(lambda: "Changed since it was tried" in texts(dialog.report), timeout=WITHIN_MS)


def test_a_trial_that_is_not_waited_for_says_nothing_later(qtbot, room, window, estate) -> None:
    known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
    dialog = opened(qtbot, room, window, "practice")
    fill(dialog, known)
    dialog.press_main()
    assert dialog.stop.isVisible()
    qtbot.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    room.desk.do(lambda _session: None, "aside").result(60)
    qtbot.wait(100)
    assert texts(dialog.report).startswith("Not waited for")
    assert dialog.save.text() == "Save without a trial"


def test_a_provider_that_is_down_can_be_saved_and_its_surfaces_found_later(qtbot, room, window) -> None:
    dialog = opened(qtbot, room, window, "practice")
    fill(dialog, {"name": "gateway", "settings": {"base_url": "http://127.0.0.1:9", "part": "gateway"},
                  "secrets": {"admin": "practice-token"}})  # fmt: skip
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "surfaces are not known yet" in texts(dialog.report), timeout=WITHIN_MS)
    assert dialog.fields.secrets() == {"admin": ""}, "it has served and is emptied"
    assert [one.name for one in providers.instances_of(room.desk.session).all()] == ["gateway"]


def test_what_cannot_be_connected_in_a_drill_says_why(qtbot, room, window) -> None:
    cards = {one.name: one for one in adapter_cards(room.desk.session)}
    assert "drill" in cards["litellm"].why_not
    dialog = ConnectDialog(room, window)
    dialog.open()
    page = dialog._first
    qtbot.waitUntil(lambda: page.list.count() > 0, timeout=WITHIN_MS)
    page.list.setCurrentRow(page.list.count() - 1)
    assert not dialog.next.isEnabled()
    assert "drill" in dialog.doing.text()


def test_every_category_of_an_adapter_is_answered(room) -> None:
    for card in adapter_cards(room.desk.session):
        assert [one.title for one in card.abilities] == [
            "User: block users or keys", "Frequency: slow access down", "Capability: take capabilities away",
            "Use case: forbid uses", "Shutdown: withdraw it, or stop our use of it",
        ]  # fmt: skip
        assert all(one.can or one.why_not for one in card.abilities)
    by_hand = next(one for one in adapter_cards(room.desk.session) if one.name == "manual")
    assert all(one.can for one in by_hand.abilities), "people can be asked for anything"


def test_the_list_tells_state_and_age_and_faults_in_words(qtbot, room, window, estate) -> None:
    connect(room.desk.session, estate, "gateway")
    instance = providers.instances_of(room.desk.session).all()[0]
    dialog = ProvidersDialog(room, window)
    dialog.open()
    qtbot.waitUntil(lambda: instance.name in texts(dialog), timeout=WITHIN_MS)
    assert "Nobody has looked at it yet." in texts(dialog)
    now = room.desk.session.clock.wall_ms()
    link = ProviderLink(instance=instance.id, name=instance.name, adapter="practice", state="unreachable",
                        since_ms=now - 120_000, read_ms=now - 130_000, fault="connection refused")  # fmt: skip
    room.desk.outlet.post(CONNECTIVITY, Connectivity(engine=EngineLink(state="here"), providers=(link,)))
    qtbot.waitUntil(lambda: "Does not answer for 2 min" in texts(dialog), timeout=WITHIN_MS)
    assert "connection refused" in texts(dialog)
    assert "offline" in texts(dialog)
    assert "1 surface" in texts(dialog)


def test_an_empty_list_leads_to_the_first_one(qtbot, room, window) -> None:
    dialog = ProvidersDialog(room, window)
    dialog.open()
    qtbot.waitUntil(dialog._empty.isVisible, timeout=WITHIN_MS)
    button = next(one for one in dialog._empty.findChildren(QPushButton) if one.text() == "Connect a provider")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert dialog.findChild(ConnectDialog) is not None
    qtbot.waitUntil(lambda: dialog.findChild(ConnectDialog)._first.list.count() > 0, timeout=WITHIN_MS)


def test_a_saved_provider_is_tried_and_given_a_canary(qtbot, room, window, estate) -> None:
    connect(room.desk.session, estate, "gateway")
    known = next(one for one in estate.instances() if one["settings"]["part"] == "gateway")
    dialog = ProvidersDialog(room, window)
    dialog.open()
    qtbot.waitUntil(lambda: bool(dialog._frames), timeout=WITHIN_MS)
    row = next(iter(dialog._frames.values()))._row
    trial = TrialDialog(room, dialog, row)
    trial.open()
    qtbot.waitUntil(lambda: "It answers" in texts(trial.report), timeout=WITHIN_MS)
    trial.reject()
    selector = "key-canary"
    canary = CanaryDialog(room, dialog, row)
    canary.open()
    qtbot.keyClicks(canary.selector, selector)
    assert canary.doing.text() == "Type its credential."
    qtbot.keyClicks(canary.secret, known["secrets"][selector])
    canary.press_main()
    qtbot.waitUntil(lambda: not isValid(canary) or not canary.isVisible(), timeout=WITHIN_MS)
    assert list(providers.instances_of(room.desk.session).all()[0].probe_credentials) == [selector]


def test_a_dialog_that_is_left_while_it_asks_is_no_fault(qtbot, room, window, estate) -> None:
    connect(room.desk.session, estate, "gateway")
    troubles = troubles_of(room)
    from console.viewmodels.provider_cards import rows_of

    trial = TrialDialog(room, window, rows_of(room.desk.session)[0])
    trial.open()
    trial.reject()
    room.desk.do(lambda _session: None, "aside").result(60)
    qtbot.wait(100)
    assert troubles == []
