"""A Google project connected at the command line by a service account's key: tried, kept, read, corrected in part."""

from __future__ import annotations

import base64
import json

import pytest

from adapters.google_vertex.simulated import ATLAS, CANARY, CONSOLE
from adapters.google_vertex.simulator import GoogleSite
from adapters.simulator import Simulator
from tests.adapters.google_kit import service_key, settings, verify
from tests.cli.test_provider_clouds import run, words_of  # noqa: F401  a fixture is asked for by its name


def line(email):
    """A key as a command reads it: base64 on one line."""
    return base64.b64encode(service_key(email)[0].encode()).decode()


@pytest.fixture
def server():
    with Simulator(GoogleSite(lag_s=0.0, verify=verify)) as simulator:
        yield simulator


def test_a_project_signs_in_by_its_key_and_says_what_it_can(run, server):  # noqa: F811  the fixture
    given = words_of(**settings(server.url))
    wrong = run(
        "provider", "add", "google_vertex", "--name", "vertex", "--test", *given, secrets=(line(CANARY),), code=4
    )
    assert "belongs to another account" in json.dumps(wrong)
    assert server.requests() == []
    told = run("provider", "add", "google_vertex", "--name", "vertex", "--test", *given, secrets=(line(CONSOLE),))
    assert [one["key"] for one in told["surfaces"]] == [
        "endpoints/9001", "endpoints/9002", "endpoints/9003", "publishers/anthropic/models/borealis-4@20260101", ATLAS,
    ]  # fmt: skip
    report = run("provider", "test", "vertex")["report"]
    verdicts = {one["lever"]: one["verdict"] for one in report["levers"]}
    assert (report["who"], len(verdicts)) == (CONSOLE, 11)
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "can-plan"} == {
        "principal.deny": "not-tried", "principal.no-tuning": "not-tried", "job.cancel": "not-tried",  # nobody named
        "deployment.aside": "cannot",  # of each endpoint's models either none is named, or there is one only
    }  # fmt: skip
