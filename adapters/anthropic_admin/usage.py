"""What the organisation called of a model, by key: what went round a gateway shows by it. Counted some minutes late.

By the report that counts requests. It is in trial, so its header goes with these calls only: no lever must hang on it.
The older report (`usage_report/messages`) counts tokens, and no calls.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from adapters.anthropic_admin import wire
from adapters.anthropic_admin.organisation import get, place
from adapters.contract import Context, Traffic

REPORT = place("analytics", "usage")
TRIAL = {REPORT: {"anthropic-beta": "analytics-usage-cost-2026-08-24"}}
ROWS = 1000
_MOST_PAGES = 3  # a gateway's sum is compared within seconds


async def traffic(context: Context, model: str, since_ms: int, until_ms: int) -> Traffic:
    """The calls of each key to one model in that time, to the minute; raises as a read.

    A report that was made before the end of that time, or goes on after some pages, is not whole.
    """
    asked = [
        ("starting_at", _at(since_ms)), ("ending_at", _at(until_ms)), ("group_by[]", "api_key_id"),
        ("limit", str(ROWS)), ("models[]", model), ("time_bucket_width", "1m"),
    ]  # fmt: skip
    by: dict[str, int] = {}
    whole, page = True, ""
    for _ in range(_MOST_PAGES):
        more = [("page", page)] if page else []
        reply = await get(context, f"{REPORT}?{urlencode([*asked, *more])}")
        told = wire.read(wire.UsageReport, wire.check(reply, "usage"))
        for row in told.data:
            who = row.group.api_key_id or "without a key"
            by[who] = by.get(who, 0) + (row.usage.requests or 0)
            whole = whole and row.usage.requests is not None
        made = told.data_refreshed_at
        whole = whole and (made is None or made.timestamp() * 1000 >= until_ms)
        page = told.next_page or ""
        if not page or told.has_more is False:
            return Traffic(calls=sum(by.values()), by=by, whole=whole)
    return Traffic(calls=sum(by.values()), by=by, whole=False)


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
