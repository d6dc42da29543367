"""Pictures of the composer in its states, for a person to look at: `python -m tests.ui.shots_composer FOLDER [SCALE]`.

Real dialogs on a real profile and simulators: few and forty surfaces, gaps, a fallback that is up and one that is down,
agreements with a short and a long notice, work in flight; and the confirmation that comes of it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QWidget

from adapters.practice.simulator import Estate
from console.domain.agreements import Agreement
from console.services import agreements, incidents, providers
from console.services.live_values import InstanceLook, Looks, ProviderLink, SurfaceLook
from console.services.session import Session
from console.ui.agreements import AgreementsSheet
from console.ui.confirm import ConfirmDialog
from console.ui.proposal_dialog import ProposalDialog
from console.ui.room import Room
from console.ui.start import application
from console.ui.theme import Look
from console.viewmodels.shell import LOOKS
from tests.kit.pair import connect, found, pair_at
from tests.kit.resting import rest
from tests.kit.rooms import room_of

WITHIN_S = 40.0


def until(condition: Callable[[], object]) -> None:
    """Let the window live until something is so, or the time is over."""
    ends = time.monotonic() + WITHIN_S
    while not condition() and time.monotonic() < ends:
        rest(50)


def looked(session: Session) -> Looks:
    """What an engine would have seen just now."""
    seen = []
    for one in providers.status(session):
        at_ms = one.look.at_ms if one.look else None
        told = one.look.status.surfaces if one.look and one.look.status else ()
        link = ProviderLink(instance=one.instance, name=one.name, adapter=one.adapter,
                            state="answers" if told else "by-hand", since_ms=at_ms, looked_ms=at_ms, read_ms=at_ms,
                            latency_ms=20)  # fmt: skip
        surfaces = tuple(
            SurfaceLook(key=two.key, model=two.model, state=two.state, restrictions=two.restrictions, detail="",
                        read_ms=at_ms or 0)
            for two in told
        )  # fmt: skip
        seen.append(InstanceLook(link=link, surfaces=surfaces))
    return Looks(surfaces=tuple(providers.surfaces(session)), instances=tuple(seen), poll_ms=60_000)


class Shots:
    """One picture after the other, dark and light."""

    def __init__(self, app: QApplication, folder: Path, scale: float) -> None:
        self.folder, self.scale = folder, scale
        self.look = Look(app, "dark", text_scale=scale)

    def both(self, widget: QWidget, name: str) -> None:
        """As it is now."""
        for choice in ("dark", "light"):
            self.look.choose(choice)
            rest(80)
            widget.grab().save(str(self.folder / f"{name}-{self.scale:g}-{choice}.png"))
        self.look.choose("dark")


def composer(room: Room, inc: str, **about: str) -> ProposalDialog:
    """An open composer that has read what is there."""
    dialog = ProposalDialog(room, inc, **about)
    dialog.show()
    until(lambda: dialog.pages.currentIndex() in (1, 2) and not dialog.is_busy)
    return dialog


def settle(dialog: ProposalDialog) -> None:
    """Until the plan is of this moment."""
    rest(500)
    until(lambda: not dialog.reader.reading and dialog.reader.is_fresh(dialog._placed()))
    rest(200)


def forty(session: Session) -> None:
    """A vendor with forty surfaces of one model."""
    surfaces = [{"key": f"region-{at:02d}", "name": f"region {at:02d}", "model": "atlas-large"} for at in range(36)]
    providers.add(session, "manual", "vendor", {"who": "support desk", "surfaces": surfaces}, lambda _what: "")
    providers.adopt_surfaces(session, "vendor")


def pictures(shots: Shots, one: Session, inc: str) -> None:
    """Everything."""
    with room_of(one, shots.look) as room:
        room.desk.outlet.post(LOOKS, looked(one))
        dialog = composer(room, inc, model="atlas-large")
        shots.both(dialog, "composer-first")
        dialog.fields.which.setText("key-research")
        dialog.fields.which.textEdited.emit("key-research")
        settle(dialog)
        shots.both(dialog, "composer-gap")
        dialog.fields.rows[0].only.click()
        dialog.fields.reason.setPlainText("Exploits; three reports since noon.")
        for box, at in ((dialog.fields.besides.running, 1), (dialog.fields.besides.fallback, 2),
                        (dialog.fields.besides.terms, 2)):  # fmt: skip
            box.setCurrentIndex(at)
        for shown in dialog.fields.rows[1:]:
            if shown.word.isVisibleTo(dialog):
                shown.word.setText("internal only")
                shown.word.textEdited.emit("internal only")
        settle(dialog)
        dialog.fields.ensureWidgetVisible(dialog.fields.if_not)
        shots.both(dialog, "composer-besides")
        until(dialog.propose.isEnabled)
        dialog.propose.click()
        until(lambda: dialog.pages.currentWidget() is dialog.said)
        rest(300)
        shots.both(dialog, "composer-proposed")
        pointed = room.desk.pointed
        dialog.close()
        if pointed is not None:
            confirmation(shots, room, pointed[0])
        others(shots, room, inc)
    forty(one)
    with room_of(one, shots.look) as room:
        dialog = composer(room, inc, model="atlas-large")
        dialog.fields.kind.chosen.emit("shutdown")
        settle(dialog)
        shots.both(dialog, "composer-forty")
        dialog.close()


def confirmation(shots: Shots, room: Room, sha: str) -> None:
    """What comes of it before its signer."""
    confirm = ConfirmDialog(room, sha, None)
    confirm.resize(1180, 860)
    confirm.show()
    rest(4_000)
    shots.both(confirm, "composer-confirm")
    confirm.close()


def others(shots: Shots, room: Room, inc: str) -> None:
    """A kind that nothing there can do, a shutdown, and the register of agreements."""
    dialog = composer(room, inc, model="atlas-large")
    dialog.fields.kind.chosen.emit("capability")
    settle(dialog)
    shots.both(dialog, "composer-no-lever")
    dialog.fields.kind.chosen.emit("shutdown")
    dialog.fields.reason.setPlainText("It helps with exploits.")
    settle(dialog)
    shots.both(dialog, "composer-shutdown")
    dialog.close()
    sheet = AgreementsSheet(room, None)
    sheet.show()
    rest(1_500)
    shots.both(sheet, "agreements")
    sheet.close()


def main() -> int:
    """Everything; the exit status."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    scale = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    app = application()
    with tempfile.TemporaryDirectory() as root, Estate() as estate:
        os.environ["XDG_STATE_HOME"] = root
        found(Path(root) / "founded")
        with pair_at(Path(root) / "founded", Path(root) / "org") as (one, _):
            connect(one, estate)
            for partner, allows, hours in (("Acme Ltd", ("user", "frequency"), 0), ("Bolt GmbH", ("user",), 72)):
                agreements.register(one, Agreement(partner=partner, allows=allows, notice_h=hours, where="terms 7.2"))
            inc = str(incidents.declare(one, "Atlas large helps with exploits", 1).entry.inc)
            pictures(Shots(app, folder, scale), one, inc)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
