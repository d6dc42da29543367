from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.actions import Closing, Rehearsal
from console.domain.errors import WrongUse
from console.domain.facts import fingerprint
from console.domain.fold import fold_incident, fold_organisation
from console.domain.seen import carried, in_order
from tests.domain import made
from tests.domain.made import (
    APPROVER,
    COMMANDER,
    DEPUTY,
    DOC,
    FEEDS,
    INC,
    NOW,
    OBSERVER,
    OP,
    ORG,
    ROSTER,
    Journal,
    action,
    target,
)

DOCS = {DOC: action(target(1), target(2, dispatchers=(FEEDS[1],)), gravity="high")}


def declared():
    journal = Journal()
    journal.add("incident.declared", COMMANDER, {"severity": 1, "serious": True}, disclosed={"title": "F-7 leaks"})
    return journal


def proposed():
    journal = declared()
    journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
    return journal


def authorised(*, feeds=FEEDS[:1]):
    journal = proposed()
    journal.approve(COMMANDER)
    journal.approve(APPROVER)
    for feed in feeds:
        records = [journal.approve(p, "approval.received", console=made.CONSOLES[0]) for p in (COMMANDER, APPROVER)]
        records = [journal.add("approval.received", None, one.pub, subj=OP, feed=feed) for one in records]
        journal.authorise(records, feed=feed)
    return journal


def one(journal, documents=DOCS, **more):
    return fold_incident(journal.entries, documents, **more).corrections[OP]


def states(journal, documents=DOCS):
    return [target.state for target in one(journal, documents).targets]


# -- the incident ------------------------------------------------------------------------------------------------------


def test_who_declares_commands():
    state = fold_incident(declared().entries)
    assert (state.inc, state.title, state.severity, state.status) == (INC, "F-7 leaks", 1, "declared")
    assert state.commander == state.declared_by == COMMANDER
    assert state.held == {COMMANDER: frozenset({"commander"})}
    assert state.serious
    assert state.declared_ms == NOW


def test_an_incident_whose_declaration_is_not_here_yet():
    journal = Journal()
    journal.add("note")
    state = fold_incident(journal.entries)
    assert state.severity is state.commander is state.declared_ms is None
    assert state.title == ""


def test_one_incident_is_meant():
    with pytest.raises(WrongUse):
        fold_incident([])
    journal = declared()
    journal.add("note", inc=made.ident("i", 2))
    with pytest.raises(WrongUse):
        fold_incident(journal.entries)
    assert fold_incident(journal.entries, inc=INC).order == (journal.entries[0].id,)


def test_command_moves_by_offer_and_acceptance_only():
    journal = declared()
    journal.add("command.accepted", DEPUTY, {"of": [made.sha("no offer")]})
    forged = journal.add("command.offered", APPROVER, {"to": APPROVER})
    journal.add("command.accepted", APPROVER, {"of": [forged.id]})
    offer = journal.add("command.offered", COMMANDER, {"to": DEPUTY})
    journal.add("command.accepted", APPROVER, {"of": [offer.id]})
    assert fold_incident(journal.entries).commander == COMMANDER
    journal.add("command.accepted", DEPUTY, {"of": [offer.id]})
    state = fold_incident(journal.entries)
    assert state.commander == DEPUTY
    assert state.held == {DEPUTY: frozenset({"commander"})}
    assert (
        fold_incident(journal.entries, roster=ROSTER).commander == COMMANDER
    )  # the roster grants the deputy no command
    journal.add("command.accepted", DEPUTY, {"of": [offer.id]})  # an old offer is worth nothing to somebody new
    assert fold_incident(journal.entries).commander == DEPUTY


def test_command_is_assumed_by_whoever_may():
    journal = declared()
    journal.add("command.assumed", APPROVER)
    assert fold_incident(journal.entries).commander == APPROVER
    assert fold_incident(journal.entries, roster=ROSTER).commander == COMMANDER
    journal.add("command.assumed", COMMANDER)
    assert fold_incident(journal.entries, roster=ROSTER).commander == COMMANDER
    journal.add("incident.declared", OBSERVER, {"severity": 4})  # a second declaration gives no command
    assert fold_incident(journal.entries).commander == COMMANDER


