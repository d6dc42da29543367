"""A window in a process of its own, for a test that is somebody at it: takes acts on standard input, answers in JSON.

It does what a person does with eyes and hands (`acts.py`). It never calls a service: the window does.
"""

from __future__ import annotations

import json
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QApplication

from console.runtime.paths import ProfilePaths
from console.ui.start import Windows, application
from tests.scenarios.acts import Acts


class Person(QObject):
    """Carries out the acts it is given, one after the other."""

    asked = Signal(str)

    def __init__(self, app: QApplication, windows: Windows) -> None:
        super().__init__()
        self._acts = Acts(app, windows)
        self.asked.connect(self._act, Qt.ConnectionType.QueuedConnection)

    def _act(self, line: str) -> None:
        told = json.loads(line)
        answer: dict[str, Any]
        try:
            answer = {"ok": True, "value": getattr(self._acts, told["act"])(*told["args"], **told["named"])}
        except BaseException:  # noqa: BLE001  it belongs to the test, which shows it
            self._acts.picture("fault")
            answer = {"ok": False, "fault": traceback.format_exc()}
        print(json.dumps(answer, default=str), flush=True)  # noqa: T201  the channel to the test


def main() -> int:
    """`python -m tests.scenarios.person_at_window PROFILE SETTINGS [practise]`."""
    profile, settings = Path(sys.argv[1]), sys.argv[2]
    app = application()
    windows = Windows(app, QSettings(settings, QSettings.Format.IniFormat))
    person = Person(app, windows)
    windows.open(ProfilePaths(profile), practise="practise" in sys.argv[3:])

    def listen() -> None:
        for line in sys.stdin:
            person.asked.emit(line)
        app.exit(0)

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps({"ok": True, "value": "ready"}), flush=True)  # noqa: T201  as above
    status = app.exec()
    windows.end()
    return status


if __name__ == "__main__":
    sys.exit(main())
