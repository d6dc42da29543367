"""The seat of one console, handed over for one signature: who has it, who is locked out, what the screen says.

The first person's key is locked before the second is even named. It holds no key and no passphrase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.runtime.clock import Clock
from console.services.approvals import Guest

IDLE_MS: Final = 5 * 60_000
Phase = Literal["own", "offered", "taken", "signed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatState:
    """Who sits here. `person` is whose signature the confirmation is about (null: nobody yet).

    While `locked_out` is true, nothing of the first person's may be written, signed, read aloud or unlocked.
    """

    phase: Phase
    person: str | None
    sentence: str
    locked_out: bool
    guest: Guest | None = None
    remaining_ms: int = 0


class Seat:
    """One console's seat. `lock` locks the first person's key; use it on one thread, call `state` for what is so."""

    def __init__(self, clock: Clock, *, owner: str, owner_name: str, lock: Callable[[], None]) -> None:
        self._clock = clock
        self._owner = owner
        self._owner_name = owner_name
        self._lock = lock
        self._phase: Phase = "own"
        self._guest: Guest | None = None
        self._since_ms = 0

    def state(self) -> SeatState:
        """What is so now. Five minutes without a signature end the hand-over; the first person stays locked."""
        if self._phase != "own" and self._remaining_ms() == 0:
            self.give_back()
        guest = self._guest
        name, owner = "" if guest is None else shown(guest.name), shown(self._owner_name)
        sentences = {
            "own": f"{owner} has the seat.",
            "offered": f"{owner} is locked out. Whoever takes the seat says who they are, or where their profile lies.",
            "taken": f"{name} has the seat for one signature, with their own key; {owner} is locked out.",
            "signed": f"{name} has signed at this shared seat. Give the seat back; {owner} unlocks again.",
        }
        person = self._owner if self._phase == "own" else None if guest is None else guest.person
        return SeatState(
            phase=self._phase, person=person, sentence=sentences[self._phase], locked_out=self._phase != "own",
            guest=guest, remaining_ms=0 if self._phase == "own" else self._remaining_ms(),
        )  # fmt: skip

    def _remaining_ms(self) -> int:
        return max(0, self._since_ms + IDLE_MS - self._clock.boot_ms())

    def offer(self) -> None:
        """The first person gives the seat: their key is locked now."""
        self._lock()
        self._go("offered")

    def take(self, guest: Guest) -> None:
        """The second person, whose folder was found and checked (`find_guest`), sits down.

        Raises:
            WrongUse: when the seat was not offered, or to its own person.
        """
        if self.state().phase != "offered":
            raise WrongUse("The seat was not offered.", "Offer it first; that locks you out.")
        if guest.person == self._owner:
            raise WrongUse("The seat is for somebody else.", "Take it back, and sign as yourself.")
        self._guest = guest
        self._go("taken")

    def signed(self) -> None:
        """The one signature was given (or a refusal): there is no second without another hand-over.

        Raises:
            WrongUse: when nobody has taken the seat.
        """
        if self.state().phase != "taken":
            raise WrongUse("Nobody has taken the seat.", "Offer it, and let them name their folder.")
        self._go("signed")

    def signer(self) -> Guest:
        """Whoever may sign at the seat now.

        Raises:
            WrongUse: when nobody may (any more).
        """
        found = self.state()
        if found.phase != "taken" or found.guest is None:
            raise WrongUse("Nobody may sign at this seat now.", "Offer it again; it serves one signature.")
        return found.guest

    def give_back(self) -> None:
        """The seat is the first person's again; their key stays locked until they unlock it themselves."""
        if self._phase != "own":
            self._lock()
        self._guest = None
        self._go("own")

    def _go(self, phase: Phase) -> None:
        self._phase = phase
        self._since_ms = self._clock.boot_ms()