def test_roles_are_given_by_those_in_command():
    journal = declared()
    journal.add("role.assigned", APPROVER, {"person": APPROVER, "role": "deputy"})  # to oneself: nothing
    journal.add("role.assigned", COMMANDER, {"person": DEPUTY, "role": "deputy"})
    journal.add("role.assigned", COMMANDER, {"person": APPROVER, "role": "commander"})  # not by this way
    journal.add("role.assigned", DEPUTY, {"person": OBSERVER, "role": "scribe"})
    journal.add("role.assigned", None, {"person": OBSERVER, "role": "legal"})  # a machine gives nothing
    held = fold_incident(journal.entries).held
    assert held == {
        COMMANDER: frozenset({"commander"}), DEPUTY: frozenset({"deputy"}), OBSERVER: frozenset({"scribe"}),
    }  # fmt: skip
    journal.add("role.released", APPROVER, {"person": DEPUTY, "role": "deputy"})  # not theirs to take
    journal.add("role.released", OBSERVER, {"person": OBSERVER, "role": "scribe"})
    assert fold_incident(journal.entries).held.keys() == {COMMANDER, DEPUTY}
    journal.add("role.released", COMMANDER, {"person": DEPUTY, "role": "deputy"})
    assert fold_incident(journal.entries).held.keys() == {COMMANDER}


def test_of_concurrent_severities_the_worse_one_stands():
    journal = declared()
    first = journal.entries[0]
    journal.add("severity.changed", APPROVER, {"severity": 3}, refs=(first.id,))
    journal.add("severity.changed", DEPUTY, {"severity": 2}, refs=(first.id,))
    assert fold_incident(journal.entries).severity == 2
    last = journal.entries[-2:]
    journal.add("severity.changed", COMMANDER, {"severity": 4}, refs=tuple(e.id for e in last))
    assert fold_incident(journal.entries).severity == 4
    journal.add("severity.changed", OBSERVER, {"severity": 3, "of": [journal.entries[-1].id]})
    assert fold_incident(journal.entries).severity == 3  # what it names, it comes after


def test_only_what_stands_good_changes_anything():
    journal = declared()
    for standing in ("quarantined", "forked"):
        journal.add("severity.changed", COMMANDER, {"severity": 4}, standing=standing)
    state = fold_incident(journal.entries)
    assert state.severity == 1
    assert len(state.order) == 3


def test_phase_status_facts_links_amendments_and_the_order_of_occurrence():
    journal = declared()
    journal.add("phase.changed", COMMANDER, {"phase": "execution"})
    journal.add("status.changed", COMMANDER, {"status": "correcting"})
    known = journal.add("knowledge.fact", COMMANDER, {"since_ms": 5}, disclosed={"text": "seen in logs"})
    late = journal.add("note", COMMANDER, disclosed={"occurred": {"at_ms": 7, "plus_minus_s": 60}})
    journal.add("amendment", COMMANDER, {"of": [late.id]})
    journal.add("retraction", COMMANDER, {"of": [known.id]})
    journal.add("incident.link", COMMANDER, {"of": [made.sha("elsewhere")]})
    journal.add("correction.attested", COMMANDER, {"doc": None, "target": None, "done_ms": 9, "direction": "contain",
                                                   "category": "user"}, disclosed={"name": "key K"})  # fmt: skip
    state = fold_incident(journal.entries)
    assert (state.phase, state.status) == ("execution", "correcting")
    assert [(fact.since_ms, fact.text) for fact in state.facts] == [(5, "seen in logs")]
    assert state.amended == {late.id: (journal.entries[5].id,)}
    assert state.retracted == {known.id}
    assert state.linked == (made.sha("elsewhere"),)
    assert [(done.done_ms, done.name) for done in state.by_hand] == [(9, "key K")]
    assert state.timeline[0] == late.id
    assert state.order[0] == journal.entries[0].id


