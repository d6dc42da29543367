"""Who undid what a lever wrote, by the organisation's audit log, as far as OpenAI's description has events for it.

It names whoever acted by e-mail address or id, never a key. It only reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlencode

from adapters.contract import Change, Context, Planned
from adapters.openai_admin import wire

_PAGE: Final = 100
_LIMITS: Final = ("rate_limit.updated", "rate_limit.deleted")
_ROLES: Final = ("role.assignment.created", "role.assignment.deleted")
# a policy of models, hosted tools and limits of money have no event in the description
_EVENTS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({
    "member.remove": ("user.added", "role.assignment.created"), "user.demote": ("user.updated", *_ROLES),
    "project.rpm": _LIMITS, "project.tpm": _LIMITS, "model.rpm": _LIMITS, "model.tpm": _LIMITS,
})  # fmt: skip


async def changes(context: Context, planned: Planned, since_ms: int) -> Sequence[Change] | None:
    """The newest first; None where it has no events about what this lever writes.

    An admin key's doings stand in its default project, so that the project is not asked for.
    """
    kinds = _EVENTS.get(planned.lever)
    if kinds is None:
        return None
    about = {planned.selector, *_limits_of(planned)}
    asked = [("effective_at[gte]", str(since_ms // 1000)), *(("event_types[]", kind) for kind in kinds)]
    query = urlencode([*asked, ("limit", str(_PAGE))])
    reply = await context.call("GET", f"/organization/audit_logs?{query}", effect="read")
    found = [
        Change(at_ms=one.effective_at * 1000, who=one.who, what=one.told)
        for one in wire.read(wire.AuditLog, wire.check(reply, "audit log")).data
        if one.effective_at * 1000 >= since_ms and about & one.about
    ]
    return sorted(found, key=lambda one: -one.at_ms)


def _limits_of(planned: Planned) -> set[str]:
    """The ids of the limits that it writes."""
    paths = [one.path for one in (*planned.requests, *planned.revert)]
    return {unquote(path.rpartition("/")[2]) for path in paths if "/rate_limits/" in path}
