"""Signing in by a certificate: a short-lived assertion that its private key signs (RFC 7523), in place of a secret.

The key is used here and goes nowhere; the assertion names one client, one address and ten minutes.
"""

from __future__ import annotations

import base64
import json
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.access import SignIn
from adapters.contract import NotSent
from console.providers.tls import pem
from console.runtime.ids import SystemEntropy

TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE_S: Final = 600
_SKEW_S: Final = 60


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


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
