"""How fast this machine appends and proves, each beside a floor measured in the same run.

The floor is the work nobody can leave out: raw Ed25519, and raw SQLite at the same durability for the same bytes.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from console.domain.forms import ConsoleKey, Person, PersonKey, Roster
from console.journal.bench_raw import Key, Raw, RawPair, rate, raw_verify
from console.journal.hands import Hands
from console.journal.store import JournalStore
from console.journal.values import Draft, FeedSigner, Stored
from console.journal.verify import verify_profile
from console.keys import canon
from console.keys.sshsig import roster_ns
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy, new_id
from console.runtime.paths import ProfilePaths

APPEND_FLOOR_RATIO = 0.75
GROUPS_FLOOR_RATIO = 0.65
VERIFY_FLOOR_RATIO = 0.9
VERIFY_VALUES_FLOOR_RATIO = 0.7
TWO_CORES_RATIO = 1.6
RAW_TWO_CORES_RATIO = 1.8
_GROUP = 100
_ROUNDS = 5
_WORDS = "a line that somebody said"
_WITHIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `value` and `floor` in `unit`, `ratio` = value / floor, `target` the least ratio that is well.

    `not_measurable` says why this machine cannot show it, just now or at all; the ratio then says nothing.
    """

    name: str
    value: float
    unit: str
    floor: float
    ratio: float
    target: float
    not_measurable: str = ""

    @property
    def line(self) -> str:
        """As it is printed."""
        measured = f"{self.name:<28} {self.value:>9.0f} {self.unit}, floor {self.floor:.0f}: "
        if self.not_measurable:
            return f"{measured}not measurable, {self.not_measurable}"
        return f"{measured}{self.ratio:.2f} (of {self.target:.2f})"


@dataclass(frozen=True, slots=True)
class Bench:
    """A journal of one person, open for writing, with everything that writing takes."""

    store: JournalStore
    feed: FeedSigner
    key: Key
    inc: str
    ref: tuple[int, str]

    def hand_in(self, text: str | None) -> Future[Stored]:
        """Give a note to the writer; the future is done when it is durable."""
        return self.store.transaction(lambda tx: tx.append(self.feed, _note(self.inc, text), roster=self.ref))

    def append(self, text: str | None) -> Stored:
        """Write a note and wait until it is durable."""
        return self.store.write(lambda tx: tx.append(self.feed, _note(self.inc, text), roster=self.ref))

    def append_group(self, text: str, count: int) -> list[Stored]:
        """Write so many notes in one transaction and wait until they are durable."""
        drafts = [_note(self.inc, text) for _ in range(count)]
        return self.store.write(lambda tx: [tx.append(self.feed, one, roster=self.ref) for one in drafts])


def _note(inc: str, text: str | None) -> Draft:
    return Draft("note", inc=inc, disclosures={} if text is None else {"text": text})


def run(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Measure in `folder` (or a temporary one); about fifteen seconds."""
    return [*bench_append(folder, entries), *bench_verify(folder, entries), bench_two_cores(folder, entries)]


def bench_append(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Durable appends a second, one by one and a hundred to a transaction: sign, chain and store, each with a value.

    Rounds of both alternate, and the middle one counts: a disk's mood then strikes both alike. Both are done where the
    window does it, on a thread of its own beside the main one.
    """
    with ThreadPoolExecutor(1, "bench") as lane:
        return lane.submit(_bench_append, folder, entries).result(_WITHIN_S)


def _bench_append(folder: Path | None, entries: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bench = open_bench(Path(place) / "profile")
        with bench.store:
            made = [bench.append(_WORDS) for _ in range(50)]
            body = bench.store.reader().disclosures([made[-1].id])[made[-1].id][0]
            each = max(entries // _ROUNDS, 1)
            groups = max(entries // _GROUP // _ROUNDS, 2)
            alone, floor, grouped, floor_grouped = [], [], [], []
            with Raw(Path(place) / "raw.db", bench.key, made[-1], body) as raw:
                for _ in range(_ROUNDS):
                    alone.append(rate(lambda: bench.append(_WORDS), each))
                    floor.append(raw.append(each))
                    grouped.append(_GROUP * rate(lambda: bench.append_group(_WORDS, _GROUP), groups))
                    floor_grouped.append(raw.append(groups, _GROUP))
    return [
        _figure("append, one by one", alone, floor, APPEND_FLOOR_RATIO),
        _figure("append, in groups of 100", grouped, floor_grouped, GROUPS_FLOOR_RATIO),
    ]


def bench_verify(folder: Path | None = None, entries: int = 2000) -> list[Figure]:
    """Entries proven a second as `standdown verify` does it: signature, hash, form, chain, roster; then values too."""
    figures: list[Figure] = []
    for name, text, target in (
        ("verify, chain and signature", None, VERIFY_FLOOR_RATIO),
        ("verify, with values", _WORDS, VERIFY_VALUES_FLOOR_RATIO),
    ):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            bench = open_bench(Path(place) / "profile")
            with bench.store:
                waiting = [bench.hand_in(text) for _ in range(entries)]
                made = [future.result(_WITHIN_S) for future in waiting]
                ours, floor = [], []
                for _ in range(_ROUNDS):
                    start = time.perf_counter()
                    report = verify_profile(bench.store)
                    ours.append(report.counts["entries"] / (time.perf_counter() - start))
                    floor.append(raw_verify(bench.key, made))
        figures.append(_figure(name, ours, floor, target))
    return figures


def bench_two_cores(folder: Path | None = None, entries: int = 2000, raw_bar: float = RAW_TWO_CORES_RATIO) -> Figure:
    """Entries proven a second in two processes, beside one core alone; both are there before the clock starts.

    Where raw signatures in two processes do not reach `raw_bar` times what one does, the machine has no second core to
    spare, and the ratio would say nothing of the product.
    """
    with tempfile.TemporaryDirectory(dir=folder) as place:
        bench = open_bench(Path(place) / "profile")
        with bench.store, Hands(cores=1) as one, Hands(cores=2, processes_from=1) as two, RawPair() as raw:
            waiting = [bench.hand_in(_WORDS) for _ in range(entries)]
            raw.give(bench.key, [future.result(_WITHIN_S) for future in waiting])
            verify_profile(bench.store, hands=two)
            ours, floor, scale = [], [], []
            for _ in range(_ROUNDS):
                scale.append(raw.scale())
                floor.append(rate(lambda: verify_profile(bench.store, hands=one), 1) * entries)
                ours.append(rate(lambda: verify_profile(bench.store, hands=two), 1) * entries)
            lost = len(two.processes) < 2  # noqa: PLR2004  two cores
    figure = _figure("verify, on two cores", ours, floor, TWO_CORES_RATIO)
    reached = statistics.median(scale)
    if lost:
        return replace(figure, not_measurable="no two processes could be had here")
    if reached < raw_bar:
        why = f"raw Ed25519 in two processes reaches {reached:.2f} of one here, of {raw_bar:.2f}"
        return replace(figure, not_measurable=why)
    return figure


def open_bench(root: Path) -> Bench:
    """Found a one-person journal at `root` with keys that nobody keeps."""
    entropy, clock = SystemEntropy(), SystemClock()
    org, person, console = (new_id(letter, entropy) for letter in "opc")
    key, device = Key(), Key()
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


def _figure(name: str, ours: list[float], floor: list[float], target: float) -> Figure:
    value, least = statistics.median(ours), statistics.median(floor)
    ratio = statistics.median(mine / raw for mine, raw in zip(ours, floor, strict=True))
    return Figure(name, round(value, 1), "per second", round(least, 1), round(ratio, 3), target)