def test_closing_names_the_frontier_and_what_came_after():
    journal = declared()
    first = journal.entries[0]
    frontier = ((first.feed, 0, first.id),)
    sha = made.sha("closing")
    document = Closing(org=ORG, inc=INC, frontier=frontier, roster=(3, made.ROSTER_SHA), created=NOW, approve_by=NOW)
    assert not fold_incident(journal.entries).after_close
    journal.add("closing.authorised", None, {"doc": sha})
    assert not fold_incident(journal.entries).closed  # its bytes are not here
    state = fold_incident(journal.entries, {sha: document})
    assert (state.closed, state.status, state.frontier) == (True, "closed", frontier)
    journal.add("note", DEPUTY)
    assert len(fold_incident(journal.entries, {sha: document}).after_close) == 2
    journal.add("status.changed", COMMANDER, {"status": "reopened"})
    state = fold_incident(journal.entries, {sha: document})
    assert (state.closed, state.status) == (False, "reopened")


# -- the life of a correction ------------------------------------------------------------------------------------------


def test_proposed_then_authorised_by_one_of_two_dispatchers():
    assert states(proposed()) == ["proposed", "proposed"]
    journal = authorised()
    found = one(journal)
    assert states(journal) == ["queued", "approved"]  # the second target waits for its own dispatcher
    assert found.current.signers == {COMMANDER, APPROVER}
    assert found.current.approvers == (COMMANDER, APPROVER)
    assert (found.proposer, found.doc, found.cancelled, found.refused) == (COMMANDER, DOC, False, False)
    assert len(found.approvals) == 6
    assert states(authorised(feeds=FEEDS[:2])) == ["queued", "queued"]


def test_each_step_of_a_target():
    journal = authorised()
    journal.step("dispatch.held")
    assert states(journal)[0] == "queued"
    for kind, state in (
        ("intent", "dispatching"), ("unknown", "unknown"), ("requeued", "queued"), ("intent", "dispatching"),
        ("accepted", "accepted"), ("recorded", "recorded"), ("enforced", "enforced"),
    ):  # fmt: skip
        journal.step(f"dispatch.{kind}", evidence="canary", step="apply")
        assert states(journal)[0] == state
    found = one(journal).targets[0]
    assert (found.evidence, found.attempt) == ("canary", 1)
    assert one(journal).partial == "1 of 2 in effect (1 approved, 1 enforced)"
    journal.step("dispatch.passed", passes=2)
    found = one(journal).targets[0]
    assert (found.state, found.passes, found.evidence) == ("recorded", 2, None)  # any pass starts the count again
    journal.step("dispatch.drifted")
    assert states(journal)[0] == "drifted"


@pytest.mark.parametrize("kind", ["failed", "stale", "expired", "cancelled", "attention", "unmeasurable"])
def test_each_end(kind):
    journal = authorised()
    journal.step(f"dispatch.{kind}")
    assert states(journal)[0] == kind
    assert one(journal).state in (kind, "approved")


def test_a_pass_before_anything_was_recorded_changes_no_state():
    journal = authorised()
    journal.step("dispatch.accepted", outcome="accepted")
    journal.step("dispatch.passed", passes=1)
    assert states(journal)[0] == "accepted"


def test_what_was_observed_is_not_taken_back_by_a_late_step():
    journal = authorised()
    journal.step("dispatch.recorded", attempt=2)
    journal.step("dispatch.accepted", attempt=2, outcome="accepted")
    journal.step("dispatch.failed", attempt=1)
    assert states(journal)[0] == "recorded"
    journal.step("dispatch.intent", attempt=3)
    assert states(journal)[0] == "dispatching"


def test_steps_by_nobody_in_charge_change_nothing():
    journal = authorised()
    journal.step("dispatch.enforced", feed=FEEDS[3])
    journal.step("dispatch.enforced", target=9)
    journal.add("dispatch.enforced", OBSERVER, {"doc": DOC, "target": 0, "attempt": 1}, subj=OP)
    journal.add("dispatch.authorised", OBSERVER, {"doc": DOC}, subj=OP)
    assert states(journal) == ["queued", "approved"]


