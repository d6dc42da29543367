"""Verifies a bundle's SSHSIGs in process, as strictly as the console's own door."""

from __future__ import annotations

from console.keys import sshsig
from console.keys.publickey import PublicKey
from console.keys.sshsig import Verifier


class InProcess:
    """Keeps one verifier for each key and namespace."""

    def __init__(self) -> None:
        self._verifiers: dict[tuple[str, str], Verifier] = {}

    def verify(self, line: str, namespace: str, message: bytes, armoured: str) -> None:
        """Prove it.

        Raises:
            BadSignature: the subclass says why.
            BadPublicKey: when the line is no accepted key.
        """
        verifier = self._verifiers.get((line, namespace))
        if verifier is None:
            verifier = self._verifiers[line, namespace] = Verifier(PublicKey.parse(line), namespace)
        verifier.verify(message, sshsig.dearmour(armoured))
