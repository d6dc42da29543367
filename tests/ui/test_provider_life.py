"""A provider changed and removed at the window: what stands there is shown, accepted in words, and never lifted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from shiboken6 import isValid

from adapters.practice.simulator import Estate
from console.services import corrections, incidents, provider_life, providers
from console.services.corrections import TargetWish
from console.services.secrets import open_secrets
from console.ui.provider_life import EditProviderDialog, RemoveCanaryDialog, RemoveProviderDialog
from console.ui.providers import ProvidersDialog
from tests.kit.pair import sync

WITHIN_MS = 30_000
NAME = "gateway-east"


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate(gateway_lag_s=0.1) as running:
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


def known(estate: Estate) -> dict:
    return next(one for one in estate.instances() if one["name"] == NAME)


def connect(session, estate: Estate) -> None:
    one = known(estate)
    providers.add(session, "practice", NAME, one["settings"], lambda _what: one["secrets"]["admin"])
    providers.adopt_surfaces(session, NAME)


def listed(qtbot, room, window) -> ProvidersDialog:
    dialog = ProvidersDialog(room, window)
    dialog.open()
    qtbot.waitUntil(lambda: NAME in texts(dialog) and not dialog.is_busy, timeout=WITHIN_MS)
    return dialog


def press(qtbot, dialog: QWidget, word: str) -> None:
    button = next(one for one in dialog.findChildren(QPushButton) if one.text() == word and one.isVisible())
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def over(dialog: QWidget) -> bool:
    return not isValid(dialog) or not dialog.isVisible()


def test_what_stands_there_is_shown_and_has_to_be_accepted_before_it_goes(qtbot, room, window, estate) -> None:
    session = room.desk.session
    connect(session, estate)
    inc = str(incidents.declare(session, "t", 2).entry.inc)
    wish = TargetWish(provider=NAME, surface="", lever="key.block", selector="key-research")
    corrections.propose(session, inc, [wish], "Because")
    listing = listed(qtbot, room, window)
    press(qtbot, listing, "Remove ...")
    dialog = listing.findChild(RemoveProviderDialog)
    qtbot.waitUntil(lambda: dialog.holds is not None, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "1 target stands there" in texts(dialog), timeout=WITHIN_MS)
    assert "Block a key: Research assistant" in texts(dialog)
    qtbot.keyClicks(dialog.reason, "replaced")
    assert dialog.doing.text() == "Say that it goes all the same."
    dialog.press_main()
    assert not dialog.is_busy, "the main button waits for the tick"
    dialog.anyway.setChecked(True)
    dialog.press_main()
    qtbot.waitUntil(lambda: over(dialog), timeout=WITHIN_MS)
    assert providers.instances_of(session).all() == ()
    qtbot.waitUntil(listing._empty.isVisible, timeout=WITHIN_MS)


def test_what_a_colleague_retired_says_so_and_is_removed_here_too(qtbot, room, pair, window, estate) -> None:
    one, two = pair
    connect(one, estate)
    sync(one, two)
    connect(two, estate)
    provider_life.remove(two, NAME, "replaced by the new one")
    sync(one, two)
    listing = listed(qtbot, room, window)
    assert "Retired for everybody by Approver" in texts(listing)
    assert "replaced by the new one" in texts(listing)
    press(qtbot, listing, "Remove ...")
    dialog = listing.findChild(RemoveProviderDialog)
    qtbot.waitUntil(lambda: dialog.holds is not None, timeout=WITHIN_MS)
    assert not dialog.everywhere.isVisible(), "it is retired already"
    qtbot.keyClicks(dialog.reason, "retired")
    dialog.press_main()
    qtbot.waitUntil(lambda: over(dialog), timeout=WITHIN_MS)
    assert len(list(one.reader.entries(org=True, kinds=("provider.removed",)))) == 1


def test_a_canary_is_removed(qtbot, room, window, estate) -> None:
    session = room.desk.session
    connect(session, estate)
    providers.add_canary(session, NAME, "key-canary", known(estate)["secrets"]["key-canary"])
    listing = listed(qtbot, room, window)
    press(qtbot, listing, "Remove a canary ...")
    dialog = listing.findChild(RemoveCanaryDialog)
    qtbot.waitUntil(lambda: dialog.holds is not None, timeout=WITHIN_MS)
    qtbot.keyClicks(dialog.reason, "revoked")
    dialog.press_main()
    qtbot.waitUntil(lambda: over(dialog), timeout=WITHIN_MS)
    assert providers.instances_of(session).get(NAME).probe_credentials == {}
    qtbot.waitUntil(lambda: "no canary" in texts(listing), timeout=WITHIN_MS)


def test_its_form_stands_as_it_is_kept_and_a_change_is_tried_at_once(qtbot, room, window, estate) -> None:
    session = room.desk.session
    connect(session, estate)
    before = providers.instances_of(session).get(NAME)
    listing = listed(qtbot, room, window)
    press(qtbot, listing, "Edit ...")
    dialog = listing.findChild(EditProviderDialog)
    qtbot.waitUntil(lambda: dialog.fields is not None, timeout=WITHIN_MS)
    assert dialog.fields.typed()["base_url"] == before.settings["base_url"]
    assert dialog.doing.text() == "Nothing of it is changed."
    dialog.name.setText("gateway")
    dialog.fields._secrets["admin"].put("practice-wrong")
    dialog.press_main()
    qtbot.waitUntil(lambda: over(dialog), timeout=WITHIN_MS)
    after = providers.instances_of(session).get("gateway")
    assert (after.id, after.settings) == (before.id, before.settings)
    assert open_secrets(session).get(after.secret("admin")) == "practice-wrong"
    from console.ui.providers import TrialDialog

    trial = listing.findChild(TrialDialog)
    qtbot.waitUntil(lambda: "does not answer" in texts(trial.report), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "gateway" in texts(listing) and not listing.is_busy, timeout=WITHIN_MS)
