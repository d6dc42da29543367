"""Signing for AWS: as botocore signs, to the services an instance names and no other, and no secret in what is sent."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.access import Access, CallersSide
from adapters.contract import AdapterFault, NotSent, Refused, Request
from adapters.signing import Aws, Bare, Service, route, signed
from adapters.simulator import Answer, Simulator
from console.domain.errors import Problem
from console.providers.instance import Instance
from console.providers.plane import Plane
from tests.kit.clock import FakeClock
from tests.kit.plainadapter import PlainAdapter, PlainSettings

TOLD = json.loads(Path(__file__).with_name("described").joinpath("aws-signing.json").read_text(encoding="utf-8"))
SECRET = "aws-secret-planted-1848"
CALLER_SECRET = "caller-secret-planted-1849"


@pytest.mark.parametrize("case", TOLD["cases"], ids=lambda case: f"{case['method']} {urlsplit(case['url']).path[:40]}")
def test_it_signs_as_botocore_does(case):
    parts = urlsplit(case["url"])
    when = datetime.strptime(case["date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    bare = Bare(
        method=case["method"], host=parts.netloc, target=target, headers=case["headers"], body=case["body"].encode()
    )
    service = Service(url="", name=case["service"], region=case["region"])
    proof = signed(service, TOLD["key_id"], TOLD["secret"], bare, int(when.timestamp() * 1000))
    assert proof == {"x-amz-date": case["date"], "authorization": case["authorization"]}


AWS = Aws(
    key_id="AKIATEST", secret="admin",
    services={
        "iam": Service(url="https://iam.example", name="iam", region="us-east-1"),
        "organizations": Service(url="https://org.example", name="organizations", region="us-east-1", target="Org"),
    },
)  # fmt: skip


STRAY = ["/", "/iam", "iam/", "/s3/x", "//iam/", "/organizations/a/b", "/organizations/", "/organizations/A?x=1"]


@pytest.mark.parametrize("path", STRAY)
def test_a_path_that_names_no_service_goes_nowhere(path):
    assert route(AWS, path) is None


def test_an_action_is_named_in_a_header_where_the_service_wants_that():
    assert route(AWS, "/iam/?Action=GetUser").path == "/?Action=GetUser"
    found = route(AWS, "/organizations/DescribePolicy")
    assert (found.path, found.headers["x-amz-target"]) == ("/", "Org.DescribePolicy")


class Heard:
    """A service that repeats, in its refusal, every header that it got."""

    def __init__(self):
        self.state = {}

    def kind(self, incoming):
        return "read"

    def handle(self, incoming, lag_s):
        return Answer(status=403, body={"message": json.dumps(dict(incoming.headers))})


class Signing(PlainAdapter):
    def access(self):
        url = self.base_url()
        services = {
            "iam": Service(url=url, name="iam", region="us-east-1"),
            "organizations": Service(url=url, name="organizations", region="us-east-1", target="Org"),
        }
        callers = Service(url="", name="bedrock", region="eu-central-1")
        aws = Aws(key_id="AKIATEST", secret="admin", services=services, callers=callers)
        return Access(aws=aws, callers=CallersSide(url=url))


class Kept:
    def __init__(self, **found):
        self.found = found

    def get(self, name):
        return self.found.get(name.partition("/")[2])


@pytest.fixture
def server():
    with Simulator(Heard()) as simulator:
        yield simulator


def plane_at(url, **found):
    made = Instance(id="g-" + "0" * 26, adapter="practice", name="p", settings={})
    kept = Kept(**{"admin": SECRET, "key": f"AKIACALLER:{CALLER_SECRET}", "word": "ABSKword", **found})
    return Plane(made, Signing(PlainSettings(url=url)), kept, FakeClock(), world="drill")


def tried(plane, *calls):
    async def whole():
        told = []
        try:
            for call in calls:
                context = plane.context("none")
                told.append(await call(context))
        finally:
            await plane.aclose()
        return told

    return asyncio.run(whole())


def test_what_is_sent_is_signed_and_holds_no_secret(server, caplog):
    caplog.set_level(logging.DEBUG)
    body = Request(method="POST", path="/iam/", body="Action=X", content_type="application/x-www-form-urlencoded",
                   effect="read")  # fmt: skip
    plane = plane_at(server.url)
    tried(
        plane,
        lambda it: it.call("GET", "/iam/?Action=GetUser&Version=2010-05-08", effect="read"),
        lambda it: it.call("POST", "/organizations/DescribePolicy", json={"PolicyId": "p"}, effect="read"),
        lambda it: it.send(body),
        lambda it: it.call("POST", "/model/a%3A0/converse", json={}, effect="read", credential="key", side="callers"),
        lambda it: it.call("POST", "/model/a%3A0/converse", json={}, effect="read", credential="word", side="callers"),
        lambda it: it.call("POST", "/model/a%3A0/converse", json={}, effect="read", credential=None, side="callers"),
    )
    first, second, third, fourth, fifth, sixth = server.requests()
    scope = "us-east-1/iam/aws4_request"
    assert (first.target, second.target, third.target) == ("/?Action=GetUser&Version=2010-05-08", "/", "/")
    assert scope in first.headers["authorization"]
    assert "Credential=AKIATEST/" in first.headers["authorization"]
    assert second.headers["x-amz-target"] == "Org.DescribePolicy"
    assert second.headers["content-type"] == "application/x-amz-json-1.1"
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-target" in second.headers["authorization"]
    assert third.body == b"Action=X"
    assert "Credential=AKIACALLER/20" in fourth.headers["authorization"]
    assert "eu-central-1/bedrock/aws4_request" in fourth.headers["authorization"]
    assert fifth.headers["authorization"] == "Bearer ABSKword"
    assert "authorization" not in sixth.headers
    everything = repr(server.requests()) + caplog.text + repr(plane.context("none"))
    for secret in (SECRET, CALLER_SECRET):
        assert secret not in everything


def test_every_request_is_as_botocore_would_check_it(server):
    """The signature is of the bytes that arrived: host, path, query and body."""
    asked = {"json": {"a": "ä"}, "effect": "read"}
    tried(plane_at(server.url), lambda it: it.call("POST", "/organizations/DescribePolicy", **asked))
    (seen,) = server.requests()
    names = seen.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: seen.headers[name] for name in names if name not in {"host", "x-amz-date"}}
    when = datetime.strptime(seen.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    bare = Bare(method=seen.method, host=seen.headers["host"], target=seen.target, headers=headers, body=seen.body)
    service = Service(url="", name="organizations", region="us-east-1")
    proof = signed(service, "AKIATEST", SECRET, bare, int(when.timestamp() * 1000))
    assert proof["authorization"] == seen.headers["authorization"]


@pytest.mark.parametrize("path", ["/s3/x", "/iam", "//iam/", "/iam/../x", "/iam//x"])
def test_no_other_service_and_no_way_out(server, path):
    with pytest.raises(Refused):
        tried(plane_at(server.url), lambda it: it.call("GET", path, effect="read"))
    assert server.requests() == []


def test_a_callers_key_never_goes_to_the_control_plane_and_ours_never_to_the_callers_side(server):
    for asked in ({"credential": "key"}, {"side": "callers"}):
        with pytest.raises(Refused):
            tried(plane_at(server.url), lambda it, asked=asked: it.call("GET", "/iam/x", effect="read", **asked))
    with pytest.raises(NotSent, match="no credential"):
        tried(plane_at(server.url, admin=None), lambda it: it.call("GET", "/iam/x", effect="read"))
    assert server.requests() == []


def test_no_fault_tells_a_secret(server):
    server.switch("lost-answer")
    with pytest.raises(AdapterFault) as told:
        tried(plane_at(server.url), lambda it: it.call("GET", "/iam/x", effect="read"))
    assert SECRET not in repr(told.value)
    assert "AKIATEST" not in repr(told.value)


def test_a_drill_speaks_to_no_service_of_the_world():
    with pytest.raises(Problem):
        plane_at("https://iam.amazonaws.com")
