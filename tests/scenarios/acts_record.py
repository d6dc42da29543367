"""What one person does to keep a record at a window: begin it, write, paste, attach, declare, connect, by hand."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QRadioButton

from tests.scenarios.acts_see import Seeing


class Recording(Seeing):
    """Alone at a window."""

    def start_alone(self, name: str, passphrase: str) -> None:
        """The first door, until one can type."""
        self.passphrases["writer"] = passphrase
        first = self.windows.first
        assert first is not None
        self.click(first.page.doors["alone"])
        page = first.page
        self.type_into(page.name.edit, name)
        for field in page.passphrase.findChildren(QLineEdit):
            self.type_into(field, passphrase)
        self.press(page, "Start the record")
        main = self.main()
        self.wait(lambda: main.timeline.composer.field.isVisible() and main.isActiveWindow(), "one cannot type")

    def passphrase(self, use: str, text: str) -> None:
        """What this person types where the passphrase for a use (`writer`, `approver`) is asked for."""
        self.passphrases[use] = text

    # -- the timeline --------------------------------------------------------------------------------------------------

    def write(self, text: str, kind: str = "note") -> float:
        """An entry, typed; how many ms from Enter until it said "Saved"."""
        composer = self.main().timeline.composer
        self.give(f"write-{kind}")
        self.type_into(composer.field, text)
        self.enter(composer.field)
        began = time.monotonic()
        self.wait(lambda: composer.saved, lambda: f"not saved: {composer.text()!r}")
        return (time.monotonic() - began) * 1000

    def begin_to_write(self, text: str) -> None:
        """Text that is not saved; kept beside within a quarter of a second."""
        composer = self.main().timeline.composer
        self.type_into(composer.field, text)
        drafts = self.windows.opened[-1].room.desk.drafts
        self.wait(lambda: text in drafts.load().values(), "the draft is not kept", 5)

    def being_written(self) -> str:
        """What stands in the composer."""
        composer = self.main().timeline.composer
        self.wait(composer.text, "the composer is empty", 10)
        return str(composer.text())

    def clear_composer(self) -> None:
        """Throw away what is being written."""
        self.main().timeline.composer.field.clear()

    def rows(self) -> int:
        """How many entries the timeline shows."""
        return int(self.main().timeline.table.model().rowCount())

    def paste(self, text: str) -> list[list[str]]:
        """Ctrl+V in the timeline; the rows that the preview showed, accepted with one Enter."""
        QApplication.clipboard().setText(text)
        self.give("paste")
        self.keys += 2
        dialog = self.top("IntakeDialog")
        table = dialog.table
        shown = [[table.item(at, col).text() for col in (1, 2, 3)] for at in range(table.rowCount())]
        self.picture("paste")
        self.enter(dialog.focusWidget())
        self.gone("IntakeDialog")
        return shown

    def attach(self, path: str) -> str:
        """Evidence, through the dialog that chooses a file; what the composer then says."""
        self.give("evidence")
        self.choose_path(path)
        composer = self.main().timeline.composer
        self.wait(lambda: "is attached" in composer._state.text(), "it is not attached")
        return str(composer._state.text())

    # -- incident ------------------------------------------------------------------------------------------------------

    def declare(self, title: str, severity: int) -> None:
        """Declare an incident."""
        self.give("declare")
        dialog = self.top("DeclareDialog")
        self.type_into(dialog.title, title)
        choice = next(
            one for one in dialog.findChildren(QRadioButton) if one.accessibleName().startswith(f"SEV-{severity}:")
        )
        self.click(choice)
        self.picture("declare")
        self.press(dialog, "Declare")
        self.gone("DeclareDialog")
        self.see("header", "IC  you")

    # -- providers -----------------------------------------------------------------------------------------------------

    def connect(
        self, kind: str, name: str, values: dict[str, str], secrets: tuple[str, ...] = (), test: bool = True,
    ) -> str:  # fmt: skip
        """Connect a provider through its form; the first words of what the trial found."""
        self.give("provider-add")
        dialog = self.top("ConnectDialog")
        self.wait(dialog._first.list.count, "no adapter is offered")
        chooser = dialog._first.list
        chooser.setCurrentItem(chooser.findItems(kind, Qt.MatchFlag.MatchContains)[0])
        self.clicks += 1
        self.press(dialog, "Next")
        self.wait(lambda: dialog.fields is not None and dialog.fields.isVisible(), "no form came")
        self.type_into(dialog.name, name)
        for title, text in values.items():
            field = self.named(dialog.fields, title, QLineEdit)
            (self.paste_into if "://" in text else self.type_into)(field, text)
        hidden = [
            one for one in dialog.fields.findChildren(QLineEdit)
            if one.echoMode() == QLineEdit.EchoMode.Password and one.isVisible()
        ]  # fmt: skip
        for field, secret in zip(hidden, secrets, strict=True):
            self.paste_into(field, secret)
        told = ""
        if test:
            self.press(dialog, "Test connection")
            self.wait(lambda: not dialog.is_busy and dialog.report.accessibleName(), "no report came")
            told = dialog.report.accessibleName()
            self.picture(f"connect-{name}")
            self.press(dialog, "Save")
        else:
            self.press(dialog, "Save without a trial")
        self.gone("ConnectDialog")
        return str(told)

    def add_canary(self, provider: str, selector: str, secret: str) -> None:
        """Keep the credential of a canary."""
        self.give("providers")
        dialog = self.top("ProvidersDialog")
        self.click(self.named(dialog, f"Add a canary ...: {provider}"))
        canary = self.top("CanaryDialog")
        self.paste_into(canary.selector, selector)
        self.paste_into(canary.secret, secret)
        self.press(canary, "Keep it")
        self.gone("CanaryDialog")
        dialog.reject()
        self.gone("ProvidersDialog")

    def record_by_hand(self, text: str, when: str, selector: str, place: str, lever: str) -> str:
        """A correction made outside, with its time, then watched; the verdict that is shown."""
        self.give("record-by-hand")
        dialog = self.top("RecordDialog")
        self.wait(lambda: dialog.surface.count() > 1, "no place to watch is offered")
        self.type_into(dialog.text, text)
        self.type_into(dialog.when.line, when)
        self.paste_into(dialog.selector, selector)
        self._choose(dialog.surface, place)
        self._choose(dialog.lever, lever)
        self.press(dialog, "Record")
        self.press(dialog, "Watch it now")
        self.wait(lambda: "provider's record" in dialog.found.text(), lambda: f"no verdict: {dialog.found.text()}")
        self.picture("watched")
        told = str(dialog.found.text())
        dialog.reject()
        self.gone("RecordDialog")
        return told

    def _choose(self, box: QComboBox, text: str) -> None:
        at = next((at for at in range(box.count()) if text in box.itemText(at)), -1)
        assert at >= 0, f"{text!r} is not among {[box.itemText(one) for one in range(box.count())]}"
        box.setCurrentIndex(at)
        self.clicks += 2

    def facts(self) -> dict[str, Any]:
        """Who this is and where, for a test that has to compare."""
        session = self.windows.opened[-1].room.desk.session
        return {"person": session.me, "org": session.org, "unlocked": session.unlocked}
