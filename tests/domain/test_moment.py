from __future__ import annotations

import json
from dataclasses import replace

import pytest

from console.domain.actions import Rehearsal
from console.domain.forms import Entry, RevokedKey, Roster
from console.domain.moment import NotSeen, Paper, View, counting, facts_of, held_roles, is_exact_revert, reachable
from tests.domain import made
from tests.journal.world import INC, ORG, World

WORLD = World(members=2)
ROSTER = Roster.parse(json.loads(WORLD.rosters[1][0]))
A, B = WORLD.members


def entry(feed, seq, prev, kind="note", author=A.person, pub=None, refs=()):
    return Entry(
        sd=(), author=author, boot="0" * 32, console=A.console, feed=feed * 32, hlc=(1000 + seq, 0), inc=INC,
        iprev=None if seq == 0 else prev, iseq=seq, key="SHA256:" + "A" * 43, kind=kind, mono=1, org=ORG, prev=prev,
        pub=pub or {},
        refs=refs, roster=WORLD.ref, seq=seq, subj=None,
    )  # fmt: skip


def test_only_what_was_seen_is_reachable():
    entries = {
        "a0": entry("aa", 0, None),
        "a1": entry("aa", 1, "a0", refs=("b0",)),
        "a2": entry("aa", 2, "a1"),
        "b0": entry("bb", 0, None),
        "b1": entry("bb", 1, "b0"),
    }
    assert set(reachable(entries, [("aa" * 32, 1, "a1")])) == {"a0", "a1", "b0"}
    with pytest.raises(NotSeen):
        reachable(entries, [("aa" * 32, 3, "a3")])
    with pytest.raises(NotSeen):
        reachable(entries, [("aa" * 32, 0, "a1")])
    del entries["b0"]
    with pytest.raises(NotSeen):
        reachable(entries, [("aa" * 32, 1, "a1")])


def test_nothing_counts_after_a_fork_or_behind_the_last_good():
    found = {
        "a0": entry("aa", 0, None),
        "a1": entry("aa", 1, "a0"),
        "x1": entry("aa", 1, "a0"),
        "a2": entry("aa", 2, "a1"),
    }
    kept, forked = counting(found, ROSTER)
    assert ([ident for ident, _ in kept], forked) == (["a0"], frozenset({"aa" * 32}))
    revoked = replace(ROSTER, revoked=(RevokedKey(key="SHA256:" + "A" * 43, good=(("aa" * 32, 1, "a1"),)),))
    kept, forked = counting({name: found[name] for name in ("a0", "a1", "a2")}, revoked)
    assert ([ident for ident, _ in kept], forked) == (["a0", "a1"], frozenset())


def test_the_good_branch_of_a_fork_is_known_only_back_to_its_opening():
    """Of a revoked key: where the last good entry's past is not here, nothing after the fork counts."""
    found = {
        "a0": entry("aa", 0, None), "a1": entry("aa", 1, "a0"), "x1": entry("aa", 1, "a0"), "a2": entry("aa", 2, "a1"),
    }  # fmt: skip
    revoked = replace(ROSTER, revoked=(RevokedKey(key="SHA256:" + "A" * 43, good=(("aa" * 32, 2, "a2"),)),))
    kept, forked = counting(found, revoked)
    assert ([ident for ident, _ in kept], forked) == (["a0", "a1", "a2"], frozenset())
    del found["a1"]
    found["y1"] = entry("aa", 1, "a0", "observation")
    kept, forked = counting(found, revoked)
    assert ([ident for ident, _ in kept], forked) == (["a0"], frozenset({"aa" * 32}))


def test_command_moves_by_offer_and_acceptance_or_by_assuming():
    def role(kind, seq, author, **pub):
        return (f"e{seq}", entry("aa", seq, None if seq == 0 else f"e{seq - 1}", kind, author, pub))

    said = [
        role("incident.declared", 0, A.person, severity=1),
        role("role.assigned", 1, B.person, person=B.person, role="deputy"),  # not hers to give
        role("role.assigned", 2, A.person, person=B.person, role="commander"),  # command is handed over, not assigned
    ]
    assert held_roles(said, INC) == {A.person: frozenset({"commander"})}
    said.append(role("role.assigned", 3, A.person, person=B.person, role="deputy"))
    assert held_roles(said, INC)[B.person] == {"deputy"}
    said.append(role("command.accepted", 4, B.person, of=["e9"]))
    assert "commander" not in held_roles(said, INC)[B.person]
    said += [role("command.offered", 5, A.person, to=B.person), role("command.accepted", 6, B.person, of=["e5"])]
    held = held_roles(said, INC)
    assert held == {B.person: {"deputy", "commander"}}
    said.append(role("role.released", 7, B.person, person=B.person, role="commander"))  # it is not laid down like this
    said.append(role("incident.declared", 8, A.person, severity=1))
    assert held_roles(said, INC) == held
    said.append(role("command.assumed", 9, A.person))
    assert "commander" in held_roles(said, INC)[A.person]


