"""A shared folder that is far away: every thing done there takes two seconds on a clock of its own, and one in twenty
is lost on the way and done again. Nothing sleeps."""

from __future__ import annotations

import errno
import heapq
import random
from pathlib import Path

from console.sync.folder import FolderPlace

LATENCY_MS = 2000
LOSS = 0.05
LANES = 16


class FarPlace(FolderPlace):
    def __init__(self, folder: Path, seed: int, *, loss: float = LOSS) -> None:
        super().__init__(folder)
        self.ms = 0
        self.things = 0
        self.created_at: dict[str, int] = {}
        self._dice = random.Random(seed)
        self._loss = loss

    def _once(self, work):
        self.ms += LATENCY_MS
        self.things += 1
        if self._dice.random() < self._loss:
            raise OSError(errno.ETIMEDOUT, "lost on the way")
        return work()

    def create(self, path, data):
        done = super().create(path, data)
        self.created_at[path] = self.ms
        return done

    def together(self, works):
        """What is done at the same time costs as long as the longest lane of it."""
        began, lanes, answers = self.ms, [0] * LANES, []
        for work in works:
            self.ms = began
            answers.append(work())
            heapq.heappushpop(lanes, lanes[0] + self.ms - began)
        self.ms = began + max(lanes, default=0)
        return answers
