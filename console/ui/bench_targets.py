"""How long the confirmation of the largest document there may be takes: until one can read it, and to go through it."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QApplication

from console.ui.bench_figures import Figure, p99, timed
from console.ui.confirm_view import Content
from console.ui.theme import Look
from console.viewmodels.approval import ApprovalView, RequestView, TargetView


def many_targets(look: Look) -> list[Figure]:
    """The confirmation of the largest document there may be: until one can read, and the longest jump through it."""
    content = Content(look)
    content.resize(900, 620)
    content.show()
    QApplication.processEvents()
    view = ApprovalView(
        sha="a" * 64, kind="action.v1", headline="Block 200 keys", reason="Three reports.",
        targets=tuple(_target(number) for number in range(1, 201)),
    )  # fmt: skip

    def put() -> None:
        content.put(view)
        content.viewport().repaint()
        QApplication.processEvents()

    first, bar = timed(put), content.verticalScrollBar()

    def jump(at: int) -> None:
        bar.setValue(bar.maximum() * at // 40)
        content.viewport().repaint()

    jumps = [timed(partial(jump, 17 * number % 41)) for number in range(41)]
    content.deleteLater()
    return [
        Figure("200 targets: first readable", first, "ms", 300),
        Figure("200 targets: jump of pages, 99th percentile", p99(jumps), "ms", 100),
    ]


def _target(number: int) -> TargetView:
    return TargetView(
        number=number, name=f"Research assistant {number}", name_here="", reading="read here 2 s ago",
        contradicts=False, lever="Block a key", selector=f"key-research-{number:04d}", how_many="1 key",
        model="atlas-large", surface="gateway-east", provider="gateway-east", reach="everyone who calls with it",
        reversal="exactly as it was", irreversible=False, whole="", canary=False, affected="not known",
        changes=(("blocked", "no", "yes"),), read_by_proposer="14:02", asked=(), more=(), notes=(), revert=(),
        requests=(RequestView(head="POST /key/block", kind="write", body=("{}",)),), by_hand=None,
        dispatchers=("this console",),
    )  # fmt: skip
