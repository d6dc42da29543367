"""What stands in the composer after a proposal: that nothing moves yet, who can sign, until when. It signs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from console.domain.actions import Target
from console.domain.deceit import shown
from console.providers.wishes import Planned
from console.services.corrections import Proposal
from console.ui.parts import column, row
from console.ui.proposal_plan import grid_of
from console.ui.room import Room
from console.ui.tokens import GRAVITIES
from console.ui.widgets import IconMark, StateMark, Text
from console.viewmodels.approval_words import count, verb_of
from console.viewmodels.times import both, left
from console.viewmodels.zones import shown_zone, zone_chosen

_NEEDED = {
    "normal": "one approver, with their own key",
    "high": "two people, one of them commander or deputy, each with their own key",
    "critical": "two people, one of them commander or deputy, each with their own key on a device of their own",
}  # fmt: skip


class ProposedPage(QWidget):
    """The end of the composer's way, and the beginning of the signers'."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        unit = room.look.theme.space("unit")
        self._lines = column(self, unit, (0, 2 * unit, 0, 0))

    def put(self, proposal: Proposal, can_sign: Sequence[str], now_ms: int, needed: str = "") -> None:
        """Say what was proposed, and what has to happen before anything moves."""
        while (item := self._lines.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        look, action = self._room.look, proposal.action
        head = QWidget()
        line = row(head, look.theme.space("unit"))
        line.addWidget(IconMark(look, "pencil", "claimed"))
        line.addWidget(Text(look, "Proposed. Nothing moves before it is signed.", size="title", weight="semibold"), 1)
        self._lines.addWidget(head)
        weight = QWidget()
        second = row(weight, look.theme.space("unit"))
        second.addWidget(StateMark(look, action.gravity, table=GRAVITIES))
        second.addStretch(1)
        self._lines.addWidget(weight)
        zone = shown_zone(zone_chosen(self._room.desk.outlet))
        by = action.approve_by
        facts = [
            ("Because", proposal.reason),
            ("Needed", needed or _NEEDED[action.gravity]),
            ("Sign before", f"{both(by, zone)}, {left(now_ms, by)}; then it lapses and is proposed anew"),
        ]
        if proposal.way is not None:
            facts.append(("Goes from", " ".join(part for part in (proposal.way.told, proposal.way.then) if part)))
        if can_sign:
            facts.insert(2, ("Can approve now", ", ".join(can_sign)))
        self._lines.addWidget(grid_of(look, facts))
        for target, plan in zip(action.targets, proposal.plans, strict=True):
            self._lines.addWidget(Text(look, _told(target, plan, action.direction), wrap=True))
        self._lines.addStretch(1)
        self.setAccessibleName(f"Proposed: {count(len(action.targets), 'target', 'targets')}, {action.gravity}.")


def _told(target: Target, plan: Planned, direction: str) -> str:
    """One target in a line."""
    if target.by_hand:
        who, what = shown(plan.params.get("who", "somebody")), shown(plan.params.get("instruction", ""))
        return (
            f"Ask {who} by hand: {what}" if direction == "contain" else f"Ask {who} by hand to take this back: {what}"
        )
    verb, noun = verb_of(plan.lever, direction)
    selector = f" [{shown(plan.selector)}]" if plan.selector != plan.name else ""
    return f"{verb.capitalize()} {noun} {shown(plan.name)}{selector}{' (canary)' if target.canary else ''}"
