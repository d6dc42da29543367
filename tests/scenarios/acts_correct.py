"""What people do at windows to correct a model: compose, read, sign with real hands, attest, undo, lift, close, export.

The confirmation is only read here, and told where things are: a hand outside the process signs (`windows.Window.sign`).
"""

from __future__ import annotations

from typing import Any

from PySide6.QtTest import QTest

from console.services import fates
from tests.kit.resting import rest
from tests.scenarios.acts_see import Seeing
from tests.scenarios.hands import center


class Correcting(Seeing):
    """Corrections."""

    # -- composing -----------------------------------------------------------------------------------------------------

    def compose(
        self, model: str, selector: str, reason: str, *, canary: str = "", levers: dict[str, str] | None = None,
        ask: dict[str, str] | None = None, only: str = "", why_left: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        """Compose and propose; what the plan showed, and the document. `levers` by provider; `ask` of whoever by hand.

        `only` names a provider: its surface alone is corrected.
        """
        self.when_given("correct")
        dialog = self.top("ProposalDialog")
        self.wait(lambda: dialog.made is not None and dialog.pages.currentIndex() == 1, "nothing can be composed")
        fields = dialog.fields
        if fields.model.line.text() != model:
            self.type_into(fields.model.line, model)
            self.enter(fields.model.line)
        self.wait(lambda: dialog.made.draft.model == model, lambda: f"the model stays {dialog.made.draft.model!r}")
        self.wait(lambda: fields.rows and all(one.isVisible() for one in fields.rows), "no surface is offered")
        for row in list(fields.rows) if only else ():
            if self._provider(dialog, row) == only:
                self.press(row, "Only here")
        self._pull(dialog, levers or {})
        self.paste_into(fields.which, selector)
        fields.which.textEdited.emit(selector)  # a paste by keys tells so
        self._ask_people(dialog, ask or {})
        self.type_into(fields.reason, reason)
        for row in fields.rows if why_left else ():
            if row.word.isVisible() and not row.word.text():
                self.type_into(row.word, why_left)
        if canary:
            self.wait(lambda: any(one.canary.isVisible() for one in fields.rows), "no canary is offered")
            row = next(one for one in fields.rows if one.canary.isVisible())
            row.canary.setCurrentIndex(row.canary.findData(canary))
            self.clicks += 2
        self.wait(lambda: not dialog.why_not(), lambda: f"it cannot be proposed: {dialog.why_not()}")
        self.wait(dialog.propose.isEnabled, "it cannot be proposed")
        self.picture("compose")
        shown = {"button": dialog.propose.text(), "plan": _words(dialog.plan)}
        self.click(dialog.propose)
        self.wait(lambda: dialog.pages.currentWidget() is dialog.said, f"not proposed: {_words(dialog.trouble)}")
        self.picture("proposed")
        shown["said"] = _words(dialog.said)
        self.press(dialog, "Open the confirmation")
        self.gone("ProposalDialog")
        return shown | {"doc": self.top("ConfirmDialog").sha}

    def _pull(self, dialog: Any, levers: dict[str, str]) -> None:
        for provider, lever in levers.items():
            row = self._row(dialog, provider)
            at = next(at for at in range(row.levers.count()) if lever in row.levers.itemText(at))
            row.levers.setCurrentIndex(at)
            self.clicks += 2

    def _ask_people(self, dialog: Any, ask: dict[str, str]) -> None:
        for provider, text in ask.items():
            asked = self._row(dialog, provider)._ask
            for name, told in zip(("instruction", "contact", "ticket"), text.split("|"), strict=True):
                if name == "instruction":
                    asked.instruction.selectAll()
                self.type_into(asked.instruction if name == "instruction" else asked.fields[name], told)

    def _row(self, dialog: Any, provider: str) -> Any:
        return next(one for one in dialog.fields.rows if self._provider(dialog, one) == provider)

    @staticmethod
    def _provider(dialog: Any, row: Any) -> str:
        at = dialog.fields.rows.index(row)
        return str(dialog.made.draft.rows[at].options.provider)

    # -- the confirmation, read ----------------------------------------------------------------------------------------

    def review(self, doc: str) -> None:
        """Open the confirmation of a document from its card, once it has come."""
        room = self.windows.opened[-1].room
        self.wait(lambda: any(one["doc"] == doc for one in self.states()) or self._needs(doc), "it never came")
        room.desk.point_at(doc)
        self.when_given("review")
        self.top("ConfirmDialog")

    def review_need(self, pattern: str) -> str:
        """Press Review on the card under "Needs you" that says so, once it is there; the document."""
        said = self.see("cards", pattern)
        card = next(one for one in self._cards() if one.accessibleName() == said)
        self.press(card, "Review")
        return str(self.top("ConfirmDialog").sha)

    def _needs(self, doc: str) -> bool:
        from console.viewmodels.shell import NOW

        now = self.windows.opened[-1].room.desk.outlet.latest(NOW)
        return now is not None and any(one.doc == doc for one in now.needs)

    def read_confirmation(self, choice: str) -> dict[str, Any]:
        """Wait until it can be signed; what it says."""
        dialog = self.top("ConfirmDialog")
        self.wait(lambda: dialog._sign is not None and dialog._guard is not None, "it is never read")
        unlock = dialog._sign._open_writer
        self.wait(lambda: unlock.isVisible() or dialog._guard.state().name == "ready", self.confirmation_says)
        if unlock.isVisible():
            self.press(dialog, "Unlock your writer key")
        view = dialog._view
        allowed = "can_sign" if choice == "approve" else "can_refuse"
        self.wait(
            lambda: getattr(dialog._view, allowed), lambda: f"it cannot be signed: {view.problems} {view.why_not}"
        )
        self.picture("confirm")
        view = dialog._view
        return {"to_type": view.to_type, "headline": view.headline, "gravity": view.gravity, "text": _words(dialog),
                "sha": view.sha}  # fmt: skip

    def where_to_type(self) -> tuple[int, int]:
        """Where the value goes, empty of what was typed before."""
        dialog = self.top("ConfirmDialog")
        sign = dialog._sign
        self.wait(lambda: dialog._guard.state().name in ("ready", "armed"), self.confirmation_says)
        sign._typed.clear()
        return center(sign._typed)

    def may_hold(self, choice: str) -> bool:
        """Whether the button wakes."""
        dialog = self.top("ConfirmDialog")
        return self._becomes(lambda: dialog._sign._hold[choice].isEnabled() is True, 4)

    def where_to_hold(self, choice: str) -> tuple[int, int]:
        """The button that is held."""
        return center(self.top("ConfirmDialog")._sign._hold[choice])

    def asks_passphrase(self) -> bool:
        """Whether the hold led on to the passphrase."""
        field = self.top("ConfirmDialog")._sign._passphrase
        self.picture("passphrase")
        return self._becomes(lambda: field.isVisible() and field.hasFocus(), 4)

    def where_to_sign(self) -> tuple[int, int]:
        """The button that signs."""
        return center(self.top("ConfirmDialog")._sign._go)

    def signed(self) -> str:
        """Whether it is signed: what the window says then; the confirmation is left."""
        dialog = self.top("ConfirmDialog")
        sign = dialog._sign
        self._becomes(lambda: sign.signed or not (sign._busy or sign._passphrase.isVisible()), 30)
        if not sign.signed:
            return ""  # the record grew meanwhile: the guard began anew
        rest(300)  # a person reads what became of it
        self.picture("signed")
        told = f"{dialog._sign._outcome.text()} {dialog._sign._next.text()}"
        self.press(dialog._sign, "Close")
        self.gone("ConfirmDialog")
        return told

    def leave_confirmation(self) -> None:
        """Leave it unsigned."""
        self.top("ConfirmDialog").close()
        self.gone("ConfirmDialog")

    def click_to_sign(self, choice: str) -> str:
        """What a program could do: clicks and keys that no person made. The state of the guard afterwards."""
        dialog = self.top("ConfirmDialog")
        self.wait(lambda: dialog._sign is not None, "it is never read")
        self.type_into(dialog._sign._typed, dialog._view.to_type)
        self.click_anyway(dialog._sign._hold[choice])
        return str(dialog._guard.state().name)

    def click_anyway(self, button: Any) -> None:
        """Press and hold for two seconds, not by hand."""
        from PySide6.QtCore import Qt

        QTest.mousePress(button, Qt.MouseButton.LeftButton)
        rest(2000)
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)

    def confirmation_says(self) -> str:
        """Why it waits."""
        dialog = self.top("ConfirmDialog")
        state = dialog._guard.state()
        return (
            f"{state} visible={dialog._guard._visible} covered={dialog._guard._covered} "
            f"focus={dialog._guard._focused} says={dialog._sign._state.text()!r}"
        )

    def hand_over_seat(self, folder: str) -> str:
        """Offer the seat; the second person says who they are, or where their profile lies. What the band says."""
        dialog = self.top("ConfirmDialog")
        self.wait(lambda: dialog._sign is not None, "it is never read")
        self.press(dialog, "A second person signs here")
        names = dialog._seat._names
        looking = dialog._seat._note
        self.wait(lambda: not looking.text().startswith("Looking"), "nobody is asked who sits down")
        if names.count():
            self.press(dialog, names.itemAt(0).widget().text())
        else:
            self.choose_path(folder)
        self.wait(lambda: dialog._seat.state.phase == "taken", f"the seat is not taken: {_words(dialog._seat)}")
        self.picture("seat")
        return str(dialog._seat.state.sentence)

    def _becomes(self, condition: Any, within_s: float) -> bool:
        try:
            self.wait(condition, "", within_s)
        except AssertionError:
            return False
        return True

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def attest(self, doc: str, target: int, text: str) -> None:
        """Say what became of what was done by hand."""
        self.windows.opened[-1].room.desk.point_at(doc, target)
        self.when_given("attest")
        dialog = self.top("AttestDialog")
        self.type_into(dialog.text, text)
        self.picture("attest")
        self.press(dialog, "Attest")
        self.gone("AttestDialog")

    def undo(self, doc: str, reason: str) -> str:
        """Propose to undo; the confirmation opens. The new document."""
        return self._give_back("undo", "UndoDialog", doc, reason, "Propose to undo")

    def lift(self, doc: str, reason: str) -> str:
        """Propose to lift; the confirmation opens. The new document."""
        return self._give_back("lift", "LiftDialog", doc, reason, "Propose to lift")

    def _give_back(self, command: str, kind: str, doc: str, reason: str, word: str) -> str:
        self.windows.opened[-1].room.desk.point_at(doc)
        self.when_given(command)
        dialog = self.top(kind)
        self.type_into(dialog.reason, reason)
        self.picture(command)
        self.press(dialog, word)
        self.press(dialog, "Open the confirmation")
        self.gone(kind)
        return str(self.top("ConfirmDialog").sha)

    def take_over(self, doc: str, silent_ms: int) -> str:
        """Propose that this console sends it, once the other was silent for so long; the new document, unsigned."""
        fates.SILENT_MS = silent_ms  # type: ignore[misc]  # a minute in the product: a test has none
        self.windows.opened[-1].room.desk.point_at(doc)
        self.when_given("take-over")
        dialog = self.top("AgainSheet")
        self.wait(lambda: dialog.found, "what changed there is never read")
        self.picture("take-over")
        self.press(dialog, "Take over")
        self.press(dialog, "Open the confirmation")
        self.gone("AgainSheet")
        return str(self.top("ConfirmDialog").sha)

    def close_incident(self) -> str:
        """Propose to close; the confirmation opens. The document."""
        self.when_given("close")
        dialog = self.top("CloseDialog")
        self.picture("close")
        self.press(dialog, "Propose to close")
        self.gone("CloseDialog")
        return str(self.top("ConfirmDialog").sha)

    def export(self, path: str) -> str:
        """Export the incident, and verify the bundle at once; the verdict."""
        self.when_given("export")
        dialog = self.top("ExportDialog")
        self.paste_into(dialog.path.edit, path)
        self.press(dialog, "Export")
        self.press(dialog, "Verify it now")
        verdict = self.top("VerifyDialog")
        self.wait(verdict._result.isVisible, "no verdict came", 90)
        self.picture("verdict")
        told = str(verdict._result.accessibleName())
        verdict.reject()
        dialog.reject()
        self.gone("ExportDialog")
        return told

    def verify_mine(self) -> str:
        """Verify the record of this profile; the verdict."""
        self.give("verify")
        verdict = self.top("VerifyDialog")
        self.press(verdict, "Verify")
        self.wait(verdict._result.isVisible, "no verdict came", 90)
        told = str(verdict._result.accessibleName())
        verdict.reject()
        self.gone("VerifyDialog")
        return told


def _words(part: Any) -> str:
    """Every text that is visible in a part, from top to bottom."""
    from console.ui.widgets import Text

    return "\n".join(one.text() for one in part.findChildren(Text) if one.isVisible() and one.text())
