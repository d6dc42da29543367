"""The Anthropic adapter: every lever through the kit against its simulator; what it refuses, keeps and concludes."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from adapters.anthropic_admin import ADAPTER
from adapters.anthropic_admin.simulator import OUT, RPM, KeyRow, WorkspaceRow
from adapters.conformance import AdapterConformance, Bent, reply
from adapters.contract import OutcomeUnknown, Refused, Reply, Throttled, Wish
from adapters.simulator import Simulator
from tests.adapters.anthropic_kit import CALLERS, MODELS, SECRETS, adapter_at, context_at, settings, site
from tests.adapters.test_behind_the_guard import plane_of, whole_story

SPENT = b'{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"%s"}}}'


def wish(lever, selector, surface="", **params):
    return Wish(lever=lever, selector=selector, surface_key=surface, params=params)


def wishes(*told):
    return [pytest.param(one, id=one.lever) for one in told]


def do(work):
    return asyncio.run(work)


@pytest.fixture
def server():
    with Simulator(site()) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


class TestMeasured(AdapterConformance):
    probe_credential = "caller"

    @pytest.fixture(
        params=wishes(
            wish("key.off", "caller"),
            wish("key.off-all", "live", "atlas-1"),
            wish("workspace.rpm", "live", model="atlas-1", rpm="0"),
            wish("workspace.tpm", "wrkspc_1", "atlas-1", model="atlas-1", tpm="0"),
            wish("model.rpm", "atlas-1", "atlas-1", rpm="0"),
            wish("model.tpm", "atlas-1", tpm="0"),
            wish("key.archive", "apikey_1"),
            wish("workspace.archive", "live"),
        )
    )
    def wish(self, request):
        return request.param


class TestEveryKey(AdapterConformance):
    """Keys that were off before are in no plan, so the kit's second plan needs an organisation without any."""

    probe_credential = "caller"

    @pytest.fixture
    def server(self):
        made = site()
        del made.state.keys["apikey_3"]
        with Simulator(made) as simulator:
            yield simulator

    @pytest.fixture
    def wish(self):
        return wish("organisation.off", "", "bora-2")


