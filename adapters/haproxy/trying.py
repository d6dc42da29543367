"""What one answer says of a correction, in HAProxy's own words only: the server behind it refuses too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from adapters.contract import Planned, Reply, Throttled
from adapters.haproxy.levers import BLOCK, DRAIN, RATE, STOP
from adapters.haproxy.wire import Server

Told = tuple[Literal["refused", "passed", "cannot-tell"], str]
_OK, _MULTIPLE, _FORBIDDEN, _UNAVAILABLE = 200, 300, 403, 503
_TOO_MANY = b"You have sent too many requests in a given amount of time."
_BY_RULE, _NO_SERVER = "Request forbidden by administrative rules.", "503 Service Unavailable"


def judge(planned: Planned, reply: Reply) -> Told | None:
    """The conclusion; None where the servers have to be looked at first (`stopped`)."""
    if _OK <= reply.status < _MULTIPLE and not reply.headers.get("content-type", "").startswith("text/html"):
        limited = planned.lever == RATE.name and planned.wanted["runtime"] not in {'"0"', "null"}
        return ("cannot-tell", "below the limit") if limited else ("passed", "answered")
    said = reply.body.decode("utf-8", "replace")
    if planned.lever == BLOCK.name and reply.status == _FORBIDDEN and _BY_RULE in said:
        return "refused", "forbidden by rule"
    if planned.lever in {STOP.name, DRAIN.name} and reply.status == _UNAVAILABLE and _NO_SERVER in said:
        return None
    return "cannot-tell", "refused for another reason than this correction"


def stopped(planned: Planned, servers: Sequence[Server]) -> Told:
    """503 is also what an outage looks like: it is ours only where servers run and would serve but for this."""
    kept = [one for one in servers if one.runs and (one.usable or planned.lever == DRAIN.name)]
    return ("refused", "stopped") if kept else ("cannot-tell", "no server behind it runs")


def limited(planned: Planned, fault: Throttled) -> Told:
    """A server behind it answers 429 too, and says why: the proxy has its own page, or nothing (a rule with `hdr`)."""
    said = None if fault.reply is None else fault.reply.body.strip()
    if planned.lever == RATE.name and said is not None and (not said or _TOO_MANY in said):
        return "refused", "limited"
    return "cannot-tell", "limited, and not in the proxy's words"
