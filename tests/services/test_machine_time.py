"""A console's clock was ahead and is right again: two people confirm what it shows, and what waited there goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.clock_doubt import WAITS
from console.domain.errors import WrongUse
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, incidents, needs, recovery, redaction
from console.services.machine_time import clock_sentence, machine_time, propose_time
from console.services.record import start_record
from console.services.session import Session
from tests.kit.pair import Asks, founded, pair_at, sync
from tests.outbox.test_clock_back import SetClock
from tests.services.test_redaction import everything, sign

__all__ = ["founded"]
HOUR = 3_600_000


@pytest.fixture
def ahead(founded: Path, tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    """The commander's clock ran two hours ahead, wrote something, and was set right."""
    folder, clock = tmp_path / "org", SetClock()
    with pair_at(founded, folder) as (before, two):
        places = before.settings.places
        before.close()
        clock.back = -2 * HOUR
        with Session.open(ProfilePaths(folder / "commander"), Asks("commander"), clock) as one:
            one.change_settings(replace(one.settings, places=places))
            incidents.declare(one, "t", 1)
            clock.back = 0
            yield one, two


def read(session, sha):
    return "\n".join(approvals.text(session, corrections.find_document(session, sha)))


def missing(session, sha):
    return approvals.judge(session, corrections.find_document(session, sha)).verdict.missing


def test_two_confirm_it_and_a_redaction_that_waited_goes(ahead):
    one, two = ahead
    inc = str(incidents.list_incidents(one)[0].inc)
    note = incidents.write(two, "note", "a name", inc=inc)
    sync(one, two)
    waits = redaction.propose(one, everything(one, note.id), "it was pasted by mistake")
    sign(one, "commander", waits.sha)
    sync(one, two)
    sign(two, "approver", waits.sha)
    sync(one, two)
    assert redaction.carry_out(one) == ()
    assert missing(one, waits.sha) == (WAITS,)

    sha = propose_time(one)
    told = read(one, sha)
    assert "Confirm the time of a console" in told
    assert "It showed" in told
    assert sha in [need.doc for need in needs.needs(one, (), ())]
    sign(one, "commander", sha)
    sync(one, two)
    assert machine_time(one).confirmed_until_ms is None
    assert "Set it right, or have two people confirm it." in clock_sentence(one)
    assert sha in [need.doc for need in needs.needs(two, (), ())]
    sign(two, "approver", sha)
    sync(one, two)
    found = machine_time(one)
    assert found.confirmed_until_ms is not None
    assert 0 < found.confirmed_until_ms - found.wall_ms <= HOUR
    assert "Two people confirmed the time" in found.told
    assert "Two people confirmed the time" in one.store.write(recovery.alarm_of)[1]
    assert sha not in [need.doc for need in needs.needs(one, (), ())]
    assert missing(one, waits.sha) == ()
    assert redaction.carry_out(one) != ()
    sync(one, two)
    assert redaction.standing(two, waits.sha).state != "proposed", "the other console judges it by the same record"

    one.clock.back = 2 * HOUR  # and back again: what was confirmed is another clock
    assert machine_time(one).confirmed_until_ms is None


def test_a_clock_in_no_doubt_and_a_record_of_one_person_confirm_nothing(ahead, tmp_path):
    two = ahead[1]
    assert not machine_time(two).doubtful
    with pytest.raises(WrongUse, match="in no doubt"):
        propose_time(two)
    start_record(ProfilePaths(tmp_path / "lone"), Asks("lone"), name="Commander", world="drill")
    with Session.open(ProfilePaths(tmp_path / "lone"), Asks("lone")) as lone:
        assert machine_time(lone).told == ""
        with pytest.raises(WrongUse, match="takes two people"):
            propose_time(lone)
