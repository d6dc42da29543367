"""A sealed recovery key: one key that signs rosters only, in two envelopes that are worth nothing apart.

One sheet carries the wrapped key file, the other the words that open it. The words are shown once and kept nowhere.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from console.keys import keyfile, signer, words
from console.keys.canon import sha256_hex
from console.keys.faults import BadKeyFile, BadPublicKey
from console.keys.publickey import PublicKey, take_string

if TYPE_CHECKING:
    from pathlib import Path

    from console.keys.keyfile import SavedKey
    from console.runtime.ids import Entropy

WORDS: Final = 8
_PEM: Final = re.compile(r"-----BEGIN OPENSSH PRIVATE KEY-----(.*?)-----END OPENSSH PRIVATE KEY-----", re.DOTALL)
_MAGIC: Final = b"openssh-key-v1\x00"
_COLUMNS: Final = 70
_PAGE = """STANDDOWN - RECOVERY KEY - ENVELOPE {which} OF 2

Organisation   {org}
Key            {fingerprint}
Key in words   {fingerprint_words}

{body}
What it is for: this key signs rosters, so that people who lost their keys
can be admitted again. It signs nothing else. Keep the two envelopes sealed,
in two places, with two people. Both together can sign; open them only to
recover, and have the key replaced afterwards.
"""
_FILE_BODY = """This envelope holds the key file. Without the words in envelope 2 it is worth
nothing. To use it, open the roster that waits (Organisation), choose "Use my
sealed recovery key", and type or scan what stands below, from BEGIN to END.
In a terminal: standdown org sign --recovery FILE, the same text in the file.

{pem}
{line} standdown recovery
"""
_WORDS_BODY = """This envelope holds the words that open the key file in envelope 1: in this
order, in small letters, with one space between.

    {phrase}

They are asked for when the key of envelope 1 signs.
"""


@dataclass(frozen=True, slots=True)
class SealedRecovery:
    """A recovery key as made: the saved file, and both sheets for printing. Hand over the sheets, then drop this."""

    key: SavedKey
    phrase: str = field(repr=False)
    file_sheet: str = field(repr=False)
    words_sheet: str = field(repr=False)


def create_recovery_key(
    path: Path, org: str, entropy: Entropy, *, rounds: int = keyfile.SINGLE_ROUNDS
) -> SealedRecovery:
    """Make a recovery key in a child process, wrapped with eight random words, and describe its two envelopes.

    The caller prints both sheets and, once that is confirmed, removes the file at `path`.

    Raises:
        BadKeyFile: where there is a key already.
        SigningFailed: when the child broke.
    """
    phrase = words.random_phrase(entropy, WORDS)
    key = signer.create_approver_key(path, "recovery", phrase.encode(), rounds=rounds)
    pem = keyfile.read_pem(path).decode("ascii")
    return SealedRecovery(
        key=key,
        phrase=phrase,
        file_sheet=_sheet(1, org, key, _FILE_BODY.format(pem=pem.rstrip("\n"), line=key.public.line)),
        words_sheet=_sheet(2, org, key, _WORDS_BODY.format(phrase=phrase)),
    )


def _sheet(which: int, org: str, key: SavedKey, body: str) -> str:
    spoken = words.words_of(sha256_hex(key.public.blob))
    return _PAGE.format(which=which, org=org, fingerprint=key.public.fingerprint, fingerprint_words=spoken, body=body)


@dataclass(frozen=True, slots=True)
class TypedKey:
    """The key file as read off envelope 1: worth nothing without the words of envelope 2."""

    pem: bytes = field(repr=False)
    public: PublicKey


def read_sheet(text: str) -> TypedKey:
    """The key file on a sheet that was typed, scanned or pasted, with whatever stands around it.

    Raises:
        BadKeyFile: when no whole key file is in it.
    """
    found = _PEM.search(text)
    if found is None:
        raise BadKeyFile("there is no whole key in it, from the line BEGIN to the line END")
    body = "".join(found[1].split())
    try:
        raw = base64.b64decode(body, validate=True)
        if not raw.startswith(_MAGIC):
            raise BadKeyFile("it is not a key in OpenSSH form")
        at = len(_MAGIC)
        for _ in ("cipher", "kdf", "kdf options"):
            _, at = take_string(raw, at)
        blob, _ = take_string(raw, at + 4)  # behind the number of keys
        public = PublicKey.from_blob(blob)
    except (binascii.Error, ValueError, BadPublicKey):
        raise BadKeyFile("a character in it was misread: compare it with the sheet") from None
    lines = [body[at : at + _COLUMNS] for at in range(0, len(body), _COLUMNS)]
    pem = "\n".join(("-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----", ""))
    return TypedKey(pem.encode(), public)


def read_words(typed: str) -> bytes:
    """The words of envelope 2 as they open the key, whatever case, commas or spaces they were typed with."""
    return " ".join("".join(letter if letter.isalpha() else " " for letter in typed.casefold()).split()).encode()
