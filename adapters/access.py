"""How one instance proves itself, where that is more than the first secret in a header. Part of the contract.

An adapter only names what is needed: the console opens the connections, fetches the tokens and reads the secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from adapters.signing import Aws

Scheme = Literal["bearer", "x-api-key", "none"]
CallerHeader = Literal["bearer", "x-api-key", "api-key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Whom an instance trusts on its connections, and with what it shows itself there.

    `ca` and `certificate` are PEM; an empty `ca` means the authorities of this machine. `key` names the secret that is
    the certificate's private key, as PEM or as base64 of PEM. A probe trusts the same and shows no certificate.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """OAuth 2.0 client credentials: `client` gets a short-lived bearer token for `scope` at `url`, another host or not.

    `secret` names the client's secret; with a `certificate` (PEM) that of its RSA key, which signs an assertion instead
    (RFC 7523). The token is kept in memory, renewed before it ends, and written nowhere.
    """

    url: str
    client: str
    scope: str
    secret: str
    certificate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallersSide:
    """A second address: where callers, not administrators, reach what is corrected. Probes alone may go there.

    `header` carries the caller's own credential; the instance's own is never sent there.
    """

    url: str
    header: CallerHeader = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`scheme` stands for `Manifest.auth` where an instance differs; `sign_in` fetches the bearer token instead.

    With `aws` every request is signed, and goes to the service that its path names (`adapters.signing.route`). The
    credential of a caller is then a word (a Bedrock API key, say), or ID:SECRET of an access key, which signs.
    """

    scheme: Scheme | None = None
    tls: Tls | None = None
    sign_in: SignIn | None = None
    callers: CallersSide | None = None
    aws: Aws | None = None


@runtime_checkable
class Proves(Protocol):
    """What an adapter offers besides, whose instances prove themselves otherwise, or whose callers come elsewhere."""

    def access(self) -> Access:
        """From its settings alone; it names secrets and holds none."""
        ...
