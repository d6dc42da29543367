"""A made-up Anthropic organisation for the tests: three workspaces, one of them the default one."""

from __future__ import annotations

from adapters.anthropic_admin import ADAPTER
from adapters.anthropic_admin.simulator import ADMIN_KEY, OUT, RPM, AnthropicSite, Family, KeyRow, WorkspaceRow
from adapters.conformance import DirectContext

CALLER, BATCH = "sk-ant-simulated-caller", "sk-ant-simulated-batch"
SECRETS = {"admin": ADMIN_KEY, "caller": CALLER, "batch": BATCH, "wrong": "sk-ant-mistyped"}
CALLERS = dict.fromkeys(["apikey_1", "wrkspc_1", "organisation", "atlas-1"], "caller")
MODELS = ["atlas-1", "atlas-1-20260131"]


def site(**more) -> AnthropicSite:
    workspaces = [
        WorkspaceRow("wrkspc_1", "live", members={"user_1": "workspace_developer", "user_2": "workspace_admin"}),
        WorkspaceRow("wrkspc_2", "batch", members={"user_1": "workspace_user", "user_3": "workspace_billing"},
                     limits={"rl_1": {RPM: 7}}),
        WorkspaceRow("wrkspc_0", "Default", default=True),
    ]  # fmt: skip
    keys = [
        KeyRow("apikey_1", CALLER, "caller", "wrkspc_1"),
        KeyRow("apikey_2", BATCH, "batch", "wrkspc_2"),
        KeyRow("apikey_3", "sk-ant-x", "twin", "wrkspc_2", "inactive"),
        KeyRow("apikey_4", "sk-ant-y", "twin", "wrkspc_1", "expired"),
        KeyRow("apikey_5", "sk-ant-z", "ours", None),
    ]
    families = [
        Family("rl_1", "Atlas 1", MODELS, {RPM: 50, OUT: 8_000}),
        Family("rl_2", "Bora 2", ["bora-2"], {RPM: 50, OUT: 8_000}),
    ]
    users = {
        "user_1": {"name": "Caller", "email": "caller@example.org", "role": "developer"},
        "user_2": {"name": "Admin", "email": "admin@example.org", "role": "admin"},
        "user_3": {"name": "Billing", "email": "billing@example.org", "role": "billing"},
    }
    return AnthropicSite(workspaces, keys, families, users, **more)


def settings(url: str) -> dict[str, object]:
    return {"base_url": url}


def adapter_at(url: str, kind=ADAPTER):
    return kind(kind.manifest.settings.model_validate(settings(url)))


def context_at(url: str, callers=None) -> DirectContext:
    made = DirectContext(url, secrets=SECRETS)
    made.headers.update(ADAPTER.manifest.headers)
    made.headers_below.update(ADAPTER.manifest.headers_below)
    made.callers.update(CALLERS if callers is None else callers)
    return made
