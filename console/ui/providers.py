"""The providers connected here: how each answers and since when, a trial again, its surfaces, its canaries.

It decides nothing and keeps no secret: what is typed goes to the vault and is emptied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from console.services import connection, providers
from console.services.providers import Surface
from console.ui.bypass import BypassDialog
from console.ui.parts import column, row
from console.ui.provider_connect import ConnectDialog
from console.ui.provider_life import EditProviderDialog, RemoveCanaryDialog, RemoveProviderDialog
from console.ui.provider_parts import ReportPanel
from console.ui.room import Room
from console.ui.sheets import Labelled, Sheet, text_line
from console.ui.tokens import LINKS
from console.ui.unlock import secret_field
from console.ui.widgets import Elide, EmptyState, StateMark, Text
from console.viewmodels.commands import Command, Commands
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.provider_cards import (
    ProviderRow,
    link_of,
    link_words,
    open_all_secrets,
    report_view,
    rows_of,
)
from console.viewmodels.shell import SHELL

_GROUP: Final = "Providers"
_READING: Final = "Reading ..."
_SELECTOR_CHARS: Final = 256


class ProviderCommands:
    """The commands about providers; one per window."""

    def __init__(self, room: Room, window: QWidget) -> None:
        self._room = room
        self._window = window

    def add_commands(self, commands: Commands) -> None:
        """Offer them."""
        add = commands.add
        add(Command(name="provider-add", title="Connect a provider", group=_GROUP, run=self._connect,
                    why_not=self._not_admitted, also="gateway vendor model server"))  # fmt: skip
        add(Command(name="providers", title="Providers", key="g p", group=_GROUP, also="connections canary test",
                    run=lambda: ProvidersDialog(self._room, self._window).open()))  # fmt: skip
        add(Command(name="bypass", title="What went round a gateway", group=_GROUP, also="by-pass vendor key traffic",
                    run=lambda: BypassDialog(self._room, self._window).open()))  # fmt: skip
        add(Command(name="unlock-secrets", title="Unlock the providers' credentials", group="Keys",
                    run=self._unlock, also="secrets file keyring passphrase"))  # fmt: skip

    def _connect(self) -> None:
        ConnectDialog(self._room, self._window).open()

    def _unlock(self) -> None:
        self._room.doer.do(open_all_secrets, lambda _done: reload_engine(self._room), lane="slow", over=self._window)

    def _not_admitted(self) -> str | None:
        shell = self._room.desk.outlet.latest(SHELL)
        joining = shell is not None and shell.rung == "joining"
        return "You are not admitted yet: an admin signs the roster first." if joining else None


def reload_engine(room: Room) -> None:
    """Let the engine take in what was added or unlocked."""
    if room.desk.engine is not None:
        room.desk.engine.reload_providers()
    room.desk.refresh()


class ProvidersDialog(Sheet):
    """A list that goes on telling ages while it is open."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__(room, parent, "Providers")
        self._frames: dict[str, _ProviderFrame] = {}
        self._empty = EmptyState(
            room.look, "No provider is connected", "Connect one to see its models live and to correct them. A vendor "
            "that has no interface is connected as by hand.", "Connect a provider", "plug",
        )  # fmt: skip
        self._empty.acted.connect(self._connect)
        self._empty.hide()
        self.add(self._empty, 1)
        self._place = QWidget()
        self._lines = column(self._place, room.look.theme.space("unit"))
        self.add(self._place)
        self.body.addStretch(1)
        self.only_close()
        self.add_button("What went round a gateway ...", lambda: BypassDialog(room, self).open())
        self.add_button("Connect a provider", self._connect, "main")
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._show)
        self._tick.start()
        self.read()
        self.take_room(960, 600)

    def read(self) -> None:
        """Read the list anew."""
        self.read_first(rows_of, self._fill, _READING, "look")

    def then_read(self, dialog: Sheet) -> None:
        """Open a dialog that changes the list; what it changed is read and taken in by the engine."""

        def changed() -> None:
            reload_engine(self.room)
            self.read()

        dialog.accepted.connect(changed)
        dialog.open()

    def _fill(self, rows: tuple[ProviderRow, ...]) -> None:
        for gone in self._frames.values():
            self._lines.removeWidget(gone)
            gone.deleteLater()
        self._frames = {one.instance: _ProviderFrame(self.room, one, self) for one in rows}
        for frame in self._frames.values():
            self._lines.addWidget(frame)
        self._empty.setVisible(not rows)
        self._show()

    def _show(self) -> None:
        links, now = self.room.desk.outlet.latest(CONNECTIVITY), self.room.desk.session.clock.wall_ms()
        for instance, frame in self._frames.items():
            frame.tell(*link_words(link_of(links, instance), now))

    def _connect(self) -> None:
        dialog = ConnectDialog(self.room, self)
        dialog.finished.connect(self.read)
        dialog.open()


