"""A lift in stages in the window: planned with stops, shown stage by stage; what is no plan is said."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from adapters.practice.simulator import Estate
from console.services import approvals, corrections, dispatch, incidents, staging
from console.services.corrections import TargetWish
from console.services.session import WRITER
from console.ui.lift_stages import StagesSheet
from console.ui.room import Room
from console.viewmodels.shell import NOW
from tests.kit.pair import connect, passphrase, sync
from tests.services.test_lists import QUICK

WITHIN_MS = 60_000


def texts(part) -> str:
    return "\n".join(one.text() for one in part.findChildren(QLabel) if not one.isHidden())


@pytest.fixture
def estate():
    with Estate(gateway_lag_s=0.0) as running:
        yield running


def test_a_lift_is_planned_and_its_first_stage_proposed(room: Room, pair, estate: Estate, qtbot) -> None:
    one, two = pair
    connect(one, estate, "gateway")
    inc = incidents.declare(one, "a campaign", severity=1).entry.inc
    assert inc is not None
    wishes = [TargetWish(provider="gateway-east", surface="", lever="key.block", selector=key)
              for key in ("key-research", "key-shop")]  # fmt: skip
    made = corrections.propose(one, inc, wishes, "exploits")
    sync(one, two)
    for who, session in (("commander", one), ("approver", two)):
        held = corrections.find_document(session, made.sha)
        approvals.decide(session, held, "approve", lambda who=who: passphrase(who, "your approver key"))
    sync(one, two)
    dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 40_000, pace=QUICK)
    room.desk.refresh()
    qtbot.waitUntil(
        lambda: any(s.group == "in force" for s in getattr(room.desk.outlet.latest(NOW), "everything", ())),
        timeout=WITHIN_MS,
    )
    signs: list[str] = []
    sheet = StagesSheet(room, None, inc, signs.append)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # it closes itself, and the test ends it
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: "No lift is planned" in texts(sheet.told), timeout=WITHIN_MS)
    assert "Here 0 is Research assistant, 1 is Shop chat." in texts(sheet)
    one.offer(WRITER, passphrase("commander", WRITER))
    sheet.go_on.setPlainText("the evaluation passes")
    sheet.stages.setText("50% 20%")
    qtbot.waitUntil(sheet.go.isEnabled, timeout=WITHIN_MS)
    sheet.go.click()
    qtbot.waitUntil(lambda: "Percentages grow" in texts(sheet), timeout=WITHIN_MS)
    sheet.stages.setText("50% rest")
    sheet.go.click()
    qtbot.waitUntil(lambda: "Stage 2: 100%" in texts(sheet.told), timeout=WITHIN_MS)
    assert "Stopped when somebody records an observation" in texts(sheet.told)
    sheet.reason.setPlainText("evaluation 7 passed")
    button = next(b for b in sheet.told.findChildren(QPushButton) if b.text().startswith("Propose"))
    assert button.isEnabled()
    button.click()
    qtbot.waitUntil(lambda: bool(signs), timeout=WITHIN_MS)
    action = corrections.action_of(corrections.find_document(one, signs[0]))
    assert (action.direction, len(action.targets)) == ("restore", 1)
    assert [stage.word for stage in staging.staged(one, inc)[0].stages] == ["proposed", "waiting"]
