"""An adapter that a file declares, at the window: offered, its form made from the file, tried, kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from shiboken6 import isValid

from adapters.http.simulator import ADMIN, HttpSite
from adapters.simulator import Simulator
from console.runtime.paths import ProfilePaths
from console.services import adapters, providers
from console.services.record import start_record
from console.services.session import Session
from console.ui.provider_connect import ConnectDialog
from console.viewmodels.provider_cards import adapter_cards
from tests.kit.rooms import room_of


def _ask(_what: str, *, new: bool = False) -> bytes:
    return b"a passphrase"


@pytest.fixture
def room(tmp_path, look):
    """A record of the real world: nothing declared in a file is part of a drill."""
    paths = ProfilePaths(tmp_path / "profile")
    start_record(paths, _ask, name="Commander")
    with Session.open(paths, _ask) as session, room_of(session, look) as made:
        yield made


@pytest.fixture
def server(tmp_path):
    with Simulator(HttpSite("flags")) as simulator:
        path = tmp_path / "flags.yaml"
        path.write_text(adapters.example("flags").replace("https://flags.example", simulator.url), encoding="utf-8")
        adapters.keep(path)
        yield simulator
        adapters.forget("flags")


def test_a_declared_adapter_is_connected_like_any_other(qtbot, room, server) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    dialog = ConnectDialog(room, window)
    dialog.open()
    page = dialog._first
    qtbot.waitUntil(lambda: page.list.count() > 0)
    cards = adapter_cards(room.desk.session)
    names = [one.name for one in cards]
    card = cards[names.index("http_flags")]
    assert card.notes[0] == f"Declared in a file. It speaks to {server.url} and to no other place."
    assert any(word.endswith(", unproven") for one in card.abilities for word in one.can)
    page.list.setCurrentRow(names.index("http_flags"))
    qtbot.keyClick(page.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: dialog.fields is not None)
    dialog.name.setText("flags")
    dialog.fields.put({"project": "alpha"})
    dialog.fields._secrets["admin"].put(ADMIN)
    dialog.press_main()
    qtbot.waitUntil(lambda: dialog.save.text() == "Save")
    told = "\n".join(one.text() for one in dialog.report.findChildren(QLabel))
    assert "Assistant tools: atlas" in told
    assert "Switch a feature off" in told
    dialog.press_main()
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible())
    (kept,) = providers.instances_of(room.desk.session).all()
    assert (kept.adapter, dict(kept.settings)) == ("http_flags", {"project": "alpha"})
    assert {one.key for one in providers.surfaces(room.desk.session)} == {"tools", "browse/2"}
