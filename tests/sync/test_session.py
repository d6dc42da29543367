from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.forms import Enrolment
from console.journal.values import Answer, Draft
from console.keys import canon
from console.keys.sshsig import enrol_ns
from console.sync import layout, people
from console.sync.faults import PlaceGone
from console.sync.folder import FolderPlace
from console.sync.people import enrolments_in, put_enrolment, put_roster, rosters_in
from console.sync.session import sync_once
from tests.journal.world import INC, ORG, Key, World


class Two:
    """Two consoles of one organisation that share nothing but a folder."""

    def __init__(self, folder: Path) -> None:
        self.world = World(members=2, folder=folder)
        self.stores = [self.world.open("one"), self.world.open("two", rosters=False)]
        (folder / "share").mkdir()
        self.place = FolderPlace(folder / "share")
        self.feeds = [self.world.person_feed(self.stores[0], 0)]

    def say(self, text, number=0, **pub):
        draft = Draft("note", inc=INC, pub=pub, disclosures={"text": text})
        return self.stores[number].write(lambda tx: tx.append(self.feeds[number], draft, roster=self.world.ref))

    def sync(self, number):
        return sync_once(self.stores[number], self.place, self.world.members[number].console)

    def join(self):
        self.sync(0)
        report = self.sync(1)
        self.feeds.append(self.world.person_feed(self.stores[1], 1))
        return report

    def texts(self, number):
        return [one.disclosed.get("text") for one in self.stores[number].reader().entries(kinds=["note"])]

    def ids(self, number):
        return {one.id for one in self.stores[number].reader().entries()}

    def close(self):
        for store in self.stores:
            store.close()


@pytest.fixture
def two(tmp_path):
    made = Two(tmp_path)
    yield made
    made.close()


def test_rosters_entries_and_values_travel(two):
    two.say("hello")
    report = two.join()
    assert report.rosters == 2
    assert report.faults == ()
    assert two.texts(1) == ["hello"]
    two.say("answer", 1)
    two.sync(1)
    two.sync(0)
    assert sorted(two.texts(0)) == ["answer", "hello"]
    assert two.ids(0) == two.ids(1)
    for number in (0, 1):
        before = sorted(p.name for p in two.place.folder.rglob("*"))
        again = two.sync(number)
        assert (again.sent, again.received, again.documents, again.faults) == (0, 0, 0, ())
        assert sorted(p.name for p in two.place.folder.rglob("*")) == before


def test_only_what_is_new_is_sent(two):
    two.say("one")
    two.join()
    first = set(two.place.folder.rglob("*.seg"))
    two.say("two")
    two.sync(0)
    fresh = set(two.place.folder.rglob("*.seg")) - first
    assert len(fresh) == 1
    assert first <= set(two.place.folder.rglob("*.seg"))


def test_documents_with_their_values_and_blobs_travel(two):
    policy = canon.make_disclosure(b"s" * 16, "reason", "because")
    raw = canon.encode({"type": "closing.v1", "reason_sd": canon.digest(policy)})
    sha = two.stores[0].write(lambda tx: tx.put_document(raw, [policy]))
    two.stores[0].write(
        lambda tx: tx.append(
            two.feeds[0], Draft("document.proposed", pub={"doc": sha, "doc_type": "closing.v1"}), roster=two.world.ref
        )
    )
    blobs = {}
    for kind in ("open", "need-to-know", "held"):
        blobs[kind] = two.stores[0].write(lambda tx, kind=kind: tx.put_blob(kind.encode()))
        draft = Draft("evidence", inc=INC, pub={"class": kind}, disclosures={"blob": {"sha256": blobs[kind]}})
        two.stores[0].write(lambda tx, draft=draft: tx.append(two.feeds[0], draft, roster=two.world.ref))
    report = two.join()
    reader = two.stores[1].reader()
    row = reader.document(sha)
    assert row.raw == raw
    assert row.strings == (policy,)
    assert reader.blob(blobs["open"]) == b"open"
    assert reader.blob(blobs["need-to-know"]) is None
    assert reader.blob(blobs["held"]) is None
    assert report.documents == 2


def test_what_nobody_named_is_not_taken(two):
    two.join()
    data = b'{"type":"closing.v1"}'
    two.place.create(layout.object_name("ab" * 32, hashlib.sha256(data).hexdigest()), data)
    assert two.sync(1).documents == 0


