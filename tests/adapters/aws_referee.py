"""AWS's own client library as the referee of the simulator and the adapter, and moto as an IAM that checks signatures.

Run by `test_real_aws.py` in an environment beside, where botocore and moto are locked (decision 0135). By hand:
`.venv.aws/bin/python -m pytest -m real tests/adapters/aws_referee.py`.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import botocore.session
import moto.server
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.moto_api._internal.models import moto_api_backend

from adapters.aws_bedrock.simulated import CONSOLE_KEY, CONSOLE_SECRET, REGION, SCP, arn
from adapters.conformance import DirectContext
from adapters.contract import Refused, Wish
from adapters.signing import route
from adapters.simulator import Simulator
from tests.adapters.aws_kit import ATLAS, SECRETS, adapter_at, context_at, site
from tests.adapters.referee import Witness

pytestmark = [pytest.mark.real, pytest.mark.timeout(120), pytest.mark.filterwarnings("default")]

BATCH, TUNING = arn("model-invocation-job", "aaaaaaaaaaa1"), arn("model-customization-job", f"{ATLAS}/bbbbbbbbbbb1")
CANARY = "AKIACANARY0000000001"
BIG = arn("provisioned-model", "ccccccccccc1")
USED_MS = time.time_ns() // 60_000_000_000 * 60_000


def client(url, service, region=REGION, key=CONSOLE_KEY, secret=CONSOLE_SECRET):
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=20)
    return botocore.session.Session().create_client(
        service, region_name=region, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret, config=once
    )


@pytest.fixture
def witness():
    return Witness(site(lag_s=0.0, page=1))


@pytest.fixture
def server(witness):
    with Simulator(witness) as simulator:
        yield simulator


def heard(witness):
    """What arrived, as service, action or path, and what was given; the order of members apart."""
    found = []
    for one, answer in witness.seen:
        parts = urlsplit(one.target)
        kind = one.headers.get("content-type", "")
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        if kind.startswith("application/x-www-form-urlencoded"):
            given.update(parse_qsl(one.body.decode()))
        elif one.body:
            given.update(json.loads(one.body))
        method = "" if "Action" in given or "x-amz-target" in one.headers else one.method
        assert answer.status < 300, answer
        found.append((method, parts.path, one.headers.get("x-amz-target"), given))
    witness.seen.clear()
    return found


def plan(server, witness, lever, selector, surface=ATLAS):
    wish = Wish(lever=lever, selector=selector, surface_key=surface)
    planned = asyncio.run(adapter_at(server.url).plan(context_at(server.url), wish))
    witness.seen.clear()
    return planned


def send(server, witness, requests):
    for request in requests:
        asyncio.run(context_at(server.url).send(request))
    return heard(witness)


def said(policy):
    return json.loads(policy)


WRITES = {
    "principal.deny": ("user/canary", "iam", lambda it, plan: it.put_user_policy(
        UserName="canary", PolicyName=plan.params["policy"], PolicyDocument=plan.wanted["policy"])),
    "principal.no-tuning": ("role/app", "iam", lambda it, plan: it.put_role_policy(
        RoleName="app", PolicyName=plan.params["policy"], PolicyDocument=plan.wanted["policy"])),
    "key.off": ("AKIACANARY0000000001", "iam", lambda it, _: it.update_access_key(
        UserName="canary", AccessKeyId="AKIACANARY0000000001", Status="Inactive")),
    "organisation.deny": (ATLAS, "organizations", lambda it, plan: it.update_policy(
        PolicyId=SCP, Content=json.loads(plan.requests[0].body)["Content"])),
    "guardrail.enforce": ("account", "bedrock", lambda it, _: it.put_enforced_guardrail_configuration(
        configId="config1", guardrailInferenceConfig={
            "guardrailIdentifier": "strict1", "guardrailVersion": "2",
            "selectiveContentGuarding": {"system": "COMPREHENSIVE", "messages": "COMPREHENSIVE"}})),
    "provisioned.delete": ("big", "bedrock", lambda it, _: it.delete_provisioned_model_throughput(
        provisionedModelId=BIG)),
}  # fmt: skip


@pytest.mark.parametrize("lever", WRITES)
def test_every_write_is_the_librarys_own(server, witness, lever):
    selector, service, write = WRITES[lever]
    planned = plan(server, witness, lever, selector)
    region = REGION if service == "bedrock" else "us-east-1"
    write(client(server.url, service, region), planned)
    theirs = heard(witness)
    if lever == "provisioned.delete":
        server.poke(lambda rows: rows.provisioned.update({BIG: {"is": "there"}}))
    assert send(server, witness, planned.requests) == theirs


@pytest.mark.parametrize("job", [BATCH, TUNING])
def test_a_stop_is_the_librarys_own(server, witness, job):
    planned = plan(server, witness, "work.stop", job)
    it = client(server.url, "bedrock")
    stop = it.stop_model_invocation_job if job == BATCH else it.stop_model_customization_job
    stop(jobIdentifier=job)
    theirs = heard(witness)
    server.poke(lambda rows: [one.update(status="InProgress") for kind in (rows.batches, rows.customisations)
                              for one in kind.values()])  # fmt: skip
    assert send(server, witness, planned.requests) == theirs


def test_the_way_back_is_the_librarys_own(server, witness):
    planned = plan(server, witness, "principal.deny", "user/canary")
    send(server, witness, planned.requests)
    it = client(server.url, "iam", "us-east-1")
    back = it.get_user_policy(UserName="canary", PolicyName=planned.params["policy"])
    assert back["PolicyDocument"] == said(planned.wanted["policy"])
    witness.seen.clear()
    it.delete_user_policy(UserName="canary", PolicyName=planned.params["policy"])
    theirs = heard(witness)
    send(server, witness, planned.requests)
    assert send(server, witness, planned.revert) == theirs


def test_it_parses_what_the_simulator_says_as_the_adapter_does(server):
    bedrock = client(server.url, "bedrock")
    models = bedrock.list_foundation_models()["modelSummaries"]
    assert models[0]["modelId"] == ATLAS
    for name, key in (
        ("list_model_invocation_jobs", "invocationJobSummaries"),
        ("list_provisioned_model_throughputs", "provisionedModelSummaries"),
        ("list_model_customization_jobs", "modelCustomizationJobSummaries"),
        ("list_enforced_guardrails_configuration", "guardrailsConfig"),
    ):
        page = getattr(bedrock, name)()
        shape = bedrock.meta.service_model.operation_model(bedrock.meta.method_to_api_mapping[name]).output_shape
        for row in page[key]:
            missing = set(shape.members[key].member.required_members) - set(row)
            assert not missing, (name, missing)
            assert set(row) <= set(shape.members[key].member.members)
    assert bedrock.get_guardrail(guardrailIdentifier="strict1", guardrailVersion="2")["status"] == "READY"
    organisation = client(server.url, "organizations", "us-east-1")
    assert organisation.describe_policy(PolicyId=SCP)["Policy"]["PolicySummary"]["Type"] == "SERVICE_CONTROL_POLICY"
    assert organisation.list_targets_for_policy(PolicyId=SCP)["Targets"][0]["Name"] == "Production"
    iam = client(server.url, "iam", "us-east-1")
    assert iam.get_access_key_last_used(AccessKeyId="AKIACANARY0000000001")["UserName"] == "canary"
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user_policy(UserName="canary", PolicyName="none")
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
        bedrock.stop_model_invocation_job(jobIdentifier="zzzzzzzzzzzz")


def test_a_probe_is_the_librarys_own_call(server, witness):
    planned = plan(server, witness, "principal.deny", "user/canary")
    assert asyncio.run(adapter_at(server.url).probe(context_at(server.url), planned, "key")).outcome == "passed"
    ours = heard(witness)
    key, secret = SECRETS["key"].split(":")
    it = client(server.url, "bedrock-runtime", key=key, secret=secret)
    body = {"messages": [{"role": "user", "content": [{"text": "ping"}]}], "inferenceConfig": {"maxTokens": 1}}
    assert it.converse(modelId=ATLAS, **body)["stopReason"] == "max_tokens"
    assert heard(witness) == ours


def test_what_is_asked_of_rights_is_the_librarys_own_and_it_parses_the_answer(server, witness):
    """IAM's simulation, on everything and on what a plan names."""
    adapter, context = adapter_at(server.url), context_at(server.url)
    planned = asyncio.run(adapter.plan(context, Wish(lever="key.off", selector=CANARY, surface_key=ATLAS)))
    server.poke(lambda rows: setattr(rows, "may", (("iam:*", "arn:aws:iam::123456789012:user/canary"),)))
    witness.seen.clear()
    assert asyncio.run(adapter.may_not(context, planned)) == []
    ours = heard(witness)
    it = client(server.url, "iam", "us-east-1")
    own = it.get_user()["User"]["Arn"]
    whose = [it.get_user(UserName="canary")["User"]["Arn"] for _ in range(2)]
    asked = {"PolicySourceArn": own, "ActionNames": ["iam:UpdateAccessKey"], "ResourceArns": whose[:1]}
    assert it.simulate_principal_policy(**asked)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    theirs = heard(witness)
    assert theirs == ours
    asyncio.run(adapter.granted(context))
    _, (_, _, _, given) = heard(witness)
    actions = [text for name, text in given.items() if name.startswith("ActionNames.member.")]
    told = it.simulate_principal_policy(PolicySourceArn=own, ActionNames=actions, ResourceArns=["*"])
    assert {one["EvalActionName"]: one["EvalDecision"] for one in told["EvaluationResults"]} == dict.fromkeys(
        actions, "implicitDeny"
    )
    assert heard(witness)[0][3] == given
    shape = it.meta.service_model.operation_model("SimulatePrincipalPolicy").output_shape.members["EvaluationResults"]
    assert set(told["EvaluationResults"][0]) <= set(shape.member.members)


