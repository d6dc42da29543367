"""Kubernetes' own Python client as the referee: it parses what the simulator says, and asks as the adapter asks."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from adapters.conformance import DirectContext
from adapters.contract import Wish
from adapters.kubernetes.adapter import Kubernetes
from adapters.kubernetes.simulator import CALLER_TOKEN, CONSOLE_TOKEN, MERGE, ClusterSite
from adapters.simulator import Simulator
from tests.adapters.authority import authority
from tests.adapters.test_kubernetes import cluster, scaler, settings

NAMESPACE = "models"
APPLY = "application/apply-patch+yaml"
KSERVE = {"group": "serving.kserve.io", "version": "v1beta1", "namespace": NAMESPACE, "plural": "inferenceservices"}


@pytest.fixture
def server():
    with Simulator(ClusterSite(cluster(), lag_s=0.0, page=2), tls=authority().serving()) as simulator:
        scaler()(simulator.site.state)
        yield simulator


@pytest.fixture
def official(server, tmp_path):
    from kubernetes import client

    trusted = tmp_path / "ca.pem"
    trusted.write_text(authority().ca, encoding="ascii")
    how = client.Configuration(host=server.url)
    how.ssl_ca_cert = str(trusted)
    how.api_key = {"authorization": CONSOLE_TOKEN}
    how.api_key_prefix = {"authorization": "Bearer"}
    how.retries = False
    with client.ApiClient(how) as made:
        yield client, made


def asked(server):
    """What arrived, as one compares it: method, path, query, content type, body.

    The client leaves plain JSON unsaid where it may, and the server takes what is unsaid for that.
    """
    told = [
        (one.method, one.path, dict(one.query), one.headers.get("content-type", "").removeprefix("application/json"),
         json.loads(one.body) if one.body else None)
        for one in server.requests()
    ]  # fmt: skip
    server.forget()
    return told


def ours(server, work):
    context = DirectContext(
        server.url, secrets={"token": CONSOLE_TOKEN, "caller": CALLER_TOKEN}, tls=authority().trusting()
    )
    adapter = Kubernetes(Kubernetes.manifest.settings.model_validate(settings(server.url)))
    server.forget()
    found = asyncio.run(work(adapter, context))
    return found, asked(server)


def planned(server, lever, selector, direction="contain", **params):
    wish = Wish(lever=lever, selector=selector, surface_key="", params=params, direction=direction)
    return ours(server, lambda adapter, context: adapter.plan(context, wish))


def test_it_parses_every_list_and_asks_for_each_as_the_adapter_does(server, official):
    client, api = official
    _, told = ours(server, lambda adapter, context: adapter.status(context))
    apps, custom = client.AppsV1Api(api), client.CustomObjectsApi(api)
    deployments = apps.list_namespaced_deployment(NAMESPACE, limit=500)
    rows = [(one.metadata.name, one.spec.replicas, one.status.ready_replicas) for one in deployments.items]
    assert rows == [("atlas", 3, 3), ("spare", 1, 1)]
    more = apps.list_namespaced_stateful_set(NAMESPACE, limit=500)
    assert [(one.metadata.name, one.status.observed_generation) for one in more.items] == [("borealis", 1)]
    services = custom.list_namespaced_custom_object(**KSERVE, limit=500)
    assert [one["metadata"]["name"] for one in services["items"]] == ["cirrus"]
    client.NetworkingV1Api(api).list_namespaced_network_policy(NAMESPACE, limit=500)
    body = client.V1SelfSubjectReview(api_version="authentication.k8s.io/v1", kind="SelfSubjectReview")
    me = client.AuthenticationV1Api(api).create_self_subject_review(body)
    assert me.status.user_info.username == "system:serviceaccount:models:standdown"
    assert asked(server) == told


def test_it_reviews_its_own_access_as_the_client_does(server, official):
    client, api = official
    planned_isolation, _ = planned(server, "traffic.isolate", "deployment/models/atlas")
    lacking, told = ours(server, lambda adapter, context: adapter.may_not(context, planned_isolation))
    assert lacking == []
    name = planned_isolation.params["policy"]
    for verb in ("patch", "create", "delete"):
        attributes = client.V1ResourceAttributes(
            verb=verb, group="networking.k8s.io", resource="networkpolicies", namespace=NAMESPACE,
            name=None if verb == "create" else name,
        )  # fmt: skip
        body = client.V1SelfSubjectAccessReview(
            api_version="authorization.k8s.io/v1", kind="SelfSubjectAccessReview",
            spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes),
        )  # fmt: skip
        review = client.AuthorizationV1Api(api).create_self_subject_access_review(body)
        assert review.status.allowed is True
    assert asked(server) == told


def test_a_list_goes_on_as_the_client_would_go_on(server, official):
    client, api = official
    for name in ("one", "two"):
        server.poke(lambda rows, n=name: rows.put("services", NAMESPACE, n, spec={"ports": [{"port": 1}]}))
    _, told = planned(server, "workload.down", "deployment/models/spare")  # no Service leads to it: all are read
    mine = [one for one in told if one[1].endswith("/services")]
    server.forget()
    page, after = None, None
    while page is None or after:
        more = {"_continue": after} if after else {}
        page = client.CoreV1Api(api).list_namespaced_service(NAMESPACE, limit=500, **more)
        after = page.metadata._continue
    assert len(mine) == 3
    assert asked(server) == mine


def test_it_parses_what_a_plan_reads_and_reads_it_alike(server, official):
    client, api = official
    _, told = planned(server, "workload.down", "deployment/models/atlas")
    found = client.AppsV1Api(api).read_namespaced_deployment("atlas", NAMESPACE)
    assert found.spec.template.metadata.labels == {"app": "atlas"}
    hpas = client.AutoscalingV2Api(api).list_namespaced_horizontal_pod_autoscaler(NAMESPACE, limit=500)
    assert [(one.spec.scale_target_ref.name, one.spec.max_replicas) for one in hpas.items] == [("atlas", 9)]
    assert asked(server) == told[:2]


@pytest.mark.parametrize("direction", ["contain", "restore"])
def test_a_scale_is_the_clients_own(server, official, direction):
    client, api = official
    plan, _ = planned(server, "workload.down", "statefulset/models/borealis", direction)
    _, told = ours(server, lambda adapter, context: adapter.apply(context, plan))
    body = told[0][4]
    if direction == "restore":
        now = client.AppsV1Api(api).read_namespaced_stateful_set("borealis", NAMESPACE).metadata.resource_version
        body = {"metadata": {"resourceVersion": now}, "spec": body["spec"]}
        server.forget()
    scale = client.AppsV1Api(api).patch_namespaced_stateful_set_scale(
        "borealis", NAMESPACE, body, field_manager="standdown", _content_type=MERGE
    )
    assert scale.spec.replicas == (None if direction == "contain" else 2)  # a zero is left out, as there
    (sent,) = asked(server)
    assert sent[:4] == told[0][:4]
    assert sent[4].keys() == told[0][4].keys()


def test_a_conflict_is_the_clients_own(server, official):
    client, api = official
    with pytest.raises(client.ApiException) as told:
        client.AppsV1Api(api).patch_namespaced_deployment_scale(
            "atlas", NAMESPACE, {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 0}}, _content_type=MERGE
        )
    assert (told.value.status, json.loads(told.value.body)["reason"]) == (409, "Conflict")


@pytest.mark.parametrize("back", [False, True])
def test_kserves_stop_is_the_clients_own(server, official, back):
    client, api = official
    plan, _ = planned(server, "service.down", "inferenceservice/models/cirrus")
    _, told = ours(server, lambda adapter, context: (adapter.revert if back else adapter.apply)(context, plan))
    found = client.CustomObjectsApi(api).patch_namespaced_custom_object(
        **KSERVE, name="cirrus", body=told[0][4], field_manager="standdown", _content_type=MERGE
    )
    assert found["metadata"]["annotations"].get("serving.kserve.io/stop") == (None if back else "true")
    assert asked(server) == told


def test_a_policy_is_the_clients_own_there_and_back(server, official):
    client, api = official
    plan, _ = planned(server, "traffic.isolate", "deployment/models/atlas", allow="gateway")
    _, there = ours(server, lambda adapter, context: adapter.apply(context, plan))
    network = client.NetworkingV1Api(api)
    made = network.patch_namespaced_network_policy(
        "standdown-deployment-atlas", NAMESPACE, there[0][4], field_manager="standdown", force=True,
        _content_type=APPLY,
    )  # fmt: skip
    assert made.spec.pod_selector.match_labels == {"app": "atlas"}
    (rule,) = made.spec.ingress
    assert rule._from[0].namespace_selector.match_expressions[0].values == ["gateway"]
    assert asked(server) == there
    lift, _ = planned(server, "traffic.isolate", "deployment/models/atlas", "restore")
    _, back = ours(server, lambda adapter, context: adapter.apply(context, lift))
    network.patch_namespaced_network_policy(
        "standdown-deployment-atlas", NAMESPACE, there[0][4], field_manager="standdown", force=True,
        _content_type=APPLY,
    )  # fmt: skip
    version = network.read_namespaced_network_policy("standdown-deployment-atlas", NAMESPACE).metadata.resource_version
    server.forget()
    condition = client.V1DeleteOptions(preconditions=client.V1Preconditions(resource_version=version))
    network.delete_namespaced_network_policy("standdown-deployment-atlas", NAMESPACE, body=condition)
    (sent,) = asked(server)
    assert sent[:4] == back[0][:4]
    assert sent[4]["preconditions"].keys() == back[0][4]["preconditions"].keys()


def test_the_proxy_is_the_clients_own(server, official):
    client, api = official
    plan, _ = planned(server, "workload.down", "deployment/models/atlas")
    _, told = ours(server, lambda adapter, context: adapter.probe(context, plan, "caller"))
    with contextlib.suppress(client.ApiException):  # the console's own account may try it here
        client.CoreV1Api(api).connect_get_namespaced_service_proxy_with_path("atlas:http", NAMESPACE, "v1/models")
    assert asked(server) == told
