"""A Google project to test against, and the adapter and contexts for it."""

from __future__ import annotations

import base64
import functools
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.conformance import DirectContext
from adapters.google_vertex import ADAPTER
from adapters.google_vertex.simulated import ATLAS, CANARY_TOKEN, CONSOLE, CONSOLE_TOKEN, LOCATION, PROJECT
from adapters.google_vertex.simulator import GoogleSite

CANARY = "serviceAccount:canary@desk-models.iam.gserviceaccount.com"
MODELS = "google/atlas-1.5-002, anthropic/borealis-4@20260101"
SECRETS = {"service-account-key": CONSOLE_TOKEN, "caller": CANARY_TOKEN, "wrong": "x"}


def site(**more):
    return GoogleSite(**more)


def settings(url, **more):
    return {
        "project": PROJECT, "location": LOCATION, "service_account": CONSOLE, "models": MODELS, "endpoint": url, **more,
    }  # fmt: skip


def adapter_at(url, kind=ADAPTER, **more):
    return kind(ADAPTER.manifest.settings.model_validate(settings(url, **more)))


def context_at(url, callers=None, kind=DirectContext, **more):
    made = kind(url, secrets=SECRETS, callers_url=url, **more)
    made.services = dict(adapter_at(url).access().services)
    made.caller_header = "bearer"
    made.callers = callers or dict.fromkeys((CANARY, PROJECT, ATLAS), "caller")
    return made


class Impatient(DirectContext):
    """A step that has time for two looks at an operation, however slow the machine is."""

    left = 2

    async def pause(self, seconds):
        self.left -= 1
        return self.left >= 0


@functools.cache
def service_key(email, token_uri="https://elsewhere.example/token"):
    """A service account's key as Google gives it out, and its public half. The address in it is a trap."""
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {
        "type": "service_account", "project_id": PROJECT, "private_key_id": "k1", "client_email": email,
        "private_key": pem.decode(), "token_uri": token_uri,
    }  # fmt: skip
    return json.dumps(told, indent=2), private.public_key()


def verify(email, assertion):
    """Whether this account's key signed it, as the sign-in would check."""
    whole, _, signature = assertion.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    try:
        service_key(email)[1].verify(raw, whole.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
