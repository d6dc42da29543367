"""The fast lane: what is open travels before any history, and nothing it carries counts for more than its signature."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import BadForm
from console.journal.store import JournalStore
from console.journal.values import Answer, Draft
from console.journal.verify import verify_profile
from console.keys import canon
from console.outbox.authorise import authorise
from console.runtime.paths import ProfilePaths
from console.sync import layout, parcel, urgent
from console.sync.folder import FolderPlace
from console.sync.session import sync_once, sync_open
from tests.journal.world import INC, Key
from tests.kit.plainadapter import plan_of
from tests.kit.scene import Scene

sys.path.insert(0, str(Path(__file__).parent))
from faraway import FarPlace

HISTORY = 20_000


class Desk:
    """A commander who proposes, and approvers with consoles of their own that share nothing but a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scene = Scene(folder / "commander")
        self.share = folder / "share"
        self.share.mkdir()
        self.opened: list[JournalStore] = []

    @property
    def commander(self):
        return self.scene.members[0].console

    def approver(self, name: str = "approver", number: int = 1, *, rosters: bool = True):
        scene = self.scene
        store = JournalStore.open(ProfilePaths(self.folder / name), scene.clock, scene.entropy, genesis=scene.genesis)
        self.opened.append(store)
        if rosters:
            scene.give_rosters(store)
        return store

    def propose(self, **changes):
        return self.scene.propose([self.scene.target(plan_of("u-1", now=False, wanted=True))], **changes)

    def publish(self, place=None):
        return sync_once(self.scene.store, place or FolderPlace(self.share), self.commander, lambda: self.scene.feed)

    def sign(self, store, sha, action, number=1):
        scene = self.scene
        feed = scene.person_feed(store, number)
        raw, sig = scene.record(number, sha, "action.v1", action.op)
        pub = {"doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
        draft = Draft("correction.approved", inc=INC, subj=action.op, pub=pub)
        return store.write(lambda tx: tx.append(feed, draft, roster=scene.ref))

    def close(self):
        for store in (self.scene.store, *self.opened):
            store.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


def test_an_approval_is_read_signed_and_sent_within_ten_seconds_before_a_long_history(desk):
    """Two seconds for each thing done at the place, one in twenty lost, and 20,000 entries that nobody read yet."""
    scene = desk.scene
    words = Draft("note", inc=INC, disclosures={"text": "said in the war room"})
    scene.store.write(lambda tx: [tx.append(scene.people[0], words, roster=scene.ref) for _ in range(HISTORY)])
    sha, action = desk.propose()
    scene.approve(sha, action, 0)
    desk.publish()
    assert len(list(desk.share.rglob("*.seg"))) > 50
    took = []
    for seed in range(8):
        store = desk.approver(f"approver {seed}")
        place = FarPlace(desk.share, seed)
        console = scene.members[1].console
        sync_open(store, place, console)
        row = store.reader().document(sha)
        assert row is not None
        assert len(row.disclosed_by_digest) == 7  # every value of it: what cannot be shown cannot be approved
        assert store.reader().document(scene.policy) is not None
        heads = store.reader().heads()
        assert not {one.feed for one in scene.people} & set(heads)  # nothing of its history is here
        desk.sign(store, sha, action)
        sync_open(store, place, console)
        ((path, sent),) = [one for one in place.created_at.items() if one[0].startswith("v1/now/")]
        took.append(sent)
        if seed < 7:
            (desk.share / path).unlink()
    assert max(took) <= 10_000
    assert min(took) == 6_000  # list, read, and create: nothing else was waited for
    place = FarPlace(desk.share, 1)
    sync_open(scene.store, place, desk.commander, lambda: scene.feed)
    assert place.ms <= 10_000
    decision = scene.store.write(lambda tx: authorise(tx, scene.feed, sha))
    assert decision.outcome == "authorised"
    assert decision.verdict is not None
    assert decision.verdict.counted == tuple(sorted(one.person for one in scene.members[:2]))


def test_a_running_meeting_sends_what_was_signed_meanwhile_before_the_history(desk):
    scene = desk.scene
    sha, action = desk.propose()
    desk.publish()
    store = desk.approver()
    order = []

    class Watching(FolderPlace):
        def objects(self):
            desk.sign(store, sha, action)
            return super().objects()

        def create(self, path, data):
            order.append(path)
            return super().create(path, data)

    sync_once(store, Watching(desk.share), scene.members[1].console)
    assert order[0].startswith("v1/now/")
    assert not [path for path in order[1:] if path.startswith("v1/now/")]


def test_a_loose_approval_counts_and_its_entry_joins_the_record_when_its_history_comes(desk):
    """The approver wrote more than the lane holds since the commander last heard; the record counts all the same."""
    scene = desk.scene
    sha, action = desk.propose()
    scene.approve(sha, action, 0)
    desk.publish()
    store, place, console = desk.approver(), FolderPlace(desk.share), scene.members[1].console
    sync_once(store, place, console)
    feed = scene.person_feed(store, 1)
    words = Draft("note", inc=INC, disclosures={"text": "x" * 3000})
    store.write(lambda tx: [tx.append(feed, words, roster=scene.ref) for _ in range(300)])
    signed = desk.sign(store, sha, action)
    sync_open(store, place, console)
    report = sync_open(scene.store, place, desk.commander, lambda: scene.feed)
    assert (report.early, report.faults) == (1, ())
    assert scene.store.reader().entry(signed.id) is None
    (received,) = scene.store.reader().entries(kinds=("approval.received",))
    assert received.entry.pub["carried_by"] == signed.id
    assert sync_open(scene.store, place, desk.commander, lambda: scene.feed).early == 0  # once
    assert scene.store.write(lambda tx: authorise(tx, scene.feed, sha)).outcome == "authorised"
    sync_once(store, place, console)
    assert desk.publish().faults == ()
    assert scene.store.reader().entry(signed.id).standing == "good"
    assert len(scene.store.reader().entries(kinds=("approval.received",))) == 2  # the commander's own, and this one
    for one in (scene.store, store):
        assert verify_profile(one).ok


def test_the_lane_is_empty_when_nothing_is_open(desk):
    sha, action = desk.propose(lives_ms=60_000)
    desk.publish()
    (lying,) = (desk.share / "v1" / "now").iterdir()
    assert lying.stat().st_size <= layout.LIMIT_BYTES["now"]
    assert urgent.pack(desk.scene.store.reader(), desk.scene.people[0].feed, action.execute_by) is not None
    assert urgent.pack(desk.scene.store.reader(), desk.scene.people[0].feed, action.execute_by + 1) is None
    desk.scene.say(0, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
    desk.publish()
    (newer,) = (desk.share / "v1" / "now").iterdir()
    assert newer.name != lying.name  # the cancel is urgent too, and the file before it is gone
    before = sorted(path.name for path in desk.share.rglob("*"))
    assert (desk.publish().sent, sorted(path.name for path in desk.share.rglob("*"))) == (0, before)


def test_a_document_too_large_for_the_lane_comes_with_the_history(desk):
    sha, _ = desk.scene.propose(
        [desk.scene.target(plan_of("u" * 20_000 + str(n), now=False, wanted=True)) for n in range(9)]
    )
    desk.publish()
    (lying,) = (desk.share / "v1" / "now").iterdir()
    assert lying.stat().st_size <= layout.LIMIT_BYTES["now"]
    store, console = desk.approver(), desk.scene.members[1].console
    sync_open(store, FolderPlace(desk.share), console)
    assert store.reader().document(sha) is None
    sync_once(store, FolderPlace(desk.share), console)
    assert store.reader().document(sha) is not None


def test_a_newcomer_gets_rosters_and_policy_with_what_is_open(desk):
    sha, _ = desk.propose()
    desk.publish()
    store = desk.approver(rosters=False)
    report = sync_open(store, FolderPlace(desk.share), desk.scene.members[1].console)
    assert report.rosters == 2
    assert report.faults == ()
    assert store.reader().document(sha) is not None


# -- a hostile file ----------------------------------------------------------------------------------------------------


def _lay(desk, data: bytes, feed: str | None = None, seq: int = 9_999) -> None:
    name = layout.now_name(feed or desk.scene.people[0].feed, seq, canon.sha256_hex(data))
    (desk.share / "v1" / "now").mkdir(parents=True, exist_ok=True)
    (desk.share / name).write_bytes(data)


def _all(store) -> tuple[object, ...]:
    reader = store.reader()
    return [one.id for one in reader.entries()], reader.documents(), reader.roster_files(), reader.forks()


def _lines(desk):
    """The parts of a true file, to make false ones of."""
    (lying,) = (desk.share / "v1" / "now").iterdir()
    return parcel.open_parcel(lying.read_bytes())


@pytest.mark.parametrize(
    "what", ["forged signature", "unsigned document", "unknown key", "wrong values", "junk", "half", "huge", "stranger"]
)
def test_a_hostile_file_gains_nothing(desk, what):
    scene = desk.scene
    sha, _ = desk.propose()
    desk.publish()
    found = _lines(desk)
    for path in (desk.share / "v1" / "now").iterdir():
        path.unlink()
    raw, sig = next(
        pair for pair in found.entries if canon.decode(pair[0], limit=1 << 16)["kind"] == "correction.proposed"
    )
    (document,) = [one for one in found.documents if canon.sha256_hex(one) == sha]
    other = canon.encode({**canon.decode(document, limit=1 << 20), "gravity": "normal"})
    entry = canon.decode(raw, limit=1 << 16)
    entry["pub"] = {"doc": canon.sha256_hex(other), "rev": 1}
    forged = canon.encode(entry)
    stolen = Key("mallory").sign(f"entry.v1@{entry['org']}", forged)
    lines = {
        "forged signature": parcel.entry_line((forged, sig)) + parcel.document_line(other),
        "unsigned document": parcel.document_line(other),
        "unknown key": parcel.entry_line((forged, stolen)) + parcel.document_line(other),
        "wrong values": parcel.entry_line((raw, sig))
        + parcel.document_line(document)
        + parcel.value_line((sha, (canon.make_disclosure(b"s" * 16, "name", "another name"),))),
        "junk": b'{"e":1}\n',
        "half": parcel.entry_line((raw, sig))[:-9],
        "huge": b"x" * (layout.LIMIT_BYTES["now"] + 1),
        "stranger": parcel.document_line(other),
    }
    _lay(desk, lines[what], "ab" * 32 if what == "stranger" else None)
    store = desk.approver()
    before = _all(store)
    place, console = FolderPlace(desk.share), scene.members[1].console
    report = sync_open(store, place, console, lambda: pytest.fail("nothing to write"))
    if what == "wrong values":
        assert store.reader().document(sha).strings == ()  # so it cannot be shown, and what is not shown is not signed
    else:
        assert _all(store) == before
    assert all("\n" not in fault for fault in report.faults)
    assert sync_once(store, place, console).waiting == 0
    assert len(store.reader().document(sha).strings) == 7


def test_an_approval_by_no_approver_is_not_taken_from_the_lane(desk):
    scene = desk.scene
    sha, action = desk.propose()
    desk.publish()
    store, console = desk.approver(), scene.members[1].console
    feed = scene.person_feed(store, 1)
    store.write(lambda tx: [tx.append(feed, Draft("note", inc=INC), roster=scene.ref) for _ in range(300)])
    raw, _ = scene.record(1, sha, "action.v1", action.op)
    sig = scene.members[1].writer.sign(f"approve.v1@{action.org}", raw)  # the person, but with the wrong key
    pub = {"doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode()}
    draft = Draft("correction.approved", inc=INC, subj=action.op, pub=pub)
    store.write(lambda tx: tx.append(feed, draft, roster=scene.ref))
    store.write(lambda tx: tx.put_document(scene.store.reader().document(sha).raw))
    sync_open(store, FolderPlace(desk.share), console)
    before = _all(scene.store)
    assert sync_open(scene.store, FolderPlace(desk.share), desk.commander, lambda: scene.feed).early == 0
    assert _all(scene.store) == before


def test_links_and_files_that_are_none_are_refused_and_block_nothing(desk):
    sha, _ = desk.propose()
    desk.publish()
    now = desk.share / "v1" / "now"
    (now / Path(layout.now_name("cd" * 32, 1, "ef" * 32)).name).symlink_to("/etc/hostname")
    (now / "desktop.ini").write_bytes(b"?")
    store = desk.approver()
    report = sync_open(store, FolderPlace(desk.share), desk.scene.members[1].console)
    assert any("link" in fault for fault in report.faults)
    assert store.reader().document(sha) is not None
    now.rename(desk.share / "elsewhere")
    now.symlink_to(desk.share / "elsewhere")
    again = desk.approver("another")
    assert any("link" in fault for fault in sync_open(again, FolderPlace(desk.share), "c-x").faults)
    assert again.reader().document(sha) is None


def test_a_proven_entry_is_not_kept_while_its_place_cannot_be_shown(desk):
    desk.propose()
    desk.publish()
    raw, sig = _lines(desk).entries[-1]
    store = desk.approver()
    assert store.write(lambda tx: tx.ingest(raw, sig)) is Answer.gap
    assert store.write(lambda tx: tx.prove(raw, sig)).kind == "correction.proposed"
    assert store.write(lambda tx: tx.prove(raw, sig[:-1] + bytes([sig[-1] ^ 1]))) is Answer.bad_signature
    assert store.write(lambda tx: tx.prove(raw[:-1], sig)) is Answer.malformed
    assert store.reader().entries() == []


def test_the_form_is_exact():
    good = parcel.document_line(b'{"type":"xy"}')
    assert parcel.open_parcel(good).documents == [b'{"type":"xy"}']
    for bad in (
        good[:-1],
        good + b"{}\n",
        good.replace(b"=", b""),
        b'{"d":["\\u00e9"],"id":"%s"}\n' % (b"a" * 64),
        b"\n",
    ):
        with pytest.raises(BadForm):
            parcel.open_parcel(bad)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
    how=st.sampled_from(["flip", "flip", "flip", "flip", "cut", "twice", "drop"]),
)
def test_no_change_to_a_file_gets_anything_in_that_was_not_signed(changed, at, bit, how):
    """The name is made to fit the changed bytes, so that only what is inside can refuse them."""
    desk, true = changed
    store = desk.approver(f"approver {len(desk.opened)}")
    place = int(at * len(true))
    lines = true.splitlines(keepends=True)
    data = {
        "flip": true[:place] + bytes([true[place] ^ (1 << bit)]) + true[place + 1 :],
        "cut": true[:place],
        "twice": true + b"".join(lines[: int(at * len(lines))]),
        "drop": b"".join(line for number, line in enumerate(lines) if number != int(at * len(lines))),
    }[how]
    _lay(desk, data)
    report = sync_open(store, FolderPlace(desk.share), desk.scene.members[1].console)
    for path in (desk.share / "v1" / "now").iterdir():
        path.unlink()
    here, there = store.reader(), desk.scene.store.reader()
    assert {one.id for one in here.entries()} <= {one.id for one in there.entries()}
    assert {sha for sha, _, _ in here.documents()} <= {sha for sha, _, _ in there.documents()}
    assert {one[1] for one in here.roster_files()} <= {one[1] for one in there.roster_files()}
    for sha, _, _ in here.documents():
        assert set(here.document(sha).strings) <= set(there.document(sha).strings)
    assert here.forks() == {}
    assert all("\n" not in fault for fault in report.faults)


@pytest.fixture
def changed(desk):
    """A true file, taken away from the place."""
    desk.propose()
    desk.publish()
    (lying,) = (desk.share / "v1" / "now").iterdir()
    true = lying.read_bytes()
    lying.unlink()
    return desk, true


def test_what_was_redacted_leaves_the_lane_at_the_next_meeting(desk):
    scene = desk.scene
    desk.propose()
    said = scene.say(0, Draft("note", inc=INC, disclosures={"text": "a name that must go"}))
    desk.publish()
    (value,) = scene.store.reader().disclosures([said.id])[said.id]
    (lying,) = (desk.share / "v1" / "now").iterdir()
    assert value.encode() in lying.read_bytes()
    scene.store.write(lambda tx: tx.bury([(said.id, said.entry.sd)], "ab" * 32))
    desk.publish()
    (newer,) = (desk.share / "v1" / "now").iterdir()
    assert value.encode() not in newer.read_bytes()


def test_a_flood_of_false_files_keeps_no_true_one_away(desk):
    sha, _ = desk.propose()
    desk.publish()
    for number in range(300):
        _lay(desk, b"%d\n" % number, feed=f"{number:064x}")
    for number in range(3):
        _lay(desk, b"junk %d\n" % number, seq=10**15 + number)
    store = desk.approver()
    report = sync_open(store, FolderPlace(desk.share), desk.scene.members[1].console)
    assert store.reader().document(sha) is None  # of a feed not known yet, it is one of many
    sync_once(store, FolderPlace(desk.share), desk.scene.members[1].console)
    sha, _ = desk.propose()
    sync_open(desk.scene.store, FolderPlace(desk.share), desk.commander)
    report = sync_open(store, FolderPlace(desk.share), desk.scene.members[1].console)
    assert store.reader().document(sha) is not None
    assert len(report.faults) == 127
