"""What can be pulled at a LiteLLM proxy: its settings, the parameters of its levers, and times measured on real ones.

A worker hears of another worker's write by its cache (keys, teams: 60 s) or by reading the database again (30 s).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Lever
from adapters.forms import NoParams, safe_address
from adapters.litellm import files

CACHE_TTL_S = 60  # general_settings.user_api_key_cache_ttl: how long another worker may still let a blocked key in
LATE_S = 5  # a worker that was asked in that moment keeps what it was told until a little later
RELOAD_S = 35  # general_settings.proxy_config_reload_interval_seconds, 30 unless set, and a little


class Settings(BaseModel):
    """Where the gateway is. Plain http is taken on loopback only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https://gateway.example, or http on this machine")
    key_cache_s: int = Field(
        default=CACHE_TTL_S, ge=1, le=86_400, title="Seconds for which it keeps keys",
        description="general_settings.user_api_key_cache_ttl: 60, unless somebody set it",
    )  # fmt: skip

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://gateway.example", "show the admin key to the network")


class RpmParams(NoParams):
    """A limit. `rpm` is requests a minute; 0 stops all."""

    rpm: int = Field(ge=0, le=1_000_000, title="Requests a minute")


class TpmParams(NoParams):
    """A limit. `tpm` is tokens a minute; 0 stops all."""

    tpm: int = Field(ge=0, le=1_000_000_000, title="Tokens a minute")


class ParallelParams(NoParams):
    """A limit. `parallel` is requests at the same time; 0 stops all."""

    parallel: int = Field(ge=0, le=100_000, title="Requests at the same time")


class ModelRpmParams(RpmParams):
    """A limit for one model."""

    model: str = Field(min_length=1, max_length=200, title="Model", description="as callers name it")


class ModelParams(NoParams):
    """The model that is taken out of a list."""

    model: str = Field(min_length=1, max_length=200, title="Model", description="as callers name it")


class RoutesParams(NoParams):
    """What may still be called."""

    routes: str = Field(
        default="/v1/models", max_length=2000, title="Routes still allowed", description="paths, parted by commas"
    )

    @field_validator("routes")
    @classmethod
    def _paths(cls, value: str) -> str:
        told = words_of(value)
        if not told or not all(one.startswith("/") for one in told):
            raise ValueError("expected paths such as /v1/models, parted by commas")
        return ", ".join(told)


class FallbackParams(NoParams):
    """Where calls go instead."""

    fallback: str = Field(min_length=1, max_length=200, title="Model that answers instead")


class WordsParams(NoParams):
    """What is refused."""

    words: str = Field(
        min_length=1, max_length=4000, title="Words refused", description="words or phrases, parted by commas"
    )

    @field_validator("words")
    @classmethod
    def _words(cls, value: str) -> str:
        if not words_of(value):
            raise ValueError("expected words, parted by commas")
        return ", ".join(words_of(value))


def words_of(text: str) -> list[str]:
    """What stands between commas, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _key(
    name: str, title: str, category: Category, params: type[BaseModel] = NoParams, *, revokes: bool = False,
    sibling: str | None = None,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector=name.partition(".")[0], wide=False,
        idempotency="desired-state", reversal="exact", reach="our-customers", propagation_s=CACHE_TTL_S + LATE_S,
        read_back_lag_s=2, probe="credential", revokes_credential=revokes, partial_sibling=sibling, proven=True,
        params=params,
    )  # fmt: skip


def _wide(
    name: str, title: str, category: Category, params: type[BaseModel] = NoParams, *, lag_s: int = 2,
    within_s: int = CACHE_TTL_S + LATE_S, sibling: str | None = None,
) -> Lever:  # fmt: skip
    selector = "model" if name.startswith("model.") else "guardrail"
    return Lever(
        name=name, title=title, category=category, selector=selector, wide=True, idempotency="desired-state",
        reversal="exact", reach="our-customers", propagation_s=within_s, read_back_lag_s=lag_s, probe="canary",
        partial_sibling=sibling, proven=True, params=params,
    )  # fmt: skip


LEVERS = (
    _key("key.block", "Block a key", "user", revokes=True, sibling="key.rpm"),
    _key("team.block", "Block a team", "user", sibling="team.rpm"),
    _key("key.rpm", "Slow a key down", "frequency", RpmParams),
    _key("key.tpm", "Give a key fewer tokens", "frequency", TpmParams),
    _key("key.parallel", "Give a key fewer calls at a time", "frequency", ParallelParams),
    _key("key.model-rpm", "Slow a key down at one model", "frequency", ModelRpmParams),
    _key("team.rpm", "Slow a team down", "frequency", RpmParams),
    _key("team.tpm", "Give a team fewer tokens", "frequency", TpmParams),
    _key("key.models", "Take a model from a key", "capability", ModelParams, sibling="key.model-rpm"),
    _key("team.models", "Take a model from a team", "capability", ModelParams, sibling="team.rpm"),
    _key("key.routes", "Leave a key some routes only", "capability", RoutesParams),
    _wide("tools.forbid", "Refuse calls with tools", "capability", within_s=RELOAD_S),
    _wide("words.forbid", "Refuse words", "use-case", WordsParams, within_s=RELOAD_S),
    _wide("model.reroute", "Let another model answer", "shutdown", FallbackParams, within_s=RELOAD_S, lag_s=RELOAD_S),
    _wide("model.block", "Block a model", "shutdown", lag_s=RELOAD_S, sibling="model.reroute"),
    _wide("model.delist", "Take a model out of every list", "shutdown", sibling="model.reroute"),
    # by people; a process of the gateway that nobody started again is met by calls that span as long as a reload
    Lever(
        name=files.LEVER,
        title="Block a model of the file, by hand",
        category="shutdown",
        selector="model",
        wide=True,
        idempotency="desired-state",
        reversal="best-effort",
        reach="our-customers",
        propagation_s=RELOAD_S,
        read_back_lag_s=2,
        probe="canary",
        partial_sibling="model.delist",
        proven=True,
        params=files.FileParams,
        by_hand=True,
    ),
)
