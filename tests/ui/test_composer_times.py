"""What is typed while the key is locked is signed later, with both times (protocol.md section 1)."""

from __future__ import annotations

from console.runtime.paths import ProfilePaths
from console.services.record import start_record
from console.services.session import Session
from console.ui.composer import write
from tests.kit.pair import Asks


def test_a_text_signed_long_after_it_was_typed_says_when_it_was_typed(tmp_path) -> None:
    paths, asks = ProfilePaths(tmp_path / "p"), Asks("commander")
    start_record(paths, asks, name="Commander")
    with Session.open(paths, asks) as session:
        typed_ms = session.clock.wall_ms() - 20 * 60_000
        late = write(session, "note", "typed while it was locked", None, typed_ms)
        at_once = write(session, "note", "typed and signed", None, session.clock.wall_ms())
    assert late.disclosed["occurred"] == {"at_ms": typed_ms, "plus_minus_s": 60}
    assert late.entry.hlc[0] >= typed_ms + 20 * 60_000
    assert "occurred" not in at_once.disclosed
