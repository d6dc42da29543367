"""The AWS Bedrock adapter: every lever through the kit against its simulator; what it refuses, keeps and concludes."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from adapters.aws_bedrock import ADAPTER, whole
from adapters.aws_bedrock.simulated import (
    ACCOUNT,
    API_KEY,
    CALLER_KEY,
    CALLER_SECRET,
    CONSOLE_KEY,
    CONSOLE_SECRET,
    HARMLESS,
    arn,
    batch,
)
from adapters.conformance import AdapterConformance, Bent, reply, until
from adapters.contract import OutcomeUnknown, Refused, Stale, Throttled, Wish
from adapters.simulator import Simulator
from console.providers.replanned import plan_differs
from tests.adapters.aws_kit import ATLAS, BOREALIS, SECRETS, adapter_at, context_at, settings, site
from tests.adapters.test_behind_the_guard import plane_of, whole_story

BATCH, TUNING = arn("model-invocation-job", "aaaaaaaaaaa1"), arn("model-customization-job", f"{ATLAS}/bbbbbbbbbbb1")
DENY = Wish(lever="principal.deny", selector="user/canary", surface_key=ATLAS)
SCP = Wish(lever="organisation.deny", selector=ATLAS, surface_key="")
GUARD = Wish(lever="guardrail.enforce", selector="account", surface_key=ATLAS)
KEY = Wish(lever="key.off", selector=CALLER_KEY, surface_key=ATLAS)


def wish(lever, selector, surface="", direction="contain"):
    return Wish(lever=lever, selector=selector, surface_key=surface, direction=direction)


def do(work):
    return asyncio.run(work)


def until_in_effect(adapter, context, planned):
    return do(until(lambda: adapter.read_back(context, planned), lambda back: back.verdict == "in-effect", 30))


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


class TestDenied(AdapterConformance):
    probe_credential = "caller"

    @pytest.fixture(params=[DENY, SCP], ids=lambda one: one.lever)
    def wish(self, request):
        return request.param


class TestKey(AdapterConformance):
    probe_credential = "key"

    @pytest.fixture
    def wish(self):
        return KEY


class TestNotMeasured(AdapterConformance):
    probes_measure = False

    @pytest.fixture(
        params=[
            wish("principal.no-tuning", "role/app"), wish("principal.no-agents", "user/canary", BOREALIS), GUARD,
            wish("work.stop", BATCH), wish("work.stop", TUNING, ATLAS), wish("model.stop-work", ATLAS),
            wish("provisioned.delete", "big"),
        ],
        ids=lambda one: one.lever,
    )  # fmt: skip
    def wish(self, request):
        return request.param


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (wish("principal.deny", "user/canary"), "say which model"),
        (wish("principal.deny", "user/canary", "example.none"), "no model called example.none"),
        (wish("principal.deny", "canary", ATLAS), "user/NAME or role/NAME"),
        (wish("principal.deny", "group/all", ATLAS), "user/NAME or role/NAME"),
        (wish("principal.deny", "user/nobody", ATLAS), r"404 \(NoSuchEntity\)"),
        (wish("principal.deny", "role/app", ATLAS, "restore"), "nothing to lift"),
        (wish("key.off", CONSOLE_KEY), "shut itself out"),
        (wish("key.off", CALLER_SECRET), "by its id"),
        (wish("organisation.deny", ATLAS, BOREALIS), "a surface of its own"),
        (wish("guardrail.enforce", "account", direction="restore"), "undo that one"),
        (wish("work.stop", arn("model-invocation-job", "zzzzzzzzzzzz")), "no job of this name"),
        (wish("work.stop", BATCH, direction="restore"), "no call that undoes"),
        (wish("provisioned.delete", "small"), "0 provisioned"),
        (Wish(lever="key.off", selector=CALLER_KEY, surface_key="", params={"x": "1"}), "no parameters"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, asked, why):
    with pytest.raises(Refused, match=why):
        do(adapter.plan(context, asked))


def test_a_deny_names_the_model_directly_and_through_profiles(server, adapter, context):
    planned = do(adapter.plan(context, DENY))
    statement, mantle = json.loads(planned.wanted["policy"])["Statement"]
    assert statement["Resource"] == [
        f"arn:aws:bedrock:*::foundation-model/{ATLAS}", f"arn:aws:bedrock:*:*:inference-profile/*{ATLAS}",
    ]  # fmt: skip
    assert mantle["Action"] == ["bedrock-mantle:CreateInference"]
    assert mantle["Condition"]["StringLike"]["bedrock-mantle:Model"] == ["example.atlas", ATLAS]
    do(adapter.apply(context, planned))
    (policy,) = server.site.state.principals["User", "canary"].values()
    assert json.loads(policy)["Statement"] == [statement, mantle]
    do(adapter.revert(context, planned))
    assert server.site.state.principals["User", "canary"] == {}
    assert do(adapter.revert(context, planned)).outcome == "already-so"


def test_a_policy_of_that_name_comes_back_as_it_was_and_others_stay(server, adapter, context):
    planned = do(adapter.plan(context, DENY))
    name, other = planned.params["policy"], '{"Statement":[],"Version":"2012-10-17"}'
    server.poke(lambda rows: rows.principals["User", "canary"].update({name: other, "theirs": other}))
    planned = do(adapter.plan(context, DENY))
    do(adapter.apply(context, planned))
    do(adapter.revert(context, planned))
    assert server.site.state.principals["User", "canary"] == {name: other, "theirs": other}


def test_denies_for_two_models_stand_beside_each_other(server, adapter, context):
    for model in (ATLAS, BOREALIS):
        do(adapter.apply(context, do(adapter.plan(context, wish("principal.deny", "user/canary", model)))))
    assert len(server.site.state.principals["User", "canary"]) == 2


def test_a_deny_is_lifted_from_a_fresh_reading(server, adapter, context):
    do(adapter.apply(context, do(adapter.plan(context, DENY))))
    lift = do(adapter.plan(context, wish("principal.deny", "user/canary", ATLAS, "restore")))
    do(adapter.apply(context, lift))
    assert server.site.state.principals["User", "canary"] == {}


def test_the_policy_of_the_organisation_keeps_what_else_stands_in_it(server, adapter, context):
    first = do(adapter.plan(context, SCP))
    assert "Production" in first.notes[0]
    do(adapter.apply(context, first))
    second = do(adapter.plan(context, wish("organisation.deny", BOREALIS)))
    do(adapter.apply(context, second))
    statements = json.loads(server.site.state.scp["content"])["Statement"]
    assert statements[0] == HARMLESS
    assert len(statements) == 5
    states = {one.key: one.state for one in do(adapter.status(context)).surfaces}
    assert states == {ATLAS: "stopped", BOREALIS: "stopped"}
    do(adapter.revert(context, second))
    assert len(json.loads(server.site.state.scp["content"])["Statement"]) == 3


def test_a_model_is_let_in_again_beside_one_that_stays_denied(server, adapter, context):
    """The undo of the first would put the second's place back as it was: it is stale, and planned anew as a lift."""
    first = do(adapter.plan(context, SCP))
    do(adapter.apply(context, first))
    do(adapter.apply(context, do(adapter.plan(context, wish("organisation.deny", BOREALIS)))))
    with pytest.raises(Stale):
        do(adapter.revert(context, first))
    do(adapter.apply(context, do(adapter.plan(context, wish("organisation.deny", ATLAS, direction="restore")))))
    states = {one.key: one.state for one in do(adapter.status(context)).surfaces}
    assert states == {ATLAS: "serving", BOREALIS: "stopped"}


