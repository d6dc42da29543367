"""How often a model was called in this account and region: what went round a gateway shows by it. Counted minutes late.

CloudWatch counts the calls that were answered, by model id, and whose they were it does not tell.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from adapters.aws_bedrock import wire
from adapters.contract import Context, Malformed, Request, Traffic

MONITORING = "monitoring"
_VERSION = "2010-08-01"
_FORM = "application/x-www-form-urlencoded"


async def traffic(context: Context, model: str, since_ms: int, until_ms: int) -> Traffic:
    """The calls of one model in that time, to the minute; raises as a read.

    Never whole: who calls through an inference profile is counted under that.
    """
    asked = {
        "Action": "GetMetricStatistics", "Version": _VERSION, "Namespace": "AWS/Bedrock", "MetricName": "Invocations",
        "Dimensions.member.1.Name": "ModelId", "Dimensions.member.1.Value": model, "StartTime": _at(since_ms),
        "EndTime": _at(until_ms), "Period": "60", "Statistics.member.1": "Sum",
    }  # fmt: skip
    request = Request(
        method="POST", path=f"/{MONITORING}/", body=urlencode(asked), content_type=_FORM, effect="read"
    )  # fmt: skip
    found = wire.xml(wire.check(await context.send(request), "metrics"), "GetMetricStatisticsResponse")
    points = found.findall("GetMetricStatisticsResult/Datapoints/member")
    return Traffic(calls=sum(_count(wire.text_at(one, "Sum")) for one in points), whole=False)


def _count(text: str) -> int:
    try:
        return int(float(text))
    except (ValueError, OverflowError) as fault:
        raise Malformed("AWS counted something that is no number") from fault


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
