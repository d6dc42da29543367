"""What can be pulled at OpenAI's Admin API: settings, levers, their parameters. None was shown on a real account."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters import forms
from adapters.contract import Category, Evidence, Lever, Refused, Reversal, Wish
from adapters.forms import NoParams, safe_address

PROPAGATION_S = 300  # nowhere stated: a guess on the long side, so that nothing is called overdue too soon
TOOLS = ("file_search", "web_search", "image_generation", "mcp", "code_interpreter")


def words_of(text: str) -> list[str]:
    """What stands between commas, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


class Settings(BaseModel):
    """Where it is. The admin key says which organisation is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(default="https://api.openai.com/v1", title="Address")
    models: str = Field(
        default="", max_length=4000, title="Models to watch", description="parted by commas; empty means every one"
    )

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://api.openai.com/v1", "show the admin key to the network")


class InProject(NoParams):
    """Where it is."""

    project: str = Field(
        default="", max_length=200, title="Project", description="its id or its name; empty means wherever it is"
    )


class AcrossParams(NoParams):
    """Across the organisation, or across some of its projects where one correction cannot hold them all."""

    projects: str = Field(
        default="", max_length=4000, title="Only in these projects", description="parted by commas; empty means all"
    )


class ModelParams(NoParams):
    """The model that is meant."""

    model: str = Field(min_length=1, max_length=200, title="Model", description="as callers name it")


class ModelRpmParams(ModelParams):
    """A limit in one project."""

    rpm: int = Field(ge=0, le=10_000_000, title="Requests a minute", description="whether 0 is accepted is unproven")


class ModelTpmParams(ModelParams):
    """A limit in one project."""

    tpm: int = Field(ge=0, le=10_000_000_000, title="Tokens a minute", description="whether 0 is accepted is unproven")


class AcrossRpmParams(AcrossParams):
    """A limit in every project."""

    rpm: int = Field(ge=0, le=10_000_000, title="Requests a minute", description="whether 0 is accepted is unproven")


class AcrossTpmParams(AcrossParams):
    """A limit in every project."""

    tpm: int = Field(ge=0, le=10_000_000_000, title="Tokens a minute", description="whether 0 is accepted is unproven")


class ToolsParams(NoParams):
    """Which hosted tools are switched off."""

    tools: str = Field(default=", ".join(TOOLS), max_length=200, title="Tools", description="parted by commas")

    @field_validator("tools")
    @classmethod
    def _known(cls, value: str) -> str:
        told = words_of(value)
        if not told or not set(told) <= set(TOOLS):
            raise ValueError(f"expected some of {', '.join(TOOLS)}")
        return ", ".join(told)


class AcrossToolsParams(ToolsParams, AcrossParams):
    """Which hosted tools are switched off in every project."""


class SpendParams(NoParams):
    """A hard limit of money."""

    cents: int = Field(ge=1, le=10**12, title="US cents a month", description="what was spent this month counts")


def _narrow(
    name: str, title: str, category: Category, params: type[BaseModel] = NoParams, *, reversal: Reversal = "exact",
    probe: Evidence | None = "credential", sibling: str | None = None, revokes: bool = False,
) -> Lever:  # fmt: skip
    return Lever(
        name=name, title=title, category=category, selector=name.partition(".")[0], wide=False,
        idempotency="desired-state", reversal=reversal, reach="only-us", propagation_s=PROPAGATION_S,
        read_back_lag_s=5, probe=probe, revokes_credential=revokes, partial_sibling=sibling, params=params,
    )  # fmt: skip


def _wide(
    name: str, title: str, category: Category, params: type[BaseModel], *, probe: Evidence | None = "canary",
    sibling: str | None = None,
) -> Lever:  # fmt: skip
    selector = "model" if name.startswith("model.") else "organisation"
    return Lever(
        name=name, title=title, category=category, selector=selector, wide=True, idempotency="desired-state",
        reversal="exact", reach="only-us", propagation_s=PROPAGATION_S, read_back_lag_s=5, probe=probe,
        partial_sibling=sibling, params=params,
    )  # fmt: skip


LEVERS = (
    _narrow("member.remove", "Take a user out of a project", "user", InProject, reversal="best-effort"),
    _narrow("user.demote", "Make an owner of the organisation a reader", "user", probe=None),
    _narrow(
        "key.delete", "Delete a user's key", "user", InProject, reversal="none", sibling="member.remove", revokes=True
    ),
    _narrow(
        "account.delete", "Delete a service account and its keys", "user", InProject, reversal="none",
        sibling="project.rpm", revokes=True,
    ),
    _narrow("project.rpm", "Slow a project down at a model", "frequency", ModelRpmParams),
    _narrow("project.tpm", "Give a project fewer tokens of a model", "frequency", ModelTpmParams),
    _narrow("project.spend", "Limit what a project may spend", "frequency", SpendParams, probe=None),
    _wide("model.rpm", "Slow a model down in every project", "frequency", AcrossRpmParams, sibling="project.rpm"),
    _wide("model.tpm", "Give every project fewer tokens of a model", "frequency", AcrossTpmParams,
          sibling="project.tpm"),
    _wide("organisation.spend", "Limit what the organisation may spend", "frequency", SpendParams, probe=None,
          sibling="project.spend"),
    _narrow("project.tools", "Switch hosted tools off in a project", "capability", ToolsParams, probe=None),
    _wide("organisation.tools", "Switch hosted tools off in every project", "capability", AcrossToolsParams, probe=None,
          sibling="project.tools"),
    _narrow("project.models", "Take a model from a project", "capability", ModelParams, sibling="project.rpm"),
    _wide("model.deny", "Take a model from every project", "shutdown", AcrossParams, sibling="project.models"),
    _narrow("project.archive", "Archive a project, for ever", "shutdown", reversal="none", sibling="project.models"),
)  # fmt: skip


def params_of(lever: Lever, wish: Wish) -> dict[str, str]:
    """The wish's parameters, checked. To restore, only which model is asked, not how much: the lever says that itself.

    Raises:
        Refused: when they do not fit the lever.
    """
    model = lever.params or NoParams
    if wish.direction == "restore":
        if "model" in model.model_fields and not wish.params.get("model"):
            raise Refused(f"{lever.name} cannot be restored without the model's name")
        return {name: wish.params.get(name, "") for name in ("model", "projects") if name in model.model_fields}
    return forms.params_of(lever, wish)
