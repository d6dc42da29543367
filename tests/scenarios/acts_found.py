"""What two people do at windows to found an organisation: words read out and typed, rosters signed, rehearsals.

`guest` means the window that was opened beside, for a second person at the same screen.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from tests.scenarios.acts_see import Seeing

_KEYS_WITHIN_S = 120.0


class Founding(Seeing):
    """Founding and joining."""

    # -- whoever founds ------------------------------------------------------------------------------------------------

    def begin_founding(self, folder: str, passphrase: str) -> str:
        """From the main window: share a folder, make the approver key; the words to be read out."""
        self.give("organisation")
        dialog = self.top("OrganisationDialog")
        self.wait(lambda: dialog.founding.stage == "alone", "founding is not offered")
        dialog.tabs.setCurrentIndex(1)
        return self._share(folder, passphrase)

    def found_at_the_door(self, name: str, writer: str, folder: str, approver: str) -> str:
        """From the third door: a record, then as `begin_founding`."""
        self.passphrases["writer"] = writer
        first: Any = self.windows.first
        self.click(first.page.doors["found"])
        self.type_into(first.page.name.edit, name)
        self._type_twice(first.page.passphrase, writer)
        self.press(first.page, "Go on")
        self.wait(lambda: self._stage() == "alone", "founding does not begin", _KEYS_WITHIN_S)
        return self._share(folder, approver)

    def _share(self, folder: str, passphrase: str) -> str:
        self.passphrases["approver"] = passphrase
        founding = self._founding()
        panel = founding.panel
        self.paste_into(panel.folder.edit, folder)
        self._type_twice(panel.approver, passphrase)
        self.wait(panel.envelopes.text, "no place for the envelopes is offered")
        self.picture("found")
        self.press(panel, "Make my keys")
        self.wait(
            lambda: founding.stage == "inviting" and founding.panel.card.words(), "no words are shown", _KEYS_WITHIN_S
        )
        self.picture("words")
        return str(founding.panel.card.words())

    def open_beside(self) -> None:
        """A window for the colleague at this screen."""
        self.press(self._founding().panel, "Open a window for my colleague here")
        first: Any = self.windows.first
        self.wait(lambda: first.beside and first.beside[-1].isVisible(), "no window for the colleague")

    def admit(self, words: str) -> None:
        """Type what the colleague reads, and sign the roster."""
        founding = self._founding()
        self.type_into(founding.panel.heard.edit, words)
        self.press(founding.panel, "Admit")
        self._until("admitted", "rehearsing")

    # -- whoever joins -------------------------------------------------------------------------------------------------

    def join(self, folder: str, words: str, name: str, writer: str, approver: str, *, guest: bool = False) -> str:
        """The door of whoever joins, until their own words are shown."""
        (self.theirs if guest else self.passphrases).update(writer=writer, approver=approver)
        first = self._first(guest=guest)
        if hasattr(first.page, "doors"):
            self.click(first.page.doors["join"])
        page = first.page
        if page.folder.text() != folder:
            self.paste_into(page.folder.edit, folder)
        self.type_into(page.heard.edit, words)
        self.press(page, "Compare")
        self.wait(
            lambda: hasattr(first.page, "writer"), lambda: f"the words were not taken: {page.trouble.accessibleName()}"
        )
        page = first.page
        self.type_into(page.name.edit, name)
        self._type_twice(page.writer, writer)
        self._type_twice(page.approver, approver)
        self.picture("join")
        self.press(page, "Make my keys and ask")
        self.wait(lambda: self._stage(guest=guest) == "asking", "the request is not made", _KEYS_WITHIN_S)
        founding = self._founding(guest=guest)
        self.wait(founding.panel.card.words, "no words are shown")
        self.picture("asking")
        return str(founding.panel.card.words())

    def sign_roster(self, *, guest: bool = False) -> None:
        """Read who is named, and sign."""
        self._until("signing", guest=guest)
        self.picture("roster")
        self.press(self._founding(guest=guest).panel, "Sign the roster")
        self._until("signed", "rehearsing", guest=guest)

    # -- both ----------------------------------------------------------------------------------------------------------

    def rehearse(self, *, guest: bool = False) -> None:
        """Sign for practice."""
        self._until("rehearsing", guest=guest)
        self.press(self._founding(guest=guest).panel, "Rehearse")
        self._until("others-rehearsing", "ready", guest=guest)

    def until_ready(self) -> None:
        """Wait until two people can act, then go to the main window."""
        self._until("ready")
        self.picture("ready")
        if self.tops("OrganisationDialog"):
            self.top("OrganisationDialog").reject()
            self.gone("OrganisationDialog")
        else:
            self.press(self._first(), "Go to the main window")
            self.main()
        self.sees_no("header", "PROVISIONAL|NOT ADMITTED")

    def close_beside(self) -> None:
        """The colleague is done here and closes their window."""
        self._until("ready", guest=True)
        self._first(guest=True).close()

    # -- where it stands -----------------------------------------------------------------------------------------------

    def _type_twice(self, part: QWidget, passphrase: str) -> None:
        for field in part.findChildren(QLineEdit):
            if field.isVisibleTo(part):  # a security key's PIN is asked for where somebody ticks it
                self.type_into(field, passphrase)

    def _first(self, *, guest: bool = False) -> Any:
        first: Any = self.windows.first
        return first.beside[-1] if guest else first

    def _founding(self, *, guest: bool = False) -> Any:
        """Where founding goes on: the dialog of the main window, or the first run; None where neither is there."""
        if not guest and (dialogs := self.tops("OrganisationDialog")):
            return dialogs[-1].founding  # type: ignore[attr-defined]  # of that class
        return getattr(self._first(guest=guest).page, "founding", None)

    def _stage(self, *, guest: bool = False) -> str:
        founding = self._founding(guest=guest)
        return "" if founding is None or founding.panel is None else str(founding.stage)

    def _until(self, *stages: str, guest: bool = False) -> None:
        self.wait(
            lambda: self._stage(guest=guest) in stages, lambda: f"it stays at {self._stage(guest=guest)}",
            _KEYS_WITHIN_S,
        )  # fmt: skip
