"""Google's own client as the referee of what the adapter writes and of how it signs in.

Run by `test_real_google.py` in an environment beside, where the client is locked (decision 0163). By hand:
`.venv.google/bin/python -m pytest -m real tests/adapters/google_referee.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import urlsplit

import pytest
import requests
from anthropic import AnthropicVertex
from cryptography.hazmat.primitives import serialization
from google.auth import jwt
from google.auth.transport.requests import Request as Transport
from google.oauth2 import service_account
from googleapiclient.discovery import build_from_document
from httplib2 import Http

from adapters.access import SignIn
from adapters.conformance import AdapterConformance
from adapters.contract import Request
from adapters.google_vertex.simulated import BOREALIS, CANARY_TOKEN, CONSOLE, CONSOLE_TOKEN, LOCATION, PROJECT
from adapters.simulator import Simulator
from console.providers import assertion
from tests.adapters.discovery import Discovery
from tests.adapters.google_kit import adapter_at, context_at, service_key, site, verify
from tests.adapters.leaving_out import leaving_out
from tests.adapters.referee import Witness
from tests.adapters.test_google_referee import ALL, FOLDER
from tests.adapters.test_google_vertex import WISHES, wish

pytestmark = [pytest.mark.real, pytest.mark.timeout(120), pytest.mark.filterwarnings("default")]
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@pytest.fixture(scope="module")
def discovery():
    return Discovery()


@pytest.fixture(scope="module")
def for_the_client():
    """Google's client writes into the documents that it is built from."""
    return Discovery().documents


@pytest.fixture
def server():
    with Simulator(site(lag_s=0.0, verify=verify)) as simulator:
        yield simulator


def test_googles_library_takes_our_assertion_and_makes_the_same_one():
    text, public = service_key(CONSOLE)
    at = "https://oauth2.googleapis.com/token"
    theirs = service_account.Credentials.from_service_account_info(
        {**json.loads(text), "token_uri": at}, scopes=[SCOPE]
    )
    wanted = theirs._make_authorization_grant_assertion()
    sign_in = SignIn(url=at, client=CONSOLE, scope=SCOPE, secret="key", grant="signed-token")
    now_s = int(jwt.decode(wanted, verify=False)["iat"])
    ours = assertion.granted(sign_in, text, now_s)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(ours, certs={"k1": pem.decode()}, audience=at)
    assert jwt.decode_header(ours) == jwt.decode_header(wanted.decode())
    told = jwt.decode(wanted, verify=False)
    assert {name: claims[name] for name in ("iss", "scope", "aud")} == {
        name: told[name] for name in ("iss", "scope", "aud")
    }
    assert claims.keys() == told.keys()


def test_googles_library_signs_in_at_the_simulator(server):
    told = {**json.loads(service_key(CONSOLE)[0]), "token_uri": f"{server.url}/token"}
    theirs = service_account.Credentials.from_service_account_info(told, scopes=[SCOPE])
    with requests.Session() as session:
        theirs.refresh(Transport(session=session))
    assert (theirs.token, theirs.valid) == (CONSOLE_TOKEN, True)


@pytest.mark.parametrize("location", ["global", "us", "eu", "europe-west4"])
def test_anthropics_library_goes_to_the_same_address(location):
    with AnthropicVertex(region=location, project_id=PROJECT, access_token="x") as client:
        ours = adapter_at("", endpoint="", location=location).base_url()
        assert str(client.base_url).rstrip("/") == f"{ours}/v1"


def test_anthropics_library_calls_its_model_there_as_a_probe_does(server):
    adapter, context = adapter_at(server.url), context_at(server.url)
    planned = asyncio.run(adapter.plan(context, wish("model.forbid", BOREALIS)))
    server.forget()
    assert asyncio.run(adapter.probe(context, planned, "caller")).outcome == "passed"
    with AnthropicVertex(
        region=LOCATION, project_id=PROJECT, access_token=CANARY_TOKEN, base_url=f"{server.url}/v1", max_retries=0
    ) as client:
        told = client.messages.create(
            model=BOREALIS.rpartition("/")[2], max_tokens=1, messages=[{"role": "user", "content": "ping"}]
        )
    assert told.content[0].text == "p"
    ours, theirs = server.requests()
    assert (ours.path, ours.bearer) == (theirs.path, theirs.bearer)
    assert {**theirs.json(), **ours.json()} == theirs.json()


CALLS = {
    "cloudresourcemanager": ("projects", "folders", "organizations"),
    "aiplatform": ("projects.locations.endpoints", "projects.locations.batchPredictionJobs",
                   "projects.locations.tuningJobs", "projects.locations.customJobs"),
    "orgpolicy": ("projects.policies", "folders.policies", "organizations.policies"),
    "iam": ("policies",),
    "serviceusage": ("services.consumerQuotaMetrics",),
}  # fmt: skip