class _ProviderFrame(QFrame):
    """One provider: name, what it is, where; how it answers; what can be done."""

    def __init__(self, room: Room, known: ProviderRow, dialog: ProvidersDialog) -> None:
        super().__init__()
        self._room, self._row, self._dialog = room, known, dialog
        self.setProperty("ground", "raised")
        unit = room.look.theme.space("unit")
        lines = column(self, unit // 2, (2 * unit, unit, 2 * unit, unit))
        above = QWidget()
        first = row(above, unit)
        first.addWidget(Text(room.look, known.name, weight="semibold"))
        first.addWidget(Elide(room.look, f"{known.adapter}  {known.address}".strip(), tone="text-muted"), 1)
        self._mark = StateMark(room.look, "unheard", table=LINKS)
        first.addWidget(self._mark)
        lines.addWidget(above)
        self._sentence = Text(room.look, wrap=True)
        lines.addWidget(self._sentence)
        if known.retired:
            told = f"{known.retired} Its credentials are still on this console: remove it here too."
            lines.addWidget(Text(room.look, told, tone="changed", wrap=True))
        lines.addWidget(Text(room.look, self._kept(), size="small", tone="text-muted", wrap=True))
        below = QWidget()
        buttons = row(below, unit)
        self._button(buttons.addWidget, "Test connection", self._test)
        self._button(buttons.addWidget, "Find surfaces", self._find)
        if known.can_probe:
            self._button(buttons.addWidget, "Add a canary ...", self._canary)
        if known.probes:
            self._button(buttons.addWidget, "Remove a canary ...", self._no_canary)
        buttons.addStretch(1)
        self._button(buttons.addWidget, "Edit ...", self._edit)
        self._button(buttons.addWidget, "Remove ...", self._remove)
        lines.addWidget(below)

    def tell(self, mark: str, sentence: str) -> None:
        """How it answers, as of now."""
        self._mark.set_state(mark)
        if self._sentence.text() != sentence:
            self._sentence.setText(sentence)
        self.setAccessibleName(f"{self._row.name}: {sentence}")

    def _kept(self) -> str:
        count = self._row.surfaces
        told = [f"{count} surface{'' if count == 1 else 's'}" if count else "no surface is known yet"]
        if self._row.can_probe:
            canaries = ", ".join(self._row.probe_named(one) for one in self._row.probes)
            told.append(f"probed with: {canaries}" if canaries else
                        "no canary: whether a block took hold cannot be proven")  # fmt: skip
        return "; ".join(told)

    def _button(self, place: Callable[[QWidget], None], word: str, run: Callable[[], None]) -> None:
        button = QPushButton(word)
        button.setAutoDefault(False)
        button.setAccessibleName(f"{word}: {self._row.name}")
        button.clicked.connect(run)
        place(button)

    def _test(self) -> None:
        TrialDialog(self._room, self._dialog, self._row).open()

    def _find(self) -> None:
        work = partial(providers.adopt_surfaces, provider=self._row.instance)
        self._dialog.carry_out(work, self._found, f"Asking {self._row.name} ...", "aside")

    def _found(self, new: list[Surface]) -> None:
        self._room.desk.refresh()
        self._dialog.read()
        if not new:
            self._dialog.trouble.tell("info", f"{self._row.name} lists no surface that was not known.")

    def _canary(self) -> None:
        self._dialog.then_read(CanaryDialog(self._room, self._dialog, self._row))

    def _no_canary(self) -> None:
        self._dialog.then_read(RemoveCanaryDialog(self._room, self._dialog, self._row))

    def _remove(self) -> None:
        self._dialog.then_read(RemoveProviderDialog(self._room, self._dialog, self._row))

    def _edit(self) -> None:
        dialog = EditProviderDialog(self._room, self._dialog, self._row)
        dialog.accepted.connect(self._test)
        self._dialog.then_read(dialog)


class TrialDialog(Sheet):
    """Tries a provider as it is saved, by reading only."""

    def __init__(self, room: Room, parent: QWidget, known: ProviderRow) -> None:
        super().__init__(room, parent, f"Test: {known.name}", "A trial only reads: it changes nothing there.")
        self._known = known
        self.report = ReportPanel(room.look)
        self.add(self.report, 1)
        self.only_close()
        self.add_button("Test again", self._try, "main")
        self._try()
        self.take_room(620, 560)

    def _try(self) -> None:
        self.report.say("Trying ...")
        work = partial(connection.try_saved, provider=self._known.instance)
        self.carry_out(work, self._tried, "Trying ... It may be closed meanwhile.", "aside")

    def _tried(self, report: connection.ConnectionReport) -> None:
        self.report.show_report(report_view(report))


class CanaryDialog(Sheet):
    """Keeps the credential with which a selector may be probed, so that enforcement can be proven."""

    def __init__(self, room: Room, parent: QWidget, known: ProviderRow) -> None:
        super().__init__(
            room, parent, f"A canary at {known.name}",
            "A canary is a key of yours that is blocked with the others: its refusals prove that a block took hold.",
        )  # fmt: skip
        self._known = known
        self.selector = text_line("Its id there", _SELECTOR_CHARS)
        self.secret = secret_field("Its credential")
        self.add(Labelled(room, "Its id there", self.selector, "As the provider names it: a key's alias or id, a "
                          "model, a deployment."))  # fmt: skip
        self.add(Labelled(room, "Its credential", self.secret, "With it one small request is sent now and then."))
        self.add_button("Keep it", self._keep, "main")
        self.selector.textChanged.connect(self.check)
        self.secret.textChanged.connect(self.check)
        self.secret.returnPressed.connect(self.press_main)
        self.check()
        self.fit(520)
        self.selector.setFocus()

    def why_not(self) -> str:
        """What is still to be said."""
        if not self.selector.text().strip():
            return "Say which."
        return "" if self.secret.text() else "Type its credential."

    def _keep(self) -> None:
        work = partial(
            providers.add_canary, provider=self._known.instance, selector=self.selector.text().strip(),
            secret=self.secret.text(),
        )  # fmt: skip
        self.carry_out(work, self._kept, "Asking the provider for its own word ...", "aside")

    def _kept(self, _instance: object) -> None:
        self.secret.clear()
        self.accept()
