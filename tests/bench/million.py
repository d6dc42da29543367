"""A real profile with a journal of a million signed entries, for benchmarks of the timeline and of the window.

Run as `python -m tests.bench.million FOLDER [COUNT]`; it makes FOLDER once and keeps it until its recipe changes.
Its passphrase is PASSPHRASE. Nobody's words are in it: they are drawn from made-up ones.
"""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from console.journal.projections import Projections
from console.journal.values import Draft
from console.runtime.ids import SystemEntropy, new_id
from console.runtime.paths import ProfilePaths
from console.services.record import start_record
from console.services.session import Session

PASSPHRASE = b"correct horse battery"
RECIPE = 2
COUNT = 1_000_000
_GROUP = 2_000
_START_MS = 1_767_225_600_000
_STEP_MS = 1_000
_KINDS = (("note", 60), ("observation", 14), ("decision", 8), ("witness", 8), ("communication", 6), ("task", 4))
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


@dataclass(frozen=True)
class Million:
    """Where it lies, and its large incident."""

    paths: ProfilePaths
    inc: str
    count: int


class WalkingClock:
    """A clock that goes on a second with every reading of the wall, so that a million entries take eleven days."""

    def __init__(self) -> None:
        self._wall_ms = _START_MS

    def wall_ms(self) -> int:
        self._wall_ms += _STEP_MS // 2
        return self._wall_ms

    def boot_ms(self) -> int:
        return self._wall_ms - _START_MS

    def boot_id(self) -> str:
        return "b0" * 16


class Words:
    """Sentences of made-up words, some of them frequent, as in a language."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        weights = range(len(_LETTERS), 0, -1)
        self.words = [
            "".join(self._random.choices(_LETTERS, weights=weights, k=self._random.randint(2, 10)))
            for _ in range(20_000)
        ]
        self._weights = list(itertools.accumulate(1 / (at + 5) for at in range(len(self.words))))
        self._kinds = [kind for kind, _ in _KINDS]
        self._kind_weights = [weight for _, weight in _KINDS]

    def sentence(self) -> str:
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=self._random.randint(5, 14)))

    def draft(self, number: int, incidents: tuple[str, str], at_ms: int, earlier: list[str]) -> Draft:
        inc = incidents[0] if number % 50 else incidents[1]
        said: dict[str, object] = {"text": self.sentence()}
        if earlier and number % 200 == 7:
            return Draft("amendment", inc, None, {"of": [self._random.choice(earlier)]}, said)
        if earlier and number % 1000 == 13:
            return Draft("retraction", inc, None, {"of": [self._random.choice(earlier)]}, {"reason": "said twice"})
        pub = {}
        if number % 100 == 3:
            said["occurred"] = {"at_ms": at_ms - self._random.randint(60_000, 7_200_000), "plus_minus_s": 60}
        if number % 20 == 5:
            pub, said["speaker"] = {"quoted": True}, f"Responder {number % 9}"
        kind = "note" if pub else self._random.choices(self._kinds, weights=self._kind_weights)[0]
        return Draft(kind, inc, None, pub, said)


def ask(_what: str, *, new: bool = False) -> bytes:
    return PASSPHRASE


def make(folder: Path, count: int = COUNT, *, say: Callable[[str], object] = lambda _line: None) -> Million:
    """The profile in `folder`, made where it is not there yet; about a minute for a million."""
    paths, stamp = ProfilePaths(folder / "profile"), folder / "million.json"
    recipe = {"recipe": RECIPE, "count": count}
    if stamp.exists():
        found = json.loads(stamp.read_text(encoding="utf-8"))
        if {name: found[name] for name in recipe} == recipe:
            return Million(paths, found["inc"], count)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clock, words = WalkingClock(), Words(count)
    start_record(paths, ask, name="Commander", clock=clock)
    incidents = (new_id("i", SystemEntropy()), new_id("i", SystemEntropy()))
    earlier: list[str] = []
    with Session.open(paths, ask, clock=clock) as session:
        for number, inc in enumerate(incidents, 1):
            title = {"title": f"A model of the bench answers {number}"}
            session.append(Draft("incident.declared", inc, None, {"severity": number}, title))
        for at in range(0, count, _GROUP):
            now = clock.wall_ms()
            drafts = [words.draft(number, incidents, now, earlier) for number in range(at, min(at + _GROUP, count))]
            made = session.append_all(drafts)
            earlier = [one.id for one in made if one.entry.kind not in {"amendment", "retraction"}]
            if at % (_GROUP * 25) == 0:
                say(f"{at:>9,} of {count:,}")
        with Projections(session.store) as shown:
            say("index ...")
            shown.update()
    stamp.write_text(json.dumps({**recipe, "inc": incidents[0]}), encoding="utf-8")
    return Million(paths, incidents[0], count)


def out(line: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else COUNT, say=out)
    out(f"{made.paths.root} {made.inc}")