# -- moto: IAM and Organizations of somebody else, which check who signs, and how -----------------------------------


@pytest.fixture
def estate(server):
    """A user for the console with what the README lists, a canary, a prepared policy; then signatures are checked."""
    running = moto.server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    moto_api_backend.reset()
    host, port = running.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        iam, organisation = (client(url, name, "us-east-1") for name in ("iam", "organizations"))
        for user in ("standdown", "canary"):
            iam.create_user(UserName=user)
        key = iam.create_access_key(UserName="standdown")["AccessKey"]
        canary = iam.create_access_key(UserName="canary")["AccessKey"]
        tunes = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}
        iam.put_user_policy(UserName="canary", PolicyName="own", PolicyDocument=json.dumps(tunes))
        allowed = [
            "iam:GetUser", "iam:GetUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy", "iam:UpdateAccessKey",
            "iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "organizations:DescribePolicy",
            "organizations:UpdatePolicy", "organizations:ListTargetsForPolicy", "cloudwatch:GetMetricStatistics",
            "monitoring:GetMetricStatistics",  # moto takes the name in the signature for that of the permission
        ]  # fmt: skip
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
        iam.put_user_policy(UserName="standdown", PolicyName="least", PolicyDocument=json.dumps(allow))
        points = [(ATLAS, "Invocations", 10, 3), (ATLAS, "Invocations", 40, 4), (ATLAS, "Invocations", 90, 50),
                  (ATLAS, "InvocationLatency", 10, 700), ("another", "Invocations", 10, 9)]  # fmt: skip
        data = [
            {"MetricName": metric, "Dimensions": [{"Name": "ModelId", "Value": model}], "Value": value,
             "Timestamp": (USED_MS - minutes * 60_000) / 1000} for model, metric, minutes, value in points
        ]  # fmt: skip
        client(url, "cloudwatch").put_metric_data(Namespace="AWS/Bedrock", MetricData=data)
        organisation.create_organization(FeatureSet="ALL")
        root = organisation.list_roots()["Roots"][0]["Id"]
        content = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "Kept", "Effect": "Deny", "Action": "bedrock:DeleteGuardrail", "Resource": "*"}]})  # fmt: skip
        scp = organisation.create_policy(Content=content, Description="x", Name="standdown",
                                         Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]["Id"]  # fmt: skip
        organisation.attach_policy(PolicyId=scp, TargetId=root)
        settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count = 0, 0
        yield url, key, canary, scp
    finally:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        running.stop()


