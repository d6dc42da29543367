"""A pasted chat log, split by time and speaker: Slack, Teams, Zoom and the like, and plain `HH:MM name: text`.

Every line that is not blank is in exactly one row. What is not surely a header stays text. It knows no clock.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from console.domain import stamps
from console.domain.profile import REFUSED_TEXT
from console.domain.stamps import CLOCK, DATE, STAMP, Moment, Stamp

_I: Final = re.IGNORECASE
_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_ZOOM: Final = re.compile(
    rf"(?P<at>{CLOCK})\s+From\s+(?P<who>\S.{{0,80}}?)(?:\s+to\s+[^:]{{1,80}}?)?\s{{0,9}}:\s*(?P<text>.*)", _I
)
_BRACKET: Final = re.compile(rf"\[(?P<at>{STAMP})\]:?\s*(?P<rest>.*)", _I)
_PLAIN: Final = re.compile(rf"(?P<at>{STAMP})(?P<dash>\s*[-\u2013\u2014]\s+|\s+)(?P<rest>\S.*)", _I)
_ALONE: Final = re.compile(rf"\[?(?P<at>{STAMP})\]?", _I)
_AFTER: Final = re.compile(
    rf"(?P<who>\S.*?)(?P<gap>\s{{2,}}|\t\s*|\s+[\u2013\u2014]\s+|\s(?=\[)|,\s(?=\[)|\s)\[?(?P<at>{STAMP})\]?:?", _I
)
_NICK: Final = re.compile(r"<[@+ ]?(?P<who>[^<>\s]{1,80})>\s*(?P<text>.*)")
_SAID: Final = re.compile(r"(?P<who>[^:]{1,80}?)\s?:(?!//|\d)\s*(?P<text>.*)")
_DAY_LINE: Final = re.compile(rf"[\W_]*(?P<date>{DATE})[\W_]*", _I)
_PARTICLES: Final = frozenset({"af", "al", "bin", "da", "de", "del", "den", "der", "di", "la", "le", "van", "von", "y"})
_MOST_WORDS, _FEW_WORDS = 6, 4
_HEADER_CHARS: Final = 160  # a longer line is no header, and is not searched for one
_DISORDER_MS: Final = 5 * 60_000  # messages of one minute are not always in order
GENERIC: Final = "chat log"


@dataclass(frozen=True, slots=True)
class Row:
    """One message: its words, when it was said (ms; None: not said), off by how much, by whom.

    `lines` are the numbers of the pasted lines it was made of, from 0; `source` says what kind of log it came from.
    """

    text: str
    occurred_ms: int | None = None
    plus_minus_s: int = 0
    speaker: str = ""
    source: str = ""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """What was read: the rows in their order; how many began with a time, and how many of those in a chat's own form.

    A form is a chat's own when no person types it into a note by hand.
    """

    rows: tuple[Row, ...]
    timed: int
    formed: int


@dataclass(frozen=True, slots=True)
class _Head:
    """The beginning of a message. `who` is None where it goes on with the speaker before."""

    stamp: Stamp
    who: str | None
    text: str
    form: str
    own_form: bool


@dataclass(slots=True)
class _Message:
    head: _Head | None
    lines: list[int] = field(default_factory=list[int])
    words: list[str] = field(default_factory=list[str])
    speaker: str = ""
    dates: tuple[date, ...] = ()


def split_lines(text: str) -> list[str]:
    """The lines of a text from anywhere, whatever ends them; storable as text, without spaces at their ends."""
    return [storable(line).rstrip() for line in _BREAK.split(text)]


def storable(text: str) -> str:
    """The text as an entry may hold it: composed letters; a refused character stands as its number, <U+202E>."""
    composed = unicodedata.normalize("NFC", text)
    return REFUSED_TEXT.sub(lambda found: f"<U+{ord(found.group()):04X}>", composed)


def read_log(text: str, now_ms: int, zone: tzinfo) -> Log:
    """Split a log. Times without a date are taken as not ahead of now, nor of the message after them."""
    lines = split_lines(text)
    today = stamps.today_in(now_ms, zone)
    messages = _Reading(lines, today).messages()
    heads = [one.head for one in messages if one.head is not None]
    forms = Counter(head.form for head in heads if head.form)
    source = f"{GENERIC} ({forms.most_common(1)[0][0]} form)" if forms else GENERIC
    moments = _moments(messages, now_ms, zone)
    rows = tuple(_row(one, at, source, lines) for one, at in zip(messages, moments, strict=True))
    return Log(rows, len(heads), sum(head.own_form for head in heads))


def _row(one: _Message, at: Moment | None, source: str, lines: list[str]) -> Row:
    words = list(one.words)
    while words and not words[0].strip():
        words.pop(0)
    while words and not words[-1].strip():
        words.pop()
    # a header with nothing under it is kept as it was printed
    text = "\n".join(words) or "\n".join(lines[number].strip() for number in one.lines)
    row = Row(text, speaker=one.speaker, source=source, lines=tuple(one.lines))
    return row if at is None else replace(row, occurred_ms=at.at_ms, plus_minus_s=at.plus_minus_s)


class _Reading:
    """One pass over the lines."""

    def __init__(self, lines: list[str], today: date) -> None:
        self._lines = lines
        self._today = today
        self._heads = [_head(line, today) if line.strip() else None for line in lines]
        self._heads = [self._unless_bare(number, head) for number, head in enumerate(self._heads)]
        self._known = {head.who for head in self._heads if head is not None and head.who}
        self._found: list[_Message] = []
        self._waiting: list[int] = []  # numbers of date and name lines that belong to the next message
        self._dates: tuple[date, ...] = ()

    def messages(self) -> list[_Message]:
        """The messages in order; lines before the first header are one of their own."""
        skip = -1
        for number, line in enumerate(self._lines):
            if number == skip:
                continue
            if not line.strip():
                if self._found:
                    self._found[-1].words.append("")
            elif (head := self._heads[number]) is not None:
                self._begin(head, number)
            elif (named := self._name_above_stamp(number, announced=bool(self._waiting))) is not None:
                self._waiting.append(number)
                skip = self._next(number)
                self._begin(named, skip)
            elif (dates := self._day_line(number)) is not None:
                self._dates = dates
                self._waiting.append(number)
            else:
                self._go_on(number, line)
        return self._found

    def _begin(self, head: _Head, number: int) -> None:
        before = next((one for one in reversed(self._found) if one.head is not None), None)
        who = head.who or ""
        if before is not None and before.head is not None and head.who is None:
            if not head.text:  # a bare time: the same person goes on
                who = before.speaker
            head = replace(head, stamp=stamps.in_half_of(head.stamp, before.head.stamp))
        message = _Message(head, [*self._waiting, number], speaker=who, dates=head.stamp.dates or self._dates)
        if head.text:
            message.words.append(head.text)
        self._waiting = []
        self._found.append(message)

    def _go_on(self, number: int, line: str) -> None:
        if not self._found:
            self._found.append(_Message(None))
        self._found[-1].lines.append(number)
        self._found[-1].words.append(line)

    def _next(self, number: int) -> int:
        """The number of the next line that is not blank; that of the last line and one where there is none."""
        following = range(number + 1, len(self._lines))
        return next((at for at in following if self._lines[at].strip()), len(self._lines))

    def _unless_bare(self, number: int, head: _Head | None) -> _Head | None:
        """`[14:02] Restarted` is a message; `[14:02] Jane Doe` is a header only where words follow it."""
        if head is None or head.form != "Teams" or head.text or head.who is None:
            return head
        after = self._next(number)
        if after < len(self._lines) and self._heads[after] is None:
            return head
        return replace(head, who=None, text=head.who, form="", own_form=False)

    def _name_above_stamp(self, number: int, *, announced: bool = False) -> _Head | None:
        """A name on a line of its own, and the time on the next: as some programs copy it.

        It opens the log, follows a blank line or a date (`announced`), or names somebody who has spoken.
        """
        line, after = self._lines[number].strip(), number + 1
        if after >= len(self._lines) or not _is_name(line, strict=True):
            return None
        below = _ALONE.fullmatch(self._lines[after].strip())
        opens = number == 0 or not self._lines[number - 1].strip() or announced or line in self._known
        stamp = stamps.read_stamp(below["at"], self._today) if below is not None and opens else None
        if stamp is None:
            return None
        self._known.add(line)
        return _Head(stamp, line, "", "Slack or Teams", own_form=True)

    def _day_line(self, number: int) -> tuple[date, ...] | None:
        """A date on a line of its own, directly above a message: it never waits for one that does not come."""
        line = self._lines[number].strip()
        found = _DAY_LINE.fullmatch(line) if len(line) <= _HEADER_CHARS else None
        after = self._next(number)
        if found is None or after >= len(self._lines):
            return None
        if self._heads[after] is None and self._name_above_stamp(after, announced=True) is None:
            return None
        word = re.sub(r"[\W_]", "", found["date"])
        alone = number == 0 or not self._lines[number - 1].strip()
        if word.isalpha() and not alone:  # "Friday" may be an answer
            return None
        return stamps.read_dates(found["date"], self._today) or None


def _head(line: str, today: date) -> _Head | None:
    """The header or the beginning of a message that this line is, or None."""
    line = line.strip()
    if (zoom := _ZOOM.fullmatch(line)) and (stamp := stamps.read_stamp(zoom["at"], today)):
        return _Head(stamp, zoom["who"].strip(), zoom["text"].strip(), "Zoom", own_form=True)
    if (alone := _ALONE.fullmatch(line)) and (stamp := stamps.read_stamp(alone["at"], today)):
        return _Head(stamp, None, "", "", own_form=False)
    if (inside := _BRACKET.fullmatch(line)) and (stamp := stamps.read_stamp(inside["at"], today)):
        return _after_bracket(stamp, inside["rest"].strip())
    if (plain := _PLAIN.fullmatch(line)) and (stamp := stamps.read_stamp(plain["at"], today)):
        dashed = plain["dash"].strip() and bool(stamp.dates)
        who, text, form = _said(plain["rest"].strip())
        return _Head(stamp, who, text, "WhatsApp" if dashed and who else form, own_form=bool(dashed and who))
    return _named_first(line, today)


def _after_bracket(stamp: Stamp, rest: str) -> _Head:
    who, text, form = _said(rest)
    if who is None and _is_name(rest, strict=True):
        return _Head(stamp, rest, "", "Teams", own_form=True)
    return _Head(stamp, who, text, form or ("Teams" if who and stamp.dates else ""), own_form=who is not None)


def _said(rest: str) -> tuple[str | None, str, str]:
    """Speaker (None: not named), words, and the form where it is known."""
    if nick := _NICK.fullmatch(rest):
        return nick["who"], nick["text"], "IRC"
    said = _SAID.fullmatch(rest)
    if said is not None and _is_name(said["who"].strip()):
        return said["who"].strip(), said["text"].strip(), ""
    return None, rest, ""


def _named_first(line: str, today: date) -> _Head | None:
    """`Name  3:14 PM` and nothing else on the line."""
    found = _AFTER.fullmatch(line) if len(line) <= _HEADER_CHARS else None
    stamp = None if found is None else stamps.read_stamp(found["at"], today)
    if found is None or stamp is None:
        return None
    who, gap = found["who"].strip().rstrip(","), found["gap"]
    half_day = found["at"].rstrip(".").lower().endswith("m")
    if gap == " " and "[" not in line:
        named = half_day and _is_name(who, strict=True)
        return _Head(stamp, who, "", "Slack or Teams", own_form=True) if named else None
    if not _is_name(who):
        return None
    form = "Discord" if gap.strip() in ("\u2013", "\u2014") else "Slack"
    return _Head(stamp, who, "", form, own_form=True)


def _is_name(text: str, *, strict: bool = False) -> bool:
    """Whether it may be a person's name; `strict` where only its look can tell it from a sentence."""
    words = text.split()
    if not words or len(words) > (_FEW_WORDS if strict else _MOST_WORDS) or len(text) > 80:  # noqa: PLR2004  a line's part
        return False
    if text[-1] in ".!?,;:" or "://" in text or not any(char.isalpha() for char in text):
        return False
    return not strict or all(not word[0].islower() or word in _PARTICLES for word in words)


def _moments(messages: list[_Message], now_ms: int, zone: tzinfo) -> list[Moment | None]:
    """When each message was, from the last back."""
    found: list[Moment | None] = []
    limit_ms = now_ms + stamps.AHEAD_MS
    for one in reversed(messages):
        if one.head is None:
            found.append(None)
            continue
        stamp = replace(one.head.stamp, dates=one.dates)
        at = stamps.settle(stamp, now_ms, zone) if one.dates else _undated(stamp, limit_ms, zone)
        limit_ms = min(limit_ms, at.at_ms + _DISORDER_MS)
        found.append(at)
    return found[::-1]


def _undated(stamp: Stamp, limit_ms: int, zone: tzinfo) -> Moment:
    """The last such time of day that is not beyond the limit."""
    day = datetime.fromtimestamp(limit_ms / 1000, zone).date()
    at = stamps.moment_of(day, stamp.clock, zone, stamp.within_s)
    return at if at.at_ms <= limit_ms else stamps.moment_of(day - timedelta(days=1), stamp.clock, zone, stamp.within_s)
