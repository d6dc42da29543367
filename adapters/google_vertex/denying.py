"""Denials of the project: a deny policy of our own for each principal, or one for everybody.

It holds whatever roles grant. Google's conditions there know tags only, so that no single model can be named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import Context, Malformed, NotSent, Planned, Refused, Request, Stale, Throttled
from adapters.google_vertex import reading, trying, wire
from adapters.google_vertex.levers import DENY, EVERYONE, TUNING, Settings

NONE = "null"
_PREDICT = (
    "aiplatform.googleapis.com/endpoints.predict", "aiplatform.googleapis.com/endpoints.explain",
    "aiplatform.googleapis.com/batchPredictionJobs.create",
)  # fmt: skip
_TRAIN = (
    "aiplatform.googleapis.com/tuningJobs.create", "aiplatform.googleapis.com/customJobs.create",
    "aiplatform.googleapis.com/trainingPipelines.create",
)  # fmt: skip
_PERMISSIONS = {DENY.name: _PREDICT, EVERYONE.name: _PREDICT, TUNING.name: _TRAIN}
_WORDS = {DENY.name: "deny", EVERYONE.name: "everyone", TUNING.name: "no-tuning"}
PUBLIC = "principalSet://goog/public:all"
_FORMS = {
    "user": "principal://goog/subject/{}", "group": "principalSet://goog/group/{}",
    "serviceAccount": "principal://iam.googleapis.com/projects/-/serviceAccounts/{}",
}  # fmt: skip
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,100}@[A-Za-z0-9.-]{1,150}")


async def plan(context: Context, settings: Settings, blank: Planned) -> Planned:
    """The plan for one principal or for everybody."""
    whole = blank.lever == EVERYONE.name
    principal = PUBLIC if whole else _principal(settings, blank.selector)
    if whole and blank.selector not in {"", settings.project, blank.surface_key}:
        raise Refused(f"this instance corrects the project {settings.project}, and no other", wire.NOT_FOUND)
    ident = ident_of(blank.lever, principal)
    found = await reading.denial(context, settings, ident)
    now = NONE if found is None else wire.text(found.rules)
    rule = _rule(blank.lever, principal)
    if blank.direction == "restore" and found is None:
        raise Refused("there is no such denial of ours: there is nothing to lift")
    then = NONE if blank.direction == "restore" else wire.text([{"denyRule": rule}])
    etag = "" if found is None else found.etag
    at = replace(blank, selector=settings.project if whole else blank.selector)
    return replace(
        at, name=at.selector, pre={"denied": now}, wanted={"denied": then},
        requests=(_write(settings, ident, now, then, etag),), revert=(_write(settings, ident, then, now, ""),),
        params={"policy": ident, "let_in": await _let_in(context, settings, at)}, notes=_notes(blank.lever, settings),
    )  # fmt: skip


def _rule(lever: str, principal: str) -> dict[str, Any]:
    return {"deniedPrincipals": [principal], "deniedPermissions": list(_PERMISSIONS[lever])}


def shuts_all(found: wire.DenyPolicy | None) -> bool:
    """Whether a policy of our name denies everybody, as we wrote it: somebody may have let some in by it since."""
    return found is not None and wire.text(found.rules) == wire.text([{"denyRule": _rule(EVERYONE.name, PUBLIC)}])


def ident_of(lever: str, principal: str) -> str:
    """The deny policy's own name, the same each time."""
    return f"standdown-{_WORDS[lever]}-{hashlib.sha256(principal.encode()).hexdigest()[:12]}"


def _principal(settings: Settings, selector: str) -> str:
    kind, _, address = selector.partition(":")
    if kind not in _FORMS or not _ADDRESS.fullmatch(address):
        raise Refused("say who: user:, group: or serviceAccount: and an e-mail address", wire.NOT_FOUND)
    if address.lower() == settings.service_account.lower():
        raise Refused("this console signs in with that account: it would shut itself out")
    return _FORMS[kind].format(address)


def _notes(lever: str, settings: Settings) -> tuple[str, ...]:
    told = "calls, explanations and new batches of every model" if lever != TUNING.name else "training and tuning"
    where = f"{told} of the project {settings.project}, in every location: no model can be singled out"
    other = "what runs already goes on; other projects are not reached"
    own = "agents and pipelines that call it as an account of their own go on: deny that account"
    return (where, other, own) if lever == DENY.name else (where, other)


def _write(settings: Settings, ident: str, before: str, after: str, etag: str) -> Request:
    """From one set of rules to another: made, replaced, or taken away."""
    path = reading.denials(settings)
    if after == NONE:
        query = f"?etag={wire.quoted(etag)}" if etag else ""
        return Request(method="DELETE", path=f"{path}/{ident}{query}", content_type=None)
    rules: dict[str, Any] = {"displayName": "Standdown", "rules": _rules(after)}
    if before == NONE:
        return Request(method="POST", path=f"{path}?policyId={ident}", body=wire.text(rules))
    tag = {"etag": etag} if etag else {}
    return Request(method="PUT", path=f"{path}/{ident}", body=wire.text({**rules, **tag}))


def _rules(told: str) -> Sequence[Mapping[str, Any]]:
    found: list[dict[str, Any]] = wire.loaded(told)
    return found


async def _let_in(context: Context, settings: Settings, blank: Planned) -> str:
    """Whether the kept caller is let in now: who is denied is refused as who was never granted it (decision 0047)."""
    credential = context.caller_of(blank.selector)
    if credential is None or not blank.surface_key or blank.lever == TUNING.name:
        return ""
    ask = trying.ask(settings, blank)
    if ask is None:
        return ""
    try:
        reply = await context.call(
            "POST", ask.path, json=ask.body, effect="read", credential=credential, fresh=True, side="callers"
        )
        return "yes" if trying.answered(ask, reply) else "no"
    except (NotSent, Refused, Throttled, Malformed):
        return "no"


# -- reading back ------------------------------------------------------------------------------------------------------


async def fields_now(context: Context, settings: Settings, planned: Planned) -> dict[str, str]:
    """The rules as they are."""
    found = await reading.denial(context, settings, planned.params["policy"])
    return {"denied": NONE if found is None else wire.text(found.rules)}


async def must_be_as_left(context: Context, settings: Settings, planned: Planned) -> None:
    """Before the way back, raise `Stale` where somebody else changed the rules meanwhile."""
    now = await fields_now(context, settings, planned)
    if now not in (dict(planned.wanted), dict(planned.pre)):
        raise Stale("the denial was changed after the correction, and nothing was sent")
