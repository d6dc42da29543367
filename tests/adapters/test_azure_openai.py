"""The Azure OpenAI adapter: through the kit, its long operations, and what it refuses and concludes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.azure_openai.adapter import AzureOpenAI
from adapters.azure_openai.simulator import ACCOUNT, CALLER_KEY, CLIENT_SECRET, PATH
from adapters.conformance import AdapterConformance, Bent, reply
from adapters.contract import Malformed, OutcomeUnknown, Refused, Stale, Throttled, Wish
from adapters.simulator import Answer, Simulator
from tests.adapters.azure_kit import adapter_at, context_at, impatient_at, settings, site
from tests.adapters.mutants import failures
from tests.adapters.test_behind_the_guard import plane_of, whole_story

PAUSE = Wish(lever="deployment.pause", selector="atlas", surface_key="atlas")
WISHES = {
    "deployment.pause": PAUSE,
    "words.forbid": Wish(lever="words.forbid", selector="atlas", surface_key="", params={"term": "forbidden matter"}),
    "network.close": Wish(lever="network.close", selector=ACCOUNT, surface_key="atlas"),
    "keys.off": Wish(lever="keys.off", selector="", surface_key="atlas"),
    "deployment.delete": Wish(lever="deployment.delete", selector="atlas", surface_key="atlas"),
    "deployment.capacity": Wish(
        lever="deployment.capacity", selector="atlas", surface_key="", params={"capacity": "1"}
    ),
    "deployment.filter": Wish(lever="deployment.filter", selector="atlas", surface_key="atlas"),
}
UNMEASURED = ("deployment.capacity", "deployment.filter")


@pytest.fixture
def server():
    with Simulator(site(lag_s=0.02)) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return adapter_at(server.url)


@pytest.fixture
def context(server):
    return context_at(server.url)


def plan(adapter, context, lever, selector="atlas", direction="contain", **params):
    wish = Wish(lever=lever, selector=selector, surface_key="", params=params, direction=direction)
    return asyncio.run(adapter.plan(context, wish))


class _Azure(AdapterConformance):
    probe_credential = "caller"
    settles_within_s = 30.0


class TestMeasured(_Azure):
    @pytest.fixture(params=[name for name in WISHES if name not in UNMEASURED])
    def wish(self, request):
        return WISHES[request.param]


class TestUnmeasured(_Azure):
    probes_measure = False

    @pytest.fixture(params=UNMEASURED)
    def wish(self, request):
        return WISHES[request.param]


# -- what is there -----------------------------------------------------------------------------------------------------


def test_every_deployment_is_a_surface_page_by_page(server, adapter, context):
    found = asyncio.run(adapter.discover(context))
    assert [(one.key, one.model, one.detail) for one in found] == [
        ("atlas", "atlas-large 2025-08-07", "Standard"), ("borealis", "borealis 2025-08-07", "Standard"),
        ("cirrus", "cirrus 2025-08-07", "ProvisionedManaged"),
    ]  # fmt: skip
    assert [one.query.get("$skipToken") for one in server.requests()] == [None, "2"]


def test_a_next_page_elsewhere_is_not_followed(adapter, context):
    page = {"value": [], "nextLink": "https://elsewhere.example/subscriptions/x?token=1"}
    with pytest.raises(Malformed, match="not its own"):
        asyncio.run(adapter.discover(Bent(context, answer=reply(200, json.dumps(page).encode()))))
    same = {"value": [], "nextLink": f"{PATH}/deployments?api-version=2025-09-01"}
    with pytest.raises(Malformed, match="no end"):
        asyncio.run(adapter.discover(Bent(context, answer=reply(200, json.dumps(same).encode()))))


def test_status_says_which_doors_are_shut_and_what_is_paused(server, adapter, context):
    for lever in ("deployment.pause", "deployment.filter"):
        asyncio.run(adapter.apply(context, plan(adapter, context, lever)))
    asyncio.run(adapter.apply(context, plan(adapter, context, "keys.off", "")))
    told = {one.key: (one.state, one.restrictions) for one in asyncio.run(adapter.status(context)).surfaces}
    assert told["atlas"] == ("stopped", ("takes no keys", "filtered strictly", "paused"))
    assert told["borealis"] == ("serving", ("takes no keys",))
    asyncio.run(adapter.apply(context, plan(adapter, context, "network.close", "")))
    assert {one.state for one in asyncio.run(adapter.status(context)).surfaces} == {"stopped"}
    server.poke(lambda rows: rows.account["properties"].update(privateEndpointConnections=[{"id": "p"}]))
    told = {one.key: one.state for one in asyncio.run(adapter.status(context)).surfaces}
    assert (told["atlas"], told["borealis"]) == ("stopped", "serving")


@pytest.mark.parametrize(("bypass", "state"), [("AzureServices", "serving"), ("None", "stopped")])
def test_a_closed_account_that_trusts_azures_services_is_not_shut(server, adapter, context, bypass, state):
    server.poke(lambda rows: rows.account["properties"].update(networkAcls={"bypass": bypass, "ipRules": []}))
    planned = plan(adapter, context, "network.close", "")
    assert any("Azure trusts" in note for note in planned.notes) is (state == "serving")
    asyncio.run(adapter.apply(context, planned))
    seen = {one.key: one for one in asyncio.run(adapter.status(context)).surfaces}["borealis"]
    assert seen.state == state
    assert ("services that Azure trusts still come in" in seen.restrictions) is (state == "serving")


def test_a_cloud_without_the_preview_says_that_pauses_are_not_told(server, adapter, context):
    server.poke(lambda rows: setattr(rows, "previews", False))
    status = asyncio.run(adapter.status(context))
    assert "not told here" in status.facts["paused"]
    assert len(status.surfaces) == 3
    with pytest.raises(Refused):
        plan(adapter, context, "deployment.pause")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (Wish(lever="deployment.pause", selector="", surface_key=""), "say which deployment"),
        (
            Wish(lever="deployment.pause", selector="cirrus", surface_key=""),
            "ProvisionedManaged, which cannot be paused",
        ),
        (Wish(lever="deployment.pause", selector="atlas", surface_key="cirrus"), "a deployment of its own"),
        (replace(WISHES["deployment.capacity"], params={"capacity": "121"}), "more, not less"),
        (replace(WISHES["deployment.capacity"], params={"capacity": "0"}), "takes capacity"),
        (replace(WISHES["deployment.capacity"], params={}, direction="restore"), "does not keep how much"),
        (replace(WISHES["deployment.delete"], direction="restore"), "by hand"),
        (replace(WISHES["words.forbid"], params={"term": " x"}), "takes term"),
        (replace(WISHES["words.forbid"], selector="cirrus"), "does not block what is asked by standdown-blocked"),
        (replace(WISHES["network.close"], selector="gone", surface_key=""), "no deployment called gone"),
        (replace(WISHES["network.close"], selector="cirrus"), "a deployment of its own"),
        (replace(WISHES["keys.off"], surface_key="gone"), "no deployment called gone"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish))


def test_what_is_prepared_in_peace_has_to_be_there(server, adapter, context):
    server.poke(lambda rows: (rows.things.pop(("raiPolicies", "standdown-strict")),
                              rows.things.pop(("raiBlocklists", "standdown-blocked"))))  # fmt: skip
    for lever, params in (("deployment.filter", {}), ("words.forbid", {"term": "x"})):
        with pytest.raises(Refused, match="prepare it once"):
            plan(adapter, context, lever, **params)


def test_a_group_that_is_not_there_is_no_deployment_that_is_gone(server, context):
    elsewhere = adapter_at(server.url, resource_group="other")
    planned = plan(adapter_at(server.url), context, "deployment.delete")
    with pytest.raises(Refused, match="ResourceGroupNotFound"):
        asyncio.run(elsewhere.read_back(context, planned))
    page = Bent(context, answer=reply(404, b"<html>no such page</html>", "text/html"))
    with pytest.raises(Refused):
        asyncio.run(adapter_at(server.url).read_back(page, planned))


# -- exact requests ----------------------------------------------------------------------------------------------------


def test_a_filter_puts_the_whole_deployment_back_as_it_was_read(server, adapter, context):
    planned = plan(adapter, context, "deployment.filter")
    there, back = (json.loads(one.body) for one in (*planned.requests, *planned.revert))
    assert there["properties"].pop("raiPolicyName") == "standdown-strict"
    assert back["properties"].pop("raiPolicyName") == "guarded"
    assert there == back == {
        "sku": {"name": "Standard", "capacity": 120},
        "properties": {
            "model": {"format": "OpenAI", "name": "atlas-large", "version": "2025-08-07"},
            "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
        },
    }  # fmt: skip


@pytest.mark.parametrize("back", [False, True])
def test_what_changed_beside_the_filter_is_not_put_back_with_it(server, adapter, context, back):
    planned = plan(adapter, context, "deployment.filter")
    if back:
        asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: rows.things["deployments", "atlas"]["sku"].update(capacity=5))
    server.forget()
    with pytest.raises(Stale, match="nothing was sent"):
        asyncio.run((adapter.revert if back else adapter.apply)(context, planned))
    assert {one.method for one in server.requests()} == {"GET"}
    assert server.site.state.things["deployments", "atlas"]["sku"]["capacity"] == 5


def test_a_restore_takes_only_the_strict_filter_away(server, adapter, context):
    assert plan(adapter, context, "deployment.filter", direction="restore").wanted == {"raiPolicyName": '"guarded"'}
    asyncio.run(adapter.apply(context, plan(adapter, context, "deployment.filter")))
    lift = plan(adapter, context, "deployment.filter", direction="restore")
    assert lift.wanted == {"raiPolicyName": '"Microsoft.DefaultV2"'}
    assert "not kept by Azure" in lift.notes[0]


def test_a_term_is_one_entry_and_says_whom_it_reaches(server, adapter, context):
    planned = plan(adapter, context, "words.forbid", term="forbidden matter")
    (request,), (back,) = planned.requests, planned.revert
    assert json.loads(request.body) == {"properties": {"isRegex": False, "pattern": "forbidden matter"}}
    assert (request.path, back.method) == (back.path, "DELETE")
    assert planned.notes == ("reaches every deployment whose filter uses standdown-blocked: atlas, borealis",)
    asyncio.run(adapter.apply(context, planned))
    lift = plan(adapter, context, "words.forbid", direction="restore", term="forbidden matter")
    assert asyncio.run(adapter.apply(context, lift)).outcome == "accepted"
    assert asyncio.run(adapter.apply(context, lift)).outcome == "already-so"


@pytest.mark.parametrize("selector", ["", ACCOUNT, "borealis"])
def test_a_door_is_chosen_by_the_account_or_by_a_deployment_behind_it(adapter, context, selector):
    planned = plan(adapter, context, "network.close", selector)
    assert (planned.selector, planned.selectors) == (ACCOUNT, 0)
    assert planned.surface_key == ("borealis" if selector == "borealis" else "atlas")


def test_the_account_is_opened_again_as_its_doors_were(server, adapter, context):
    server.poke(lambda rows: rows.account["properties"].pop("publicNetworkAccess"))
    planned = plan(adapter, context, "network.close", "")
    assert json.loads(planned.revert[0].body) == {"properties": {"publicNetworkAccess": "Enabled"}}
    assert "atlas, borealis, cirrus" in planned.notes[0]


# -- operations that end later -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lever", "params"), [("deployment.filter", {}), ("deployment.capacity", {"capacity": "1"})])
def test_what_azure_gives_up_afterwards_is_a_refusal(server, adapter, context, lever, params):
    """By its status (a PUT) or its result (a PATCH), as Azure has both."""
    planned = plan(adapter, context, lever, **params)
    server.poke(lambda rows: setattr(rows, "fail_next", "InsufficientQuota"))
    with pytest.raises(Refused, match=r"gave up \(InsufficientQuota\); nothing was changed"):
        asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
    asyncio.run(adapter.apply(context, planned))
    server.poke(lambda rows: setattr(rows, "fail_next", "InsufficientQuota"))
    with pytest.raises(Refused, match="nothing was changed"):
        asyncio.run(adapter.revert(context, planned))


def test_what_azure_gives_up_and_leaves_half_way_is_unknown(server, adapter, context):
    planned = plan(adapter, context, "deployment.capacity", capacity="1")
    server.poke(lambda rows: (setattr(rows, "fail_next", "Odd"), setattr(rows, "fail_and_keep", True)))
    assert asyncio.run(adapter.apply(context, planned)).outcome == "accepted"  # it says so, and the field is as asked
    other = replace(planned, wanted={"capacity": "7"}, pre={"capacity": "9"})
    server.poke(lambda rows: setattr(rows, "fail_next", "Odd"))
    with pytest.raises(OutcomeUnknown, match="gave up"):
        asyncio.run(adapter.apply(context, other))


def test_an_operation_that_outlasts_the_step_is_accepted_and_told_by_the_read_back():
    _outlasting(AzureOpenAI)


def _outlasting(kind):
    with Simulator(site(lag_s=3600.0)) as slow:
        adapter, context = adapter_at(slow.url, kind), impatient_at(slow.url)
        planned = plan(adapter, context, "deployment.filter")
        receipt = asyncio.run(adapter.apply(context, planned))
        assert (receipt.outcome, receipt.detail[:18]) == ("accepted", "Azure goes on with")
        back = asyncio.run(adapter.read_back(context, planned))  # as a console would that began anew
        assert (back.verdict, back.detail) == ("not-in-effect", "Accepted")
        assert dict(back.fields) == dict(planned.wanted)
        slow.poke(lambda rows: rows.busy.clear())
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
        slow.poke(lambda rows: rows.things["deployments", "atlas"]["properties"].update(provisioningState="Failed"))
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=202, headers={"location": "https://elsewhere.example/x"}),
        Answer(status=202, headers={"azure-asyncoperation": "//elsewhere.example/x"}),
        Answer(status=201, body={}, headers={"azure-asyncoperation": f"{PATH}/gone?api-version=2025-09-01"}),
    ],
)
def test_an_operation_that_cannot_be_followed_was_accepted_all_the_same(server, adapter, context, answer):
    planned = plan(adapter, context, "deployment.capacity", capacity="1")
    change = server.site._change
    server.site._change = lambda incoming, steps: answer
    server.site._write = lambda incoming, steps, lag_s: change(incoming, steps) and answer
    receipt = asyncio.run(adapter.apply(context, planned))
    assert (receipt.outcome, receipt.detail[:18]) == ("accepted", "Azure goes on with")
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"


# -- probes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "status", "body"),
    [
        ("deployment.pause", 423, {}),
        ("network.close", 403, {"error": {"code": "403", "message": "Access denied due to a firewall"}}),
        ("keys.off", 401, {"error": {"code": "401", "message": "invalid subscription key"}}),
        ("deployment.delete", 404, {"error": {"code": "404", "message": "Resource not found"}}),
        ("words.forbid", 400, {"error": {"code": "content_filter", "innererror": {"content_filter_result": {
            "hate": {"filtered": True}, "custom_blocklists": {"details": [{"filtered": True, "id": "other"}]}}}}}),
        ("words.forbid", 400, {"error": {"code": "content_filter", "innererror": {"content_filter_result": []}}}),
    ],
)  # fmt: skip
def test_only_the_levers_own_refusal_counts(adapter, context, lever, status, body):
    planned = asyncio.run(adapter.plan(context, WISHES[lever]))
    seen = Bent(context, answer=reply(status, json.dumps(body).encode()))
    assert asyncio.run(adapter.probe(seen, planned, "caller")).outcome == "cannot-tell"


def test_the_older_shape_of_a_blocklists_refusal_counts_too(adapter, context):
    planned = asyncio.run(adapter.plan(context, WISHES["words.forbid"]))
    lists = [{"filtered": True, "id": "standdown-blocked"}]
    inner = {"content_filter_result": {"custom_blocklists": lists}}
    body = json.dumps({"error": {"code": "content_filter", "innererror": inner}}).encode()
    seen = Bent(context, answer=reply(400, body))
    assert asyncio.run(adapter.probe(seen, planned, "caller")).outcome == "refused"


@pytest.mark.parametrize("credential", [None, "wrong"])
def test_without_a_callers_key_nothing_is_concluded(adapter, context, credential):
    planned = asyncio.run(adapter.plan(context, PAUSE))
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, credential)).outcome == "cannot-tell"
    slow = Bent(context, fault=Throttled("wait", 5))
    assert asyncio.run(adapter.probe(slow, planned, "caller")).outcome == "cannot-tell"


@pytest.mark.parametrize(
    "wrong",
    [
        {"management_url": "http://management.example"}, {"login_url": "https://u@login.example"},
        {"account": "a/b"}, {"tenant": "../x"}, {"callers_url": "https://x.example/?a"}, {"subscription": ""},
        {"prove": "certificate"},
    ],
)  # fmt: skip
def test_settings_take_nothing_that_would_leave_the_account(wrong):
    with pytest.raises(ValidationError):
        AzureOpenAI.manifest.settings.model_validate({**settings("http://127.0.0.1:1"), **wrong})


def test_an_application_may_prove_itself_by_a_certificate():
    plain = adapter_at("http://127.0.0.1:1").access().sign_in
    assert (plain.secret, plain.certificate) == ("client-secret", "")
    shown = adapter_at("http://127.0.0.1:1", prove="certificate", certificate="PEM").access().sign_in
    assert (shown.secret, shown.certificate) == ("client-key", "PEM")


# -- behind the guard --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", ["deployment.pause", "words.forbid", "network.close", "keys.off"])
def test_behind_the_guard(server, lever):
    selector = WISHES[lever].selector or ACCOUNT
    secrets = {"client-secret": CLIENT_SECRET, "caller": CALLER_KEY}
    plane = plane_of("azure_openai", settings(server.url), secrets, {selector: "caller"})
    asyncio.run(whole_story(plane, WISHES[lever]))
    tried = [one for one in server.requests() if one.path.startswith("/openai/")]
    assert {(one.headers.get("api-key"), one.bearer) for one in tried} == {(CALLER_KEY, None)}
    asked = [one for one in server.requests() if one.path.startswith("/subscriptions/")]
    assert all("api-key" not in one.headers and CLIENT_SECRET not in one.body.decode() for one in asked)
    assert len([one for one in server.requests() if one.path.endswith("/token")]) == 1


# -- broken on purpose -------------------------------------------------------------------------------------------------


class TakesAcceptedForDone(AzureOpenAI):
    async def read_back(self, context, planned):
        back = await super().read_back(context, planned)
        return replace(back, verdict="in-effect" if dict(back.fields) == dict(planned.wanted) else back.verdict)


class TakesAnyLockForARefusal(AzureOpenAI):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if (seen.status or 0) >= 400 else seen


class PutsWithoutLooking(AzureOpenAI):
    async def _must_be_as_read(self, context, planned):
        return None


class LeavesOutWhatItDoesNotKnow(AzureOpenAI):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        bare = [{**json.loads(one.body), "sku": {"name": "Standard"}} for one in planned.requests]
        return replace(planned, requests=tuple(
            replace(one, body=json.dumps(body)) for one, body in zip(planned.requests, bare, strict=True)))  # fmt: skip


class ForgetsWhatItDid(AzureOpenAI):
    async def _gave_up(self, context, planned, then, code):
        return None


class ResumesInsteadOfReverting(AzureOpenAI):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, revert=tuple(
            replace(one, path=one.path.replace("/pause?", "/resume?")) for one in planned.revert))  # fmt: skip


@pytest.mark.parametrize("mutant", [TakesAnyLockForARefusal, ResumesInsteadOfReverting], ids=lambda one: one.__name__)
def test_the_kit_finds_a_broken_adapter(mutant):
    def serve():
        return Simulator(site(lag_s=0.0))

    failed = failures(serve, lambda url: adapter_at(url, mutant), context_at, PAUSE, "caller")
    assert failed
    assert len(failed) < 12, f"{mutant.__name__} does not run at all"


@pytest.mark.parametrize(
    ("mutant", "found"),
    [
        (TakesAcceptedForDone, lambda server, adapter, context: _outlasting(TakesAcceptedForDone)),
        (PutsWithoutLooking, lambda server, adapter, context: (
            test_what_changed_beside_the_filter_is_not_put_back_with_it(server, adapter, context, back=False))),
        (LeavesOutWhatItDoesNotKnow, test_a_filter_puts_the_whole_deployment_back_as_it_was_read),
        (ForgetsWhatItDid, lambda server, adapter, context: (
            test_what_azure_gives_up_afterwards_is_a_refusal(server, adapter, context, "deployment.filter", {}))),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)  # fmt: skip
def test_these_tests_find_a_broken_adapter(server, context, mutant, found):
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        found(server, adapter_at(server.url, mutant), context)
