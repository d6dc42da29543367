"""A console without a disk, a thread, a socket or a wait: the journal's own ledger and transactions over memory.

What is done in it can be taken back, so that thousands of ways to go on can be tried from one point.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar

from adapters.contract import (
    Manifest,
    NotSent,
    OutcomeUnknown,
    Planned,
    Probe,
    ReadBack,
    Receipt,
    Refused,
    Request,
    Stale,
    Status,
    Throttled,
)
from console.domain.errors import Problem
from console.domain.forms import default_policy
from console.journal.ledger import Ledger
from console.journal.migrate import migrate
from console.journal.reader import Reader
from console.journal.readings import Readings
from console.journal.rosters import RosterChain
from console.journal.schema import JOURNAL
from console.journal.tx import Tx
from console.journal.values import Draft
from console.keys import canon
from console.outbox import authorise as deciding
from console.outbox import gate, moments, papers
from console.outbox.engine import Outbox
from console.outbox.store import OUTBOX
from console.providers.instance import Instance
from console.providers.plane import Plane, Planes
from tests.journal.world import INC, ORG, World
from tests.kit.clock import START_WALL_MS, FakeClock
from tests.kit.entropy import SeededEntropy
from tests.kit.plainadapter import PlainSettings, lever
from tests.kit.scene import INSTANCE, Kept, Scene

_once = {
    name: lru_cache(4096)(made)
    for name, made in (("entry", gate.verify_entry), ("key", gate.Verifier), ("signature", papers.verify))
}
_people = lru_cache(64)(papers.approver_keys)
_entry, _document = lru_cache(8192)(moments._parsed), lru_cache(2048)(papers._parsed)
_proven = {}


def _prove_record(pub, roster, received_ms):
    place = (pub.get("record"), pub.get("sig"), pub.get("doc"), roster.sha256, received_ms)
    if place not in _proven:
        try:
            _proven[place] = papers_prove(pub, roster, received_ms)
        except Problem as fault:
            _proven[place] = fault
    if isinstance(_proven[place], Problem):
        raise _proven[place]
    return _proven[place]


papers_prove = papers.prove_record
_PATCHED = [
    (gate, "verify_entry", _once["entry"]), (gate, "Verifier", _once["key"]), (papers, "verify", _once["signature"]),
    (papers, "approver_keys", _people), (moments, "_parsed", _entry), (papers, "_parsed", _document),
    *((one, "prove_record", _prove_record) for one in (gate, papers, moments, deciding)),
]  # fmt: skip


@contextmanager
def proven_once():
    """A signature that was proven is not proven again: the same bytes under the same roster give the same answer.

    Nor are bytes that were read, read again.
    """
    kept = [(module, name, getattr(module, name)) for module, name, _ in _PATCHED]
    for module, name, quick in _PATCHED:
        setattr(module, name, quick)
    try:
        yield
    finally:
        for module, name, slow in kept:
            setattr(module, name, slow)


class QuickTx(Tx):
    """Keeps files beside the ledger, in memory."""

    def put_blob(self, raw, *, sha256=None):
        found = canon.sha256_hex(raw)
        assert sha256 in (None, found)
        self._ledger.blobs[found] = raw
        return found


class QuickReader(Reader):
    """Reads what is written, the last word included."""

    def __init__(self, connection, blobs):
        super().__init__(None)
        self.connection, self.blob = connection, blobs.get

    @contextmanager
    def snapshot(self):
        yield self.connection


class QuickStore:
    """A journal in memory. `mark` remembers a point, `back` returns to the newest one."""

    def __init__(self, clock, seed, image=None):
        self.clock = clock
        self.connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if image is not None:
            self.connection.deserialize(image)
        migrate(self.connection, (JOURNAL, OUTBOX))
        self.ledger = Ledger(self.connection, None, clock, SeededEntropy(seed))
        self.ledger.blobs = {}
        self._reader = QuickReader(self.connection, self.ledger.blobs)
        self._marks = []

    def write(self, work):
        """One transaction: a savepoint, so that it may stand in a larger one that is taken back."""
        self.connection.execute("SAVEPOINT job")
        try:
            found = work(QuickTx(self.ledger))
        except BaseException:
            self.connection.execute("ROLLBACK TO job")
            self.connection.execute("RELEASE job")
            self._forget()
            raise
        self.connection.execute("RELEASE job")
        return found

    def transaction(self, work):
        done = Future()
        try:
            done.set_result(self.write(work))
        except BaseException as fault:  # noqa: BLE001  it belongs to whoever waits
            done.set_exception(fault)
        return done

    def open_feed(self, signer, **how):
        return self.write(lambda tx: tx.open_feed(signer, **how))

    def may_write(self, _feed):
        return True

    def reader(self):
        return self._reader

    def roster(self):
        return self._reader.roster()

    def image(self):
        return self.connection.serialize()

    def mark(self):
        name = f"mark{len(self._marks)}"
        self.connection.execute(f"SAVEPOINT {name}")
        clock = self.clock
        self._marks.append((name, self._rosters(), clock._wall_ms, clock._boot_ms, clock._boot_id))

    def back(self):
        rosters = self._rosters()
        name, before, *times = self._marks.pop()
        self.connection.execute(f"ROLLBACK TO {name}")
        self.connection.execute(f"RELEASE {name}")
        self.clock._wall_ms, self.clock._boot_ms, self.clock._boot_id = times
        self._forget(rosters=rosters != before)

    def _rosters(self):
        return self.connection.execute("SELECT count(*) FROM roster").fetchone()[0]

    def _forget(self, *, rosters=True):
        self.ledger.forget()
        self.ledger.readings = Readings(self.clock)
        if rosters:
            self.ledger.rosters.forget()
            self._reader._chain = RosterChain()

    def close(self):
        self.connection.close()


class QuickScene(Scene):
    """As `Scene`, on a clock that stands still, in memory. `at` is whose machine it is, `image` its journal."""

    def __init__(self, *, at=0, image=None, seed="quick", clock=None, expires=None):
        self.expires = {number: START_WALL_MS + ms for number, ms in (expires or {}).items()}
        self.clock, self.entropy, self.url = clock or FakeClock(), SeededEntropy(seed), "http://127.0.0.1:1"
        self.opened = []
        self.policy_raw = canon.encode(default_policy(ORG, 1).as_json())
        self.policy = canon.sha256_hex(self.policy_raw)
        World.__init__(self, members=3)
        self.store = QuickStore(self.clock, seed, image)
        self.store.write(lambda tx: tx.pin_genesis(self.genesis))
        self.give_rosters(self.store)
        self.store.write(lambda tx: tx.put_document(self.policy_raw))
        self.feed = self.machine_feed(self.store, at)

    def make_roster(self, revoked=(), created=2):
        """`expires`: when (ms) the approver key of a member ends, by number."""
        members = list(self.members)
        for number, ends in self.expires.items():
            person = members[number].as_person()
            keys = tuple(replace(key, to_ms=ends) if key.use == "approver" else key for key in person.keys)
            ending = replace(person, keys=keys)
            members[number].as_person = lambda alone=False, ending=ending: ending
        return super().make_roster(revoked, created)

    def begin(self):
        """Everybody's feeds are written here, everybody has rehearsed, and an incident runs."""
        self.people = [self.person_feed(self.store, number) for number in range(3)]
        for number in range(3):
            self.say(number, Draft("self-test"))
            self.rehearse(number)
        self.say(0, Draft("incident.declared", inc=INC, pub={"severity": 1}, disclosures={"title": "it lies"}))
        return self

    def outbox(self, *planes, **how):
        return Outbox(
            self.store, self.feed, Planes(planes), self.clock, self.entropy, **{"sleep": self.pass_time, **how}
        )

    async def pass_time(self, seconds):
        self.clock.advance(max(1, round(seconds * 1000)))
        await asyncio.sleep(0)


