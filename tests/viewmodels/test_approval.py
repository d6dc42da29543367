"""What the confirmation shows, from real documents of two founded consoles; and what it refuses to have signed."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from adapters.practice.simulator import Estate
from console.domain.actions import Extension, Ratification, Redaction, RedactionItem, Rehearsal, document_json
from console.domain.errors import WrongUse
from console.domain.sheet import read_sheet
from console.journal.values import Draft
from console.keys import canon
from console.providers.registry import Registry
from console.services import approvals, closing, corrections, incidents, organisation
from console.services.approvals import Reading
from console.services.corrections import TargetWish
from console.services.presented import Presented, present
from console.services.providers import instances_of
from console.viewmodels.approval import approval_view, choices_of, guard_of, signed_part
from console.viewmodels.approval_words import brief, clock, field, left, verb_of
from console.viewmodels.roster_paper import Ground, roster_view
from tests.domain import made
from tests.kit.clock import FakeClock
from tests.kit.pair import connect, connect_manual, pair_at, passphrase, sync

WISHES = (
    TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-research"),
    TargetWish(provider="gateway-east", surface="", lever="key.block", selector="key-canary", canary=True),
    TargetWish(provider="model-server", surface="atlas-large", lever="model.unload", selector="atlas-large"),
    TargetWish(
        provider="vendor", surface="", lever="manual.ask",
        params={"instruction": "Stop it", "contact": "hotline", "ticket": "T-17"},
    ),
)  # fmt: skip


def sign(session, sha, decision="approve", **how):
    held = corrections.find_document(session, sha)
    who = session.settings.name.lower()
    return approvals.decide(session, held, decision, lambda: passphrase(who, "your approver key"), **how)


@pytest.fixture(scope="module")
def story(founded, tmp_path_factory):
    """Both consoles with one proposal of four targets, unsigned."""
    folder = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch, Estate() as estate:
        patch.setenv("XDG_STATE_HOME", str(folder))
        with pair_at(founded, folder / "org") as (one, two):
            connect(one, estate)
            connect_manual(one, "atlas-large")
            inc = str(incidents.declare(one, "It helps with exploits", 1).entry.inc)
            made = corrections.propose(one, inc, WISHES, "Three reports.", criteria="Fixed")
            sync(one, two)
            yield one, two, inc, made


def test_in_five_seconds_what_where_how_many_why_what_if_not_who_else(story):
    _, two, _, made = story
    view = approval_view(present(two, made.sha))
    assert view.headline == (
        "Block the key Research assistant and unload Atlas large at gateway-east and model-server; "
        "ask support desk to act on the model at the vendor; with 1 canary beside."
    )
    assert (view.direction, view.gravity, view.severity) == ("take away", "high", "SEV-1")
    assert view.gravity_why == made.reason
    assert view.incident.endswith("It helps with exploits")
    assert view.incident.startswith("INC-")
    assert (view.reason, view.lift_criteria) == ("Three reports.", "Fixed")
    assert view.if_not == "The proposer has not said what happens otherwise."
    assert view.can_sign, view.problems
    assert len(view.digest_words) == 8
    assert view.to_type == "atlas-large 4"


def test_every_target_is_whole(story):
    _, two, _, made = story
    key, canary, model, hand = approval_view(present(two, made.sha)).targets
    assert key.changes == (("blocked", "no", "yes"),)
    assert [request.head for request in key.requests] == ["POST /admin/keys/key-research/block"]
    assert [request.head for request in key.revert] == ["POST /admin/keys/key-research/unblock"]
    assert (key.how_many, key.provider, key.model) == ("1 selected", "gateway-east", "atlas-large")
    assert key.lever == "block a key (key.block, practice/2)"
    assert key.dispatchers == ("the console of Commander",)
    assert "our customers" in key.reach
    assert canary.canary
    assert not key.canary
    assert (model.whole, key.whole) == ("everybody", "")
    assert model.how_many == "everybody on this surface"
    assert hand.by_hand is not None
    assert (hand.by_hand.instruction, hand.by_hand.contact, hand.by_hand.ticket) == ("Stop it", "hotline", "T-17")
    assert hand.by_hand.who == "support desk"
    assert hand.requests == ()
    # who uses it stops its own use: nothing on the screen says that others are reached
    assert (hand.whole, hand.how_many) == ("all our own use", "all our own use of this surface")
    assert "only ourselves" in hand.reach
    assert "everybody on Atlas large" in " ".join(approval_view(present(two, made.sha)).warnings)


def test_who_else_and_until_when(story):
    _, two, _, made = story
    paper = present(two, made.sha)
    who = approval_view(paper).who
    assert who is not None
    assert who.proposer == "Commander"
    assert set(who.can_sign) == {"Commander", "Approver"}
    assert "2 more persons" in who.missing[0]
    soon = replace(paper, now_ms=made.action.approve_by - 29 * 60_000 - 58_000)
    until = {one.word: one for one in approval_view(soon).until}
    assert until["Approve by"].left == "29 min 58 s left"
    assert 0 < made.action.approve_by - paper.now_ms <= 60 * 60_000  # of SEV-1
    assert "Carry out by" in until
    late = replace(paper, now_ms=made.action.approve_by + 61_000)
    assert approval_view(late).until[0].left == "passed 1 min 1 s ago"
    assert "has passed" in approval_view(late).why_not


def test_the_view_and_the_terminal_say_the_same_values(story):
    _, two, _, made = story
    held = corrections.find_document(two, made.sha)
    told = "\n".join(approvals.text(two, held))
    view = approval_view(present(two, made.sha))
    for one in view.targets:
        for words in (one.name, one.reach, one.reversal, *(r.head for r in (*one.requests, *one.revert))):
            assert words in told
    for words in (view.reason, view.gravity, view.gravity_why, " ".join(view.digest_words)):
        assert words in told


def test_a_canary_that_is_none_here_is_said_to_signers_in_window_and_terminal(story):
    one, two, _, made = story

    def told(session):
        paper = present(session, made.sha)
        assert set(paper.strange) <= set(approval_view(paper).warnings)
        lines = approvals.text(session, corrections.find_document(session, made.sha))
        assert [line.strip(" !") for line in lines if "marked as a canary" in line] == list(paper.strange)
        return paper.strange

    assert "its provider is not connected on this console" in told(two)[0]
    assert "no canary is registered at gateway-east on this console" in told(one)[0]
    here = instances_of(one)
    gateway = here.get("gateway-east").id
    here.set_probe_credential(gateway, "key-other", "probe-0")
    why = "it is NOT one of the canaries registered at gateway-east on this console."
    assert told(one) == (f"Target 2 (key-canary) is marked as a canary, so it may weigh nothing: {why}",)
    here.set_probe_credential(gateway, "key-canary", "probe-1")
    assert told(one) == ()
    for name in ("key-other", "key-canary"):
        here.set_probe_credential(gateway, name, None)


READINGS = {
    "read": ("the same", False),
    "already": ("so already", False),
    "contradiction": ("CONTRADICTION", True),
    "no-credential": ("no credential here, read by the proposing console", False),
    "offline": ("not checked here", False),
    "unreadable": ("could not be read here", False),
    "by-hand": ("done by people", False),
}


@pytest.mark.parametrize("how", READINGS)
def test_readings_stand_beside_what_is_signed(story, how):
    _, two, _, made = story
    paper = present(two, made.sha)
    plain = approval_view(paper)
    reading = Reading(target=0, how=how, at_ms=paper.now_ms, name="read name", why="why")
    view = approval_view(paper, [reading])
    words, contradicts = READINGS[how]
    assert words in view.targets[0].reading
    assert view.targets[0].name_here == "read name"
    assert view.targets[0].contradicts is contradicts
    assert bool(view.contradiction) is contradicts
    assert "not checked here yet" in view.targets[1].reading
    beside = {"name_here", "reading", "contradicts"}
    for name in set(type(view.targets[0]).__dataclass_fields__) - beside:
        assert getattr(view.targets[0], name) == getattr(plain.targets[0], name)
    assert view.sha == plain.sha


def test_signatures_say_who_when_where_and_what_is_still_missing(pair):
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    connect_manual(one, "m")
    made = corrections.propose(one, inc, [WISHES[3]], "Because", if_not="It goes on.", left_out=["Elsewhere: no lever"])
    sign(one, made.sha)
    sync(one, two)
    view = approval_view(present(two, made.sha))
    assert view.who is not None
    (signed,) = view.who.signed
    assert (signed.name, signed.where, signed.decision, signed.counts) == (
        "Commander", "the console of Commander", "approve", True,
    )  # fmt: skip
    assert view.who.can_sign == ("Approver",)
    assert dict(view.who.cannot)["Commander"] == "has signed already"
    assert (view.if_not, view.left_out) == ("It goes on.", ("Elsewhere: no lever",))
    mine = approval_view(present(one, made.sha))
    assert not mine.can_sign
    assert mine.why_not == "Commander cannot sign it: has signed already."
    assert mine.can_refuse
    sign(two, made.sha)
    done = approval_view(present(two, made.sha))
    assert not done.can_sign
    assert "complete" in done.why_not
    assert done.who is not None
    assert done.who.met


def test_a_refused_or_cancelled_revision_cannot_be_signed(pair):
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    connect_manual(one, "m")
    refused = corrections.propose(one, inc, [WISHES[3]], "Because")
    cancelled = corrections.propose(one, inc, [WISHES[3]], "Because")
    sync(one, two)
    sign(two, refused.sha, "refuse")
    corrections.cancel(one, cancelled.sha, "no")
    sync(one, two)
    for sha, words in ((refused.sha, "refused"), (cancelled.sha, "cancelled")):
        view = approval_view(present(one, sha))
        assert not view.can_sign
        assert words in view.why_not


def test_the_guard_knows_what_may_be_signed(pair):
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    connect_manual(one, "m")
    made = corrections.propose(one, inc, [WISHES[3]], "Because")
    clock = FakeClock()
    view = approval_view(present(one, made.sha))
    assert choices_of(view) == ("approve", "refuse")
    assert guard_of(clock, view).must_type
    sign(one, made.sha)
    again = approval_view(present(one, made.sha))
    assert choices_of(again) == ("refuse",)
    assert guard_of(clock, again).state().name == "waiting"
    corrections.cancel(one, made.sha, "no")
    over = approval_view(present(one, made.sha))
    found = guard_of(clock, over).state()
    assert (found.name, found.reason) == ("locked", "It was cancelled.")
    assert two.me != one.me


def test_a_question_is_a_note_about_the_proposal_and_ends_nothing(pair):
    one, two = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    connect_manual(one, "m")
    made = corrections.propose(one, inc, [WISHES[3]], "Because")
    sync(one, two)
    held = corrections.find_document(two, made.sha)
    asked = approvals.ask(two, held, "Why not slow it down first?")
    assert (asked.entry.kind, asked.entry.subj, asked.entry.pub["of"]) == ("note", made.op, [made.entry])
    assert asked.disclosed["text"] == "Why not slow it down first?"
    assert approval_view(present(two, made.sha)).can_sign


# -- what cannot be shown cannot be signed -----------------------------------------------------------------------------


def put(session, value, *, texts=()):
    raw = canon.encode(value)
    return session.store.write(lambda tx: tx.put_document(raw, texts))


def test_a_missing_value_forbids_the_signature(story):
    _, two, _, made = story
    sha = put(two, {**document_json(made.action), "severity": 2})
    view = approval_view(present(two, sha))
    assert not view.can_sign
    assert not view.can_refuse
    assert "not here yet" in view.why_not
    assert view.headline == "This document cannot be shown here."
    missing = approval_view(present(two, "0" * 64))
    assert "not here yet" in missing.why_not
    assert not missing.can_sign


def test_an_unknown_field_or_verb_forbids_the_signature(story):
    _, two, _, made = story
    value = document_json(made.action)
    held = corrections.find_document(two, made.sha)
    for more in ({"surprise": 1}, {"direction": "sideways"}):
        raw = canon.encode({**value, **more})
        two.store.write(lambda tx, raw=raw: tx.put_document(raw, held.row.strings))
        view = approval_view(present(two, canon.sha256_hex(raw)))
        assert not view.can_sign
        assert not view.can_refuse
        assert next(iter(more)) in view.why_not


def test_deceiving_text_is_marked_and_made_visible(pair):
    one, _ = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    connect_manual(one, "m")
    odd = replace(WISHES[3], params={"instruction": "Stop p\u0430ypal\u200b"})
    made = corrections.propose(one, inc, [odd], "Because \u05e9")
    view = approval_view(present(one, made.sha))
    warnings = " ".join(view.warnings)
    assert "instruction of target 1: letters of different scripts" in warnings
    assert "reason: part of it is written from right to left" in warnings
    assert view.targets[0].by_hand is not None
    assert "<U+200B>" in view.targets[0].by_hand.instruction


VALUES = {
    "name": "team key", "selector": "k", "params": {"values": {}, "wanted": {"blocked": "true"}},
    "pre": {"fields": {"blocked": "false"}, "read_ms": made.NOW}, "requests": [], "revert": [],
}  # fmt: skip


def alone(action, reason="short"):
    """The view of an action that nobody judged: content only."""
    return approval_view(
        Presented(
            sha="a" * 64, now_ms=made.NOW, me=made.COMMANDER, console=made.CONSOLES[0], incident="", words="a b",
            to_type="F-7 1", to_type_is="", document=action, names={},
            sheet=read_sheet(action, [VALUES] * len(action.targets), reason, None, made.FACTS),
        )
    )  # fmt: skip


def test_whatever_is_grave_is_warned_of():
    grave = made.target(1, selectors=0, reversal="none", all_surfaces=True, credential="in-use")
    view = alone(made.high(targets=(grave, made.target(2, listed=9)), gravity="normal", break_glass=True))
    told = " ".join(view.warnings)
    for words in (
        "CANNOT BE REVERTED", "reaches all our customers on team key", "off all its surfaces",
        "a credential that is in use", "BREAK-GLASS", "shorter than 20", "lower than it must be",
    ):  # fmt: skip
        assert words in told
    assert view.gravity_why.startswith("The signed gravity is lower")
    assert view.gravity == "high"
    assert view.targets[0].irreversible
    assert view.targets[1].how_many == "a list of 9 entries"
    assert not view.can_sign
    assert not view.can_refuse


def test_it_says_whether_and_how_it_can_be_undone():
    assert alone(made.action()).undo.startswith("Any one signer may undo it within 15 min")
    assert "own approval" in alone(made.action(undo_within_s=None)).undo
    undoing = made.action(direction="restore", undo_within_s=None, undoes=made.sha("x"), gravity="high")
    assert "It undoes the correction" in alone(undoing).undo
    assert alone(undoing).headline == f"Unblock the key team key at {made.ident('g', 1)}."


def test_a_headline_names_few_and_counts_many():
    other = replace(made.target(2), instance=made.ident("g", 2))
    two = alone(made.high(targets=(made.target(1), other)))
    assert two.headline == f"Block 2 keys at {made.ident('g', 1)} and {made.ident('g', 2)}."  # both are called alike
    many = alone(made.high(targets=tuple(replace(made.target(at), instance=made.ident("g", at)) for at in range(1, 6))))
    assert many.headline == "Block 5 keys at 5 providers."
    assert brief("a" * 90) == "a" * 37 + "..."


def test_what_is_signed_is_told_from_what_stands_beside_it(story):
    _, two, _, proposal = story
    paper = present(two, proposal.sha)
    plain = approval_view(paper)
    read = Reading(target=0, how="contradiction", at_ms=paper.now_ms, name="other", why="why")
    later = approval_view(replace(paper, now_ms=paper.now_ms + 60_000), [read])
    assert later != plain
    assert signed_part(later) == signed_part(plain)
    assert signed_part(replace(plain, reason="another")) != signed_part(plain)
    assert signed_part(replace(plain, targets=plain.targets[:-1])) != signed_part(plain)


def test_nothing_is_signed_for_another_word_than_approve_or_refuse_and_nothing_empty_is_asked(story):
    _, two, _, proposal = story
    held = corrections.find_document(two, proposal.sha)
    with pytest.raises(WrongUse):
        sign(two, proposal.sha, "maybe")
    with pytest.raises(WrongUse):
        approvals.ask(two, held, " ")


# -- the other documents -----------------------------------------------------------------------------------------------


def test_a_closing_and_a_rehearsal_are_shown_by_their_own_text(pair):
    one, _ = pair
    inc = str(incidents.declare(one, "t", 1).entry.inc)
    view = approval_view(present(one, closing.propose_closing(one, inc)))
    assert view.kind == "closing.v1"
    assert view.headline.startswith("Close incident INC-")
    assert any("up to" in line for line in view.sections[0].lines)
    assert view.can_sign
    assert view.until[0].word == "Approve by"
    rehearsal = Rehearsal(org=one.org, person=one.me, role="approver", roster=one.ref, created=one.clock.wall_ms())
    assert "can never be an action" in approval_view(present(one, put(one, document_json(rehearsal)))).headline


def test_an_extension_a_ratification_and_a_redaction_say_what_they_are_about(story):
    one, _, inc, made = story
    now = one.clock.wall_ms()
    common = {"org": one.org, "roster": one.ref, "created": now}
    more_time = Extension(doc=made.sha, op=made.op, execute_by=made.action.execute_by + 1, **common)
    view = approval_view(present(one, put(one, document_json(more_time))))
    assert view.headline == "More time for the same bytes."
    about = view.sections[-1]
    assert about.heading == "The correction it is about"
    assert any("model.unload" in line for line in about.lines)
    assert view.until[-1].word == "Carry out by, from now on"
    ratified = approval_view(present(one, put(one, document_json(Ratification(doc=made.sha, op=made.op, **common)))))
    assert "break-glass" in ratified.headline
    assert "Only a break-glass action is ratified." in ratified.problems
    reason = canon.make_disclosure(b"s" * 16, "reason", "a name in it")
    note = incidents.write(one, "note", "a name", inc=inc)
    item = RedactionItem(entry=note.id, doc=None, digests=note.entry.sd[:1])
    redaction = Redaction(inc=inc, items=(item,), reason_sd=canon.digest(reason), approve_by=now + 9999, **common)
    shown = approval_view(present(one, put(one, document_json(redaction), texts=[reason])))
    assert shown.headline == "Delete 1 value(s) from 1 entries or documents, for ever."
    assert "Reason: a name in it" in shown.sections[0].lines
    assert any(note.entry.sd[0] in line for line in shown.sections[0].lines)
    assert shown.can_sign
    assert not approval_view(present(one, put(one, document_json(replace(redaction, created=now + 1))))).can_sign


def test_a_roster_says_who_comes_with_which_keys_in_words(founded, tmp_path):
    with pair_at(founded, tmp_path / "org") as (one, _):
        zero, first = one.store.rosters()
        view = roster_view(first.raw, Ground(zero), one.name_of, one.clock.wall_ms())
        assert view.headline == "Roster 1: admit Approver."
        assert view.can_sign
        added = next(section for section in view.sections if section.heading.startswith("Added: Approver"))
        assert any(line.startswith("approver key ") and "SHA256:" in line for line in added.lines)
        assert "commander" in added.lines[0]
        changed = next(section for section in view.sections if section.heading.startswith("Changed: Commander"))
        assert any(line.startswith("recovery key ") for line in changed.lines)
        assert any("needs 2 admins" in line for line in view.sections[-1].lines)
        assert not roster_view(first.raw, Ground(first), one.name_of, 0).can_sign
        broken = roster_view(b"{}", Ground(zero), one.name_of, 0)
        assert not broken.can_sign
        raw = canon.encode(replace(zero.roster, n=2, prev=first.sha256, threshold=2).as_json())
        back = roster_view(raw, Ground(first), one.name_of, 0)
        assert "remove Approver" in back.headline
        assert organisation.genesis_of(one) == zero.sha256


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s left"), (59_999, "59 s left"), (61_000, "1 min 1 s left"), (3_600_000, "1 h left"),
        (90_000_000, "1 d 1 h left"), (-61_000, "passed 1 min 1 s ago"),
    ],
)  # fmt: skip
def test_time_left_in_two_units_at_most(ms, words):
    assert left(1_000_000_000_000 + ms, 1_000_000_000_000) == words


@pytest.fixture
def reader_in(monkeypatch):
    """Puts whoever reads into a zone."""

    def goes(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield goes
    monkeypatch.undo()
    time.tzset()


def test_moments_show_the_zone_and_another_day(reader_in):
    reader_in("UTC")
    assert clock(0, 1) == "00:00 UTC"
    assert clock(0, 86_400_000) == "1970-01-01 00:00 UTC"
    assert "ms since" in clock(2**62, 0)


def test_a_moment_is_told_in_utc_and_in_the_readers_own_zone(story, reader_in):
    _, two, _, made = story
    reader_in("Asia/Kolkata")
    assert clock(0, 1) == "00:00 UTC (05:30 IST)"
    assert clock(20 * 3_600_000, 0) == "20:00 UTC (1970-01-02 01:30 IST)"
    assert all(" UTC (" in one.when and "IST)" in one.when for one in approval_view(present(two, made.sha)).until)


def test_a_field_with_a_known_unit_says_it():
    assert field("rpm") == "rpm (requests a minute)"
    assert field("a\u200bb") == "a<U+200B>b"


def test_levers_are_said_in_words_and_unknown_ones_by_their_name():
    assert verb_of("key.block", "restore") == ("unblock", "key")
    assert verb_of("flag.flip", "contain") == ("flip", "flag")
    assert verb_of("flag.flip", "restore") == ("undo flip of", "flag")
    assert verb_of("tools.forbid", "contain") == ("switch on", "tools")
    assert verb_of("model.forbid", "contain") == ("forbid", "model")


@pytest.mark.parametrize(
    "adapter",
    [
        "anthropic_admin",
        "aws_bedrock",
        "azure_openai",
        "google_vertex",
        "haproxy",
        "hf_endpoints",
        "kubernetes",
        "litellm",
        "open_inference",
        "openai_admin",
        "openai_work",
        "practice",
        "ray_serve",
        "unleash",
        "vllm",
    ],
)
def test_every_lever_that_ships_has_words_of_its_own(adapter: str) -> None:
    for lever in Registry.load().manifest(adapter).levers:
        assert not verb_of(lever.name, "restore")[0].startswith("undo"), lever.name


def test_a_draft_of_another_kind_is_no_paper(story):
    one, *_ = story
    assert Draft("note").kind == "note"
    assert not approval_view(present(one, one.roster.roster.policy or "")).can_sign
