"""How fast this machine appends and proves, each beside a floor measured in the same run.

The floor is the work nobody can leave out: raw Ed25519, and raw SQLite at the same durability for the same bytes.
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.forms import ConsoleKey, Person, PersonKey, Roster
from console.journal.ledger import connect
from console.journal.store import JournalStore
from console.journal.values import Draft, FeedSigner, Stored
from console.journal.verify import verify_profile
from console.keys import canon
from console.keys.publickey import PublicKey
from console.keys.sshsig import Stamp, public_of, roster_ns
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy, new_id
from console.runtime.paths import ProfilePaths

APPEND_FLOOR_RATIO = 0.75
VERIFY_FLOOR_RATIO = 0.9
VERIFY_VALUES_FLOOR_RATIO = 0.7
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `value` and `floor` in `unit`, `ratio` = value / floor, `target` the least ratio that is well."""

    name: str
    value: float
    unit: str
    floor: float
    ratio: float
    target: float


class _Key:
    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.public: PublicKey = public_of(self.private)
        self._stamps: dict[str, Stamp] = {}

    def sign(self, namespace: str, message: bytes) -> bytes:
        if namespace not in self._stamps:
            self._stamps[namespace] = Stamp(self.private, namespace)
        return self._stamps[namespace].sign(message)


@dataclass(frozen=True, slots=True)
class Bench:
    """A journal of one person, open for writing, with everything that writing takes."""

    store: JournalStore
    feed: FeedSigner
    key: _Key
    inc: str
    ref: tuple[int, str]

    def hand_in(self, text: str | None) -> Future[Stored]:
        """Give a note to the writer; the future is done when it is durable."""
        draft = Draft("note", inc=self.inc, disclosures={} if text is None else {"text": text})
        return self.store.transaction(lambda tx: tx.append(self.feed, draft, roster=self.ref))

    def append(self, text: str | None) -> Stored:
        """Write a note and wait until it is durable."""
        return self.hand_in(text).result()


def run(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Measure in `folder` (or a temporary one); about ten seconds."""
    return [*bench_append(folder, entries), *bench_verify(folder, entries)]


def bench_append(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Durable appends a second, one by one: sign, chain and store an entry with one value.

    Rounds of both alternate, and the middle one counts: a disk's mood then strikes both alike.
    """
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bench = open_bench(Path(place) / "profile")
        with bench.store:
            made = [bench.append("a line that somebody said") for _ in range(50)]
            raw, sig = made[-1].raw, made[-1].sig
            body = bench.store.reader().disclosures([made[-1].id])[made[-1].id][0]
            each = max(entries // _ROUNDS, 1)
            ours, floor = [], []
            for number in range(_ROUNDS):
                ours.append(_rate(lambda: bench.append("a line that somebody said"), each))
                floor.append(_raw_append(Path(place) / f"raw{number}.db", bench.key, raw, sig, body, each))
    return [_figure("append, one by one", ours, floor, APPEND_FLOOR_RATIO)]


def bench_verify(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Entries proven a second: signature, hash, form, chain and roster; without and with a value each."""
    figures: list[Figure] = []
    for name, text, target in (
        ("verify, chain and signature", None, VERIFY_FLOOR_RATIO),
        ("verify, with values", "a line that somebody said", VERIFY_VALUES_FLOOR_RATIO),
    ):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            bench = open_bench(Path(place) / "profile")
            with bench.store:
                waiting = [bench.hand_in(text) for _ in range(entries)]
                made = [future.result() for future in waiting]
                ours, floor = [], []
                for _ in range(_ROUNDS):
                    start = time.perf_counter()
                    report = verify_profile(bench.store)
                    ours.append(report.counts["entries"] / (time.perf_counter() - start))
                    floor.append(_raw_verify(bench.key, made))
        figures.append(_figure(name, ours, floor, target))
    return figures


def open_bench(root: Path) -> Bench:
    """Found a one-person journal at `root` with keys that nobody keeps."""
    entropy, clock = SystemEntropy(), SystemClock()
    org, person, console = (new_id(letter, entropy) for letter in "opc")
    key, device = _Key(), _Key()
    roster = Roster(
        org=org,
        n=0,
        prev=None,
        created=0,
        threshold=None,
        policy=None,
        persons=(
            Person(
                person=person,
                roles=("admin",),
                keys=(PersonKey(key=key.public.line, use="writer", console=console, from_ms=0, to_ms=None),),
                sd=(),
            ),
        ),
        consoles=(ConsoleKey(console=console, key=device.public.line, from_ms=0, to_ms=None),),
    )
    raw = canon.encode(roster.as_json())
    sha = canon.sha256_hex(raw)
    store = JournalStore.open(ProfilePaths(root), clock, entropy, genesis=sha)
    try:
        store.write(lambda tx: tx.put_roster(raw, {key.public.fingerprint: key.sign(roster_ns(org), raw)}))
        feed = store.open_feed(key, org=org, console=console, author=person, roster=(0, sha))
    except BaseException:
        store.close()
        raise
    return Bench(store, feed, key, new_id("i", entropy), (0, sha))


def _raw_append(path: Path, key: _Key, raw: bytes, sig: bytes, body: str, count: int) -> float:
    connection = connect(path)
    try:
        connection.execute("CREATE TABLE e (id TEXT PRIMARY KEY, raw BLOB, sig BLOB, body TEXT) WITHOUT ROWID")
        numbers = iter(range(count + 1))

        def one() -> None:
            message = raw + str(next(numbers)).encode()
            key.private.sign(message)
            connection.execute(
                "INSERT INTO e VALUES (?, ?, ?, ?)", (hashlib.sha256(message).hexdigest(), raw, sig, body)
            )

        return _rate(one, count)
    finally:
        connection.close()


def _raw_verify(key: _Key, made: list[Stored]) -> float:
    signatures = [(key.private.sign(stored.raw), stored.raw) for stored in made]
    verify = key.private.public_key().verify
    start = time.perf_counter()
    for sig, raw in signatures:
        verify(sig, raw)
    return len(signatures) / (time.perf_counter() - start)


def _rate(work: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    return count / (time.perf_counter() - start)


def _figure(name: str, ours: list[float], floor: list[float], target: float) -> Figure:
    value, least = statistics.median(ours), statistics.median(floor)
    ratio = statistics.median(mine / raw for mine, raw in zip(ours, floor, strict=True))
    return Figure(name, round(value, 1), "per second", round(least, 1), round(ratio, 3), target)