def test_without_its_bytes_targets_are_known_by_their_steps():
    journal = authorised()
    assert states(journal, {}) == []
    assert one(journal, {}).state == "proposed"
    journal.step("dispatch.recorded", target=1)
    assert states(journal, {}) == ["recorded"]
    journal.step("dispatch.recorded", target=-1)
    assert states(journal, {}) == ["recorded"]


def test_a_step_whose_proposal_is_not_here_yet():
    journal = Journal()
    journal.approve(APPROVER)
    found = one(journal)
    assert (found.proposer, found.targets[0].state) == (None, "proposed")
    journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
    journal.add("correction.proposed", APPROVER, {"doc": DOC, "rev": 1}, subj=OP)  # proposing it again changes nothing
    assert one(journal).proposer == COMMANDER
    other = Journal()
    other.add("correction.proposed", None, {"doc": DOC, "rev": 1}, subj=OP)  # a machine proposes nothing
    other.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1})  # about no action
    assert not fold_incident(other.entries).corrections


def test_attestation_by_hand():
    journal = authorised()

    def attest(outcome, number=0):
        pub = {"doc": DOC, "target": number, "done_ms": NOW, "direction": "contain", "category": "user"}
        journal.add("correction.attested", APPROVER, pub | outcome, subj=OP, disclosed={"text": "asked the vendor"})

    attest({"outcome": "promised"})
    assert states(journal)[0] == "queued"
    assert one(journal).targets[0].detail == "asked the vendor"
    attest({"outcome": "declined"})
    assert states(journal)[0] == "attention"
    attest({})
    assert states(journal)[0] == "attested"
    journal.step("dispatch.accepted", outcome="attested")
    assert states(journal)[0] == "attested"
    journal.step("dispatch.recorded")
    attest({})
    assert states(journal)[0] == "recorded"
    attest({}, 9)
    assert states(journal) == ["recorded", "approved"]


def test_cancelled_by_whoever_may():
    journal = proposed()
    journal.add("correction.cancelled", OBSERVER, {"doc": DOC}, subj=OP)
    journal.add("correction.cancelled", None, {"doc": DOC}, subj=OP)
    assert not one(journal).cancelled
    journal.add("correction.cancelled", COMMANDER, {"doc": DOC}, subj=OP)
    journal.add("correction.cancelled", COMMANDER, {"doc": DOC}, subj=OP)
    assert one(journal).cancelled
    assert states(journal) == ["cancelled", "cancelled"]
    assert one(journal).state == "cancelled"
    assert one(journal).partial == ""


def test_a_signer_and_a_deputy_may_cancel():
    for person in (APPROVER, DEPUTY):
        journal = declared()
        journal.add("role.assigned", COMMANDER, {"person": DEPUTY, "role": "deputy"})
        journal.add("correction.proposed", OBSERVER, {"doc": DOC, "rev": 1}, subj=OP)
        journal.approve(APPROVER)
        journal.add("correction.cancelled", person, {"doc": DOC}, subj=OP)
        assert one(journal).cancelled


def test_a_refusal_ends_the_revision_and_a_new_one_supersedes_it():
    journal = proposed()
    journal.approve(APPROVER, "correction.refused", decision="refuse")
    assert states(journal) == ["refused", "refused"]
    assert one(journal).refused
    second = made.sha("rev 2")
    documents = {**DOCS, second: replace(DOCS[DOC], rev=2, supersedes=DOC)}
    journal.add("correction.proposed", COMMANDER, {"doc": second, "rev": 2}, subj=OP)
    assert one(journal, documents).doc == second
    assert states(journal, documents) == ["proposed", "proposed"]
    assert [revision.state for revision in one(journal, documents).revisions] == ["refused", "proposed"]


