"""How one instance proves itself, where that is more than the first secret in a header. Part of the contract.

An adapter only names what is needed: the console opens the connections, fetches the tokens and reads the secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from adapters.signing import Aws

Scheme = Literal["bearer", "x-api-key", "none"]
CallerHeader = Literal["bearer", "x-api-key", "api-key"]
Grant = Literal["client-credentials", "signed-token"]


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

    With the grant "signed-token" what a key signs is exchanged for the token (RFC 7523, section 2.1): `secret` then
    names a service account's key, JSON as Google gives it out or base64 of that, and `client` is the account it has to
    belong to (empty: whichever it names). What the key says of addresses is never followed.
    """

    url: str
    client: str
    scope: str
    secret: str
    certificate: str = ""
    grant: Grant = "client-credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallersSide:
    """A second address: where callers, not administrators, reach what is corrected.

    Probes alone may go there; and where a plane tells its figures at another port, reads that show no credential.

    `header` carries the caller's own credential; the instance's own is never sent there. With `sign_in` (its secret is
    not read) a credential that is a service account's key is exchanged for a token first; any other is shown as it is.
    """

    url: str
    header: CallerHeader = "bearer"
    sign_in: SignIn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`scheme` stands for `Manifest.auth` where an instance differs; `sign_in` fetches the bearer token instead.

    With `aws` every request is signed, and goes to the service that its path names (`adapters.signing.route`). The
    credential of a caller is then a word (a Bedrock API key, say), or ID:SECRET of an access key, which signs.

    `services` are addresses by the first step of a path, for a plane that is spread over several: `/iam/v2/x` goes to
    the service "iam" as `/v2/x`, with the same authentication. Each is pinned, and no other can be reached then.
    """

    scheme: Scheme | None = None
    tls: Tls | None = None
    sign_in: SignIn | None = None
    callers: CallersSide | None = None
    aws: Aws | None = None
    services: Mapping[str, str] = field(default_factory=dict[str, str])


def parted(path: str) -> tuple[str, str]:
    """The service that a path names, and its path there; two empty texts where it names none."""
    first, slash, rest = path.removeprefix("/").partition("/")
    return (first, f"/{rest}") if path.startswith("/") and slash else ("", "")


@runtime_checkable
class Proves(Protocol):
    """What an adapter offers besides, whose instances prove themselves otherwise, or whose callers come elsewhere."""

    def access(self) -> Access:
        """From its settings alone; it names secrets and holds none."""
        ...
