"""A made-up OpenAI organisation for the tests: three projects, one of them archived."""

from __future__ import annotations

from adapters.conformance import DirectContext
from adapters.openai_admin import ADAPTER
from adapters.openai_admin.simulator import ADMIN_KEY, PREFIX, KeyRow, OpenAISite, ProjectRow

CALLER, ACCOUNT, BATCH = "sk-proj-simulated-caller", "sk-svcacct-simulated", "sk-proj-simulated-batch"
SECRETS = {"admin": ADMIN_KEY, "caller": CALLER, "account": ACCOUNT, "batch": BATCH, "wrong": "sk-proj-mistyped"}
CALLERS = {"proj_1": "caller", "user-1": "caller", "key_1": "caller", "svc_1": "account", "atlas": "caller"}
MODELS = {"atlas": (500, 30_000), "atlas-2026-01-31": (500, 30_000), "atlas-mini": (900, 90_000)}


def site(**more) -> OpenAISite:
    users = {
        "user-1": {"name": "Caller", "email": "caller@example.org", "role": "reader"},
        "user-2": {"name": "Owner", "email": "owner@example.org", "role": "owner"},
    }
    live = ProjectRow(
        "proj_1", "live", limits=dict(MODELS), users={"user-1": "member", "user-2": "owner"},
        accounts={"svc_1": "robot"},
        keys={"key_1": KeyRow("key_1", CALLER, "user-1"), "key_2": KeyRow("key_2", ACCOUNT, "svc_1")},
    )  # fmt: skip
    batch = ProjectRow(
        "proj_2", "batch", limits=dict(MODELS), users={"user-1": "owner"},
        keys={"key_3": KeyRow("key_3", BATCH, "user-1", last_used_at=4_000_000_000)},
        policy={"mode": "allow_list", "model_ids": ["atlas-mini", "atlas"]},
    )  # fmt: skip
    old = ProjectRow("proj_3", "old", archived_at=1)
    made = OpenAISite([live, batch, old], users, **more)
    made.state.used += [
        ("proj_1", "key_1", "atlas", 40),
        ("proj_1", "key_2", "atlas", 2),
        ("proj_2", "key_3", "atlas", 5),
    ]
    return made


def settings(url: str, **more) -> dict[str, object]:
    return {"base_url": url + PREFIX, **more}


def adapter_at(url: str, kind=ADAPTER, **more):
    return kind(kind.manifest.settings.model_validate(settings(url, **more)))


def context_at(url: str, callers=None) -> DirectContext:
    made = DirectContext(url + PREFIX, secrets=SECRETS)
    made.callers.update(CALLERS if callers is None else callers)
    return made
