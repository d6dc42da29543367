"""The floors of `standdown bench`: raw Ed25519 and raw SQLite over the same bytes, and nothing else of ours."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.journal.ledger import connect
from console.journal.values import Stored
from console.keys.publickey import PublicKey
from console.keys.sshsig import Stamp, public_of
from console.runtime.child import Child

_CHILD = "console.journal.bench_child"
_WITHIN_S = 600.0


class Key:
    """A signer that nobody keeps."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.public: PublicKey = public_of(self.private)
        self._stamps: dict[str, Stamp] = {}

    def sign(self, namespace: str, message: bytes) -> bytes:
        """The raw SSHSIG over `message`."""
        if namespace not in self._stamps:
            self._stamps[namespace] = Stamp(self.private, namespace)
        return self._stamps[namespace].sign(message)


class Raw:
    """What nobody can leave out of an append: a signature, a hash, and a row with the same bytes.

    Its file grows as the journal beside it does: a larger one has more pages to write for each row. A context manager.
    """

    def __init__(self, path: Path, key: Key, like: Stored, body: str) -> None:
        self._key = key
        self._like = like
        self._body = body
        self._numbers = itertools.count()
        self._connection = connect(path)
        self._connection.execute("CREATE TABLE e (id TEXT PRIMARY KEY, raw BLOB, sig BLOB, body TEXT) WITHOUT ROWID")

    def append(self, transactions: int, each: int = 1) -> float:
        """Rows a second, so many to each durable transaction."""
        return each * rate(lambda: self._group(each), transactions)

    def _group(self, each: int) -> None:
        if each > 1:
            self._connection.execute("BEGIN IMMEDIATE")
        for _ in range(each):
            message = self._like.raw + str(next(self._numbers)).encode()
            self._key.private.sign(message)
            row = (hashlib.sha256(message).hexdigest(), self._like.raw, self._like.sig, self._body)
            self._connection.execute("INSERT INTO e VALUES (?, ?, ?, ?)", row)
        if each > 1:
            self._connection.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()


class RawPair:
    """Raw Ed25519 in two processes, and in one of them. A context manager."""

    def __init__(self) -> None:
        self._children = [Child(_CHILD), Child(_CHILD)]
        self._threads = ThreadPoolExecutor(2)

    def give(self, key: Key, made: list[Stored]) -> None:
        """Signatures over these bytes, for each of them."""
        signed = [(key.private.sign(stored.raw), stored.raw) for stored in made]
        for child in self._children:
            child.ask((key.public.raw, signed), _WITHIN_S)

    def scale(self) -> float:
        """How many times as much two do at once as one alone."""
        alone = self._seconds(self._children[:1])
        return 2 * alone / self._seconds(self._children)

    def _seconds(self, children: list[Child]) -> float:
        start = time.perf_counter()
        for future in [self._threads.submit(child.ask, None, _WITHIN_S) for child in children]:
            future.result(_WITHIN_S)
        return time.perf_counter() - start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for child in self._children:
            child.close()
        self._threads.shutdown()


def raw_verify(key: Key, made: list[Stored]) -> float:
    """Signatures of the same bytes verified a second."""
    signatures = [(key.private.sign(stored.raw), stored.raw) for stored in made]
    verify = key.private.public_key().verify
    start = time.perf_counter()
    for sig, raw in signatures:
        verify(sig, raw)
    return len(signatures) / (time.perf_counter() - start)


def rate(work: Callable[[], object], count: int) -> float:
    """How often a second this is done, of so many times."""
    start = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - start)
