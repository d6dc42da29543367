"""What one call shows and where it goes: credentials by name, tokens, signatures, to the addresses they are for.

It must never show the instance's own secret anywhere but at its own address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from adapters.contract import NotSent, Refused, Reply, Side
from console.domain.errors import Problem
from console.providers.address import Pin
from console.providers.aws import Signers, Signing
from console.providers.beside import Callers, Services
from console.providers.tokens import Tokens
from console.providers.wire import Wire

_UNAUTHENTICATED: Final = 401
Auth = Literal["bearer", "x-api-key", "none"]


class Secrets(Protocol):
    """Where secrets are read by name; None where there is none of that name."""

    def get(self, name: str) -> str | None:
        """The secret, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Proof:
    """Where one call goes and as what, the headers that prove it there, and the key of the certificate it shows."""

    pin: Pin | None
    headers: Mapping[str, str]
    key: str | None = None
    aws: Signing | None = None
    path: str | None = None

    def path_of(self, path: str) -> str:
        """The path there."""
        return self.aws.path_of(path) if self.aws is not None else path if self.path is None else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What one instance has to show, and the addresses where it may."""

    pin: Pin | None
    wire: Wire
    secrets: Secrets
    admin_secret: str | None
    secret_prefix: str
    auth: Auth
    deadline_s: float
    callers: Mapping[str, str] = field(default_factory=dict[str, str])
    shown_key: str = ""  # names the secret of the certificate to show; empty where none is shown
    tokens: Tokens | None = None
    callers_side: Callers | None = None
    aws: Signers | None = None
    services: Services | None = None

    async def prove(self, credential: str | None, side: Side, path: str) -> Proof:
        """Where a call goes and what it shows there: the instance's own things to its own address only.

        Raises:
            NotSent: when what it has to show is not kept here, or locked, or no token can be had.
            Refused: for what the adapter may not show there.
        """
        if side == "callers":
            return await self._as_caller(credential)
        if self.aws is not None:
            if credential != "":
                raise Refused("a caller's credential is not for the control plane")
            signing = self.aws.of(path, self._word(self.aws.secret))
            return Proof(signing.pin, {}, aws=signing)
        key = self._secret(self.shown_key) if self.shown_key and credential == "" else None
        pin, there = (self.pin, None) if self.services is None else self.services.of(path)
        return Proof(pin, await self._authentication(credential), key, path=there)

    async def _authentication(self, credential: str | None) -> dict[str, str]:
        if credential is None or (self.auth == "none" and credential == "" and self.tokens is None):
            return {}
        if credential == "" and self.tokens is not None:
            secret = self._secret(self.tokens.secret_name)
            token = await self.tokens.get(secret, self.wire, self.deadline_s)
            return {"authorization": f"Bearer {token}"}
        name = self.admin_secret if credential == "" else credential
        if name is None:
            return {}
        secret = self._word(name)
        return {"x-api-key": secret} if self.auth == "x-api-key" else {"authorization": f"Bearer {secret}"}

    async def _as_caller(self, credential: str | None) -> Proof:
        if self.callers_side is None:
            raise Refused("the adapter names no address of callers")
        if credential == "":
            raise Refused("the adapter tried to show the instance's own secret to the callers' side")
        pin, header = self.callers_side.pin, self.callers_side.header
        if credential is None:
            return Proof(pin, {})
        kept = self._secret(credential)
        if self.callers_side.signs_in(kept):
            token = await self.callers_side.token(credential, kept, self.wire, self.deadline_s)
            return Proof(pin, {"authorization": f"Bearer {token}"})
        secret = self._word(credential)
        if self.aws is not None and (signing := self.aws.of_caller(pin, secret)) is not None:
            return Proof(pin, {}, aws=signing)
        return Proof(pin, {"authorization": f"Bearer {secret}"} if header == "bearer" else {header: secret})

    def refused(self, reply: Reply, proof: Proof) -> Literal["", "token", "young"]:
        """Whether a fetched token no longer counts there; the next call then fetches another.

        "young": it was just fetched, so that another would fare no better, and the refusal is the provider's own.
        """
        if reply.status != _UNAUTHENTICATED:
            return ""
        shown = proof.headers.get("authorization", "").partition(" ")[2]
        if self.callers_side is not None:
            self.callers_side.forget(shown)
        if self.tokens is None:
            return ""
        return "token" if self.tokens.forget(shown) else "young"

    def _word(self, name: str) -> str:
        secret = self._secret(name)
        if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise NotSent("its credential on this console is not one plain word")
        return secret

    def _secret(self, name: str) -> str:
        try:
            secret = self.secrets.get(self.secret_prefix + name)
        except Problem:  # a keyring was locked meanwhile: nothing of the provider follows from that
            raise NotSent("its credential on this console is locked") from None
        if secret is None:
            raise NotSent("no credential for it is kept on this console")
        return secret

    def told_by(self, proof: Proof) -> list[str]:
        """What of ours the provider may say back: what this call showed, and all that is kept for this instance."""
        names = (*self.callers.values(), *([self.admin_secret] if self.admin_secret is not None else []))
        return [*self.kept(names), *(value.rpartition(" ")[2] for value in proof.headers.values())]

    def kept(self, names: Iterable[str]) -> list[str]:
        """Those of these secrets that can be read now."""
        found: list[str] = []
        for name in names:
            with suppress(Problem):  # locked meanwhile: it can have been shown to nobody since
                found.append(self.secrets.get(self.secret_prefix + name) or "")
        return [one for one in found if one]


__all__ = ["Auth", "Proof", "Proofs", "Secrets"]
