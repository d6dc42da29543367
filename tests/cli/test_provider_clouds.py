"""A cluster and a cloud connected at the command line: tried, kept, read, and nothing secret in any answer."""

from __future__ import annotations

import base64
import json
import os

import pytest

from adapters.azure_openai.simulator import CLIENT_SECRET, AzureSite
from adapters.kubernetes.simulator import CONSOLE_TOKEN, ClusterSite
from adapters.simulator import Simulator
from console.app import main
from tests.adapters import azure_kit
from tests.adapters.authority import authority
from tests.adapters.test_kubernetes import cluster, settings


@pytest.fixture
def run(tmp_path, capsys):
    def standdown(*words, secrets=(), code=0):
        read, write = os.pipe()
        typed, hand = os.pipe()
        os.write(write, b"correct horse battery\n" * 4)
        os.write(hand, "".join(f"{one}\n" for one in secrets).encode())
        os.close(write)
        os.close(hand)
        front = [
            "--json",
            "--profile",
            str(tmp_path / "profile"),
            "--passphrase-fd",
            str(read),
            "--secret-fd",
            str(typed),
        ]
        try:
            assert main([*front, *words]) == code
        finally:
            os.close(read)
            os.close(typed)
        told = capsys.readouterr()
        assert all(one not in told.out + told.err for one in secrets if one)
        return json.loads(told.out)

    standdown("record", "start", "--name", "Commander")
    return standdown


def words_of(**settings):
    return [word for name, value in settings.items() for word in ("--set", f"{name}={json.dumps(value)}")]


@pytest.mark.parametrize("by", ["token", "certificate"])
def test_a_cluster_by_token_or_by_a_kubeconfigs_certificate(run, by):
    with Simulator(ClusterSite(cluster()), tls=authority().serving()) as server:
        pair = authority().issue("standdown-console")
        line = base64.b64encode(pair.key.encode()).decode()
        shown = {"prove": "certificate", "certificate": base64.b64encode(pair.certificate.encode()).decode()}
        ca = base64.b64encode(authority().ca.encode()).decode()
        given = settings(server.url, ca=ca, **(shown if by == "certificate" else {}))
        secrets = (CONSOLE_TOKEN, "") if by == "token" else ("", line)
        told = run("provider", "add", "kubernetes", "--name", "cluster", "--test", *words_of(**given), secrets=secrets)
        assert [one["key"] for one in told["surfaces"]] == [
            "deployment/models/atlas", "deployment/models/spare", "statefulset/models/borealis",
            "inferenceservice/models/cirrus",
        ]  # fmt: skip
        told = run("provider", "test", "cluster")["report"]
        assert told["who"] == "system:serviceaccount:models:standdown"
        verdicts = {one["lever"]: one["verdict"] for one in told["levers"]}
        assert set(verdicts.values()) == {"can-plan"}, told


def test_an_azure_account_signs_in_with_its_secret(run):
    site: AzureSite = azure_kit.site()
    with Simulator(site) as server:
        given = azure_kit.settings(server.url)
        wrong = run("provider", "add", "azure_openai", "--name", "cloud", "--test", *words_of(**given),
                    secrets=("wrong-secret", ""), code=4)  # fmt: skip
        assert "refused this client (invalid_client): renew the credential" in json.dumps(wrong)
        told = run("provider", "add", "azure_openai", "--name", "cloud", "--test", *words_of(**given),
                   secrets=(CLIENT_SECRET, ""))  # fmt: skip
        assert [one["model"] for one in told["surfaces"]][:1] == ["atlas-large-2025-08-07"]
        report = run("provider", "test", "cloud")["report"]
        assert {one["verdict"] for one in report["levers"]} == {"can-plan"}
        assert {one["allowed"] for one in report["levers"]} == {True}
        assert report["asked"].startswith("asked by Azure's list of this application's permissions")
        site.state.roles = [{"actions": ["*/read", "Microsoft.CognitiveServices/accounts/deployments/write"]}]
        levers = {one["lever"]: one for one in run("provider", "test", "cloud")["report"]["levers"]}
        assert levers["deployment.capacity"]["allowed"] is True
        assert (levers["keys.off"]["verdict"], levers["keys.off"]["allowed"]) == ("cannot", False)
        assert "may not do Microsoft.CognitiveServices/accounts/write" in levers["keys.off"]["why"]