@pytest.mark.parametrize("asked", [SCP, GUARD], ids=lambda one: one.lever)
@pytest.mark.parametrize("back", [False, True])
def test_what_somebody_else_changed_meanwhile_is_not_put_back(server, adapter, context, asked, back):
    planned = do(adapter.plan(context, asked))
    if back:
        do(adapter.apply(context, planned))

    def change(rows):
        content = json.loads(rows.scp["content"])
        content["Statement"].append({**HARMLESS, "Sid": "Later"})
        rows.scp["content"] = json.dumps(content)
        rows.enforced[0]["modelEnforcement"] = {"includedModels": ["ALL"], "excludedModels": []}

    server.poke(change)
    server.forget()
    with pytest.raises(Stale):
        do(adapter.revert(context, planned) if back else adapter.apply(context, planned))
    assert all(server.site.kind(one) == "read" for one in server.requests())


def test_a_policy_that_is_attached_to_nothing_would_not_be_enforced(server, adapter, context):
    server.poke(lambda rows: rows.targets.clear())
    with pytest.raises(Refused, match="attached to nothing"):
        do(adapter.plan(context, SCP))


def test_an_empty_prepared_policy_is_said_beforehand(server, adapter, context):
    """Organizations takes no policy without a statement: the way back would be refused."""
    server.poke(lambda rows: rows.scp.update(content='{"Version":"2012-10-17","Statement":[]}'))
    with pytest.raises(Refused, match="one statement besides ours"):
        do(adapter.plan(context, SCP))


