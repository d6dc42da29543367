"""An AWS account to test against, and the adapter and contexts for it."""

from __future__ import annotations

from adapters.aws_bedrock import ADAPTER
from adapters.aws_bedrock.simulated import (
    API_KEY,
    CALLER_KEY,
    CALLER_SECRET,
    CONSOLE_KEY,
    CONSOLE_SECRET,
    REGION,
    SCP,
)
from adapters.aws_bedrock.simulator import AwsSite
from adapters.conformance import DirectContext

ATLAS, BOREALIS = "example.atlas-v1:0", "example.borealis-v1:0"
SECRETS = {"secret-key": CONSOLE_SECRET, "caller": API_KEY, "key": f"{CALLER_KEY}:{CALLER_SECRET}", "wrong": "A:b"}


def site(**more):
    return AwsSite(**more)


def settings(url, **more):
    return {
        "region": REGION, "access_key_id": CONSOLE_KEY, "scp": SCP, "guardrail": "strict1:2", "endpoint": url, **more,
    }  # fmt: skip


def adapter_at(url, kind=ADAPTER, **more):
    return kind(ADAPTER.manifest.settings.model_validate(settings(url, **more)))


def context_at(url, callers=None):
    made = DirectContext(url, secrets=SECRETS, callers_url=url)
    made.aws = adapter_at(url).access().aws
    made.callers = callers or {CALLER_KEY: "key"}
    return made
