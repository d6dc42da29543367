"""Two consoles that share nothing: a document goes over by hand, its approval comes back by hand, and it is sent."""

from __future__ import annotations

import base64
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import Problem, WrongUse
from console.domain.lists import read_list
from console.keys import canon, keyfile, signer, sshsig
from console.services import approvals, bringing, carrying, corrections, dispatch, glass, incidents, lists, needs
from console.services.brought import Gathering
from console.services.closing import propose_closing
from console.services.corrections import TargetWish
from console.sync import carrier
from console.sync.carrier import Load, NotCarried, Record
from tests.kit.pair import connect, connect_manual, founded, pair, passphrase
from tests.services.test_lists import QUICK, crowd

__all__ = ["founded", "pair"]
KEY = "your approver key"
ASKED = TargetWish(provider="vendor", surface="", lever="manual.ask", params={"instruction": "Stop it"})
BLOCK = TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research")


@pytest.fixture
def apart(pair):
    """Founded together, and since then without so much as a folder between them."""
    one, two = pair
    shutil.rmtree(Path(one.settings.places[0]))
    for session in pair:
        session.change_settings(replace(session.settings, places=()))
    return one, two


def propose(session, reason="Because", wish=ASKED):
    if wish is ASKED and not session.reader.entries(org=True, kinds=("provider.added",)):
        connect_manual(session, "m")
    inc = str(incidents.declare(session, "it helps with exploits", 1).entry.inc)
    return corrections.propose(session, inc, [wish], reason)


def document(session, sha):
    return corrections.find_document(session, sha)


def decide(session, who, sha, decision="approve", reason=""):
    key = passphrase(who, KEY)
    return approvals.decide(session, document(session, sha), decision, lambda: key, reason=reason)


def over(carried) -> bytes:
    """As QR frames, mixed up, without the pictures."""
    pile = Gathering()
    pile.add_text("\n".join(reversed(carried.frames())), "frames")
    (data,) = pile.whole
    return data


def asked(one, two, sha, way="file"):
    made = carrying.ask(one, document(one, sha), way)
    return bringing.take(two, made.data if way == "file" else over(made))


def answered(two, one, sha):
    return bringing.take(one, over(carrying.answer(two, document(two, sha))))


def received(session):
    return session.reader.entries(kinds=("approval.received",))


@pytest.mark.parametrize("way", ["file", "pictures"])
def test_over_and_back_by_hand_and_it_is_sent(apart, way):
    one, two = apart
    with Estate() as estate:
        connect(one, estate, "gateway")
        made = propose(one, wish=BLOCK)
        decide(one, "commander", made.sha)
        asks = asked(one, two, made.sha, way)
        assert (asks.asks, asks.faults, asks.documents) == (True, (), 1)
        # the file brought its entry as well, and a record is kept once
        assert [(each.person, each.new) for each in asks.records] == [(one.me, way == "pictures")]
        assert approvals.text(two, document(two, made.sha))[:5] == approvals.text(one, document(one, made.sha))[:5]
        decide(two, "approver", made.sha)
        back = answered(two, one, made.sha)
        assert [(each.person, each.decision, each.new, each.why_not) for each in back.records] == [
            (two.me, "approve", True, "")
        ]
        assert back.standing is not None
        assert back.standing.verdict.met
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=QUICK)
        assert {row.state for row in dispatch.rows(one)} == {"unmeasurable"}  # read back; nobody uses it


def test_a_file_brings_the_incident_along_and_only_the_words_a_signer_reads(apart):
    one, two = apart
    made = propose(one)
    incidents.write(one, "note", "not for a stick that is lost", inc=made.action.inc)
    carried = carrying.ask(one, document(one, made.sha))
    assert b"not for a stick" not in carried.data
    taken = bringing.take(two, carried.data)
    assert taken.entries > 4
    (declared,) = two.reader.entries(made.action.inc, kinds=("incident.declared",))
    assert declared.disclosed["title"] == "it helps with exploits"
    assert approvals.judge(two, document(two, made.sha)).proposer == one.me


def test_a_refusal_comes_back_with_its_reason_and_ends_the_revision(apart):
    one, two = apart
    made = propose(one)
    asked(one, two, made.sha, "pictures")
    decide(two, "approver", made.sha, "refuse", "The fallback is down as well.")
    back = answered(two, one, made.sha)
    assert [(each.decision, each.remark) for each in back.records] == [("refuse", "The fallback is down as well.")]
    assert any("refused" in each for each in approvals.judge(one, document(one, made.sha)).verdict.missing)


def needed(session, sha):
    return [each for each in needs.needs(session, (), ()) if each.doc == sha]


def test_what_came_as_pictures_needs_its_signer_until_it_is_decided(apart):
    one, two = apart
    made = propose(one)
    decide(one, "commander", made.sha)
    asked(one, two, made.sha, "pictures")
    (need,) = needed(two, made.sha)
    assert need.text == "Decide what came ahead of its history: take away, m, 1 target"
    assert need.detail == "Signed by Commander."
    decide(two, "approver", made.sha)
    assert needed(two, made.sha) == []
    second = propose(one, "Another")
    asked(one, two, second.sha, "pictures")
    assert needed(two, second.sha)
    asked(one, two, second.sha)  # its history comes: the incident knows it now, and says so in its own words
    assert needed(two, second.sha) == []