def test_levers_without_what_they_need_are_not_offered(server):
    bare = adapter_at(server.url, scp="", guardrail="")
    assert not {"organisation.deny", "guardrail.enforce"} & set(bare.offers())
    assert set(adapter_at(server.url).offers()) == {one.name for one in ADAPTER.manifest.levers}
    for asked in (SCP, GUARD):
        with pytest.raises(Refused, match="prepare one"):
            do(bare.plan(context_at(server.url), asked))


def test_the_guardrail_is_exchanged_and_what_it_guards_stays(server, adapter, context):
    planned = do(adapter.plan(context, GUARD))
    before = dict(server.site.state.enforced[0])
    do(adapter.apply(context, planned))
    (now,) = server.site.state.enforced
    assert (now["guardrailId"], now["guardrailVersion"]) == ("strict1", "2")
    assert now["selectiveContentGuarding"] == before["selectiveContentGuarding"]
    assert do(adapter.status(context)).surfaces[0].restrictions == ("the strict guardrail is enforced",)
    do(adapter.revert(context, planned))
    assert server.site.state.enforced == [before]
    server.poke(lambda rows: rows.enforced.clear())
    with pytest.raises(Refused, match="enforces 0 guardrails"):
        do(adapter.plan(context, GUARD))


def test_work_in_flight_is_counted_and_what_becomes_of_it_said(server, adapter, context):
    deny, stop = do(adapter.plan(context, DENY)), do(adapter.plan(context, wish("model.stop-work", ATLAS)))
    assert [(one.what, one.count, one.then) for one in do(adapter.running(context, deny))] == [
        ("batches", 1, "finishes"), ("jobs", 1, "finishes"),
    ]  # fmt: skip
    assert [(one.what, one.then) for one in do(adapter.running(context, stop))] == [
        ("batches", "stops"), ("jobs", "stops"),
    ]  # fmt: skip
    other = do(adapter.plan(context, wish("model.stop-work", BOREALIS)))
    assert (len(other.requests), other.surface_key) == (1, BOREALIS)
    do(adapter.apply(context, stop))
    assert until_in_effect(adapter, context, stop).verdict == "in-effect"
    assert do(adapter.running(context, deny)) == []
    assert server.site.state.batches[arn("model-invocation-job", "aaaaaaaaaaa3")]["status"] == "InProgress"
    server.poke(lambda rows: rows.batches.update(late={**batch("late00000001", ATLAS)}))
    back = do(adapter.read_back(context, stop))
    assert (back.verdict, back.detail) == ("not-in-effect", "1 began since")


def test_a_job_that_is_over_counts_as_stopped_and_half_way_is_unknown(server, adapter, context):
    one = do(adapter.plan(context, wish("work.stop", BATCH)))
    do(adapter.apply(context, one))
    assert do(adapter.apply(context, one)).outcome == "already-so"
    server.poke(lambda rows: rows.batches[BATCH].update(status="InProgress"))
    every = do(adapter.plan(context, wish("model.stop-work", ATLAS)))
    server.poke(lambda rows: rows.customisations.clear())
    with pytest.raises(OutcomeUnknown, match="1 of 2 were accepted"):
        do(adapter.apply(context, every))


@pytest.mark.parametrize("lever", ["work.stop", "model.stop-work"])
def test_what_is_being_stopped_still_works_and_is_not_asked_twice(lever):
    with Simulator(site(lag_s=3600)) as server:
        adapter, context = adapter_at(server.url), context_at(server.url)
        asked = wish(lever, BATCH if lever == "work.stop" else ATLAS)
        planned = do(adapter.plan(context, asked))
        do(adapter.apply(context, planned))
        back = do(adapter.read_back(context, planned))
        assert (back.verdict, back.detail) == ("not-in-effect", f"{len(planned.requests)} still ending")
        assert do(adapter.running(context, planned))
        assert do(adapter.apply(context, planned)).outcome == "already-so"
        assert plan_differs(planned, do(adapter.plan(context, asked)), already=True) == ()
        server.poke(lambda rows: rows.batches[BATCH].update(status="SomethingNew"))
        assert do(adapter.read_back(context, planned)).verdict == "not-in-effect"


