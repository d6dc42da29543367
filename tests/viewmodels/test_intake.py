"""Typed and pasted text: times, speakers, chat logs of every common form, tables and links; no line is ever lost."""

from __future__ import annotations

import time
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.chatlog import read_log, split_lines, storable
from console.domain.profile import MAX_DISCLOSURE_BYTES, check_text
from console.domain.stamps import read_dates, read_stamp
from console.keys import canon
from console.viewmodels.intake import Link, LongText, OneEntry, Several, Table, preview, understand, within

ZONE = ZoneInfo("UTC")
TODAY = date(2026, 11, 24)
NOW = round(datetime(2026, 11, 24, 15, 30, tzinfo=ZONE).timestamp() * 1000)


def at(day: int, clock: str, zone: str = "UTC", month: int = 11) -> int:
    hour, minute, second = (int(one) for one in f"{clock}:00".split(":")[:3])
    return round(datetime(2026, month, day, hour, minute, second, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def one(text: str, zone: str = "UTC") -> tuple[str, int | None, int, str]:
    found = understand(text, NOW, zone)
    assert isinstance(found, OneEntry)
    return found.row.text, found.row.occurred_ms, found.row.plus_minus_s, found.row.speaker


def log(text: str) -> list[tuple[int | None, str, str]]:
    found = understand(text, NOW)
    assert isinstance(found, Several), found
    return [(row.occurred_ms, row.speaker, row.text) for row in found.rows]


# -- the composer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("plain words", ("plain words", None, 0, "")),
        ("03:14 vendor called", ("vendor called", at(24, "03:14"), 60, "")),
        ("03:14:20 vendor called", ("vendor called", at(24, "03:14:20"), 1, "")),
        ("3:14pm vendor called", ("vendor called", at(24, "15:14"), 60, "")),
        ("16:14 last evening", ("last evening", at(23, "16:14"), 60, "")),
        ("2026-11-20 16:14 earlier", ("earlier", at(20, "16:14"), 60, "")),
        ("-5m text", ("text", NOW - 300_000, 30, "")),
        ("-2h text", ("text", NOW - 7_200_000, 1800, "")),
        ("-1h30m text", ("text", NOW - 5_400_000, 30, "")),
        ("@ops they stopped", ("they stopped", None, 0, "ops")),
        ('@"On call": they stopped', ("they stopped", None, 0, "On call")),
        ("03:14 @ops they stopped", ("they stopped", at(24, "03:14"), 60, "ops")),
        ("@ops -5m they stopped", ("they stopped", NOW - 300_000, 30, "ops")),
        ("03:14 Vendor: it is down", ("Vendor: it is down", at(24, "03:14"), 60, "")),
        ("03:14 first\nsecond line", ("first\nsecond line", at(24, "03:14"), 60, "")),
        # what is no time and no name stays text
        ("03:14", ("03:14", None, 0, "")),
        ("25:14 words", ("25:14 words", None, 0, "")),
        ("13:14pm words", ("13:14pm words", None, 0, "")),
        ("-5 words", ("-5 words", None, 0, "")),
        ("- 5m words", ("- 5m words", None, 0, "")),
        ("@ nobody", ("@ nobody", None, 0, "")),
        ("3:1 odds on F-7", ("3:1 odds on F-7", None, 0, "")),
        ("2026-02-31 10:00 no such day", ("2026-02-31 10:00 no such day", None, 0, "")),
    ],
)
def test_the_composer_reads_times_and_speakers(typed: str, expected: tuple[str, int | None, int, str]) -> None:
    assert one(typed) == expected


def test_a_time_of_day_is_read_in_the_zone_that_is_shown() -> None:
    assert one("03:14 words", "Asia/Tokyo")[1] == at(24, "03:14", "Asia/Tokyo")  # it is 00:30 on the 25th there
    assert one("00:10 words", "Asia/Tokyo")[1] == at(25, "00:10", "Asia/Tokyo")


