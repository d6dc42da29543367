"""What can be pulled at Anthropic's Admin API: settings, levers, their parameters. None was shown on a real account."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Evidence, Lever, Reversal
from adapters.forms import NoParams, safe_address

LIMITS_S = 3600  # "changes take effect within about an hour"
PROPAGATION_S = 300  # of keys and members nothing is stated: a guess on the long side
NUMBERS = {"rpm": "requests_per_minute", "tpm": "output_tokens_per_minute"}


class Settings(BaseModel):
    """Where it is. The admin key says which organisation is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(default="https://api.anthropic.com", title="Address")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://api.anthropic.com", "show the admin key to the network")


class InWorkspace(NoParams):
    """Where it is."""

    workspace: str = Field(
        default="", max_length=200, title="Workspace", description="its id or its name; empty means every one"
    )


class ModelParams(NoParams):
    """The model that is meant; the limit is its whole family's."""

    model: str = Field(min_length=1, max_length=200, title="Model", description="as callers name it")


class ModelRpmParams(ModelParams):
    """A limit in one workspace."""

    rpm: int = Field(ge=0, le=10_000_000, title="Requests a minute", description="whether 0 is accepted is unproven")


class ModelTpmParams(ModelParams):
    """A limit in one workspace."""

    tpm: int = Field(
        ge=0, le=10_000_000_000, title="Output tokens a minute", description="whether 0 is accepted is unproven"
    )


class RpmParams(NoParams):
    """A limit in every workspace."""

    rpm: int = Field(ge=0, le=10_000_000, title="Requests a minute", description="whether 0 is accepted is unproven")


class TpmParams(NoParams):
    """A limit in every workspace."""

    tpm: int = Field(
        ge=0, le=10_000_000_000, title="Output tokens a minute", description="whether 0 is accepted is unproven"
    )


def _lever(
    name: str, title: str, category: Category, params: type[BaseModel] = NoParams, *, wide: bool = False,
    reversal: Reversal = "exact", within_s: int = PROPAGATION_S, sibling: str | None = None,
) -> Lever:  # fmt: skip
    probe: Evidence | None = None if name == "user.demote" else "canary" if wide else "credential"
    return Lever(
        name=name, title=title, category=category, selector=name.partition(".")[0], wide=wide,
        idempotency="desired-state", reversal=reversal, reach="only-us", propagation_s=within_s, read_back_lag_s=5,
        probe=probe, revokes_credential=name == "key.archive", partial_sibling=sibling, params=params,
    )  # fmt: skip


LEVERS = (
    _lever("key.off", "Switch a key off", "user"),
    _lever("key.archive", "Archive a key, for ever", "user", reversal="none", sibling="key.off"),
    _lever("member.remove", "Take a user out of a workspace", "user", InWorkspace, reversal="best-effort"),
    _lever("user.demote", "Leave a user of the organisation the least role", "user", reversal="best-effort"),
    _lever("workspace.rpm", "Slow a workspace down at a family of models", "frequency", ModelRpmParams,
           within_s=LIMITS_S),
    _lever("workspace.tpm", "Give a workspace fewer output tokens of a family", "frequency", ModelTpmParams,
           within_s=LIMITS_S),
    _lever("model.rpm", "Slow a family of models down in every workspace", "frequency", RpmParams, wide=True,
           within_s=LIMITS_S, sibling="workspace.rpm"),
    _lever("model.tpm", "Give every workspace fewer output tokens of a family", "frequency", TpmParams, wide=True,
           within_s=LIMITS_S, sibling="workspace.tpm"),
    replace(
        _lever("key.off-all", "Switch every key of a workspace off", "shutdown", sibling="workspace.rpm"),
        selector="workspace",
    ),
    _lever("organisation.off", "Switch every workspace's keys off", "shutdown", wide=True, sibling="key.off-all"),
    _lever("workspace.archive", "Archive a workspace, for ever", "shutdown", reversal="none",
           sibling="key.off-all"),
)  # fmt: skip
