"""Looks whether a correction that people made themselves stands: also one recorded before its provider was connected.

It only reads, and tries once where a credential is known; what was read is in the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QComboBox, QWidget

from console.domain.deceit import shown
from console.services import overview
from console.services.overview import Recorded
from console.services.session import Session
from console.ui.parts import row
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import Text
from console.viewmodels.ground import Ground, read_ground
from console.viewmodels.lines import first_line
from console.viewmodels.times import both
from console.viewmodels.zones import shown_zone, zone_chosen

_READING: Final = "Reading ..."
_LOOKING: Final = "Reading there ..."
_NARROW: Final = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
_TEXT_CHARS: Final = 90


class WatchDialog(Sheet):
    """Which record, where it can be read by now, and what was found. It stays open, so that one can look again."""

    def __init__(self, room: Room, parent: QWidget, inc: str | None, entry: str | None = None) -> None:
        super().__init__(
            room, parent, "Watch a correction made by hand",
            "Reads the place where it should stand, and tries once where a credential is known. Nothing is changed.",
        )  # fmt: skip
        self._ground: Ground | None = None
        self._recorded: tuple[Recorded, ...] = ()
        self.which, self.surface, self.lever = QComboBox(), QComboBox(), QComboBox()
        for box in (self.which, self.surface, self.lever):
            box.setSizeAdjustPolicy(_NARROW)
        self.selector = text_line("What was restricted")
        self.selector.setPlaceholderText("The key, user or model, as the provider calls it")
        self._told = Text(room.look, size="small", tone="text-muted", wrap=True)
        self.found = Text(room.look, weight="medium", wrap=True)
        self._none = Text(room.look, tone="waiting", wrap=True)
        self.add(Labelled(room, "Which record", self.which))
        self.add(self._told)
        places = QWidget()
        line = row(places, room.look.theme.space("unit"))
        line.addWidget(Labelled(room, "Where it can be read", self.surface), 1)
        line.addWidget(Labelled(room, "What was pulled there", self.lever), 1)
        self.add(places)
        self.add(Labelled(room, "What was restricted", self.selector))
        for part in (self._none, self.found):
            part.hide()
            self.add(part)
        self.body.addStretch(1)
        self.only_close()
        self.add_button("Watch it now", self._watch, "main")
        self.which.currentIndexChanged.connect(self._turn)
        self.surface.currentIndexChanged.connect(self._offer_levers)
        self.lever.currentIndexChanged.connect(self.check)
        self.selector.textChanged.connect(self.check)
        self.selector.returnPressed.connect(self.press_main)
        self.read_first(lambda session: (read_ground(session), _known(session, inc, entry)), partial(self._fill, entry),
                        _READING, "look")  # fmt: skip
        self.take_room(660, 440)

    def why_not(self) -> str:
        """What is still to be said."""
        if not self._recorded:
            return "Nothing was recorded by hand here."
        if self.surface.currentData() is None or not self.lever.currentData():
            return "Choose where it can be read."
        return "" if self.selector.text().strip() else "Say what was restricted."

    def _fill(self, entry: str | None, found: tuple[Ground, tuple[Recorded, ...]]) -> None:
        self._ground, self._recorded = found
        for one in self._ground.options:
            if _readable(self._ground, one.surface.surface):
                same = one.provider == one.surface.name
                place = one.surface.name if same else f"{one.surface.name} at {one.provider}"
                self.surface.addItem(shown(place), one.surface.surface)
        if not self.surface.count():
            self._none.setText("No connected provider can be read back. Connect the one where it was done, then look.")
            self._none.show()
        for record in self._recorded:
            self.which.addItem(shown(first_line(record.text))[:_TEXT_CHARS], record.entry)
        self.which.setCurrentIndex(max(self.which.findData(entry), 0) if self._recorded else -1)
        self._turn()
        (self.surface if self.selector.text() else self.selector).setFocus()

    def _turn(self, _at: int = 0) -> None:
        """Another record: what it says itself is filled in."""
        one = next((one for one in self._recorded if one.entry == self.which.currentData()), None)
        self.found.hide()
        if one is None or self._ground is None:
            self.check()
            return
        zone = shown_zone(zone_chosen(self.room.desk.outlet))
        self._told.setText(f"Done {both(one.done_ms, zone)}, recorded by {shown(one.by)}. {_stands(one, zone)}".strip())
        self.selector.setText(one.selector)
        there = next(
            (each.surface.surface for each in self._ground.options if each.surface.instance == one.instance), None
        )
        if there is not None and (at := self.surface.findData(there)) >= 0:
            self.surface.setCurrentIndex(at)
        self._offer_levers()
        if one.lever and (at := self.lever.findData(one.lever)) >= 0:
            self.lever.setCurrentIndex(at)
        self.check()

    def _offer_levers(self, _at: int = 0) -> None:
        one = next((one for one in self._recorded if one.entry == self.which.currentData()), None)
        kind = "" if one is None else one.category
        self.lever.clear()
        for line in sorted(_readable(self._ground, self.surface.currentData()), key=lambda line: line[2] != kind):
            self.lever.addItem(line[1], line[0])
        self.check()

    def _watch(self) -> None:
        entry, surface = str(self.which.currentData()), str(self.surface.currentData())
        options = () if self._ground is None else self._ground.options
        place = next((one.surface for one in options if one.surface.surface == surface), None)
        if place is None:
            return
        work = partial(
            overview.watch, entry=entry, provider=place.instance, lever=str(self.lever.currentData()),
            selector=self.selector.text().strip(), surface=place.surface,
        )  # fmt: skip
        self.carry_out(work, self._watched, _LOOKING, "aside")

    def _watched(self, found: dict[str, Any]) -> None:
        self.found.setText(verdict_words(found))
        self.found.set_tone("good" if found["bites"] or found["recorded"] else "alarm")
        self.found.show()
        self.room.desk.refresh()


def _known(session: Session, inc: str | None, entry: str | None) -> tuple[Recorded, ...]:
    """Those of the incident; the one that is meant is among them, wherever it was recorded."""
    here = overview.recorded_by_hand(session, inc)
    if entry is None or any(one.entry == entry for one in here):
        return here
    return tuple(one for one in overview.recorded_by_hand(session) if one.entry == entry or one in here)


def _stands(one: Recorded, zone: tzinfo) -> str:
    """Whether it stood when it was last read, and that it is read again."""
    watched = one.watched
    if watched is None or watched.stands == "never":
        return ""
    if watched.stands == "stands":
        return f"It stood when it was last read, {both(watched.read_ms, zone)}; it is looked at again by itself."
    return f"It no longer stood {both(watched.since_ms, zone)}. {shown(watched.why)}"


def _readable(ground: Ground | None, surface: object) -> list[tuple[str, str, str]]:
    """Name, title and kind of what can be read back there from a selector alone."""
    options = () if ground is None else ground.options
    one = next((one for one in options if one.surface.surface == surface), None)
    if one is None or one.by_hand or one.broken:
        return []
    return [(line.name, line.title, line.category) for line in one.levers
            if not any(param.required for param in line.params)]  # fmt: skip


def verdict_words(found: Mapping[str, Any]) -> str:
    """What was read and tried, in sentences."""
    read = {
        "in-effect": "The provider's record says that it stands.",
        "not-in-effect": "The provider's record says that it does NOT stand.",
    }.get(str(found["read_back"]), "The provider's record does not tell.")
    probe = {
        "refused": "One try as that caller was refused.",
        "passed": "One try as that caller PASSED: it does not bite, or not yet.",
    }.get(str(found["probe"]), "There is no credential here to try it with.")
    again = " It is looked at again by itself from now on." if found["recorded"] else ""
    return f"{read} {probe} What was read is in the record.{again}"


__all__ = ["WatchDialog", "verdict_words"]
