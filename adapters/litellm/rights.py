"""What the credential may do, by the gateway's own account of the key and of whose it is, which changes nothing.

Seen on 1.106.2: the master key is no key of the database, and its user is the default one, whose role says nothing.
Every other key tells its owner, and the owner his role. A viewer's key is refused every write, by its role.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from adapters.answers import plain
from adapters.contract import Context
from adapters.litellm import wire
from adapters.litellm.levers import LEVERS
from adapters.rights import Granted

ASKED = "the gateway's own account of this key, and of the role of whose it is"
_NOT_FOUND = 404
_NO_KEY = "not_found_error"
_ADMIN, _MASTER = "proxy_admin", "default_user_id"
_WRITES = tuple(one.name for one in LEVERS if not one.by_hand)  # what a person does needs no key


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _OwnKey(_Said):
    user_id: str | None = None
    allowed_routes: list[str] | None = None


class _Own(_Said):
    info: _OwnKey


class _User(_Said):
    user_id: str = ""
    user_role: str | None = None


async def granted(context: Context) -> Granted | None:
    """What the key may do; None where the gateway does not say whose it is, or binds it to some routes.

    Raises:
        AdapterFault: where it does not tell this key that.
    """
    reply = await context.call("GET", "/key/info", effect="read")
    no_key = reply.status == _NOT_FOUND and wire.error_of(reply).type == _NO_KEY
    if not no_key:
        own = wire.read(_Own, wire.check(reply, "own key")).info
        if not own.user_id or own.allowed_routes:
            return None
    reply = await context.call("GET", "/v2/user/info", effect="read")
    user = wire.read(_User, wire.check(reply, "own user"))
    if no_key and user.user_id == _MASTER:  # whatever role stands there
        return Granted(asked=ASKED, lacks=dict.fromkeys(_WRITES, ()))
    role = user.user_role or "none"
    lacks = [] if role == _ADMIN else [f"change anything here: its owner's role is {plain(role) or 'another'}"]
    return Granted(asked=ASKED, lacks=dict.fromkeys(_WRITES, lacks))
