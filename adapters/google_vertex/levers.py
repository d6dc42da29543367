"""What can be pulled at one Google Cloud project: settings and levers. None is proven on a real project."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Evidence, Lever, Reversal
from adapters.forms import NoParams, Params, safe_address

_MODEL = re.compile(r"[a-z0-9-]{1,60}/[A-Za-z0-9._@-]{1,120}")
_POLICY_S = 900  # organisation policies and quotas: the documentation names no bound
_IAM_S = 420  # "typically 2 minutes, potentially 7 minutes or longer"
_ENDPOINT_S = 300
_WORK_S = 60


class Settings(BaseModel):
    """Which project and place, and the account that signs in for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(pattern=r"^([a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{6,20})$", title="Project id")
    location: str = Field(
        pattern=r"^(global|us|eu|[a-z]+-[a-z]+[0-9]{1,2})$", title="Location", description="a region, global, us or eu"
    )
    service_account: str = Field(
        pattern=r"^[a-z0-9.-]{3,100}@[a-z0-9.-]{3,150}$", title="Service account",
        description="its e-mail address: the one whose key signs in here",
    )  # fmt: skip
    models: str = Field(
        default="", max_length=4000, title="Models of the Model Garden to watch",
        description="PUBLISHER/MODEL, parted by commas: Google lists them nowhere",
    )  # fmt: skip
    policy_at: str = Field(
        default="", pattern=r"^((folders|organizations)/[0-9]{3,20})?$", title="Organisation policy at",
        description="empty: at the project; else folders/NUMBER or organizations/NUMBER",
    )  # fmt: skip
    quota: str = Field(
        default="aiplatform.googleapis.com/online_prediction_requests_per_base_model",
        pattern=r"^aiplatform\.googleapis\.com/[a-z0-9_]{1,120}$", title="Quota of requests per model",
    )  # fmt: skip
    sample: str = Field(
        default='{"prompt":"ping","max_tokens":1}', max_length=2000, title="What a probe asks an endpoint",
        description="one instance, as its model takes it, JSON",
    )  # fmt: skip
    endpoint: str = Field(
        default="", title="Address", description="empty: Google's own; a test server's, for all services"
    )

    @field_validator("endpoint")
    @classmethod
    def _safe(cls, value: str) -> str:
        return value and safe_address(value, "http://127.0.0.1:5000", "show the token to the network")

    @field_validator("models")
    @classmethod
    def _named(cls, value: str) -> str:
        if any(not _MODEL.fullmatch(one.strip()) for one in value.split(",") if one.strip()):
            raise ValueError("expected PUBLISHER/MODEL, parted by commas")
        return value

    @field_validator("sample")
    @classmethod
    def _json(cls, value: str) -> str:
        try:
            json.loads(value)
        except ValueError:
            raise ValueError("expected JSON") from None
        return value

    @property
    def watched(self) -> tuple[str, ...]:
        """The models of the Model Garden, as Google's paths name them."""
        found = sorted({one.strip() for one in self.models.split(",") if one.strip()})
        return tuple("publishers/{}/models/{}".format(*one.split("/")) for one in found)

    @property
    def address(self) -> str:
        """Vertex AI there; where `us` and `eu` are, Anthropic's own client says."""
        if self.location in {"us", "eu"}:
            return f"https://aiplatform.{self.location}.rep.googleapis.com"
        return f"https://{'' if self.location == 'global' else f'{self.location}-'}aiplatform.googleapis.com"

    @property
    def place(self) -> str:
        """The project's part of this location."""
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def policies(self) -> str:
        """Where the organisation's policy is set."""
        return self.policy_at or f"projects/{self.project}"


class Rate(Params):
    """How much is left."""

    rpm: int = Field(ge=0, le=1_000_000_000, title="Requests a minute that are left")


def _lever(
    name: str, title: str, category: Category, selector: str, *, probe: Evidence | None = None, wide: bool = True,
    reversal: Reversal = "exact", sibling: str | None = None,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector=selector, wide=wide, idempotency="desired-state",
        reversal=reversal, reach="only-us", propagation_s=_POLICY_S, read_back_lag_s=60, probe=probe,
        partial_sibling=sibling, params=NoParams,
    )  # fmt: skip


def _denial(lever: Lever) -> Lever:
    return replace(lever, propagation_s=_IAM_S)


def _endpoint(lever: Lever) -> Lever:
    """Whoever calls the endpoint, our customers too."""
    return replace(lever, reach="our-customers", propagation_s=_ENDPOINT_S)


def _work(lever: Lever) -> Lever:
    return replace(lever, reversal="none", propagation_s=_WORK_S)


DENY = _denial(
    _lever(
        "principal.deny", "Deny a user, account or group all predictions", "user", "principal", probe="credential",
        wide=False,
    )
)  # fmt: skip
TUNING = _denial(
    _lever(
        "principal.no-tuning",
        "Deny a user, account or group training and tuning",
        "capability",
        "principal",
        wide=False,
    )
)
EVERYONE = _denial(
    _lever(
        "project.deny", "Deny everybody all predictions in the project", "shutdown", "project", probe="canary",
        sibling=DENY.name,
    )
)  # fmt: skip
RPM = replace(
    _lever("model.rpm", "Limit the requests to a model", "frequency", "model", reversal="best-effort"), params=Rate
)
NO_TUNING = _lever("model.no-tuning", "Forbid tuning of a model", "capability", "model")
FORBID = _lever(
    "model.forbid", "Forbid a model of the Model Garden", "shutdown", "model", probe="canary", sibling=RPM.name
)
QUIET = _endpoint(_lever("endpoint.quiet", "Send an endpoint no traffic", "shutdown", "endpoint", probe="canary"))
ASIDE = _endpoint(_lever("deployment.aside", "Send a deployed model no traffic", "shutdown", "deployed model"))
UNDEPLOY = _endpoint(
    _lever(
        "deployment.undeploy", "Undeploy a model", "shutdown", "deployed model", probe="canary", reversal="best-effort",
        sibling=QUIET.name,
    )
)  # fmt: skip
CANCEL = _work(_lever("job.cancel", "Cancel a batch, tuning or custom job", "use-case", "job", wide=False))
CANCEL_ALL = _work(
    _lever(
        "model.cancel-work", "Cancel every batch and tuning job of a model", "use-case", "model", sibling=CANCEL.name
    )
)
LEVERS = (DENY, TUNING, EVERYONE, RPM, NO_TUNING, FORBID, QUIET, ASIDE, UNDEPLOY, CANCEL, CANCEL_ALL)
