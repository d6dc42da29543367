"""What the service account may do, by Google's own question for it, which changes nothing.

Source: cloudresourcemanager v3 (`testIamPermissions` of a project, a folder or an organisation). Its service has to be
switched on in the project of the service account; where it is not, Google refuses the question and says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.contract import Context
from adapters.google_vertex import wire
from adapters.google_vertex.levers import (
    ASIDE,
    CANCEL,
    CANCEL_ALL,
    DENY,
    EVERYONE,
    FORBID,
    NO_TUNING,
    QUIET,
    RPM,
    TUNING,
    UNDEPLOY,
    Settings,
)
from adapters.rights import Granted, lacking

ASKED = "Google's testIamPermissions at the project: not whether it may act as the account that a model runs as"
_POLICIES = tuple(f"orgpolicy.policies.{verb}" for verb in ("create", "update", "delete"))
_DENIALS = tuple(f"iam.denypolicies.{verb}" for verb in ("get", "create", "update", "delete"))
_CANCEL = ("aiplatform.batchPredictionJobs.cancel", "aiplatform.tuningJobs.cancel")
NEEDS = {
    DENY.name: _DENIALS,
    TUNING.name: _DENIALS,
    EVERYONE.name: _DENIALS,
    RPM.name: ("serviceusage.quotas.get", "serviceusage.quotas.update"),
    NO_TUNING.name: _POLICIES,
    FORBID.name: _POLICIES,
    QUIET.name: ("aiplatform.endpoints.update",),
    ASIDE.name: ("aiplatform.endpoints.update",),
    UNDEPLOY.name: ("aiplatform.endpoints.undeploy", "aiplatform.endpoints.deploy"),
    CANCEL.name: (*_CANCEL, "aiplatform.customJobs.cancel"),
    CANCEL_ALL.name: _CANCEL,
}
_ELSEWHERE = frozenset({NO_TUNING.name, FORBID.name})  # these are written where the organisation's policy is


async def granted(context: Context, settings: Settings) -> Granted:
    """What the service account was granted at the project, and where the organisation's policy is set.

    Raises:
        AdapterFault: where Google does not tell it that.
    """
    lacks: dict[str, Sequence[str]] = {}
    own = f"projects/{settings.project}"
    for place in dict.fromkeys((own, settings.policies)):
        needs = {
            lever: one for lever, one in NEEDS.items()
            if (settings.policies if lever in _ELSEWHERE else own) == place
        }  # fmt: skip
        wanted = list(dict.fromkeys(one for needed in needs.values() for one in needed))
        has, untold = await _held(context, place, wanted)
        missing = [one for one in wanted if one not in has and one not in untold]
        for lever, found in lacking(needs, missing).items():
            if found or not set(needs[lever]) & untold:  # what it lacks is known; that it lacks nothing may not be
                lacks[lever] = [f"do {one} at {place}" for one in found]
    return Granted(asked=ASKED, lacks=lacks)


async def _held(context: Context, place: str, wanted: list[str]) -> tuple[set[str], set[str]]:
    """Those of these permissions that it has there, and those of which Google does not tell.

    One that does not belong to such a place makes Google refuse the whole question: then each is asked for alone.
    """
    path = f"/cloudresourcemanager/v3/{place}:testIamPermissions"
    reply = await context.call("POST", path, json={"permissions": wanted}, effect="read")
    if reply.status != wire.BAD or len(wanted) == 1:
        untold = set(wanted) if reply.status == wire.BAD else set[str]()
        return set() if untold else set(wire.told(wire.Held, reply, "permissions").permissions), untold
    has, untold = set[str](), set[str]()
    for one in wanted:
        found, unsaid = await _held(context, place, [one])
        has |= found
        untold |= unsaid
    return has, untold
