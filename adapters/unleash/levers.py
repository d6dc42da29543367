"""What can be pulled at an Unleash: settings and levers. It enforces nothing: the product behind it has to ask it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Lever
from adapters.forms import NoParams, safe_address

PROPAGATION_S = 20  # the server's own second, and the 15 s after which a product's library asks again unless told
_NAME = r"^[A-Za-z0-9_.~-]{1,100}$"


class Settings(BaseModel):
    """Where it is, and which project and environment are meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="https://flags.example, or http on this machine")
    project: str = Field(default="default", pattern=_NAME, title="Project")
    environment: str = Field(default="production", pattern=_NAME, title="Environment")
    segment: str = Field(
        default="standdown-blocked", pattern=_NAME, title="Segment of blocked users", description="prepared beforehand"
    )

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://flags.example", "show the token to the network")


def _flag(name: str, title: str, category: Category) -> Lever:
    return Lever(
        name=name, title=title, category=category, selector="flag", wide=True, idempotency="desired-state",
        reversal="exact", reach="our-customers", propagation_s=PROPAGATION_S, read_back_lag_s=2, probe="client-view",
        partial_sibling=BLOCK.name, proven=True, params=NoParams,
    )  # fmt: skip


BLOCK = Lever(
    name="user.block", title="Block a user", category="user", selector="user", wide=False, idempotency="desired-state",
    reversal="exact", reach="our-customers", propagation_s=PROPAGATION_S, read_back_lag_s=2, probe="client-view",
    proven=True, params=NoParams,
)  # fmt: skip
LEVERS = (
    BLOCK,
    _flag("feature.off", "Switch a feature off", "capability"),
    _flag("use.off", "Switch a use off", "use-case"),
    _flag("model.off", "Switch a model off", "shutdown"),
)
