"""What can be pulled at one AWS account: settings and levers. None is proven on a real account."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.contract import Category, Evidence, Lever, Reversal
from adapters.forms import NoParams, safe_address

_MINUTES_S = 300  # IAM and Organizations are eventually consistent; no bound is documented


class Settings(BaseModel):
    """Which account and region, and what was prepared there in peace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = Field(pattern=r"^[a-z]{2}-[a-z]+-[0-9]$", title="Region")
    access_key_id: str = Field(
        pattern=r"^[A-Z0-9]{16,128}$", title="Access key id", description="of the user that signs here; it is no secret"
    )
    models: str = Field(
        default="", max_length=4000, title="Models to watch", description="parted by commas; empty means every one"
    )
    scp: str = Field(
        default="", pattern=r"^(p-[0-9a-zA-Z_]{8,128})?$", title="Service control policy",
        description="prepared, and attached where it should bite; empty where there is none",
    )  # fmt: skip
    guardrail: str = Field(
        default="",
        pattern=r"^([a-z0-9]+:[1-9][0-9]{0,7})?$",
        title="Strict guardrail",
        description="ID:VERSION, prepared",
    )
    endpoint: str = Field(
        default="", title="Address", description="empty: AWS's own; a test server's, for all services"
    )

    @field_validator("endpoint")
    @classmethod
    def _safe(cls, value: str) -> str:
        if not value:
            return value
        return safe_address(value, "http://127.0.0.1:5000", "show the requests to the network")

    @property
    def watched(self) -> frozenset[str]:
        """The models to watch; none means every one."""
        return frozenset(one.strip() for one in self.models.split(",") if one.strip())


def _lever(
    name: str, title: str, category: Category, selector: str, *, probe: Evidence | None = None,
    reversal: Reversal = "exact", sibling: str | None = None, wide: bool = False,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector=selector, wide=wide, idempotency="desired-state",
        reversal=reversal, reach="only-us", propagation_s=_MINUTES_S, read_back_lag_s=60, probe=probe,
        partial_sibling=sibling, params=NoParams,
    )  # fmt: skip


DENY = _lever("principal.deny", "Deny a user or role the model", "user", "principal", probe="credential")
KEY = _lever("key.off", "Switch an access key off", "user", "key", probe="credential")
TUNING = _lever("principal.no-tuning", "Deny a user or role fine-tuning", "capability", "principal")
AGENTS = _lever("principal.no-agents", "Deny a user or role agents", "capability", "principal")
GUARD = _lever("guardrail.enforce", "Enforce the strict guardrail for the account", "use-case", "account", wide=True)
SCP = _lever(
    "organisation.deny", "Deny the model to the organisation", "shutdown", "model", probe="canary", wide=True,
    sibling=DENY.name,
)  # fmt: skip
STOP = _lever("work.stop", "Stop a batch or customisation job", "use-case", "job", reversal="none")
STOP_ALL = _lever(
    "model.stop-work", "Stop every batch and customisation job of a model", "use-case", "model", reversal="none",
    sibling=STOP.name, wide=True,
)  # fmt: skip
DELETE = _lever(
    "provisioned.delete", "Delete provisioned throughput", "frequency", "provisioned throughput", reversal="none",
    sibling=DENY.name,
)  # fmt: skip
LEVERS = (DENY, KEY, TUNING, AGENTS, GUARD, SCP, STOP, STOP_ALL, DELETE)
