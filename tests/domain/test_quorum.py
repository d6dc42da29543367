from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.actions import Closing, Extension, Ratification, Redaction, RedactionItem, Rehearsal
from console.domain.facts import approver_keys, fingerprint
from console.domain.forms import Level, PersonKey, RevokedKey, RoleClause
from console.domain.policy import table
from console.domain.quorum import quorum
from tests.domain import made
from tests.domain.made import (
    APPROVER,
    COMMANDER,
    CONSOLES,
    DEPUTY,
    DOC,
    FACTS,
    HOUR,
    MINUTE,
    NOW,
    OBSERVER,
    ORG,
    PEOPLE,
    POLICY,
    ROSTER,
    action,
    critical,
    high,
    signed,
    target,
)


def judge(document, *records, now=NOW, facts=FACTS, unreachable=False, **changes):
    return quorum(DOC, document, records, replace(facts, **changes), now, unreachable=unreachable)


def why(verdict):
    return " ".join(text for _, text in verdict.rejected)


# -- how many, and who -------------------------------------------------------------------------------------------------


def test_one_approver_suffices_for_what_is_normal():
    verdict = judge(action(), signed(APPROVER))
    assert verdict.met
    assert verdict.counted == (APPROVER,)
    assert verdict.gravity == "normal"
    assert verdict.missing == verdict.can_sign == ()


def test_where_four_have_to_sign_the_table_names_whoever_suffices_all_the_same():
    four = replace(POLICY, levels={**POLICY.levels, "high": replace(POLICY.levels["high"], persons=4)})
    rows = {row.deed: row for row in table(replace(FACTS, policy=four), NOW)}
    assert rows["high"].together == (tuple(sorted(PEOPLE)),)
    five = replace(POLICY, levels={**POLICY.levels, "high": replace(POLICY.levels["high"], persons=5)})
    row = {row.deed: row for row in table(replace(FACTS, policy=five), NOW)}["high"]
    assert (row.can, row.missing) == (False, ("1 more person has to sign.",))


def test_while_the_roster_is_split_only_those_in_every_part_of_it_count():
    both = frozenset({APPROVER, DEPUTY})
    assert judge(action(), signed(APPROVER), in_all=both).met
    verdict = judge(action(), signed(COMMANDER), in_all=both)
    assert not verdict.met
    assert "only one of two rosters" in why(verdict)
    assert set(verdict.can_sign) == both


def test_nothing_goes_without_a_signature():
    verdict = judge(action())
    assert not verdict.met
    assert verdict.missing == ("1 more person has to sign.",)
    assert set(verdict.can_sign) == set(PEOPLE)


def test_high_needs_two_and_one_in_command():
    assert judge(high(), signed(COMMANDER), signed(APPROVER)).met
    alone = judge(high(), signed(APPROVER))
    assert not alone.met
    assert set(alone.can_sign) == {COMMANDER, DEPUTY}
    assert dict(alone.cannot)[OBSERVER] == "does not hold the role that is still missing"
    assert dict(alone.cannot)[APPROVER] == "has signed already"
    without = judge(high(), signed(APPROVER), signed(OBSERVER))
    assert without.missing == ("1 of the signers must hold the role commander or deputy.",)
    assert without.can_sign == (COMMANDER, DEPUTY)


def test_two_are_missing_at_first():
    assert "2 more persons have to sign." in judge(high()).missing


def test_the_proposer_counts_once_if_they_sign():
    assert judge(high(), signed(COMMANDER), signed(COMMANDER, "free")).counted == (COMMANDER,)


def test_a_role_counts_when_held_here_and_granted_by_the_roster():
    held = {APPROVER: frozenset({"commander"})}  # held, but the roster does not grant it
    assert not judge(high(), signed(APPROVER), signed(OBSERVER), held=held).met
    assert not judge(high(), signed(COMMANDER), signed(OBSERVER), held={}).met  # granted, but not held


def test_a_policy_below_the_floor_is_not_believed():
    weak = Level(persons=0, clauses=(), distinct_consoles=False)
    policy = replace(POLICY, levels=dict.fromkeys(("normal", "high", "critical"), weak))
    assert not judge(action(), policy=policy).met
    assert not judge(high(), signed(COMMANDER), policy=policy).met
    assert not judge(critical(), signed(COMMANDER), policy=policy).met


# -- the counting errors that other threshold verifiers made, as a table -----------------------------------------------

TWICE = PersonKey(key=made.key_of(COMMANDER, "free"), use="approver", console=None, from_ms=0, to_ms=None)


