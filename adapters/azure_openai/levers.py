"""What can be pulled at one Azure OpenAI account: settings and levers. None is proven on a real subscription."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.contract import Category, Evidence, Lever, Reversal
from adapters.forms import NoParams, safe_address

PAUSABLE = frozenset({"Standard", "DataZoneStandard", "GlobalStandard"})
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"
_ID = r"^[0-9A-Fa-f-]{32,36}$"
_GROUP = r"^[A-Za-z0-9_.()-]{1,90}$"
_MINUTES_S = 300


class Settings(BaseModel):
    """Which account, and the application that signs in for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subscription: str = Field(pattern=_ID, title="Subscription id")
    resource_group: str = Field(pattern=_GROUP, title="Resource group")
    account: str = Field(pattern=_NAME, title="Account", description="the Azure OpenAI or Foundry resource")
    tenant: str = Field(pattern=_ID, title="Directory (tenant) id")
    client: str = Field(pattern=_ID, title="Application (client) id", description="the one that signs in here")
    prove: Literal["secret", "certificate"] = Field(default="secret", title="The application proves itself by")
    certificate: str = Field(
        default="", max_length=100_000, title="The application's certificate",
        description="PEM, or base64 of it; only with prove = certificate",
    )  # fmt: skip
    strict_policy: str = Field(
        default="standdown-strict", pattern=_NAME, title="Strict content filter", description="prepared beforehand"
    )
    blocklist: str = Field(
        default="standdown-blocked", pattern=_NAME, title="Blocklist", description="prepared, and in the filters"
    )
    management_url: str = Field(default="https://management.azure.com", title="Azure Resource Manager")
    login_url: str = Field(default="https://login.microsoftonline.com", title="Microsoft Entra ID")
    callers_url: str = Field(
        default="", title="Endpoint of the account", description="empty: https://ACCOUNT.openai.azure.com"
    )

    @field_validator("management_url", "login_url", "callers_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        if not value:
            return value
        return safe_address(value, "https://management.azure.com", "show the token to the network")

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.prove == "certificate" and not self.certificate:
            raise ValueError("a certificate is needed to prove oneself by one")
        return self

    @property
    def path(self) -> str:
        """The account's path at the manager."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.CognitiveServices/accounts/{self.account}"
        )

    @property
    def endpoint(self) -> str:
        """Where callers come."""
        return self.callers_url or f"https://{self.account}.openai.azure.com"


class Capacity(BaseModel):
    """How much is left."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capacity: int = Field(ge=1, le=1_000_000, title="Units of capacity that are left")


class Term(BaseModel):
    """What is forbidden to ask or to answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    term: str = Field(min_length=1, max_length=1000, title="Word or phrase")

    @field_validator("term")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("expected one line, without blanks around it")
        return value


def _lever(  # every one reaches whoever calls what is selected
    name: str, title: str, category: Category, selector: str, *, probe: Evidence | None = "canary",
    reversal: Reversal = "exact", sibling: str | None = None, params: type[BaseModel] = NoParams,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector=selector, wide=True, idempotency="desired-state",
        reversal=reversal, reach="our-customers", propagation_s=_MINUTES_S, read_back_lag_s=120, probe=probe,
        partial_sibling=sibling, params=params,
    )  # fmt: skip


CAPACITY = _lever("deployment.capacity", "Reduce a deployment", "frequency", "deployment", probe=None, params=Capacity)
PAUSE = _lever("deployment.pause", "Pause a deployment (preview)", "shutdown", "deployment", sibling=CAPACITY.name)
FILTER = _lever("deployment.filter", "Filter a deployment strictly", "capability", "deployment", probe=None)
FORBID = _lever("words.forbid", "Forbid a word or phrase", "use-case", "deployment", params=Term)
CLOSE = _lever("network.close", "Close the account to the public", "user", "account")
KEYS = _lever("keys.off", "Take no keys any more", "user", "account")
DELETE = _lever(
    "deployment.delete", "Delete a deployment", "shutdown", "deployment", reversal="none", sibling=PAUSE.name
)
LEVERS = (CLOSE, KEYS, CAPACITY, FILTER, FORBID, PAUSE, DELETE)
