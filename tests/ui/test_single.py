"""One window for each profile: a second start raises the one that is there, and one that was killed is no window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtNetwork import QLocalServer

from console.ui.single import Single, _name, raise_other


def test_a_second_start_raises_the_window_that_is_there(qtbot, tmp_path: Path) -> None:
    assert not raise_other(tmp_path)
    window = Single(tmp_path)
    try:
        with qtbot.waitSignal(window.asked, timeout=60_000):
            assert raise_other(tmp_path / "." / ".." / tmp_path.name)  # another spelling of the same folder
        assert not raise_other(tmp_path / "other")
    finally:
        window.close()
    assert not raise_other(tmp_path)


def test_what_a_killed_window_left_behind_is_taken_over(qtbot, tmp_path: Path) -> None:
    left = QLocalServer()
    assert left.listen(_name(tmp_path))
    path = Path(left.fullServerName())
    copy = path.with_name(path.name + ".kept")
    copy.hardlink_to(path)
    left.close()  # it removes its socket, as a killed one cannot
    copy.rename(path)
    window = Single(tmp_path)
    try:
        with qtbot.waitSignal(window.asked, timeout=60_000):
            assert raise_other(tmp_path)
    finally:
        window.close()
