"""Pictures of screens that are not yet read, cannot be read, are no drill, or bring an old record up to date.

Real windows on real profiles: see `tests.ui.shots`.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Final
from unittest.mock import patch

from PySide6.QtWidgets import QWidget

from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.simulator import Simulator
from console.journal.schema import JOURNAL, Part
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, incidents, providers, upgrading
from console.services.corrections import TargetWish
from console.services.practice import Practice
from console.services.record import start_record
from console.services.session import Session
from console.services.setup import PRACTICE_PASSPHRASE
from console.ui.doer import Doer
from console.ui.incident_dialogs import DeclareDialog
from console.ui.opened import OpenProfile
from console.ui.start import Windows
from console.ui.upgrading import UpgradeWindow
from console.viewmodels.desk import Desk
from console.viewmodels.shell import NOW
from tests.kit.old_form import make_old
from tests.kit.pair import Asks, found, passphrase, sync
from tests.kit.resting import rest
from tests.ui import shots_rest
from tests.ui.shots_base import Shots, until
from tests.ui.shots_doing import NO_DISK, fails, never

# what reads the record before it can show anything
_READ: Final = (
    "review", "correct", "roles", "hand-over", "close", "lift", "record-by-hand", "watch-by-hand", "providers",
    "organisation", "copy-situation-for", "policy", "callout", "list", "lists", "stages", "rotate", "break-glass",
    "glass", "assume-command", "clocks", "checklist", "agreements", "regimes", "evidence-for", "redactions", "bypass",
    "provider-add", "envelopes", "this-record", "carry",
)  # fmt: skip
_NORMAL: Final = (
    "correct",
    "review",
    "refusals",
    "lift",
    "organisation",
    "providers",
    "provider-add",
    "policy",
    "evidence-for",
    "drill-result",
    "redactions",
)
_PARTS: Final = ("timeline", "board", "coverage", "after-action", "wall")
_SLOW: Final = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT 400000000) SELECT count(*) FROM t"


def reading(shots: Shots, root: Path) -> list[str]:
    """Everything before it was read; then everything where reading fails."""
    practice = Practice(root, reads_for_ms=500)
    paths = practice.begin(lambda _line: None)
    try:
        with patch.object(Desk, "watch", lambda _desk: None), patch.object(Doer, "do", never):
            opened = shots.open(paths)
            rest(500)
            _tabs(shots, opened, "loading")
            _end(opened)
        opened = shots.open(paths)
        try:
            opened.session.offer("your writer key", PRACTICE_PASSPHRASE.encode())
            until(lambda: opened.window.is_complete and opened.desk.outlet.latest(NOW) is not None)
            with patch.object(Doer, "do", never):
                refused = shots.dialogs(opened, _READ, "loading", 300)
            with patch.object(Doer, "do", fails):
                opened.room.doer.troubled.emit(opened.room.doer.trouble_of(NO_DISK))
                _tabs(shots, opened, "error")
                refused += shots.dialogs(opened, _READ, "error", 400)
                _declared(shots, opened)
        finally:
            _end(opened)
    finally:
        practice.stop()
    return refused


def _declared(shots: Shots, opened: OpenProfile) -> None:
    """What somebody typed stays where it cannot be saved."""
    dialog = DeclareDialog(opened.room, opened.window)
    dialog.show()
    dialog.severity.choose("2")
    dialog.title.setText("F-7 answers with working exploits")
    rest(200)
    dialog.press_main()
    rest(300)
    shots.both(dialog, "error-declare")
    dialog.close()


def _tabs(shots: Shots, opened: OpenProfile, prefix: str) -> None:
    window = opened.window
    for name in _PARTS[:-1]:
        window.show_tab("review" if name == "after-action" else name)
        rest(300)
        shots.both(window, f"{prefix}-{name}")
    wall = shots.wall(opened, 1920, 1080, within_s=1.0)
    shots.both(wall, f"{prefix}-wall")
    wall.close()


def _end(opened: OpenProfile) -> None:
    opened.window.hide()
    opened.end()


def normal(shots: Shots, root: Path) -> list[str]:
    """No drill: a team of two, a gateway, one correction in force and one that waits."""
    found(root, "real")
    site = LiteLLMSite(
        [(f"sk-simulated-{one}", one, []) for one in ("research", "night", "shop", "batch")], [("m-1", "F-7", True)],
        cache_lag_s=0.0,
    )  # fmt: skip
    with Simulator(site) as gateway, ExitStack() as stack:
        with Session.open(ProfilePaths(root / "commander"), Asks("commander")) as one:
            _connect(one, gateway.url)
            inc = str(incidents.declare(one, "F-7 answers with working exploits", 1).entry.inc)
            made = _propose(one, inc, "research", "night")
            two = stack.enter_context(Session.open(ProfilePaths(root / "approver"), Asks("approver")))
            sync(one, two)
            _sign(two, made, "approver")
            sync(one, two)
            waits = _propose(one, inc, "shop", "batch")
            sync(one, two)
        opened = shots.open(ProfilePaths(root / "commander"))
        try:
            for what in ("your writer key", "the secrets file"):
                opened.session.offer(what, passphrase("commander", what))
            opened.session.writer()
            until(lambda: _state(opened, made) in ("enforced", "recorded", "unmeasurable"))
            opened.desk.point_at(waits)
            shots.tabs(opened, "normal")
            refused = shots.dialogs(opened, _NORMAL, "normal")
            shots_rest.pictures(shots, opened)
            return refused
        finally:
            _end(opened)


def _connect(session: Session, url: str) -> None:
    made, _ = providers.add(session, "litellm", "gateway", {"base_url": url}, lambda _what: MASTER_KEY)
    providers.adopt_surfaces(session, made.id)


def _propose(one: Session, inc: str, *callers: str) -> str:
    wishes = [TargetWish(provider="gateway", surface="", lever="key.block", selector=each) for each in callers]
    sha = corrections.propose(one, inc, wishes, f"Working exploits come through {' and '.join(callers)}.").sha
    _sign(one, sha, "commander")
    return sha


def _sign(session: Session, sha: str, who: str) -> None:
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, "approve", lambda: passphrase(who, "your approver key"))


def _state(opened: OpenProfile, doc: str) -> str:
    now = opened.desk.outlet.latest(NOW)
    return next((one.state for one in now.standings if one.doc == doc), "") if now is not None else ""


def upgrade(shots: Shots, root: Path) -> None:
    """A record of an earlier version is brought up to date; and cannot be."""
    paths = ProfilePaths(root / "old")
    start_record(paths, Asks("commander"), name="Commander")
    make_old(paths)
    slow = Part("journal", (*JOURNAL.steps, ("CREATE TABLE later (n INTEGER)", f"INSERT INTO later {_SLOW}")))
    broken = Part("journal", (*JOURNAL.steps, ("CREATE TABLE later (n INTEGER)", "INSERT INTO nowhere VALUES (1)")))
    for part, name, comes in (
        (slow, "upgrade", lambda one: one.bar.maximum() > 1 and one.bar.value() == one.bar.maximum() - 1),
        (broken, "error-upgrade", lambda one: not one.bar.isVisible()),
    ):
        with patch.object(upgrading, "PARTS", (part,)):
            windows = Windows(shots.app, shots.settings())
            windows.look = shots.look  # the one whose changes are pictured
            windows.open(paths)
            shown = windows.upgrading
            assert isinstance(shown, UpgradeWindow)
            until(lambda shown=shown, comes=comes: comes(shown))
            _upgrading(shots, shown, name)
            shown.close()
            windows.end()


def _upgrading(shots: Shots, shown: QWidget, name: str) -> None:
    shown.resize(760, 420)
    rest(200)
    shots.both(shown, name, (*shots.looks, "high-contrast"))
