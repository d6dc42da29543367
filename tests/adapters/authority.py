"""A certificate authority made for one test run: a server's certificate for loopback, and clients' certificates."""

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
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: str
    key: str


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


class Authority:
    """One authority. `ca` is its certificate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuer = _name("authority of a test")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        made = (
            self._blank(self._issuer, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._made = made
        self.ca = made.public_bytes(serialization.Encoding.PEM).decode()

    def _blank(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, days: int = 1
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        begins = now - dt.timedelta(days=2)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def issue(self, common: str, *, server: bool = False, days: int = 1) -> Pair:
        """A certificate of this name; with `server` for 127.0.0.1. `days` below zero: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        made = self._blank(_name(common), key, days).add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(parent, critical=False)
        if server:
            here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            made = made.add_extension(x509.SubjectAlternativeName([here]), critical=False)
        return _pem(made.sign(self._key, hashes.SHA256()), key)

    def signing(self, common: str) -> tuple[Pair, rsa.RSAPublicKey]:
        """A certificate with an RSA key, which signs what a client says, and its public key."""
        key = rsa.generate_private_key(65537, 2048)
        return _pem(self._blank(_name(common), key).sign(self._key, hashes.SHA256()), key), key.public_key()

    @functools.cache  # noqa: B019  there is one authority
    def serving(self, *, days: int = 1) -> ssl.SSLContext:
        """What a server on loopback speaks with; it asks for a client's certificate, and takes calls without one."""
        pair = self.issue("server of a test", server=True, days=days)
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=self.ca)
        made.verify_mode = ssl.CERT_OPTIONAL
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "server.pem"
            path.write_text(pair.certificate + pair.key, encoding="ascii")
            made.load_cert_chain(path)
        return made

    def trusting(self) -> ssl.SSLContext:
        """What a client trusts it with."""
        return ssl.create_default_context(cadata=self.ca)


@functools.cache
def authority() -> Authority:
    """The one of this run: making keys anew for each test would cost more than the tests."""
    return Authority()