def made_by_the_client(document, request):
    """The same call, made by Google's client from the description: its method, address and body."""
    service, path = request.path.split("/", 2)[1:]
    parts = urlsplit(f"/{path}")
    for resource in CALLS[service]:
        client = build_from_document(document[service], http=Http())
        at = document[service]
        for step in resource.split("."):
            client, at = getattr(client, step)(), at["resources"][step]
        for name, method in at["methods"].items():
            found = _arguments(method, parts.path, request.method)
            if found is not None:
                query = dict(one.split("=", 1) for one in parts.query.split("&") if one)
                body = {"body": json.loads(request.body)} if "request" in method else {}
                return getattr(client, name)(**found, **query, **body)
    raise AssertionError(f"the client has no such call: {request.method} {request.path}")


def _arguments(method, path, verb):
    pattern = re.sub(r"\{\+(\w+)\}", r"(?P<\1>.+)", method["path"])
    found = re.fullmatch(f"/{pattern}", path) if method["httpMethod"] == verb else None
    if found is None:
        return None
    fits = all(re.fullmatch(method["parameters"][name]["pattern"], value) for name, value in found.groupdict().items())
    return found.groupdict() if fits else None


@pytest.mark.parametrize("name", ALL)
def test_googles_own_client_sends_every_write_alike(server, for_the_client, name):
    asked, more = ALL[name]
    adapter, context = adapter_at(server.url, **more), context_at(server.url)
    planned = asyncio.run(adapter.plan(context, asked))
    asyncio.run(adapter.apply(context, planned))
    again = asyncio.run(adapter.plan(context, asked)) if planned.revert else planned
    for request in (*planned.requests, *planned.revert, *again.requests):
        theirs = made_by_the_client(for_the_client, request)
        ours = urlsplit(request.path.partition("/")[2].partition("/")[2])
        made = urlsplit(theirs.uri)
        assert (theirs.method, made.path.removeprefix("/")) == (request.method, ours.path)
        sent = {one for one in made.query.split("&") if one and one != "alt=json"}
        assert sent == {one for one in ours.query.split("&") if one}
        assert json.loads(theirs.body or "null") == json.loads(request.body or "null")
        assert PROJECT in theirs.uri or FOLDER in theirs.uri or "organizations/" in theirs.uri


# -- the kit's own class, with Google's documents and Google's client as judges of all that came -----------------------

SERVICES = {"/v1/": "aiplatform", "/v2/policies/": "iam", "/v2/": "orgpolicy", "/v1beta1/": "serviceusage"}


class Judged(AdapterConformance):
    """Every exchange of every test is one by Google's documents, and every write is what Google's client makes."""

    settles_within_s = 30.0

    @pytest.fixture
    def witness(self):
        return Witness(site(lag_s=0.0, verify=verify))

    @pytest.fixture
    def server(self, witness, discovery, for_the_client):
        with Simulator(witness) as simulator:
            yield simulator
        wrong = [fault for one, answer in witness.seen for fault in discovery.faults(one, answer)]
        assert wrong == []
        for one in {(one.method, one.target, one.body): one for one, _ in witness.seen}.values():
            if witness.kind(one) == "write":
                alike(for_the_client, one)

    @pytest.fixture
    def adapter(self, server):
        return adapter_at(server.url)

    @pytest.fixture
    def context(self, server):
        return context_at(server.url)


def alike(documents, one):
    """What came is what Google's own client makes of it."""
    service = next(name for prefix, name in SERVICES.items() if one.target.startswith(prefix))
    request = Request(method=one.method, path=f"/{service}{one.target}", body=one.body.decode())
    theirs = made_by_the_client(documents, request)
    made, came = urlsplit(theirs.uri), urlsplit(one.target)
    assert (theirs.method, made.path) == (one.method, came.path)
    assert {each for each in made.query.split("&") if each and each != "alt=json"} == {
        each for each in came.query.split("&") if each
    }
    assert json.loads(theirs.body or "null") == json.loads(one.body or "null")


class TestMeasured(Judged):
    probe_credential = "caller"

    @pytest.fixture(params=["principal.deny", "model.forbid", "endpoint.quiet", "deployment.undeploy"])
    def wish(self, request):
        return WISHES[request.param]


@leaving_out(
    {
        "test_probe": "one call cannot tell of these levers, and no probe of theirs concludes anything",
        "test_served_counts_refusals_too": "Google keeps no count of refused calls that this adapter could read",
    }
)
class TestNotMeasured(Judged):
    probes_measure = False

    @pytest.fixture(params=["model.rpm", "deployment.aside", "job.cancel"])
    def wish(self, request):
        return WISHES[request.param]
