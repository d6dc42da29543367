"""An incident that a colleague's own program declares again, dated back: one rule on every page, and loud."""

from __future__ import annotations

import pytest

from console.journal.values import Answer
from console.services import after_action, assumption, callout, incidents, needs, standing
from console.services.brief import situation
from console.services.picture import take
from console.services.room import room_page
from console.services.session import Session
from console.viewmodels.cards import need_card
from console.viewmodels.outside import said_outside
from console.viewmodels.wall import wall_view
from tests.kit.pair import founded, pair, sync
from tests.kit.rogue import Rogue

__all__ = ["founded", "pair"]
TRUE, FALSE = "F-7 helps with exploits", "All is well"


@pytest.fixture
def declared(pair: tuple[Session, Session]) -> tuple[Session, Session, str]:
    """The commander's and the other's session, and an incident that the other's program declared too, before it."""
    victim, other = pair
    rogue = Rogue(other, other.person())
    inc = str(incidents.declare(victim, TRUE, 2, "It does what it must not.").entry.inc)
    pub, values = {"severity": 4, "shareable": True}, {"title": FALSE, "text": FALSE}
    assert rogue.give(victim.store, "incident.declared", pub, values, inc=inc) is Answer.inserted
    first, second = victim.reader.entries(inc, kinds=("incident.declared",))
    assert second.entry.hlc < first.entry.hlc
    return victim, other, inc


def test_every_screen_and_page_tells_the_declaration_that_was_here_first(
    declared: tuple[Session, Session, str],
) -> None:
    victim, _, inc = declared
    line, seen = incidents.line_of(victim, inc), take(victim, inc)
    assert line is not None
    assert (line.title, line.commander) == (TRUE, victim.me)
    assert line in incidents.list_incidents(victim)
    wall = wall_view(
        seen, {one.person: victim.name_of(one.person) for one in victim.roster.roster.persons}, seen.now_ms
    )
    assert (wall.title, wall.commander) == (TRUE, "Commander")
    assert "declared it too Approver" in wall.roles
    (began,) = [one for one in after_action.review(victim, inc).account.milestones if one.what == "Declared"]
    assert (began.text, began.author) == (TRUE, victim.me)
    brief = situation(victim, inc, "internal").text
    assert "In command: commander: Commander; " in brief
    assert "declared it too: Approver" in brief
    for told in (brief, situation(victim, inc, "customer").text, situation(victim, inc, "exec").text,
                 room_page(victim, inc)):  # fmt: skip
        assert FALSE not in told
    assert TRUE in brief
    assert TRUE in room_page(victim, inc)


def test_it_is_a_need_a_call_out_and_a_finding_until_command_moves_by_signature(
    declared: tuple[Session, Session, str],
) -> None:
    victim, other, inc = declared

    def needed() -> list[str]:
        found = needs.needs(victim, standing.corrections(victim), incidents.list_incidents(victim))
        return [f"{one.text} {one.detail}" for one in found if one.kind == "declared"]

    (told,) = needed()
    line = incidents.line_of(victim, inc)
    assert line is not None
    assert told.startswith(f"Approver declared {line.label} too: Commander commands Here they arrived in this order: "
                           "Commander, Approver.")  # fmt: skip
    (call,) = [one for one in callout.calls(victim) if one.why == "command"]
    assert (set(call.asked), call.everyone) == ({victim.me, other.me}, True)
    assert f"{inc[-4:]}" in call.incident
    found = [one for one in after_action.review(victim, inc).findings if "declared it too" in one]
    assert len(found) == 1
    incidents.offer_command(victim, inc, other.me, "It is yours.")
    sync(victim, other)
    incidents.accept_command(other, inc)
    sync(other, victim)
    assert needed() == []
    assert [one for one in callout.calls(victim) if one.why == "command"] == []
    line = incidents.line_of(victim, inc)
    assert line is not None
    assert (line.commander, line.title) == (other.me, TRUE)


def test_its_card_offers_to_settle_it_and_not_to_accept_what_nobody_offered(
    declared: tuple[Session, Session, str],
) -> None:
    victim, _, _ = declared
    found = needs.needs(victim, standing.corrections(victim), incidents.list_incidents(victim))
    (need,) = [one for one in found if one.kind == "declared"]
    card = need_card(need, victim.clock.wall_ms())
    assert [name for name, _ in card.commands] == ["assume-command", "hand-over"]
    assert card.alarm
    assert said_outside([need]) == "Who commands is not agreed."


def test_whoever_is_shown_in_command_settles_it_by_their_signature_and_takes_nothing_from_anybody(
    declared: tuple[Session, Session, str],
) -> None:
    victim, other, inc = declared
    assert assumption.silence(victim, inc).why_not == ""
    assumption.assume(victim, inc, "I declared it, and nobody took it over.")
    line = incidents.line_of(victim, inc)
    assert line is not None
    assert (line.commander, line.besides, line.title) == (victim.me, (), TRUE)
    assert [one.rule for one in assumption.assumed(victim, inc)] == ["kept"]
    assert [one for one in callout.calls(victim) if one.why == "command"] == []
    assert assumption.silence(victim, inc).why_not == "You command it already."
    sync(victim, other)
    there = incidents.line_of(other, inc)
    assert there is not None
    assert (there.commander, there.besides) == (victim.me, ())
