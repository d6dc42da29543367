"""Connections as an instance's adapter asks for them: an authority of its own, a certificate to show.

The private key comes out of the vault and must never lie on a disk in the clear, not even for a moment.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization

from adapters.access import Tls
from adapters.contract import NotSent
from console.runtime.ids import SystemEntropy

_BEGIN: Final = "-----BEGIN "
_BLOCK: Final = re.compile(r"(-----BEGIN [A-Z ]+-----)([A-Za-z0-9+/=\s]*)(-----END [A-Z ]+-----)\s*")


def context_of(tls: Tls | None, key: str | None) -> ssl.SSLContext:
    """What checks the other side, and shows the certificate where a key is given.

    Raises:
        NotSent: when the authority, the certificate or the key is none: nothing can be sent with it.
    """
    if tls is None:
        return _usual()
    made = _trusting(pem(tls.ca)) if tls.ca else ssl.create_default_context()
    if key is not None:
        _show(made, pem(tls.certificate), pem(key))
    return made


@cache
def _usual() -> ssl.SSLContext:
    """To read the system's authorities takes 25 ms: once a process, not at the first call to each provider."""
    return ssl.create_default_context()


def _trusting(authority: str) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cadata=authority)
    except (ssl.SSLError, ValueError):
        raise NotSent("the authority in its settings is no certificate") from None
    # Python 3.13 asks for fields that clusters' own authorities leave out; the chain and the name are checked as ever
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made


def _show(made: ssl.SSLContext, certificate: str, key: str) -> None:
    """The library reads a key from a file only: it gets one that is sealed with a password nobody keeps."""
    password = SystemEntropy().token(32).hex()
    try:
        loaded = serialization.load_pem_private_key(key.encode(), None)
        sealed = loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        with tempfile.TemporaryDirectory(prefix="standdown-") as folder:
            path = Path(folder) / "shown.pem"
            path.write_bytes(certificate.encode() + b"\n" + sealed)
            made.load_cert_chain(path, password=password)
    except (ssl.SSLError, ValueError, TypeError):  # none of their texts: they may quote the key
        raise NotSent("its client certificate and key on this console do not fit, or are none") from None


def pem(text: str) -> str:
    """PEM, however it was pasted: as it is, in one line, or as base64 of it, which is how a kubeconfig has it."""
    if _BEGIN not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except (binascii.Error, UnicodeError, ValueError):
            raise NotSent("a certificate or key of it on this console is not PEM") from None
    if len(text.strip().splitlines()) > 1:
        return text
    return _BLOCK.sub(lambda found: "\n".join((found[1], *found[2].split(), found[3], "")), text)
