"""What a proposal says besides its targets, through the services and the command line, as both consoles have it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from adapters.practice.simulator import Estate
from console.app import cli
from console.cli.frame import Call
from console.domain.agreements import Agreement
from console.domain.errors import WrongUse
from console.domain.reasons import read_reason
from console.journal.values import Draft
from console.providers.replanned import plan_differs
from console.providers.wishes import Request
from console.services import agreements, approvals, corrections, fallback, incidents
from console.services.corrections import TargetWish
from console.services.presented import present
from console.services.readings import FALLBACK_AT
from console.services.running import running_now
from console.viewmodels.approval import approval_view, signed_part
from tests.kit.pair import Asks, connect, founded, pair, sync

__all__ = ["founded", "pair"]
KEY = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")
MODEL = TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large")
ACME = Agreement(partner="Acme Ltd", allows=("user",), notice_h=720, where="terms 7.2")


@pytest.fixture
def both(pair):
    one, two = pair
    with Estate() as estate:
        connect(one, estate)
        sync(one, two)
        connect(two, estate)
        yield one, two, estate, str(incidents.declare(one, "t", 2).entry.inc)


def reason_of(session, sha):
    return read_reason(approvals.open_values(corrections.find_document(session, sha)).reason or "")


def test_agreements_are_everybodys_until_one_is_ended_with_a_reason(pair):
    one, two = pair
    entered = agreements.register(one, ACME)
    agreements.register(one, Agreement(partner="Other Ltd", allows=("shutdown",)))
    sync(one, two)
    known = agreements.agreements(two)
    assert [found.agreement.partner for found in known] == ["Acme Ltd", "Other Ltd"]
    assert known[0].by == one.me
    assert [found.agreement for found in agreements.allowing(two, "user", "any")] == [ACME]
    better = replace(ACME, notice_h=24)
    one.append(Draft("amendment", None, None, {"of": [entered.id]}, {"text": better.text()}))
    assert agreements.find(one, "acme ltd").agreement == better
    with pytest.raises(WrongUse, match="reason"):
        agreements.end(one, "Acme Ltd", " ")
    agreements.end(one, entered.id[:8], "They left.")
    assert [found.agreement.partner for found in agreements.agreements(one)] == ["Other Ltd"]


@pytest.mark.parametrize(
    "bad",
    [
        Agreement(partner=" ", allows=("user",)), Agreement(partner="A", allows=()),
        Agreement(partner="A", allows=("nonsense",)), Agreement(partner="A", allows=("user",), notice_h=99_999),
        Agreement(partner="A", allows=("user",), models=("a\nNotice: 0 h",)),
    ],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_entered(pair, bad):
    one, _ = pair
    before = one.reader.heads()
    with pytest.raises(WrongUse):
        agreements.register(one, bad)
    assert one.reader.heads() == before


def test_fallback_agreement_and_work_in_flight_are_signed_and_before_the_second_persons_eyes(both):
    one, two, _, inc = both
    agreements.register(one, ACME)
    small = fallback.find(one, "model-server:atlas-small")
    made = corrections.propose(
        one, inc, [KEY, MODEL], "It leaks.", fallback=small.surface, allowed_by=["Acme Ltd"],
        left_out=corrections.displaced(one, [KEY, MODEL], {"gateway-west": "partners only"}),
    )  # fmt: skip
    sync(one, two)
    parts = reason_of(two, made.sha)
    assert parts.fallback.startswith(f"atlas-small on Atlas small at model-server ({small.surface}): serving, read 20")
    assert parts.agreements[0].startswith("Acme Ltd DOES NOT NAME shutdown (terms 7.2), notice 720 h [")
    assert [text.rpartition(": ")[2] for text in parts.left_out] == ["partners only", "not chosen"]
    assert made.plans[0].notes[-1] == "In flight: 3 streams: let finish"
    assert made.plans[1].notes[-1] == "In flight: 2 jobs: let finish"

    paper = present(two, made.sha)
    blank, seen = approval_view(paper), approval_view(paper, approvals.readings(two, corrections.find_document(
        two, made.sha)))  # fmt: skip
    assert blank.fallback_now == "not looked at here yet"
    assert seen.fallback_now.startswith("serving, looked at here ")
    assert signed_part(blank) == signed_part(seen)
    assert seen.contradiction == ""
    key, model = seen.targets
    assert (key.affected, key.in_flight) == ("12 users", "3 streams: let finish")
    assert (model.affected, model.in_flight) == ("not countable here", "2 jobs: let finish")
    told = " ".join(seen.warnings)
    assert "Acme Ltd is owed 720 h of notice" in told
    assert "does not name this kind" in told
    text = "\n".join(approvals.text(two, corrections.find_document(two, made.sha)))
    assert "Fallback: atlas-small on Atlas small" in text
    assert "Acme Ltd is owed 720 h of notice" in text
    assert [one_.told for one_ in running_now(two, corrections.find_document(two, made.sha))] == ["3 streams", "2 jobs"]


def test_the_earlier_of_two_models_is_told_where_their_provider_says_when_they_were_made(both, monkeypatch):
    one, _, _, inc = both
    small = fallback.find(one, "model-server:atlas-small")

    async def seen(planes, surface, now_ms, deadline_s=5.0):
        made = {"atlas-small": 1_767_225_600_000, "atlas-large": 1_767_139_200_000}
        return fallback.Standby(surface=surface.surface, state="serving", at_ms=now_ms, made=made)

    monkeypatch.setattr(fallback, "look_on", seen)
    made = corrections.propose(one, inc, [MODEL], "It leaks.", fallback=small.surface)
    assert reason_of(one, made.sha).fallback.endswith(
        "; NEWER than atlas-large, by its provider's word (2026-01-01, 2025-12-31)"
    )
    assert fallback.age_beside("a", "b", {"a": 1}) == ""
    assert fallback.age_beside("a", "b", {"a": 1, "b": 1}).startswith("made at the same time as b")


def test_a_fallback_that_is_down_or_corrected_itself_is_told_so(both):
    one, _, estate, inc = both
    with pytest.raises(WrongUse, match="corrected by this very proposal"):
        corrections.propose(one, inc, [MODEL], "Because", fallback="model-server:atlas-large")
    estate.simulators["model-server"].switch("down")
    made = corrections.propose(one, inc, [KEY], "Because", fallback="model-server:atlas-small")
    assert "NOT KNOWN TO BE UP, tried 20" in reason_of(one, made.sha).fallback
    (_, instead) = approvals.readings(one, corrections.find_document(one, made.sha))
    assert (instead.target, instead.how) == (FALLBACK_AT, "unreadable")
    nothing = corrections.propose(one, inc, [KEY], "Because", fallback="none")
    assert reason_of(one, nothing.sha).fallback == "none: nothing answers in its place"
    with pytest.raises(WrongUse, match="No single surface"):
        corrections.propose(one, inc, [KEY], "Because", fallback="atlas-huge")


def test_whatever_a_console_would_plan_otherwise_is_said_field_by_field(both):
    one, two, _, inc = both
    made = corrections.propose(one, inc, [KEY], "Because")
    sync(one, two)
    signed = made.plans[0]
    assert plan_differs(signed, signed) == ()
    other = Request(method="POST", path="/elsewhere", body="{}")
    for change, word in (
        ({"surface_key": "x"}, "the surface is x"), ({"model": "x"}, "the model is x"),
        ({"selectors": 0}, "it selects 0"),
        ({"reach": "everyone"}, "it reaches everyone"), ({"reversal": "none"}, "its reversal is none"),
        ({"credential": "in-use"}, "the credential is in-use"),
        ({"wanted": {"blocked": "false"}}, "blocked becomes false"),
        ({"requests": (other,)}, "it would send POST /elsewhere"), ({"revert": (other,)}, "it would revert by POST"),
    ):  # fmt: skip
        (told,) = plan_differs(signed, replace(signed, **change))
        assert word in told
    assert plan_differs(signed, replace(signed, revert=(other,)), already=True) == ()


def test_another_adapter_that_would_send_something_else_contradicts(both, monkeypatch):
    from adapters.practice import adapter

    one, two, _, inc = both
    made = corrections.propose(one, inc, [KEY], "Because")
    sync(one, two)
    real = adapter._write
    monkeypatch.setattr(
        adapter, "_write", lambda lever, item, fields: replace(real(lever, item, fields), body='{"v":2}')
    )
    (read,) = approvals.readings(two, corrections.find_document(two, made.sha))
    assert read.contradicts
    assert "this console would plan it otherwise: it would send" in read.why
    monkeypatch.undo()
    monkeypatch.setattr("adapters.practice.adapter.Practice.manifest",
                        replace(adapter.Practice.manifest, version=9))  # fmt: skip
    (read,) = approvals.readings(two, corrections.find_document(two, made.sha))
    assert not read.contradicts
    assert read.aside == ("planned with practice/2, and practice/9 is here",)


def test_counts_that_moved_are_told_and_contradict_nothing(both):
    one, two, estate, inc = both
    made = corrections.propose(one, inc, [KEY], "Because")
    sync(one, two)

    def move(rows):
        rows["key-research"].users, rows["key-research"].streams.count = 14, 1

    estate.simulators["gateway-east"].poke(move)
    (read,) = approvals.readings(two, corrections.find_document(two, made.sha))
    assert read.how == "read"
    assert read.aside == ("users: 14 here, 12 as proposed", "in flight now: 1 stream: let finish")


def test_the_command_line_plans_proposes_and_keeps_the_register(both, monkeypatch):
    one, _, _, inc = both
    monkeypatch.setattr(Call, "passphrase", lambda _call, what, new=False: Asks("commander")(what, new=new))

    def run(*words):
        front = ["--profile", str(one.paths.root), "--json"]
        return json.loads(CliRunner().invoke(cli, [*front, *words], catch_exceptions=False).stdout)

    added = run("agreement", "add", "Acme Ltd", "--allows", "user", "--notice", "3d", "--where", "terms 7.2")
    (listed,) = run("agreement", "list")["agreements"]
    assert (listed["entry"], listed["notice_h"], listed["by"]) == (added["entry"], 72, "Commander")
    target = "gateway-east key.block key-research running=stop"
    plan = run("correct", "plan", "--target", target, "--target", "gateway-west key.block nobody", "--incident", inc)
    first, gap = plan["targets"]
    assert (first["affected"], first["in_flight"]) == (12, "3 streams: stopped with it, and not given back by a lift")
    assert (gap["possible"], gap["instead"][0]) == (False, "key.rpm")
    assert (plan["ok"], plan["affected_known"], plan["not_countable"]) == (False, 12, 0)
    made = run("correct", "propose", "--target", target, "--reason", "It leaks.", "--incident", inc,
               "--fallback", "model-server:atlas-small", "--agreement", "Acme Ltd",
               "--left-out", "gateway-west=partners only")  # fmt: skip
    assert [line.partition(": ")[0] for line in made["besides"]] == ["Left out"] * 3 + ["Fallback", "Agreement"]
    assert "partners only" in made["besides"][0]
    assert [sent["path"] for sent in made["targets"][0]["requests"]][-1].endswith("/stop")
    runs = run("correct", "running", made["op"])
    assert runs["targets"][0]["running"] == "3 streams"
    assert run("agreement", "end", "Acme Ltd", "--reason", "They left.")["ok"]
    assert run("agreement", "list")["agreements"] == []
