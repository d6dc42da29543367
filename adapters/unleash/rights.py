"""What the token may do, by Unleash's own account of whose it is, which changes nothing.

An admin token has the one permission ADMIN: seen on 7.5.1. Of a service account (paid editions) the permissions are
read by their names in Unleash's source; that was seen nowhere.
"""

from __future__ import annotations

from adapters.contract import Context
from adapters.rights import Granted
from adapters.unleash import wire
from adapters.unleash.levers import BLOCK, LEVERS, Settings

ASKED = "Unleash's own account of this token and its permissions: not whether changes have to be requested first"
ADMIN = "ADMIN"
_FLAGS = (("UPDATE_FEATURE_ENVIRONMENT",), "switch flags in this environment (UPDATE_FEATURE_ENVIRONMENT)")
_SEGMENTS = (("UPDATE_SEGMENT", "UPDATE_PROJECT_SEGMENT"), "write segments (UPDATE_SEGMENT)")


async def granted(context: Context, settings: Settings) -> Granted:
    """What the token was granted in this project and environment.

    Raises:
        AdapterFault: where Unleash does not tell it that.
    """
    reply = await context.call("GET", "/api/admin/user", effect="read")
    has = [one for one in wire.read(wire.Me, wire.check(reply, "own account")).permissions if _here(one, settings)]
    names = {one.permission for one in has}
    lacks: dict[str, list[str]] = {}
    for lever in LEVERS:
        needed, told = _SEGMENTS if lever is BLOCK else _FLAGS
        lacks[lever.name] = [] if names & {ADMIN, *needed} else [told]
    return Granted(asked=ASKED, lacks=lacks)


def _here(one: wire.Permission, settings: Settings) -> bool:
    return one.project in {None, "*", settings.project} and one.environment in {None, "", "*", settings.environment}
