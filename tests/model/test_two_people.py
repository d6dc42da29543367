"""People and consoles at random: propose, approve, refuse, cancel, go offline, deliver late, twice and out of order.

The model is a few sets. Whatever happens, nothing is ever authorised that the model does not find signed by enough.
"""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from console.domain.facts import Signed
from console.domain.fold import fold_incident
from console.domain.quorum import quorum
from tests.domain import made
from tests.domain.made import (
    COMMANDER,
    DOC,
    FACTS,
    FEEDS,
    NOW,
    OP,
    PEOPLE,
    ROSTER,
    Journal,
    action,
    critical,
    high,
    signed,
)

DOCUMENTS = (action(), high(), critical())
IN_COMMAND = {made.COMMANDER, made.DEPUTY}
DISPATCHER = 0  # the console whose machine feed decides


class TwoPeople(RuleBasedStateMachine):
    """Four people on four consoles; console 0 dispatches. A console knows what reached it, and nothing else."""

    @initialize(document=st.sampled_from(DOCUMENTS))
    def declare(self, document):
        self.document = document
        self.journal = Journal()
        self.known = [[] for _ in PEOPLE]  # by console, in order of arrival
        self.online = set(range(len(PEOPLE)))
        self.now = NOW
        self.approved, self.refused, self.cancelled = set(), False, False  # the model of what the dispatcher knows
        self.late = self.gone = False
        declared = self.journal.add("incident.declared", COMMANDER, {"severity": 1})
        deputy = self.journal.add("role.assigned", COMMANDER, {"person": made.DEPUTY, "role": "deputy"})
        proposed = self.journal.add("correction.proposed", COMMANDER, {"doc": DOC, "rev": 1}, subj=OP)
        for console in self.known:
            console += [declared, deputy, proposed]
        self.signed: dict[str, Signed] = {}

    def _write(self, at, entry):
        self.known[at].append(entry)
        if at == DISPATCHER:
            self._arrives(entry)

    def _arrives(self, entry):
        """What the dispatcher learns, in the model's own words."""
        one = self.signed.get(entry.id)
        if entry.kind == "correction.cancelled":
            self.cancelled = True
        if one is None:
            return
        if one.record.decision == "refuse":
            self.refused = True
        elif self.now <= self.document.approve_by:
            self.approved.add(one.record.person)

    @rule(at=st.integers(0, 3), which=st.sampled_from(["plain", "free", "sk"]))
    def approve(self, at, which):
        self._sign(at, which, "approve")

    @rule(first=st.sampled_from([0, 1]), second=st.sampled_from([2, 3]))
    def two_approve_and_are_heard(self, first, second):
        for at in (first, second):
            self._sign(at, "plain", "approve")
            self._hear(at, DISPATCHER)

    @precondition(lambda self: self.gone or self.approved)
    @rule(at=st.integers(0, 3))
    def refuse_and_be_heard(self, at):
        self._sign(at, "plain", "refuse")
        self._hear(at, DISPATCHER)

    def _sign(self, at, which, decision):
        person = PEOPLE[at]
        nonce = made.sha(len(self.journal.entries))[:32]
        one = signed(person, which, decision=decision, nonce=nonce)
        kind = "correction.approved" if decision == "approve" else "correction.refused"
        entry = self.journal.add(kind, person, made.carry(one.record), subj=OP)
        self.signed[entry.id] = one
        self._write(at, entry)

    @precondition(lambda self: self.gone or self.approved)
    @rule()
    def cancel(self):
        self._write(0, self.journal.add("correction.cancelled", COMMANDER, {"doc": DOC}, subj=OP))

    @rule(at=st.integers(0, 3))
    def goes_offline_or_back(self, at):
        self.online ^= {at}

    @rule(minutes=st.sampled_from([1, 20, 45]))
    def time_passes(self, minutes):
        self.now += minutes * made.MINUTE

    @rule(source=st.integers(0, 3), sink=st.integers(0, 3), twice=st.booleans(), backwards=st.booleans())
    def deliver(self, source, sink, twice, backwards):
        if source == sink or not {source, sink} <= self.online:
            return
        fresh = self._hear(source, sink, backwards=backwards)
        if twice:
            self.known[sink] += fresh

    def _hear(self, source, sink, *, backwards=False):
        fresh = [entry for entry in self.known[source] if entry not in self.known[sink]]
        for entry in reversed(fresh) if backwards else fresh:
            self._write(sink, entry)
        return fresh

    def _verdict(self):
        received = [
            replace(self.signed[entry.id], received_ms=self._received[entry.id])
            for entry in self.known[DISPATCHER]
            if entry.id in self.signed
        ]
        state = fold_incident(self.known[DISPATCHER], {DOC: self.document}, ROSTER)
        correction = state.corrections[OP]
        facts = replace(FACTS, held=state.held, cancelled=correction.cancelled)
        return quorum(DOC, self.document, received, facts, self.now), correction

    @property
    def _received(self):
        """The first moment at which the dispatcher had each record."""
        found = self.__dict__.setdefault("_first", {})
        for entry in self.known[DISPATCHER]:
            found.setdefault(entry.id, self.now)
        return found

    @invariant()
    def the_rule_says_what_the_model_says(self):
        if not hasattr(self, "document"):
            return
        verdict, correction = self._verdict()
        needed = 1 if self.document.gravity == "normal" else 2
        enough = len(self.approved) >= needed and (needed == 1 or bool(self.approved & IN_COMMAND))
        timely = self.now <= self.document.execute_by
        assert verdict.met == (enough and timely and not self.refused and not self.cancelled)
        if self.cancelled and not self.gone:
            assert correction.state in ("cancelled", "refused")

    @invariant()
    def every_console_reads_the_same_from_the_same(self):
        if not hasattr(self, "document"):
            return
        for entries in self.known:
            forth = fold_incident(entries, {DOC: self.document}, ROSTER)
            assert forth == fold_incident([*reversed(entries), *entries], {DOC: self.document}, ROSTER)

    @precondition(lambda self: not self.gone)
    @rule()
    def dispatch(self):
        """The dispatcher decides when, and only when, its own view is enough; from then on cancels are late."""
        verdict, correction = self._verdict()
        if not verdict.met:
            assert correction.state in ("proposed", "cancelled", "refused")
            return
        mine = Journal()
        mine.entries = list(self.known[DISPATCHER])
        carried = [self.signed[e.id].record for e in self.known[DISPATCHER] if e.id in self.signed]
        records = [mine.add("approval.received", None, made.carry(one), subj=OP, feed=FEEDS[0]) for one in carried]
        decision = mine.authorise(records)
        for entry in (*records, decision):
            self.known[DISPATCHER].append(entry)
        self.gone = True
        state = fold_incident(self.known[DISPATCHER], {DOC: self.document}, ROSTER).corrections[OP]
        assert state.state == "queued"
        assert set(verdict.counted) <= state.current.signers

    @invariant()
    def what_was_decided_stays_decided(self):
        if getattr(self, "gone", False):
            state = fold_incident(self.known[DISPATCHER], {DOC: self.document}, ROSTER).corrections[OP]
            assert state.state == "queued"
            assert bool(state.current.late) == (self.refused or self.cancelled)


TestTwoPeople = TwoPeople.TestCase
TestTwoPeople.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
