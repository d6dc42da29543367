"""What one meeting with a shared place did, as figures and sentences a person can read. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from console.journal.values import Answer

REFUSED: Final = {
    Answer.malformed: "is no sound entry of this organisation",
    Answer.bad_signature: "has a signature that does not hold",
    Answer.unknown_key: "was signed by a key that no roster here lists for it",
    Answer.forked: "is a second, different entry at a place that was taken: that feed has forked",
    Answer.after_revocation: "was written after its key was revoked, so it is kept but does not count",
    Answer.skewed: "comes from a clock more than five minutes ahead",
}
MOST_FAULTS: Final = 200


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One sync. `sent` counts files written, `received` entries that are new here, `documents` documents and blobs.

    `early` counts documents and approvals that came ahead of their history, `forks` are all that are known here.
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
    early: int = 0
    forks: tuple[Fork, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole report in words."""
        lines = [f"{self.sent} files sent, {self.received} entries and {self.documents} documents received."]
        if self.rosters:
            lines.append(f"{self.rosters} roster versions received.")
        if self.waiting:
            lines.append(f"{self.waiting} entries wait for earlier ones that are not in the place yet.")
        return (*lines, *(one.sentence for one in self.forks), *self.faults)


@dataclass(frozen=True, slots=True)
class Fork:
    """A feed with two entries at one number: nothing from there on counts. `proof` is the entry here that proves it."""

    feed: str
    seq: int
    author: str | None
    console: str
    proof: str | None

    @property
    def sentence(self) -> str:
        """What is so and what to do."""
        whose = f"console ..{self.console[-4:]}" if self.author is None else f"person ..{self.author[-4:]}"
        kept = "the proof is in this console's feed" if self.proof else "the proof could not be written here yet"
        return (
            f"The feed {self.feed[:16]} of {whose} has forked at number {self.seq}; {kept}. "
            "Nothing from there on counts: find out whether a profile was copied or its key was stolen, and have the "
            "admins revoke the key."
        )


@dataclass(slots=True)
class Tally:
    """The same figures while they grow."""

    sent: int = 0
    received: int = 0
    documents: int = 0
    rosters: int = 0
    waiting: int = 0
    early: int = 0
    answers: dict[Answer, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def count(self, answer: Answer) -> None:
        """Note one answer of the door."""
        self.answers[answer] = self.answers.get(answer, 0) + 1
        self.received += answer in (Answer.inserted, Answer.forked, Answer.after_revocation, Answer.skewed)

    def report(self, place: str, forks: tuple[Fork, ...] = ()) -> SyncReport:
        """The finished report."""
        return SyncReport(
            place, self.sent, self.received, self.documents, self.rosters, dict(self.answers), self.waiting,
            _some(list(dict.fromkeys(self.faults))), self.early, forks,
        )  # fmt: skip


def _some(faults: list[str]) -> tuple[str, ...]:
    """As many as people read: whoever can write into a place can cause any number of them."""
    more = len(faults) - MOST_FAULTS
    return (*faults[:MOST_FAULTS], f"{more:,} more files were not taken.") if more > 0 else tuple(faults)
