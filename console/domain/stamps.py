"""Times as people type them and as chat programs print them: read against a zone and a moment, never against a clock.

Whatever is not surely a time is no time: the text stays as it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

AHEAD_MS: Final = 60_000  # clocks differ a little: this much ahead of now is still today
_DAY: Final = timedelta(days=1)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH_WORD: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY_WORD: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
CLOCK: Final = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\b\.?)?"
DATE: Final = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.]\d{{1,2}}(?:[/.](?:\d{{4}}|\d{{2}}))?\.?"
    rf"|(?:{_WEEKDAY_WORD},?\s+)?{_MONTH_WORD}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    rf"|(?:{_WEEKDAY_WORD},?\s+)?\d{{1,2}}\.?\s+{_MONTH_WORD}(?:,?\s+\d{{4}})?"
    rf"|today|yesterday|{_WEEKDAY_WORD})"
)
# a date may stand before the clock: "11/24/2026, 3:14 PM", "Yesterday at 15:14", "2026-11-24T03:14:05"
STAMP: Final = rf"(?:{DATE}(?:,\s*|\s+at\s+|\s+|T))?{CLOCK}"
_STAMP: Final = re.compile(rf"(?:(?P<date>{DATE})(?:,\s*|\s+at\s+|\s+|T))?(?P<clock>{CLOCK})", re.IGNORECASE)
_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,]\d{1,3})?(?:\s?(?P<half>[ap])\.?m\.?)?",
    re.IGNORECASE,
)
_BACK: Final = re.compile(r"-(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
_UNITS_S: Final = (86_400, 3600, 60, 1)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as printed: time of day, how exact it is (s), the dates it may mean (none: not printed), best first.

    `halved`: it was printed with AM or PM.
    """

    clock: time
    within_s: int
    dates: tuple[date, ...] = ()
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment: ms since 1970, and by how many seconds it may be off."""

    at_ms: int
    plus_minus_s: int


def read_stamp(text: str, today: date) -> Stamp | None:
    """A printed time with or without its date; None when it is none."""
    found = _STAMP.fullmatch(text.strip())
    clock = None if found is None else _CLOCK.fullmatch(found["clock"].strip())
    if found is None or clock is None:
        return None
    hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
    half = (clock["half"] or "").lower()
    if half and not 1 <= hour <= 12:  # noqa: PLR2004  a clock face
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    dates = () if found["date"] is None else read_dates(found["date"], today)
    if found["date"] is not None and not dates:
        return None
    return Stamp(time(hour, minute, second), 1 if clock["second"] else 60, dates, bool(half))


def in_half_of(stamp: Stamp, before: Stamp) -> Stamp:
    """A time printed without AM or PM under one printed with it: of its two readings the next one after that."""
    if stamp.halved or not before.halved or not 1 <= stamp.clock.hour <= 12:  # noqa: PLR2004  a clock face
        return stamp
    early = stamp.clock.replace(hour=stamp.clock.hour % 12)
    late = early.replace(hour=early.hour + 12)
    clock = early if early >= before.clock.replace(second=0) or late < before.clock.replace(second=0) else late
    return replace(stamp, clock=clock, halved=True)


def read_dates(text: str, today: date) -> tuple[date, ...]:
    """The dates that a printed date may mean, the likeliest first: none lies ahead where another reading does not.

    `11/12` is either of two days. What is no date gives none.
    """
    word = text.strip().strip(",.").lower()
    if word in ("today", "yesterday"):
        return (today if word == "today" else today - _DAY,)
    if re.fullmatch(_WEEKDAY_WORD, word):
        back = (today.weekday() - _WEEKDAYS.index(word[:3])) % 7
        return (today - timedelta(days=back),)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        return _made(int(word[:4]), int(word[5:7]), int(word[8:]))
    if numbers := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})(?:[/.](\d{4}|\d{2}))?", word):
        return _either(int(numbers[1]), int(numbers[2]), numbers[3], today)
    return _written(word, today)


def _written(word: str, today: date) -> tuple[date, ...]:
    month = re.search(_MONTH_WORD, re.sub(rf"^{_WEEKDAY_WORD},?\s+", "", word))
    rest = re.sub(rf"^{_WEEKDAY_WORD},?\s+", "", word)
    figures = re.findall(r"\d+", rest)
    if month is None or not figures:
        return ()
    number = _MONTHS.index(month[0][:3]) + 1
    year = next((int(one) for one in figures if len(one) == 4), None)  # noqa: PLR2004  a year has four figures
    day = next((int(one) for one in figures if len(one) <= 2), 0)  # noqa: PLR2004  a day has one or two
    return _made(year, number, day) if year is not None else _past(number, day, today)


def _either(first: int, second: int, year: str | None, today: date) -> tuple[date, ...]:
    found: list[date] = []
    for month, day in ((first, second), (second, first)):
        if year is None:
            found += _past(month, day, today)
        else:
            found += _made(int(year) if len(year) == 4 else 2000 + int(year), month, day)  # noqa: PLR2004  as above
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one > today, abs((today - one).days))))


def _past(month: int, day: int, today: date) -> tuple[date, ...]:
    """The last such day; the day after `today` still counts, for zones differ."""
    this = _made(today.year, month, day)
    return this if this and this[0] <= today + _DAY else _made(today.year - 1, month, day)


def _made(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()


def moment_of(day: date, clock: time, zone: tzinfo, within_s: int) -> Moment:
    """That time of that day in the zone. A time that the clock change shows twice is uncertain by the difference."""
    local = datetime.combine(day, clock, tzinfo=zone)
    again = local.replace(fold=1)
    apart = abs(round(again.timestamp() - local.timestamp()))
    return Moment(round(local.timestamp() * 1000), within_s + apart)


def settle(stamp: Stamp, now_ms: int, zone: tzinfo) -> Moment:
    """When a single stamp was: its date, else today, or yesterday where today would lie ahead.

    Where the date can be read in two ways, the uncertainty spans both.
    """
    today = today_in(now_ms, zone)
    if not stamp.dates:
        found = moment_of(today, stamp.clock, zone, stamp.within_s)
        return found if found.at_ms <= now_ms + AHEAD_MS else moment_of(today - _DAY, stamp.clock, zone, stamp.within_s)
    best, *others = stamp.dates
    apart = max((abs((best - one).days) for one in others), default=0) * 86_400
    found = moment_of(best, stamp.clock, zone, stamp.within_s)
    return Moment(found.at_ms, found.plus_minus_s + apart)


def today_in(now_ms: int, zone: tzinfo) -> date:
    """The date at this moment in the zone."""
    return datetime.fromtimestamp(now_ms / 1000, zone).date()


def read_back(text: str, now_ms: int) -> Moment | None:
    """`-5m`, `-2h`, `-1h30m`: that long ago, uncertain by half of the last unit said; None for anything else."""
    found = _BACK.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    said = [(int(count), unit) for count, unit in zip(found.groups(), _UNITS_S, strict=True) if count]
    ago_s = sum(count * unit for count, unit in said)
    return Moment(now_ms - ago_s * 1000, max(1, said[-1][1] // 2))
