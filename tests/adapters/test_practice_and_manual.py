"""The practice estate as a child process and its fence; and what people do by hand."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from adapters.conformance import DirectContext, until
from adapters.contract import NotSent, Refused, Wish
from adapters.manual import Manual
from adapters.open_inference import OpenInference, wire
from adapters.practice import Practice
from adapters.practice.adapter import SECRET_PREFIX
from adapters.practice.simulator import Estate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def estate():
    """The estate in a process of its own, ended by closing its standard input."""
    command = [sys.executable, "-m", "adapters.practice.simulator", "--json", "--until-stdin-closes"]
    command += ["--gateway-lag-s", "0.2", "--cloud-lag-s", "0.4", "--unload-s", "0.2"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.stdin.close()
            assert child.wait(timeout=60) == 0


def _made(instance):
    adapter = Practice(Practice.manifest.settings.model_validate(instance["settings"]))
    return adapter, DirectContext(instance["settings"]["base_url"], secrets=instance["secrets"])


def test_the_estate_runs_as_a_child_and_its_faults_are_switched_from_outside(estate):
    instances = {found["name"]: found for found in estate["instances"]}
    assert sorted(instances) == ["cloud", "gateway-east", "gateway-west", "model-server"]
    secrets = [secret for found in instances.values() for secret in found["secrets"].values()]
    assert all(secret.startswith(SECRET_PREFIX) for secret in secrets)
    adapter, context = _made(instances["cloud"])
    wish = Wish(lever="deployment.pause", selector="deploy-main", surface_key="deploy-main")
    control = estate["control"]
    headers = {"authorization": f"Bearer {control['token']}"}

    async def story():
        planned = await adapter.plan(context, wish)
        await adapter.apply(context, planned)
        recorded = await adapter.read_back(context, planned)
        late = await until(
            lambda: adapter.probe(context, planned, "deploy-main"), lambda seen: seen.outcome == "refused", 10.0
        )
        return planned, recorded.verdict, late.outcome

    planned, recorded, late = asyncio.run(story())
    assert (recorded, late) == ("in-effect", "refused")
    with httpx.Client(base_url=control["url"], headers=headers, trust_env=False) as switches:
        said = switches.post("/fault", json={"site": "cloud", "fault": "down"}).json()
        assert said["cloud"] == ["down"]
        with pytest.raises(NotSent):
            asyncio.run(adapter.status(context))
        switches.post("/clear", json={"site": "cloud"})
        switches.post("/drift", json={"site": "cloud", "selector": "deploy-main"}).raise_for_status()
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
        assert switches.post("/fault", json={"site": "cloud", "fault": "gremlin"}).status_code == 400
        assert switches.post("/fault", json={"site": "moon", "fault": "down"}).status_code == 404
        assert switches.get("/state", headers={"authorization": "Bearer practice-other"}).status_code == 401


@pytest.mark.parametrize(
    "address", ["http://10.0.0.1", "https://gateway.example", "http://127.0.0.1.example", "http://a@127.0.0.1"]
)
def test_the_practice_adapter_leaves_loopback_for_nothing(address):
    with pytest.raises(ValidationError):
        Practice.manifest.settings.model_validate({"base_url": address})


def test_practice_refuses_what_belongs_elsewhere_and_what_is_still_changing():
    with Estate(gateway_lag_s=0, cloud_lag_s=0, unload_s=30) as estate:
        instances = {found["name"]: found for found in estate.instances()}
        gateway, at_gateway = _made(instances["gateway-east"])
        servers, at_servers = _made(instances["model-server"])
        for adapter, context, wish, why in (
            (gateway, at_gateway, Wish(lever="model.unload", selector="atlas-large", surface_key=""), "no lever"),
            (gateway, at_gateway, Wish(lever="key.block", selector="Canary", surface_key="moon"), "belongs to"),
            (gateway, at_gateway, Wish(lever="key.rpm", selector="Canary", surface_key=""), "parameters: rpm"),
        ):
            with pytest.raises(Refused, match=why):
                asyncio.run(adapter.plan(context, wish))
        wish = Wish(lever="model.unload", selector="Atlas large", surface_key="")
        planned = asyncio.run(servers.plan(at_servers, wish))
        asyncio.run(servers.apply(at_servers, planned))
        assert asyncio.run(servers.read_back(at_servers, planned)).detail == "still changing"
        with pytest.raises(Refused, match="still changing"):
            asyncio.run(servers.plan(at_servers, wish))


# -- by hand -----------------------------------------------------------------------------------------------------------

MANUAL = Manual(
    Manual.manifest.settings.model_validate(
        {
            "who": "vendor's abuse desk",
            "contact": "portal",
            "surfaces": [{"key": "app-store", "name": "Partner application", "model": "atlas-large"}],
        }
    )
)
NOWHERE = DirectContext("http://127.0.0.1:9", auth="none")


def _asked(**params):
    return Wish(lever="manual.ask", selector="", surface_key="app-store", params=params)


def test_what_is_asked_stands_in_the_plan_and_is_never_observed():
    wish = _asked(instruction="Withdraw the model", category="capability", by="17:00 UTC", ticket="T-1")
    planned = asyncio.run(MANUAL.plan(NOWHERE, wish))
    assert planned.params["who"] == "vendor's abuse desk"
    assert planned.params["category"] == "capability"
    assert (planned.requests, planned.revert, planned.pre) == ((), (), {})
    assert asyncio.run(MANUAL.apply(NOWHERE, planned)).outcome == "accepted"
    assert asyncio.run(MANUAL.read_back(NOWHERE, planned)).verdict == "cannot-tell"
    assert asyncio.run(MANUAL.probe(NOWHERE, planned, None)).outcome == "cannot-tell"
    assert asyncio.run(MANUAL.revert(NOWHERE, planned)).detail.endswith("asked to take it back")
    assert Manual.manifest.lever("manual.ask").probe is None
    assert [found.state for found in asyncio.run(MANUAL.status(NOWHERE)).surfaces] == ["unknown"]
    assert [found.name for found in asyncio.run(MANUAL.discover(NOWHERE))] == ["Partner application"]
    assert MANUAL.base_url() == ""


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (_asked(), "instruction"),
        (_asked(instruction="x", category="magic"), "category"),
        (_asked(instruction="x", colour="red"), "colour"),
        (Wish(lever="manual.ask", selector="", surface_key="moon", params={"instruction": "x"}), "no surface"),
        (Wish(lever="key.block", selector="", surface_key="app-store"), "no lever"),
    ],
)
def test_an_incomplete_request_is_refused(wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(MANUAL.plan(NOWHERE, wish))


def test_a_request_to_nobody_is_refused():
    settings = {"surfaces": [{"key": "app-store", "name": "Partner application", "model": "atlas-large"}]}
    nobody = Manual(Manual.manifest.settings.model_validate(settings))
    with pytest.raises(Refused, match="say who"):
        asyncio.run(nobody.plan(NOWHERE, _asked(instruction="x")))


# -- probes of a model server ------------------------------------------------------------------------------------------


def test_the_smallest_inference_fits_every_kind_of_input():
    tensors = [
        wire.Tensor(name="a", datatype="BYTES", shape=[-1, 2]),
        wire.Tensor(name="b", datatype="BOOL", shape=[1]),
        wire.Tensor(name="c", datatype="UINT8", shape=[]),
        wire.Tensor(name="d", datatype="FP32", shape=[-1]),
    ]
    body = wire.infer_body(tensors)
    assert body is not None
    assert [(found["shape"], found["data"]) for found in body["inputs"]] == [
        ([1, 2], ["x", "x"]), ([1], [False]), ([], [0]), ([1], [0.0]),
    ]  # fmt: skip
    assert wire.infer_body([wire.Tensor(name="a", datatype="FP32", shape=[3, 4096, 4096])]) is None
    assert wire.infer_body([]) is None
    assert wire.tensors_of(wire.text_of(tensors)) == tensors
    assert wire.tensors_of("{") == []


def test_model_servers_are_reached_over_https_or_loopback_only():
    with pytest.raises(ValidationError):
        OpenInference.manifest.settings.model_validate({"base_url": "http://models.example"})