def test_a_half_written_segment_is_said_skipped_and_taken_when_whole(two):
    two.say("one")
    two.sync(0)
    (segment,) = two.place.folder.rglob("*.seg")
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) // 2])
    report = two.sync(1)
    assert any("half-written" in fault for fault in report.faults)
    assert two.texts(1) == []
    two.sync(0)
    assert segment.read_bytes() == whole  # its owner saw that half of it was missing
    assert two.sync(1).faults == ()
    assert two.texts(1) == ["one"]


def test_a_gap_waits_and_loses_nothing(two):
    two.sync(0)
    (first,) = two.place.folder.rglob("*.seg")
    two.say("later")
    two.sync(0)
    hidden = first.read_bytes()
    first.unlink()
    report = two.sync(1)
    assert report.waiting == 1
    assert report.answers[Answer.gap] == 1
    first.write_bytes(hidden)
    assert two.sync(1).waiting == 0
    assert two.texts(1) == ["later"]


def test_a_fork_is_kept_and_said(two, tmp_path):
    two.say("mine")
    two.join()
    shutil.copytree(tmp_path / "one", tmp_path / "copy")  # a restored copy of the profile goes on by itself
    copy = two.world.open("copy", rosters=False)
    feed = two.world.person_feed(copy, 0)
    for store, text in ((copy, "copy"), (two.stores[0], "original")):
        draft = Draft("note", inc=INC, disclosures={"text": text})
        target = feed if store is copy else two.feeds[0]
        store.write(lambda tx, target=target, draft=draft: tx.append(target, draft, roster=two.world.ref))
    other = FolderPlace(tmp_path / "other")
    other.folder.mkdir()
    sync_once(copy, other, two.world.members[0].console)
    copy.close()
    two.sync(0)
    two.sync(1)
    report = sync_once(two.stores[1], other, two.world.members[1].console)
    assert report.answers[Answer.forked] == 1
    assert any("forked" in fault for fault in report.faults)
    assert two.stores[1].reader().forks()


def test_redacted_values_are_taken_back_and_never_taken_in(two):
    stored = two.say("secret")
    two.say("harmless")
    two.join()
    (digest,) = stored.entry.sd
    two.stores[0].write(lambda tx: tx.bury([(stored.id, [digest])], "ab" * 32))
    two.sync(0)
    assert not any(b"c2VjcmV0" in p.read_bytes() for p in two.place.folder.rglob("*.dis"))
    texts = [canon.open_disclosure(t) for p in two.place.folder.rglob("*.dis") for t in _texts(p)]
    assert all(value != "secret" for _, _, value in texts)
    assert two.texts(1).count("secret") == 1  # a peer that had it keeps it until its own redaction
    two.sync(1)
    two.sync(0)
    assert "secret" not in two.texts(0)


def _texts(path):
    from console.journal.segments import decode_disclosures

    return [text for _, texts in decode_disclosures(path.read_bytes()) for text in texts]


def test_a_vanished_place_loses_nothing(two):
    two.say("kept")
    shutil.rmtree(two.place.folder)
    with pytest.raises(PlaceGone):
        two.sync(0)
    two.place.folder.mkdir()
    two.join()
    assert two.texts(1) == ["kept"]


def test_a_roster_with_a_forged_signature_is_said_and_the_rest_goes_on(two):
    two.say("one")
    two.sync(0)
    raw, sigs = two.world.make_roster(created=9)
    (key,) = [name for name in sigs if name == two.world.members[1].approver.public.fingerprint]
    put_roster(two.place, 2, raw, {**sigs, key: Key("mallory").sign("roster.v1@x", raw)})
    report = two.sync(1)
    assert two.texts(1) == ["one"]
    assert any("Roster 2" in fault for fault in report.faults)
    assert any("another key" in fault for fault in report.faults)
    assert len(two.stores[1].rosters()) == 2


