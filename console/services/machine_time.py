"""The own clock when it is in doubt: what it shows, who confirmed it, and asking two people to (0167)."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.actions import document_json
from console.domain.clock_doubt import MAX_BACK_MS, Deciding, clock_told, state_of
from console.domain.clock_form import CLOCK_LIVES_MS, Clock
from console.domain.errors import Problem, WrongUse
from console.journal.readings import read_clocks
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.outbox.time import clock_words, confirmed_until, deciding
from console.services.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTime:
    """What the clock shows and by how much it lags behind what it had shown; until when two people confirmed it.

    `told` is what is wrong and what to do, in words; empty where the clock is in no doubt.
    """

    wall_ms: int
    lag_ms: int
    confirmed_until_ms: int | None
    told: str

    @property
    def doubtful(self) -> bool:
        """Whether it went back, confirmed or not."""
        return self.lag_ms > MAX_BACK_MS


def deciding_here(session: Session) -> Deciding:
    """The clocks of this console as the rule is asked by; nothing stands for one that is in no roster."""
    clocks = read_clocks(session.clock)
    try:
        feed = session.device().feed
    except Problem:
        feed = ""
    return deciding(clocks, feed, clocks.wall_ms)


def doubted_by(session: Session) -> Deciding | None:
    """As `deciding_here` where this console's clock went back; None where it is in no doubt."""
    return deciding_here(session) if session.clock_doubtful else None


def machine_time(session: Session) -> MachineTime:
    """How this console's clock stands now."""
    at = None if session.provisional else deciding_here(session)

    def work(tx: Tx) -> MachineTime:
        lag_ms, until = tx.clock_back_ms, None
        if at is not None and state_of(lag_ms) == "doubtful":
            try:
                until = confirmed_until(tx.connection, tx.roster(), at)
            except Problem:
                until = None  # the policy is not here yet: nothing can be decided at all
        return MachineTime(wall_ms=tx.now_ms, lag_ms=lag_ms, confirmed_until_ms=until, told=clock_told(lag_ms, until))

    return session.store.write(work)


def clock_sentence(session: Session) -> str:
    """What is wrong with this console's clock, in one sentence with what to do; empty where nothing is."""
    return " ".join(session.store.write(clock_words)).strip()


def propose_time(session: Session) -> str:
    """Put down what both clocks show now, for two people to confirm; the document's hash.

    Raises:
        WrongUse: in a provisional record, and while the clock is in no doubt.
    """
    if session.provisional:
        raise WrongUse("Confirming a time takes two people, and the record is one person's.", "Set the clock right.")
    feed, machine, ref = session.person(), session.device(), session.ref

    def work(tx: Tx) -> str:
        if state_of(tx.clock_back_ms) == "trusted":
            raise WrongUse("This console's clock is in no doubt: there is nothing to confirm.", "Go on.")
        shown = tx.clocks
        document = Clock(
            org=session.org, console=session.settings.console, feed=machine.feed, boot=shown.boot_id,
            mono=shown.boot_ms, roster=ref, created=shown.wall_ms, approve_by=shown.wall_ms + CLOCK_LIVES_MS,
        )  # fmt: skip
        raw = canon.encode(document_json(document))
        sha = canon.sha256_hex(raw)
        stored = tx.append(feed, Draft("document.proposed", pub={"doc": sha, "doc_type": Clock.doc_type}), roster=ref)
        tx.put_document(raw, carried_by=stored.id)
        return sha

    return session.store.write(work)
