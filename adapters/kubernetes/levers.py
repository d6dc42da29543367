"""What can be pulled at a cluster: settings and levers. All reach whoever calls the model on this cluster."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.contract import Lever
from adapters.forms import NoParams

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PROPAGATION_S = 60  # pods have 30 s to end by default, and whoever routes hears of it a little later
READ_BACK_LAG_S = 90
_TOO_MANY_REPLICAS = 100_000


class Settings(BaseModel):
    """Which cluster, which namespaces, and how the console proves itself there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address of the API server", description="https://cluster.example:6443")
    namespaces: str = Field(title="Namespaces", description="those whose workloads serve models, separated by commas")
    labels: str = Field(
        default="", pattern=r"^[A-Za-z0-9_./=!,() -]{0,500}$", title="Only workloads with these labels",
        description="as in kubectl -l; empty for all",
    )  # fmt: skip
    model_label: str = Field(
        default="app.kubernetes.io/name", pattern=r"^[A-Za-z0-9_./-]{1,200}$", title="Label that names the model"
    )
    ca: str = Field(
        default="", max_length=100_000, title="The cluster's certificate authority",
        description="PEM, or certificate-authority-data as in a kubeconfig; empty for a public one",
    )  # fmt: skip
    prove: Literal["token", "certificate"] = Field(default="token", title="The console proves itself by")
    certificate: str = Field(
        default="", max_length=100_000, title="Client certificate",
        description="PEM, or client-certificate-data as in a kubeconfig; only with prove = certificate",
    )  # fmt: skip
    probe_path: str = Field(
        default="/v1/models", pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,60}){1,8}$",
        title="Path tried by a probe",
        description="one that answers JSON while the model serves",
    )  # fmt: skip
    argo_namespace: str = Field(default="argocd", pattern=r"^[a-z0-9-]{1,63}$", title="Argo CD's namespace")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected an address like https://cluster.example:6443, without a name or a query")
        if parts.scheme != "https":
            raise ValueError("expected https: a cluster's API server speaks nothing else")
        return value.rstrip("/")

    @field_validator("namespaces")
    @classmethod
    def _named(cls, value: str) -> str:
        names = split(value)
        if not names or len(names) > 50 or not all(NAMESPACE.fullmatch(name) for name in names):  # noqa: PLR2004  a form's limit
            raise ValueError("expected one to fifty names of namespaces, separated by commas")
        return ", ".join(names)

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.prove == "certificate" and not self.certificate:
            raise ValueError("a client certificate is needed to prove oneself by one")
        return self


def split(text: str) -> list[str]:
    """Names separated by commas or blanks, each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


class Fewer(BaseModel):
    """How many are left."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    replicas: int = Field(ge=1, le=_TOO_MANY_REPLICAS, title="Replicas that go on")


class Allow(BaseModel):
    """Whose calls still come through."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: str = Field(
        default="", max_length=2000, title="Namespaces that may still call", description="empty: nobody in the cluster"
    )

    @field_validator("allow")
    @classmethod
    def _named(cls, value: str) -> str:
        names = split(value)
        if not all(NAMESPACE.fullmatch(name) for name in names):
            raise ValueError("expected names of namespaces, separated by commas")
        return ", ".join(names)


STOP = Lever(
    name="workload.down", title="Take a workload down", category="shutdown", selector="workload", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=PROPAGATION_S,
    read_back_lag_s=READ_BACK_LAG_S, probe="client-view", partial_sibling="workload.fewer", params=NoParams,
)  # fmt: skip
FEWER = Lever(
    name="workload.fewer", title="Run fewer replicas", category="frequency", selector="workload", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=PROPAGATION_S,
    read_back_lag_s=READ_BACK_LAG_S, probe=None, params=Fewer,
)  # fmt: skip
SERVICE = Lever(
    name="service.down", title="Take a KServe service down", category="shutdown", selector="inference service",
    wide=True, idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=PROPAGATION_S,
    read_back_lag_s=READ_BACK_LAG_S, probe="client-view", params=NoParams,
)  # fmt: skip
ISOLATE = Lever(
    name="traffic.isolate", title="Let only some namespaces call", category="user", selector="workload", wide=True,
    idempotency="desired-state", reversal="exact", reach="everyone", propagation_s=30, read_back_lag_s=5, probe=None,
    params=Allow,
)  # fmt: skip
LEVERS = (ISOLATE, FEWER, STOP, SERVICE)
