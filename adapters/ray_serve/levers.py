"""What can be pulled at a Ray Serve: settings, levers and their parameters."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Evidence, Lever
from adapters.forms import NoParams, safe_address

PROPAGATION_S = 30  # a proxy on every node hears of it by itself; the only one of the real server took half a second
READ_BACK_LAG_S = 60  # an application is being deleted until its last call is done, or the grace is over


class Settings(BaseModel):
    """Where the dashboard is, where callers come, and what should be there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address of the dashboard", description="https, or http on this machine")
    prove: Literal["nothing", "token"] = Field(default="nothing", title="The console proves itself by")
    callers_url: str = Field(
        default="", title="Where callers come", description="the address of Serve's proxy; empty: nothing is tried"
    )
    probe_path: str = Field(
        default="", pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,60}){0,8}$", title="Path tried by a probe",
        description="below an application's own route; one that answers GET",
    )  # fmt: skip
    applications: str = Field(
        default="", max_length=4000, title="Applications that belong here",
        description="by name, separated by commas: a removed one is gone, and is shown as stopped only if it is named",
    )  # fmt: skip
    record_environment: bool = Field(
        default=False, title="Environment variables may enter the record",
        description="what is sent holds those of every application there: only where none of them is a secret",
    )  # fmt: skip

    @field_validator("base_url", "callers_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        if not value:
            return value
        return safe_address(value, "https://ray.example", "let anybody between answer in the server's place")

    @field_validator("base_url")
    @classmethod
    def _there(cls, value: str) -> str:
        if not value:
            raise ValueError("expected the dashboard's address")
        return value


def split(text: str) -> list[str]:
    """Names separated by commas, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


class RemoveParams(NoParams):
    """What else goes in the same write."""

    also: str = Field(
        default="", max_length=4000, title="Other applications to remove with it",
        description="by name, separated by commas: two removals beside each other would each undo the other",
    )  # fmt: skip


class FewerParams(NoParams):
    """How many are left."""

    most: int = Field(ge=1, le=10_000, title="Replicas at most", description="of each deployment; Ray refuses 0")


class ConfigureParams(NoParams):
    """What a deployment is told anew."""

    deployment: str = Field(min_length=1, max_length=200, title="Deployment")
    name: str = Field(min_length=1, max_length=200, title="Name in its user_config", description="tools, say")
    value: str = Field(max_length=20_000, title="Value", description="JSON, as false or 3; anything else is text")

    def told(self) -> object:
        """The value as JSON has it."""
        try:
            return json.loads(self.value)
        except ValueError:
            return self.value


def _lever(
    name: str, title: str, category: Category, params: type[BaseModel], sibling: str | None = None,
    probe: Evidence | None = None,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector="application", wide=True, idempotency="desired-state",
        reversal="exact", reach="everyone", propagation_s=PROPAGATION_S, read_back_lag_s=READ_BACK_LAG_S, probe=probe,
        partial_sibling=sibling, proven=True, params=params,
    )  # fmt: skip


REMOVE = _lever(
    "application.remove", "Remove an application", "shutdown", RemoveParams, "application.fewer", "client-view"
)
FEWER = _lever("application.fewer", "Run fewer replicas of an application", "frequency", FewerParams)
CONFIGURE = _lever("deployment.configure", "Reconfigure a deployment", "capability", ConfigureParams)
LEVERS = (FEWER, CONFIGURE, REMOVE)
