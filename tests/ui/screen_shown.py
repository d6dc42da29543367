"""Run by test_atspi.py: shows the confirmation until told to end, then says what is in the record.

Arguments: the folder of the two founded consoles, a folder to work in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from console.ui.theme import Look
from tests.kit.confirming import opened, proposed, ready, records, until
from tests.kit.pair import pair_at
from tests.kit.resting import rest
from tests.kit.rooms import room_of

WITHIN_MS = 300_000


def main() -> None:
    founded, folder = Path(sys.argv[1]), Path(sys.argv[2])
    app = QApplication(["standdown-on-screen"])
    app.setApplicationName("standdown-on-screen")
    look = Look(app, "light")
    with pair_at(founded, folder / "org") as (one, _), room_of(one, look) as room:
        made = proposed(one, reason="Three reports.")
        dialog = opened(room, made.sha)
        ready(dialog)
        (folder / "shown").write_text(made.sha)
        until((folder / "end").exists, WITHIN_MS)
        (folder / "records").write_text(json.dumps(records(one, made.sha)))
        dialog.close()
        rest(100)


if __name__ == "__main__":
    main()
