"""From accepted to recorded to enforced, by what was observed and nothing else; attestation for what people do.

A provider's yes is only accepted. It must never end in "enforced" without named evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import AdapterFault, Evidence, Planned, ReadBack
from console.domain.actions import Target
from console.domain.errors import Problem
from console.domain.lists import drawn, from_bytes, list_of
from console.domain.overlap import covers, is_limit, value_of
from console.domain.profile import JsonValue
from console.journal.tries import Try
from console.journal.tx import Tx
from console.journal.values import Stored
from console.outbox import gate
from console.outbox import store as table
from console.outbox.executor import Executor
from console.outbox.facts import good_entries
from console.outbox.item import Row
from console.outbox.list_piece import given_back
from console.outbox.list_told import failures
from console.outbox.members import Members
from console.outbox.steps import Pace, Sleep, Steps
from console.outbox.usage import counts, measure_usage
from console.outbox.wholes import AT_ONCE, undone_at_once
from console.providers.flight import still_running
from console.providers.lists import fill
from console.providers.plane import Plane
from console.providers.planned import from_disclosures
from console.providers.probes import Measurement, measure

_REACHED = frozenset({"accepted", "recorded", "enforced", "unmeasurable"})


@dataclass(frozen=True, slots=True)
class Witness:
    """What is probed in turn, with which credential, and how the evidence is called (None: as the probe calls it)."""

    plans: tuple[Planned, ...]
    credential: str | None
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Enforcer:
    """Observes what became of accepted targets."""

    steps: Steps
    pace: Pace
    executor: Executor
    sleep: Sleep
    tried: Callable[[Try], None] | None = None  # is told every single try; it must only take note

    async def confirm(self, row: Row, plane: Plane) -> Row:
        """An independent read: recorded when it shows, attention when it does not in the lever's lag and a minute."""
        authority = await self.steps.write(lambda tx: gate.prove(tx, self.steps.feed, row))
        lever = plane.lever(authority.planned.lever)
        try:
            seen = await plane.read_back(authority.planned)
        except AdapterFault as fault:
            return await self.executor.wait(row, fault)
        now_ms = self.steps.clock.wall_ms()
        fields: dict[str, JsonValue] = dict(seen.fields)
        if seen.verdict == "in-effect" or await self.steps.write(lambda tx: self._stands(tx, row, seen)):
            return await self.steps.attempted(
                row, "dispatch.recorded", "recorded", words={"fields": fields}, tries=0, not_before_ms=0
            )
        if undone_at_once(authority.planned, seen, row) and now_ms - row.since_ms >= self.pace.settle_ms:
            return await self.steps.attempted(
                row, "dispatch.requeued", "queued", words={"why": AT_ONCE}, tries=0, not_before_ms=0
            )
        if now_ms - row.since_ms < self.pace.record_ms + lever.read_back_lag_s * 1000:
            return await self.steps.save(row, not_before_ms=now_ms + self.pace.recheck_ms)
        told = "does not show it" if seen.verdict == "not-in-effect" else "cannot tell"
        why = f"The provider accepted it, and an independent read {told}."
        return await self.steps.tell(
            row, "dispatch.attention", {}, words={"why": why, "fields": fields}, state="attention", detail=why
        )

    def _stands(self, tx: Tx, row: Row, seen: ReadBack) -> bool:
        """Whether it is as this asks for because of another correction in force there: stricter, or left standing."""
        authority = gate.prove(tx, self.steps.feed, row)
        if row.direction == "contain":
            return covers(seen.fields, authority.planned.wanted)
        return gate.overlap(tx, authority, row, seen, Members(self.steps.store.reader().blob)) == "stands"

    async def measure(self, row: Row, plane: Plane) -> Row:
        """Probe a recorded containment until it is enforced, or say plainly that it cannot be measured."""
        authority = await self.steps.write(lambda tx: gate.prove(tx, self.steps.feed, row))
        witness, waits = await self.steps.write(lambda tx: self._witness(tx, row, plane))
        if witness is None and waits:
            return await self.steps.save(row, not_before_ms=self.steps.clock.wall_ms() + self.pace.recheck_ms)
        if witness is None and not await counts(plane, authority.planned):
            left = await still_running(plane, authority.planned)
            return await self._unmeasurable(row, "No credential, canary or client here could measure it.", left)
        lever = plane.lever(authority.planned.lever)
        spread_ms = lever.propagation_s * 1000 if self.pace.spread_ms is None else self.pace.spread_ms
        told: list[int] = []

        async def on_pass(passes: int) -> None:
            if not told:
                told.append(passes)
                await self._passed(row, passes)

        if witness is None:
            found = await measure_usage(
                plane, authority.planned, sleep=self.sleep, spread_ms=spread_ms, pause_ms=self.pace.recheck_ms,
                probes=self.pace.probes, patience_ms=spread_ms + self.pace.usage_ms, on_pass=on_pass,
                on_count=lambda served, in_vain: self.note(row, passed=served, refused=in_vain),
            )  # fmt: skip
            # whether anybody goes on trying is not ours to wait for: one window, and what it showed
            row = replace(row, tries=self.pace.rounds)
            return await self._conclude(row, found, found.evidence, await still_running(plane, authority.planned))
        found = await measure(
            plane, witness.plans, witness.credential, sleep=self.sleep, spread_ms=spread_ms,
            probes=self.pace.probes, patience_ms=self.pace.patience_ms, on_pass=on_pass,
            on_try=lambda outcome: self.note_try(row, outcome),
        )  # fmt: skip
        left = await still_running(plane, authority.planned)
        return await self._conclude(row, found, witness.evidence or found.evidence, left)

    def note_try(self, row: Row, outcome: str) -> None:
        """Tell whoever keeps single tries what this one came to."""
        self.note(
            row, passed=int(outcome == "passed"), refused=int(outcome == "refused"),
            unclear=int(outcome not in {"passed", "refused"}),
        )  # fmt: skip

    def note(self, row: Row, *, passed: int = 0, refused: int = 0, unclear: int = 0) -> None:
        """As `note_try`, of several."""
        if self.tried is not None:
            self.tried(Try(row.doc, row.target, self.steps.clock.wall_ms(), passed, refused, unclear))

    async def _conclude(self, row: Row, found: Measurement, evidence: Evidence | None, left: str) -> Row:
        """`left` says what runs on."""
        if found.verdict == "enforced" and found.first_ms is not None and found.last_ms is not None:
            pub: dict[str, JsonValue] = {
                "evidence": evidence or "client-view", "probes": found.refused,
                "since": found.first_ms, "until": found.last_ms,
            }  # fmt: skip
            return await self.steps.attempted(row, "dispatch.enforced", "enforced", words={"text": left}, pub=pub)
        tries = row.tries + 1
        if found.passed > 1:
            await self._passed(row, found.passed - 1)  # the first was told at once
        if tries < self.pace.rounds:
            until = self.steps.clock.wall_ms() + self.pace.recheck_ms
            return await self.steps.save(row, tries=tries, not_before_ms=until, detail=found.detail[:300])
        if found.verdict == "passing":
            how = "still works, though not at every try" if found.refused else "still works"
            return await self.steps.end(
                row, "attention", "dispatch.attention", f"It is recorded, and what it forbids {how}."
            )
        return await self._unmeasurable(row, f"Nothing could tell: {found.detail or 'no clear refusals'}.", left)

    async def _passed(self, row: Row, passes: int) -> None:
        await self.steps.attempted(row, "dispatch.passed", "recorded", pub={"passes": passes})

    async def _unmeasurable(self, row: Row, why: str, left: str) -> Row:
        told = f"{why} {left[:1].upper()}{left[1:]}." if left else why
        return await self.steps.attempted(row, "dispatch.unmeasurable", "unmeasurable", words={"why": told})

    async def witness(self, row: Row, plane: Plane) -> Witness | None:
        """What would be tried now to see whether a target is enforced; None where nothing can be."""
        return (await self.steps.write(lambda tx: self._witness(tx, row, plane)))[0]

    def _witness(self, tx: Tx, row: Row, plane: Plane) -> tuple[Witness | None, bool]:
        """The best evidence that trying can give: the target's own credential, a client's view, a canary beside it.

        The second value says that a canary exists whose own correction is still on its way.
        """
        authority = gate.prove(tx, self.steps.feed, row)
        planned, action = authority.planned, authority.action
        lever = plane.lever(planned.lever)
        if lever.probe is None:
            return None, False
        target = action.targets[row.target]
        own = plane.credential_for(planned.selector)
        if own is not None:
            return Witness((planned,), own, None), False
        if lever.probe == "client-view":
            # what a client is told of the surface says it of every user: one token serves for all
            plans = (planned,) if target.listed is None else self._drawn(tx, row, planned)
            return Witness(plans, plane.credential_for(planned.surface_key), None), False
        waits = False
        for at, other in enumerate(action.targets):
            if not other.canary or at == row.target or _elsewhere(other, target):
                continue
            sibling = from_disclosures(other, authority.held.disclosed(at), action.direction)
            if _stricter(sibling.wanted, planned.wanted):
                continue
            credential = plane.credential_for(sibling.selector)
            beside = table.find(tx.connection, row.doc, at)
            if credential is None or beside is None:
                continue
            if beside.state in _REACHED:
                return Witness((sibling,), credential, "canary"), False
            waits = waits or not beside.final
        return None, waits

    def _drawn(self, tx: Tx, row: Row, planned: Planned) -> tuple[Planned, ...]:
        """The accounts of a list that both signers saw, but those that failed or were given back.

        The list itself where its lines are not here.
        """
        lines = self._lines(list_of(planned.params) or "")
        gone = {*failures(tx, row), *given_back(tx, row, planned, self._lines)}
        some = drawn(row.doc, [line for line in lines or () if line not in gone])
        return tuple(fill(planned, one) for one in some) or (planned,)

    def _lines(self, sha: str) -> tuple[str, ...] | None:
        try:
            raw = self.steps.store.reader().blob(sha)
            return None if raw is None else from_bytes(raw, sha)
        except Problem:
            return None


