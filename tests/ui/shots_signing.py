"""Pictures of the confirmation in its three forms, and of what waits and what a returning link brings: see `shots`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QMainWindow, QPushButton, QWidget

from console.services import approvals, corrections
from console.services.live_values import Connectivity, EngineLink, ProviderLink
from console.services.session import Session, nobody_asked
from console.ui.carry import CarrySheet
from console.ui.confirm import ConfirmDialog
from console.ui.outbox import OutboxDrawer
from console.ui.room import Room
from console.ui.theme import Look
from console.viewmodels.header import CONNECTIVITY
from console.viewmodels.shell import NOW, Now
from tests.kit.confirming import Hand, opened, proposed, ready, until
from tests.kit.pair import Asks, found, pair_at, passphrase, sync
from tests.kit.resting import rest
from tests.kit.rooms import room_of
from tests.viewmodels.standings import row, standing, target

_KEY = "your approver key"


class Shots(Protocol):
    """Takes the pictures."""

    look: Look

    def both(self, widget: QWidget, name: str) -> None:
        """The widget as it is now, in every look."""


def pictures(shots: Shots, root: Path) -> None:
    """One proposal before its own signer, before a second person far away, and before one who takes the seat here."""
    found(root / "founded")
    with pair_at(root / "founded", root / "pair") as (one, two):
        made = proposed(one, reason="Exploits come through this vendor; nobody else can stop it there.")
        with room_of(one, shots.look) as room:
            _own(shots, room, made.sha)
            _seat(shots, room, two, made.sha)
        held = corrections.find_document(one, made.sha)
        approvals.decide(one, held, "approve", lambda: passphrase("commander", _KEY))
        sync(one, two)
        two.writer()
        with room_of(two, shots.look) as room:
            _far(shots, room, made.sha)
        with room_of(one, shots.look) as room:
            _carried(shots, room, made.sha)
            _waiting(shots, room)


def _own(shots: Shots, room: Room, sha: str) -> None:
    """At once, where it cannot be signed yet; then with the value typed, then with the passphrase asked for."""
    room.desk.session.writer()
    dialog = opened(room, sha)
    shots.both(dialog, "confirm-own-first")
    ready(dialog)
    Hand(dialog).type_value()
    rest(1_200)
    shots.both(dialog, "confirm-own-typed")
    sign = dialog._sign
    assert sign is not None
    Hand(dialog).hold(sign._hold["approve"])
    rest(300)
    shots.both(dialog, "confirm-own-passphrase")
    dialog.close()
    rest(50)


def _seat(shots: Shots, room: Room, two: Session, sha: str) -> None:
    """Handed over, then taken."""
    room.desk.session.ask = nobody_asked
    window = QMainWindow()
    window.setCentralWidget(QPushButton(""))
    window.show()
    dialog = ConfirmDialog.opened(room, sha, window)
    until(lambda: dialog._sign is not None)
    ready(dialog)
    dialog._seat._offer.click()
    until(dialog._seat._names.count)
    rest(300)
    shots.both(dialog, "confirm-seat-offered")
    dialog._seat.take(str(two.paths.root))
    until(lambda: dialog._seat.state.phase == "taken")
    rest(600)
    shots.both(dialog, "confirm-seat-taken")
    dialog._seat._back.click()
    dialog.close()
    window.close()
    rest(50)
    room.desk.session.ask = Asks("commander")


def _far(shots: Shots, room: Room, sha: str) -> None:
    """The second person, at their own console."""
    dialog = opened(room, sha)
    with suppress(AssertionError):
        ready(dialog)
    shots.both(dialog, "confirm-second-person")
    dialog.close()
    rest(50)


def _carried(shots: Shots, room: Room, sha: str) -> None:
    sheet = CarrySheet(room, None, sha, asks=True)
    sheet.show()
    until(lambda: sheet._modules)
    rest(300)
    shots.both(sheet, "carry")
    sheet.close()
    rest(50)


def _waiting(shots: Shots, room: Room) -> None:
    """A drawer with one row for each fate, and the panel of a link that came back."""
    until(lambda: room.desk.outlet.latest(NOW) is not None)
    now_ms = room.desk.session.clock.wall_ms()
    one = standing(
        target(row=row(outage=True, held=True, not_before_ms=now_ms + 60_000)),
        target("stale", index=1, detail="rpm was 60, is 30.", row=row(state="stale", missed=True)),
        target("failed", index=2, detail="The provider says no.", row=row(state="failed", missed=True)),
        target("unknown", index=3, row=row(state="unknown")),
        target(index=4, by_hand=True),
        execute_by_ms=now_ms + 600_000, execute_until_ms=now_ms + 600_000, signed_ms=1,
    )  # fmt: skip
    drawer = OutboxDrawer(room)
    drawer.resize(1366, 560)
    drawer.show()
    drawer.toggle()
    for state, name in (("unreachable", "outbox-waiting"), ("answers", "outbox-returning")):
        link = ProviderLink(instance="g-1", name="gateway", adapter="practice", state=state, since_ms=1)
        links = Connectivity(engine=EngineLink(state="here"), providers=(link,))
        room.desk.outlet.post(CONNECTIVITY, links)
        drawer._take(Now((one,), (), (one,)))
        drawer._link(links)
        rest(200)
        shots.both(drawer, name)
    drawer.close()