def at_moto(server, estate, secret=None):
    """Bedrock is the simulator's; IAM and Organizations are moto's, each with its own access key."""
    url, key, _, scp = estate
    adapter = adapter_at(server.url, scp=scp)
    own = adapter.access().aws

    class Two(DirectContext):
        async def call(self, method, path, **asked):
            self._choose(path)
            return await super().call(method, path, **asked)

        async def send(self, request):
            self._choose(request.path)
            return await super().send(request)

        def _choose(self, path):
            there = route(own, path).service.name != "bedrock"
            services = {name: replace(one, url=url if there else one.url) for name, one in own.services.items()}
            self.aws = replace(own, key_id=key["AccessKeyId"] if there else CONSOLE_KEY, services=services)
            self._secrets["secret-key"] = (secret or key["SecretAccessKey"]) if there else CONSOLE_SECRET

    context = Two(server.url, secrets=dict(SECRETS), callers_url=server.url)
    context.callers = {}
    return adapter, context


@pytest.mark.parametrize("lever", ["principal.deny", "principal.no-agents", "key.off", "organisation.deny"])
def test_there_and_back_at_moto_with_the_smallest_permissions(server, estate, lever):
    adapter, context = at_moto(server, estate)
    selector = {"key.off": estate[2]["AccessKeyId"], "organisation.deny": ATLAS}.get(lever, "user/canary")

    async def story():
        planned = await adapter.plan(context, Wish(lever=lever, selector=selector, surface_key=ATLAS))
        told = [(await adapter.read_back(context, planned)).verdict]
        await adapter.apply(context, planned)
        told.append((await adapter.read_back(context, planned)).verdict)
        await adapter.revert(context, planned)
        back = await adapter.read_back(context, planned)
        return [*told, back.verdict], dict(back.fields) == dict(planned.pre)

    assert asyncio.run(story()) == (["not-in-effect", "in-effect", "not-in-effect"], True)


