"""Signing in by a key: a short-lived assertion that it signs (RFC 7523), in place of a secret.

The key is a certificate's, or a service account's. It is used here and goes nowhere; the assertion names one client,
one address and ten minutes. An address that stands in a key's file is never used.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.access import SignIn
from adapters.contract import NotSent
from console.providers.tls import pem
from console.runtime.ids import SystemEntropy

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_S: Final = 600
_SKEW_S: Final = 60
_NO_KEY: Final = "its credential is no service account's key"


class _ServiceKey(BaseModel):
    """The file that Google gives out for a key. Its `token_uri` is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    client_email: str
    private_key: str
    private_key_id: str = ""


def signed(sign_in: SignIn, key: str, now_s: int) -> str:
    """The assertion of this client, as of now.

    Raises:
        NotSent: when the certificate or the key is none of RSA.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem(sign_in.certificate).encode())
        private = serialization.load_pem_private_key(pem(key).encode(), None)
    except (ValueError, TypeError):  # none of their texts: they may quote the key
        raise NotSent("the certificate or the key it signs in with is none") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise NotSent("the key it signs in with is no RSA key")
    head = {"alg": "PS256", "typ": "JWT", "x5t#S256": _text(certificate.fingerprint(hashes.SHA256()))}
    said = {
        "aud": sign_in.url, "iss": sign_in.client, "sub": sign_in.client, "jti": SystemEntropy().token(16).hex(),
        "iat": now_s, "nbf": now_s - _SKEW_S, "exp": now_s + _LIFE_S,
    }  # fmt: skip
    whole = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(said).encode())}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
    return f"{whole}.{_text(private.sign(whole.encode(), pss, hashes.SHA256()))}"


def is_service_key(word: str) -> bool:
    """Whether a credential is a service account's key, and no token or other word."""
    try:
        _service_key(word)
    except NotSent:
        return False
    return True


def granted(sign_in: SignIn, key: str, now_s: int) -> str:
    """The assertion that a service account's key exchanges for a token, as of now.

    Raises:
        NotSent: when it is no such key, or the key of another account.
    """
    found = _service_key(key)
    if sign_in.client and found.client_email != sign_in.client:
        raise NotSent("the key it signs in with belongs to another account than its settings name")
    try:
        private = serialization.load_pem_private_key(pem(found.private_key).encode(), None)
    except (ValueError, TypeError):
        raise NotSent("the key it signs in with is none") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise NotSent("the key it signs in with is no RSA key")
    head = {"alg": "RS256", "typ": "JWT"} | ({"kid": found.private_key_id} if found.private_key_id else {})
    said = {
        "iss": found.client_email, "scope": sign_in.scope, "aud": sign_in.url, "iat": now_s - _SKEW_S,
        "exp": now_s + _LIFE_S,
    }  # fmt: skip
    whole = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(said).encode())}"
    return f"{whole}.{_text(private.sign(whole.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _service_key(word: str) -> _ServiceKey:
    """JSON, or base64 of it on one line or several: a command reads a secret as one line."""
    text = word.strip()
    try:
        raw = text.encode() if text.startswith("{") else base64.b64decode("".join(text.split()), validate=True)
        return _ServiceKey.model_validate_json(raw)
    except (ValidationError, binascii.Error, ValueError):  # none of their texts: they quote the key
        raise NotSent(_NO_KEY) from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