def test_ending_work_or_capacity_withdraws_no_model():
    """A board that took it for a shutdown would say that the model is withdrawn while it answers everybody."""
    kinds = {one.name: one.category for one in ADAPTER.manifest.levers}
    assert [name for name, kind in kinds.items() if kind == "shutdown"] == ["organisation.deny"]


def test_a_policy_that_was_taken_off_denies_no_more(server, adapter, context):
    planned = do(adapter.plan(context, SCP))
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    other = {"TargetId": "ou-ab12-22222222", "Name": "Tests", "Type": "ORGANIZATIONAL_UNIT"}
    for left, told in (([other], "attached no more to ou-ab12-11111111"), ([], "attached no more to ou-ab12-11111111")):
        server.poke(lambda rows, left=left: rows.targets.__setitem__(slice(None), left))
        back = do(adapter.read_back(context, planned))
        assert back.verdict == "not-in-effect"
        assert told in back.detail
        seen = do(adapter.status(context)).surfaces[0]
        assert (seen.state, seen.restrictions, seen.detail) == ("serving", (), whole.NOT_HERE)


@pytest.mark.parametrize(
    ("change", "state", "note"),
    [
        (lambda rows: None, "stopped", ""),
        (lambda rows: rows.targets[0].update(TargetId="r-ab12", Type="ROOT"), "stopped", ""),
        (lambda rows: rows.targets[0].update(TargetId=ACCOUNT, Type="ACCOUNT"), "stopped", ""),
        (lambda rows: rows.targets[0].update(TargetId="ou-ab12-99999999"), "serving", whole.NOT_HERE),
        (lambda rows: setattr(rows, "manages", ACCOUNT), "serving", whole.NOT_HERE),
        (lambda rows: rows.above.clear(), "degraded", "whether this very account is below it is not known here"),
        (lambda rows: rows.principals.pop(("User", "standdown")), "degraded",
         "whether this very account is below it is not known here"),
    ],
    ids=["unit", "root", "itself", "another-unit", "manages", "may-not-see-above", "not-known"],
)  # fmt: skip
def test_a_denial_counts_for_this_account_only_where_it_reaches_it(server, adapter, context, change, state, note):
    server.poke(change)
    planned = do(adapter.plan(context, SCP))
    assert planned.notes[0] == note if note else planned.notes[0].startswith("every account under")
    do(adapter.apply(context, planned))
    assert do(adapter.status(context)).surfaces[0].state == state


def test_a_guardrail_that_was_narrowed_is_not_what_was_signed(server, adapter, context):
    planned = do(adapter.plan(context, GUARD))
    do(adapter.apply(context, planned))
    assert do(adapter.read_back(context, planned)).verdict == "in-effect"
    only = {"includedModels": ["ALL"], "excludedModels": [ATLAS]}
    server.poke(lambda rows: rows.enforced[0].update(modelEnforcement=only))
    assert do(adapter.read_back(context, planned)).verdict == "not-in-effect"
    lines = {one.key: one.restrictions for one in do(adapter.status(context)).surfaces}
    assert lines == {ATLAS: (), BOREALIS: ("the strict guardrail is enforced",)}


@pytest.mark.parametrize("let_in", [True, False])
def test_a_key_that_is_off_counts_only_where_it_was_known_before(server, adapter, let_in):
    context = context_at(server.url, {CALLER_KEY: "key" if let_in else "wrong"})
    planned = do(adapter.plan(context, KEY))
    do(adapter.apply(context, planned))
    unknown = reply(403, b'{"__type":"x#UnrecognizedClientException"}')
    seen = do(adapter.probe(Bent(context, answer=unknown), planned, "key"))
    assert seen.outcome == ("refused" if let_in else "cannot-tell")


