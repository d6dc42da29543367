"""A provider that changes or goes: its form again, its removal here or for everybody, and a canary that goes.

Whatever stands there is shown before anything goes, and has to be accepted in so many words. It lifts nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtWidgets import QCheckBox, QComboBox, QRadioButton, QVBoxLayout, QWidget

from console.domain.deceit import shown
from console.services import provider_life
from console.services.provider_life import LEFT_ALONE, Hold
from console.services.session import Session
from console.ui.forms import FormFields
from console.ui.kept import Kept
from console.ui.parts import column
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.widgets import StateMark, Text
from console.viewmodels.provider_cards import ProviderRow
from console.viewmodels.provider_forms import Form, settings_form

_NAME_CHARS: Final = 120
_SHOWN: Final = 8
_READING: Final = "Reading what stands there ..."
_KEEP: Final = "Left empty, the credential that is kept stays."


class _Removing(Sheet):
    """What stands there, a reason, and a tick where something does; the main button waits for all of it."""

    def __init__(self, room: Room, parent: QWidget, title: str, lead: str) -> None:
        super().__init__(room, parent, title, lead)
        self.holds: tuple[Hold, ...] | None = None
        self._asked = 0
        self._place = QWidget()
        self._lines: QVBoxLayout = column(self._place, room.look.theme.space("half"))
        self.reason = text_line("Why")
        self.reason.textChanged.connect(self.check)
        self.reason.returnPressed.connect(self.press_main)
        self.anyway = QCheckBox()
        self.anyway.toggled.connect(self.check)
        self.anyway.hide()

    def why_not(self) -> str:
        """What is still to be said."""
        if self.holds is None:
            return _READING
        if not self.reason.text().strip():
            return "Say why."
        return "Say that it goes all the same." if self.holds and not self.anyway.isChecked() else ""

    def read(self, work: Callable[[Session], tuple[Hold, ...]]) -> None:
        """Read what stands there."""
        self.holds = None
        self.anyway.setChecked(False)
        self._asked += 1
        asked = self._asked
        self.carry_out(work, lambda found: self._stands(asked, found), _READING, "look")

    def _stands(self, asked: int, found: tuple[Hold, ...]) -> None:
        if asked != self._asked:
            return  # another one is meant by now
        self.holds = found
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        look = self.room.look
        if not found:
            told = "Nothing is proposed, queued or in force there."
            self._lines.addWidget(Text(look, told, tone="text-muted", wrap=True))
        else:
            count = "1 target stands" if len(found) == 1 else f"{len(found)} targets stand"
            self._lines.addWidget(Text(look, f"{count} there:", weight="semibold", tone="alarm"))
        for one in found[:_SHOWN]:
            self._lines.addWidget(StateMark(look, one.state, f" {shown(one.title)}: {shown(one.name)}", size="small"))
        if len(found) > _SHOWN:
            self._lines.addWidget(Text(look, f"and {len(found) - _SHOWN} more", size="small", tone="text-muted"))
        if found:
            self._lines.addWidget(Text(look, self.left_alone(), wrap=True))
        self.anyway.setVisible(bool(found))
        self.check()

    def left_alone(self) -> str:
        """What becomes of it."""
        return f"{LEFT_ALONE} Lift or cancel it first where you can."


class RemoveProviderDialog(_Removing):
    """Retires a provider for everybody, or disconnects this console only; its credentials leave this console."""

    def __init__(self, room: Room, parent: QWidget, known: ProviderRow) -> None:
        super().__init__(
            room, parent, f"Remove {shown(known.name)}",
            "Its credentials are deleted from this console. The record keeps what was done there.",
        )  # fmt: skip
        self._known = known
        self.everywhere = QRadioButton("Retire it for everybody: its models leave every colleague's board")
        self.here = QRadioButton("Only on this console: colleagues go on with it")
        (self.here if known.retired else self.everywhere).setChecked(True)
        choice = QWidget()
        lines = column(choice, room.look.theme.space("half"))
        if known.retired:
            lines.addWidget(Text(room.look, known.retired, wrap=True))
        else:
            lines.addWidget(self.everywhere)
            lines.addWidget(self.here)
        self.add(choice)
        self.add(self._place)
        self.anyway.setText("It goes all the same")
        self.add(self.anyway)
        self.add(Labelled(room, "Why", self.reason, "It stands in the record."))
        self.body.addStretch(1)
        self.add_button("Remove", self._remove, "main")
        self.read(partial(provider_life.holds, provider=known.instance))
        self.take_room(620, 470)
        self.reason.setFocus()
        self._kept = Kept(self, f"remove-provider:{known.instance}", {"reason": self.reason, "here": self.here})

    def _remove(self) -> None:
        work = partial(
            provider_life.remove, provider=self._known.instance, reason=self.reason.text().strip(),
            everywhere=bool(self._known.retired) or self.everywhere.isChecked(), anyway=self.anyway.isChecked(),
        )  # fmt: skip
        kept = self._kept.spending(work)
        self.carry_out(kept, lambda _gone: self.accept(), "Removing it and its credentials ...", "aside")


class RemoveCanaryDialog(_Removing):
    """Deletes the credential with which something is probed here."""

    def __init__(self, room: Room, parent: QWidget, known: ProviderRow) -> None:
        super().__init__(
            room, parent, f"Remove a canary at {shown(known.name)}",
            "Its credential is deleted from this console. The key itself stays at the provider.",
        )  # fmt: skip
        self._known = known
        self.which = QComboBox()
        for one in known.probes:
            self.which.addItem(known.probe_named(one), one)
        self.which.currentIndexChanged.connect(self._turn)
        self.add(Labelled(room, "Which", self.which))
        self.add(self._place)
        self.anyway.setText("It goes all the same")
        self.add(self.anyway)
        self.add(Labelled(room, "Why", self.reason, "It stands in the record."))
        self.body.addStretch(1)
        self.add_button("Remove", self._remove, "main")
        self._turn()
        self.take_room(560, 400)
        self.which.setFocus()
        self._kept = Kept(self, f"remove-canary:{known.instance}", {"which": self.which, "reason": self.reason})

    def left_alone(self) -> str:
        """What becomes of it."""
        return "Whether it still takes hold is not proven any more; its last state stays as it was told."

    def _turn(self, _at: int = 0) -> None:
        which = str(self.which.currentData())
        self.read(partial(provider_life.holds, provider=self._known.instance, selector=which))

    def _remove(self) -> None:
        work = partial(
            provider_life.remove_canary, provider=self._known.instance, selector=str(self.which.currentData()),
            reason=self.reason.text().strip(), anyway=self.anyway.isChecked(),
        )  # fmt: skip
        self.carry_out(self._kept.spending(work), lambda _gone: self.accept(), "Removing it ...", "aside")


class EditProviderDialog(Sheet):
    """Its own form again, as it stands; what is typed as a credential replaces the one that is kept."""

    def __init__(self, room: Room, parent: QWidget, known: ProviderRow) -> None:
        super().__init__(
            room, parent, f"Edit {shown(known.name)}",
            "What changes is noted in the record: whoever moves an address decides where corrections go.",
        )  # fmt: skip
        self._known = known
        self._form: Form | None = None
        self.fields: FormFields | None = None
        self.name = text_line("Name", _NAME_CHARS)
        self.name.setText(known.name)
        self.name.textChanged.connect(self.check)
        self.add(Labelled(room, "Name", self.name, "Changed, it changes for everybody."))
        self._rest = QWidget()
        self._rest_lines = column(self._rest, room.look.theme.space("wide"))
        self.add(self._rest)
        self.body.addStretch(1)
        self.add_button("Save and test", self._save, "main")
        self.read_first(lambda _session: settings_form(known.kind), self._show_form, "Reading ...", "look")
        self.take_room(560, 560)
        self.name.setFocus()

    def why_not(self) -> str:
        """What is still to be said."""
        if self.fields is None or self._form is None:
            return "Reading ..."
        if not self.name.text().strip():
            return "Give it a name."
        return "" if self._changes(self.fields, self._form) else "Nothing of it is changed."

    def _changes(self, fields: FormFields, form: Form) -> bool:
        before = form.values({**form.first(), **form.typed(self._known.settings)})
        renamed = self.name.text().strip() != self._known.name
        return renamed or form.values(fields.typed()) != before or any(fields.secrets().values())

    def _show_form(self, form: Form) -> None:
        self._form = form
        self.fields = FormFields(self.room.look, form)
        self.fields.put(form.typed(self._known.settings))
        self.fields.changed.connect(self.check)
        self.fields.entered.connect(self.press_main)
        self._rest_lines.addWidget(self.fields)
        if form.secrets:
            self._rest_lines.addWidget(Text(self.room.look, _KEEP, size="small", tone="text-muted", wrap=True))
        self.check()

    def _save(self) -> None:
        if self.fields is None or self._form is None or not self.fields.check():
            return
        work = partial(
            provider_life.change, provider=self._known.instance, name=self.name.text().strip(),
            settings=self._form.values(self.fields.typed()), secrets=self.fields.secrets(),
        )  # fmt: skip
        self.carry_out(work, self._saved, "Saving ...", "aside")

    def _saved(self, _changed: object) -> None:
        if self.fields is not None:
            self.fields.forget_secrets()
        self.accept()


__all__ = ["EditProviderDialog", "RemoveCanaryDialog", "RemoveProviderDialog"]