def _shared_key(use):
    persons = tuple(
        replace(p, keys=(*p.keys, replace(TWICE, use=use))) if p.person == APPROVER else p for p in ROSTER.persons
    )
    return replace(ROSTER, persons=persons)


COUNTING = {
    # the same signature twice: CVE-2020-6174 (python-tuf, GHSA-pwqf-9h7j-7mv8)
    "one record twice": ([signed(), signed()], {}),
    # one key, several valid signatures: CVE-2020-15093 (tough, GHSA-5q2r-92f9-4m49), php-tuf issue 154
    "one key, many records": ([signed(nonce=made.sha(n)[:32]) for n in range(5)], {}),
    # one key under several names: python-tuf 1091, go-tuf 733
    "one person, many keys": ([signed(), signed(COMMANDER, "free"), signed(COMMANDER, "sk")], {}),
    "one key listed for two people": (
        [signed(), signed(APPROVER, key=fingerprint(made.key_of(COMMANDER, "free")))],
        {"roster": _shared_key("approver")},
    ),
    "an approver key listed again as a writer key": (
        [signed(COMMANDER, "free")],
        {"roster": _shared_key("writer")},
    ),
    # a key of another role: a writer or a recovery key offered for an approval
    "a writer key": ([signed(), signed(APPROVER, "writer")], {}),
    "a recovery key": ([signed(), signed(APPROVER, "recovery")], {}),
    # somebody else's key under one's own name
    "another person's name on one's own key": (
        [signed(), signed(APPROVER, key=fingerprint(made.key_of(COMMANDER, "free")))],
        {},
    ),
    # a valid signature over something else
    "a record about other bytes": ([signed(), signed(APPROVER, doc=made.sha("other"))], {}),
    "a record about another kind": ([signed(), signed(APPROVER, doc_type="extension.v1")], {}),
    "a record about another action": ([signed(), signed(APPROVER, op=made.ident("a", 9))], {}),
    "a record of another organisation": ([signed(), signed(APPROVER, org=made.ident("o", 9))], {}),
    # threshold of nothing
    "no record at all": ([], {}),
    "a key nobody knows": ([signed(), signed(APPROVER, key=fingerprint(made.line("stranger")))], {}),
    # revoked or expired keys: validity judged at receipt
    "a revoked key": (
        [signed(), signed(APPROVER)],
        {"roster": replace(ROSTER, revoked=(RevokedKey(key=fingerprint(made.key_of(APPROVER)), good=()),))},
    ),
    "a forked key": ([signed(), signed(APPROVER)], {"bad_keys": frozenset({fingerprint(made.key_of(APPROVER))})}),
    "a person whose feed forked": ([signed(), signed(APPROVER)], {"forked": frozenset({APPROVER})}),
    "a person who never rehearsed": ([signed(), signed(APPROVER)], {"rehearsed": frozenset({COMMANDER})}),
    # rollback and mix-and-match of roots: CVE-2020-15163, CVE-2022-29173
    "a record under a newer roster": ([signed(), signed(APPROVER, roster=(4, made.sha("next")))], {}),
    "a record under another roster of that number": ([signed(), signed(APPROVER, roster=(3, made.sha("fork")))], {}),
    # received too late
    "a record received after approve_by": ([signed(), signed(APPROVER, received=NOW + 31 * MINUTE)], {}),
    # wrong place
    "a bound key on another console": ([signed(), signed(APPROVER, console=CONSOLES[0])], {}),
    "a console nobody listed": ([signed(), signed(APPROVER, "free", console=made.ident("c", 9))], {}),
    "a plain signature for a FIDO2 key": (
        [signed(), replace(signed(APPROVER, "sk"), key_kind="ssh-ed25519")],
        {},
    ),
}


@pytest.mark.parametrize("name", COUNTING)
def test_counting_errors_of_others(name):
    records, changes = COUNTING[name]
    verdict = judge(high(), *records, **changes)
    assert not verdict.met
    assert set(verdict.counted) <= {COMMANDER}


def test_key_validity_is_judged_when_the_record_is_received():
    def until(ms):
        persons = tuple(replace(p, keys=tuple(replace(k, to_ms=ms) for k in p.keys)) for p in ROSTER.persons)
        return replace(ROSTER, persons=persons)

    assert judge(action(), signed(), roster=until(NOW)).met
    late = judge(action(), signed(), roster=until(NOW - 1))
    assert not late.met
    assert "not valid when" in why(late)
    assert dict(late.cannot)[APPROVER] == "has no valid approver key"