def test_a_proposal_that_is_replaced_is_superseded_whatever_comes_first():
    second = made.sha("rev 2")
    documents = {**DOCS, second: replace(DOCS[DOC], rev=2, supersedes=DOC)}
    journal = declared()
    journal.add("correction.proposed", COMMANDER, {"doc": second, "rev": 2}, subj=OP)
    journal.add("correction.proposed", APPROVER, {"doc": DOC, "rev": 1}, subj=OP)
    assert [revision.state for revision in one(journal, documents).revisions] == ["superseded", "proposed"]
    journal = proposed()
    journal.add("correction.proposed", COMMANDER, {"doc": second, "rev": 2}, subj=OP)
    assert [revision.state for revision in one(journal, documents).revisions] == ["superseded", "proposed"]


def test_the_revision_under_way_is_the_current_one():
    second = made.sha("rev 2")
    documents = {**DOCS, second: replace(DOCS[DOC], rev=2, supersedes=DOC)}
    journal = authorised()
    journal.step("dispatch.recorded")
    journal.add("correction.proposed", COMMANDER, {"doc": second, "rev": 2}, subj=OP)
    assert one(journal, documents).doc == DOC


def test_a_refusal_in_anothers_name_ends_nothing():
    journal = proposed()
    refusal = made.carry(made.record(APPROVER, decision="refuse"))
    journal.add("correction.refused", OBSERVER, refusal, subj=OP)
    assert states(journal) == ["proposed", "proposed"]
    journal.add("approval.received", None, refusal, subj=OP)
    assert states(journal) == ["refused", "refused"]


def test_unreadable_records_are_no_records():
    journal = proposed()
    good = made.carry(made.record())
    for pub in (
        {"doc": DOC}, good | {"record": "!"}, good | {"record": "e30="}, good | {"record": "/w=="},
        good | {"doc": made.sha("other")},
    ):  # fmt: skip
        entry = journal.add("correction.approved", COMMANDER, pub, subj=OP)
        assert carried(entry) is None
    journal.add("correction.approved", COMMANDER, good, subj=made.ident("a", 9))
    assert not one(journal).approvals


def test_what_the_decision_had_not_seen_came_too_late_and_is_shown_so():
    journal = proposed()
    records = [journal.approve(p, "approval.received") for p in (COMMANDER, APPROVER)]
    decision = journal.authorise(records)
    cancel = journal.add("correction.cancelled", COMMANDER, {"doc": DOC}, subj=OP)
    refusal = journal.approve(APPROVER, "correction.refused", decision="refuse")
    found = one(journal)
    assert found.targets[0].state == "queued"
    assert found.current.late == (cancel.id, refusal.id)
    # the same, when it was said before in time but not seen: the order of reading is another, the answer is not
    early = [
        replace(e, hlc=(decision.hlc[0] - 1, n)) if e in (cancel, refusal) else e for n, e in enumerate(journal.entries)
    ]
    found = fold_incident(early, DOCS).corrections[OP]
    assert found.targets[0].state == "queued"
    assert set(found.current.late) == {cancel.id, refusal.id}


def test_an_unknown_kind_about_an_action_brings_it_to_a_person():
    journal = authorised()
    journal.add("correction.paused", COMMANDER, subj=OP)
    journal.add("weather", COMMANDER)
    state = fold_incident(journal.entries, DOCS)
    assert state.corrections[OP].state == "attention"
    assert "correction.paused" in state.corrections[OP].attention[0]
    assert len(state.unknown_kinds) == 2
    journal = declared()
    journal.add("correction.paused", COMMANDER, subj=OP)
    assert not fold_incident(journal.entries).corrections


def test_a_lift_shows_on_what_it_lifts():
    journal = authorised()
    journal.step("dispatch.enforced")
    lift, op = made.sha("lift"), made.ident("a", 2)
    lifting = replace(DOCS[DOC], op=op, direction="restore", undoes=DOC, undo_within_s=None)
    documents = {**DOCS, lift: lifting}
    journal.add("correction.proposed", COMMANDER, {"doc": lift, "rev": 1}, subj=op)
    journal.add("dispatch.authorised", None, {"doc": lift, "records": [], "seen": []}, subj=op, feed=FEEDS[0])
    for kind, state in (("accepted", "enforced"), ("recorded", "lifted"), ("recorded", "lifted")):
        pub = {"doc": lift, "target": 0, "attempt": 1, "outcome": "accepted"}
        journal.add(f"dispatch.{kind}", None, pub, subj=op)
        found = fold_incident(journal.entries, documents).corrections
        assert found[OP].targets[0].state == state
    assert found[OP].revisions[0].undone_by == lift
    unknown = {lift: replace(lifting, undoes=made.sha("never seen"))}
    assert fold_incident(journal.entries, unknown).corrections[op].targets[0].state == "recorded"


