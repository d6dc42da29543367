"""The wall says what the brief says: how contained, what is not sure first, who commands; and as of when it holds."""

from __future__ import annotations

from console.services import incidents
from console.services.session import Session
from console.viewmodels.wall import as_of, read_picture, wall_view

NOW_MS = 1_800_000_000_000


def test_a_declared_incident_is_told_with_its_commander_and_its_decisions(pair: tuple[Session, Session]) -> None:
    session, _ = pair
    inc = incidents.declare(session, "F-7 helps with exploits", 1).entry.inc
    assert inc is not None
    incidents.write(session, "decision", "Restrict the three keys first", inc=inc)
    incidents.write(session, "decision.not-to-act", "No full shutdown\nbefore counsel is heard", inc=inc)
    picture, names = read_picture(session, inc)
    told = wall_view(picture, names, picture.now_ms + 60_000)
    assert (told.severity, told.title, told.commander) == (1, "F-7 helps with exploits", "Commander")
    assert told.tone == "alarm"
    assert told.containment.startswith("UNCONTAINED")
    assert told.elapsed == "00:01:00"
    assert told.marks[0].startswith("DRILL")
    assert told.decisions[0].endswith("Not to act: No full shutdown before counsel is heard")
    assert told.decisions[1].endswith("Restrict the three keys first")
    assert told.lines == ()


def test_an_old_picture_says_as_of_when_it_holds() -> None:
    assert as_of(NOW_MS, NOW_MS - 5_000) == ""
    assert as_of(NOW_MS, NOW_MS - 60_000).startswith("as of 20")