def test_a_record_under_an_older_roster_counts_while_its_key_does():
    assert judge(action(roster=(2, made.sha("old"))), signed(APPROVER, roster=(2, made.sha("old")))).met


def test_a_key_line_that_is_no_key_is_nobodys():
    broken = replace(TWICE, key="ssh-ed25519 !!!")
    persons = (replace(ROSTER.persons[0], keys=(broken,)), *ROSTER.persons[1:])
    assert COMMANDER not in {person.person for person, _ in approver_keys(replace(ROSTER, persons=persons)).values()}


# -- what no signature can heal ----------------------------------------------------------------------------------------

BOTH = (signed(COMMANDER), signed(APPROVER))
HOPELESS = {
    "organisation": (high(org=made.ident("o", 9)), {}, "another organisation"),
    "policy of another": (high(), {"policy": replace(POLICY, org=made.ident("o", 9))}, "another organisation"),
    "newer roster": (high(roster=(4, made.sha("x"))), {}, "not known here"),
    "roster fork": (high(roster=(3, made.sha("x"))), {}, "not known here"),
    "roster's policy": (high(), {"roster": replace(ROSTER, policy=made.sha("x"))}, "another policy"),
    "policy": (high(policy=made.sha("x")), {}, "policy has changed"),
    "cancelled": (high(), {"cancelled": True}, "cancelled"),
    "refused": (high(), {"refused": True}, "refused"),
    "lower gravity": (high(gravity="normal"), {}, "signed as normal but is high"),
    "expired": (high(execute_by=NOW - 1), {}, "has passed"),
    "provisional": (high(roster=(0, made.sha("x"))), {"roster": replace(ROSTER, threshold=None)}, "provisional"),
    "clock ahead": (high(direction="restore", created=NOW + 6 * MINUTE), {}, "clock"),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_nothing_goes_against_a_plain_fact(name):
    document, changes, words = HOPELESS[name]
    verdict = judge(document, *BOTH, **changes)
    assert not verdict.met
    assert words in " ".join(verdict.missing)
    assert verdict.can_sign == ()


def test_a_containment_written_by_a_fast_clock_still_goes():
    assert judge(high(created=NOW + 6 * MINUTE), *BOTH).met


def test_a_higher_signed_gravity_stands():
    verdict = judge(action(gravity="high"), signed(COMMANDER))
    assert verdict.gravity == "high"
    assert not verdict.met
    assert "graver" in verdict.reason


def test_any_refusal_ends_the_revision_even_a_late_one():
    refusal = signed(OBSERVER, decision="refuse", received=NOW + HOUR)
    verdict = judge(high(), *BOTH, refusal)
    assert not verdict.met
    assert "refused" in " ".join(verdict.missing)


def test_a_refusal_by_nobody_in_particular_ends_nothing():
    assert judge(high(), *BOTH, signed(OBSERVER, "writer", decision="refuse")).met


def test_unreachable_providers_and_extensions_get_the_longer_window():
    late = NOW + 5 * HOUR
    waiting = high(execute_by_unreachable=NOW + 24 * HOUR)
    assert not judge(waiting, *BOTH, now=late).met
    assert judge(waiting, *BOTH, now=late, unreachable=True).met
    assert not judge(high(), *BOTH, now=late, unreachable=True).met
    assert judge(high(), *BOTH, now=late, extended_to=late).met
    assert not judge(high(direction="restore"), *BOTH, now=late, unreachable=True).met


# -- critical: distinct consoles ---------------------------------------------------------------------------------------


def shared(person, which="free", **changes):
    return signed(person, which, console=CONSOLES[0], seat="shared", **changes)


def test_critical_goes_from_two_consoles():
    assert judge(critical(), signed(COMMANDER), signed(APPROVER)).met


def test_critical_does_not_go_from_one_console_with_software_keys():
    for second in (shared(APPROVER), signed(APPROVER, "free", console=CONSOLES[0])):
        verdict = judge(critical(), signed(COMMANDER), second)
        assert not verdict.met
        assert "console of their own" in verdict.missing[0]


def test_a_software_key_at_somebody_elses_seat_never_counts_for_what_is_critical():
    assert not judge(critical(), signed(COMMANDER), signed(APPROVER, seat="shared")).met


def test_critical_goes_from_one_console_with_a_verified_hardware_key():
    assert judge(critical(), signed(COMMANDER), shared(APPROVER, "sk")).met
    assert not judge(critical(), signed(COMMANDER), shared(APPROVER, "sk", verified=False)).met


def test_irreversible_needs_distinct_consoles_whatever_the_policy_says():
    levels = {**POLICY.levels, "critical": replace(POLICY.levels["critical"], distinct_consoles=False)}
    policy = replace(POLICY, levels=levels)
    assert not judge(critical(), signed(COMMANDER), shared(APPROVER), policy=policy).met


def test_high_goes_from_a_shared_seat():
    assert judge(high(), signed(COMMANDER), shared(APPROVER)).met


def test_a_key_bound_to_its_own_console_counts_at_a_seat_that_says_it_is_shared():
    assert judge(high(), signed(COMMANDER), shared(APPROVER, "plain")).met
    assert not judge(high(), signed(COMMANDER), signed(APPROVER, "plain", console=CONSOLES[0])).met


def test_a_shared_seat_is_on_a_console_the_roster_lists():
    stranger = signed(APPROVER, "plain", console=made.ident("c", 9), seat="shared")
    assert not judge(high(), signed(COMMANDER), stranger).met


def test_a_bound_software_key_at_a_shared_seat_never_counts_for_what_is_critical():
    assert not judge(critical(), signed(COMMANDER), shared(APPROVER, "plain")).met


def test_consoles_are_given_out_so_that_most_people_count():
    on = {"commander": [CONSOLES[0], CONSOLES[1]], "approver": [CONSOLES[0]]}
    records = [signed(COMMANDER, "free", console=c) for c in on["commander"]]
    records += [signed(APPROVER, "free", console=c) for c in on["approver"]]
    assert judge(critical(), *records).counted == tuple(sorted((COMMANDER, APPROVER)))
    # three people on two consoles: only two count, and the one in command is among them
    crowd = [signed(p, "free", console=CONSOLES[at]) for p, at in ((COMMANDER, 0), (APPROVER, 0), (OBSERVER, 1))]
    assert COMMANDER in judge(critical(), *crowd).counted
    assert judge(critical(), *crowd).met


# -- break-glass -------------------------------------------------------------------------------------------------------


def test_break_glass_needs_one_person_with_the_role():
    assert judge(high(break_glass=True), signed(DEPUTY)).met
    assert not judge(high(break_glass=True), signed(APPROVER)).met
    assert not judge(high(break_glass=True), signed(COMMANDER), held={}).met
    assert judge(high(break_glass=True), *BOTH, policy=replace(POLICY, break_glass=())).met  # two always may


def test_break_glass_never_does_what_cannot_be_reverted_or_gives_back():
    assert not judge(critical(break_glass=True), signed(COMMANDER)).met
    assert not judge(high(break_glass=True, direction="restore"), signed(COMMANDER)).met
    leaked = action(target(reversal="none", credential="in-use"), gravity="high", break_glass=True)
    assert judge(leaked, signed(COMMANDER)).met


@pytest.mark.parametrize(
    "change", [{"listed": 2}, {"listed": 5_000}, {"adapter": "manual", "assignee": "p-" + "0" * 26}]
)
def test_break_glass_sends_no_list_and_asks_nobody_whatever_wrote_it(change):
    many = action(target(**change), gravity="high", break_glass=True)
    assert not judge(many, signed(COMMANDER)).met
    assert judge(many, *BOTH).met


# -- undo --------------------------------------------------------------------------------------------------------------

BEFORE = high()
BEFORE_SHA = made.sha("before")
UNDO = high(direction="restore", undoes=BEFORE_SHA, undo_within_s=None, op=made.ident("a", 2))
UNDO_FACTS = replace(
    FACTS, undone=BEFORE, undone_sha=BEFORE_SHA, undone_signers=frozenset({COMMANDER, APPROVER}),
    undone_at_ms=NOW, undone_same=True,
)  # fmt: skip


def undo(person=APPROVER, document=UNDO, now=NOW + MINUTE, **changes):
    return judge(document, signed(person, op=document.op), now=now, facts=UNDO_FACTS, **changes)


def test_any_one_signer_undoes_within_the_window():
    assert undo().met
    assert undo(COMMANDER).met
    assert undo(now=NOW + 900_000).met


UNDO_REFUSED = {
    "not a signer": {"person": OBSERVER},
    "too late": {"now": NOW + 900_001},
    "before it was authorised": {"now": NOW - 1},
    "not known here": {"undone": None},
    "another action": {"undone_sha": made.sha("x")},
    "no time of authorisation": {"undone_at_ms": None},
    "used up": {"undone_used": True},
    "other requests": {"undone_same": False},
    "no undo was signed": {"undone": replace(BEFORE, undo_within_s=None)},
    "the original was no containment": {"undone": replace(BEFORE, direction="restore")},
    "the original was irreversible": {"undone": replace(BEFORE, targets=(target(1, reversal="none"), target(2)))},
    "another incident": {"undone": replace(BEFORE, inc=made.ident("i", 9))},
    "another organisation": {"undone": replace(BEFORE, org=made.ident("o", 9))},
    "other targets": {"undone": replace(BEFORE, targets=(target(1, lever="key.limit"), target(2)))},
    "fewer targets": {"undone": replace(BEFORE, targets=(target(1), target(2), target(3)))},
    "refused": {"refused": True},
}


@pytest.mark.parametrize("name", UNDO_REFUSED)
def test_nobody_undoes_alone_otherwise(name):
    assert not undo(**UNDO_REFUSED[name]).met


def test_what_is_no_undo_any_more_is_a_restore_with_two_signatures():
    records = [signed(p, op=UNDO.op, received=NOW + MINUTE) for p in (COMMANDER, APPROVER)]
    assert judge(UNDO, *records, now=NOW + HOUR, facts=UNDO_FACTS).met


def test_a_lift_is_no_undo_though_it_names_what_it_lifts_and_sends_exactly_its_revert():
    lift = replace(UNDO, lift_criteria_sd=made.digest("criteria"))
    assert not undo(document=lift).met
    both = [signed(p, op=lift.op, received=NOW + MINUTE) for p in (COMMANDER, APPROVER)]
    assert judge(lift, *both, now=NOW + MINUTE, facts=UNDO_FACTS).met


def test_what_contains_is_no_undo():
    assert not undo(document=replace(UNDO, direction="contain")).met


# -- other documents ---------------------------------------------------------------------------------------------------

REF = (3, made.ROSTER_SHA)


def other(document, *people, facts=FACTS, **changes):
    op = getattr(document, "op", None)
    records = [signed(person, doc_type=document.doc_type, op=op) for person in people]
    return judge(document, *records, facts=facts, **changes)


def redaction():
    items = (RedactionItem(entry=made.sha("e"), doc=None, digests=(made.digest("d"),)),)
    return Redaction(
        org=ORG, inc=made.INC, items=items, reason_sd=made.digest("r"), roster=REF, created=NOW, approve_by=NOW
    )


def closing():
    return Closing(org=ORG, inc=made.INC, frontier=(), roster=REF, created=NOW, approve_by=NOW)


@pytest.mark.parametrize("document", [redaction(), closing()])
def test_redaction_and_closing_need_two_one_qualified_for_command(document):
    verdict = other(document, COMMANDER, APPROVER)
    assert verdict.met
    assert verdict.gravity is None
    assert other(document, DEPUTY, OBSERVER, held={}).met
    assert not other(document, COMMANDER).met
    assert not other(document, APPROVER, OBSERVER).met
    assert not judge(document, *[signed(p, doc_type=document.doc_type, op=None, received=NOW + 1) for p in PEOPLE]).met


def test_a_rehearsal_is_signed_by_oneself_before_one_has_rehearsed():
    own = Rehearsal(org=ORG, person=APPROVER, role="approver", roster=REF, created=NOW)
    assert other(own, APPROVER, rehearsed=frozenset()).met
    assert not other(own, COMMANDER, rehearsed=frozenset()).met
    assert not other(replace(own, role="commander"), APPROVER).met


def test_one_signer_extends_unexpired_containment_once():
    facts = UNDO_FACTS
    longer = Extension(org=ORG, doc=BEFORE_SHA, op=BEFORE.op, execute_by=NOW + 24 * HOUR, roster=REF, created=NOW)
    assert other(longer, APPROVER, facts=facts).met
    assert not other(longer, OBSERVER, facts=facts).met
    assert not other(longer, APPROVER, facts=facts, undone_used=True).met
    assert not other(longer, APPROVER, facts=facts, undone=None).met
    assert not other(longer, APPROVER, facts=facts, undone_sha=made.sha("x")).met
    assert not other(longer, APPROVER, facts=facts, undone=replace(BEFORE, op=made.ident("a", 9))).met
    assert not other(longer, APPROVER, facts=facts, undone=replace(BEFORE, direction="restore")).met
    assert not other(longer, APPROVER, facts=facts, now=NOW + 5 * HOUR).met
    assert not other(replace(longer, execute_by=NOW + 25 * HOUR), APPROVER, facts=facts).met
    assert not other(replace(longer, execute_by=BEFORE.execute_by), APPROVER, facts=facts).met


def test_break_glass_is_ratified_by_a_second_person_qualified_for_command():
    facts = replace(UNDO_FACTS, undone=replace(BEFORE, break_glass=True), undone_signers=frozenset({DEPUTY}))
    document = Ratification(org=ORG, doc=BEFORE_SHA, op=BEFORE.op, roster=REF, created=NOW)
    assert other(document, COMMANDER, facts=facts, held={}).met
    assert not other(document, APPROVER, facts=facts).met
    assert not other(document, COMMANDER, facts=replace(facts, undone_signers=frozenset({COMMANDER}))).met
    assert not other(document, COMMANDER, facts=replace(facts, undone=BEFORE)).met
    assert not other(document, COMMANDER, facts=replace(facts, undone=None)).met
    assert not other(document, COMMANDER, facts=replace(facts, undone=replace(BEFORE, op=made.ident("a", 9)))).met


# -- nobody alone ------------------------------------------------------------------------------------------------------

KEYS = ("plain", "free", "sk", "writer", "recovery")
ANY_TARGET = st.builds(
    target,
    st.integers(1, 9),
    surface=st.sampled_from([made.ident("t", n) for n in (1, 2)]),
    reversal=st.sampled_from(["exact", "best-effort", "none"]),
    selectors=st.integers(0, 3),
    all_surfaces=st.booleans(),
    category=st.sampled_from(["user", "shutdown"]),
    credential=st.sampled_from([None, "in-use", "unused-24h", "verified-replacement"]),
    canary=st.booleans(),
)
ANY_ACTION = st.builds(
    lambda targets, **more: action(*targets, **more),
    st.lists(ANY_TARGET, min_size=1, max_size=4),
    gravity=st.sampled_from(["normal", "high", "critical"]),
    direction=st.sampled_from(["contain", "restore"]),
    severity=st.integers(1, 4),
)


def _records(people):
    return st.lists(
        st.builds(
            signed,
            people,
            st.sampled_from(KEYS),
            verified=st.booleans(),
            console=st.sampled_from(CONSOLES),
            seat=st.sampled_from(["own", "shared"]),
            nonce=st.integers(0, 3).map(lambda n: made.sha(n)[:32]),
            roster=st.sampled_from([(3, made.ROSTER_SHA), (2, made.sha("old"))]),
        ),
        max_size=8,
    )


@given(ANY_ACTION, st.sampled_from(PEOPLE).flatmap(lambda person: _records(st.just(person))), st.booleans())
def test_nobody_alone_does_what_needs_two(document, records, unreachable):
    verdict = judge(document, *records, unreachable=unreachable)
    assert len(verdict.counted) <= 1
    if verdict.gravity != "normal":
        assert not verdict.met


@given(ANY_ACTION, _records(st.sampled_from(PEOPLE)))
def test_a_verdict_does_not_depend_on_order_or_repetition_and_more_refusals_never_help(document, records):
    verdict = judge(document, *records)
    again = judge(document, *reversed(records), *records)
    assert (again.met, again.counted, again.missing) == (verdict.met, verdict.counted, verdict.missing)
    assert not judge(document, *records, signed(OBSERVER, decision="refuse")).met
    assert verdict.met == (not verdict.missing)


@given(ANY_ACTION, _records(st.sampled_from(PEOPLE)))
def test_whoever_can_sign_brings_it_nearer(document, records):
    verdict = judge(document, *records)
    everyone = {*verdict.can_sign, *dict(verdict.cannot)}
    assert verdict.met or not verdict.can_sign or everyone == set(PEOPLE)
    for person in verdict.can_sign:
        after = judge(document, *records, signed(person, "sk"))
        assert person in after.counted


def test_more_than_one_clause_of_the_policy_is_kept():
    clauses = (RoleClause(any_of=("commander",), count=1), RoleClause(any_of=("deputy",), count=1))
    level = Level(persons=2, clauses=clauses, distinct_consoles=False)
    policy = replace(POLICY, levels={**POLICY.levels, "high": level})
    assert not judge(high(), *BOTH, policy=policy).met
    assert judge(high(), signed(COMMANDER), signed(DEPUTY), policy=policy).met
