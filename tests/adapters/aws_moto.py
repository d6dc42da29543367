"""The kit's own class against moto: an IAM and an Organizations of somebody else, which check who signs, and how.

Bedrock itself is the simulator's, since moto has little of it. Run by `test_real_aws.py` in an environment beside. By
hand: `.venv.aws/bin/python -m pytest -m real tests/adapters/aws_moto.py`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import moto.server
import pytest
from moto import settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.moto_api._internal.models import moto_api_backend

from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Refused, Wish
from adapters.simulator import Simulator
from tests.adapters.aws_kit import ATLAS, SECRETS, adapter_at, site
from tests.adapters.aws_referee import client
from tests.adapters.leaving_out import leaving_out

pytestmark = [pytest.mark.real, pytest.mark.timeout(120), pytest.mark.filterwarnings("default")]

# By which of the README's smallest permissions the console's user gets in, with nothing beside.
ALLOWED = [
    "iam:GetUser", "iam:GetRole", "iam:GetUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy",
    "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:UpdateAccessKey",
    "iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "organizations:DescribePolicy", "organizations:UpdatePolicy",
    "organizations:ListTargetsForPolicy", "organizations:ListParents",
]  # fmt: skip
ONE = {"Version": "2012-10-17", "Statement": [{"Sid": "Kept", "Effect": "Deny", "Action": "bedrock:DeleteGuardrail",
                                               "Resource": "*"}]}  # fmt: skip
LEFT_OUT = {
    "test_probe": "a probe calls a model, and moto has no model to call: its Bedrock has no runtime",
    "test_served_counts_refusals_too": "AWS keeps no count of refused calls that this adapter could read",
}


@pytest.fixture(scope="module")
def moto_url():
    running = moto.server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    moto_api_backend.reset()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        running.stop()


@pytest.fixture(scope="module")
def estate(moto_url):
    """A user for the console with the smallest permissions, a canary, a role, a policy; then everything is checked."""
    iam, organisation = (client(moto_url, name, "us-east-1") for name in ("iam", "organizations"))
    for user in ("standdown", "canary"):
        iam.create_user(UserName=user)
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    key = iam.create_access_key(UserName="standdown")["AccessKey"]
    canary = iam.create_access_key(UserName="canary")["AccessKey"]["AccessKeyId"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALLOWED, "Resource": "*"}]}
    iam.put_user_policy(UserName="standdown", PolicyName="least", PolicyDocument=json.dumps(allow))
    organisation.create_organization(FeatureSet="ALL")
    root = organisation.list_roots()["Roots"][0]["Id"]
    scp = organisation.create_policy(
        Content=json.dumps(ONE), Description="x", Name="standdown", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    organisation.attach_policy(PolicyId=scp, TargetId=root)
    settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count = 0, 0
    return (key["AccessKeyId"], key["SecretAccessKey"]), canary, scp


@pytest.fixture(scope="module")
def bedrock(estate):
    with Simulator(site(lag_s=0.0, console=estate[0])) as simulator:
        yield simulator


@pytest.fixture
def adapter(bedrock, estate):
    (key_id, _), _, scp = estate
    return adapter_at(bedrock.url, scp=scp, access_key_id=key_id)


@pytest.fixture
def context(bedrock, moto_url, estate, adapter):
    """One access key for all; IAM and Organizations at moto, the rest at the simulator."""
    made = DirectContext(bedrock.url, secrets={**SECRETS, "secret-key": estate[0][1]}, callers_url=bedrock.url)
    own = adapter.access().aws
    elsewhere = {name: replace(own.services[name], url=moto_url) for name in ("iam", "organizations")}
    made.aws = replace(own, services={**own.services, **elsewhere})
    return made


LEVERS = ("principal.deny", "principal.no-tuning", "principal.no-agents", "key.off", "organisation.deny")


@leaving_out(LEFT_OUT)
class TestAtMoto(AdapterConformance):
    probes_measure = False
    settles_within_s = 30.0

    @pytest.fixture(params=LEVERS)
    def wish(self, request, estate):
        chosen = {"key.off": estate[1], "organisation.deny": ATLAS, "principal.no-agents": "role/app"}
        return Wish(lever=request.param, selector=chosen.get(request.param, "user/canary"), surface_key=ATLAS)


def test_with_the_smallest_permissions_it_is_refused_the_simulation_and_then_nothing_is_claimed(adapter, context):
    with pytest.raises(Refused, match="simulation: AWS refused with 403"):
        asyncio.run(adapter.granted(context))