def test_requests_to_join_lie_there_with_their_signatures(two):
    key, other = Key("newcomer"), Key("somebody")
    member = two.world.members[0]
    request = Enrolment(
        org=ORG, genesis=two.world.genesis, created=1, nonce="0" * 32,
        person=replace(member.as_person(), keys=(replace(member.as_person().keys[0], key=key.public.line),)),
        console=member.as_console(),
    )  # fmt: skip
    raw = canon.encode(request.as_json())
    sigs = {one.public.fingerprint: one.sign(enrol_ns(ORG), raw) for one in (key, member.device, other)}
    sha = put_enrolment(two.place, raw, sigs)
    assert put_enrolment(two.place, raw, {}) == sha
    put_enrolment(two.place, b"no request", {})
    put_enrolment(two.place, raw[:-1], {})
    (found,), more = enrolments_in(two.place)
    assert more == 0
    named = {key.public.fingerprint, member.device.public.fingerprint}
    assert (found.sha256, found.raw, set(found.signatures)) == (sha, raw, named), "only of keys that it names"
    two.sync(0)
    assert [one.n for one in rosters_in(two.place)[0]] == [0, 1]


def test_very_many_rosters_are_read_in_parts_and_the_true_one_in_the_end(two, monkeypatch):
    """Whoever lays them there cannot tell which are read; what is read at once fits into memory."""
    monkeypatch.setattr(people, "MOST_ROSTERS", 20)
    monkeypatch.setattr(people, "MOST_ROSTER_BYTES", 60_000)
    two.join()
    raw, sigs = two.world.next_roster()
    put_roster(two.place, 2, raw, sigs)
    for number in range(60):
        put_roster(two.place, number % 4, b"%d" % number * 500, {})
    read = []
    real = FolderPlace.read
    monkeypatch.setattr(FolderPlace, "read", lambda place, name: (read.append(name.path), real(place, name))[1])
    for _ in range(300):
        del read[:]
        report = two.sync(1)
        mine = [path for path in read if path.startswith("v1/roster/") and path.endswith(".json")]
        assert len(mine) <= 20
        assert any("more rosters lie there than are read at once" in fault for fault in report.faults)
        if len(two.stores[1].rosters()) == 3:
            break
    assert len(two.stores[1].rosters()) == 3
    (found,), _ = rosters_in(two.place, lambda name: name.sha == canon.sha256_hex(raw))
    assert (found.n, set(found.signatures)) == (2, set(sigs))


HARM = st.lists(
    st.tuples(
        st.sampled_from(["drop", "truncate", "flip", "swap", "replay", "link", "append", "rename"]),
        st.integers(0, 2**32),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(harm=HARM)
def test_no_transport_can_add_change_or_lose(tmp_path_factory, harm):
    """Whatever a share does to its files: nothing unsigned gets in, and once it is sound again everything is there."""
    folder = tmp_path_factory.mktemp("fuzz")
    two = Two(folder)
    try:
        for number in range(4):
            two.say(f"note {number}")
            two.sync(0)
        sound = folder / "sound"
        shutil.copytree(two.place.folder, sound)
        for what, seed in harm:
            _harm(two.place.folder, what, random.Random(seed))
        report = two.sync(1)
        assert two.ids(1) <= two.ids(0)
        assert set(two.texts(1)) <= {*two.texts(0), None}
        assert all("\n" not in fault for fault in report.faults)
        shutil.rmtree(two.place.folder)
        shutil.copytree(sound, two.place.folder)
        assert two.sync(1).faults == ()
        assert two.ids(1) == two.ids(0)
        assert two.texts(1) == two.texts(0)
    finally:
        two.close()
        shutil.rmtree(folder)


def _harm(folder: Path, what: str, dice: random.Random) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    if len(files) < 2:
        return
    one, other = dice.sample(files, 2)
    data = one.read_bytes()
    if what == "drop":
        one.unlink()
    elif what == "truncate":
        one.write_bytes(data[: dice.randrange(len(data) + 1)])
    elif what == "flip" and data:
        at = dice.randrange(len(data))
        one.write_bytes(data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :])
    elif what == "swap":
        one.write_bytes(other.read_bytes())
        other.write_bytes(data)
    elif what == "replay":
        name = one.name.replace(one.name[-10], "0", 1)
        (one.parent / name).write_bytes(data)
    elif what == "link":
        one.unlink()
        one.symlink_to(other)
    elif what == "append":
        one.write_bytes(data + data)
    elif what == "rename" and one.suffix == ".seg":
        sha = hashlib.sha256(other.read_bytes()).hexdigest()
        (one.parent / f"0-3-{sha}.seg").write_bytes(other.read_bytes())