def test_whom_the_roster_does_not_grant_it_takes_no_command_from_anybody():
    only_a = tuple(
        replace(one, roles=("commander",) if one.person == A.person else ("deputy",)) for one in ROSTER.persons
    )
    roster = replace(ROSTER, persons=only_a)
    said = [
        ("e0", entry("aa", 0, None, "incident.declared", A.person, {"severity": 1})),
        ("e1", entry("bb", 1, None, "command.assumed", B.person)),
        ("e2", entry("aa", 2, "e0", "command.offered", A.person, {"to": B.person})),
        ("e3", entry("bb", 3, "e1", "command.accepted", B.person, {"of": ["e2"]})),
    ]
    assert held_roles(said, INC, roster) == {A.person: {"commander"}}
    assert held_roles(said, INC)[B.person] == {"commander"}


# -- facts, from entries that say odd things ---------------------------------------------------------------------------

ROSTER_REF = (1, "ab" * 32)
REHEARSAL = Rehearsal(org=ORG, person=A.person, role="approver", roster=ROSTER_REF, created=1)


def signed_by(person, doc, doc_type="action.v1", decision="approve"):
    one = made.signed(doc=doc, doc_type=doc_type, decision=decision)
    return replace(one, record=replace(one.record, person=person))


def view(entries, papers, proven):
    return View(
        entries=dict(entries), papers={sha: Paper(document, {}) for sha, document in papers.items()}, roster=ROSTER,
        roster_sha="ab" * 32, policy=made.POLICY, policy_sha=made.POLICY_SHA,
        prove=lambda one: proven.get(one.pub.get("record")),
    )  # fmt: skip


def chain(*told):
    """Entries of one feed, each a kind and its public part; its opening first."""
    found = {"e0": entry("aa", 0, None, "feed.open")}
    for at, (kind, pub) in enumerate(told, 1):
        found[f"e{at}"] = entry("aa", at, f"e{at - 1}", kind, A.person, pub)
    return found


def test_only_a_rehearsal_of_ones_own_that_is_here_counts():
    entries = chain(
        ("self-test", {}), ("document.approved", {"doc": "d1", "record": "mine"}),
        ("document.approved", {"doc": "d2", "record": "of another"}),
        ("document.approved", {"doc": "d3", "record": "not here"}),
    )  # fmt: skip
    others = {"d2": replace(REHEARSAL, person=B.person), "d4": made.action()}
    proven = {name: signed_by(A.person, doc, "rehearsal.v1")
              for name, doc in (("mine", "d1"), ("of another", "d2"), ("not here", "d3"))}  # fmt: skip
    assert facts_of(view(entries, others, proven), "x", 1).rehearsed == frozenset()
    assert facts_of(view(entries, {**others, "d1": REHEARSAL}, proven), "x", 1).rehearsed == {A.person}


@pytest.mark.parametrize("before", [None, REHEARSAL])
def test_what_undoes_something_that_is_not_here_or_no_action_has_no_facts_of_it(before):
    undo = made.action(undoes="b" * 64, direction="restore")
    papers = {"u": undo} if before is None else {"u": undo, "b" * 64: before}
    facts = facts_of(view(chain(), papers, {}), "u", 1)
    assert (facts.undone, facts.undone_sha, facts.undone_signers) == (None, None, frozenset())


def test_a_machine_that_says_it_was_decided_makes_nobody_a_signer():
    before = "b" * 64
    entries = chain(
        ("approval.received", {"doc": before, "record": "yes"}),
        ("dispatch.authorised", {"doc": before, "now": 5, "records": ["e1"], "seen": [], "clock": "trusted"}),
    )  # fmt: skip
    undo = made.action(undoes=before, direction="restore")
    papers = {"u": undo, before: made.action(made.target(dispatchers=("aa" * 32,)))}
    facts = facts_of(view(entries, papers, {"yes": signed_by(A.person, before)}), "u", 1)
    assert (facts.undone_sha, facts.undone_signers, facts.undone_at_ms) == (before, frozenset(), None)
    assert not facts.undone_same


def test_only_an_action_has_targets_whose_values_are_told():
    assert Paper(REHEARSAL, {}).of_target(0) == {}
    assert not is_exact_revert(Paper(REHEARSAL, {}), Paper(made.action(), {}))


def test_an_answer_comes_after_its_offer_whatever_the_clocks_say():
    ahead = replace(entry("aa", 1, "e0", "command.offered", A.person, {"to": B.person}), hlc=(9_000_000, 0))
    said = [
        ("e0", entry("aa", 0, None, "incident.declared", A.person, {"severity": 1})),
        ("e2", entry("bb", 0, None, "command.accepted", B.person, {"of": ["e1"]})),
        ("e1", ahead),
    ]
    assert held_roles(said, INC) == {B.person: {"commander"}}