def test_only_the_levers_own_kind_of_policy_counts(adapter, context):
    """A user whom another policy denies is no proof that this one bites."""
    planned = do(adapter.plan(context, DENY))
    for kind, outcome in (
        ("an identity-based policy", "refused"), ("a service control policy", "cannot-tell"),
        ("a permissions boundary", "cannot-tell"),
    ):  # fmt: skip
        body = json.dumps({"__type": "AccessDeniedException", "message": f"x with an explicit deny in {kind}"})
        assert do(adapter.probe(Bent(context, answer=reply(403, body.encode())), planned, "caller")).outcome == outcome
    nothing = reply(403, b'{"__type":"AccessDeniedException","message":"no identity-based policy allows it"}')
    assert do(adapter.probe(Bent(context, answer=nothing), planned, "caller")).outcome == "cannot-tell"


@pytest.mark.parametrize(
    "body",
    [b'{"__type":"ThrottlingException"}', b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"],
)
def test_what_asks_to_wait_with_400_is_no_refusal(adapter, context, body):
    planned = do(adapter.plan(context, DENY))
    for work in (adapter.status, lambda it: adapter.apply(it, planned), lambda it: adapter.read_back(it, planned)):
        with pytest.raises(Throttled):
            do(work(Bent(context, answer=reply(400, body))))


def test_a_clock_that_is_wrong_is_said(adapter, context):
    late = reply(403, b'{"__type":"InvalidSignatureException","message":"Signature expired"}')
    with pytest.raises(Refused, match="this machine's clock is wrong"):
        do(adapter.status(Bent(context, answer=late)))


def test_an_xml_answer_with_entities_is_not_read(adapter, context):
    planned = do(adapter.plan(context, DENY))
    evil = b'<!DOCTYPE a [<!ENTITY b "c">]><PutUserPolicyResponse>&b;</PutUserPolicyResponse>'
    with pytest.raises(Exception, match="document type"):
        do(adapter.apply(Bent(context, answer=reply(200, evil)), planned))


def test_what_is_irreversible_says_so_and_names_what_is_milder():
    for one in ADAPTER.manifest.levers:
        assert not one.proven
        if one.reversal == "none" and one.name != "work.stop":
            assert one.partial_sibling is not None


def test_it_says_who_it_is_and_goes_on_where_it_may_not(server, adapter, context):
    assert do(adapter.status(context)).facts["identity"] == "standdown"
    server.poke(lambda rows: rows.principals.pop(("User", "standdown")))
    seen = do(adapter.status(context))
    assert "identity" not in seen.facts
    assert len(seen.surfaces) == 2


def test_models_to_watch(server):
    adapter, context = adapter_at(server.url, models=f" {BOREALIS} "), context_at(server.url)
    assert [one.key for one in do(adapter.discover(context))] == [BOREALIS]


@pytest.mark.parametrize(
    "wrong",
    [{"endpoint": "http://iam.amazonaws.com"}, {"region": "us-gov-west-1"}, {"region": "x"}, {"access_key_id": "a b"},
     {"scp": "FullAccess"}, {"guardrail": "strict1:DRAFT"}],
)  # fmt: skip
def test_settings_that_cannot_be(wrong):
    with pytest.raises(ValidationError):
        ADAPTER.manifest.settings.model_validate({**settings(""), **wrong})


def test_without_an_address_it_speaks_to_awss_own():
    access = adapter_at("").access()
    assert {name: one.url for name, one in access.aws.services.items()} == {
        "bedrock": "https://bedrock.eu-central-1.amazonaws.com", "iam": "https://iam.amazonaws.com",
        "monitoring": "https://monitoring.eu-central-1.amazonaws.com",
        "organizations": "https://organizations.us-east-1.amazonaws.com",
    }  # fmt: skip
    assert access.callers.url == "https://bedrock-runtime.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("asked", "credential"), [(DENY, "caller"), (KEY, "key"), (SCP, "caller")], ids=["deny", "key", "organisation"]
)
def test_behind_the_guard(asked, credential, caplog):
    with Simulator(site(lag_s=0.1)) as server:
        plane = plane_of("aws_bedrock", settings(server.url), SECRETS, {asked.selector: credential})
        do(whole_story(plane, asked, nobody="user/nobody"))
        seen = repr([(one.target, one.headers, one.body) for one in server.requests()]) + caplog.text
    for secret in (CONSOLE_SECRET, CALLER_SECRET):
        assert secret not in seen
    assert (API_KEY in seen) is (credential == "caller")