class TestNotMeasured(AdapterConformance):
    probe_credential = "caller"
    probes_measure = False  # what a key of such a user is told is not known

    @pytest.fixture(
        params=[
            pytest.param(wish("member.remove", "caller@example.org", workspace="live"), id="member.remove"),
            pytest.param(wish("user.demote", "user_1"), id="user.demote"),
            pytest.param(wish("user.demote", "user_2"), id="user.demote-an-admin"),
        ]
    )
    def wish(self, request):
        return request.param


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("model.rpm", "nothing", rpm="1"), "no limits for a model called nothing"),
        (wish("model.rpm", "atlas-1", "bora-2", rpm="1"), "a surface of its own"),
        (wish("workspace.rpm", "nowhere", model="atlas-1", rpm="1"), "no active workspace called nowhere"),
        (wish("workspace.rpm", "Default", model="atlas-1", rpm="1"), "no active workspace called Default"),
        (wish("workspace.rpm", "live", model="atlas-1", rpm="-1"), "these parameters: rpm"),
        (wish("key.off", SECRETS["caller"]), "must not enter a record"),
        (wish("key.off", "twin"), "2 keys are called twin"),
        (wish("key.off", "apikey_4"), "expired already"),
        (wish("key.off", ""), "say which key"),
        (wish("organisation.off", "no-model"), "is no model of this organisation"),
        (wish("member.remove", "user_3"), "billing role, which could not be given back"),
        (wish("member.remove", "nobody@example.org"), "0 users"),
        (wish("user.demote", ""), "say which user"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


@pytest.mark.parametrize(
    ("lever", "selector"),
    [("key.off-all", "live"), ("organisation.off", ""), ("member.remove", "user_1"), ("key.archive", "apikey_1")],
)
def test_what_only_the_correction_knows_is_not_guessed_when_lifting(adapter, context, lever, selector):
    with pytest.raises(Refused, match=r"undo that one|no call that is known"):
        do(adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", direction="restore")))


def test_a_key_and_a_limit_can_be_lifted_from_a_fresh_reading(server, adapter, context):
    server.poke(lambda rows: setattr(rows.keys["apikey_1"], "status", "inactive"))
    for lever, selector, params in (("key.off", "apikey_1", {}), ("workspace.rpm", "batch", {"model": "atlas-1"})):
        lift = Wish(lever=lever, selector=selector, surface_key="", params=params, direction="restore")
        planned = do(adapter.plan(context, lift))
        do(adapter.apply(context, planned))
        assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    assert server.site.state.workspaces["wrkspc_2"].limits["rl_1"] == {}


def test_a_limit_is_only_lowered_is_the_familys_and_takes_an_hour(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.rpm", "atlas-1", rpm="20")))
    assert planned.wanted == {f"wrkspc_1/rl_1/{RPM}": "20"}  # the 7 of the other stays
    assert "about an hour" in planned.notes[0]
    assert ", ".join(MODELS) in planned.notes[1]
    assert {ADAPTER.manifest.lever(name).propagation_s for name in ("model.rpm", "workspace.tpm")} == {3600}
    do(adapter.apply(context, planned))
    assert server.site.state.workspaces["wrkspc_1"].limits["rl_1"] == {RPM: 20}
    states = {one.key: one for one in do(adapter.status(context)).surfaces}
    assert states["atlas-1"].restrictions == ("batch: 7 requests per minute", "live: 20 requests per minute")
    assert (states["atlas-1"].state, states["bora-2"].state) == ("degraded", "serving")
    do(adapter.revert(context, planned))
    assert server.site.state.workspaces["wrkspc_1"].limits["rl_1"] == {}


def test_other_limits_of_a_family_stay(server, adapter, context):
    server.poke(lambda rows: rows.workspaces["wrkspc_1"].limits.update(rl_1={OUT: 5}))
    planned = do(adapter.plan(context, wish("workspace.rpm", "live", model="atlas-1", rpm="1")))
    do(adapter.apply(context, planned))
    assert server.site.state.workspaces["wrkspc_1"].limits["rl_1"] == {OUT: 5, RPM: 1}


def test_a_workspace_made_later_is_found_by_reading_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.rpm", "atlas-1", rpm="0")))
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    server.poke(lambda rows: rows.workspaces.update(wrkspc_9=WorkspaceRow("wrkspc_9", "fresh")))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("not-in-effect", "not limited: fresh")
    server.poke(lambda rows: setattr(rows.workspaces["wrkspc_9"], "archived_at", "2026-02-01T00:00:00Z"))
    server.poke(lambda rows: setattr(rows.workspaces["wrkspc_1"], "archived_at", "2026-02-01T00:00:00Z"))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("in-effect", "archived since: wrkspc_1")


def test_every_key_goes_off_and_only_those_that_were_on_come_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("organisation.off", "", "atlas-1")))
    assert planned.pre == {"apikey_1": '"active"', "apikey_2": '"active"'}
    assert planned.notes[1] == "1 keys of the organisation itself are left"
    do(adapter.apply(context, planned))
    keys = server.site.state.keys
    assert [one.status for one in keys.values()] == ["inactive", "inactive", "inactive", "expired", "active"]
    seen = do(adapter.status(context)).surfaces[0]
    assert (seen.state, seen.restrictions[1]) == ("degraded", "1 keys of the organisation itself are on")
    server.poke(lambda rows: [setattr(one, "status", "inactive") for one in rows.keys.values() if not one.workspace])
    assert {one.state for one in do(adapter.status(context)).surfaces} == {"stopped"}
    server.poke(lambda rows: [setattr(one, "status", "active") for one in rows.keys.values() if not one.workspace])
    do(adapter.revert(context, planned))
    assert [one.status for one in keys.values()] == ["active", "active", "inactive", "expired", "active"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("expired", "in-effect"),
        ("archived", "in-effect"),
        ("active", "not-in-effect"),
        ("of-tomorrow", "not-in-effect"),
    ],
)
@pytest.mark.parametrize("asked", [wish("key.off", "apikey_1"), wish("organisation.off", "")])
def test_a_key_that_ended_for_good_is_off_too(server, adapter, context, asked, status, verdict):
    planned = do(adapter.plan(context, asked))
    do(adapter.apply(context, planned))
    server.poke(lambda rows: setattr(rows.keys["apikey_1"], "status", status))
    assert do(adapter.read_back(context, planned)).verdict == verdict


