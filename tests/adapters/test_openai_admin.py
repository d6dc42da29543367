"""The OpenAI adapter: every lever through the kit against its simulator, and what it refuses, keeps and concludes."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, Bent, until
from adapters.contract import OutcomeUnknown, Refused, Reply, Throttled, Wish
from adapters.openai_admin import ADAPTER, wire
from adapters.openai_admin.simulator import ProjectRow
from adapters.simulator import Answer, Simulator
from adapters.snapshots import bare, snapshots
from tests.adapters.openai_kit import CALLERS, MODELS, SECRETS, adapter_at, context_at, settings, site
from tests.adapters.test_behind_the_guard import plane_of, whole_story


def wish(lever, selector, surface="", **params):
    return Wish(lever=lever, selector=selector, surface_key=surface, params=params)


def wishes(*told):
    return [pytest.param(one, id=one.lever) for one in told]


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
            wish("project.models", "live", model="atlas"),
            wish("project.rpm", "proj_1", model="atlas", rpm="0"),
            wish("project.tpm", "proj_1", model="atlas", tpm="0"),
            wish("model.deny", "atlas", "atlas"),
            wish("model.rpm", "atlas", "atlas", rpm="0"),
            wish("model.tpm", "atlas", projects="live", tpm="0"),
            wish("member.remove", "user-1", project="live"),
            wish("key.delete", "key_1"),
            wish("project.archive", "live"),
        )
    )
    def wish(self, request):
        return request.param


class TestServiceAccount(AdapterConformance):
    probe_credential = "account"

    @pytest.fixture
    def wish(self):
        return wish("account.delete", "svc_1", project="proj_1")


class TestNotMeasured(AdapterConformance):
    probe_credential = "caller"
    probes_measure = False

    @pytest.fixture(
        params=wishes(
            wish("user.demote", "owner@example.org"),
            wish("project.spend", "live", cents="1"),
            wish("organisation.spend", "", "atlas", cents="100"),
            wish("project.tools", "live", tools="web_search, mcp"),
            wish("organisation.tools", "", "atlas"),
        )
    )
    def wish(self, request):
        return request.param


class TestAllowedListTurnedRound(AdapterConformance):
    """A project whose list of allowed models would become empty."""

    probe_credential = "batch"

    @pytest.fixture
    def server(self):
        made = site()
        made.state.projects["proj_2"].policy["model_ids"] = ["atlas"]
        with Simulator(made) as simulator:
            yield simulator

    @pytest.fixture
    def wish(self):
        return wish("project.models", "batch", model="atlas")


def do(work):
    return asyncio.run(work)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("model.deny", "atlas-9"), "no project has a limit"),
        (wish("model.deny", "atlas", "atlas-mini"), "a surface of its own"),
        (wish("model.deny", "atlas", projects="nowhere"), "no active project called nowhere"),
        (wish("project.models", "old", model="atlas"), "no active project called old"),
        (wish("project.rpm", "live", model="atlas", rpm="-1"), "these parameters: rpm"),
        (wish("project.tools", "live", tools="shell"), "these parameters: tools"),
        (wish("member.remove", "user-2", project="batch", surplus="x"), "these parameters: surplus"),
        (wish("member.remove", "nobody@example.org"), "0 users of the organisation"),
        (wish("member.remove", ""), "say which user"),
        (wish("key.delete", SECRETS["caller"]), "must not enter a record"),
        (wish("key.delete", "key_2"), "delete the account"),
        (wish("organisation.tools", "no-model"), "is no model of this organisation"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


@pytest.mark.parametrize("lever", ["member.remove", "key.delete", "model.rpm", "project.models"])
def test_what_only_the_correction_knows_is_not_guessed_when_lifting(adapter, context, lever):
    selector = {"member.remove": "user-1", "key.delete": "key_1", "model.rpm": "atlas"}.get(lever, "live")
    with pytest.raises(Refused, match=r"undo that one|without the model"):
        do(adapter.plan(context, Wish(lever=lever, selector=selector, surface_key="", direction="restore")))


def test_one_switch_takes_a_model_from_every_project_and_gives_back_what_each_had(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.deny", "atlas", "atlas")))
    assert (planned.selectors, planned.params["ids"]) == (0, "atlas,atlas-2026-01-31")
    do(adapter.apply(context, planned))
    rows = server.site.state.projects
    assert rows["proj_1"].policy == {"mode": "deny_list", "model_ids": ["atlas", "atlas-2026-01-31"]}
    assert rows["proj_2"].policy == {"mode": "allow_list", "model_ids": ["atlas-mini"]}
    assert [one.state for one in do(adapter.status(context)).surfaces] == ["stopped", "stopped", "serving"]
    do(adapter.revert(context, planned))
    assert rows["proj_1"].policy is None
    assert sorted(rows["proj_2"].policy["model_ids"]) == ["atlas", "atlas-mini"]


def test_a_project_made_later_is_found_by_reading_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.deny", "atlas", "atlas")))
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    server.poke(lambda rows: rows.projects.update(proj_4=ProjectRow("proj_4", "fresh", limits=dict(MODELS))))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("not-in-effect", "not restricted: fresh")
    state = do(adapter.status(context)).surfaces[0]
    assert (state.state, state.restrictions[1]) == ("degraded", "not restricted in fresh")
    again = do(adapter.plan(context, wish("model.deny", "atlas", "atlas")))
    assert [request.path for request in again.requests] == ["/organization/projects/proj_4/model_permissions"]


def test_a_project_archived_since_does_not_hide_that_the_rest_holds(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.deny", "atlas", "atlas")))
    do(adapter.apply(context, planned))
    server.poke(lambda rows: setattr(rows.projects["proj_2"], "archived_at", 5))
    back = do(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("in-effect", "archived since: proj_2")


def test_an_allowed_list_is_never_emptied(server, adapter, context):
    server.poke(lambda rows: rows.projects["proj_2"].policy.update(model_ids=["atlas"]))
    planned = do(adapter.plan(context, wish("project.models", "batch", model="atlas")))
    assert json.loads(planned.wanted["proj_2/models"]) == {"mode": "deny_list", "model_ids": sorted(MODELS)}


def test_giving_a_model_back_leaves_what_else_is_denied(server, adapter, context):
    server.poke(lambda rows: setattr(
        rows.projects["proj_1"], "policy", {"mode": "deny_list", "model_ids": ["atlas", "atlas-2026-01-31", "other"]}
    ))  # fmt: skip
    lift = Wish(lever="model.deny", selector="atlas", surface_key="", direction="restore")
    planned = do(adapter.plan(context, lift))
    assert json.loads(planned.wanted["proj_1/models"]) == {"mode": "deny_list", "model_ids": ["other"]}
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"


def test_a_limit_is_only_lowered(server, adapter, context):
    server.poke(lambda rows: rows.projects["proj_1"].limits.update(atlas=(3, 7)))
    planned = do(adapter.plan(context, wish("model.rpm", "atlas", rpm="10")))
    assert planned.wanted == {
        "proj_1/limit/rl-atlas-2026-01-31/max_requests_per_1_minute": "10",
        "proj_1/limit/rl-atlas/max_requests_per_1_minute": "3",
        "proj_2/limit/rl-atlas-2026-01-31/max_requests_per_1_minute": "10",
        "proj_2/limit/rl-atlas/max_requests_per_1_minute": "10",
    }
    spend = do(adapter.plan(context, wish("project.spend", "live", cents="9")))
    do(adapter.apply(context, spend))
    looser = do(adapter.plan(context, wish("project.spend", "live", cents="90")))
    assert looser.wanted == looser.pre


def test_whether_zero_is_taken_is_unproven_and_said(adapter, context):
    planned = do(adapter.plan(context, wish("project.rpm", "live", model="atlas", rpm="0")))
    assert any("unproven" in note for note in planned.notes)
    assert not any(lever.proven for lever in ADAPTER.manifest.levers)
    with Simulator(site(takes_zero=False)) as strict, pytest.raises(Refused, match="400"):
        do(adapter_at(strict.url).apply(context_at(strict.url), planned))


def test_a_plan_says_who_called_in_the_last_hour_and_goes_on_without(server, adapter, context):
    every = do(adapter.plan(context, wish("model.deny", "atlas")))
    here = do(adapter.plan(context, wish("project.models", "live", model="atlas")))
    assert (every.affected, here.affected) == (3, 2)
    assert "3 keys made 47 calls" in every.notes[-1]
    nobody = do(adapter.plan(context, wish("model.rpm", "atlas-mini", rpm="1")))
    assert nobody.affected == 0
    server.site._usage = lambda _: Answer(status=403, body={})
    blind = do(adapter.plan(context, wish("model.deny", "atlas")))
    assert (blind.affected, blind.notes[-1]) == (None, "who called in the last hour is not told")
    assert do(adapter.plan(context, wish("project.spend", "live", cents="1"))).affected is None


def test_a_spend_limit_says_whether_it_bites(server, adapter, context):
    planned = do(adapter.plan(context, wish("organisation.spend", "", cents="100")))
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).detail == "the spend limit is inactive"
    server.poke(lambda rows: setattr(rows, "spent_cents", 100))
    assert do(adapter.read_back(context, planned)).detail == "the spend limit is enforcing"
    do(adapter.revert(context, planned))
    assert server.site.state.spend is None


def test_taking_a_user_out_of_every_project_puts_each_role_back(server, adapter, context):
    planned = do(adapter.plan(context, wish("member.remove", "caller@example.org")))
    assert (planned.selector, planned.pre) == ("user-1", {"proj_1": '"member"', "proj_2": '"owner"'})
    assert "example.org" not in repr(planned)  # an address must not enter a record
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    with pytest.raises(Refused, match="in no active project"):
        do(adapter.plan(context, wish("member.remove", "user-1")))
    do(adapter.revert(context, planned))
    assert [server.site.state.projects[one].users["user-1"] for one in ("proj_1", "proj_2")] == ["member", "owner"]
    other = do(adapter.plan(context, wish("member.remove", "user-2")))
    assert do(adapter.revert(context, other)).outcome == "already-so"


def test_an_owner_of_the_organisation_is_said_to_keep_every_project(adapter, context):
    planned = do(adapter.plan(context, wish("member.remove", "user-2", project="live")))
    assert "user.demote" in planned.notes[0]


def test_a_deletion_is_marked_and_says_whether_the_key_is_in_use(adapter, context):
    quiet = do(adapter.plan(context, wish("key.delete", "key_1")))
    busy = do(adapter.plan(context, wish("key.delete", "key_3")))
    account = do(adapter.plan(context, wish("account.delete", "svc_1")))
    assert [one.credential for one in (quiet, busy, account)] == ["unused-24h", "in-use", "unused-24h"]
    assert (quiet.revert, quiet.reversal, quiet.notes[0]) == ((), "none", "OpenAI has no call that undoes this")
    assert "1 keys of this account" in account.notes[-1]
    for name in ("key.delete", "account.delete", "project.archive"):
        lever = ADAPTER.manifest.lever(name)
        assert lever.reversal == "none"
        assert ADAPTER.manifest.lever(lever.partial_sibling).reversal != "none"


@pytest.mark.parametrize("let_in", [True, False])
def test_a_dead_key_counts_only_where_it_was_let_in_before(server, adapter, let_in):
    context = context_at(server.url, CALLERS if let_in else {})
    planned = do(adapter.plan(context, wish("key.delete", "key_1")))
    do(adapter.apply(context, planned))
    seen = do(adapter.probe(context, planned, "caller"))
    assert seen.outcome == ("refused" if let_in else "cannot-tell")
    assert do(adapter.apply(context, planned)).outcome == "already-so"


def test_a_mistyped_canary_is_seen_while_planning(server, adapter):
    context = context_at(server.url, {"proj_1": "wrong"})
    planned = do(adapter.plan(context, wish("project.archive", "proj_1")))
    assert planned.params["let_in"] == "no"
    assert do(adapter.probe(context, planned, "wrong")).outcome == "cannot-tell"


def test_only_the_levers_own_words_count(server, adapter, context):
    deny = do(adapter.plan(context, wish("project.models", "live", model="atlas")))
    do(adapter.apply(context, deny))
    assert do(adapter.probe(context, deny, "caller")).outcome == "refused"
    assert do(adapter.probe(context, deny, "batch")).outcome == "passed"  # the key of another project
    server.poke(lambda rows: rows.projects["proj_2"].policy.update(model_ids=[]))
    assert do(adapter.probe(context, deny, "batch")).outcome == "cannot-tell"
    slow = do(adapter.plan(context, wish("project.rpm", "batch", model="atlas-mini", rpm="0")))
    server.poke(lambda rows: (setattr(rows, "spend", {"threshold_amount": 1}), setattr(rows, "spent_cents", 2)))
    server.poke(lambda rows: setattr(rows.projects["proj_2"], "policy", None))
    seen = do(adapter.probe(context, slow, "batch"))
    assert (seen.outcome, seen.status) == ("cannot-tell", 429)  # no money is another 429 than a limit


def test_a_call_below_a_limit_says_nothing(adapter, context):
    planned = do(adapter.plan(context, wish("project.rpm", "live", model="atlas", rpm="1")))
    do(adapter.apply(context, planned))
    outcomes = [do(adapter.probe(context, planned, "caller")).outcome for _ in range(2)]
    assert outcomes == ["cannot-tell", "refused"]


@pytest.mark.parametrize(("told", "outcome"), [("500", "cannot-tell"), ("1", "refused"), ("", "refused")])
def test_a_higher_limit_that_refuses_is_another_one(adapter, context, told, outcome):
    planned = do(adapter.plan(context, wish("project.rpm", "live", model="atlas", rpm="1")))
    body = b'{"error":{"code":"rate_limit_exceeded","type":"requests","message":"m"}}'
    answer = Reply(status=429, headers={"x-ratelimit-limit-requests": told}, body=body, elapsed_ms=1)
    bent = Bent(context, fault=Throttled("429", 5.0, answer))
    assert do(adapter.probe(bent, planned, "caller")).outcome == outcome


def test_a_snapshot_alone_leaves_the_name_that_may_answer_with_it(adapter, context):
    """Whoever denies the dated model alone would read "denied" while callers of the bare name may reach it."""
    alone = do(adapter.plan(context, wish("model.deny", "atlas-2026-01-31")))
    assert any(note.startswith("atlas may answer with it too") for note in alone.notes)
    both = do(adapter.plan(context, wish("model.deny", "atlas")))
    assert not any("may answer with it too" in note for note in both.notes)
    assert both.params["ids"] == "atlas,atlas-2026-01-31"


@pytest.mark.parametrize(
    ("model", "served", "meant"),
    [("gpt-x", ["gpt-x-0613", "gpt-x-mini", "gpt-x-mini-0613", "gpt-x-2026-01-31", "gpt-x-32k"],
      ["gpt-x", "gpt-x-0613", "gpt-x-2026-01-31"])],
)  # fmt: skip
def test_which_names_are_snapshots(model, served, meant):
    assert snapshots(model, served) == meant
    assert [bare(one, [model]) for one in served] == [model, "", "", model, ""]


def test_a_second_write_that_fails_is_unknown(server, adapter, context):
    planned = do(adapter.plan(context, wish("model.deny", "atlas")))
    server.poke(lambda rows: setattr(rows.projects["proj_1"], "archived_at", 5))
    with pytest.raises(OutcomeUnknown, match="1 of 2 were accepted"):
        do(adapter.apply(context, planned))


def test_long_lists_are_read_to_their_end():
    with Simulator(site(page=2)) as small:
        found = do(adapter_at(small.url).discover(context_at(small.url)))
        assert [one.key for one in found] == sorted(MODELS)
        assert any("after=rl-" in one.target for one in small.requests())


def test_more_projects_than_one_correction_holds_are_taken_in_parts():
    made = site()
    for at in range(120):
        ident = f"proj_more{at:03}"
        policy = {"mode": "deny_list", "model_ids": [f"some-model-with-a-long-name-{one}" for one in range(12)]}
        made.state.projects[ident] = ProjectRow(ident, ident, limits={"atlas": (1, 1)}, policy=policy)
    with Simulator(made) as large:
        adapter, context = adapter_at(large.url), context_at(large.url)
        with pytest.raises(Refused, match="122 projects are more than one correction holds"):
            do(adapter.plan(context, wish("model.deny", "atlas")))
        part = do(adapter.plan(context, wish("model.deny", "atlas", projects="live, proj_more007")))
        assert len(part.requests) == 2


def test_watched_models_spare_reading_the_limits(server, context):
    adapter = adapter_at(server.url, models="atlas, ft:atlas:ours")
    assert [one.key for one in do(adapter.status(context)).surfaces] == ["atlas", "ft:atlas:ours"]
    assert not [one for one in server.requests() if "rate_limits" in one.path]
    planned = do(adapter.plan(context, wish("model.deny", "ft:atlas:ours")))
    assert planned.params["ids"] == "ft:atlas:ours"


@pytest.mark.parametrize("wrong", ["http://api.openai.com/v1", "https://user@api.openai.com", "https://x/?a=b"])
def test_settings_take_no_address_that_would_show_the_key(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({"base_url": wrong})


@pytest.mark.parametrize(
    ("lever", "selector", "params"),
    [("model.deny", "atlas", {}), ("member.remove", "user-1", {"project": "live"})],
)
def test_behind_the_guard(lever, selector, params):
    with Simulator(site(lag_s=0.1)) as slow:
        plane = plane_of("openai_admin", settings(slow.url), SECRETS, CALLERS)
        asked = Wish(lever=lever, selector=selector, surface_key="atlas", params=params)
        planned = do(whole_story(plane, asked))
        sent = [(one.method, one.target, one.body.decode()) for one in slow.requests()]
        for request in (*planned.requests, *planned.revert):
            assert (request.method, f"/v1{request.path}", request.body) in sent


def test_a_key_is_deleted_behind_the_guard_and_its_end_is_measured(server):
    plane = plane_of("openai_admin", settings(server.url), SECRETS, CALLERS)

    async def story():
        try:
            planned = await plane.plan(wish("key.delete", "key_1"))
            await plane.apply(planned)
            back = await plane.read_back(planned)
            seen = await until(
                lambda: plane.probe(planned, plane.credential_for(planned.selector)),
                lambda one: one.outcome == "refused", 30.0,
            )  # fmt: skip
            return back.verdict, seen.outcome
        finally:
            await plane.aclose()

    assert do(story()) == ("in-effect", "refused")


def test_the_audit_log_says_who_gave_it_back(server, adapter, context):
    async def story():
        rate = await adapter.plan(context, wish("project.rpm", "live", model="atlas", rpm="1"))
        member = await adapter.plan(context, wish("member.remove", "user-1", project="live"))
        assert await adapter.changes(context, rate, 0) == []
        await adapter.apply(context, rate)
        await adapter.revert(context, rate)
        await adapter.apply(context, member)
        server.poke(lambda rows: rows.write_log("role.assignment.created", "user-1", "mallory@example.org"))
        server.poke(lambda rows: rows.write_log("rate_limit.updated", "rl-another-model", "mallory@example.org"))
        limits = await adapter.changes(context, rate, 0)
        assert {one.what for one in limits} == {
            "rate_limit.updated rl-atlas (Default project)", "rate_limit.updated rl-atlas-2026-01-31 (Default project)",
        }  # fmt: skip
        assert {one.who for one in limits} == {"owner@example.org with the key key_admin"}
        assert await adapter.changes(context, rate, limits[0].at_ms + 1000) == []
        [added] = await adapter.changes(context, member, 0)
        assert (added.who, added.what) == (
            "mallory@example.org with the key key_admin", "role.assignment.created user-1 (Default project)",
        )  # fmt: skip
        policy = await adapter.plan(context, wish("project.models", "live", model="atlas"))
        assert await adapter.changes(context, policy, 0) is None, "the description has no event for it"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ({"type": "session", "session": {"user": {"id": "user-2", "email": "a@example.org"}}}, "a@example.org"),
        ({"type": "session", "session": {}}, "somebody"),
        (
            {
                "type": "api_key",
                "api_key": {"id": "key_1", "type": "service_account", "service_account": {"id": "svc"}},
            },
            "svc with the key key_1",
        ),
        (None, "somebody with the key unknown"),
    ],
)
def test_whoever_did_it_is_named_as_far_as_the_log_names_them(actor, who):
    assert wire.Event(type="user.added", effective_at=1, actor=actor).who == who
