"""An Azure account to test against, and the adapter and contexts for it."""

from __future__ import annotations

from adapters.azure_openai.adapter import AzureOpenAI
from adapters.azure_openai.simulator import (
    ACCOUNT,
    ARM_TOKEN,
    CALLER_KEY,
    CLIENT,
    GROUP,
    SUBSCRIPTION,
    TENANT,
    AzureSite,
    deployment,
)
from adapters.conformance import DirectContext


def site(**more):
    made = {"atlas": deployment("atlas-large", 120), "borealis": deployment("borealis"),
            "cirrus": deployment("cirrus", sku="ProvisionedManaged", policy="Microsoft.DefaultV2")}  # fmt: skip
    return AzureSite(made, **more)


def settings(url, **more):
    return {
        "subscription": SUBSCRIPTION, "resource_group": GROUP, "account": ACCOUNT, "tenant": TENANT, "client": CLIENT,
        "management_url": url, "login_url": url, "callers_url": url, **more,
    }  # fmt: skip


def adapter_at(url, kind=AzureOpenAI, **more):
    return kind(AzureOpenAI.manifest.settings.model_validate(settings(url, **more)))


SECRETS = {"client-secret": ARM_TOKEN, "caller": CALLER_KEY, "wrong": "x"}


def context_at(url, **more):
    return DirectContext(url, secrets=SECRETS, callers_url=url, **more)


class Impatient(DirectContext):
    """A step that has time for two looks at an operation, however slow the machine is."""

    left = 2

    async def pause(self, seconds):
        self.left -= 1
        return self.left >= 0


def impatient_at(url):
    return Impatient(url, secrets=SECRETS, callers_url=url)