def test_a_key_made_later_is_found_by_reading_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("key.off-all", "live")))
    assert planned.selectors == 1
    do(adapter.apply(context, planned))
    server.poke(lambda rows: rows.keys.update(apikey_9=KeyRow("apikey_9", "sk-ant-9", "late", "wrkspc_1")))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("not-in-effect", "1 keys came later and are on")


def test_a_revert_that_is_refused_says_which_limit_it_met(server, adapter, context):
    one = do(adapter.plan(context, wish("key.off", "apikey_1")))
    assert any("limit of active keys" in note for note in one.notes)
    do(adapter.apply(context, one))
    server.poke(lambda rows: setattr(rows, "most_keys", 2))
    with pytest.raises(Refused, match=r"400 \(org_api_key_limit_exceeded\)"):
        do(adapter.revert(context, one))
    every = do(adapter.plan(context, wish("organisation.off", "")))
    do(adapter.apply(context, every))
    server.poke(lambda rows: rows.keys["apikey_2"].__setattr__("status", "active"))
    wide = do(adapter.plan(context, wish("organisation.off", "")))
    do(adapter.apply(context, wide))
    server.poke(lambda rows: setattr(rows, "most_keys", 1))
    with pytest.raises(Refused, match="org_api_key_limit_exceeded"):
        do(adapter.revert(context, wide))


def test_a_revert_that_is_refused_half_way_is_unknown(server, adapter, context):
    planned = do(adapter.plan(context, wish("organisation.off", "")))
    do(adapter.apply(context, planned))
    server.poke(lambda rows: setattr(rows, "most_keys", 2))
    with pytest.raises(OutcomeUnknown, match=r"1 of 2 were accepted, then: .*org_api_key_limit_exceeded"):
        do(adapter.revert(context, planned))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.fields["apikey_1"]) == ("not-in-effect", '"active"')


@pytest.mark.parametrize("code", [b"enforced_spend_limit_reached", b"contract_spend_limit_reached"])
def test_a_limit_of_money_is_not_tried_again(adapter, context, code):
    """It answers 429 without a Retry-After: waiting does not end it."""
    planned = do(adapter.plan(context, wish("key.off", "apikey_1")))
    bent = Bent(context, fault=Throttled("429", 5.0, reply(429, SPENT % code)))
    for work in (adapter.status, lambda it: adapter.apply(it, planned), lambda it: adapter.read_back(it, planned)):
        with pytest.raises(Refused, match=code.decode()) as fault:
            do(work(bent))
        assert fault.value.status == 429
    slow = do(adapter.plan(context, wish("workspace.rpm", "live", model="atlas-1", rpm="0")))
    assert do(adapter.probe(bent, slow, "caller")).outcome == "cannot-tell"


@pytest.mark.parametrize(("told", "outcome"), [("50", "cannot-tell"), ("3", "refused"), ("", "refused")])
def test_a_higher_limit_that_refuses_is_another_one(adapter, context, told, outcome):
    planned = do(adapter.plan(context, wish("workspace.rpm", "live", model="atlas-1", rpm="3")))
    body = b'{"type":"error","error":{"type":"rate_limit_error","message":"m"}}'
    answer = Reply(status=429, headers={"anthropic-ratelimit-requests-limit": told}, body=body, elapsed_ms=1)
    bent = Bent(context, fault=Throttled("429", 5.0, answer))
    assert do(adapter.probe(bent, planned, "caller")).outcome == outcome


def test_whether_zero_is_taken_is_unproven_and_said(adapter, context):
    planned = do(adapter.plan(context, wish("workspace.rpm", "live", model="atlas-1", rpm="0")))
    assert any("unproven" in note for note in planned.notes)
    assert not any(lever.proven for lever in ADAPTER.manifest.levers)
    with Simulator(site(takes_zero=False)) as strict, pytest.raises(Refused, match="400"):
        do(adapter_at(strict.url).apply(context_at(strict.url), planned))


@pytest.mark.parametrize("let_in", [True, False])
def test_a_key_that_is_off_counts_only_where_it_was_let_in_before(server, adapter, let_in):
    context = context_at(server.url, CALLERS if let_in else {"apikey_1": "wrong"})
    planned = do(adapter.plan(context, wish("key.off", "apikey_1")))
    do(adapter.apply(context, planned))
    seen = do(adapter.probe(context, planned, "caller"))
    assert seen.outcome == ("refused" if let_in else "cannot-tell")


