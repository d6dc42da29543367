"""Servers, adapters and contexts for the adapters' tests."""

from __future__ import annotations

from adapters.conformance import DirectContext
from adapters.litellm import LiteLLM
from adapters.litellm.simulator import MASTER_KEY, LiteLLMSite
from adapters.open_inference import OpenInference
from adapters.open_inference.simulator import ModelServerSite

KEY = "sk-simulated-caller-1234"
OTHER = "sk-simulated-other-5678"


MEMBER = "sk-simulated-member-9012"
TOOLS = ("gr-1", "standdown-tools", {"guardrail": "tool_permission", "default_on": False, "default_action": "deny"})
WORDS = ("gr-2", "standdown-words", {"guardrail": "litellm_content_filter", "default_on": False, "blocked_words": []})


def litellm_site(cache_lag_s: float = 0.1) -> LiteLLMSite:
    keys = [
        (KEY, "canary", ["atlas"]), (OTHER, "other", []), ("sk-twin-a", "twin", []), ("sk-twin-b", "twin", []),
        (MEMBER, "member", []),
    ]  # fmt: skip
    models = [("m-1", "atlas", True), ("m-2", "atlas", True), ("m-3", "filed", False)]
    teams = [("team-1", "research", ["atlas", "filed"], [MEMBER])]
    return LiteLLMSite(keys, models, teams=teams, guardrails=[TOOLS, WORDS], cache_lag_s=cache_lag_s)


def litellm_at(url: str) -> LiteLLM:
    return LiteLLM(LiteLLM.manifest.settings.model_validate({"base_url": url}))


def litellm_context(url: str, **more) -> DirectContext:
    return DirectContext(url, secrets={"admin": MASTER_KEY, "caller": KEY, "other": OTHER, "member": MEMBER}, **more)


def model_server_site(flavour: str = "triton") -> ModelServerSite:
    return ModelServerSite(["toy", "toy2"], flavour=flavour, unload_s=0.15)


def open_inference_at(url: str) -> OpenInference:
    return OpenInference(OpenInference.manifest.settings.model_validate({"base_url": url}))
