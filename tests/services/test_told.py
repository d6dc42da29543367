"""Where corrections stand, read on from what was read before: the same as a session says that reads it all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.domain.actions import Action, Target
from console.journal.values import Draft
from console.keys import canon
from console.providers.planned import to_disclosures
from console.runtime.clock import SystemClock
from console.runtime.ids import SystemEntropy, crockford, new_id
from console.runtime.paths import ProfilePaths
from console.services import incidents, standing, told
from console.services.record import start_record
from console.services.session import Session
from tests.kit.plainadapter import plan_of

HOUR_MS = 3_600_000
ENTROPY = SystemEntropy()


def _passphrase(_what: str, *, new: bool = False) -> bytes:
    return b"a passphrase for what is told"


class Clock(SystemClock):
    """The wall clock, or ahead of it."""

    ahead_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.ahead_ms


class Record:
    """A record of one person, in which a machine writes what became of actions, and all that was read is counted."""

    def __init__(self, folder, patch) -> None:
        paths = ProfilePaths(folder)
        start_record(paths, _passphrase, name="Commander")
        self.clock = Clock()
        self.session = Session.open(paths, _passphrase, clock=self.clock)
        self.store, self.feed = self.session.store, self.session.device()
        self.inc = incidents.declare(self.session, "It lies", 1).entry.inc
        self.read: list[int] = []
        select = told.select_entries

        def counted(*asked, **how):
            found = select(*asked, **how)
            self.read.append(len(found))
            return found

        patch.setattr(told, "select_entries", counted)
        self.decided: set[str] = set()
        patch.setattr(told, "rulings_of", lambda _session: self)

    def holds(self, _connection, stored):
        """Who signed is no question here: decisions made by `decide` had their people."""
        return stored.id in self.decided

    def enough(self, _connection, _held, stored):
        return stored.id in self.decided

    def action(self, *selectors: str):
        """Its bytes, its values, its name."""
        now, targets, strings = self.session.clock.wall_ms(), [], []
        for one in selectors:
            values = to_disclosures(plan_of(one, now=False, wanted=True, lever_name="block"))
            mine = [canon.make_disclosure(ENTROPY.token(16), name, value) for name, value in values.items()]
            strings += mine
            targets.append(
                Target(
                    surface="t-" + crockford(b"\x08" * 16), instance="g-" + crockford(b"\x07" * 16),
                    adapter="practice/1", lever="block", category="user", model="F-7", reach="everyone", assignee=None,
                    reversal="exact", selectors=1, all_surfaces=False, credential=None, canary=False,
                    dispatchers=(self.feed.feed,), listed=None, sd=tuple(sorted(map(canon.digest, mine))),
                )
            )  # fmt: skip
        reason = canon.make_disclosure(ENTROPY.token(16), "reason", "because it lies")
        made = Action(
            org=self.session.org, op=new_id("a", ENTROPY), rev=1, inc=self.inc, direction="contain",
            gravity="high", severity=1, break_glass=False, targets=tuple(targets), reason_sd=canon.digest(reason),
            lift_criteria_sd=None, created=now - 1, approve_by=now + HOUR_MS, execute_by=now + HOUR_MS,
            execute_by_unreachable=None, review_by=None, undo_within_s=900, undoes=None, roster=self.session.ref,
            policy="0" * 64, supersedes=None,
        )  # fmt: skip
        raw = canon.encode(made.as_json())
        return raw, [*strings, reason], canon.sha256_hex(raw), made.op

    def propose(self, raw, strings, sha, op):
        if raw is not None:
            self.store.write(lambda tx: tx.put_document(raw, strings))
        self.session.append(Draft("correction.proposed", self.inc, op, {"doc": sha, "rev": 1}))
        return sha, op

    def decide(self, sha, op):
        pub = {
            "doc": sha, "records": [], "roster": list(self.session.ref), "policy": "0" * 64, "now": 1,
            "clock": "trusted", "verdict": "approved", "seen": [],
        }  # fmt: skip
        draft = Draft("dispatch.authorised", self.inc, op, pub)
        stored = self.store.write(lambda tx: tx.append(self.feed, draft, roster=self.session.ref))
        self.decided.add(stored.id)

    def step(self, kind, sha, op, *, said=None, target=0, **pub):
        draft = Draft(f"dispatch.{kind}", self.inc, op, {"doc": sha, "target": target, "attempt": 1, **pub}, said or {})
        return self.store.write(lambda tx: tx.append(self.feed, draft, roster=self.session.ref))

    def told(self):
        """What is read on, which has to be what is read anew; then how many entries the former took."""
        self.read.clear()
        on, took = standing.corrections(self.session), sum(self.read)
        one = standing.corrections(self.session, self.inc)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(standing, "told_of", told.Told)
            anew = standing.corrections(self.session)
        assert on == anew == one
        return on, took

    def states(self):
        found, took = self.told()
        return [target.state for one in found for target in one.targets], took


@pytest.fixture
def record(tmp_path, monkeypatch):
    made = Record(tmp_path / "profile", monkeypatch)
    yield made
    made.session.close()


def test_only_what_is_new_is_read(record):
    sha, op = record.propose(*record.action("k1", "k2"))
    assert record.states() == (["proposed", "proposed"], 2)
    record.decide(sha, op)
    record.step("accepted", sha, op, outcome="accepted")
    assert record.states() == (["accepted", "queued"], 2)
    assert record.states() == (["accepted", "queued"], 0)
    record.propose(*record.action("k3"))
    record.step("enforced", sha, op, target=1, evidence="canary", probes=3, since=1, until=2)
    assert record.states() == (["accepted", "enforced", "proposed"], 2)
    incidents.write(record.session, "note", "No correction", inc=record.inc)
    assert record.states()[1] == 0


def test_a_document_and_its_values_that_come_later_are_shown(record):
    raw, strings, sha, op = record.action("k1")
    record.propose(None, (), sha, op)
    record.decide(sha, op)
    record.step("accepted", sha, op, outcome="accepted")
    assert record.states()[0] == []
    record.store.write(lambda tx: tx.put_document(raw))
    found, _ = record.told()
    assert [(one.reason, one.targets[0].state, one.targets[0].name) for one in found] == [("", "accepted", "?")]
    record.store.write(lambda tx: tx.add_disclosures(sha, strings))
    found, took = record.told()
    assert (found[0].reason, found[0].targets[0].selector, took) == ("because it lies", "k1", 0)


def test_what_was_redacted_is_told_no_more(record):
    sha, op = record.propose(*record.action("k1"))
    record.decide(sha, op)
    failed = record.step("failed", sha, op, said={"why": "a secret"})
    assert record.told()[0][0].targets[0].detail == "a secret"
    record.store.write(lambda tx: tx.bury([(failed.id, failed.entry.sd)], "0" * 64))
    assert record.told()[0][0].targets[0].detail == ""
    record.step("requeued", sha, op)
    assert record.states() == (["queued"], 1)


def test_values_of_an_entry_that_come_later_are_told(record):
    sha, op = record.propose(*record.action("k1"))
    record.decide(sha, op)
    failed = record.step("failed", sha, op, said={"why": "it refused"})
    texts = record.store.reader().disclosures([failed.id])[failed.id]
    record.store.write(lambda tx: tx.connection.execute("DELETE FROM entry_value WHERE n = ?", (failed.n,)))
    assert record.told()[0][0].targets[0].detail == ""
    record.store.write(lambda tx: tx.add_disclosures(failed.id, texts))
    assert record.told()[0][0].targets[0].detail == "it refused"


def test_what_does_not_count_any_more_changes_what_stands(record):
    sha, op = record.propose(*record.action("k1"))
    record.decide(sha, op)
    accepted = record.step("accepted", sha, op, outcome="accepted")
    assert record.states()[0] == ["accepted"]
    mark = "INSERT INTO standing (id, standing) VALUES (?, 'quarantined')"
    record.store.write(lambda tx: tx.connection.execute(mark, (accepted.id,)))
    assert record.states()[0] == ["queued"]


def test_a_decision_without_its_people_moves_nothing_then_nor_later(record):
    sha, op = record.propose(*record.action("k1"))
    assert record.states()[0] == ["proposed"]
    record.decide(sha, op)
    record.decided.clear()
    record.step("enforced", sha, op, evidence="canary", probes=3, since=1, until=2)
    assert record.states()[0] == ["proposed"]
    record.clock.ahead_ms = 2 * HOUR_MS
    assert record.states()[0] == ["expired"]


def test_what_belongs_before_others_makes_its_own_incident_read_anew_and_no_other(record):
    sha, op = record.propose(*record.action("k1", "k2"))
    record.decide(sha, op)
    for _ in range(20):
        record.step("requeued", sha, op)
    other = incidents.declare(record.session, "Another one", 2).entry.inc
    assert record.states()[1] == 24
    role = {"person": record.session.me, "role": "scribe"}  # of those that say who commands: never folded on
    record.session.append(Draft("role.assigned", other, None, role))
    assert record.states() == (["queued", "queued"], 3)  # it, and both of its incident
    record.session.append(Draft("role.assigned", record.inc, None, role))
    assert record.states()[1] == 25


def test_entries_count_again_only_with_another_roster_or_with_more_of_a_forked_feed():
    """What `Told` knows by numbers alone; whoever changes standings elsewhere has to tell it."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in Path(told.__file__).parents[1].rglob("*.py")}
    changed = re.compile(r"(DELETE FROM|UPDATE|REPLACE INTO) standing|standing .*DO UPDATE")
    assert [name for name, text in sources.items() if changed.search(text)] == ["branches.py"]
    assert [name for name, text in sources.items() if "branches.settle(" in text] == ["door.py"]
    callers = re.findall(r"\ndef (\w+)(?:(?!\ndef ).)*branches\.settle\(", sources["door.py"], re.DOTALL)
    assert callers == ["_place_beside", "quarantine_revoked"]
    body = sources["branches.py"].partition("def settle(")[2].partition("\ndef ")[0]
    assert body.count("INTO standing") == body.count("FROM standing WHERE id") == 1


def test_how_many_do_not_count_costs_no_reading_of_them(record):
    record.states()
    asked: list[str] = []
    with record.session.reader.snapshot() as connection:
        connection.set_trace_callback(asked.append)
        try:
            told.told_of(record.session)._stamp(connection)
        finally:
            connection.set_trace_callback(None)
    assert all(one.startswith("SELECT count(*)") for one in asked)
    assert len(asked) == 3
