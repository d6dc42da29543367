"""What was decided is judged again with what the deciding console had: a lie about it shows, a late word does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from console.domain.actions import Closing, document_json
from console.exports.bundle import export_bundle
from console.exports.check import check_bundle
from console.exports.evidence import Wrong
from console.journal.values import Draft
from console.keys import canon
from tests.journal.world import INC, ORG, OTHER_INC
from tests.kit.plainserver import PlainEstate
from tests.kit.scene import Scene, plane_at


def play(folder, story):
    async def on_stage():
        async with PlainEstate() as estate:
            scene = Scene(folder, estate.url)
            try:
                return await story(scene)
            finally:
                await scene.aclose()

    return asyncio.run(on_stage())


def export(scene, out, number=0):
    member = scene.members[number]
    return export_bundle(scene.store, INC, out, member.writer, person=member.person, clock=scene.clock)


def authorise_by_hand(scene, sha, records, *, doc_kind="dispatch.authorised", inc=INC, op=None):
    heads = sorted([feed, seq, ident] for feed, (seq, ident) in scene.store.reader().heads().items())
    pub = {
        "doc": sha, "records": records, "roster": list(scene.ref), "policy": scene.policy,
        "now": scene.clock.wall_ms(), "clock": "trusted", "seen": heads, "verdict": "approved",
    }  # fmt: skip
    return scene.store.write(
        lambda tx: tx.append(scene.feed, Draft(doc_kind, inc=inc, subj=op, pub=pub), roster=scene.ref)
    )


def receive(scene, number, sha, doc_type, op, inc=INC):
    import base64

    raw, sig = scene.record(number, sha, doc_type, op)
    pub = {
        "doc": sha, "record": base64.b64encode(raw).decode(), "sig": base64.b64encode(sig).decode(),
    }  # fmt: skip
    draft = Draft("approval.received", inc=inc, subj=op, pub=pub)
    return scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref)).id


def verdict_of_its_own_verifier(out):
    return subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=out, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_dispatcher_that_says_approved_without_the_people_is_found(tmp_path):
    async def story(scene):
        sha, action = scene.block("k", approve=())
        one = receive(scene, 0, sha, "action.v1", action.op)
        authorise_by_hand(scene, sha, [one], op=action.op)
        done = export(scene, tmp_path / "b")
        assert "1 more person" in done.warnings[0]

    play(tmp_path / "p", story)
    with pytest.raises(Wrong, match="had not its people") as wrong:
        check_bundle(tmp_path / "b")
    assert wrong.value.file.startswith("entries/")
    done = verdict_of_its_own_verifier(tmp_path / "b")
    assert (done.returncode, "had not its people" in done.stdout) == (1, True)


def test_one_persons_approval_twice_is_one(tmp_path):
    async def story(scene):
        sha, action = scene.block("k", approve=())
        records = [receive(scene, 0, sha, "action.v1", action.op) for _ in range(2)]
        authorise_by_hand(scene, sha, records, op=action.op)
        export(scene, tmp_path / "b")

    play(tmp_path / "p", story)
    with pytest.raises(Wrong, match="had not its people"):
        check_bundle(tmp_path / "b")


def test_a_sending_without_authorisation_is_found(tmp_path):
    async def story(scene):
        sha, action = scene.block("k", approve=())
        pub = {
            "doc": sha, "target": 0, "attempt": 1, "requests": "ab" * 32, "step": "apply", "pre": "same",
            "verdict": "approved",
        }  # fmt: skip
        draft = Draft("dispatch.intent", inc=INC, subj=action.op, pub=pub)
        scene.store.write(lambda tx: tx.append(scene.feed, draft, roster=scene.ref))
        assert "never recorded as authorised" in export(scene, tmp_path / "b").warnings[0]

    play(tmp_path / "p", story)
    with pytest.raises(Wrong, match="never recorded as authorised"):
        check_bundle(tmp_path / "b")


def test_a_cancel_that_came_too_late_changes_nothing(tmp_path):
    async def story(scene):
        sha, action = scene.block("k")
        await scene.outbox(plane_at(scene.url)).run(deadline_ms=scene.clock.boot_ms() + 60_000)
        scene.say(1, Draft("correction.cancelled", inc=INC, subj=action.op, pub={"doc": sha}))
        assert export(scene, tmp_path / "b").warnings == ()

    play(tmp_path / "p", story)
    assert check_bundle(tmp_path / "b").decisions == 1


def test_undo_within_its_window_is_judged_again(tmp_path):
    from tests.kit.plainadapter import plan_of

    async def story(scene):
        sha, _ = scene.block("k")
        await scene.outbox(plane_at(scene.url)).run(deadline_ms=scene.clock.boot_ms() + 60_000)
        reverse = plan_of("k", now=True, wanted=False)
        undo, its = scene.propose(
            [scene.target(reverse)], direction="restore", undoes=sha, number=1, undo_within_s=None
        )
        scene.approve(undo, its, 1)
        settled = await scene.outbox(plane_at(scene.url)).run(deadline_ms=scene.clock.boot_ms() + 60_000)
        assert [row.state for row in settled.rows if row.doc == undo], settled
        assert export(scene, tmp_path / "b").warnings == ()

    play(tmp_path / "p", story)
    assert check_bundle(tmp_path / "b").decisions == 2
    assert verdict_of_its_own_verifier(tmp_path / "b").returncode == 0


def test_an_undo_on_one_signature_from_another_console_is_a_finding_and_no_broken_record(tmp_path, monkeypatch):
    """Older programs decided so. Whoever reads the bundle is told, and everything else in it is judged all the same."""
    from console.domain import needs
    from console.outbox.authorise import authorise
    from tests.kit.plainadapter import plan_of

    async def story(scene):
        sha, _ = scene.block("k", gravity="normal", approve=(1,))  # its proposer's own console sends it
        await scene.outbox(plane_at(scene.url)).run(deadline_ms=scene.clock.boot_ms() + 60_000)
        theirs = scene.machine_feed(scene.store, 1)
        back = scene.target(plan_of("k", now=True, wanted=False), dispatchers=(theirs.feed,))
        undo, its = scene.propose([back], direction="restore", undoes=sha, number=1, undo_within_s=None)
        scene.approve(undo, its, 1)
        with monkeypatch.context() as patch:
            patch.setattr(needs, "may_alone", lambda _action, _facts: True)
            decided = scene.store.write(lambda tx: authorise(tx, theirs, undo))
        assert decided.outcome == "authorised"
        assert export(scene, tmp_path / "b").warnings == ()
        return undo

    undo = play(tmp_path / "p", story)
    report = check_bundle(tmp_path / "b")
    assert report.decisions == 2
    told = [one for one in report.notes if f"The undo {undo[:16]} was decided on one signature" in one]
    assert len(told) == 1
    done = verdict_of_its_own_verifier(tmp_path / "b")
    assert (done.returncode, told[0] in done.stdout) == (0, True)


def close(scene):
    heads = tuple(sorted((feed, seq, ident) for feed, (seq, ident) in scene.store.reader().heads().items()))
    now = scene.clock.wall_ms()
    document = Closing(org=ORG, inc=INC, frontier=heads, roster=scene.ref, created=now, approve_by=now + 1_000_000)
    raw = canon.encode(document_json(document))
    sha = scene.store.write(lambda tx: tx.put_document(raw))
    scene.say(0, Draft("document.proposed", inc=INC, pub={"doc": sha, "doc_type": "closing.v1"}))
    records = [receive(scene, number, sha, "closing.v1", None) for number in (0, 1)]
    authorise_by_hand(scene, sha, records, doc_kind="closing.authorised")
    return sha


def test_a_closed_incident_says_so_and_what_came_after(tmp_path):
    async def story(scene):
        scene.say(0, Draft("note", inc=INC, disclosures={"text": "done"}))
        close(scene)
        scene.say(1, Draft("note", inc=INC, disclosures={"text": "one more thing"}))
        assert export(scene, tmp_path / "b").warnings == ()

    play(tmp_path / "p", story)
    report = check_bundle(tmp_path / "b")
    assert (report.closed, report.after_close, report.decisions) == (True, 1, 1)
    page = (tmp_path / "b" / "timeline.html").read_text(encoding="utf-8")
    assert "[after close]" in page
    assert "Closed by two" in page
    assert verdict_of_its_own_verifier(tmp_path / "b").returncode == 0


def test_values_of_another_incident_stay_home(tmp_path):
    async def story(scene):
        scene.say(0, Draft("note", inc=OTHER_INC, disclosures={"text": "somebody else's trouble"}))
        linked = scene.say(0, Draft("note", inc=OTHER_INC, disclosures={"text": "belongs here too"}))
        scene.say(0, Draft("incident.link", inc=INC, pub={"of": [linked.id]}))
        export(scene, tmp_path / "b")

    play(tmp_path / "p", story)
    check_bundle(tmp_path / "b")
    told = "".join(
        str(canon.open_disclosure(line))
        for path in (tmp_path / "b" / "disclosures").rglob("*.txt")
        for line in path.read_text().splitlines()
    )
    assert "belongs here too" in told
    assert "somebody else's trouble" not in told


def test_a_forked_feed_is_exported_with_both_sides_and_said(tmp_path):
    """Two entries at one place: both are in, the proof holds, the note says it."""
    import shutil

    from tests.journal.world import World

    world = World(members=2, folder=tmp_path)
    one = world.open("one")
    feed = world.person_feed(one)
    one.write(lambda tx: tx.append(feed, Draft("incident.declared", inc=INC, pub={"severity": 2}), roster=world.ref))
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    copy = world.open("copy", rosters=False)
    for store, text in ((one, "a"), (copy, "b")):
        store.write(
            lambda tx, text=text: tx.append(feed, Draft("note", inc=INC, disclosures={"text": text}), roster=world.ref)
        )
    (other,) = copy.reader().feed(feed.feed, 2, 2)
    one.write(lambda tx: tx.ingest(other.raw, other.sig))
    member = world.members[0]
    from tests.kit.clock import FakeClock

    export_bundle(one, INC, tmp_path / "b.zip", member.writer, person=member.person, clock=FakeClock())
    one.close()
    copy.close()
    report = check_bundle(tmp_path / "b.zip", world.genesis)
    assert any("forked" in note for note in report.notes)
