"""From a file to an adapter class: a manifest like any other, found by the registry under a name of its own kind."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from adapters.contract import Lever, Manifest
from adapters.http.adapter import Declared
from adapters.http.checks import declaration
from adapters.http.form import Declaration, LeverForm, Param

PREFIX: Final = "http_"  # what the names of all declared adapters begin with; no other adapter may


def load(text: str) -> type[Declared]:
    """The adapter class that a file's text declares.

    Raises:
        BadDeclaration: with everything that is wrong with it.
    """
    return declare(declaration(text))


def declare(form: Declaration) -> type[Declared]:
    """The adapter class of one file; its manifest claims no proof: nobody here has run that service."""
    secrets = {} if form.secret is None else {"admin": form.secret}
    manifest = Manifest(
        name=PREFIX + form.name, version=form.version, title=form.title, settings=_settings_model(form),
        secrets=secrets, auth=form.auth, levers=tuple(_lever(name, one) for name, one in form.levers.items()),
        not_possible=dict(form.not_possible.items()),
    )  # fmt: skip
    return type(f"Declared_{form.name}", (Declared,), {"manifest": manifest, "form": form, "__module__": __name__})


def _lever(name: str, form: LeverForm) -> Lever:
    return Lever(
        name=name, title=form.title, category=form.category, selector=form.selector or _first(name), wide=form.wide,
        idempotency=form.idempotency, reversal=form.reversal, reach=form.reach, propagation_s=form.propagation_s,
        read_back_lag_s=form.read_back_lag_s, probe=None if form.probe is None else form.probe.evidence,
        revokes_credential=form.revokes_credential, partial_sibling=form.milder, proven=False,
        params=_params_model(name, form.params),
    )  # fmt: skip


def _first(name: str) -> str:
    """What a lever selects, by its name: `account.ban` selects an account."""
    return name.partition(".")[0].replace("-", "_")[:32]


def _settings_model(form: Declaration) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (str, Field(default=... if one.default is None else one.default, title=one.title, description=one.help,
                          min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"))
        for name, one in form.settings.items()
    }  # fmt: skip
    return create_model("Settings", __config__=ConfigDict(extra="forbid", frozen=True), **fields)


def _params_model(lever: str, params: dict[str, Param]) -> type[BaseModel]:
    return create_model(
        f"Params of {lever}", __config__=ConfigDict(extra="forbid", frozen=True),
        **{name: _param(one) for name, one in params.items()},
    )  # fmt: skip


def _param(one: Param) -> Any:  # noqa: ANN401  a pydantic field: a type and what bounds it
    if one.choices:
        return (Literal[tuple(one.choices)], Field(title=one.title))
    if one.type == "whole":
        return (int, Field(title=one.title, ge=one.least, le=one.most))
    return (str, Field(title=one.title, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"))
