"""Run by test_confirm_screen.py before a real X server: a real window, a real pointer and keys; says what became of it.

Arguments: the folder of the two founded consoles, a file for the answers, what to try. It asserts nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

from console.ui.confirm import ConfirmDialog
from console.ui.room import Room
from console.ui.screens import screen_of
from console.ui.theme import Look
from tests.kit.confirming import TRIES, name_of, opened, proposed, ready, records, until
from tests.kit.pair import pair_at, passphrase
from tests.kit.resting import rest
from tests.kit.rooms import room_of

APPROVER = passphrase("commander", "your approver key").decode()


def xdo(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True, timeout=300)
    rest(120)


class Person:
    """A hand at the pointer and the keys of the X server."""

    def __init__(self, dialog: ConfirmDialog) -> None:
        self.dialog = dialog
        self.sign = dialog._sign

    def to(self, widget: QWidget) -> None:
        at: QPoint = widget.mapToGlobal(widget.rect().center())
        scale = widget.devicePixelRatioF()
        xdo("mousemove", round(at.x() * scale), round(at.y() * scale))

    def click(self, widget: QWidget, times: int = 1) -> None:
        self.to(widget)
        xdo("click", "--repeat", times, "--delay", 60, 1)

    def hold(self, widget: QWidget, ms: int = 1_900, during: Callable[[], object] | None = None) -> None:
        self.to(widget)
        xdo("mousedown", 1)
        rest(ms // 2)
        if during is not None:
            during()
        rest(ms // 2)
        xdo("mouseup", 1)

    def type_value(self) -> None:
        self.click(self.sign._typed)
        xdo("type", "--delay", 15, self.sign._view.to_type)
        until(lambda: self.dialog._guard.state().typed_fits, 3_000)

    def arm(self) -> None:
        """Until it had its effect. A machine that stands still breaks a hold, as it must: then anew."""
        self.type_value()
        button = self.sign._hold["approve"]
        broken: list[bool] = []
        button.broken.connect(lambda: broken.append(True))
        for _ in range(TRIES):
            broken.clear()
            self.to(button)
            xdo("mousedown", 1)
            until(lambda: broken or name_of(self.dialog) == "armed")
            xdo("mouseup", 1)
            if name_of(self.dialog) == "armed":
                return


def enter_and_space(person: Person) -> None:
    person.type_value()
    xdo("key", "Return")
    person.sign._hold["approve"].setFocus()
    for key in ("Return", "KP_Enter", "space"):
        xdo("key", key)
    person.hold(person.sign._hold["approve"])
    xdo("type", "--delay", 10, APPROVER)
    xdo("key", "Return")
    person.sign._go.setFocus()
    for key in ("Return", "space"):
        xdo("key", key)


def double_click(person: Person) -> None:
    person.type_value()
    person.click(person.sign._hold["approve"], 2)
    person.click(person.sign._hold["approve"], 3)


def too_short(person: Person) -> None:
    person.type_value()
    person.hold(person.sign._hold["approve"], 1_100)
    rest(800)


def slipped_off(person: Person) -> None:
    person.type_value()
    person.hold(person.sign._hold["approve"], 2_400, lambda: person.to(person.dialog._headline))


def stolen_focus(person: Person) -> None:
    thief = QWidget()
    thief.setWindowTitle("thief")
    thief.resize(120, 80)

    def steal() -> None:
        thief.show()
        thief.activateWindow()
        rest(300)

    person.type_value()
    person.hold(person.sign._hold["approve"], 2_600, steal)
    thief.close()
    thief.deleteLater()


def minimised(person: Person) -> None:
    person.arm()
    person.dialog.showMinimized()
    rest(600)


def no_leave_of_absence(person: Person) -> None:
    """The prompt stands open, the person goes to another window and comes back."""
    person.arm()
    xdo("type", "--delay", 10, APPROVER)
    other = QWidget()
    other.resize(60, 60)
    other.show()
    other.activateWindow()
    rest(400)
    other.close()
    other.deleteLater()
    person.dialog.activateWindow()
    rest(400)
    xdo("key", "ctrl+Return")


NEVER = (enter_and_space, double_click, too_short, slipped_off, stolen_focus, minimised, no_leave_of_absence)


def by_pointer(person: Person) -> None:
    person.arm()
    xdo("type", "--delay", 10, APPROVER)
    person.click(person.sign._go)
    until(lambda: person.sign.signed)


def by_keys(person: Person) -> None:
    def tab_to(widget: QWidget) -> None:
        for _ in range(40):
            if person.dialog.focusWidget() is widget:
                return
            xdo("key", "Tab")

    tab_to(person.sign._typed)
    xdo("type", "--delay", 15, person.sign._view.to_type)
    tab_to(person.sign._unlock["approve"])
    xdo("key", "space")
    xdo("type", "--delay", 10, APPROVER)
    xdo("key", "ctrl+Return")
    until(lambda: person.sign.signed)


def main() -> None:
    folder, answers = Path(sys.argv[1]), Path(sys.argv[2])
    app = QApplication([])
    look = Look(app, "light")
    told: dict[str, object] = {}
    with pair_at(folder, answers.parent / "org") as (one, _), room_of(one, look) as room:
        made = proposed(one)
        for attempt in (each for each in NEVER if each.__name__ in sys.argv[3:]):
            dialog = in_front(room, made.sha)
            attempt(Person(dialog))
            told[attempt.__name__] = {
                "state": name_of(dialog), "records": records(one, made.sha), "busy": dialog._sign._busy,
                "passphrase": bool(dialog._sign._passphrase.text()),
            }  # fmt: skip
            dialog.close()
            rest(100)
        for way in (by_pointer, by_keys):
            each = proposed(one)
            dialog = in_front(room, each.sha)
            way(Person(dialog))
            told[way.__name__] = {"records": records(one, each.sha), "outcome": dialog._sign._outcome.text()}
            dialog.grab().save(str(answers.parent / f"{way.__name__}.png"))
            dialog.close()
            rest(100)
        dialog = in_front(room, made.sha)
        told["size"] = {
            "ratio": dialog.devicePixelRatioF(),
            "fits": screen_of(dialog).availableGeometry().contains(dialog.geometry()),
            "content": dialog._content.height(),
        }
        dialog.close()
        rest(100)
    answers.write_text(json.dumps(told))


def in_front(room: Room, sha: str) -> ConfirmDialog:
    dialog = opened(room, sha)
    until(dialog.isActiveWindow)
    ready(dialog)
    return dialog


if __name__ == "__main__":
    main()
