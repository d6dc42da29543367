"""The short-lived process that makes one approver or recovery signature: `python -m console.keys.approver_child`.

It reads one framed request from standard input, answers on standard output, and ends; the seed dies with it. It never
takes a secret from its arguments or environment, never signs twice, and never signs beyond its key's purposes.
"""

from __future__ import annotations

import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from console.domain.errors import Problem
from console.keys import keyfile
from console.keys.faults import BadKeyFile, KeyRefuses, WrongPassphrase
from console.keys.publickey import ssh_string, take_string
from console.keys.sshsig import public_of, sign_blob
from console.runtime import platform
from console.runtime.ids import SystemEntropy

if TYPE_CHECKING:
    from typing import BinaryIO

    from console.keys.keyfile import KeyUse

MAX_REQUEST_BYTES: Final = 2 * 1024 * 1024
_USES: Final = ("approver", "recovery")
_FIELDS: Final = 6


class Answer(IntEnum):
    """How the child ended. 0 is the only one with an answer on standard output."""

    DONE = 0
    WRONG_PASSPHRASE = 10
    BAD_KEY_FILE = 11
    REFUSED = 12
    BAD_REQUEST = 13


def frame(*fields: bytes) -> bytes:
    """The request on the wire: each field with its length in front."""
    return b"".join(map(ssh_string, fields))


def answer(request: bytes) -> bytes:
    """Do what `request` asks and return the answer: a raw SSHSIG for `sign`, the public key line for `create`.

    Fields: verb, use, path (`sign-typed`: the key file's text), namespace (`create`: empty), passphrase, message
    (`create`: bcrypt rounds).

    Raises:
        Problem: when it is refused; ValueError: when the request is malformed.
    """
    verb, use, path, namespace, passphrase, message = _split(request)
    if use.decode() not in _USES:
        raise KeyRefuses("approver", use.decode())
    known_use = cast("KeyUse", use.decode())
    if verb == b"sign-typed":
        keyfile.require_purpose(known_use, namespace.decode())
        return sign_blob(keyfile.unwrap(path, passphrase), namespace.decode(), message)
    where = Path(path.decode())
    if verb == b"sign":
        return _sign(where, known_use, namespace.decode(), passphrase, message)
    if verb == b"create":
        return _create(where, known_use, passphrase, int(message))
    raise ValueError("the verb is unknown")


def _sign(path: Path, use: KeyUse, namespace: str, passphrase: bytes, message: bytes) -> bytes:
    keyfile.require_purpose(use, namespace)
    saved = keyfile.read_saved(path, use)
    private = keyfile.read_private(path, passphrase)
    if public_of(private) != saved.public:
        raise BadKeyFile(f"{path.name} and its public half are two different keys")
    return sign_blob(private, namespace, message)


def _create(path: Path, use: KeyUse, passphrase: bytes, rounds: int) -> bytes:
    made = keyfile.wrap(keyfile.new_private(SystemEntropy()), passphrase, rounds=rounds)
    return keyfile.save(path, made, use).public.line.encode()


def _split(request: bytes) -> list[bytes]:
    if len(request) > MAX_REQUEST_BYTES:
        raise ValueError("the request is too long")
    fields: list[bytes] = []
    at = 0
    while at < len(request):
        field, at = take_string(request, at)
        fields.append(field)
    if len(fields) != _FIELDS:
        raise ValueError(f"a request has {_FIELDS} fields")
    return fields


def main(given: BinaryIO, result: BinaryIO, said: BinaryIO) -> Answer:
    """Answer one request; what went wrong goes to `said` as one sentence without secrets."""
    platform.forbid_core_dumps()
    request = given.read(MAX_REQUEST_BYTES + 1)
    try:
        result.write(answer(request))
        result.flush()
    except WrongPassphrase:
        return Answer.WRONG_PASSPHRASE
    except BadKeyFile as fault:
        said.write(fault.what.encode())
        return Answer.BAD_KEY_FILE
    except OSError as fault:
        said.write(f"The key file cannot be used: {fault.strerror}".encode())
        return Answer.BAD_KEY_FILE
    except Problem as fault:
        said.write(str(fault).encode())
        return Answer.REFUSED
    except ValueError:
        return Answer.BAD_REQUEST
    return Answer.DONE


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer))