def test_a_decision_of_a_form_this_version_does_not_know_stops_nothing():
    journal = proposed()
    pub = {"doc": DOC, "records": None, "seen": [3], "roster": "x"}
    journal.add("dispatch.authorised", None, pub, subj=OP, feed=FEEDS[0])
    assert states(journal) == ["queued", "approved"]


def test_a_later_look_says_when_it_still_held_and_drift_is_a_state():
    journal = authorised()
    for kind in ("intent", "accepted", "recorded"):
        journal.step(f"dispatch.{kind}", outcome="accepted")
    found = journal.step("dispatch.enforced", evidence="credential")

    def look(verdict, of=found, author=None, **more):
        pub = {"what": "read-back", "verdict": verdict, "count": 1, "of": [of.id]}
        return journal.add("reading.observed", author, pub, feed=FEEDS[0], subj=more.pop("subj", OP))

    for ignored in (
        look("cannot-tell"),
        look("in-effect", author=APPROVER),
        look("in-effect", subj=made.ident("a", 9)),
    ):
        assert ignored
    assert one(journal).targets[0].checked_ms is None
    again = look("in-effect")
    assert one(journal).targets[0].checked_ms == again.hlc[0]
    assert states(journal)[0] == "enforced"
    journal.step("dispatch.drifted")
    assert states(journal)[0] == "drifted"
    look("refused")  # it is about what stood before
    assert one(journal).targets[0].checked_ms is None
    assert one(journal).state == "drifted"


# -- order -------------------------------------------------------------------------------------------------------------


def whole_life():
    journal = authorised(feeds=FEEDS[:2])
    journal.add("severity.changed", APPROVER, {"severity": 3})
    journal.add("correction.cancelled", COMMANDER, {"doc": DOC}, subj=OP)
    for number, feed in ((0, FEEDS[0]), (1, FEEDS[1])):
        for kind in ("intent", "accepted", "recorded", "enforced"):
            journal.step(f"dispatch.{kind}", target=number, feed=feed, outcome="accepted")
    journal.add("correction.later", COMMANDER, subj=OP)
    return journal.entries


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_the_same_in_any_order_of_arrival_and_however_often(rng: random.Random, again):
    entries = whole_life()
    arrived = [*entries, *rng.sample(entries, min(again, len(entries)))]
    rng.shuffle(arrived)
    assert fold_incident(arrived, DOCS, ROSTER) == fold_incident(entries, DOCS, ROSTER)


@given(st.sets(st.integers(0, 26)))
def test_any_part_of_it_folds(left_out):
    entries = [entry for at, entry in enumerate(whole_life()) if at not in left_out]
    if entries:
        state = fold_incident(entries, DOCS, ROSTER, INC)
        assert len(state.order) == len(entries)


def test_an_entry_comes_after_what_it_refers_to_whatever_its_clock_says():
    journal = Journal()
    first = journal.add("note", COMMANDER)
    second = journal.add("note", APPROVER, refs=(first.id, made.sha("not here")), hlc=(NOW - 5_000_000, 0))
    third = journal.add("note", DEPUTY, hlc=(NOW - 9, 0))
    assert [e.id for e in in_order([second, third, first])] == [third.id, first.id, second.id]
    sibling = replace(first, id=made.sha("fork"), hlc=(NOW + 9, 0))
    last = journal.add("note", COMMANDER, hlc=(NOW - 99, 0))
    assert [e.id for e in in_order([last, sibling, first])] == [first.id, sibling.id, last.id]