def test_moto_counts_as_the_adapter_reads_it(server, estate):
    """Of this model, of this metric, in this hour; by the library's own writing of them."""
    adapter, context = at_moto(server, estate)
    found = asyncio.run(adapter.traffic(context, ATLAS, USED_MS - 3_600_000, USED_MS))
    assert (found.calls, found.whole) == (7, False)


def test_moto_refuses_another_secret_and_what_is_not_allowed(server, estate):
    adapter, context = at_moto(server, estate, secret="another/secret")
    with pytest.raises(Refused, match="403"):
        asyncio.run(adapter.plan(context, Wish(lever="principal.deny", selector="user/canary", surface_key=ATLAS)))
    adapter, context = at_moto(server, estate)
    with pytest.raises(Refused, match="403"):
        asyncio.run(adapter.plan(context, Wish(lever="principal.deny", selector="role/app", surface_key=ATLAS)))


def test_moto_enforces_the_deny_that_the_adapter_wrote(server, estate):
    """Its own engine of policies reads ours: the canary may tune, may not, and may again."""
    url, _, canary, _ = estate
    adapter, context = at_moto(server, estate)
    it = client(url, "bedrock", "us-east-1", canary["AccessKeyId"], canary["SecretAccessKey"])
    names = iter(("before", "during", "after"))

    def tune():
        it.create_model_customization_job(
            jobName=(name := next(names)), customModelName=name, roleArn="arn:aws:iam::123456789012:role/r",
            baseModelIdentifier=ATLAS, trainingDataConfig={"s3Uri": "s3://in/x"},
            outputDataConfig={"s3Uri": "s3://out/x"}, hyperParameters={"a": "b"},
        )  # fmt: skip

    wish = Wish(lever="principal.no-tuning", selector="user/canary", surface_key=ATLAS)
    planned = asyncio.run(adapter.plan(context, wish))
    tune()
    asyncio.run(adapter.apply(context, planned))
    with pytest.raises(ClientError, match="is not authorized to perform: bedrock:CreateModelCustomizationJob"):
        tune()
    asyncio.run(adapter.revert(context, planned))
    tune()
