"""Every shipped adapter that can be observed, against its simulator, through the inherited kit."""

from __future__ import annotations

import pytest

from adapters.conformance import AdapterConformance, DirectContext
from adapters.contract import Wish
from adapters.practice import Practice
from adapters.practice.simulator import Estate
from adapters.simulator import Simulator
from tests.adapters.kit import litellm_at, litellm_context, litellm_site, model_server_site, open_inference_at


class _LiteLLM(AdapterConformance):
    probe_credential = "caller"

    @pytest.fixture
    def server(self):
        with Simulator(litellm_site()) as simulator:
            yield simulator

    @pytest.fixture
    def adapter(self, server):
        return litellm_at(server.url)

    @pytest.fixture
    def context(self, server):
        return litellm_context(server.url)


class TestLiteLLMKeyBlock(_LiteLLM):
    @pytest.fixture
    def wish(self):
        return Wish(lever="key.block", selector="canary", surface_key="atlas")


class TestLiteLLMKeyRpm(_LiteLLM):
    @pytest.fixture
    def wish(self):
        return Wish(lever="key.rpm", selector="canary", surface_key="atlas", params={"rpm": "0"})


class TestLiteLLMModelBlock(_LiteLLM):
    @pytest.fixture
    def wish(self):
        return Wish(lever="model.block", selector="m-1", surface_key="atlas")


def _wishes(*told):
    made = [
        Wish(lever=lever, selector=selector, surface_key="atlas", params=params) for lever, selector, params in told
    ]
    return [pytest.param(one, id=one.lever) for one in made]


class _LiteLLMAtOnce(_LiteLLM):
    @pytest.fixture
    def server(self):
        with Simulator(litellm_site(cache_lag_s=0.0)) as simulator:
            yield simulator


class TestLiteLLMKeys(_LiteLLMAtOnce):
    @pytest.fixture(
        params=_wishes(
            ("key.tpm", "canary", {"tpm": "0"}),
            ("key.parallel", "canary", {"parallel": "0"}),
            ("key.model-rpm", "canary", {"model": "atlas", "rpm": "0"}),
            ("key.models", "canary", {"model": "atlas"}),
            ("key.routes", "canary", {"routes": "/v1/models"}),
        )
    )
    def wish(self, request):
        return request.param


class TestLiteLLMTeams(_LiteLLMAtOnce):
    probe_credential = "member"

    @pytest.fixture(
        params=_wishes(
            ("team.block", "research", {}),
            ("team.rpm", "team-1", {"rpm": "0"}),
            ("team.tpm", "research", {"tpm": "0"}),
            ("team.models", "research", {"model": "atlas"}),
        )
    )
    def wish(self, request):
        return request.param


class TestLiteLLMGateway(_LiteLLMAtOnce):
    @pytest.fixture(
        params=_wishes(
            ("model.reroute", "atlas", {"fallback": "filed"}),
            ("tools.forbid", "atlas", {}),
            ("words.forbid", "standdown-words", {"words": "Forbidden Matter, other"}),
        )
    )
    def wish(self, request):
        return request.param


class TestLiteLLMDelist(_LiteLLMAtOnce):
    @pytest.fixture
    def wish(self):
        return Wish(lever="model.delist", selector="atlas", surface_key="atlas")

    def test_revert_restores_what_was_saved(self, adapter, context, wish):
        """Once no list lets it through nothing is left to plan: `test_litellm_levers` shows that lists come back."""


class _OpenInference(AdapterConformance):
    flavour = "triton"

    @pytest.fixture
    def server(self):
        with Simulator(model_server_site(self.flavour)) as simulator:
            yield simulator

    @pytest.fixture
    def adapter(self, server):
        return open_inference_at(server.url)

    @pytest.fixture
    def context(self, server):
        return DirectContext(server.url, auth="none")

    @pytest.fixture
    def wish(self):
        return Wish(lever="model.unload", selector="toy", surface_key="toy")


class TestTriton(_OpenInference):
    pass


class TestMLServer(_OpenInference):
    flavour = "mlserver"


class TestKServe(_OpenInference):
    flavour = "kserve"

    def test_revert_restores_what_was_saved(self, adapter, context, wish):
        """Of a model that is not loaded it says nothing, so there is no plan on top of an unload."""


class _Practice(AdapterConformance):
    part = ""

    @pytest.fixture
    def instance(self):
        with Estate(gateway_lag_s=0.1, cloud_lag_s=0.2, unload_s=0.1) as estate:
            yield next(found for found in estate.instances() if found["name"] == self.part)

    @pytest.fixture
    def adapter(self, instance):
        return Practice(Practice.manifest.settings.model_validate(instance["settings"]))

    @pytest.fixture
    def context(self, instance):
        return DirectContext(instance["settings"]["base_url"], secrets=instance["secrets"])


class TestPracticeKeyBlock(_Practice):
    part = "gateway-east"
    probe_credential = "key-shop"

    @pytest.fixture
    def wish(self):
        return Wish(lever="key.block", selector="Shop chat", surface_key="gateway-east")


class TestPracticeKeyRpm(_Practice):
    part = "gateway-west"
    probe_credential = "key-batch"

    @pytest.fixture
    def wish(self):
        return Wish(lever="key.rpm", selector="key-batch", surface_key="gateway-west", params={"rpm": "0"})


class TestPracticeUnload(_Practice):
    part = "model-server"

    @pytest.fixture
    def wish(self):
        return Wish(lever="model.unload", selector="atlas-small", surface_key="atlas-small")


class TestPracticePause(_Practice):
    part = "cloud"
    probe_credential = "deploy-main"

    @pytest.fixture
    def wish(self):
        return Wish(lever="deployment.pause", selector="deploy-main", surface_key="deploy-main")