def test_the_same_again_changes_nothing(apart):
    one, two = apart
    made = propose(one)
    asked(one, two, made.sha)
    again = asked(one, two, made.sha)
    assert (again.entries, again.documents, again.faults) == (0, 0, ())
    decide(two, "approver", made.sha)
    assert answered(two, one, made.sha).records[0].new
    before = len(received(one))
    assert not answered(two, one, made.sha).records[0].new
    assert len(received(one)) == before


def test_what_is_of_another_organisation_is_refused(apart):
    one, two = apart
    made = propose(one)
    load = carrier.decode(carrying.ask(one, document(one, made.sha)).data)
    load.org = "o-0000000000000000000000000a"
    with pytest.raises(WrongUse, match="belongs to another organisation"):
        bringing.take(two, carrier.encode(load))
    assert two.reader.document(made.sha) is None


def test_an_answer_about_a_document_that_is_not_here_is_refused(apart):
    one, two = apart
    made = propose(two)
    decide(two, "approver", made.sha)
    with pytest.raises(WrongUse, match="which is not here"):
        bringing.take(one, carrying.answer(two, document(two, made.sha)).data)
    assert not received(one)


def test_a_document_that_nobody_signed_for_is_not_taken_in(apart):
    one, two = apart
    made = propose(one)
    load = carrier.decode(carrying.ask(one, document(one, made.sha), "pictures").data)
    load.parcel.entries.clear()
    with pytest.raises(WrongUse, match="proves who proposed"):
        bringing.take(two, carrier.encode(load))
    raw, sig = carrier.decode(carrying.ask(one, document(one, made.sha), "pictures").data).parcel.entries[0]
    load.parcel.entries.append((raw, bytes([*sig[:-1], sig[-1] ^ 1])))
    with pytest.raises(WrongUse, match="signature"):
        bringing.take(two, carrier.encode(load))
    assert two.reader.document(made.sha) is None


def answer_with(one, two, sha, change):
    """The approver's answer, its record changed on the way."""
    load = carrier.decode(carrying.answer(two, document(two, sha)).data)
    load.records = [change(each) for each in load.records]
    return bringing.take(one, carrier.encode(load))


def test_an_altered_record_counts_for_nothing(apart):
    one, two = apart
    made = propose(one)
    asked(one, two, made.sha)
    decide(two, "approver", made.sha, "refuse", "no")
    turned = (b'"refuse"', b'"approve"')
    flipped = answer_with(one, two, made.sha, lambda each: Record(each.raw.replace(*turned), each.sig))
    assert flipped.records == ()
    assert "not taken in" in flipped.faults[0]
    damaged = answer_with(one, two, made.sha, lambda each: Record(each.raw[:-1], each.sig))
    assert damaged.records == ()
    assert not received(one)


def test_an_approval_of_another_document_does_not_move_over(apart):
    one, two = apart
    first = propose(one)
    second = propose(one, "Another")
    for made in (first, second):
        asked(one, two, made.sha)
    decide(two, "approver", first.sha)
    load = carrier.decode(carrying.answer(two, document(two, first.sha)).data)
    load.doc = second.sha
    taken = bringing.take(one, carrier.encode(load))
    assert taken.records == ()  # it is kept for the document it names
    assert approvals.judge(one, document(one, second.sha)).verdict.counted == ()
    assert approvals.judge(one, document(one, first.sha)).verdict.counted == (two.me,)


def test_a_record_signed_by_another_key_for_another_purpose_is_not_taken_in(apart):
    one, two = apart
    made = propose(one)
    asked(one, two, made.sha)
    signed = decide(two, "approver", made.sha)
    raw = base64.b64decode(signed.entry.pub["record"])
    writer = two.person()
    forged = Record(raw, writer.signer.sign(f"entry.v1@{two.org}", raw))
    load = Load(one.org, made.sha, asks=False, records=[forged])
    taken = bringing.take(one, carrier.encode(load))
    assert taken.records == ()
    assert not received(one)


def test_a_record_that_names_another_action_or_kind_is_not_taken_in(apart):
    one, two = apart
    made = propose(one)
    asked(one, two, made.sha)
    signed = decide(two, "approver", made.sha)
    told = canon.decode(base64.b64decode(signed.entry.pub["record"]), limit=16_384)
    key = keyfile.read_saved(two.paths.key("approver"), "approver")
    for change in ({"op": f"a-{'0' * 25}1"}, {"doc_type": "closing.v1", "op": None}):
        raw = canon.encode({**told, **change})
        sig = signer.sign_single(key, sshsig.approve_ns(two.org), raw, lambda: passphrase("approver", KEY))
        taken = bringing.take(one, carrier.encode(Load(one.org, made.sha, asks=False, records=[Record(raw, sig)])))
        assert "another kind of document, or another action" in taken.faults[0]
    assert not received(one)


