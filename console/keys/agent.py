"""A team's existing Ed25519 key in `ssh-agent` as writer key: asked over the agent's socket, signature by signature.

It never asks for anything but the list of keys and signatures of a writer's purposes. An approver key never goes this
way: any process of the user can ask an agent. Every answer is verified before it is given on.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.domain.errors import WrongUse
from console.keys import keyfile
from console.keys.faults import BadPublicKey, BadSignature, KeyLocked, SigningFailed
from console.keys.publickey import PLAIN, PublicKey, ssh_string, take_string
from console.keys.sshsig import assemble, signed_bytes, verify

_TIMEOUT_S: Final = 60.0  # an agent may ask its person first (ssh-add -c)
_MAX_BYTES: Final = 256 * 1024
_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14
_SIGNATURE_BYTES: Final = 64
_MOST_KEYS: Final = 1024


class NoAgent(SigningFailed):
    """There is no ssh-agent to ask, or it does not answer."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """One key that the agent holds, with its comment."""

    public: PublicKey
    comment: str


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent behind one socket. It is asked anew each time: keys come and go there."""

    socket_path: Path

    def keys(self) -> tuple[AgentKey, ...]:
        """The Ed25519 keys it holds; keys of other kinds are left out.

        Raises:
            NoAgent: when it does not answer.
        """
        answer = self._ask(bytes([_LIST]), _LISTED)
        found: list[AgentKey] = []
        try:
            count, at = int.from_bytes(answer[:4], "big"), 4
            for _ in range(min(count, _MOST_KEYS)):
                blob, at = take_string(answer, at)
                comment, at = take_string(answer, at)
                try:
                    public = PublicKey.from_blob(blob)
                except BadPublicKey:
                    continue
                if public.kind == PLAIN:
                    found.append(AgentKey(public, comment.decode("utf-8", "replace")))
        except ValueError:
            raise NoAgent("the ssh-agent answered nonsense") from None
        return tuple(found)

    def find(self, wanted: str) -> PublicKey:
        """The key of this fingerprint, comment, or `.pub` file.

        Raises:
            WrongUse: when none or several fit.
            NoAgent: when it does not answer.
        """
        held = self.keys()
        line = _line_in(wanted)
        fits = [one.public for one in held if wanted in (one.public.fingerprint, one.comment) or line == one.public]
        if len(set(fits)) != 1:
            names = ", ".join(f"{one.comment} ({one.public.fingerprint})" for one in held) or "none"
            raise WrongUse(
                f"The ssh-agent holds {'no' if not fits else 'more than one'} Ed25519 key called {wanted}.",
                f"Name one by its fingerprint or its .pub file. It holds: {names}.",
            )
        return fits[0]

    def sign(self, public: PublicKey, namespace: str, message: bytes) -> bytes:
        """The raw SSHSIG over `message` by this key, verified.

        Raises:
            NoAgent: when it does not answer; SigningFailed: when it refuses, or signs something else.
        """
        asked = bytes([_SIGN]) + ssh_string(public.blob) + ssh_string(signed_bytes(namespace, message)) + b"\x00" * 4
        answer = self._ask(asked, _SIGNED)
        try:
            signature, end = take_string(answer, 0)
            kind, at = take_string(signature, 0)
            raw, last = take_string(signature, at)
        except ValueError:
            raise SigningFailed("the ssh-agent answered nonsense") from None
        if (kind, len(raw), last, end) != (PLAIN.encode(), _SIGNATURE_BYTES, len(signature), len(answer)):
            raise SigningFailed("the ssh-agent signed in another way than was asked")
        blob = assemble(public, namespace, raw)
        try:
            verify(public, namespace, message, blob)
        except BadSignature as fault:
            raise SigningFailed(fault.what.rstrip(".")) from None
        return blob

    def _ask(self, request: bytes, wanted: int) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(_TIMEOUT_S)
                line.connect(str(self.socket_path))
                line.sendall(ssh_string(request))
                (size,) = struct.unpack(">I", _read(line, 4))
                if not 0 < size <= _MAX_BYTES:
                    raise NoAgent("the ssh-agent answered nonsense")
                answer = _read(line, size)
        except (OSError, AttributeError) as fault:  # AttributeError: a system without such sockets
            why = getattr(fault, "strerror", None) or "it gave no answer"
            raise NoAgent(f"the ssh-agent cannot be asked ({why})") from None
        if answer[0] != wanted:
            raise SigningFailed("the ssh-agent refused: it is locked, does not hold the key, or its person said no")
        return answer[1:]


class AgentWriter:
    """A writer key in an agent, as a `Signer` of a session. The agent keeps the key; `lock` only stops asking it."""

    __slots__ = ("_agent", "_open", "public")

    def __init__(self, public: PublicKey, agent: Agent) -> None:
        self.public = public
        self._agent = agent
        self._open = False

    @property
    def locked(self) -> bool:
        """Whether signing would raise KeyLocked."""
        return not self._open

    def unlock(self) -> None:
        """Sign from now on; raises WrongUse where the agent does not hold the key, NoAgent where there is none."""
        self._agent.find(self.public.fingerprint)
        self._open = True

    def lock(self) -> None:
        """Sign nothing until `unlock`. Other programs can still ask the agent: its own lock is `ssh-add -x`."""
        self._open = False

    def sign(self, namespace: str, message: bytes) -> bytes:
        """The raw SSHSIG over `message`.

        Raises:
            KeyLocked: after `lock` and before `unlock`.
            KeyRefuses: for a purpose that is not a writer key's.
            SigningFailed: when the agent refuses or is gone.
        """
        if not self._open:
            raise KeyLocked
        keyfile.require_purpose("writer", namespace)
        return self._agent.sign(self.public, namespace, message)

    def unseal(self, sealed: bytes) -> bytes:  # noqa: ARG002  as a writer key's, which can
        """An agent signs and opens nothing, whatever is encrypted to its key.

        Raises:
            WrongUse: always.
        """
        raise WrongUse(
            "Your writer key is in an ssh-agent, which signs and opens no file.",
            "Open it with the key's file: standdown evidence open ... --identity FILE",
        )


def agent_of(environ: Mapping[str, str] = os.environ) -> Agent:
    """The agent that this user's environment names.

    Raises:
        NoAgent: when it names none.
    """
    named = environ.get("SSH_AUTH_SOCK", "")
    if not named:
        raise NoAgent("there is no ssh-agent (SSH_AUTH_SOCK is not set)")
    return Agent(Path(named))


def _line_in(named: str) -> PublicKey | None:
    try:
        path = Path(named).expanduser()
        return PublicKey.parse_file(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, RuntimeError, UnicodeDecodeError, BadPublicKey):  # RuntimeError: `~` of somebody who is not here
        return None


def _read(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            raise OSError
        data += more
    return data
