"""Three consoles and a folder: whatever meets whom in which order, what was redacted is nowhere when all have heard."""

from __future__ import annotations

import base64
import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.actions import ApprovalRecord
from console.domain.errors import Problem
from console.domain.forms import Roster, default_policy
from console.journal.projections import Projections
from console.journal.values import Answer, Draft
from console.journal.verify import verify_profile
from console.keys import canon
from console.keys.sshsig import approve_ns, roster_ns
from console.outbox.authorise import authorise
from console.outbox.redaction import Redactions
from console.runtime.ids import SystemEntropy, new_nonce
from console.sync.folder import FolderPlace
from console.sync.held import missing_files
from console.sync.session import sync_once
from tests.journal.world import INC, ORG, World
from tests.kit.clock import FakeClock
from tests.kit.traces import traces

SECRET = "Quetzalcoatl-access-7731-Xylophone"
NAMES = ("one", "two", "three")


class Trio(World):
    """Three members on three consoles, rehearsed; the second one writes a secret that only they hold so far."""

    def __init__(self, folder: Path) -> None:
        self.policy_raw = canon.encode(default_policy(ORG, 1).as_json())
        self.entropy, self.clock = SystemEntropy(), FakeClock()
        super().__init__(members=3, folder=folder)
        self.stores = [self.open(name, self.clock) for name in NAMES]
        (folder / "share").mkdir()
        self.place = FolderPlace(folder / "share")
        for store in self.stores:
            store.write(lambda tx: tx.put_document(self.policy_raw))
        self.people = [self.person_feed(store, number) for number, store in enumerate(self.stores)]
        self.machines = [self.machine_feed(store, number) for number, store in enumerate(self.stores)]
        self.redactions = [Redactions(*pair) for pair in zip(self.stores, self.machines, strict=True)]
        for number in range(3):
            self.say(number, Draft("self-test"))
            raw = canon.encode({
                "type": "rehearsal.v1", "org": ORG, "person": self.members[number].person, "role": "approver",
                "roster": list(self.ref), "created": self.clock.wall_ms(),
            })  # fmt: skip
            self.propose(number, raw, "rehearsal.v1")
            self.approve(number, canon.sha256_hex(raw), "rehearsal.v1")
        self.say(0, Draft("incident.declared", inc=INC, pub={"severity": 1}, disclosures={"title": "t"}))
        for number in (0, 1, 2, 0, 1):
            self.sync(number)
        self.secret = self.say(1, Draft("note", inc=INC, disclosures={"text": f"the key is {SECRET}"}))
        self.blob = self.stores[1].write(lambda tx: tx.put_blob(f"key={SECRET}".encode()))
        values = {"blob": {"sha256": self.blob, "size": 38}, "text": f"{SECRET} as pasted"}
        self.file = self.say(1, Draft("evidence", inc=INC, pub={"class": "open"}, disclosures=values))
        self.signed: set[int] = set()
        self.sha = self.propose_redaction()

    def make_roster(self, revoked=(), created=2):
        raw, _ = super().make_roster(revoked, created)
        value = canon.decode(raw, limit=1 << 20)
        raw = canon.encode(replace(Roster.parse(value), policy=canon.sha256_hex(self.policy_raw)).as_json())
        signers = [member.approver for member in self.members[:2]]
        if len(self.rosters) == 1:
            signers.append(self.members[0].writer)
        return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in signers}

    def say(self, number, draft):
        return self.stores[number].write(lambda tx: tx.append(self.people[number], draft, roster=self.ref))

    def propose(self, number, raw, doc_type, texts=()):
        sha = self.stores[number].write(lambda tx: tx.put_document(raw, texts))
        self.say(number, Draft("document.proposed", pub={"doc": sha, "doc_type": doc_type}))
        return sha

    def propose_redaction(self):
        reason = canon.make_disclosure(self.entropy.token(16), "reason", "a key was pasted")
        now = self.clock.wall_ms()
        raw = canon.encode({
            "type": "redaction.v1", "org": ORG, "inc": INC, "roster": list(self.ref), "created": now,
            "items": [{"entry": one.id, "digests": sorted(one.entry.sd)} for one in (self.secret, self.file)],
            "reason_sd": canon.digest(reason), "approve_by": now + 86_400_000,
        })  # fmt: skip
        return self.propose(1, raw, "redaction.v1", [reason])

    def approve(self, number, sha, doc_type):
        member = self.members[number]
        record = ApprovalRecord(
            org=ORG, doc=sha, doc_type=doc_type, op=None, decision="approve", person=member.person,
            key=member.approver.public.fingerprint, console=member.console, seat="own", at=self.clock.wall_ms(),
            roster=self.ref, nonce=new_nonce(self.entropy),
        )  # fmt: skip
        raw = canon.encode(record.as_json())
        sig = member.approver.sign(approve_ns(ORG), raw)
        pub = {"doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
        self.say(number, Draft("document.approved", pub=pub))

    # -- what can happen, at any time ----------------------------------------------------------------------------------

    def sync(self, number):
        report = sync_once(self.stores[number], self.place, self.members[number].console, lambda: self.machines[number])
        assert report.faults == ()

    def sign(self, number):
        if number not in self.signed and self.stores[number].reader().document(self.sha) is not None:
            self.signed.add(number)
            self.approve(number, self.sha, "redaction.v1")

    def forget(self, number):
        if self.stores[number].reader().document(self.sha) is not None:
            with suppress(Problem):  # as the engine does: something it has to know may not be here yet
                self.stores[number].write(lambda tx: authorise(tx, self.machines[number], self.sha))
        self.redactions[number].carry_out(again=True)

    def index(self, number):
        with Projections(self.stores[number]) as projections:
            projections.update()

    # -- what has to be so ---------------------------------------------------------------------------------------------

    def root(self, number):
        return self.folder / NAMES[number]

    def is_done(self, number):
        feed = self.machines[number].feed
        return any(one.entry.kind == "redact.done" for one in self.stores[number].reader().feed(feed))

    def close(self):
        for store in self.stores:
            store.close()


@pytest.fixture
def trio(tmp_path):
    made = Trio(tmp_path)
    yield made
    made.close()


def finish(trio):
    for _ in range(3):
        for number in range(3):
            trio.sync(number)
            trio.sign(number)
            trio.sync(number)
            trio.forget(number)
            trio.sync(number)


def check_end(trio):
    assert [trio.is_done(number) for number in range(3)] == [True] * 3
    assert traces(SECRET, trio.folder) == []
    ids = [{one.id for one in store.reader().entries()} for store in trio.stores]
    assert ids[0] == ids[1] == ids[2]
    for store in trio.stores:
        assert verify_profile(store).ok
        assert set(trio.secret.entry.sd) | set(trio.file.entry.sd) <= store.reader().tombstones()
        assert store.reader().entry(trio.secret.id).raw == trio.secret.raw
        done = [one.entry.pub["doc"] for one in store.reader().entries(kinds=["redact.done"])]
        assert done == [trio.sha] * 3


_STEP = st.tuples(st.sampled_from(["sync", "sync", "sign", "forget", "index"]), st.integers(0, 2))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(_STEP, max_size=14))
def test_whatever_the_order_it_is_gone_where_it_is_said_to_be_and_in_the_end_everywhere(steps):
    folder = Path(tempfile.mkdtemp())
    trio = Trio(folder)
    try:
        for what, number in steps:
            getattr(trio, what)(number)
            for other in range(3):
                if trio.is_done(other):
                    assert traces(SECRET, trio.root(other)) == []
        finish(trio)
        check_end(trio)
    finally:
        trio.close()
        shutil.rmtree(folder)


