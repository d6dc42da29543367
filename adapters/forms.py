"""What adapters ask people for: an address that is safe to speak to, and the parameters of a lever."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from adapters.contract import Lever, Refused, Wish

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Params(BaseModel):
    """Parameters of a lever: nothing beside what is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParams(Params):
    """A lever without parameters."""


def safe_address(value: str, like: str, otherwise: str) -> str:
    """An https address, or http on this machine, without what it must not hold; without a slash at its end.

    Raises:
        ValueError: saying what is expected; `otherwise` is what plain http would come to.
    """
    parts = urlsplit(value)
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"expected an address like {like}, without a name, a query or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"expected https: plain http would {otherwise}")
    return value.rstrip("/")


class Address(BaseModel):
    """Settings of an adapter that needs only to know where its provider is; inherit to ask for more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(title="Address", description="an https address, or http on this machine")

    @field_validator("base_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        return safe_address(value, "https://gateway.example", "show the credential to the network")


def fitting(kind: type[BaseModel], wish: Wish) -> BaseModel:
    """The wish's parameters as this kind.

    Raises:
        Refused: when they do not fit; it says which it takes.
    """
    try:
        return kind.model_validate(dict(wish.params))
    except ValidationError as fault:
        takes = ", ".join(kind.model_fields) or "no parameters"
        raise Refused(f"{wish.lever} takes {takes}, and these do not fit") from fault


def params_of(lever: Lever, wish: Wish) -> dict[str, str]:
    """The wish's parameters as text, checked.

    Raises:
        Refused: when they do not fit the lever; it says which.
    """
    try:
        checked = (lever.params or NoParams).model_validate(dict(wish.params))
    except ValidationError as fault:
        where = ", ".join(str(error["loc"][0]) for error in fault.errors() if error["loc"])
        raise Refused(f"{lever.name} cannot be done with these parameters: {where}") from fault
    return {name: str(value) for name, value in checked.model_dump().items()}


def model_or_params(lever: Lever, wish: Wish) -> dict[str, str]:
    """As `params_of`; to restore, only which model is meant is asked: the rest the lever says itself.

    Raises:
        Refused: as `params_of`, and where the model is not said.
    """
    if wish.direction == "contain":
        return params_of(lever, wish)
    if "model" not in (lever.params or NoParams).model_fields:
        return {}
    if not wish.params.get("model"):
        raise Refused(f"{lever.name} cannot be restored without the model's name")
    return {"model": wish.params["model"]}