def exchange(one, other):
    """Everything one console has and the other lacks, both ways."""
    for source, sink in ((one, other), (other, one)):
        read, there = source.store.connection.execute, sink.store.connection.execute
        if source.store._rosters() > sink.store._rosters():
            for raw, sigs in source.rosters[sink.store._rosters() :]:
                sink.store.write(lambda tx, raw=raw, sigs=sigs: tx.put_roster(raw, sigs))
        known = {row[0] for row in there("SELECT sha256 FROM document")}
        for sha, raw in read("SELECT sha256, raw FROM document").fetchall():
            if sha not in known:
                texts = _texts(read, sha)
                sink.store.write(lambda tx, raw=raw, texts=texts: tx.put_document(raw, texts))
        known = {row[0] for row in there("SELECT id FROM entry")}
        new = [row for row in read("SELECT id, n FROM entry ORDER BY n").fetchall() if row[0] not in known]
        for ident, _ in new:
            raw, sig = read("SELECT raw, sig FROM entry WHERE id = ?", (ident,)).fetchone()
            sink.store.write(lambda tx, raw=raw, sig=sig: tx.ingest(raw, sig))
            texts = _texts(read, ident)
            sink.store.write(lambda tx, ident=ident, texts=texts: tx.add_disclosures(ident, texts))


def _texts(read, holder):
    return [row[0] for row in read("SELECT body FROM disclosure WHERE holder = ?", (holder,))]