def test_a_console_that_was_away_forgets_when_it_comes_back(trio):
    trio.sync(1)
    trio.sync(2)
    trio.index(2)
    assert traces(SECRET, trio.root(2))
    for number in (0, 1, 0):
        trio.sync(number)
        trio.sign(number)
        trio.forget(number)
    for number in (0, 1, 0):  # the third has not been there all the while
        trio.sync(number)
        trio.forget(number)
        trio.sync(number)
    assert traces(SECRET, trio.folder / "share", trio.root(0), trio.root(1)) == []
    assert traces(SECRET, trio.root(2))
    finish(trio)
    check_end(trio)


def test_a_console_that_never_had_it_never_gets_it(trio):
    trio.sync(1)
    held = trio.stores[1].reader().disclosures([trio.secret.id, trio.file.id])
    blob = trio.stores[1].reader().blob(trio.blob)
    trio.sync(0)
    for number in (0, 1):
        trio.sign(number)
        trio.sync(number)
    trio.sync(0)
    trio.forget(0)
    trio.sync(0)
    trio.sync(1)
    trio.forget(1)
    trio.sync(1)
    trio.sync(2)  # it hears of the entries only now, and of the redaction with them
    trio.forget(2)
    store = trio.stores[2]
    for holder, texts in held.items():  # somebody offers it all the same
        admitted = store.write(lambda tx, holder=holder, texts=texts: tx.add_disclosures(holder, texts))
        assert (admitted.kept, admitted.dropped) == (0, len(texts))
    assert blob is not None
    assert trio.blob not in {sha for sha, _ in store.reader().blobs()}
    finish(trio)
    check_end(trio)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_entries_values_and_documents_may_come_in_any_order(random):
    """Piece by piece, past the folder: the third console is offered everything in every order, again and again."""
    folder = Path(tempfile.mkdtemp())
    trio = Trio(folder)
    try:
        values = trio.stores[1].reader().disclosures([trio.secret.id, trio.file.id])
        for number in (1, 0):
            trio.sync(number)
            trio.sign(number)
            trio.sync(number)
        trio.sync(1)
        trio.stores[1].write(lambda tx: authorise(tx, trio.machines[1], trio.sha))
        reader, store = trio.stores[1].reader(), trio.stores[2]
        new = [one for one in reader.entries() if store.reader().entry(one.id) is None]
        pieces = [("entry", one) for one in new] + [("values", pair) for pair in values.items()]
        pieces += [("document", reader.document(trio.sha)), ("blob", reader.blob(trio.blob)), ("forget", None)] * 2
        random.shuffle(pieces)
        for _ in range(len(new)):  # what came too early is offered again
            left = []
            for kind, piece in pieces:
                if not deliver(trio, store, kind, piece):
                    left.append((kind, piece))
            if not left:
                break
            pieces = left + [("values", pair) for pair in values.items()]
            random.shuffle(pieces)
        trio.forget(2)
        assert trio.is_done(2)
        assert traces(SECRET, trio.root(2)) == []
        assert verify_profile(store).ok
    finally:
        trio.close()
        shutil.rmtree(folder)


