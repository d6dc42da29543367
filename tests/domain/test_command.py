"""Roles held: the screen, the list and the verifier fold the same, whatever else each of them has at hand."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.command import ROLE_KINDS, fold_roles
from console.domain.fold import fold_incident
from console.domain.forms import Entry
from console.domain.incident_fold import HEADLINE_KINDS, headline_of
from console.domain.moment import held_roles
from tests.domain import made
from tests.domain.made import APPROVER, COMMANDER, DEPUTY, INC, NOW, OBSERVER, PEOPLE, ROSTER, Journal


def as_entry(one):
    return Entry(
        sd=(), author=one.author, boot="0" * 32, console=one.console, feed=one.feed, hlc=one.hlc, inc=one.inc,
        iprev=None, iseq=0, key="SHA256:" + "A" * 43, kind=one.kind, mono=1, org=made.ORG, prev=None, pub=dict(one.pub),
        refs=one.refs, roster=(3, made.ROSTER_SHA), seq=one.seq, subj=one.subj,
    )  # fmt: skip


STEP = st.tuples(
    st.sampled_from((*ROLE_KINDS, "note", "severity.changed", "status.changed")), st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE), st.sampled_from(("commander", "deputy", "scribe")), st.integers(0, 9),
    st.integers(-4000, 4000),
)  # fmt: skip


def told(steps):
    """A history with clocks that are wrong by up to four seconds, and answers to offers of long ago."""
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    for kind, author, person, role, back, skew in steps:
        of = journal.entries[-1 - back % len(journal.entries)].id
        pub = {
            "incident.declared": {"severity": 2}, "command.offered": {"to": person}, "command.accepted": {"of": [of]},
            "role.assigned": {"person": person, "role": role}, "role.released": {"person": person, "role": role},
            "severity.changed": {"severity": 1 + back % 4}, "status.changed": {"status": "holding"},
        }.get(kind, {})  # fmt: skip
        refs = (of,) if back % 2 else ()
        journal.add(kind, author, pub, refs=refs, hlc=(NOW + len(journal.entries) * 1000 + skew, 0))
    return journal.entries


@given(st.lists(STEP, max_size=40), st.randoms(use_true_random=False))
def test_every_reader_folds_the_same(steps, rng: random.Random):
    entries = told(steps)
    shuffled = [*entries]
    rng.shuffle(shuffled)
    whole = fold_incident(entries, roster=ROSTER)
    assert held_roles([(one.id, as_entry(one)) for one in shuffled], INC, ROSTER) == whole.held
    few = [one for one in shuffled if one.kind in HEADLINE_KINDS]
    head = headline_of(few, {}, INC, ROSTER)
    assert (head.roles.held, head.roles.commander) == (whole.held, whole.commander)
    assert (head.severity, head.status, head.phase) == (whole.severity, whole.status, whole.phase)
    assert fold_roles([one for one in few if one.kind in ROLE_KINDS], ROSTER).held == whole.held


def test_an_offer_is_good_once_and_only_while_its_giver_commands():
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    offer = journal.add("command.offered", COMMANDER, {"to": APPROVER})
    other = journal.add("command.offered", COMMANDER, {"to": DEPUTY})
    journal.add("command.accepted", APPROVER, {"of": [offer.id]})
    journal.add("command.accepted", DEPUTY, {"of": [other.id]})  # whoever offered it had given it away
    assert fold_roles(journal.entries).commander == APPROVER
    back = journal.add("command.offered", APPROVER, {"to": COMMANDER})
    journal.add("command.accepted", COMMANDER, {"of": [back.id]})
    journal.add("command.accepted", APPROVER, {"of": [offer.id]})  # used up long ago
    assert fold_roles(journal.entries).commander == COMMANDER


def test_nobody_commands_what_was_not_declared_and_a_machine_never_does():
    journal = Journal()
    journal.add("role.assigned", OBSERVER, {"person": OBSERVER, "role": "deputy"})
    journal.add("incident.declared", None, {"severity": 1})
    roles = fold_roles(journal.entries)
    assert (roles.commander, roles.held) == (None, {})
    assert not roles.led


def test_who_ever_led_is_remembered():
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    journal.add("role.assigned", COMMANDER, {"person": DEPUTY, "role": "deputy"})
    journal.add("role.assigned", COMMANDER, {"person": OBSERVER, "role": "scribe"})
    journal.add("role.released", COMMANDER, {"person": DEPUTY, "role": "deputy"})
    journal.add("command.assumed", APPROVER)
    roles = fold_roles(journal.entries)
    assert roles.led == {COMMANDER, DEPUTY, APPROVER}
    assert roles.held.keys() == {APPROVER, OBSERVER}


@pytest.mark.parametrize("standing", ["quarantined", "forked"])
def test_what_does_not_count_gives_no_role(standing):
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1})
    journal.entries.append(replace(journal.add("command.assumed", APPROVER), standing=standing))
    journal.entries.pop(1)
    assert fold_incident(journal.entries).commander == COMMANDER


@pytest.mark.parametrize("rogue", [OBSERVER, DEPUTY])
def test_a_declaration_dated_back_takes_command_from_nobody(rogue):
    """Whoever knows an incident can write its declaration anew, before the true one by their clock, citing nothing."""
    people = {one.person: one for one in ROSTER.persons}
    roster = replace(
        ROSTER, persons=tuple(
            replace(one, roles=(*one.roles, "commander")) if one.person == DEPUTY else one for one in people.values()
        )
    )  # fmt: skip
    journal = Journal()
    true = journal.add("incident.declared", COMMANDER, {"severity": 1}, disclosed={"title": "it lies"})
    false = journal.add(
        "incident.declared", rogue, {"severity": 4}, hlc=(NOW - 10**6, 0), disclosed={"title": "all is well"}
    )
    for entries in (journal.entries, [journal.entries[1], journal.entries[0]]):
        roles = fold_roles(entries, roster)
        assert "commander" in roles.held[COMMANDER]
        assert COMMANDER in roles.led
        head = headline_of(entries, {}, INC, roster)
        if rogue == OBSERVER:
            assert (roles.commander, head.title, head.declared_ms) == (COMMANDER, "it lies", NOW)
            assert rogue not in roles.held
    handed = [
        *journal.entries, journal.add("command.assumed", COMMANDER, {}, hlc=(NOW + 5000, 0), refs=(true.id, false.id)),
    ]  # fmt: skip
    roles = fold_roles(handed, roster)
    assert roles.commander == COMMANDER
    assert "commander" not in roles.held.get(rogue, ())


def test_who_holds_command_does_not_hang_on_what_was_received_first_and_who_is_shown_does():
    """Two consoles may have got two declarations the other way round: what counts for signatures is the same."""
    people = [
        replace(one, roles=(*one.roles, "commander")) for one in ROSTER.persons if one.person in (COMMANDER, DEPUTY)
    ]
    roster = replace(ROSTER, persons=(*people, *(one for one in ROSTER.persons if one.person == APPROVER)))
    journal = Journal()
    true = journal.add("incident.declared", COMMANDER, {"severity": 1}, disclosed={"title": "it lies"})
    false = journal.add("incident.declared", DEPUTY, {"severity": 4}, hlc=(NOW - 10**6, 0), disclosed={"title": "no"})
    later = [journal.add("command.offered", COMMANDER, {"to": DEPUTY}, hlc=(NOW + 1000, 0), refs=(true.id,))]
    later.append(journal.add("command.accepted", DEPUTY, {"of": [later[0].id]}, hlc=(NOW + 2000, 0)))
    shown = {}
    for here, there in ((true, false), (false, true)):
        got = [replace(here, received_ms=1000), replace(there, received_ms=2000)]
        roles = fold_roles(got, roster)
        assert {person: "commander" in held for person, held in roles.held.items()} == {COMMANDER: True, DEPUTY: True}
        assert roles.led == {COMMANDER, DEPUTY}
        assert roles.besides == tuple({COMMANDER, DEPUTY} - {roles.commander})
        shown[here.author] = (roles.commander, headline_of(got, {}, INC, roster).title)
        moved = fold_roles([*got, *later], roster)  # handed over by whom this console may not show as the commander
        assert (moved.commander, moved.besides) == (DEPUTY, ())
    assert shown == {COMMANDER: (COMMANDER, "it lies"), DEPUTY: (DEPUTY, "no")}