def test_nothing_is_handed_over_that_is_not_there(apart):
    one, two = apart
    made = propose(one)
    with pytest.raises(WrongUse, match="Nobody has signed"):
        carrying.answer(one, document(one, made.sha))
    asked(one, two, made.sha, "pictures")
    with pytest.raises(WrongUse, match="Pass on the file"):
        carrying.ask(two, document(two, made.sha))


def test_what_one_has_signed_oneself_is_handed_over_as_a_file_that_is_not_written_over(apart, tmp_path):
    one, _ = apart
    made = carrying.ask(one, document(one, propose(one).sha))
    carrying.write_file(made, tmp_path / made.name)
    assert (tmp_path / made.name).read_bytes() == made.data
    with pytest.raises(WrongUse, match="is there already"):
        carrying.write_file(made, tmp_path / made.name)


def test_garbage_is_said_and_nothing_is_lost(apart, tmp_path):
    one, two = apart
    made = propose(one)
    good = carrying.ask(one, document(one, made.sha), "pictures").frames()
    (tmp_path / "a.txt").write_text("a letter")
    (tmp_path / "b.png").write_bytes(b"\x89PNG and nothing else")
    (tmp_path / "c.txt").write_text("\n".join([*good[1:], good[1], "SDQ1:broken"]))
    (tmp_path / "d.standdown-ask").write_bytes(carrier.MARK + b"cut short")
    found = Gathering()

    def no_picture(path, _data):
        raise Problem(f"{path.name} is no picture that can be read here.")

    (folder := tmp_path / "more").mkdir()
    os.mkfifo(folder / "pipe") if hasattr(os, "mkfifo") else (folder / "pipe").mkdir()
    found.add_files([tmp_path, tmp_path / "absent", folder / "pipe"], no_picture)
    assert len(found.faults) == 5
    (missing,) = found.missing()
    assert "still missing: frame 1." in missing
    with pytest.raises(NotCarried):
        bringing.take(two, found.whole.pop())
    found.add_text(good[0], "the last one")
    assert found.missing() == []
    assert bringing.take(two, found.whole[0]).standing is not None


def test_a_list_of_accounts_goes_as_a_file_and_never_as_pictures(apart):
    one, two = apart
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "a campaign", 1).entry.inc)
        names = crowd(estate, 40)
        wish = TargetWish(provider="gateway-east", surface="", lever="key.block")
        found = lists.match(one, wish, read_list("\n".join(names).encode(), "campaign.txt"))
        made = lists.propose(one, inc, found, "a campaign of exploits")
        with pytest.raises(WrongUse, match="Carry it as a file"):
            carrying.ask(one, document(one, made.sha), "pictures")
        load = carrier.decode(carrying.ask(one, document(one, made.sha)).data)
        load.lists.insert(0, b"not\nnamed\n")
        bringing.take(two, carrier.encode(load))
        (listed,) = lists.listed_in(two, document(two, made.sha))
        assert (listed.problem, listed.count) == ("", 40)
        assert two.reader.blob(canon.sha256_hex(b"not\nnamed\n")) is None


def test_a_closing_is_signed_the_same_way(apart):
    one, two = apart
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    sha = propose_closing(one, inc)
    decide(one, "commander", sha)
    asked(one, two, sha, "pictures")
    decide(two, "approver", sha)
    back = answered(two, one, sha)
    assert back.standing is not None
    assert back.standing.verdict.met


def test_what_one_person_sent_alone_is_ratified_by_hand(apart):
    one, two = apart
    with Estate(gateway_lag_s=0.0) as estate:
        connect(one, estate, "gateway")
        inc = str(incidents.declare(one, "t", 1).entry.inc)
        made = corrections.propose(one, inc, [BLOCK, replace(BLOCK, selector="key-shop")], "exploits")
        alone = glass.break_the_glass(one, made.sha, "Nobody answers, and it is used right now.")
        decide(one, "commander", alone.sha)
        dispatch.run_outbox(one, deadline_ms=one.clock.boot_ms() + 60_000, pace=QUICK)
        paper = glass.ratify(one, alone.sha)
        asked(one, two, paper, "pictures")  # with the action that it ratifies: what is signed for is read
        assert "key-shop" in str(document(two, alone.sha).disclosed(1))
        decide(two, "approver", paper)
        answered(two, one, paper)
        (broken,) = glass.broken(one)
        assert (broken.state, broken.ratified_by) == ("ratified", two.me)


def test_frames_of_one_target_are_few_enough_for_a_telephone(apart):
    one, _ = apart
    made = propose(one)
    assert len(carrying.ask(one, document(one, made.sha), "pictures").frames()) <= 5
    decide(one, "commander", made.sha)
    assert len(carrying.answer(one, document(one, made.sha)).frames()) == 1
    assert len(carrying.ask(one, document(one, made.sha)).frames()) > 10  # what the file brings besides
