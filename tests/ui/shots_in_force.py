"""Pictures of what comes after the first signature: in force, measured, given back, drifted, lapsed, taken over.

A practice whose corrections are played to "in force" through the real services: see `tests.ui.shots`.
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import httpx

from console.services import approvals, corrections, dispatch, fates
from console.services.colleague import Colleague
from console.services.corrections import TargetWish
from console.services.practice import Practice
from console.services.setup import PRACTICE_PASSPHRASE
from console.services.standing import Standing
from console.ui.doer import Doer
from console.ui.lift import LiftDialog
from console.ui.opened import OpenProfile
from console.viewmodels.shell import NOW
from console.viewmodels.stages import plan
from tests.kit.resting import rest
from tests.ui.shots_base import LOOKS, Shots, until
from tests.ui.shots_doing import fails, never

_SLOWED = TargetWish(provider="gateway-west", surface="", lever="key.rpm", selector="key-batch", params={"rpm": 20})
_UNLOADED = TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large")
_PAUSED = TargetWish(provider="cloud", surface="deploy-main", lever="deployment.pause", selector="deploy-main")
_CALM = ("refusals", "lift", "undo", "cancel-correction", "stages", "glass", "extend", "close")
_CONTRAST = ("refusals", "lift", "review", "outbox-at", "organisation", "propose-again")


def pictures(shots: Shots, root: Path) -> list[str]:
    """In force, then what may happen to it."""
    practice = Practice(root, reads_for_ms=200)
    opened = shots.open(practice.begin(lambda _line: None))
    try:
        scene = _Scene(shots, opened, practice)
        scene.play()
        shots.tabs(opened, "force")
        refused = scene.dialogs(_CALM, "force")
        refused += scene.unread(("refusals",))
        scene.not_lifted()
        scene.staged()
        refused += scene.dialogs(("stages",), "force-planned")
        scene.drifted()
        shots.tabs(opened, "drift")
        refused += scene.dialogs(("propose-again",), "drift")
        refused += scene.unread(("propose-again",))
        scene.stale()
        refused += scene.dialogs(("propose-again",), "changed")
        shots.looks = ("high-contrast",)
        refused += scene.dialogs(_CONTRAST, "contrast-force")
        shots.looks = LOOKS
        scene.silent()
        refused += scene.dialogs(("take-over",), "silent")
        shots.tabs(opened, "silent", only=("timeline", "outbox"))
    finally:
        opened.window.hide()
        opened.end()
        practice.stop()
    return refused


class _Scene:
    """One practice, and the person who plays it."""

    def __init__(self, shots: Shots, opened: OpenProfile, practice: Practice) -> None:
        self.shots, self.opened, self.practice = shots, opened, practice
        self.session = opened.session
        for what in ("your writer key", "your approver key", "the secrets file"):
            self.session.offer(what, PRACTICE_PASSPHRASE.encode())
        self.session.writer()
        self.unloaded = ""
        assert practice._estate is not None
        self.estate = practice._estate

    def dialogs(self, names: tuple[str, ...], prefix: str) -> list[str]:
        return self.shots.dialogs(self.opened, names, prefix)

    def unread(self, names: tuple[str, ...]) -> list[str]:
        """The same before they have read, and where they cannot."""
        refused: list[str] = []
        for prefix, does in (("loading", never), ("error", fails)):
            with patch.object(Doer, "do", does):
                refused += self.shots.dialogs(self.opened, names, prefix, 400)
        return refused

    def not_lifted(self) -> None:
        """What somebody typed stays where it cannot be proposed."""
        dialog = LiftDialog(self.opened.room, self.opened.window, self._now(), self.unloaded)
        dialog.show()
        dialog.reason.setPlainText("The evaluation passes")
        with patch.object(Doer, "do", fails):
            dialog.press_main()
            rest(300)
        self.shots.both(dialog, "error-lift")
        dialog.close()

    def play(self) -> None:
        """What the colleague proposed is signed; then one's own is proposed, signed by both and sent."""
        until(self._now)
        first = self._now()[0].doc
        self._sign(first)
        self.practice.go()
        self.unloaded = self._proposed(_UNLOADED, "Blocking keys does not reach it.")
        self._until(first, "enforced")
        self._until(self.unloaded, "enforced", "unmeasurable")
        slowed = self._proposed(_SLOWED, "It asks more often than its owner says it should.")
        self._until(slowed, "enforced", "recorded", "unmeasurable")
        self.opened.desk.point_at(self.unloaded)

    def staged(self) -> None:
        """A lift in stages is planned for the keys."""
        keys = next(one for one in self._now() if len(one.targets) > 1)
        stops = dict.fromkeys(("observation", "severity", "drift"), True)
        plan(self.session, keys.doc, "0,2 1,3", 30, stops, "", "The evaluation passes and the owner has answered")

    def drifted(self) -> None:
        """Another administrator loads the model again."""
        self.estate.control("/drift", site="model-server", selector="atlas-large")
        self._until(self.unloaded, "drifted")
        self.opened.desk.point_at(self.unloaded)

    def stale(self) -> None:
        """Somebody changes what was read, between the first and the second signature."""
        theirs = self._rest_colleague()
        wish = TargetWish(provider="gateway-east", surface="", lever="key.rpm", selector="key-shop", params={"rpm": 10})
        doc = self._proposed(wish, "It asks for working exploits by the hundred.")
        east = next(one for one in self.estate.instances if one["name"] == "gateway-east")
        httpx.post(
            f"{east['settings']['base_url']}/admin/keys/key-shop/limit", json={"rpm": 5}, timeout=10,
            headers={"authorization": f"Bearer {east['secrets']['admin']}"},
        ).raise_for_status()  # fmt: skip
        rest(1_500)
        del theirs.step
        self._until(doc, "stale")
        self.opened.desk.point_at(doc)

    def silent(self) -> None:
        """The colleague proposes and both sign; then the colleague's console is not heard of any more."""
        theirs = self._rest_colleague()
        made = corrections.propose(theirs.session, self.opened.desk.inc or "", [_PAUSED], "The cloud serves it too.")
        theirs._sign(made.sha)
        dispatch.sync_all(theirs.session)
        until(lambda: any(one.doc == made.sha for one in self._now()))
        self._sign(made.sha)
        fates.SILENT_MS = 2_000  # type: ignore[misc]  # a minute in the product; a picture has no minute
        rest(4_000)
        self.opened.desk.refresh()
        self.opened.desk.point_at(made.sha)

    def _rest_colleague(self) -> Colleague:
        """From now on the simulated colleague's console does nothing, as one that is shut."""
        theirs = self.practice.colleague
        theirs.step = lambda _elapsed: None  # type: ignore[method-assign]  # as one that is shut
        rest(3_000)  # what it is doing ends
        return theirs

    def _now(self) -> tuple[Standing, ...]:
        now = self.opened.desk.outlet.latest(NOW)
        return () if now is None else tuple(now.standings)

    def _proposed(self, wish: TargetWish, reason: str) -> str:
        doc = corrections.propose(self.session, self.practice.inc, [wish], reason).sha
        self._sign(doc)
        return doc

    def _sign(self, doc: str) -> None:
        held = corrections.find_document(self.session, doc)
        approvals.decide(self.session, held, "approve", PRACTICE_PASSPHRASE.encode)
        self.opened.desk.refresh()

    def _until(self, doc: str, *states: str) -> None:
        def so() -> bool:
            found = next((one for one in self._now() if one.doc == doc), None)
            return found is not None and any(one.state in states for one in found.targets if not one.canary)

        if not until(so):
            told = [(one.title, [each.state for each in one.targets]) for one in self._now()]
            raise RuntimeError(f"it never became {states}: {told}")
