"""Who called a model: the keys that lose it, and how often each. Counted by OpenAI, some minutes late."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from adapters.contract import AdapterFault, Context, Traffic
from adapters.openai_admin import wire

_HOUR_S = 3600
_MOST_MINUTES = 1440


async def callers(context: Context, models: Sequence[str], projects: Sequence[str]) -> tuple[int | None, str]:
    """How many keys called these models, and the sentence that says so; not knowing it never stops a plan.

    `projects` narrows it to these; empty means every one.
    """
    asked = [
        ("start_time", str(context.now_ms() // 1000 - _HOUR_S)), ("bucket_width", "1h"), ("limit", "2"),
        ("group_by[]", "api_key_id"), *(("models[]", one) for one in models),
        *(("project_ids[]", one) for one in projects),
    ]  # fmt: skip
    try:
        reply = await context.call("GET", f"/organization/usage/completions?{urlencode(asked)}", effect="read")
        found = wire.read(wire.Usage, wire.check(reply, "usage"))
    except AdapterFault:
        return None, "who called in the last hour is not told"
    rows = [row for bucket in found.data for row in bucket.results]
    keys = {row.api_key_id for row in rows if row.api_key_id}
    more = ", or more" if found.has_more else ""
    calls = sum(row.num_model_requests for row in rows)
    return len(keys), f"in the last hour {len(keys)} keys made {calls} calls to it{more}, as far as it is counted yet"


async def traffic(context: Context, model: str, since_ms: int, until_ms: int) -> Traffic:
    """The calls of each key to one model in that time, to the minute; raises as a read."""
    since_s, until_s = since_ms // 1000, until_ms // 1000
    asked = [
        ("start_time", str(since_s)), ("end_time", str(until_s)), ("bucket_width", "1m"),
        ("limit", str(min(_MOST_MINUTES, max(1, -(-(until_s - since_s) // 60))))), ("group_by[]", "api_key_id"),
        ("models[]", model),
    ]  # fmt: skip
    reply = await context.call("GET", f"/organization/usage/completions?{urlencode(asked)}", effect="read")
    found = wire.read(wire.Usage, wire.check(reply, "usage"))
    by: dict[str, int] = {}
    for row in (row for bucket in found.data for row in bucket.results):
        who = row.api_key_id or "without a key"
        by[who] = by.get(who, 0) + row.num_model_requests
    return Traffic(calls=sum(by.values()), by=by, whole=not found.has_more)
