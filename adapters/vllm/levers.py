"""What can be pulled at a vLLM server: settings, levers and their parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Lever
from adapters.forms import NoParams, safe_address


class Settings(BaseModel):
    """Where the server is, how it is spoken to, and which adapters belong there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https, or http on this machine; without /v1")
    prove: Literal["nothing", "key"] = Field(
        default="nothing", title="The console proves itself by", description="the key of --api-key, where there is one"
    )
    adapters: str = Field(
        default="", max_length=8000, title="LoRA adapters that belong here",
        description="NAME=PATH, separated by commas: an unloaded one is gone, and is shown only if it is named",
    )  # fmt: skip

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://vllm.example", "show the key to the network")

    @field_validator("adapters")
    @classmethod
    def _pairs(cls, value: str) -> str:
        if any(not name or not path for name, path in named(value).items()):
            raise ValueError("expected NAME=PATH, separated by commas")
        return value


def named(text: str) -> dict[str, str]:
    """The adapters that the settings name, each with its path."""
    pairs = (one.partition("=") for one in text.split(",") if one.strip())
    return {name.strip(): path.strip() for name, _, path in pairs}


class SleepParams(NoParams):
    """How deep, and what becomes of calls that run already."""

    running: Literal["finish", "stop"] = Field(
        default="finish", title="Calls that run already", description="let them finish first, or stop them"
    )
    level: Literal["1", "2"] = Field(
        default="1", title="How deep", description="1 keeps the weights in memory; 2 drops them"
    )


SLEEP = Lever(
    name="model.sleep", title="Put the model to sleep", category="shutdown", selector="model", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=60, read_back_lag_s=30, probe=None,
    params=SleepParams,
)  # fmt: skip
UNLOAD = Lever(
    name="adapter.unload", title="Unload a LoRA adapter", category="capability", selector="adapter", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=10, read_back_lag_s=10,
    probe="credential", params=NoParams,
)  # fmt: skip
LEVERS = (UNLOAD, SLEEP)
