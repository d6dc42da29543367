"""The Google Vertex AI adapter: through the kit, its policies and operations, what it refuses and what it concludes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, Bent, reply
from adapters.contract import Malformed, NotSent, OutcomeUnknown, Refused, Stale, Throttled, Wish
from adapters.google_vertex import ADAPTER, policies
from adapters.google_vertex.simulated import ATLAS, BOREALIS, CANARY_TOKEN, PLACE, PROJECT, deployed
from adapters.google_vertex.simulated import CANARY as CANARY_EMAIL
from adapters.google_vertex.simulated import CONSOLE as CONSOLE_EMAIL
from adapters.simulator import Simulator
from console.providers.replanned import plan_differs
from tests.adapters.authority import authority
from tests.adapters.google_kit import (
    CANARY,
    Impatient,
    adapter_at,
    context_at,
    service_key,
    settings,
    site,
    verify,
)
from tests.adapters.test_behind_the_guard import plane_of, whole_story

MAIN, PAIR = "endpoints/9001", "endpoints/9002"


def wish(lever, selector="", surface="", direction="contain", **params):
    return Wish(lever=lever, selector=selector, surface_key=surface, params=params, direction=direction)


WISHES = {
    "principal.deny": wish("principal.deny", CANARY, ATLAS),
    "project.deny": wish("project.deny", PROJECT, ATLAS),
    "model.forbid": wish("model.forbid", ATLAS, ATLAS),
    "endpoint.quiet": wish("endpoint.quiet", "9001", MAIN),
    "deployment.undeploy": wish("deployment.undeploy", "9001/11", MAIN),
    "principal.no-tuning": wish("principal.no-tuning", CANARY),
    "model.no-tuning": wish("model.no-tuning", "atlas-1.5-002"),
    "model.rpm": wish("model.rpm", "google/atlas-1.5-002", rpm="5"),
    "deployment.aside": wish("deployment.aside", "22", PAIR),
    "job.cancel": wish("job.cancel", "batchPredictionJobs/31"),
    "model.cancel-work": wish("model.cancel-work", "atlas-1.5-002"),
}
MEASURED = [name for name, one in WISHES.items() if one.surface_key and name != "deployment.aside"]


@pytest.fixture
def server():
    with Simulator(site(lag_s=0.0)) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


def plan(adapter, context, *about, **params):
    return asyncio.run(adapter.plan(context, wish(*about, **params)))


class _Google(AdapterConformance):
    probe_credential = "caller"
    settles_within_s = 30.0


class TestMeasured(_Google):
    @pytest.fixture(params=MEASURED)
    def wish(self, request):
        return WISHES[request.param]


class TestUnmeasured(_Google):
    probes_measure = False

    @pytest.fixture(params=[name for name in WISHES if name not in MEASURED])
    def wish(self, request):
        return WISHES[request.param]


# -- what is there -----------------------------------------------------------------------------------------------------


def test_endpoints_and_watched_models_are_surfaces_page_by_page(server, adapter, context):
    found = asyncio.run(adapter.discover(context))
    assert [(one.key, one.name, one.model) for one in found] == [
        (MAIN, "main", "cirrus"), (PAIR, "pair", "cirrus"), ("endpoints/9003", "spare", "spare"),
        (BOREALIS, "anthropic/borealis-4@20260101", "borealis-4@20260101"),
        (ATLAS, "google/atlas-1.5-002", "atlas-1.5-002"),
    ]  # fmt: skip
    assert [one.query.get("pageToken") for one in server.requests() if one.path.endswith("/endpoints")] == [None, "2"]


def test_a_watched_model_that_google_has_not_is_no_surface(server, context):
    elsewhere = adapter_at(server.url, models="google/none-1, google/atlas-1.5-002")
    assert ATLAS in {one.key for one in asyncio.run(elsewhere.discover(context))}
    assert len(asyncio.run(elsewhere.status(context)).surfaces) == 4


def test_status_says_what_is_stopped_and_by_what(server, adapter, context):
    def told():
        return {one.key: (one.state, one.restrictions) for one in asyncio.run(adapter.status(context)).surfaces}

    assert told() == {
        MAIN: ("serving", ()), PAIR: ("serving", ()), "endpoints/9003": ("stopped", ("nothing is deployed",)),
        ATLAS: ("serving", ()), BOREALIS: ("serving", ()),
    }  # fmt: skip
    for lever, selector in (("model.forbid", ATLAS), ("model.no-tuning", BOREALIS), ("endpoint.quiet", "main")):
        asyncio.run(adapter.apply(context, plan(adapter, context, lever, selector)))
    now = told()
    assert now[MAIN] == ("stopped", ("it is sent no traffic",))
    assert now[ATLAS] == ("stopped", ("denied by the organisation's policy",))
    assert now[BOREALIS] == ("serving", ("not to be tuned, by the organisation's policy",))
    asyncio.run(adapter.apply(context, plan(adapter, context, "project.deny")))
    assert {state for state, _ in told().values()} == {"stopped"}


def test_a_policy_that_may_not_be_read_makes_models_unknown_and_nothing_else(server, adapter, context):
    server.poke(lambda rows: setattr(rows, "unreadable", ("vertexai.allowedModels", "denypolicies")))
    status = asyncio.run(adapter.status(context))
    assert {one.key: one.state for one in status.surfaces}[ATLAS] == "unknown"
    assert {one.key: one.state for one in status.surfaces}[MAIN] == "serving"
    assert "may not read it" in status.facts["organisation policy"]
    with pytest.raises(Refused, match="403"):
        plan(adapter, context, "model.forbid", ATLAS)


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("principal.deny", "canary@desk.example"), "say who"),
        (wish("principal.deny", "user:nobody"), "say who"),
        (wish("principal.deny", f"serviceAccount:{CONSOLE_EMAIL}"), "shut itself out"),
        (wish("principal.deny", f"serviceAccount:{CONSOLE_EMAIL.upper()}"), "shut itself out"),
        (wish("principal.deny", CANARY, "endpoints/9999"), "no such endpoint"),
        (wish("principal.deny", CANARY, "publishers/google/models/other"), "no surface"),
        (wish("principal.deny", CANARY, direction="restore"), "nothing to lift"),
        (wish("project.deny", "other-project"), "and no other"),
        (wish("model.forbid", "google/unwatched-1"), "name it in the settings"),
        (wish("model.forbid", ATLAS, BOREALIS), "a surface of its own"),
        (wish("model.forbid", ATLAS, direction="restore"), "nothing to lift"),
        (wish("model.rpm", ATLAS, rpm="601"), "more, not less"),
        (wish("model.rpm", ATLAS), "takes rpm"),
        (wish("endpoint.quiet", "9001", PAIR), "an endpoint of its own"),
        (wish("endpoint.quiet", "9999"), "0 endpoints"),
        (wish("endpoint.quiet", "pair", direction="restore"), "traffic already"),
        (wish("deployment.aside", "9001/11"), "use endpoint.quiet"),
        (wish("deployment.aside", "9001/77"), "not deployed there"),
        (wish("deployment.undeploy", "9002/delta"), r"9002/21 \(cirrus\), 9002/22 \(delta\), 9002/23"),
        (wish("deployment.undeploy", "", PAIR), "say which model of pair"),
        (wish("deployment.undeploy", "", "endpoints/9003"), "none is deployed"),
        (wish("deployment.undeploy", ATLAS, ATLAS), "it is no endpoint"),
        (wish("model.forbid", "", MAIN), "no model of the Model Garden"),
        (wish("deployment.undeploy", "9001/11", direction="restore"), "lift the correction itself"),
        (wish("job.cancel", "pipelineJobs/1"), "say which job"),
        (wish("job.cancel", "batchPredictionJobs/99"), "say which job"),
        (wish("job.cancel", "../../x"), "say which job"),
        (wish("job.cancel", "tuningJobs/41", BOREALIS), "works with .*atlas-1.5-002, which is a surface of its own"),
        (wish("job.cancel", "tuningJobs/41", direction="restore"), "no call that undoes"),
        (wish("model.cancel-work", BOREALIS), "nothing of publishers"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, asked))


@pytest.mark.parametrize(
    "wrong",
    [
        {"project": "Desk"}, {"location": "us-central1/x"}, {"service_account": "me"}, {"models": "atlas"},
        {"policy_at": "projects/1"}, {"sample": "{"}, {"endpoint": "http://vertex.example"}, {"quota": "compute/x"},
        {"endpoint": "https://me@vertex.example"},
    ],
)  # fmt: skip
def test_settings_that_would_lead_elsewhere_are_refused(wrong):
    with pytest.raises(ValidationError):
        adapter_at("http://127.0.0.1:1", **wrong)


def test_without_an_address_it_speaks_to_googles_own():
    given = {**settings("http://127.0.0.1:1"), "endpoint": ""}
    made = adapter_at("", **given)
    assert made.base_url() == "https://us-central1-aiplatform.googleapis.com"
    assert adapter_at("", **{**given, "location": "global"}).base_url() == "https://aiplatform.googleapis.com"
    assert adapter_at("", **{**given, "location": "eu"}).base_url() == "https://aiplatform.eu.rep.googleapis.com"
    assert made.access().sign_in.url == "https://oauth2.googleapis.com/token"
    assert dict(made.access().services) == {
        "aiplatform": made.base_url(), "orgpolicy": "https://orgpolicy.googleapis.com",
        "iam": "https://iam.googleapis.com", "serviceusage": "https://serviceusage.googleapis.com",
        "cloudresourcemanager": "https://cloudresourcemanager.googleapis.com",
    }  # fmt: skip


# -- endpoints ---------------------------------------------------------------------------------------------------------


def test_a_model_is_deployed_again_as_it_was_read_under_its_own_number(adapter, context, server):
    server.poke(lambda rows: rows.endpoints["9001"]["deployedModels"][0].update(privateEndpoints={}, novelty="x"))
    planned = plan(adapter, context, "deployment.undeploy", "cirrus", MAIN)
    (away,), (back,) = planned.requests, planned.revert
    assert json.loads(away.body) == {"deployedModelId": "11"}
    made = deployed("11", "cirrus")
    for told in ("createTime", "modelVersionId"):
        del made[told]
    wanted = {"deployedModel": {**made, "model": f"{PLACE}/models/cirrus@3"}, "trafficSplit": {"0": 100}}
    assert json.loads(back.body) == wanted
    assert (planned.selector, planned.reversal) == ("9001/11", "best-effort")
    assert "not given back: novelty" in " ".join(planned.notes)


@pytest.mark.parametrize(
    ("selector", "surface"),
    [("", MAIN), (MAIN, MAIN), (MAIN, ""), ("main", ""), ("11", MAIN), ("9001/cirrus", ""), ("main/11", MAIN)],
)
def test_the_only_model_of_an_endpoint_needs_no_name(adapter, context, selector, surface):
    assert plan(adapter, context, "deployment.undeploy", selector, surface).selector == "9001/11"


def test_a_share_goes_to_the_others_and_they_are_named(server, adapter, context):
    planned = plan(adapter, context, "deployment.undeploy", "9002/21")
    assert json.loads(planned.requests[0].body)["trafficSplit"] == {"22": 50, "23": 50}
    assert json.loads(planned.revert[0].body)["trafficSplit"] == {"0": 40, "22": 30, "23": 30}
    assert "delta 50 %, delta 50 %" in " ".join(planned.notes)
    asyncio.run(adapter.apply(context, planned))
    asyncio.run(adapter.revert(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).fields == dict(planned.pre)


@pytest.mark.parametrize("split", [{"1": 34, "2": 33, "3": 33}, {"1": 1, "2": 98, "3": 1}, {"1": 97, "2": 2, "3": 1}])
def test_a_split_stays_whole(split):
    from adapters.google_vertex.endpoints import without

    for ident in split:
        then = without(split, ident)
        assert sum(then.values()) == 100
        assert set(then) == set(split) - {ident}
    assert without({"1": 100, "2": 0}, "2") == {"1": 100}


@pytest.mark.parametrize("back", [False, True])
def test_a_traffic_that_others_changed_is_not_overwritten(server, adapter, context, back):
    planned = plan(adapter, context, "deployment.aside", "9002/21")
    if back:
        asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: rows.endpoints["9002"].update(trafficSplit={"23": 100}))
    server.forget()
    with pytest.raises(Stale, match="nothing was sent"):
        asyncio.run((adapter.revert if back else adapter.apply)(context, planned))
    assert {one.method for one in server.requests()} == {"GET"}


def test_the_only_deployed_model_gets_all_traffic_again(adapter, context):
    asyncio.run(adapter.apply(context, plan(adapter, context, "endpoint.quiet", "main")))
    lift = plan(adapter, context, "endpoint.quiet", "main", direction="restore")
    assert lift.wanted == {"traffic": '{"11":100}'}
    asyncio.run(adapter.apply(context, plan(adapter, context, "endpoint.quiet", "pair")))
    with pytest.raises(Refused, match="lift the correction itself"):
        plan(adapter, context, "endpoint.quiet", "pair", direction="restore")


def test_an_endpoint_that_is_gone_cannot_be_told(server, adapter, context):
    planned = plan(adapter, context, "endpoint.quiet", "main")
    server.poke(lambda rows: rows.endpoints.pop("9001"))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"


# -- operations --------------------------------------------------------------------------------------------------------


def test_an_operation_that_outlasts_the_step_is_accepted_and_told_by_the_read_back():
    with Simulator(site(lag_s=3600.0)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url, kind=Impatient)
        planned = plan(adapter, context, "deployment.undeploy", "9001/11")
        receipt = asyncio.run(adapter.apply(context, planned))
        assert (receipt.outcome, "goes on" in receipt.detail) == ("accepted", True)
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


@pytest.mark.parametrize("keep", [False, True])
def test_an_operation_that_google_gives_up(server, adapter, context, keep):
    planned = plan(adapter, context, "deployment.undeploy", "9001/11")
    server.poke(lambda rows: (setattr(rows, "fail_next", 8), setattr(rows, "fail_and_keep", keep)))
    if keep:
        assert asyncio.run(adapter.apply(context, planned)).outcome == "accepted"
        return
    with pytest.raises(Refused, match=r"gave up \(code 8\); nothing was changed"):
        asyncio.run(adapter.apply(context, planned))


def test_an_operation_that_failed_and_left_something_is_unknown(server, adapter, context):
    planned = plan(adapter, context, "deployment.undeploy", "9002/21")
    answer = reply(200, b'{"name":"operations/1","done":true,"error":{"code":13}}')

    class Changed(Bent):
        async def send(self, request):
            server.poke(lambda rows: rows.endpoints["9002"].update(trafficSplit={"22": 100}))
            return answer

        async def call(self, *about, **more):
            return await self._inner.call(*about, **more)

    with pytest.raises(OutcomeUnknown, match="gave up"):
        asyncio.run(adapter.apply(Changed(context), planned))


@pytest.mark.parametrize("name", ["https://elsewhere.example/operations/1", "../operations/1", "operations/1?x=y"])
def test_an_operations_name_that_leads_elsewhere_is_not_followed(adapter, context, name):
    from adapters.conformance import Overheard
    from adapters.google_vertex.operating import end_of

    heard = Overheard(context)
    body = json.dumps({"name": name}).encode()
    assert asyncio.run(end_of(heard, "aiplatform", reply(200, body))).how == "going-on"
    assert heard.calls == []


# -- the organisation's policy -----------------------------------------------------------------------------------------

OURS = [f"{ATLAS}:{action}" for action in ("predict", "deploy", "tune")]
OTHER = "publishers/google/models/other:predict"
TAGGED = {"condition": {"expression": "resource.matchTag('1/env', 'test')"}, "allowAll": True}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, {"inheritFromParent": True, "rules": [{"values": {"deniedValues": OURS}}]}),
        ({"rules": [{"allowAll": True}]}, {"rules": [{"values": {"deniedValues": OURS}}]}),
        (
            {"inheritFromParent": True, "rules": [TAGGED]},
            {"inheritFromParent": True, "rules": [TAGGED, {"values": {"deniedValues": OURS}}]},
        ),
        (
            {"rules": [{"values": {"deniedValues": [OTHER, f"is:{OURS[0]}"]}}]},
            {"rules": [{"values": {"deniedValues": [OTHER, f"is:{OURS[0]}", *OURS[1:]]}}]},
        ),
        (
            {"rules": [{"values": {"allowedValues": [OTHER, f"is:{OURS[0]}"]}}]},
            {"rules": [{"values": {"allowedValues": [OTHER]}}]},
        ),
        ({"rules": [{"values": {"allowedValues": OURS[:1]}}]}, {"rules": [{"denyAll": True}]}),
    ],
)
def test_a_policy_is_changed_by_this_model_only(server, adapter, context, before, after):
    if before is not None:
        server.poke(lambda rows: rows.policies.update({f"projects/{PROJECT}": before}))
    planned = plan(adapter, context, "model.forbid", ATLAS)
    assert json.loads(planned.wanted["policy"]) == after
    asyncio.run(adapter.apply(context, planned))
    assert server.site.state.policies == {f"projects/{PROJECT}": after}
    asyncio.run(adapter.revert(context, planned))
    assert server.site.state.policies == ({} if before is None else {f"projects/{PROJECT}": before})


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"rules": [{"denyAll": True}]}, "denies every model already"),
        ({"rules": [{"allowAll": True}, {"denyAll": True}]}, "several rules"),
        ({"reset": True}, "set.* everything back"),
        ({"rules": [{"values": {"deniedValues": [f"{OTHER}{n}" for n in range(498)]}}]}, "500 values"),
        ({"rules": [{"values": {"allowedValues": OURS[:1], "deniedValues": [OTHER]}}]}, "no other model"),
    ],
)
def test_a_policy_that_has_to_be_changed_by_hand_is_left_alone(server, adapter, context, spec, why):
    server.poke(lambda rows: rows.policies.update({f"projects/{PROJECT}": spec}))
    with pytest.raises(Refused, match=why):
        plan(adapter, context, "model.forbid", ATLAS)


def test_a_lift_takes_away_what_names_the_model_and_no_more(server, adapter, context):
    spec = {"inheritFromParent": True, "rules": [{"values": {"deniedValues": [*OURS, OTHER]}}]}
    server.poke(lambda rows: rows.policies.update({f"projects/{PROJECT}": spec}))
    lift = plan(adapter, context, "model.forbid", ATLAS, direction="restore")
    assert json.loads(lift.wanted["policy"])["rules"] == [{"values": {"deniedValues": [OTHER]}}]
    assert policies.allowed({"inheritFromParent": True, "rules": [{"values": {"deniedValues": OURS}}]}, OURS) is None
    bare = policies.allowed({"rules": [{"values": {"deniedValues": OURS}}]}, OURS)
    assert bare == {"rules": [{"allowAll": True}]}


def test_what_others_changed_since_the_plan_is_refused_by_its_etag(server, adapter, context):
    place = f"projects/{PROJECT}"
    server.poke(lambda rows: rows.policies.update({place: {"rules": [{"values": {"deniedValues": [OTHER]}}]}}))
    planned = plan(adapter, context, "model.forbid", ATLAS)
    assert json.loads(planned.requests[0].body)["etag"]
    server.poke(lambda rows: rows.policies.update({place: {"rules": [{"allowAll": True}]}}))
    with pytest.raises(Stale, match="took nothing"):
        asyncio.run(adapter.apply(context, planned))
    assert server.site.state.policies[place] == {"rules": [{"allowAll": True}]}


@pytest.mark.parametrize("lever", ["model.forbid", "principal.deny"])
def test_the_way_back_stops_where_others_changed_it_meanwhile(server, adapter, context, lever):
    planned = plan(adapter, context, lever, ATLAS if lever == "model.forbid" else CANARY)
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: [one["rules"].clear() for one in (*rows.policies.values(), *rows.denials.values())])
    server.forget()
    with pytest.raises(Stale, match="nothing was sent"):
        asyncio.run(adapter.revert(context, planned))
    assert {one.method for one in server.requests()} == {"GET"}


@pytest.mark.parametrize(("inherits", "told"), [(True, False), (False, True)])
def test_a_project_that_a_folders_policy_does_not_reach_is_named(server, context, inherits, told):
    spec = {"inheritFromParent": inherits, "rules": [{"values": {"deniedValues": [OTHER]}}]}
    server.poke(lambda rows: rows.policies.update({f"projects/{PROJECT}": spec}))
    adapter = adapter_at(server.url, policy_at="folders/4711")
    planned = plan(adapter, context, "model.forbid", ATLAS)
    assert planned.requests[0].path == "/orgpolicy/v2/folders/4711/policies"
    assert ("NOT reached" in " ".join(planned.notes)) is told


@pytest.mark.parametrize(("signed_so", "verdict"), [(False, "not-in-effect"), (True, "in-effect")])
def test_a_project_that_replaces_its_folders_policy_later_is_no_longer_reached(server, context, signed_so, verdict):
    own = {"inheritFromParent": False, "rules": [{"allowAll": True}]}

    def replace_it(rows):
        rows.policies[f"projects/{PROJECT}"] = own

    if signed_so:
        server.poke(replace_it)
    adapter = adapter_at(server.url, policy_at="folders/4711")
    planned = plan(adapter, context, "model.forbid", ATLAS)
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    server.poke(replace_it)
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, "not reached" in back.detail) == (verdict, not signed_so)


# -- denials and limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "principal"),
    [
        ("user:one@desk.example", "principal://goog/subject/one@desk.example"),
        ("group:all@desk.example", "principalSet://goog/group/all@desk.example"),
        (CANARY, f"principal://iam.googleapis.com/projects/-/serviceAccounts/{CANARY_EMAIL}"),
    ],
)
def test_a_denial_names_one_principal_and_has_a_name_of_its_own(adapter, context, selector, principal):
    planned = plan(adapter, context, "principal.deny", selector)
    (rule,) = json.loads(planned.requests[0].body)["rules"]
    assert rule["denyRule"]["deniedPrincipals"] == [principal]
    assert rule["denyRule"]["deniedPermissions"][0] == "aiplatform.googleapis.com/endpoints.predict"
    ident = planned.params["policy"]
    assert planned.requests[0].path.endswith(f"%2Fprojects%2F{PROJECT}/denypolicies?policyId={ident}")
    assert (planned.revert[0].method, planned.revert[0].path.rpartition("/")[2]) == ("DELETE", ident)


def test_a_limit_is_found_by_what_the_quota_calls_the_model(server, adapter, context):
    planned = plan(adapter, context, "model.rpm", BOREALIS, rpm="0")
    (override,) = json.loads(planned.requests[0].body)["inlineSource"]["overrides"]
    assert override["dimensions"] == {"region": "us-central1", "base_model": "anthropic-borealis-4"}
    assert (planned.pre, planned.wanted) == ({"limit": "60"}, {"limit": "0"})
    asyncio.run(adapter.apply(context, planned))
    lift = plan(adapter, context, "model.rpm", BOREALIS, direction="restore")
    assert lift.wanted == {"limit": "60"}
    server.poke(lambda rows: rows.limits.pop("anthropic-borealis-4"))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"
    with pytest.raises(Refused, match="no limit a minute of its own"):
        plan(adapter, context, "model.rpm", BOREALIS, rpm="0")


def test_a_quota_that_tells_too_little_or_asks_for_more_is_refused(server, adapter, context):
    def bent(**more):
        bucket = {"dimensions": {"base_model": "atlas-1.5"}, "effectiveLimit": "600", **more}
        limit = {"unit": more.pop("unit", "1/min/{project}/{base_model}"), "quotaBuckets": [bucket]}
        others = [{"unit": "1/d/{project}"}, {"unit": "1/min/{project}/{user}"}]
        body = json.dumps({"metric": "m", "consumerQuotaLimits": [*others, limit]}).encode()
        return Bent(context, answer=reply(200, body))

    planned = plan(adapter, bent(), "model.rpm", ATLAS, rpm="5")
    (override,) = json.loads(planned.requests[0].body)["inlineSource"]["overrides"]
    assert override["dimensions"] == {"base_model": "atlas-1.5"}
    with pytest.raises(Refused, match="no limit for the model"):
        plan(adapter, bent(effectiveLimit=None), "model.rpm", ATLAS, rpm="5")
    with pytest.raises(Refused, match="lift the correction itself"):
        plan(adapter, bent(), "model.rpm", ATLAS, direction="restore")
    with pytest.raises(Malformed, match="dimensions"):
        plan(adapter, bent(unit="1/min/{project}/{base_model}/{tier}"), "model.rpm", ATLAS, rpm="5")


def test_a_denial_without_a_surface_is_shown_at_what_there_is(server, context):
    bare = adapter_at(server.url, models="")
    planned = plan(bare, context, "principal.deny", CANARY)
    assert (planned.surface_key, planned.model, planned.params["let_in"]) == (MAIN, "main", "yes")
    server.poke(lambda rows: rows.endpoints.clear())
    planned = plan(bare, context, "principal.deny", CANARY)
    assert (planned.surface_key, planned.model, planned.params["let_in"]) == ("", "", "")
    assert asyncio.run(bare.probe(context, planned, "caller")).outcome == "cannot-tell"


def test_a_caller_who_cannot_be_tried_was_not_let_in(server, adapter, context):
    class Down(Bent):
        async def call(self, *about, side="control", **more):
            if side == "callers":
                raise NotSent("down")
            return await self._inner.call(*about, **more)

    assert plan(adapter, Down(context), "principal.deny", CANARY, ATLAS).params["let_in"] == "no"
    server.poke(lambda rows: rows.garden.update({"publishers/other/models/m-1": {}}))
    other = adapter_at(server.url, models="other/m-1")
    assert plan(other, context, "principal.deny", CANARY).params["let_in"] == ""


# -- work --------------------------------------------------------------------------------------------------------------


def test_what_runs_is_counted_and_told_what_becomes_of_it(server, adapter, context):
    def counted(lever, selector, surface=""):
        found = asyncio.run(adapter.running(context, plan(adapter, context, lever, selector, surface)))
        return found and [(one.what, one.count, one.then) for one in found]

    assert counted("model.forbid", ATLAS) == [("batches", 1, "finishes"), ("jobs", 1, "finishes")]
    assert counted("model.cancel-work", ATLAS) == [("batches", 1, "stops"), ("jobs", 1, "stops")]
    assert counted("project.deny", "") == [("batches", 2, "finishes"), ("jobs", 2, "finishes")]
    assert counted("job.cancel", "customJobs/51") == [("jobs", 1, "stops")]
    assert counted("endpoint.quiet", "main") is None
    assert counted("model.forbid", BOREALIS) == []


def test_what_is_over_is_not_listed_where_google_can_leave_it_out(server, adapter, context):
    over = {f"batchPredictionJobs/{n}": {"state": "JOB_STATE_SUCCEEDED", "model": ATLAS} for n in range(60, 90)}
    server.poke(lambda rows: rows.jobs.update(over))
    planned = plan(adapter, context, "model.cancel-work", ATLAS)
    server.forget()
    assert len(asyncio.run(adapter.running(context, planned))) == 2
    assert len(server.requests()) == 3
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).fields == dict(planned.wanted)


def test_what_is_being_cancelled_still_works_and_is_not_asked_twice():
    with Simulator(site(lag_s=3600)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        planned = plan(adapter, context, "model.cancel-work", ATLAS)
        asyncio.run(adapter.apply(context, planned))
        back = asyncio.run(adapter.read_back(context, planned))
        assert (back.verdict, back.detail) == ("not-in-effect", "2 still ending")
        assert asyncio.run(adapter.running(context, planned))
        assert asyncio.run(adapter.apply(context, planned)).outcome == "already-so"
        assert plan_differs(planned, plan(adapter, context, "model.cancel-work", ATLAS), already=True) == ()
        name = next(iter(planned.wanted))
        server.poke(lambda rows: rows.jobs[name].update(state="JOB_STATE_OF_TOMORROW"))
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_ending_work_withdraws_no_model():
    """A board that took it for a shutdown would say that the model is withdrawn while it answers everybody."""
    kinds = {one.name: one.category for one in ADAPTER.manifest.levers}
    assert {kinds["job.cancel"], kinds["model.cancel-work"]} == {"use-case"}


def test_a_denial_that_lets_somebody_in_is_no_stop(server, adapter, context):
    planned = plan(adapter, context, "project.deny", "", ATLAS)
    asyncio.run(adapter.apply(context, planned))
    assert {one.state for one in asyncio.run(adapter.status(context)).surfaces} == {"stopped"}

    def let_in(rows):
        (one,) = rows.denials.values()
        one["rules"][0]["denyRule"]["exceptionPrincipals"] = ["principal://goog/subject/a@example.com"]

    server.poke(let_in)
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
    assert {one.key: one.state for one in asyncio.run(adapter.status(context)).surfaces}[ATLAS] == "serving"


def test_a_job_that_is_over_already_is_said_to_be(server, adapter, context):
    planned = plan(adapter, context, "job.cancel", "batchPredictionJobs/31")
    server.poke(lambda rows: rows.jobs["batchPredictionJobs/31"].update(state="JOB_STATE_SUCCEEDED"))
    assert asyncio.run(adapter.apply(context, planned)).outcome == "already-so"


def test_work_that_began_since_is_told(server, adapter, context):
    planned = plan(adapter, context, "model.cancel-work", ATLAS)
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    server.poke(lambda rows: rows.jobs.update({"tuningJobs/42": {"state": "JOB_STATE_RUNNING", "baseModel": ATLAS}}))
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, back.detail) == ("not-in-effect", "1 began since")


# -- what a probe concludes --------------------------------------------------------------------------------------------

DENIED = {"code": 403, "status": "PERMISSION_DENIED", "message": "Permission 'aiplatform.endpoints.predict' denied"}
POLICY = {
    "code": 400, "status": "FAILED_PRECONDITION",
    "message": "constraints/vertexai.allowedModels violated: a disallowed Gen AI model atlas-1.5-002",
}  # fmt: skip
QUIET = {"code": 400, "status": "FAILED_PRECONDITION", "message": "Endpoint x doesn't have traffic_split."}


@pytest.mark.parametrize(
    ("lever", "selector", "surface", "error", "outcome"),
    [
        ("principal.deny", CANARY, ATLAS, DENIED, "refused"),
        ("principal.deny", CANARY, ATLAS, {**DENIED, "message": "denied"}, "cannot-tell"),
        ("principal.deny", "user:other@desk.example", ATLAS, DENIED, "cannot-tell"),
        ("principal.deny", CANARY, ATLAS, POLICY, "cannot-tell"),
        ("model.forbid", ATLAS, ATLAS, POLICY, "refused"),
        ("model.forbid", ATLAS, ATLAS, DENIED, "cannot-tell"),
        ("model.forbid", BOREALIS, BOREALIS, POLICY, "cannot-tell"),
        ("model.forbid", ATLAS, ATLAS, QUIET, "cannot-tell"),
        ("endpoint.quiet", "main", MAIN, QUIET, "refused"),
        ("endpoint.quiet", "main", MAIN, {**QUIET, "code": 404, "status": "NOT_FOUND"}, "cannot-tell"),
        ("deployment.undeploy", "9001/11", MAIN, QUIET, "refused"),
        ("deployment.undeploy", "9001/11", MAIN, POLICY, "cannot-tell"),
    ],
)
def test_only_the_levers_own_refusal_counts(adapter, context, lever, selector, surface, error, outcome):
    planned = plan(adapter, context, lever, selector, surface)
    bent = Bent(context, answer=reply(error["code"], json.dumps({"error": error}).encode()))
    assert asyncio.run(adapter.probe(bent, planned, "caller")).outcome == outcome
    listed = Bent(context, answer=reply(error["code"], json.dumps([{"error": error}]).encode()))
    assert asyncio.run(adapter.probe(listed, planned, "caller")).outcome == outcome


def test_a_caller_who_was_never_let_in_proves_no_denial(server, adapter, context):
    asyncio.run(adapter.apply(context, plan(adapter, context, "project.deny")))
    planned = plan(adapter, context, "principal.deny", CANARY, ATLAS)
    asyncio.run(adapter.apply(context, planned))
    seen = asyncio.run(adapter.probe(context, planned, "caller"))
    assert (planned.params["let_in"], seen.outcome, "not seen let in" in seen.detail) == ("no", "cannot-tell", True)


@pytest.mark.parametrize(
    ("lever", "selector", "surface", "credential"),
    [
        ("model.no-tuning", ATLAS, "", "caller"),
        ("model.rpm", ATLAS, "", "caller"),
        ("model.forbid", ATLAS, ATLAS, None),
    ],
)
def test_what_cannot_be_tried_is_not_tried(server, adapter, context, lever, selector, surface, credential):
    params = {"rpm": "5"} if lever == "model.rpm" else {}
    planned = plan(adapter, context, lever, selector, surface, **params)
    server.forget()
    assert asyncio.run(adapter.probe(context, planned, credential)).outcome == "cannot-tell"
    assert server.requests() == []


def test_a_publisher_whose_calls_are_not_known_is_not_called(server, context):
    server.poke(lambda rows: rows.garden.update({"publishers/other/models/m-1": {}}))
    adapter = adapter_at(server.url, models="other/m-1")
    planned = plan(adapter, context, "model.forbid", "m-1")
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "cannot-tell"


@pytest.mark.parametrize("fault", [NotSent("x"), Throttled("x", 1.0), Refused("x"), Malformed("x")])
def test_a_probe_without_an_answer_concludes_nothing(adapter, context, fault):
    planned = plan(adapter, context, "principal.deny", CANARY, ATLAS)
    assert asyncio.run(adapter.probe(Bent(context, fault=fault), planned, "caller")).outcome == "cannot-tell"
    silent = replace(planned, params={**planned.params, "let_in": ""})
    assert asyncio.run(adapter.probe(context, silent, "caller")).outcome == "passed"


@pytest.mark.parametrize(
    "name", ["endpoint.quiet", "deployment.undeploy", "deployment.aside", "model.rpm", "job.cancel"]
)
def test_who_plans_when_it_is_so_already_reads_what_was_signed(adapter, context, name):
    signed = asyncio.run(adapter.plan(context, WISHES[name]))
    asyncio.run(adapter.apply(context, signed))
    found = asyncio.run(adapter.plan(context, replace(WISHES[name], selector=signed.selector)))
    assert plan_differs(signed, found, already=True) == ()


# -- as the console runs it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in MEASURED if name != "endpoint.quiet"])
def test_behind_the_guard_with_keys_that_are_exchanged(name):
    with Simulator(site(lag_s=0.0, verify=verify)) as server:
        secrets = {"service-account-key": service_key(CONSOLE_EMAIL)[0], "caller": service_key(CANARY_EMAIL)[0]}
        probes = dict.fromkeys((CANARY, PROJECT, ATLAS, "9001/11"), "caller")
        plane = plane_of("google_vertex", settings(server.url), secrets, probes)
        planned = asyncio.run(whole_story(plane, WISHES[name]))
        sent = {(one.method, one.target, one.body.decode()) for one in server.requests()}
        for request in (*planned.requests, *planned.revert):
            service, _, path = request.path.removeprefix("/").partition("/")
            assert (request.method, f"/{path}", request.body) in sent, service
        assert all(CANARY_TOKEN not in one.target for one in server.requests())


def test_over_tls_as_google_is_reached():
    with Simulator(site(lag_s=0.0), tls=authority().serving()) as server:
        context = context_at(server.url, tls=authority().trusting())
        adapter = adapter_at(server.url)
        planned = plan(adapter, context, "principal.deny", CANARY, ATLAS)
        asyncio.run(adapter.apply(context, planned))
        assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "refused"
        assert all(one.secure for one in server.requests())


def test_a_key_of_another_account_sends_nothing():
    with Simulator(site(verify=verify)) as server:
        secrets = {"service-account-key": service_key(CANARY_EMAIL)[0]}
        plane = plane_of("google_vertex", settings(server.url), secrets)

        async def story():
            with pytest.raises(NotSent, match="another account"):
                await plane.status()
            await plane.aclose()

        asyncio.run(story())
        assert server.requests() == []


def test_what_is_written_bites_later_and_until_then_the_probe_passes():
    now = [1000.0]
    with Simulator(site(lag_s=100.0), monotonic=lambda: now[0]) as server:
        for lever, selector in (("model.forbid", ATLAS), ("project.deny", "")):
            adapter, context = adapter_at(server.url), context_at(server.url, kind=Impatient)
            planned = plan(adapter, context, lever, selector, ATLAS)
            asyncio.run(adapter.apply(context, planned))
            assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
            assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "passed"
            now[0] += 101.0
            assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "refused"
            asyncio.run(adapter.revert(context, planned))
            now[0] += 101.0
            assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "passed"