def test_a_circle_loses_nothing():
    journal = Journal()
    one_, two = journal.add("note", COMMANDER), journal.add("note", APPROVER)
    entries = [replace(one_, refs=(two.id,)), replace(two, refs=(one_.id, two.id))]
    assert len(in_order(entries)) == 2


# -- the organisation --------------------------------------------------------------------------------------------------


def test_inventory():
    journal = Journal()
    one_, two = made.ident("g", 1), made.ident("g", 2)
    surfaces = [made.ident("t", n) for n in (1, 2)]
    journal.add("provider.removed", COMMANDER, {"instance": one_}, inc=None)  # not added yet
    journal.add(
        "provider.added", COMMANDER, {"instance": one_, "adapter": "litellm/1"}, inc=None, disclosed={"name": "gw"}
    )
    journal.add("provider.added", COMMANDER, {"instance": two, "adapter": "manual/1"}, inc=None)
    journal.add("provider.added", None, {"instance": made.ident("g", 3), "adapter": "manual/1"}, inc=None)
    journal.add("surface.removed", COMMANDER, {"surface": surfaces[0]}, inc=None)  # not added yet
    for surface in surfaces:
        pub = {"surface": surface, "instance": one_, "model": "F-7", "kind": "public", "control": "developer",
               "reach": "everyone"}  # fmt: skip
        journal.add("surface.added", COMMANDER, pub, inc=None, disclosed={"name": "chat", "key": "k"})
    state = fold_organisation(journal.entries)
    assert state.models == {"F-7": tuple(surfaces)}
    journal.add("surface.removed", COMMANDER, {"surface": surfaces[0]}, inc=None)
    journal.add("provider.removed", COMMANDER, {"instance": one_}, inc=None)
    state = fold_organisation(journal.entries)
    assert state.providers[one_].removed
    assert state.providers[one_].name == "gw"
    assert not state.providers[two].removed
    assert len(state.providers) == 2
    assert state.models == {"F-7": (surfaces[1],)}
    assert state.surfaces[surfaces[0]].removed
    assert state.surfaces[surfaces[0]].name == "chat"


def test_a_rehearsal_counts_in_ones_own_entry_when_its_signature_holds():
    journal = Journal()
    sha = made.sha("rehearsal")
    documents = {sha: Rehearsal(org=ORG, person=APPROVER, role="approver", roster=(3, made.ROSTER_SHA), created=NOW)}

    def carry(author, person=APPROVER, **changes):
        record = made.record(person, doc=sha, doc_type="rehearsal.v1", op=None, **changes)
        journal.add("document.approved", author, made.carry(record), inc=None)

    carry(OBSERVER)  # somebody else's entry
    carry(OBSERVER, OBSERVER)  # somebody else's rehearsal
    carry(APPROVER, decision="refuse")
    journal.add("document.approved", APPROVER, {"doc": sha}, inc=None)
    journal.add("self-test", APPROVER, inc=None)
    assert not fold_organisation(journal.entries, documents).rehearsed
    carry(APPROVER)
    state = fold_organisation(journal.entries, documents)
    assert state.rehearsed == state.self_tested == {APPROVER}
    assert not fold_organisation(journal.entries, documents, sound=lambda _one: False).rehearsed
    assert not fold_organisation(journal.entries).rehearsed


def test_forks_name_feed_key_and_person():
    journal = Journal()
    key = made.key_of(APPROVER, "writer")
    opening = journal.add("feed.open", APPROVER, {"key": key}, inc=None)
    broken = journal.add("feed.open", OBSERVER, {"key": "x"}, inc=None)
    proof = {"feed": opening.feed, "seq": 1, "ids": []}
    journal.add("fork.proof", None, proof, inc=None)
    journal.add("note", OBSERVER, inc=None, standing="forked")
    journal.add("fork.proof", None, {"feed": made.sha("unknown"), "seq": 1, "ids": []}, inc=None)
    state = fold_organisation(journal.entries)
    assert state.forked_feeds == {opening.feed, broken.feed, made.sha("unknown")}
    assert state.forked_keys == {fingerprint(key)}
    assert state.forked == {APPROVER, OBSERVER}
