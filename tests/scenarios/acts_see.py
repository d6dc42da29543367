"""What a person sees at a window, as words: header, banners, cards, the outbox, the timeline. Reading only."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtWidgets import QToolButton, QWidget

from console.ui.header import ChipLabel
from console.ui.widgets import Banner
from console.viewmodels.shell import NOW
from tests.scenarios.hands import Hands


class Seeing(Hands):
    """Eyes on the main window."""

    def main(self) -> Any:
        """The main window."""
        self.wait(lambda: self.windows.opened, "no main window came up")
        self.wait(lambda: self.windows.opened[-1].window.is_complete, "its commands never came")
        return self.windows.opened[-1].window

    def give(self, command: str) -> None:
        """Give a command as the palette does; it must be possible."""
        self.main()
        why = self.windows.opened[-1].room.commands.give(command)
        assert why is None, f"{command}: {why}"

    def when_given(self, command: str, within_s: float = 150.0) -> None:
        """As `give`, once it may be given."""
        self.main()
        commands = self.windows.opened[-1].room.commands
        self.wait(lambda: commands.give(command) is None, f"{command} stays refused", within_s)

    def header(self) -> list[str]:
        """What the chips of the header say."""
        window = self.main()
        return [one.accessibleName() for one in window.header.findChildren(ChipLabel) if one.isVisible()]

    def banners(self) -> list[str]:
        """What stands between header and panels."""
        window = self.main()
        return [one.accessibleName() for one in window.banners.findChildren(Banner) if one.isVisible()]

    def cards(self) -> list[str]:
        """What the cards at the right say."""
        return [one.accessibleName() for one in self._cards()]

    def _cards(self) -> list[QWidget]:
        found = self.main().now.findChildren(QWidget)
        return [one for one in found if type(one).__name__ == "_CardFrame" and one.isVisible()]

    def outbox(self) -> dict[str, Any]:
        """The strip, and the rows of the drawer, which is opened for it."""
        drawer = self.main().outbox
        strip = next(one for one in drawer.findChildren(QToolButton) if one.isCheckable())
        if not strip.isChecked():
            drawer.toggle()
        self.wait(lambda: drawer.findChildren(QWidget))
        rows = [one.accessibleName() for one in drawer.findChildren(QWidget) if type(one).__name__ == "OutboxRow"]
        return {"strip": strip.text(), "rows": [one for one in rows if one]}

    def see(self, where: str, pattern: str, within_s: float = 150.0) -> str:
        """Wait until something of `header`, `banners`, `cards`, `title` or `outbox` fits; what fits."""
        looks = {
            "header": self.header, "banners": self.banners, "cards": self.cards,
            "title": lambda: [self.main().windowTitle()],
            "outbox": lambda: [self.outbox()["strip"], *self.outbox()["rows"]],
        }  # fmt: skip

        def found() -> list[str]:
            return [one for one in looks[where]() if re.search(pattern, one)]

        self.wait(found, f"{where} never says {pattern!r}", within_s) if not found() else None
        return found()[0]

    def sees_no(self, where: str, pattern: str, within_s: float = 150.0) -> None:
        """Wait until nothing there fits any more."""
        looks = {"header": self.header, "banners": self.banners, "cards": self.cards}
        self.wait(
            lambda: not any(re.search(pattern, one) for one in looks[where]()),
            f"{where} goes on saying {pattern!r}", within_s,
        )  # fmt: skip

    def states(self) -> list[dict[str, Any]]:
        """Where each correction stands, as the panels were told."""
        now = self.windows.opened[-1].room.desk.outlet.latest(NOW)
        return [
            {
                "doc": one.doc, "op": one.op, "title": one.title, "group": one.group, "direction": one.direction,
                "signed": len(one.signed),
                "targets": [
                    {"at": t.index, "lever": t.lever, "canary": t.canary, "state": t.state, "detail": t.detail,
                     "evidence": t.evidence}
                    for t in one.targets
                ],
            }
            for one in (() if now is None else now.everything)
        ]  # fmt: skip

    def reaches(self, doc: str, target: int, states: list[str], within_s: float = 150.0) -> str:
        """Wait until a target stands in one of these states; which."""
        self.wait(lambda: self._state(doc, target) in states, lambda: f"it stays at {self._told(doc)}", within_s)
        return self._state(doc, target)

    def _state(self, doc: str, target: int) -> str:
        for one in self.states():
            if one["doc"] == doc:
                return next((t["state"] for t in one["targets"] if t["at"] == target), "")
        return ""

    def _told(self, doc: str) -> str:
        return str([one for one in self.states() if one["doc"] == doc])
