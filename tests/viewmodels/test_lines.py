"""What a row says: times with their zone, marks by word and shape, and badges that are true."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from console.journal.line import Line, Shown
from console.ui import tokens
from console.viewmodels.lines import (
    BADGES,
    KIND_MARKS,
    UNKNOWN_KIND,
    LineView,
    Presenter,
    first_line,
    give_or_take,
    stamp,
)

AT_MS = 1_763_906_531_000
LINE = Line(
    n=7, id="ab" * 32, inc=None, feed="cd" * 32, seq=3, author="p-x", kind="note", subj=None, occurred_ms=AT_MS,
    plus_minus_ms=0, hlc=(AT_MS, 0), received_ms=AT_MS, standing="good", skewed=False, quoted=False, absent=0, held=1,
    text="words", speaker="", fact="", more="",
)  # fmt: skip


def row(shown: Shown | Line, **how: object) -> LineView:
    presenter = Presenter(lambda person: "the console" if person is None else "Scribe", **how)
    return presenter.rows([shown if isinstance(shown, Shown) else Shown(shown)])[0]


def badges(shown: Shown | Line, **how: object) -> list[str]:
    return [badge.name for badge in row(shown, **how).badges]


def test_times_are_told_with_their_zone() -> None:
    found = row(LINE)
    assert (found.day, found.clock, found.zone, found.recorded) == ("2025-11-23", "14:02:11", "UTC", "14:02:11")
    there = row(LINE, zone=ZoneInfo("Asia/Tokyo"))
    assert (there.day, there.clock, there.zone) == ("2025-11-23", "23:02:11", "JST")
    later = row(replace(LINE, hlc=(AT_MS + 86_400_000, 0), plus_minus_ms=60_000))
    assert (later.clock, later.about, later.recorded) == ("14:02:11", "± 1 min", "2025-11-24 14:02:11")


@pytest.mark.parametrize("at_ms", [2**53 - 1, 253_402_300_800_000, 10**15])
def test_a_moment_no_calendar_has_is_no_fault(at_ms: int) -> None:
    assert row(replace(LINE, occurred_ms=at_ms)).clock == f"{at_ms} ms"
    assert stamp(at_ms)[2] == "UTC"


@pytest.mark.parametrize(
    ("line", "how", "name"),
    [
        (replace(LINE, hlc=(AT_MS + 15 * 60_000 + 1, 0)), {}, "late"),
        (replace(LINE, quoted=True), {}, "quoted"),
        (Shown(LINE, amended=True, amended_text="better", amended_by="p-y"), {}, "amended"),
        (Shown(LINE, retracted=True), {}, "retracted"),
        (replace(LINE, standing="quarantined"), {}, "quarantined"),
        (replace(LINE, standing="forked"), {}, "forked"),
        (replace(LINE, skewed=True), {}, "skewed"),
        (replace(LINE, absent=1), {}, "absent"),
        (LINE, {"drill": True}, "drill"),
        (LINE, {"synced_upto": lambda: {LINE.feed: 2}}, "unsynced"),
    ],
)
def test_a_badge_says_what_is_so(line: Shown | Line, how: dict[str, object], name: str) -> None:
    assert badges(line, **how) == [name]


def test_nothing_is_marked_that_is_not_so() -> None:
    assert badges(LINE) == []
    assert badges(replace(LINE, hlc=(AT_MS + 15 * 60_000, 0))) == []
    assert badges(LINE, synced_upto=lambda: {LINE.feed: 3}) == []
    assert badges(LINE, synced_upto=lambda: {"ef" * 32: 0}) == []


def test_the_newest_wording_is_shown_unless_a_console_observed_it() -> None:
    shown = Shown(LINE, amended=True, amended_text="better\nand more", amended_by="p-y")
    assert row(shown).text == "better …"
    assert row(replace(shown, line=replace(LINE, author=None))).text == "words"


def test_an_entry_without_words_says_its_fact_and_is_spoken_as_such() -> None:
    assert row(replace(LINE, text="", fact="SEV-2")).text == "SEV-2"
    silent = row(replace(LINE, text="", absent=1))
    assert silent.sentence == "2025-11-23 14:02:11 UTC, note by Scribe: no words. not all here."
    quoted = row(replace(LINE, speaker="Duty lead"))
    assert quoted.sentence == "2025-11-23 14:02:11 UTC, note by Scribe, quoting Duty lead: words."


def test_an_unknown_kind_is_shown_by_its_own_word() -> None:
    found = row(replace(LINE, kind="from.tomorrow"))
    assert (found.word, found.shape) == ("from.tomorrow", UNKNOWN_KIND.shape)


def test_words_in_one_line_and_estimates_in_the_unit_that_fits() -> None:
    assert first_line("\n  \n one \n") == "one"
    assert first_line("one\ntwo") == "one …"
    assert first_line("") == ""
    assert [give_or_take(s * 1000) for s in (0, 60, 90, 7200, 86_400)] == ["", "± 1 min", "± 90 s", "± 2 h", "± 1 d"]


def test_every_shape_and_tone_is_one_of_the_look() -> None:
    tables = (tokens.STATES, tokens.SEVERITIES, tokens.GRAVITIES, tokens.LINKS, tokens.SERVING)
    shapes = {mark.shape for table in tables for mark in table.values()}
    tones = set(tokens.colours("dark").roles)
    for mark in (*KIND_MARKS.values(), UNKNOWN_KIND):
        assert mark.shape in shapes
        assert mark.tone in tones
    assert {badge.tone for badge in BADGES.values()} <= tones


def test_a_step_of_a_correction_looks_as_its_state_does_elsewhere() -> None:
    names = {"intent": "dispatching", "requeued": "queued"}
    compared = 0
    for kind, mark in KIND_MARKS.items():
        group, _, step = kind.partition(".")
        state = tokens.STATES.get(names.get(step, step)) if group in {"correction", "dispatch", "document"} else None
        if state is not None:
            assert (mark.shape, mark.tone) == (state.shape, state.tone), kind
            compared += 1
    assert compared >= 18


def test_what_a_step_is_about_stands_before_what_was_answered() -> None:
    step = replace(LINE, kind="dispatch.enforced", text="0 passes in 24 calls", fact="fact")
    told = {LINE.id: "Block a key: F at gateway"}
    assert row(step, targets=lambda _ids: told).text == "Block a key: F at gateway. 0 passes in 24 calls"
    assert row(replace(step, text=""), targets=lambda _ids: told).text == "Block a key: F at gateway"
    assert row(replace(step, text=""), targets=lambda _ids: {}).text == "fact"
    asked: list[list[str]] = []
    assert row(LINE, targets=lambda ids: asked.append(list(ids)) or {}).text == "words"
    assert asked == [[]], "a note is about no target"