def _elsewhere(canary: Target, target: Target) -> bool:
    """Whether a canary says nothing of a target: at another surface, or of another kind."""
    return (canary.instance, canary.surface, canary.lever) != (target.instance, target.surface, target.lever)


def _stricter(canary: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether a canary has a lower limit than the target: what refuses it says nothing of the target's."""
    both = ((value_of(canary[name]), value_of(text)) for name, text in wanted.items() if name in canary)
    return any(is_limit(low) and is_limit(high) and low < high for low, high in both)


async def by_hand(row: Row, steps: Steps) -> Row:
    """A target that people carry out: told once that it is asked for, then waiting for their word.

    Raises:
        Unauthorised: when no valid decision stands behind the row.
    """
    return await steps.write(lambda tx: _by_hand(tx, row, steps))


def _by_hand(tx: Tx, row: Row, steps: Steps) -> Row:
    authority = gate.prove(tx, steps.feed, row)
    for said in words_about(tx, row):
        outcome = str(said.entry.pub.get("outcome", "done"))
        if outcome == "done":
            pub: dict[str, JsonValue] = {"attempt": row.attempt, "outcome": "attested", "of": [said.id]}
            return steps.tell_in(tx, row, "dispatch.accepted", pub, state="attested", detail="Attested by a person.")
        if outcome == "declined":
            why = "Whoever was asked declined."
            failed: dict[str, JsonValue] = {"attempt": row.attempt, "of": [said.id]}
            return steps.tell_in(tx, row, "dispatch.failed", failed, words={"why": why}, state="failed", detail=why)
    stop = gate.recheck(tx, authority, row, tx.now_ms)
    if stop is not None:
        return steps.tell_in(tx, row, stop.kind, {}, words={"why": stop.why}, state=stop.state, detail=stop.why)
    if not row.held:
        why = "It is asked of a person; their attestation is awaited."
        return steps.tell_in(tx, row, "dispatch.held", {}, words={"why": why}, held=True, detail=why)
    return row


def words_about(tx: Tx, row: Row) -> Sequence[Stored]:
    """What people said of a by-hand target."""
    found: list[Stored] = []
    for stored in good_entries(tx.connection, ("correction.attested",)):
        pub = stored.entry.pub
        if pub.get("doc") == row.doc and pub.get("target") == row.target and stored.entry.author is not None:
            found.append(stored)
    return found


__all__ = ["Enforcer", "Witness", "by_hand", "words_about"]