def test_a_call_below_a_limit_says_nothing(adapter, context):
    planned = do(adapter.plan(context, wish("workspace.rpm", "live", model="atlas-1", rpm="1")))
    do(adapter.apply(context, planned))
    outcomes = [do(adapter.probe(context, planned, "caller")).outcome for _ in range(2)]
    assert outcomes == ["cannot-tell", "refused"]


def test_what_has_no_way_back_is_marked_and_names_what_has(adapter, context):
    for lever, selector in (("key.archive", "apikey_1"), ("workspace.archive", "live"), ("user.demote", "user_2")):
        planned = do(adapter.plan(context, wish(lever, selector)))
        assert (planned.reversal, planned.revert) == ("none", ())
        assert any("no call that is known to undo" in note for note in planned.notes)
    for name in ("key.archive", "workspace.archive"):
        sibling = ADAPTER.manifest.lever(name).partial_sibling
        assert ADAPTER.manifest.lever(sibling).reversal == "exact"


def test_a_member_of_every_workspace_gets_each_role_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("member.remove", "caller@example.org")))
    assert "example.org" not in repr(planned)
    assert planned.pre == {"wrkspc_2": '"workspace_user"', "wrkspc_1": '"workspace_developer"'}
    do(adapter.apply(context, planned))
    assert do(adapter.apply(context, planned)).outcome == "already-so"
    with pytest.raises(Refused, match="in no workspace"):
        do(adapter.plan(context, wish("member.remove", "user_1")))
    do(adapter.revert(context, planned))
    homes = server.site.state.workspaces
    assert [homes[one].members["user_1"] for one in planned.pre] == ["workspace_user", "workspace_developer"]


def test_long_lists_are_read_to_their_end():
    with Simulator(site(page=1)) as small:
        adapter, context = adapter_at(small.url), context_at(small.url)
        assert [one.key for one in do(adapter.discover(context))] == [*MODELS, "bora-2"]
        planned = do(adapter.plan(context, wish("organisation.off", "")))
        assert len(planned.requests) == 2
        assert {"after_id=apikey_1", "page=1"} <= {
            part for one in small.requests() for part in one.target.partition("?")[2].split("&")
        }


def test_more_keys_than_one_correction_holds_are_taken_in_parts():
    made = site()
    for at in range(400):
        ident = f"apikey_more{at:03}"
        made.state.keys[ident] = KeyRow(ident, ident, ident, "wrkspc_1")
    with Simulator(made) as large:
        adapter, context = adapter_at(large.url), context_at(large.url)
        with pytest.raises(Refused, match="402 keys are more than one correction holds"):
            do(adapter.plan(context, wish("organisation.off", "")))
        assert len(do(adapter.plan(context, wish("key.off-all", "batch"))).requests) == 1


def test_it_says_who_it_is_and_sends_its_version(server, adapter, context):
    assert do(adapter.status(context)).facts["identity"] == "Example organisation"
    assert {one.headers["anthropic-version"] for one in server.requests()} == {"2026-10-21"}


@pytest.mark.parametrize("wrong", ["http://api.anthropic.com", "https://user@api.anthropic.com", "https://x/?a=b"])
def test_settings_take_no_address_that_would_show_the_key(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({"base_url": wrong})


@pytest.mark.parametrize(
    ("lever", "selector", "params"),
    [("key.off", "apikey_1", {}), ("workspace.rpm", "live", {"model": "atlas-1", "rpm": "0"})],
)
def test_behind_the_guard(lever, selector, params):
    with Simulator(site(lag_s=0.1)) as slow:
        plane = plane_of("anthropic_admin", settings(slow.url), SECRETS, CALLERS)
        asked = Wish(lever=lever, selector=selector, surface_key="atlas-1", params=params)
        planned = do(whole_story(plane, asked))
        sent = [(one.method, one.target, one.body.decode()) for one in slow.requests()]
        for request in (*planned.requests, *planned.revert):
            assert (request.method, request.path, request.body) in sent
        assert {one.headers["anthropic-version"] for one in slow.requests()} == {"2026-10-21"}
