"""Forgetting: what can be chosen, who has to sign, what is carried out where, and that nothing of it is left."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.actions import RedactionItem, document_json
from console.domain.errors import Problem, WrongUse
from console.exports import names
from console.exports.check import check_bundle
from console.journal.projections import Projections
from console.journal.reader import Reader
from console.journal.values import Draft
from console.journal.verify import verify_profile
from console.keys import canon
from console.runtime.drafts import Drafts, RepeatsRedacted
from console.runtime.paths import ProfilePaths
from console.services import approvals, corrections, dispatch, exporting, incidents, redaction, timeline
from console.services.record import start_record
from console.services.redacted_values import TakesMore
from console.services.session import Session
from tests.kit.pair import Asks, founded, pair, passphrase, sync
from tests.kit.traces import traces

__all__ = ["founded", "pair"]
SECRET = "Quetzalcoatl-access-7731-Xylophone"


def sign(session, who, sha, decision="approve"):
    held = corrections.find_document(session, sha)
    approvals.decide(session, held, decision, lambda: passphrase(who, "your approver key"), shown=sha)


def everything(session, ident):
    return {one.holder: [value.digest for value in one.values] for one in redaction.choose(session, ident)}


def indexed(*sessions):
    for session in sessions:
        with Projections(session.store) as projections:
            projections.update()


@pytest.fixture
def told(pair, tmp_path):
    """A note with a secret and a file that holds it, read and indexed on both consoles."""
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    note = incidents.write(two, "note", f"the key is {SECRET}, change it", inc=inc)
    file = tmp_path / "paste.txt"
    file.write_text(f"key={SECRET}\n", encoding="utf-8")
    stored, sha = incidents.attach(two, file, inc=inc, text="what was pasted", how="saved")
    sync(two, one)
    indexed(one, two)
    assert one.reader.blob(sha) is not None
    return one, two, inc, note, stored


def folders(*sessions):
    return [*(one.paths.root for one in sessions), Path(sessions[0].settings.places[0])]


def test_it_is_proposed_signed_by_two_and_then_nowhere_any_more(told):
    one, two, inc, note, stored = told
    assert len(traces(SECRET, *folders(one, two))) > 5
    chosen = everything(one, note.id) | everything(one, stored.id)
    made = redaction.propose(one, chosen, "an access key was pasted")
    sign(one, "commander", made.sha)
    assert redaction.carry_out(one) == ()
    assert redaction.standing(one, made.sha).state == "proposed"
    sync(one, two)
    sign(two, "approver", made.sha)
    sync(two, one)
    assert [(one.doc, one.outcome) for one in redaction.carry_out(one)] == [(made.sha, "done")]
    assert redaction.carry_out(one) == ()  # said once
    dispatch.sync_all(one)
    standing = redaction.standing(one, made.sha)
    assert (standing.state, [name for name, _ in standing.done]) == ("done here", ["Commander's console"])
    assert standing.open == ("Approver's console",)
    dispatch.sync_all(two)
    assert [one.outcome for one in redaction.carry_out(two)] == ["done"]
    sync(two, one)
    assert redaction.standing(two, made.sha).open == ()
    assert traces(SECRET, *folders(one, two)) == []
    for session in (one, two):
        assert verify_profile(session.store).ok
        again = session.reader.entry(note.id)
        assert (again.disclosed, again.raw, again.sig) == ({}, note.raw, note.sig)
        assert session.reader.entry(stored.id).disclosed == {}
    assert inc == note.entry.inc


def test_drafts_that_repeat_it_go_and_are_not_kept_again(told):
    """Of every kind: what the composer keeps is a text, what a dialog or a proposal keeps is a table of its fields."""
    one, two, _inc, note, stored = told
    drafts = Drafts(one.paths.root)
    split = SECRET.replace("-access", " - access").upper()
    repeating = {
        "timeline:i-x": f"colleague says the key {SECRET} is theirs",
        "dialog:declare": json.dumps({"title": "t", "text": f"line one\nline {SECRET.lower()}\nline"}),
        "correction:i-x": json.dumps({"rows": [{"reason": ["key=" + SECRET]}]}),
    }
    staying = {"dialog:task": json.dumps({"text": "change every key of ours"}), "timeline:i-y": f"none: {split[:9]}"}
    for name, text in {**repeating, **staying}.items():
        drafts.keep(name, text)
    (one.paths.root / "drafts.new").write_text(SECRET)  # as a kill leaves it
    made = redaction.propose(one, everything(one, note.id) | everything(one, stored.id), "an access key was pasted")
    sign(one, "commander", made.sha)
    sync(one, two)
    sign(two, "approver", made.sha)
    sync(two, one)
    assert drafts.load() == {**repeating, **staying}  # nothing is decided yet
    (told_,) = redaction.carry_out(one)
    assert told_.outcome == "done"
    assert "3 drafts" in told_.why
    assert drafts.load() == staying
    assert traces(SECRET, one.paths.root) == []
    with pytest.raises(RepeatsRedacted):  # a composer that is still open keeps what stands in it
        drafts.keep("timeline:i-y", repeating["timeline:i-x"])
    assert "timeline:i-y" not in drafts.load()
    drafts.keep("timeline:i-y", "without it")
    assert traces(SECRET, one.paths.root) == []


def test_every_other_value_stays(told):
    one, two, _, note, stored = told
    other = incidents.write(one, "note", "words that stay", inc=note.entry.inc)
    chosen = {note.id: [v.digest for v in redaction.choose(one, note.id)[0].values if v.name == "text"]}
    made = redaction.propose(one, chosen, "an access key was pasted")
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    redaction.carry_out(one)
    assert one.reader.entry(note.id).disclosed.keys() == note.disclosed.keys() - {"text"}
    assert one.reader.entry(other.id).disclosed["text"] == "words that stay"
    assert one.reader.entry(stored.id).disclosed == stored.disclosed
    assert one.reader.blob(str(stored.disclosed["blob"]["sha256"])) is not None
    detail = timeline.detail(one, note.id)
    assert (detail.redacted, detail.absent) == (1, 1)
    assert timeline.detail(one, stored.id).redacted == 0


def test_an_attachment_takes_every_value_that_names_the_same_file_with_it(told, tmp_path):
    one, two, inc, _, stored = told
    again, sha = incidents.attach(one, tmp_path / "paste.txt", inc=inc, text="the same once more", how="saved")
    blob = [v.digest for v in redaction.choose(one, stored.id)[0].values if sha in v.files]
    made = redaction.propose(one, {stored.id: blob}, "holds a key")
    assert made.values == 2
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    redaction.carry_out(one)
    assert "blob" not in one.reader.entry(again.id).disclosed
    assert not one.paths.blob(sha).exists()
    assert one.reader.entry(again.id).disclosed["text"] == "the same once more"


def test_what_amends_it_and_what_repeats_it_is_found(told):
    one, two, inc, note, stored = told
    amended = timeline.amend(two, note.id, f"the key {SECRET} was in it")
    copied = incidents.write(one, "note", f"copied: {SECRET.upper()}", inc=inc)
    sync(two, one)
    assert [source.holder for source in redaction.choose(one, note.id)] == [note.id, amended.id]
    found = {source.holder: [value.name for value in values] for source, values in redaction.find(one, SECRET)}
    assert found == {note.id: ["text"], amended.id: ["text"], copied.id: ["text"]}
    sha = str(stored.disclosed["blob"]["sha256"])
    assert [source.holder for source, _ in redaction.find(one, sha)] == [stored.id]
    with pytest.raises(WrongUse, match="nearly everything"):
        redaction.find(one, "a ")


def test_a_proposal_without_reason_or_values_or_with_the_secret_in_it_is_refused(told):
    one, _, _, note, _ = told
    chosen = everything(one, note.id)
    for reason, why in ((" ", "reason"), (f"because the key is {SECRET}, change it, is bad", "repeats")):
        with pytest.raises(WrongUse, match=why):
            redaction.propose(one, chosen, reason)
    for bad in ({}, {note.id: []}, {note.id: ["A" * 43]}, {"ab" * 32: ["A" * 43]}):
        with pytest.raises(WrongUse):
            redaction.propose(one, bad, "why")
    with pytest.raises(Problem):
        redaction.standing(one, next(sha for sha, kind, _ in one.reader.documents() if kind != "redaction.v1"))


def test_a_signer_reads_each_value_and_what_it_cannot_do(told):
    one, two, _, note, _ = told
    made = redaction.propose(one, everything(one, note.id), "an access key was pasted")
    sync(one, two)
    text = "\n".join(approvals.text(two, corrections.find_document(two, made.sha)))
    assert SECRET in text
    assert "note by Approver" in text
    assert all(sentence in text for sentence in redaction.LEAVES)
    for value in redaction.choose(one, note.id)[0].values:
        assert value.digest in text


def test_a_file_that_somebody_else_relies_on_does_not_go_unsaid(told):
    """A program of one's own names a colleague's evidence in a harmless value, and asks to have that one forgotten."""
    one, two, inc, _, stored = told
    sha = stored.disclosed["blob"]["sha256"]
    bait = two.append(Draft("evidence", inc, None, {"class": "open"}, {"blob": {"name": "badge.png", "sha256": sha}}))
    sync(two, one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "_with_same_files", lambda _session, chosen: dict(chosen))
        made = redaction.propose(two, {bait.id: bait.entry.sd}, "a picture of my badge")
    sync(two, one)
    with pytest.raises(TakesMore, match="would also delete a file that evidence by Approver"):
        sign(one, "commander", made.sha)
    whole = redaction.propose(two, {bait.id: bait.entry.sd}, "a picture of my badge")
    assert whole.values > made.values
    sync(two, one)
    sign(one, "commander", whole.sha)
    assert one.reader.blob(sha) is not None


def test_what_is_not_here_or_is_nobodys_value_cannot_be_signed(told):
    one, two, inc, note, _ = told
    made = redaction.propose(one, everything(one, note.id), "an access key was pasted")
    document = corrections.find_document(one, made.sha).document
    late = incidents.write(two, "note", "not synced yet", inc=inc)
    stray = canon.digest(canon.make_disclosure(b"s" * 16, "text", "of nobody"))
    buried = canon.digest(canon.make_disclosure(b"b" * 16, "text", "of somebody else, and gone"))
    one.store.write(lambda tx: tx.bury([("ab" * 32, [buried])], "cd" * 32))
    for item in (
        RedactionItem(entry=note.id, doc=None, digests=(buried,)),
        RedactionItem(entry=note.id, doc=None, digests=(stray,)),
        RedactionItem(entry=late.id, doc=None, digests=tuple(late.entry.sd)),
        RedactionItem(entry=None, doc="ab" * 32, digests=(stray,)),
    ):
        reason = canon.make_disclosure(b"r" * 16, "reason", "why")
        raw = canon.encode(document_json(replace(document, items=(item,), reason_sd=canon.digest(reason))))
        sha = one.store.write(lambda tx, raw=raw, reason=reason: tx.put_document(raw, [reason]))
        one.append(Draft("document.proposed", inc, None, {"doc": sha, "doc_type": "redaction.v1"}))
        with pytest.raises(Problem, match="not here yet"):
            sign(one, "commander", sha)


def test_one_signature_a_refusal_or_a_lapse_deletes_nothing(told):
    one, two, _, note, _ = told
    refused = redaction.propose(one, everything(one, note.id), "first try")
    sync(one, two)
    sign(one, "commander", refused.sha)
    sign(two, "approver", refused.sha, "refuse")
    sync(two, one)
    assert redaction.carry_out(one) == ()
    assert redaction.standing(one, refused.sha).state == "refused"
    short = redaction.propose(one, everything(one, note.id), "second try", within_ms=-1)
    assert redaction.carry_out(one) == ()
    assert redaction.standing(one, short.sha).state == "lapsed"
    assert SECRET in str(one.reader.entry(note.id).disclosed["text"])
    assert [standing.sha for standing in redaction.standings(one)] == [short.sha, refused.sha]


def test_an_authorisation_without_its_people_deletes_nothing(told):
    """A machine key alone (a stolen laptop) writes what it likes into its own feed: nobody believes it."""
    one, two, inc, note, _ = told
    made = redaction.propose(one, everything(one, note.id), "an access key was pasted")
    sync(one, two)
    sign(two, "approver", made.sha)
    feed = two.device()

    def forge(tx):
        heads = [[name, seq, ident] for name, (seq, ident) in sorted(two.reader.heads().items())]
        pub = {
            "doc": made.sha, "records": [], "roster": list(two.ref), "policy": two.roster.roster.policy,
            "now": tx.now_ms, "clock": "trusted", "seen": heads, "verdict": "approved",
        }  # fmt: skip
        return tx.append(feed, Draft("redaction.authorised", inc=inc, pub=pub), roster=two.ref)

    two.store.write(forge)
    sync(two, one)
    for session in (one, two):
        (told_,) = redaction.carry_out(session)
        assert told_.outcome == "refused"
        assert "1 more person" in told_.why or "2 more persons" in told_.why
        assert SECRET in str(session.reader.entry(note.id).disclosed["text"])
        assert session.reader.tombstones() == frozenset()
        assert redaction.standing(session, made.sha).state == "proposed"
    sign(one, "commander", made.sha)  # and a true one beside the false one holds
    for session in (one, two):
        sync(one, two)
        assert [forgotten.outcome for forgotten in redaction.carry_out(session)] == ["done"]


def test_nothing_is_forgotten_in_one_persons_record(tmp_path):
    paths = ProfilePaths(tmp_path / "alone")
    start_record(paths, Asks("commander"), name="Commander", world="drill")
    with Session.open(paths, Asks("commander")) as session:
        note = incidents.write(session, "note", "x", inc=None)
        with pytest.raises(WrongUse, match="two signatures"):
            redaction.propose(session, everything(session, note.id), "why")
        assert redaction.carry_out(session) == ()
        assert redaction.standings(session) == ()


def test_the_engine_decides_and_carries_out_by_itself(told):
    one, two, _, note, stored = told
    chosen = everything(one, note.id) | everything(one, stored.id)
    made = redaction.propose(one, chosen, "an access key was pasted")
    sign(one, "commander", made.sha)
    sync(one, two)
    sign(two, "approver", made.sha)
    sync(two, one)
    for session in (one, two, one):
        told_ = dispatch.run_outbox(session)
        assert told_.people == ()
        assert told_.odd == ()
    for session in (one, two):
        assert redaction.standing(session, made.sha).state == "done here"
        assert redaction.standing(session, made.sha).open == ()
    assert traces(SECRET, *folders(one, two)) == []


def test_a_crash_between_the_steps_is_made_up_for(told, monkeypatch):
    one, two, _, note, stored = told
    chosen = everything(one, note.id) | everything(one, stored.id)
    made = redaction.propose(one, chosen, "an access key was pasted")
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    with monkeypatch.context() as patch:
        patch.setattr(one.store, "scrub", lambda _blobs: False)  # as if it ended, or another program read the log
        (unfinished,) = redaction.carry_out(one)
    assert unfinished.outcome == "under way"
    assert redaction.standing(one, made.sha).state == "authorised"
    assert traces(SECRET, one.paths.blobs) != []
    assert [one.outcome for one in redaction.carry_out(one)] == ["done"]
    assert traces(SECRET, one.paths.root) == []


def test_a_reader_of_another_program_is_waited_for_and_told_of(told):
    one, two, _, note, _ = told
    made = redaction.propose(one, everything(one, note.id), "an access key was pasted")
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    other = Reader(ProfilePaths(one.paths.root))
    with other.snapshot() as connection:
        connection.execute("SELECT count(*) FROM entry").fetchone()
        (unfinished,) = redaction.carry_out(one)
        assert (unfinished.outcome, "Another program" in unfinished.why) == ("under way", True)
    other.close()
    assert [one.outcome for one in redaction.carry_out(one)] == ["done"]


def test_a_bundle_lists_what_was_redacted_and_verifies(told, tmp_path):
    one, two, inc, note, stored = told
    chosen = everything(one, note.id) | everything(one, stored.id)
    made = redaction.propose(one, chosen, "an access key was pasted")
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    redaction.carry_out(one)
    folder = tmp_path / "bundle"
    exporting.export(one, inc, folder)
    rows = (folder / names.REDACTIONS).read_text(encoding="utf-8").splitlines()
    for digest in (one for digests in chosen.values() for one in digests):
        assert any(digest in row and row.endswith(f"redacted,{made.sha}") for row in rows)
    assert traces(SECRET, folder) == []
    assert check_bundle(folder).decisions >= 1
    done = subprocess.run(
        [sys.executable, "-I", "verify.py"], cwd=folder, check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout


def test_what_belongs_to_no_incident_and_a_documents_own_values_can_go_too(told):
    """The organisation's own record, and the reason of a proposal (which then can be signed no more)."""
    one, two, _, _, _ = told
    note = incidents.write(two, "note", f"{SECRET} for the whole organisation", inc=None)
    first = redaction.propose(two, everything(two, note.id), "why that is asked for")
    sync(two, one)
    document = redaction.choose(one, first.sha)[0]
    assert (document.is_document, [value.name for value in document.values]) == (True, ["reason"])
    made = redaction.propose(
        one, {first.sha: [document.values[0].digest], note.id: everything(one, note.id)[note.id]}, "both have to go"
    )
    sync(one, two)
    sign(one, "commander", made.sha)
    sign(two, "approver", made.sha)
    sync(two, one)
    assert [one.outcome for one in redaction.carry_out(one)] == ["done"]
    assert one.reader.entry(note.id).disclosed == {}
    assert one.reader.document(first.sha).disclosed_by_digest == {}
    with pytest.raises(Problem, match="not here yet"):
        sign(one, "commander", first.sha)
    assert redaction.standing(one, first.sha).reason == ""
    assert verify_profile(one.store).ok
