"""Three consoles write, exchange by folder, stick and hand, lose files, hear things twice or late, fork, restart.

In the end they hold the same bytes and fold them to the same state, and an index made anew shows the same.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from console.domain.fold import fold_incident
from console.journal import envelope
from console.journal.projections import Projections
from console.journal.seen import all_seen
from console.journal.store import JournalStore
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.runtime.paths import ProfilePaths
from console.sync.folder import FolderPlace
from console.sync.session import sync_once
from tests.journal.world import INC, OTHER_INC, World
from tests.kit.clock import FakeClock
from tests.kit.entropy import SeededEntropy

CONSOLES = st.integers(0, 2)
PLACES = st.integers(0, 1)
INCIDENTS = st.sampled_from([INC, OTHER_INC, None])
MEMORY = Path("/dev/shm")


def place_for_files():
    return Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))


class ThreeConsoles(RuleBasedStateMachine):
    """What one of them acknowledged is `said`: nobody may ever lose it."""

    @initialize()
    def found(self):
        self.folder = place_for_files()
        self.world = World(members=3, folder=self.folder)
        self.clocks = [FakeClock() for _ in range(3)]
        self.stores = [self.world.open(f"console{n}", self.clocks[n]) for n in range(3)]
        self.shown = [Projections(store) for store in self.stores]
        self.places = []
        for name in ("share", "stick"):
            (self.folder / name).mkdir()
            self.places.append(FolderPlace(self.folder / name))
        self.said = [{} for _ in range(3)]
        self.forks = set()
        self.starts = 0

    # -- what people and machines do -----------------------------------------------------------------------------------

    @rule(who=CONSOLES, inc=INCIDENTS, text=st.text(alphabet="abc \n\u05d0", max_size=5), later=st.integers(0, 5000))
    def note(self, who, inc, text, later):
        self.clocks[who].advance(later)
        self._write(who, Draft("note", inc=inc, disclosures={"text": text}))

    @rule(who=CONSOLES, severity=st.integers(1, 4), later=st.integers(0, 50))
    def judge(self, who, severity, later):
        self.clocks[who].advance(later)
        here = {one.entry.kind for one in self.stores[who].reader().entries(INC)}
        kind = "severity.changed" if "incident.declared" in here else "incident.declared"
        self._write(who, Draft(kind, inc=INC, pub={"severity": severity}))

    @rule(who=CONSOLES, retract=st.booleans(), which=st.integers(0, 99))
    def correct_a_line(self, who, retract, which):
        notes = self.stores[who].reader().entries(INC, kinds=["note"])
        if notes:
            of = {"of": [notes[which % len(notes)].id]}
            self._write(who, Draft("retraction" if retract else "amendment", inc=INC, pub=of))

    @rule(who=CONSOLES, to=PLACES)
    def meet(self, who, to):
        self._meet(who, to)

    @rule(giver=CONSOLES, taker=CONSOLES, dice=st.randoms(use_true_random=False))
    def hand_over(self, giver, taker, dice):
        """Entries in any order, some of them, some twice, some without their values: as a file or a picture carries."""
        reader = self.stores[giver].reader()
        entries = reader.entries()
        some = [dice.choice(entries) for _ in range(min(12, len(entries)))]
        for one in some:
            self.stores[taker].write(lambda tx, one=one: tx.ingest(one.raw, one.sig))
            if dice.random() < 0.7:
                texts = reader.disclosures([one.id]).get(one.id, ())
                self.stores[taker].write(lambda tx, one=one, texts=texts: tx.add_disclosures(one.id, texts))

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    @rule(at=PLACES, dice=st.randoms(use_true_random=False), cut=st.booleans())
    def lose_a_file(self, at, dice, cut):
        files = sorted(path for path in self.places[at].folder.rglob("*") if path.is_file())
        if files:
            victim = dice.choice(files)
            if cut:
                victim.write_bytes(victim.read_bytes()[:-7])
            else:
                victim.unlink()

    @rule(at=PLACES)
    def a_stick_is_lost(self, at):
        shutil.rmtree(self.places[at].folder / "v1", ignore_errors=True)

    @rule(who=CONSOLES)
    def restart(self, who):
        self.shown[who].close()
        self.stores[who].close()
        self.starts += 1
        self.stores[who] = JournalStore.open(
            ProfilePaths(self.folder / f"console{who}"), self.clocks[who], SeededEntropy(f"start {self.starts}"),
            genesis=self.world.genesis,
        )  # fmt: skip
        self.shown[who] = Projections(self.stores[who])

    @rule(who=CONSOLES, hearer=CONSOLES)
    def fork(self, who, hearer):
        """The key signed a second entry at a number: a copied profile that went on by itself."""
        feeds = [one.feed for one in self.stores[hearer].reader().feeds() if self._is_of(one, who)]
        last = [self.stores[hearer].reader().feed(feed)[-1] for feed in feeds]
        last = [one for one in last if one.seq > 0 and one.standing == "good"]
        if last and len(self.forks) < 2:
            ms, count = last[0].entry.hlc  # of one time, they would stand in the order they came in
            rival = dataclasses.replace(last[0].entry, kind="observation", sd=(), pub={}, hlc=(ms, count + 1))
            raw, sig = envelope.build(rival, self.world.members[who].writer)
            self.stores[hearer].write(lambda tx: tx.ingest(raw, sig))
            self.forks.add(last[0].feed)

    @rule(who=CONSOLES)
    def look(self, who):
        self.shown[who].update()

    # -- in the end ----------------------------------------------------------------------------------------------------

    @rule()
    def everybody_meets(self):
        self._settle()

    def teardown(self):
        if not hasattr(self, "stores"):
            return
        try:
            self._settle()
        finally:
            for shown, store in zip(self.shown, self.stores, strict=True):
                shown.close()
                store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _settle(self):
        before = None
        for _ in range(6):
            for who in range(3):
                self._meet(who, 0)
            if (now := [self._bytes(who) for who in range(3)]) == before:
                break
            before = now
        assert self._bytes(0) == self._bytes(1) == self._bytes(2)
        assert self._folds(0) == self._folds(1) == self._folds(2)
        lines = [self._lines(who) for who in range(3)]
        assert lines[0] == lines[1] == lines[2]
        for who in range(3):
            report = verify_profile(self.stores[who])
            assert report.first_wrong is None, report.first_wrong
            here = {one.id: one.disclosed for one in self.stores[who].reader().entries()}
            for said in self.said:
                assert said.items() <= here.items()
            self.shown[who].rebuild()
            assert self._lines(who) == lines[who]

    def _write(self, who, draft):
        store = self.stores[who]
        feed = self.world.person_feed(store, who)  # a new one where the old one forked
        stored = store.write(lambda tx: tx.append(feed, draft, roster=self.world.ref))
        self.said[who][stored.id] = dict(draft.disclosures)

    def _meet(self, who, at):
        store, member = self.stores[who], self.world.members[who]
        sync_once(store, self.places[at], member.console, lambda: self.world.machine_feed(store, who))

    def _is_of(self, facts, who):
        return facts.author == self.world.members[who].person

    def _bytes(self, who):
        reader = self.stores[who].reader()
        held = reader.disclosures([one.id for one in reader.entries()])
        entries = {(one.id, one.raw, one.sig, one.standing, held.get(one.id, ())) for one in reader.entries()}
        return entries, reader.forks(), reader.heads(), {name for name, *_ in reader.documents()}

    def _folds(self, who):
        entries = all_seen(self.stores[who].reader().entries())
        same = [dataclasses.replace(one, received_ms=0) for one in entries]  # when it came here is each one's own
        return [fold_incident(same, {}, None, inc) for inc in (INC, OTHER_INC)]

    def _lines(self, who):
        return [
            [dataclasses.replace(line, n=0, received_ms=0, skewed=False) for line in self.shown[who].timeline(inc)]
            for inc in (INC, OTHER_INC, None)
        ]


ThreeConsoles.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestThreeConsoles = ThreeConsoles.TestCase
