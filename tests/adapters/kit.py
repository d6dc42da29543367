"""Servers, adapters and contexts for the adapters' tests."""

from __future__ import annotations

from adapters.conformance import DirectContext
from adapters.litellm import LiteLLM
from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.open_inference import OpenInference
from adapters.open_inference.simulator import ModelServerSite

KEY = "sk-simulated-caller-1234"
OTHER = "sk-simulated-other-5678"


def litellm_site(cache_lag_s: float = 0.1) -> LiteLLMSite:
    keys = [(KEY, "canary", ["atlas"]), (OTHER, "other", []), ("sk-twin-a", "twin", []), ("sk-twin-b", "twin", [])]
    models = [("m-1", "atlas", True), ("m-2", "atlas", True), ("m-3", "filed", False)]
    return LiteLLMSite(keys, models, cache_lag_s=cache_lag_s)


def litellm_at(url: str) -> LiteLLM:
    return LiteLLM(LiteLLM.manifest.settings.model_validate({"base_url": url}))


def litellm_context(url: str, **more) -> DirectContext:
    return DirectContext(url, secrets={"admin": MASTER_KEY, "caller": KEY, "other": OTHER}, **more)


def model_server_site(flavour: str = "triton") -> ModelServerSite:
    return ModelServerSite(["toy", "toy2"], flavour=flavour, unload_s=0.15)


def open_inference_at(url: str) -> OpenInference:
    return OpenInference(OpenInference.manifest.settings.model_validate({"base_url": url}))
