"""The approval policy: who may sign what, and why others cannot; tried first; changed by the next roster."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from console.app import main
from console.domain.errors import Problem, WrongUse
from console.domain.policy import differences, edited, settings_of, span, span_ms, span_said, table
from console.outbox.facts import policy_of
from console.services import approvals, corrections, incidents, organisation, policy, roster
from console.services.corrections import TargetWish
from console.services.session import Session
from console.viewmodels.organisation import waiting_views
from tests.kit.pair import connect_manual, founded, pair, passphrase, sync

__all__ = ["founded", "pair"]


def declared(session: Session) -> str:
    inc = incidents.declare(session, "it lies", severity=1).entry.inc
    assert inc is not None
    return inc


def rows(session: Session, **how):
    return {one.deed: one for one in policy.who_may(session, **how)}


def test_the_table_is_the_rule_asked_for_every_sort_of_deed(pair) -> None:
    one, two = pair
    found = rows(one)
    assert found["normal"].together == tuple(sorted(((one.me,), (two.me,))))
    assert found["high"].together == (tuple(sorted((one.me, two.me))),)
    assert found["critical"].can
    assert found["break-glass"].together
    inc = declared(one)
    held = rows(one, inc=inc)
    assert (two.me,) not in held["break-glass"].together  # holds no role in this incident
    assert dict(held["break-glass"].cannot)[two.me] == "does not hold the role that is still missing"
    assert held["high"].can


def test_who_cannot_sign_is_told_with_the_reason(pair) -> None:
    one, _ = pair
    three = policy.attempt(one, {"high.persons": "3"})
    high = next(row for row in three.rows if row.deed == "high")
    assert not high.can
    assert high.missing == ("1 more person has to sign.",)
    assert any("Nobody could sign this then: restrict more" in why for why in three.against)
    with pytest.raises(WrongUse, match="Nobody could sign this then"):
        policy.propose(one, {"high.persons": "3"}, "more eyes")
    legal = policy.attempt(one, {"critical.roles": "legal:1"})
    assert "1 of the signers must hold the role legal." in next(r for r in legal.rows if r.deed == "critical").missing


def test_settings_are_read_and_written_the_same_way(pair) -> None:
    one, _ = pair
    before = policy.in_force(one)
    assert edited(before, settings_of(before), before.created) == before
    changes = {
        "approve_by": "45min",
        "break_glass": "commander",
        "normal_per_hour": "3",
        "high.roles": "deputy|legal:2",
    }
    after = edited(before, changes, 7)
    assert after.windows["approve_by_ms"] == 45 * 60_000
    told = differences(before, after)
    assert "A proposal may be signed for 45 minutes (before: 30 minutes)" in told
    assert "Break-glass: commander (before: commander, deputy or correction lead)" in told
    assert any(one.startswith("high: 2 persons, 2 of them deputy or legal") for one in told)
    assert differences(after, edited(after, {"high.roles": ""}, 8))[0].startswith("LESS THAN BEFORE: high")
    assert [span(one) for one in (1_000, 90_000, 3_600_000, 86_400_000)] == ["1s", "90s", "1h", "24h"]
    assert [span_said(one) for one in (1_000, 90_000, 3_600_000, 86_400_000)] == [
        "1 second", "90 seconds", "1 hour", "24 hours",
    ]  # fmt: skip
    assert [span_ms(one) for one in ("24 hours", "24h", "1 hour", "45 minutes", "90 s", "soon", "hours")] == [
        86_400_000, 86_400_000, 3_600_000, 2_700_000, 90_000, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("settings", [
    {"high.persons": "1"}, {"normal.persons": "0"}, {"critical.consoles": "no"}, {"approve_by": "25h"},
    {"approve_by": "5h"}, {"approve_by": "0min"}, {"undo": "soon"}, {"high.roles": "king:1"}, {"lease": "3"},
    {"high.colour": "red"}, {"normal_per_hour": "many"}, {"high.consoles": "perhaps"}, {"break_glass": "king"},
])  # fmt: skip
def test_what_is_no_policy_is_refused_in_a_sentence(pair, settings: dict[str, str]) -> None:
    with pytest.raises(WrongUse):
        policy.attempt(pair[0], settings)


def test_a_policy_counts_once_the_admins_signed_the_roster_that_names_it(pair) -> None:
    one, two = pair
    before = policy_of(one.roster)
    connect_manual(one, "F-7")
    inc = declared(one)
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "stop it", "who": "x"})
    old = corrections.propose(one, inc, [wish], "it lies to people")
    outcome = policy.propose(one, {"undo": "30min", "high.consoles": "yes"}, "nights take longer")
    assert not outcome.in_force
    assert policy_of(one.roster) == before
    sync(one, two)
    (waiting,) = waiting_views(two)
    assert waiting.paper.can_sign
    lines = [line for section in waiting.paper.sections for line in section.lines]
    assert "One signer alone may undo it for 30 minutes (before: 15 minutes)" in lines
    assert roster.sign(two, waiting.sha).in_force
    sync(one, two)
    organisation.adopt_rosters(one)
    for session in pair:
        assert policy.in_force(session).windows["undo_ms"] == 30 * 60_000
        assert "on a console of their own" in rows(session)["high"].needs
    with one.reader.snapshot():
        judged = approvals.judge(one, corrections.find_document(one, old.sha))
    assert "The approval policy has changed since it was written: propose it again." in judged.verdict.missing
    assert corrections.propose(one, inc, [wish], "again").action.policy == policy_of(one.roster)


def test_a_roster_whose_policy_is_not_here_cannot_be_signed(pair) -> None:
    one, two = pair
    after = roster.follows(one, replace(one.roster.roster, policy="ab" * 32), roster.made_ms(one))
    roster.propose(one, after, reason="a policy that nobody can read")
    sync(one, two)
    (waiting,) = waiting_views(two)
    assert not waiting.paper.can_sign
    assert waiting.paper.why_not.startswith("The approval policy that it brings is not here yet")


def test_a_refusal_with_its_reason_ends_the_revision(pair) -> None:
    one, two = pair
    connect_manual(one, "F-7")
    inc = declared(one)
    wish = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "stop it", "who": "x"})
    made = corrections.propose(one, inc, [wish], "it lies to people")
    sync(one, two)
    held = corrections.find_document(two, made.sha)
    approvals.decide(two, held, "refuse", lambda: passphrase("approver", "your approver key"), reason="wrong model")
    sync(one, two)
    verdict = approvals.judge(one, corrections.find_document(one, made.sha)).verdict
    assert not verdict.met
    assert verdict.can_sign == ()
    refused = list(one.reader.entries(inc, kinds=("correction.refused",)))
    assert refused[0].disclosed["reason"] == "wrong model"


def test_a_revoked_key_or_none_shows_in_the_table(pair) -> None:
    one, two = pair
    facts_of = {"roster": one.roster.roster}
    gone = replace(
        facts_of["roster"],
        persons=tuple(replace(p, keys=tuple(k for k in p.keys if k.use != "approver")) if p.person == two.me else p
                      for p in facts_of["roster"].persons),
    )  # fmt: skip
    from console.domain.facts import Facts

    made = Facts(
        roster=gone, roster_sha=one.roster.sha256, policy=policy.in_force(one), policy_sha=policy_of(one.roster),
        held={one.me: frozenset(gone.persons[0].roles)}, rehearsed=frozenset({one.me, two.me}),
    )  # fmt: skip
    high = next(row for row in table(made, one.clock.wall_ms()) if row.deed == "high")
    assert not high.can
    assert dict(high.cannot)[two.me] == "has no valid approver key"


def run(capsys, paths, *words: str, typed: str = "") -> tuple[int, dict]:
    read, write = os.pipe()
    os.write(write, typed.encode())
    os.close(write)
    code = main(["--profile", str(paths.root), "--json", "--passphrase-fd", str(read), *words])
    os.close(read)
    out = capsys.readouterr().out.strip()
    return code, json.loads(out.splitlines()[-1]) if out else {}


def test_the_command_line_shows_tries_and_proposes(pair, capsys) -> None:
    one, _ = pair
    code, told = run(capsys, one.paths, "policy", "show")
    assert code == 0, told
    assert told["settings"]["undo"] == "15min"
    assert {row["deed"] for row in told["table"]} == {"normal", "high", "critical", "restore", "break-glass"}
    code, told = run(capsys, one.paths, "policy", "try", "high.persons=3")
    assert not told["ok"]
    typed = "".join(f"{passphrase('commander', what).decode()}\n" for what in ("your writer key", "your approver key"))
    code, told = run(capsys, one.paths, "policy", "propose", "undo=20min", "--reason", "longer", typed=typed)
    assert (code, told["ok"]) == (0, True) or code == 3
    assert len(roster.waiting(one)) == 1
    with pytest.raises(Problem):
        policy.propose(one, {"undo": "25min"}, "")