def test_a_time_that_the_clock_change_shows_twice_is_uncertain_by_an_hour() -> None:
    now = round(datetime(2026, 10, 25, 12, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)
    found = understand("02:30 words", now, "Europe/Berlin")
    assert isinstance(found, OneEntry)
    assert found.row.plus_minus_s == 60 + 3600


# -- chat logs ---------------------------------------------------------------------------------------------------------


def test_slack_with_grouped_messages_and_half_days() -> None:
    text = "Desk One  3:14 PM\nlooks bad\nreally\n3:16\nyes\nOn Call  3:17 PM\nstop it"
    assert log(text) == [
        (at(24, "15:14"), "Desk One", "looks bad\nreally"),
        (at(24, "15:16"), "Desk One", "yes"),
        (at(24, "15:17"), "On Call", "stop it"),
    ]


def test_a_bare_time_under_half_days_goes_on_over_noon() -> None:
    text = "On Call  11:58 AM\none\n12:01\ntwo\n1:05\nthree"
    assert [when for when, _, _ in log(text)] == [at(24, "11:58"), at(24, "12:01"), at(24, "13:05")]


def test_names_on_a_line_above_the_time_and_a_date_above_both() -> None:
    text = "Monday, November 23rd\nDesk One\n  3:14 PM\nlooks bad\n\nOn Call\n3:16 PM\nyes"
    assert log(text) == [(at(23, "15:14"), "Desk One", "looks bad"), (at(23, "15:16"), "On Call", "yes")]


def test_teams_in_brackets_with_the_words_below_or_beside() -> None:
    assert log("[3:14 PM] Desk One\nlooks bad\n[3:15 PM] On Call\nok") == [
        (at(24, "15:14"), "Desk One", "looks bad"), (at(24, "15:15"), "On Call", "ok"),
    ]  # fmt: skip
    assert log("[11/23/2026 3:14 PM] Desk One: looks bad\n[11/23/2026 3:15 PM] On Call: ok\nmore") == [
        (at(23, "15:14"), "Desk One", "looks bad"), (at(23, "15:15"), "On Call", "ok\nmore"),
    ]  # fmt: skip


def test_zoom_with_the_words_below_or_beside() -> None:
    text = "03:14:22 From Desk One to Everyone:\n\tlooks bad\n03:15:00\t From On Call : x: y"
    assert log(text) == [(at(24, "03:14:22"), "Desk One", "\tlooks bad"), (at(24, "03:15:00"), "On Call", "x: y")]


def test_plain_times_names_and_lines_that_follow() -> None:
    text = "14:02 Desk: third\n[14:03] On call: seen it\n  indented\n14:04 restarted the gateway"
    assert log(text) == [
        (at(24, "14:02"), "Desk", "third"),
        (at(24, "14:03"), "On call", "seen it\n  indented"),
        (at(24, "14:04"), "", "restarted the gateway"),
    ]


def test_other_programs() -> None:
    assert log("23/11/2026, 15:14 - Desk: a\n23/11/2026, 15:15 - On call: b")[0] == (at(23, "15:14"), "Desk", "a")
    assert log("[15:14] <desk> a\n[15:15] <oncall> b")[1] == (at(24, "15:15"), "oncall", "b")
    assert log("Desk \u2014 Yesterday at 3:14 PM\na\nOn call \u2014 Today at 3:14 PM\nb") == [
        (at(23, "15:14"), "Desk", "a"), (at(24, "15:14"), "On call", "b"),
    ]  # fmt: skip


def test_a_log_over_midnight_is_read_from_its_end() -> None:
    assert [when for when, _, _ in log("23:50 A: x\n00:10 B: y\n13:00 C: z")] == [
        at(23, "23:50"), at(24, "00:10"), at(24, "13:00"),
    ]  # fmt: skip
    assert [when for when, _, _ in log("13:00 A: x\n09:00 B: y")] == [at(23, "13:00"), at(24, "09:00")]


def test_a_date_that_can_be_read_in_two_ways_is_uncertain_by_the_difference() -> None:
    found = understand("12/11/2026 3:14 PM Desk: x\n12/11/2026 3:15 PM Desk: y", NOW)
    assert isinstance(found, Several)
    assert found.rows[0].occurred_ms == at(12, "15:14")
    assert found.rows[0].plus_minus_s == 60 + 29 * 86_400  # 11 December is the other reading


def test_lines_before_the_first_time_are_a_row_of_their_own() -> None:
    assert log("from the war room\n14:02 A: x\n14:03 B: y")[0] == (None, "", "from the war room")


@pytest.mark.parametrize("line", ["Is it off?  3:14 PM", "https://x.example/.  3:14 PM"])
def test_what_is_no_name_before_a_time_begins_no_message(line: str) -> None:
    (row,) = read_log(line + "\nIt is.", NOW, ZONE).rows
    assert (row.text, row.occurred_ms, row.speaker) == (line + "\nIt is.", None, "")


def test_a_date_over_no_message_stays_among_the_words() -> None:
    for text in ("9:12 Ada: it lies\n--- Tuesday, November 24, 2026 ---", "Tuesday", "it lies\n\nTuesday\n\n"):
        assert "Tuesday" in read_log(text, NOW, ZONE).rows[-1].text
    assert read_dates("someday", TODAY) == read_dates("May", TODAY) == ()
    assert [one.isoformat()[5:] for one in read_dates("3/3", TODAY)] == ["03-03"]


def test_prose_about_times_is_one_note() -> None:
    for text in ("We saw it at 3:14 PM\nand more", "plain\nnotes with\nno time", "Friday\nis the day"):
        assert one(text)[0] == text


def test_the_source_is_said_as_a_form_and_no_further() -> None:
    found = understand("Desk One  3:14 PM\nlooks bad", NOW)
    assert isinstance(found, Several)
    assert found.source == "chat log (Slack form)"
    assert "quoted from chat log (Slack form)" in preview(found).sentence
    assert "quoted from #war-room" in preview(found, source="#war-room").sentence


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_nothing_but_addresses_is_a_link() -> None:
    found = understand(" https://example.org/a \nhttps://example.org/b", NOW)
    assert isinstance(found, Link)
    assert found.urls == ("https://example.org/a", "https://example.org/b")
    assert one("see https://example.org/a")[0] == "see https://example.org/a"


def test_tables_are_evidence_byte_for_byte() -> None:
    text = 'time,who\r\n03:14,"Desk, second"\r\n'
    found = understand(text, NOW)
    assert isinstance(found, Table)
    assert (found.name, found.raw, found.columns, found.count) == ("pasted.csv", text.encode(), 2, 2)
    assert found.preview[1] == ("03:14", "Desk, second")
    tabs = understand("a\tb\tc\n1\t2\t3", NOW)
    assert isinstance(tabs, Table)
    assert tabs.name == "pasted.tsv"
    assert one("Hello, all\nWell, then")[0] == "Hello, all\nWell, then"
    assert isinstance(understand("14:02\tfirst\n14:03\tsecond", NOW), Several)


def test_what_no_entry_can_hold_is_evidence() -> None:
    found = understand("x" * 40_000, NOW)
    assert isinstance(found, LongText)
    assert found.raw == b"x" * 40_000
    many = understand("\n".join(f"14:02 A: {number}" for number in range(2000)), NOW)
    assert isinstance(many, LongText)


def test_a_preview_says_when_who_and_how_sure() -> None:
    shown = preview(understand("14:02 Desk: third\n14:03 On call: seen", NOW), "Europe/Berlin")
    assert shown.asks
    assert shown.rows[0].when == "2026-11-24 15:02:00 CET"
    assert (shown.rows[0].within, shown.rows[0].who, shown.rows[0].text) == ("\u00b160 s", "Desk", "third")
    assert not preview(understand("a note", NOW)).asks
    assert (within(1), within(1800), within(86_400)) == ("\u00b11 s", "\u00b130 min", "\u00b124 h")


# -- nothing is lost ---------------------------------------------------------------------------------------------------

PIECES = (
    "14:02 Desk: third", "[14:03] On call: seen", "Desk One  3:14 PM", "[3:14 PM] Desk One", "3:16", "3:16 PM",
    "03:14:22 From Desk One to Everyone:", "Desk One", "Yesterday", "Friday", "November 24th", "2026-11-24", "words",
    "  indented", "", " ", "https://example.org", "a,b", "a\tb", "24/11/2026, 15:14 - Desk: x", "[15:14] <desk> hi",
    "Desk \u2014 Today at 3:14 PM", "-5m text", "@ops text", "--- Today ---", "\u202e14:02 x", "e\u0301", "99:99 x",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=12).map("\n".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_line_that_is_not_blank_is_in_exactly_one_row(text: str) -> None:
    filled = [number for number, line in enumerate(split_lines(text)) if line.strip()]
    rows = read_log(text, NOW, ZONE).rows
    assert sorted(number for row in rows for number in row.lines) == filled
    found = understand(text, NOW)
    if isinstance(found, OneEntry):
        assert list(found.row.lines) == filled
    if isinstance(found, Several):
        assert sorted(number for row in found.rows for number in row.lines) == filled


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_every_word_is_in_the_text_the_speaker_or_the_time_of_its_row(text: str) -> None:
    lines = split_lines(text)
    for row in read_log(text, NOW, ZONE).rows:
        for number in row.lines:
            words = lines[number].strip()
            if words in row.text:
                continue
            assert row.occurred_ms is not None
            if row.speaker and row.speaker in words:
                before, after = (part.strip(" []<>:,-\u2013\u2014@+") for part in words.split(row.speaker, 1))
                assert not before or _is_time(before.removesuffix("From").strip()), (row, words)
                assert not after or after in row.text or _is_time(after) or after == "to Everyone", (row, words)
            else:
                assert _is_time(words.strip("[] ")) or row.text in words or read_dates(words.strip("-_ "), TODAY)


def _is_time(text: str) -> bool:
    return read_stamp(text.rstrip("] -:"), TODAY) is not None


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_every_row_can_be_stored_and_lies_not_ahead(text: str) -> None:
    for row in read_log(text, NOW, ZONE).rows:
        assert row.text.strip()
        check_text(row.text)
        check_text(row.speaker)
        assert len(canon.encode(row.text)) < MAX_DISCLOSURE_BYTES
        assert row.occurred_ms is None or row.occurred_ms <= NOW + 24 * 3_600_000 + 60_000 * row.plus_minus_s


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["a" + " " * 200_000 + "b", "03:14 From a" + " to b" * 40_000, "-" * 200_000 + "Today x", "a:" * 100_000,
     "14:02 " * 40_000, "today " * 40_000, "\n".join(["Desk One", "3:14 PM"] * 3_000), '"' * 100_001 + ",\n,"],
    ids=range(8),
)  # fmt: skip
def test_a_hostile_paste_is_read_in_time(text: str) -> None:
    began = time.process_time()
    understand(text, NOW)
    assert time.process_time() - began < 5


def test_refused_characters_stand_as_their_number() -> None:
    assert storable("a\u202eb\x00") == "a<U+202E>b<U+0000>"
    assert storable("e\u0301") == "\u00e9"
