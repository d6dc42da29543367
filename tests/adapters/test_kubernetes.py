"""The Kubernetes adapter over real https: through the kit, and what it refuses, warns of and concludes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from adapters.conformance import AdapterConformance, Bent, DirectContext, Overheard, reply
from adapters.contract import NotSent, Refused, Stale, Wish
from adapters.kubernetes import ADAPTER, states
from adapters.kubernetes.adapter import Kubernetes
from adapters.kubernetes.objects import DEPLOYMENT, STATEFULSET, Seen
from adapters.kubernetes.simulator import CALLER_TOKEN, CONSOLE_TOKEN, STOP, Cluster, ClusterSite, workload
from adapters.kubernetes.wire import Workload
from adapters.simulator import Simulator
from console.services.connection import try_plane
from console.viewmodels.provider_cards import report_view
from tests.adapters.authority import authority
from tests.adapters.test_behind_the_guard import plane_of, whole_story

ATLAS = "deployment/models/atlas"
STOP_ATLAS = Wish(lever="workload.down", selector=ATLAS, surface_key=ATLAS)
FLUX = {"kustomize.toolkit.fluxcd.io/name": "models", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}


def cluster():
    made = Cluster()
    made.put("deployments", "models", "atlas", spec=workload("atlas", 3),
             metadata={"labels": {"app.kubernetes.io/name": "atlas-large", "tier": "big"}})  # fmt: skip
    made.put("deployments", "models", "spare", spec=workload("spare", 1))
    made.put("statefulsets", "models", "borealis", spec=workload("borealis", 2))
    made.put("inferenceservices", "models", "cirrus", metadata={"annotations": {"owner": "research"}})
    made.put(
        "services", "models", "atlas", spec={"selector": {"app": "atlas"}, "ports": [{"name": "http", "port": 80}]}
    )
    made.put("services", "models", "borealis", spec={"selector": {"app": "borealis"}, "ports": [{"port": 8080}]})
    made.put("services", "models", "cirrus-predictor", spec={"selector": {"x": "y"}, "ports": [{"port": 80}]})
    return made


def settings(url, **more):
    return {"base_url": url, "namespaces": "models", "ca": authority().ca, **more}


@pytest.fixture
def server():
    with Simulator(ClusterSite(cluster(), lag_s=0.05, page=2), tls=authority().serving()) as simulator:
        yield simulator


@pytest.fixture
def adapter(server):
    return ADAPTER(Kubernetes.manifest.settings.model_validate(settings(server.url)))


@pytest.fixture
def context(server):
    secrets = {"token": CONSOLE_TOKEN, "caller": CALLER_TOKEN, "wrong": "x"}
    return DirectContext(server.url, secrets=secrets, tls=authority().trusting())


def plan(adapter, context, lever="workload.down", selector=ATLAS, direction="contain", **params):
    wish = Wish(lever=lever, selector=selector, surface_key="", params=params, direction=direction)
    return asyncio.run(adapter.plan(context, wish))


class _Kubernetes(AdapterConformance):
    probe_credential = "caller"
    settles_within_s = 30.0


class TestStop(_Kubernetes):
    @pytest.fixture
    def wish(self):
        return Wish(lever="workload.down", selector="statefulset/models/borealis", surface_key="")


class TestService(_Kubernetes):
    @pytest.fixture
    def wish(self):
        return Wish(lever="service.down", selector="cirrus", surface_key="")


class TestUnmeasured(_Kubernetes):
    probes_measure = False

    @pytest.fixture(params=["workload.fewer", "traffic.isolate"])
    def wish(self, request):
        params = {"replicas": "1"} if request.param == "workload.fewer" else {"allow": "gateway"}
        return Wish(lever=request.param, selector="atlas", surface_key=ATLAS, params=params)


# -- what is there -----------------------------------------------------------------------------------------------------


def test_every_workload_of_the_namespaces_is_a_surface_page_by_page(server, adapter, context):
    found = asyncio.run(adapter.discover(context))
    assert [(one.key, one.model) for one in found] == [
        (ATLAS, "atlas-large"), ("deployment/models/spare", "spare"), ("statefulset/models/borealis", "borealis"),
        ("inferenceservice/models/cirrus", "cirrus"),
    ]  # fmt: skip
    for number in range(5):
        server.poke(lambda rows, n=number: rows.put("deployments", "models", f"more-{n}", spec=workload(f"m{n}", 1)))
    assert len(asyncio.run(adapter.discover(context))) == 9
    assert any(one.query.get("continue") == "6" for one in server.requests())


def test_labels_choose_and_a_cluster_without_kserve_has_no_services(server, context):
    server.poke(lambda rows: rows.missing.add("inferenceservices"))
    chosen = ADAPTER(Kubernetes.manifest.settings.model_validate(settings(server.url, labels="tier=big")))
    assert [one.key for one in asyncio.run(chosen.discover(context))] == [ATLAS]


def test_status_says_what_runs_who_may_call_and_whom_the_cluster_takes_us_for(server, adapter, context):
    server.poke(lambda rows: rows.objects["deployments", "models", "spare"]["spec"].update(replicas=0))
    asyncio.run(adapter.apply(context, plan(adapter, context, "traffic.isolate", allow="gateway, batch")))
    asyncio.run(adapter.apply(context, plan(adapter, context, "traffic.isolate", "statefulset/models/borealis")))
    status = asyncio.run(adapter.status(context))
    assert status.facts["identity"] == "system:serviceaccount:models:standdown"
    told = {one.key: (one.state, one.restrictions) for one in status.surfaces}
    assert told[ATLAS] == ("serving", ("only batch, gateway may call",))
    assert told["deployment/models/spare"] == ("stopped", ("stopped",))
    assert told["statefulset/models/borealis"] == ("serving", ("nobody in the cluster may call",))


@pytest.mark.parametrize(
    ("kind", "ending", "told"),
    [
        (DEPLOYMENT, None, ("stopped", states.NOT_COUNTED)), (DEPLOYMENT, 0, ("stopped", "nothing runs")),
        (DEPLOYMENT, 2, ("degraded", "2 still ending")), (STATEFULSET, None, ("stopped", "nothing runs")),
    ],
)  # fmt: skip
def test_a_cluster_that_does_not_tell_of_pods_that_are_ending_is_not_taken_at_its_word(kind, ending, told):
    status = {} if ending is None else {"terminatingReplicas": ending}
    body = {"metadata": {"name": "a", "namespace": "n"}, "spec": {"replicas": 0}, "status": status}
    assert states.of(Seen(kind, Workload.model_validate(body))) == told


def test_pods_that_are_still_ending_are_not_called_stopped():
    with Simulator(ClusterSite(cluster(), lag_s=3600.0), tls=authority().serving()) as slow:
        adapter = ADAPTER(Kubernetes.manifest.settings.model_validate(settings(slow.url)))
        context = DirectContext(
            slow.url, secrets={"token": CONSOLE_TOKEN, "caller": CALLER_TOKEN}, tls=authority().trusting()
        )
        stop, quiet = plan(adapter, context), plan(adapter, context, "service.down", "cirrus")
        for planned in (stop, quiet):
            asyncio.run(adapter.apply(context, planned))
        back = asyncio.run(adapter.read_back(context, stop))
        assert (back.verdict, back.fields, back.detail) == ("not-in-effect", {"replicas": "0"}, "3 still ending")
        assert asyncio.run(adapter.probe(context, stop, "caller")).outcome == "passed"
        # a KServe too old to know the annotation would stay so for ever
        assert asyncio.run(adapter.read_back(context, quiet)).verdict == "not-in-effect"
        seen = {one.key: one.state for one in asyncio.run(adapter.status(context)).surfaces}
        assert (seen[ATLAS], seen["inferenceservice/models/cirrus"]) == ("degraded", "unknown")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (
            Wish(lever="workload.down", selector="service/models/atlas", surface_key=""),
            "only, not service/models/atlas",
        ),
        (Wish(lever="workload.down", selector="deployment/else/atlas", surface_key=""), "not among this provider's"),
        (Wish(lever="workload.down", selector="deployment/models/gone", surface_key=""), "there is no Deployment gone"),
        (Wish(lever="workload.down", selector="cirrus", surface_key=""), "no Deployment or StatefulSet called"),
        (Wish(lever="workload.down", selector=ATLAS, surface_key="other"), "a surface of its own"),
        (Wish(lever="service.down", selector=ATLAS, surface_key=""), "reaches InferenceServices only"),
        (Wish(lever="workload.fewer", selector=ATLAS, surface_key="", params={"replicas": "4"}), "more, not fewer"),
        (Wish(lever="workload.fewer", selector=ATLAS, surface_key="", params={"replicas": "0"}), "takes replicas"),
        (Wish(lever="traffic.isolate", selector=ATLAS, surface_key="", params={"allow": "A/b"}), "takes allow"),
    ],
)
def test_it_refuses_what_cannot_be_done(adapter, context, wish, why):
    with pytest.raises(Refused, match=why):
        asyncio.run(adapter.plan(context, wish))


def test_a_name_that_two_have_is_asked_for_by_key(server, adapter, context):
    server.poke(lambda rows: rows.put("statefulsets", "models", "atlas", spec=workload("else", 1)))
    with pytest.raises(Refused, match="say deployment/models/atlas or statefulset/models/atlas"):
        plan(adapter, context, selector="atlas")


@pytest.mark.parametrize(
    ("selector", "refused"),
    [
        ({"matchLabels": {"app": "atlas"}}, True),
        ({}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["atlas", "x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["atlas"]}]}, False),
        ({"matchExpressions": [{"key": "gone", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]}, True),
        ({"matchLabels": {"app": "spare"}}, False),
    ],
)
def test_a_policy_that_would_take_nothing_away_is_refused(server, adapter, context, selector, refused):
    spec = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{}]}
    server.poke(lambda rows: rows.put("networkpolicies", "models", "open", spec=spec))
    if refused:
        with pytest.raises(Refused, match="policies add up: open"):
            plan(adapter, context, "traffic.isolate")
    else:
        plan(adapter, context, "traffic.isolate")
    server.poke(lambda rows: rows.put("networkpolicies", "models", "open", spec={**spec, "ingress": []}))
    plan(adapter, context, "traffic.isolate")


@pytest.mark.parametrize("lever_first", [True, False])
def test_a_policy_made_later_that_lets_callers_in_undoes_ours(server, adapter, context, lever_first):
    planned = plan(adapter, context, "traffic.isolate")
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "in-effect"
    told = {"app": "atlas"} if lever_first else {"app": "spare"}
    spec = {"podSelector": {"matchLabels": told}, "policyTypes": ["Ingress"], "ingress": [{}]}
    server.poke(lambda rows: rows.put("networkpolicies", "models", "open", spec=spec))
    back = asyncio.run(adapter.read_back(context, planned))
    assert (back.verdict, "open lets callers in" in back.detail) == (
        ("not-in-effect", True) if lever_first else ("in-effect", False)
    )
    lines = {one.key: one.restrictions for one in asyncio.run(adapter.status(context)).surfaces}[ATLAS]
    assert ("takes nothing away: open" in lines[0]) is lever_first
    assert ("nobody in the cluster may call" in lines[0]) is not lever_first


# -- who would undo it -------------------------------------------------------------------------------------------------


def scaler(name="atlas", least=2, **meta):
    target = {"kind": "Deployment", "name": "atlas", "apiVersion": "apps/v1"}
    return lambda rows: rows.put(
        "horizontalpodautoscalers", "models", name, metadata=meta,
        spec={"scaleTargetRef": target, "minReplicas": least, "maxReplicas": 9},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "at_zero"),
    [
        (scaler(), "rests while nothing runs"),
        (scaler(least=0), "may also start it again"),
        (scaler("keda-hpa-atlas"), "KEDA scales it"),
        (scaler(labels={"scaledobject.keda.sh/name": "a"}), "KEDA scales it"),
        (lambda rows: rows.forbidden.add("horizontalpodautoscalers"), "may not see autoscalers"),
    ],
)
def test_an_autoscaler_is_warned_of(server, adapter, context, change, at_zero):
    assert plan(adapter, context).notes == ()
    server.poke(change)
    assert [note for note in plan(adapter, context).notes if at_zero in note]


def test_fewer_replicas_under_an_autoscaler_would_not_last(server, adapter, context):
    server.poke(scaler())
    (note,) = plan(adapter, context, "workload.fewer", replicas="1").notes
    assert "would undo this within seconds" in note
    assert "2 to 9" in note


@pytest.mark.parametrize(
    ("policy", "ignored", "warning"),
    [
        ({"automated": {"selfHeal": True}}, [], "heals itself and would undo this"),
        ({"automated": {"selfHeal": True}}, [{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}], "alone"),
        ({"automated": {}}, [], "with the next change in Git"),
        ({}, [], "whoever syncs it next"),
        (None, [], "cannot be read here"),
    ],
)
def test_argo_cd_is_warned_of(server, adapter, context, policy, ignored, warning):
    tracked = {"argocd.argoproj.io/tracking-id": "serving:apps/Deployment:models/atlas"}
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(annotations=tracked))
    if policy is not None:
        spec = {"syncPolicy": policy, "ignoreDifferences": ignored}
        server.poke(lambda rows: rows.put("applications", "argocd", "serving", spec=spec))
    for lever in ("workload.down", "traffic.isolate"):
        assert [note for note in plan(adapter, context, lever).notes if warning in note and "(serving)" in note]


def test_argo_cd_that_goes_by_the_plain_label_is_warned_of(server, adapter, context):
    """Its way of before version 3; Helm sets that label too, and puts nothing back by itself."""
    label = {"labels": {"app.kubernetes.io/instance": "serving"}}
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(label))
    assert plan(adapter, context).notes == ()
    spec = {"syncPolicy": {"automated": {"selfHeal": True}}}
    server.poke(lambda rows: rows.put("applications", "argocd", "serving", spec=spec))
    (note,) = plan(adapter, context).notes
    assert "Argo CD (serving) heals itself and would undo this" in note
    server.poke(lambda rows: rows.forbidden.add("applications"))
    (note,) = plan(adapter, context).notes
    assert "is not known" in note


@pytest.mark.parametrize(
    ("meta", "warning"),
    [
        ({"labels": FLUX}, "Flux (Kustomization models) may put it back"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "m"}}, "Flux (HelmRelease m)"),
        (
            {"ownerReferences": [{"kind": "InferenceService", "name": "cirrus", "controller": True}]},
            "stop that instead",
        ),
    ],
)
def test_other_owners_are_warned_of(server, adapter, context, meta, warning):
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(meta))
    assert [note for note in plan(adapter, context).notes if warning in note]
    paused = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
    if meta.get("labels") == FLUX:
        server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(annotations=paused))
        assert plan(adapter, context).notes == ()


def test_a_workload_nobody_reaches_or_shares_its_service_is_said(server, adapter, context):
    (alone,) = plan(adapter, context, selector="spare").notes
    assert "no Service leads to it" in alone
    server.poke(lambda rows: rows.put("deployments", "models", "canary", spec=workload("atlas", 1)))
    (shared,) = plan(adapter, context).notes
    assert "deployment/models/canary: callers go on there" in shared


# -- what the account may do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lever", "selector", "denied", "lacks"),
    [
        ("workload.down", ATLAS, ("patch", "deployments/scale"), ["patch deployments/scale in models"]),
        ("workload.down", ATLAS, ("patch", "deployments"), []),
        ("workload.fewer", "statefulset/models/borealis", ("patch", "statefulsets/scale"),
         ["patch statefulsets/scale in models"]),
        ("service.down", "cirrus", ("patch", "inferenceservices"), ["patch inferenceservices in models"]),
        ("traffic.isolate", ATLAS, ("create", "networkpolicies"), ["create networkpolicies in models"]),
        ("traffic.isolate", ATLAS, ("delete", "networkpolicies"), ["delete networkpolicies in models"]),
    ],
)  # fmt: skip
def test_the_server_says_what_the_account_may_not_write(server, adapter, context, lever, selector, denied, lacks):
    params = {"replicas": "1"} if lever == "workload.fewer" else {}
    planned = plan(adapter, context, lever, selector, **params)
    assert asyncio.run(adapter.may_not(context, planned)) == []
    server.poke(lambda rows: rows.denied.add(denied))
    heard = Overheard(context)
    assert asyncio.run(adapter.may_not(heard, planned)) == lacks
    assert {effect for _, _, effect, *_ in heard.calls} == {"read"}
    none = Bent(context, answer=reply(404, b'{"kind":"Status","reason":"NotFound"}'))
    assert asyncio.run(adapter.may_not(none, planned)) is None


def test_a_trial_says_cannot_where_the_account_may_not_write(server):
    def tried():
        plane = plane_of("kubernetes", settings(server.url), {"token": CONSOLE_TOKEN})
        return asyncio.run(try_plane(plane, "kubernetes", {}))

    server.poke(lambda rows: rows.denied.add(("patch", "deployments/scale")))
    report = tried()
    told = {one.lever: (one.verdict, one.allowed, one.denied) for one in report.levers}
    assert told["workload.down"] == ("can-plan", False, True)  # a StatefulSet may be stopped
    server.poke(lambda rows: rows.denied.add(("patch", "statefulsets/scale")))
    report = tried()
    told = {one.lever: (one.verdict, one.allowed, one.denied) for one in report.levers}
    assert told["workload.down"] == ("cannot", False, True)
    assert told["service.down"] == ("can-plan", True, False)
    lines = "\n".join(report.lines)
    assert (
        ": this credential may not patch deployments/scale in models; nor patch statefulsets/scale in models" in lines
    )
    assert ", and its writes are allowed" in lines
    assert "It refuses this credential a part of what is needed" in lines
    shown = {title: one for one in report_view(report).levers for title in one.title.split(", ")}
    assert shown["Take a workload down"].verdict == "cannot"
    assert "the provider says that its writes are allowed" in shown["Take a KServe service down"].detail


# -- there and back ----------------------------------------------------------------------------------------------------


def test_a_stop_asks_for_nothing_else_to_have_stayed_and_a_restore_does(server, adapter, context):
    stop = plan(adapter, context)
    sent = [json.loads(one.body) for one in (*stop.requests, *stop.revert)]
    assert sent == [{"spec": {"replicas": 0}}, {"spec": {"replicas": 3}}]
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(resourceVersion="9999"))
    assert asyncio.run(adapter.apply(context, stop)).outcome == "accepted"
    back = plan(adapter, context, direction="restore")
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(resourceVersion="10000"))
    with pytest.raises(Stale, match="nothing was written"):
        asyncio.run(adapter.apply(context, back))
    again = plan(adapter, context, direction="restore")
    assert asyncio.run(adapter.apply(context, again)).outcome == "accepted"
    # our own answer was lost, and the version is no longer the plan's: it is so already
    assert asyncio.run(adapter.apply(context, again)).outcome == "already-so"


def test_a_restore_says_where_its_number_comes_from(server, adapter, context):
    asyncio.run(adapter.apply(context, plan(adapter, context)))
    back = plan(adapter, context, direction="restore")
    assert back.wanted == {"replicas": "1"}
    assert "how many ran before is not kept by the cluster" in back.notes[-1]
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": {"replicas": 5}})}
    server.poke(lambda rows: rows.objects["deployments", "models", "atlas"]["metadata"].update(annotations=applied))
    assert plan(adapter, context, direction="restore").wanted == {"replicas": "5"}
    server.poke(scaler(least=2))
    assert plan(adapter, context, direction="restore").wanted == {"replicas": "2"}


def test_kserves_stop_keeps_other_annotations_and_takes_only_its_own_away(server, adapter, context):
    stop = plan(adapter, context, "service.down", "cirrus")
    asyncio.run(adapter.apply(context, stop))
    meta = server.site.state.objects["inferenceservices", "models", "cirrus"]["metadata"]
    assert meta["annotations"] == {"owner": "research", STOP: "true"}
    asyncio.run(adapter.apply(context, plan(adapter, context, "service.down", "cirrus", "restore")))
    meta = server.site.state.objects["inferenceservices", "models", "cirrus"]["metadata"]
    assert meta["annotations"] == {"owner": "research"}


def test_isolation_is_lifted_only_if_nobody_changed_the_policy(server, adapter, context):
    asyncio.run(adapter.apply(context, plan(adapter, context, "traffic.isolate", allow="gateway")))
    tighter = plan(adapter, context, "traffic.isolate")
    asyncio.run(adapter.apply(context, tighter))
    assert asyncio.run(adapter.revert(context, tighter)).outcome == "accepted"
    back = plan(adapter, context, "traffic.isolate", direction="restore")
    assert back.pre == tighter.pre
    asyncio.run(adapter.apply(context, plan(adapter, context, "traffic.isolate")))
    with pytest.raises(Stale):
        asyncio.run(adapter.apply(context, back))
    again = plan(adapter, context, "traffic.isolate", direction="restore")
    assert asyncio.run(adapter.apply(context, again)).outcome == "accepted"
    assert asyncio.run(adapter.apply(context, again)).outcome == "already-so"


def test_what_was_deleted_cannot_be_told(server, adapter, context):
    planned = plan(adapter, context)
    server.poke(lambda rows: rows.objects.pop(("deployments", "models", "atlas")))
    assert asyncio.run(adapter.read_back(context, planned)).verdict == "cannot-tell"


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (503, {"kind": "Status", "reason": "ServiceUnavailable", "message": "the server is overloaded"}, "cannot-tell"),
        (503, {"message": 'no endpoints available for service "atlas"'}, "cannot-tell"),
        (
            404,
            {"kind": "Status", "reason": "NotFound", "details": {"kind": "services", "name": "atlas"}},
            "cannot-tell",
        ),
        (500, {"error": "the model ran out of memory"}, "cannot-tell"),
        (200, "answered", "cannot-tell"),
    ],
)
def test_only_the_clusters_own_words_are_a_refusal(adapter, context, status, body, outcome):
    planned = plan(adapter, context)
    seen = Bent(context, answer=reply(status, json.dumps(body).encode()))
    assert asyncio.run(adapter.probe(seen, planned, "caller")).outcome == outcome


@pytest.mark.parametrize("credential", [None, "wrong"])
def test_without_an_account_to_try_nothing_is_concluded(adapter, context, credential):
    planned = plan(adapter, context)
    asyncio.run(adapter.apply(context, planned))
    assert asyncio.run(adapter.probe(context, planned, credential)).outcome == "cannot-tell"


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://127.0.0.1:1"}, {"namespaces": ""}, {"namespaces": "a, B"}, {"labels": "a=b&watch=1"},
        {"prove": "certificate"}, {"probe_path": "//x"}, {"probe_path": "/../../secrets"},
    ],
)  # fmt: skip
def test_settings_take_nothing_that_would_leave_the_namespaces(wrong):
    with pytest.raises(ValidationError):
        Kubernetes.manifest.settings.model_validate({**settings("https://127.0.0.1:1"), **wrong})


# -- behind the guard --------------------------------------------------------------------------------------------------


def with_certificate(url):
    pair = authority().issue("standdown-console")
    return settings(url, prove="certificate", certificate=pair.certificate), pair.key


@pytest.mark.parametrize("by", ["token", "certificate"])
@pytest.mark.parametrize("lever", ["workload.down", "service.down"])
def test_behind_the_guard(server, by, lever):
    how, key = with_certificate(server.url)
    selector = ATLAS if lever == "workload.down" else "inferenceservice/models/cirrus"
    secrets = {"caller": CALLER_TOKEN, **({"token": CONSOLE_TOKEN} if by == "token" else {"key": key})}
    plane = plane_of("kubernetes", settings(server.url) if by == "token" else how, secrets, {selector: "caller"})
    asyncio.run(whole_story(plane, Wish(lever=lever, selector=selector, surface_key=selector)))
    shown = {one.certificate for one in server.requests() if "/proxy" not in one.path}
    assert shown == ({""} if by == "token" else {"standdown-console"})
    tried = [one for one in server.requests() if "/proxy" in one.path]
    assert {(one.certificate, one.bearer) for one in tried} == {("", CALLER_TOKEN)}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"ca": ""}, "no connection"),
        ({"ca": "not PEM"}, "is not PEM"),
        ({"ca": "-----BEGIN nothing"}, "no certificate"),
        ({"prove": "certificate", "certificate": "-----BEGIN nothing"}, "do not fit"),
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_made(server, change, why):
    secrets = {"token": CONSOLE_TOKEN, "key": authority().issue("standdown-console").key}
    plane = plane_of("kubernetes", settings(server.url, **change), secrets)

    async def story():
        with pytest.raises(NotSent, match=why):
            await plane.status()
        await plane.aclose()

    asyncio.run(story())
    assert server.requests() == []


def test_an_expired_certificate_is_no_connection():
    with Simulator(ClusterSite(cluster()), tls=authority().serving(days=-1)) as stale:
        plane = plane_of("kubernetes", settings(stale.url), {"token": CONSOLE_TOKEN})

        async def story():
            with pytest.raises(NotSent, match="no connection"):
                await plane.status()
            await plane.aclose()

        asyncio.run(story())


# -- broken on purpose -------------------------------------------------------------------------------------------------


class CallsItStoppedAtOnce(Kubernetes):
    """Takes the number wanted for the number that runs."""

    async def read_back(self, context, planned):
        back = await super().read_back(context, planned)
        return replace(back, verdict="in-effect" if dict(back.fields) == dict(planned.wanted) else back.verdict)


class TakesAnyFaultForARefusal(Kubernetes):
    async def probe(self, context, planned, credential):
        seen = await super().probe(context, planned, credential)
        return replace(seen, outcome="refused") if (seen.status or 0) >= 400 else seen


class PutsOverWhatSomebodyChanged(Kubernetes):
    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        bare = [replace(one, body=json.dumps({"spec": json.loads(one.body)["spec"]})) for one in planned.requests]
        return replace(planned, requests=tuple(bare))


class StartsOneInstead(Kubernetes):
    """Its revert is a default."""

    async def plan(self, context, wish):
        planned = await super().plan(context, wish)
        return replace(planned, revert=tuple(replace(one, body='{"spec":{"replicas":1}}') for one in planned.revert))


class Hasty(_Kubernetes):
    __test__ = False
    settles_within_s = 0.3


@pytest.mark.parametrize(
    ("mutant", "test"),
    [
        (CallsItStoppedAtOnce, lambda make, server, context: _still_ending(make)),
        (TakesAnyFaultForARefusal, lambda make, server, context: test_only_the_clusters_own_words_are_a_refusal(
            make(server), context, 500, {}, "cannot-tell")),
        (PutsOverWhatSomebodyChanged, lambda make, server, context: (
            test_a_stop_asks_for_nothing_else_to_have_stayed_and_a_restore_does(server, make(server), context))),
        (StartsOneInstead, lambda make, server, context: Hasty().test_revert_restores_what_was_saved(
            make(server), context, STOP_ATLAS)),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)  # fmt: skip
def test_a_broken_adapter_is_found(server, context, mutant, test):
    def make(server):
        return mutant(Kubernetes.manifest.settings.model_validate(settings(server.url)))

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(make, server, context)


def _still_ending(make):
    with Simulator(ClusterSite(cluster(), lag_s=3600.0), tls=authority().serving()) as slow:
        adapter = make(slow)
        context = DirectContext(slow.url, secrets={"token": CONSOLE_TOKEN}, tls=authority().trusting())
        planned = plan(adapter, context)
        asyncio.run(adapter.apply(context, planned))
        assert asyncio.run(adapter.read_back(context, planned)).verdict == "not-in-effect"
