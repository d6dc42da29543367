"""Certificates for a server that the kit makes: one that is good, and one that has expired. Made anew for each run."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority that nobody else knows. `ca` is its certificate, PEM."""

    key: ec.EllipticCurvePrivateKey
    ca: str

    def serving(self, hosts: frozenset[str], *, expired: bool = False) -> ssl.SSLContext:
        """What a server speaks with that has these names; `expired`: everything about it is right but the date."""
        key = ec.generate_private_key(ec.SECP256R1())
        ends = dt.datetime.now(dt.UTC) + (-_DAY if expired else _DAY)
        names = x509.SubjectAlternativeName([_name(host) for host in sorted(hosts)])
        parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        made = _blank("server of the kit", key, ends).add_extension(names, critical=False)
        signed = made.add_extension(parent, critical=False).sign(self.key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="standdown-") as folder:  # the library reads a key from a file only
            path = Path(folder) / "server.pem"
            path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(path)
        return context


@functools.cache
def authority() -> Authority:
    """The one of this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _blank(_ISSUER, key, dt.datetime.now(dt.UTC) + _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, made.public_bytes(serialization.Encoding.PEM).decode())


@functools.cache
def serving(hosts: frozenset[str], *, expired: bool = False) -> ssl.SSLContext:
    """As `Authority.serving`, by the one of this run."""
    return authority().serving(hosts, expired=expired)


_ISSUER = "authority of the kit"


def _blank(subject: str, key: ec.EllipticCurvePrivateKey, ends: dt.datetime) -> x509.CertificateBuilder:
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ISSUER)])
    return (
        x509.CertificateBuilder()
        .subject_name(common)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - 30 * _DAY)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
