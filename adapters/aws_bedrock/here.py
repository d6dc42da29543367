"""One account as it is read: its models, jobs, policies and what is enforced, page by page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from adapters.aws_bedrock import wire
from adapters.aws_bedrock.levers import Settings
from adapters.contract import Context, Effect, Refused, Reply, Request
from adapters.operations import pages

Row = TypeVar("Row")
Listed = TypeVar("Listed", bound=BaseModel)
IAM = "2010-05-08"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Here:
    """The settings, and the models that were found."""

    settings: Settings
    models: tuple[wire.Summary, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(one.modelId for one in self.models)

    def need(self, model: str) -> str:
        """The model of this id.

        Raises:
            Refused: when this region has none of it.
        """
        if model not in self.names:
            raise Refused(f"this region has no model called {model[:80]}", wire.NOT_FOUND)
        return model


async def models(context: Context, settings: Settings) -> tuple[Here, int]:
    """Every model that is watched, each id once."""
    reply = await context.call("GET", "/bedrock/foundation-models", effect="read")
    found = wire.read(wire.Models, wire.check(reply, "models")).modelSummaries
    one_each = {one.modelId: one for one in found if not settings.watched or one.modelId in settings.watched}
    return Here(settings, tuple(one_each[name] for name in sorted(one_each))), reply.elapsed_ms


async def every(
    context: Context, path: str, kind: type[Listed], rows: Callable[[Listed], list[Row]],
    token: Callable[[Listed], str | None],
) -> list[Row]:  # fmt: skip
    """A list of Bedrock to its end."""
    found: list[Row] = []

    def after(reply: Reply) -> str | None:
        page = wire.read(kind, wire.check(reply, "list"))
        found.extend(rows(page))
        ahead = token(page)
        return f"{path}?nextToken={wire.quoted(ahead)}" if ahead else None

    await pages(context, path, after)
    return found


async def batches(context: Context) -> list[wire.Job]:
    """Every batch of invocations, old ones too."""
    return await every(
        context, "/bedrock/model-invocation-jobs", wire.Batches,
        lambda page: page.invocationJobSummaries, lambda page: page.nextToken,
    )  # fmt: skip


async def customisations(context: Context) -> list[wire.Job]:
    """Every customisation job, old ones too."""
    return await every(
        context, "/bedrock/model-customization-jobs", wire.Customisations,
        lambda page: page.modelCustomizationJobSummaries, lambda page: page.nextToken,
    )  # fmt: skip


async def provisioned(context: Context) -> list[wire.Provisioned]:
    """Every provisioned throughput."""
    return await every(
        context, "/bedrock/provisioned-model-throughputs", wire.ProvisionedList,
        lambda page: page.provisionedModelSummaries, lambda page: page.nextToken,
    )  # fmt: skip


async def enforced(context: Context) -> list[wire.Enforced]:
    """What the account enforces."""
    return await every(
        context, "/bedrock/enforcedGuardrailsConfiguration", wire.EnforcedList,
        lambda page: page.guardrailsConfig, lambda page: page.nextToken,
    )  # fmt: skip


async def iam(context: Context, action: str, **given: str) -> Reply:
    """One reading action of IAM, sent as a form, as AWS's own library does."""
    return await context.send(iam_request(action, given, effect="read"))


def iam_request(action: str, given: Mapping[str, str], effect: Effect = "write") -> Request:
    """One action of IAM."""
    return Request(method="POST", path="/iam/", body=form(action, **given), content_type=_FORM, effect=effect)


def form(action: str, **given: str) -> str:
    """An action of IAM with its parameters, as a form."""
    every_one = {"Action": action, "Version": IAM, **given}
    return "&".join(f"{name}={wire.quoted(value)}" for name, value in every_one.items())


async def organisation(context: Context, action: str, **given: str) -> Reply:
    """One reading action of Organizations."""
    return await context.call("POST", f"/organizations/{action}", json=given, effect="read")


def text(value: object) -> str:
    """A field of a plan."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def loaded(policy: str) -> Any:  # noqa: ANN401  whatever stands in a policy
    """A policy's text as JSON.

    Raises:
        Malformed: when it is none.
    """
    return Reply(status=200, headers={}, body=policy.encode(), elapsed_ms=0).json()


def short(told: str) -> str:
    """A name's few letters, by which things of ours are told apart."""
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def arns(model: str) -> list[str]:
    """What a deny has to name so that a model is reached directly and through inference profiles."""
    return [f"arn:aws:bedrock:*::foundation-model/{model}", f"arn:aws:bedrock:*:*:inference-profile/*{model}"]


_CALLS = ["bedrock:InvokeModel*", "bedrock:Converse*", "bedrock:CreateModelInvocationJob"]
_VERSIONED = re.compile(r"(-v?[0-9]+)?:[0-9]+\Z")


def deny(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    """A statement that denies."""
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": resources}


def no_calls(sid: str, model: str) -> list[dict[str, Any]]:
    """Statements that deny a model: at the runtime, and at the "mantle" endpoint with actions and names of its own."""
    names = sorted({model, _VERSIONED.sub("", model)})
    mantle = {
        **deny(f"{sid}Mantle", ["bedrock-mantle:CreateInference"], ["*"]),
        "Condition": {"StringLike": {"bedrock-mantle:Model": names}},
    }
    return [deny(sid, _CALLS, arns(model)), mantle]
