"""Every screen, the states it has to be pictured in, and why the others mean nothing: see `tests.ui.shots`.

A new dialog that is not in this list fails a test; one that was not pictured as the list says fails the command.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Final

from PySide6.QtWidgets import QDialog, QMainWindow, QWidget

import console.ui
from console.ui.widgets import Stripe

STATES: Final = ("normal", "drill", "empty", "loading", "error", "offline")
_READS: Final = "loading error"
# what each has to be pictured in, besides `normal` or `drill`: one of these is needed of all
SCREENS: Final[dict[str, str]] = {
    "FirstRun": "", "UpgradeWindow": "error", "Wall": "empty loading error offline normal drill",
    "timeline": "empty loading error offline normal drill", "board": "empty loading error offline normal drill",
    "coverage": "empty loading error offline normal drill", "outbox": "empty offline normal drill",
    "after-action": "empty loading error offline normal drill", "entry": "offline normal drill",
    "ConfirmDialog": "loading error offline normal drill", "ProposalDialog": "loading error offline normal drill",
    "OrganisationDialog": "empty loading error offline normal drill",
    "ProvidersDialog": "empty loading error offline normal drill", "ConnectDialog": f"{_READS} empty offline",
    "LiftDialog": "error normal drill", "UndoDialog": "", "CancelDialog": "", "RefusalsSheet": f"{_READS} normal drill",
    "AgainSheet": _READS, "StagesSheet": _READS, "ListSheet": _READS, "ListsSheet": _READS, "RotationSheet": _READS,
    "BreakGlassSheet": _READS, "GlassSheet": _READS, "ExtendSheet": "", "CommandSheet": _READS,
    "PolicySheet": f"{_READS} normal drill", "CalloutSheet": _READS, "CarrySheet": _READS, "TakeSheet": "",
    "AttestDialog": "", "RecordDialog": _READS, "WatchDialog": f"{_READS} offline", "BypassDialog": f"{_READS} offline",
    "AgreementsSheet": _READS, "ModelNamesDialog": _READS, "EditProviderDialog": _READS, "RemoveProviderDialog": "",
    "RemoveCanaryDialog": "", "TrialDialog": "", "CanaryDialog": "",
    "DeclareDialog": "error", "SeverityDialog": "", "MoveDialog": "", "ReopenDialog": "", "CloseDialog": "",
    "RolesDialog": _READS, "HandOverDialog": _READS, "AcceptDialog": _READS, "UpdateDialog": "",
    "ChecklistDialog": _READS, "TaskDialog": "", "DropDialog": "", "ClocksDialog": "", "RegimesDialog": _READS,
    "DetermineDialog": "", "SentDialog": "", "AsideDialog": "",
    "AmendDialog": _READS, "RetractDialog": "", "RetypeDialog": "", "JumpDialog": "", "IntakeDialog": "",
    "PictureDialog": "",
    "EvidenceDialog": _READS, "ShareDialog": _READS, "RedactDialog": _READS, "RedactionsDialog": f"{_READS} empty",
    "DrillResultDialog": "", "ExportDialog": "", "VerifyDialog": "", "CopyDialog": _READS, "RoomPageDialog": "",
    "RosterDialog": "", "AdmitSheet": "", "LostSheet": "", "MemberSheet": "", "SettleSheet": "", "RenewSheet": "",
    "LetterSheet": "", "AdoptSheet": "", "EnvelopesSheet": "", "RestoredSheet": _READS, "ConfirmTimeSheet": "",
    "Palette": "", "KeysSheet": "", "About": "", "UnlockDialog": "empty",
}  # fmt: skip
_WHY: Final = {
    "normal": "as in a drill, without its stripes", "drill": "as outside of a drill, with its stripes",
    "empty": "a form, or about something that is there",
    "loading": "it reads nothing before it is shown, or shows what the window has read",
    "error": "it reads nothing; a fault of what it does is told as in error-declare, and what was typed stays",
    "offline": "it is about this console's own record, of which nothing is away",
}  # fmt: skip
_OWN: Final = {
    ("ConnectDialog", "offline"): "", ("FirstRun", "empty"): "it is what there is when there is nothing",
    ("UpgradeWindow", "loading"): "it is a picture of that", ("UpgradeWindow", "drill"): "it comes before the profile",
    ("outbox", "loading"): "told in loading-timeline, whose foot it is", ("outbox", "error"): "as loading",
    ("entry", "loading"): "a row is read with its page", ("entry", "error"): "as loading",
    ("ProposalDialog", "empty"): "it is about an incident: without one it does not open, and the window says so",
    ("ConfirmDialog", "empty"): "there is always a document", ("ExtendSheet", "loading"): "from what the window read",
}  # fmt: skip


def needed(screen: str) -> set[str]:
    """The states in which it has to be pictured."""
    return set(SCREENS[screen].split())


def why_not(screen: str, state: str) -> str:
    """Why a picture of it in that state means nothing."""
    return _OWN.get((screen, state)) or _WHY[state]


def dialogs() -> Iterator[tuple[str, type[QDialog]]]:
    """Every dialog in the product that somebody can meet."""
    for module in pkgutil.walk_packages(console.ui.__path__, "console.ui."):
        for name, found in vars(importlib.import_module(module.name)).items():
            is_own = inspect.isclass(found) and found.__module__ == module.name and issubclass(found, QDialog)
            if is_own and not name.startswith("_") and name != "Sheet":
                yield name, found


def screen_of(widget: QWidget, name: str) -> str:
    """Which screen a picture of that name shows."""
    return name.partition("-")[2] if isinstance(widget, QMainWindow) else type(widget).__name__


def state_of(widget: QWidget, name: str) -> str:
    """Which state: told by the first word of the name, else by the stripes (the wall has a band of its own)."""
    first = name.partition("-")[0]
    if first in STATES[1:]:
        return first
    stripes = widget.findChildren(Stripe)
    return "drill" if any(one.accessibleName().startswith("Drill") for one in stripes) else "normal"


def missing(seen: set[tuple[str, str, str]]) -> list[str]:
    """What the list wants and nobody pictured: screen, state and look."""
    found: list[str] = []
    for screen in SCREENS:
        shown = {(state, look) for one, state, look in seen if one == screen}
        found += [f"{screen}: {state} {look}" for state in STATES if state in needed(screen)
                  for look in ("dark", "light") if (state, look) not in shown]  # fmt: skip
        if not shown:
            found.append(f"{screen}: no picture at all")
    return found


def meaningless() -> list[str]:
    """Screen and state of which there is no picture, with the reason."""
    return [
        f"{screen}, {state}: {why_not(screen, state)}"
        for screen in SCREENS
        for state in STATES
        if state not in needed(screen)
    ]
