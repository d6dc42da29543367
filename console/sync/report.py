"""What one meeting with a shared place did, as figures and sentences a person can read. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.journal.values import Answer


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One sync. `sent` counts files written, `received` entries that are new here, `documents` documents and blobs.

    `answers` counts what the journal's door said to each entry offered; `waiting` counts entries that need an earlier
    one first and are tried again next time; `faults` are sentences, one for each file or roster not taken.
    """

    place: str
    sent: int
    received: int
    documents: int
    rosters: int
    answers: dict[Answer, int]
    waiting: int
    faults: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole report in words."""
        lines = [f"{self.sent} files sent, {self.received} entries and {self.documents} documents received."]
        if self.rosters:
            lines.append(f"{self.rosters} roster versions received.")
        if self.waiting:
            lines.append(f"{self.waiting} entries wait for earlier ones that are not in the place yet.")
        return (*lines, *self.faults)


@dataclass(slots=True)
class Tally:
    """The same figures while they grow."""

    sent: int = 0
    received: int = 0
    documents: int = 0
    rosters: int = 0
    waiting: int = 0
    answers: dict[Answer, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def count(self, answer: Answer) -> None:
        """Note one answer of the door."""
        self.answers[answer] = self.answers.get(answer, 0) + 1
        self.received += answer in (Answer.inserted, Answer.forked, Answer.after_revocation, Answer.skewed)

    def report(self, place: str) -> SyncReport:
        """The finished report."""
        return SyncReport(
            place, self.sent, self.received, self.documents, self.rosters, dict(self.answers), self.waiting,
            tuple(dict.fromkeys(self.faults)),
        )  # fmt: skip
