"""How fast a timeline of a million entries is, without a window: `python -m tests.bench.timeline FOLDER [COUNT]`.

It prints medians and 99th percentiles in milliseconds, and what is resident; it judges nothing.
"""

from __future__ import annotations

import os
import queue
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path

from console.journal.projections import Projections
from console.journal.values import Draft
from console.runtime.workers import OwnedThread
from console.services.session import Session
from console.viewmodels.lines import Presenter
from console.viewmodels.timeline import PAGE, Change, TimelineRows
from tests.bench.million import COUNT, Words, ask, make, out


class Owner:
    """Stands for the thread that paints: takes answers in order and is never anybody else's."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.longest_ms = 0.0

    def when_done(self, future: Future, done, failed) -> None:
        def settled(found: Future) -> None:
            try:
                result = found.result()
            except CancelledError:
                return
            except BaseException as fault:  # noqa: BLE001  as the bridge does
                self.calls.put(lambda fault=fault: failed(fault))
                return
            self.calls.put(lambda: done(result))

        future.add_done_callback(settled)

    def until(self, holds: Callable[[], bool], deadline_s: float = 120.0) -> None:
        end = time.monotonic() + deadline_s
        while not holds():
            call = self.calls.get(timeout=max(0.001, end - time.monotonic()))
            began = time.perf_counter()
            call()
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)


Took = tuple[float, float]
"""Milliseconds by the clock, and of processor: on a busy machine only the latter says what the work is."""


def told(name: str, found: list[Took]) -> None:
    sides = []
    for side in zip(*found, strict=True):
        at99 = sorted(side)[min(len(side) - 1, int(len(side) * 0.99))]
        sides.append(f"median {statistics.median(side):8.2f} 99th {at99:8.2f}")
    out(f"{name:<40} clock {sides[0]}   processor {sides[1]}   of {len(found)}")


def timed(work: Callable[[], object]) -> Took:
    began, worked = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def first_page(rows: TimelineRows, owner: Owner) -> None:
    rows.open()
    owner.until(lambda: rows.count > 0 and rows.row(rows.count - 1) is not None)


def settle(rows: TimelineRows, owner: Owner) -> None:
    owner.until(lambda: not rows.busy and not rows._stale and not rows._refreshing)


def opened_again(rows: TimelineRows, owner: Owner) -> Took:
    took = timed(lambda: first_page(rows, owner))
    settle(rows, owner)
    rows.close()
    return took


def run(folder: Path, count: int) -> None:  # noqa: PLR0915  one measure after the other
    made = make(folder, count, say=out)
    out(f"resident before: {resident_mib():.0f} MiB")
    owner, rnd = Owner(), random.Random(7)
    with Session.open(made.paths, ask) as session, Projections(session.store) as projections:
        lane: OwnedThread[None] = OwnedThread("look", lambda: None, lambda _: None)
        lane.start()
        changes: list[Change] = []

        def timeline() -> TimelineRows:
            return TimelineRows(
                projections, made.inc, lambda work: lane.submit(lambda _: work()), owner.when_done, changes.append,
                Presenter(lambda person: "the console" if person is None else "Commander"),
            )  # fmt: skip

        rows = timeline()
        told("first page, cold process", [timed(lambda: first_page(rows, owner))])
        told(
            "order of all rows known",
            [timed(lambda: settle(rows, owner))],
        )
        told("first page, opened again", [opened_again(timeline(), owner) for _ in range(10)])
        out(f"rows {rows.count:,}, resident {resident_mib():.0f} MiB")
        first_ms, last_ms = rows._roll.times[0], rows._roll.times[-1]

        def jump() -> None:
            at = rows.jump(rows._roll.times[rnd.randrange(rows.count)])
            assert at is not None
            owner.until(lambda: rows.row(at) is not None)

        told("jump to a moment, shown", [timed(jump) for _ in range(500)])
        there = rows.jump(last_ms)
        told("one row from a cached page", [timed(lambda: rows.row(there)) for _ in range(5000)])

        def frame() -> None:
            at = rnd.randrange(rows.count - 60)
            owner.until(lambda: all(rows.row(one) is not None for one in range(at, at + 60)))

        told("60 rows anywhere, shown", [timed(frame) for _ in range(300)])
        words = Words(1)
        session.append(Draft("note", made.inc, None, {}, {"text": "first"}))

        def append(occurred_ms: int | None = None) -> Took:
            said = {"text": words.sentence()}
            if occurred_ms is not None:
                said["occurred"] = {"at_ms": occurred_ms, "plus_minus_s": 0}
            before = rows.count
            session.append(Draft("note", made.inc, None, {}, said))
            return timed(lambda: (rows.refresh(), owner.until(lambda: rows.count > before)))

        told("append while open, shown after durable", [append() for _ in range(500)])
        told("backdated append, shown", [append(rnd.randint(first_ms, last_ms)) for _ in range(100)])

        def search(typed: str) -> Took:
            if rows._filter[1] == typed:
                typed += " "
            seen = len(changes)
            return timed(
                lambda: (
                    rows.show(typed=typed),
                    owner.until(lambda: any(one.what == "reset" for one in changes[seen:])),
                )
            )

        known = Words(count).words
        for length in (2, 3, 4, 6):
            found = [
                search(known[min(int(rnd.paretovariate(0.5) * 3), 19_999)][:length].ljust(length, "e"))
                for _ in range(200)
            ]
            told(f"search as typed, {length} letters, first page", found)
        found = []
        for _ in range(60):
            typed = f"{known[rnd.randrange(50)]} {known[rnd.randrange(400)]}"
            found += [search(typed[:end]) for end in range(2, len(typed) + 1)]
        told("search letter by letter, two words", found)
        rows.show(typed="th")
        told("all hits of two letters in order", [timed(lambda: owner.until(lambda: not rows.busy))])
        out(f"hits {rows.count:,}")
        rows.show(kinds=("decision",))
        told("all decisions in order", [timed(lambda: owner.until(lambda: not rows.busy))])
        out(f"decisions {rows.count:,}")
        rows.close()
        lane.stop()
        most_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        out(f"resident {resident_mib():.0f} MiB, most {most_mib:.0f} MiB")
        out(f"longest hold of the owner {owner.longest_ms:.2f} ms; a page has {PAGE} rows")


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else COUNT)