# -- a provider in memory ----------------------------------------------------------------------------------------------


@dataclass
class Estate:
    """Fields by selector, what landed, and what is still on its way. `fate` is asked at each call how it ends."""

    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    landed: list[tuple[str, str]] = field(default_factory=list)
    late: list[tuple[Request, str, int]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    versions: dict[str, int] = field(default_factory=dict)

    def copy(self):
        return replace(
            self, fields={name: dict(value) for name, value in self.fields.items()}, landed=list(self.landed),
            late=list(self.late), keys=set(self.keys), versions=dict(self.versions),
        )  # fmt: skip

    def land(self, request, kind):
        """A write reaches the provider; False where it did nothing. What that means depends on its idempotency."""
        told = json.loads(request.body)
        selector, fields = told["selector"], {name: json.dumps(value) for name, value in told["fields"].items()}
        if kind == "key" and request.body in self.keys:
            return False
        if kind == "conditional" and told["version"] != self.versions.get(selector, 0):
            return False
        if kind == "desired-state" and self.fields.get(selector) == fields:
            return False  # the same write twice is the write once
        self.keys.add(request.body)
        self.versions[selector] = self.versions.get(selector, 0) + 1
        self.fields[selector] = fields
        self.landed.append((selector, request.body))
        return True


def levers():
    kinds = ("desired-state", "key", "conditional", "taggable", "none")
    return tuple(lever(kind, probe=None, name=kind) for kind in kinds)


class QuickAdapter:
    """Sets any fields of any selector in an `Estate`; the lever's name is its idempotency."""

    manifest: ClassVar[Manifest] = Manifest(
        name="practice", version=1, title="Quick", settings=PlainSettings, secrets={"admin": "-"}, auth="bearer",
        levers=levers(),
    )  # fmt: skip

    def __init__(self, estate, fate=lambda _what, _options: "ok"):
        self.estate, self.fate = estate, fate

    def base_url(self):
        return "http://127.0.0.1:1"

    async def discover(self, context):
        return []

    async def status(self, context):
        if self.fate("status", ("ok",)) == "lost":
            raise NotSent("no answer")
        return Status(at_ms=context.now_ms(), latency_ms=1, surfaces=())

    async def read_back(self, context, planned):
        if self.fate("read", ("ok", "lost")) == "lost":
            raise NotSent("no answer")
        fields = dict(self.estate.fields.get(planned.selector, planned.pre))
        verdict = "in-effect" if fields == dict(planned.wanted) else "not-in-effect"
        return ReadBack(verdict=verdict, fields=fields, at_ms=context.now_ms())

    async def apply(self, context, planned):
        for request in planned.requests:
            self._send(request, planned.lever, context.now_ms())
        return Receipt(outcome="accepted", status=200)

    async def revert(self, context, planned):
        raise NotImplementedError

    def _send(self, request, kind, now_ms):
        fates = ("ok", "lost answer", "lost", "late", "throttled", "not sent", "refused")
        match self.fate("write", fates):
            case "lost answer":
                self.estate.land(request, kind)
                raise OutcomeUnknown("no answer")
            case "lost":
                raise OutcomeUnknown("no answer")
            case "late":
                self.estate.late.append((request, kind, now_ms))
                raise OutcomeUnknown("no answer")
            case "throttled":
                raise Throttled("later", 1.0)
            case "not sent":
                raise NotSent("no connection")
            case "refused":
                raise Refused("no", 400)
            case _:
                if not self.estate.land(request, kind) and kind == "conditional":
                    raise Stale("it moved")

    async def probe(self, context, planned, credential):
        return Probe(outcome="cannot-tell", evidence="credential")


def quick_plane(estate, clock, fate=lambda _what, _options: "ok", instance=INSTANCE):
    made = Instance(id=instance, adapter="practice", name="p", settings={}, probe_credentials={})
    return Plane(made, QuickAdapter(estate, fate), Kept(), clock, world="drill")


def quick_plan(selector, pre, wanted, kind="desired-state", direction="contain", version=0) -> Planned:
    """A plan that sets `wanted` where `pre` stood; values are JSON values."""

    def request(fields):
        body = json.dumps({"selector": selector, "fields": fields, "version": version}, sort_keys=True)
        return Request(method="POST", path="/set", body=body)

    def texts(fields):
        return {name: json.dumps(value) for name, value in fields.items()}

    return Planned(
        lever=kind, selector=selector, surface_key="s", name=f"key {selector}", model="m", params={},
        pre=texts(pre), pre_read_ms=1, wanted=texts(wanted), requests=(request(wanted),), revert=(request(pre),),
        selectors=1, reach="everyone", reversal="exact", direction=direction,
    )  # fmt: skip
