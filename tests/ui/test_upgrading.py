"""The window of a profile whose record comes from an earlier version: the window says how far it is, and then opens."""

from __future__ import annotations

import threading

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from console.journal.schema import JOURNAL, Part
from console.runtime.paths import ProfilePaths
from console.services import upgrading
from console.services.record import start_record
from console.ui.start import Windows
from tests.kit.old_form import make_old
from tests.kit.pair import passphrase
from tests.services.test_upgrading import SLOW

WITHIN_MS = 60_000


def old_profile(tmp_path):
    paths = ProfilePaths(tmp_path / "p")
    start_record(paths, lambda what, **_named: passphrase("commander", what), name="Commander")
    make_old(paths)
    return paths


def windows_of(tmp_path, qapp):
    return Windows(qapp, QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))


def test_the_profiles_window_comes_when_the_record_is_up_to_date(qapp, qtbot, tmp_path, monkeypatch):
    paths = old_profile(tmp_path)
    windows = windows_of(tmp_path, qapp)
    begun, upgrade = threading.Event(), upgrading.migrate
    monkeypatch.setattr(upgrading, "migrate", lambda *given: (begun.wait(60), upgrade(*given)))
    try:
        windows.open(paths)
        assert windows.upgrading is not None
        assert windows.opened == []  # nothing waited: the work is beside
        begun.set()
        qtbot.waitUntil(lambda: bool(windows.opened), timeout=WITHIN_MS)
        assert windows.opened[0].window.isVisible()
        assert not windows.upgrading.isVisible()
    finally:
        windows.end()
    again = windows_of(tmp_path, qapp)
    try:
        again.open(paths)
        assert again.upgrading is None
    finally:
        again.end()


def test_it_can_be_closed_at_any_moment_and_the_record_is_as_it_was(qapp, qtbot, tmp_path, monkeypatch):
    paths = old_profile(tmp_path)
    slow = Part("journal", (*JOURNAL.steps, ("CREATE TABLE later (n INTEGER)", f"INSERT INTO later {SLOW}")))
    monkeypatch.setattr(upgrading, "PARTS", (slow,))
    windows = windows_of(tmp_path, qapp)
    windows.open(paths)
    shown = windows.upgrading
    assert shown is not None
    qtbot.waitUntil(lambda: shown.bar.value() == shown.bar.maximum() - 1, timeout=WITHIN_MS)
    assert "step" in shown.told.text()
    QApplication.processEvents()
    shown.close()
    windows.end()
    assert windows.opened == []
    monkeypatch.undo()
    assert upgrading.needed(paths) is not None  # the outbox's own step; the journal's are done