def deliver(trio, store, kind, piece):
    """Offer one piece as a meeting does; whether it need not be offered again."""
    if kind == "entry":
        return store.write(lambda tx: tx.ingest(piece.raw, piece.sig)) in (Answer.inserted, Answer.exists)
    if kind == "values":
        store.write(lambda tx: tx.add_disclosures(piece[0], piece[1]))
    elif kind == "document":
        store.write(lambda tx: tx.put_document(piece.raw, piece.strings))
    elif kind == "blob":
        if trio.blob in missing_files(store.reader()):
            store.write(lambda tx: tx.put_blob(piece))
    else:
        trio.forget(2)
    return True


def test_no_page_of_the_journal_keeps_a_copy_that_a_split_left_behind(trio):
    """Secure delete wipes a row where it lies; in some hundred rows one or another left its bytes elsewhere too."""
    store, feed = trio.stores[0], trio.people[0]
    said = [
        trio.stores[0].write(lambda tx, at=at: tx.append(
            feed, Draft("note", inc=INC, disclosures={"text": f"{SECRET}-{at:04d}-" + "x" * (at * 37 % 300)}),
            roster=trio.ref,
        ))
        for at in range(2400)
    ]  # fmt: skip
    doomed = said[::2]
    bodies = [
        text.encode() for texts in store.reader().disclosures([one.id for one in doomed]).values() for text in texts
    ]
    assert len(bodies) == len(doomed)
    store.write(lambda tx: tx.bury([(one.id, one.entry.sd) for one in doomed], "ab" * 32))
    assert store.scrub()
    raw = store.paths.journal.read_bytes()
    assert [body for body in bodies if body[:40] in raw or body[70:100] in raw] == []  # salt, or number
    assert len(store.reader().disclosures([one.id for one in said])) == 1200
