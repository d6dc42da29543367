"""The room page: the wall as one file for people without keys. Read-only, no script, nothing from elsewhere.

It says as of when it holds. It shows no secret, no evidence, nothing privileged, and escapes whatever people wrote.
"""

from __future__ import annotations

import html
import re
import sqlite3
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from string import Template
from typing import Any, Final

from console.domain.clocks import is_aside
from console.domain.errors import Problem, WrongUse
from console.domain.profile import JsonValue
from console.journal.telemetry import Sample, Telemetry, path_beside
from console.keys import canon
from console.runtime import platform
from console.services import picture
from console.services.brief import containment_words, one_line, span, update_words, when, zone_of
from console.services.clock_words import words_of
from console.services.picture import Containment, Measure, Picture
from console.services.providers import Surface
from console.services.said import DECISIONS
from console.services.session import Session

REWRITE_MS: Final = 60_000  # even where nothing changed, so that an old page can be told from a quiet incident
_STALE_MS: Final = 60_000  # a reading older than this is greyed
_READABLE: Final = 0o644
_CORRECTIONS_SHOWN: Final = 7
_SURFACES_SHOWN: Final = 6
_DECISIONS_SHOWN: Final = 2
_CLOCKS_SHOWN: Final = 3
_FIRST: Final = ("not yet", "asked", "attested", "recorded", "enforced", "over")  # what is not sure is looked at first
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_SERVING: Final = {
    "serving": "serving", "degraded": "degraded", "stopped": "stopped", "unknown": "unknown", "unread": "unknown",
}  # fmt: skip
_TONES: Final = {"uncontained": "alarm", "partly": "waiting", "contained": "known", "given back": "quiet"}


@dataclass(frozen=True, slots=True)
class _Page:
    """The page in two parts: the facts, which decide whether it has to be written anew, and the page at one moment."""

    facts: str
    text: str


def room_page(session: Session, inc: str, zone: str = "UTC") -> str:
    """The page as it is now.

    Raises:
        WrongUse: when there is no such incident here, or no such zone.
    """
    return _Writing(session, inc, zone_of(zone)).page().text


def write_room_page(session: Session, inc: str, path: Path, zone: str = "UTC") -> bool:
    """Write the page at `path`, whole or not at all, where the facts changed or the page there is a minute old.

    Returns whether it was written.

    Raises:
        WrongUse: for an unknown incident or zone, or where the file cannot be written.
    """
    page = _Writing(session, inc, zone_of(zone)).page()
    try:
        before = path.read_bytes()[:4000].decode("utf-8", "replace")
    except OSError:
        before = ""
    found = re.search(r'"standdown-facts" content="(\w+)">\s*<meta name="standdown-written" content="(\d+)"', before)
    if found is not None and found[1] == page.facts and 0 <= session.clock.wall_ms() - int(found[2]) < REWRITE_MS:
        return False
    try:
        platform.write_durably(path, page.text.encode(), _READABLE)
    except OSError as fault:
        raise WrongUse(f"{path} cannot be written ({fault.strerror}).", "Name another place for the page.") from None
    return True


class _Writing:
    """One page being written."""

    def __init__(self, session: Session, inc: str, zone: tzinfo) -> None:
        self._session = session
        self._seen: Picture = picture.take(session, inc, marked=False)
        self._zone = zone
        self._look = _look()
        self._samples = _last_samples(session, self._surfaces())

    def page(self) -> _Page:
        seen, line = self._seen, self._seen.line
        timeless = {
            "marks": self._marks(),
            "title": _e(f"{line.label} SEV-{line.severity}"),
            "severity": f"SEV-{line.severity}",
            "severity_tone": f"--sev-{line.severity}",
            "severity_on": f"--on-sev-{line.severity}",
            "label": _e(f"{line.label} \u00b7 {line.phase} \u00b7 {line.status}"),
            "headline": _e(self._title()),
            "declared": _e(when(line.declared_ms, seen.now_ms, self._zone)),
            "corrections": self._corrections(),
            "owed": self._owed(),
            "roles": self._roles(),
            "decisions": self._decisions(),
            "colours": "".join(f"--{name}:{value};" for name, value in self._look["colours"].items()),
        }
        facts = canon.sha256_hex(canon.encode({**timeless, "stands": self._stands()}))
        over = seen.update is not None and seen.update.due_ms < seen.now_ms
        text = _template().substitute(
            timeless,
            facts=facts,
            written=str(seen.now_ms),
            elapsed=span(seen.now_ms - line.declared_ms),
            containment=_e(containment_words(seen.containment, seen.now_ms, self._zone)),
            containment_tone=f"--{_tone_of(seen.containment)}",
            surfaces=self._offered(),
            due=_e(update_words(seen, self._zone)),
            due_class="over" if over else "",
            as_of=_e(f"{_seconds(seen.now_ms, self._zone)}"),
        )
        return _Page(facts, text)

    def _stands(self) -> list[JsonValue]:
        """What stands, without ages: containment, the next update, and each surface's last word."""
        seen = self._seen
        found = seen.containment
        due = seen.update.due_ms if seen.update is not None else None
        words: list[JsonValue] = [self._last_word(one)[0] for one in self._surfaces()]
        return [found.word, found.since_ms, found.enforced, found.recorded, found.attested, found.asked,
                found.waiting, due, due is not None and due < seen.now_ms, *words]  # fmt: skip

    def _marks(self) -> str:
        told = []
        for mark in self._seen.marks:
            kind = " provisional" if mark == picture.PROVISIONAL else ""
            told.append(f'<p class="marks{kind}">{_e(mark)}</p>')
        return "".join(told)

    def _title(self) -> str:
        declared = self._seen.declared
        if declared is None or not declared.may_go_to("internal"):
            return "(title withheld)"
        return one_line(declared.title or "(no title)", 160)

    # -- tables --------------------------------------------------------------------------------------------------------

    def _corrections(self) -> str:
        told = sorted((one for one in self._seen.measures if not one.canary), key=lambda one: _FIRST.index(one.sure))
        rows = [self._correction(one) for one in told]
        rows += [self._by_hand(one) for one in self._seen.by_hand]
        return _table(rows, "No correction is decided or under way.", _CORRECTIONS_SHOWN)

    def _owed(self) -> str:
        """Reporting clocks with the moment at which each ends: a page may be a minute old."""
        rows: list[str] = []
        for clock in self._seen.clocks:
            if clock.state != "set aside":
                mark = self._look["clocks"][clock.state]
                until = f"sent {when(clock.met.at_ms, self._seen.now_ms, self._zone)}" if clock.met is not None else (
                    f"until {when(clock.due_ms, self._seen.now_ms, self._zone)}"
                )  # fmt: skip
                rows.append(
                    f'<tr style="--tone:var(--{mark["tone"]})"><td>{_e(words_of(clock, self._seen.now_ms).title)}'
                    f'<small>{_e(clock.report.name)}</small></td><td class="state">{_shape(mark["shape"])}'
                    f"{_e(mark['word'])}<small>{_e(until)}</small></td></tr>"
                )
        return f"<section><h2>Reporting clocks</h2>{_table(rows, '', _CLOCKS_SHOWN)}</section>" if rows else ""

    def _correction(self, one: Measure) -> str:
        what = one.lever if one.direction == "contain" else f"Give back: {one.lever}"
        why = one.why
        if one.detail and one.detail not in why and one.sure not in picture.HELD:
            why = f"{why}: {one.detail}"
        under = f"{one.model} at {one.instance_name}" + (f" \u00b7 {one_line(why, 110)}" if why else "")
        since = when(one.held_ms or one.since_ms, self._seen.now_ms, self._zone)
        return self._row(f"{what}: {one_line(one.name, 70)}", under, one.state, f"since {since}")

    def _by_hand(self, one: picture.ByHand) -> str:
        what = "Done by hand" if one.direction == "contain" else "Given back by hand"
        done = when(one.done_ms, self._seen.now_ms, self._zone)
        state = "attested" if one.outcome == "done" else "queued" if one.outcome == "promised" else "refused"
        words = None if one.outcome == "done" else one.outcome
        return self._row(f"{what}: {one_line(one.name or one.category, 90)}", "a person's word", state, done, words)

    def _row(self, what: str, under: str, state: str, beside: str, word: str | None = None) -> str:
        mark = self._look["states"].get(state, self._look["states"]["unknown"])
        return (
            f'<tr style="--tone:var(--{mark["tone"]})"><td>{_e(what)}<small>{_e(under)}</small></td>'
            f'<td class="state">{_shape(mark["shape"])}{_e(word or mark["word"])}<small>{_e(beside)}</small></td></tr>'
        )

    def _surfaces(self) -> list[Surface]:
        """Where the models in question are offered; all places while no correction names a model."""
        models = self._seen.models
        return [one for one in self._seen.surfaces if not models or one.model in models]

    def _offered(self) -> str:
        rows: list[str] = []
        for one in self._surfaces():
            word, at_ms = self._last_word(one)
            mark = self._look["serving"].get(_SERVING.get(word, ""), self._look["serving"]["unknown"])
            old = at_ms is None or self._seen.now_ms - at_ms > _STALE_MS
            tone = "quiet" if old else mark["tone"]
            shape = mark["shape"] if at_ms is not None else self._look["serving"]["unheard"]["shape"]
            age = "no reading here" if at_ms is None else _read(self._seen.now_ms - at_ms)
            name = _e(one_line(one.name or one.key, 60))
            rows.append(
                f'<tr class="{"old" if old else ""}" style="--tone:var(--{tone})">'
                f"<td>{name}<small>{_e(one.model)} \u00b7 {_e(one.kind)}</small></td>"
                f'<td class="state">{_shape(shape)}{_e(word)}<small>{_e(age)}</small></td></tr>'
            )
        return _table(rows, "No surface is in the inventory.", _SURFACES_SHOWN)

    def _last_word(self, one: Surface) -> tuple[str, int | None]:
        sample = self._samples.get((one.instance, one.key))
        return ("not read", None) if sample is None else (sample.state, sample.at_ms)

    def _roles(self) -> str:
        names = [(role, one_line(self._session.name_of(person), 60)) for role, person in self._seen.roles]
        if not names:
            return '<p class="none">Nobody holds a role.</p>'
        told = " \u00b7 ".join(f"<small>{_e(role)}</small> {_e(name)}" for role, name in names)
        return f'<p class="roles">{told}</p>'

    def _decisions(self) -> str:
        told = [
            one for one in self._seen.said
            if one.kind in DECISIONS and one.text and one.may_go_to("internal") and not is_aside(one.text)
        ]  # fmt: skip
        items: list[str] = []
        for one in reversed(told[-_DECISIONS_SHOWN:]):
            not_to_act = "Not to act: " if one.kind == "decision.not-to-act" else ""
            at, who = when(one.at_ms, self._seen.now_ms, self._zone), one_line(self._session.name_of(one.author), 40)
            items.append(f"<li>{not_to_act}{_e(one_line(one.text, 180))} <small>{_e(at)}, {_e(who)}</small></li>")
        return _list(items, "No decision is recorded.")


# -- pieces ------------------------------------------------------------------------------------------------------------


def _e(text: str) -> str:
    return html.escape(text, quote=True)


def _table(rows: list[str], otherwise: str, most: int) -> str:
    more = len(rows) - most
    told = rows[:most] + ([f'<tr><td colspan="2">and {more} more</td></tr>'] if more > 0 else [])
    return f"<table>{''.join(told)}</table>" if rows else f'<p class="none">{_e(otherwise)}</p>'


def _list(items: Iterable[str], otherwise: str) -> str:
    found = "".join(items)
    return f"<ul>{found}</ul>" if found else f'<p class="none">{_e(otherwise)}</p>'


def _seconds(at_ms: int, zone: tzinfo) -> str:
    name = when(at_ms, at_ms, zone).split(" ", 1)[1]
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M:%S} {name}"


def _read(age_ms: int) -> str:
    return f"read {_ago(age_ms)} before this page" if age_ms >= 1000 else "read just before this page"  # noqa: PLR2004  one second


def _ago(ms: int) -> str:
    seconds = max(0, ms) // 1000
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"  # noqa: PLR2004  two units of the smaller


def _tone_of(found: Containment) -> str:
    return "good" if found.word == "contained" and found.observed else _TONES[found.word]


_SHAPES: Final = {
    "disc": '<circle class="full" cx="8" cy="8" r="6.5"/>',
    "ring": '<circle cx="8" cy="8" r="6"/>',
    "ring-dot": '<circle cx="8" cy="8" r="6"/><circle class="full" cx="8" cy="8" r="1.6"/>',
    "half-disc": '<circle cx="8" cy="8" r="6"/><path class="full" d="M8 2a6 6 0 0 0 0 12z"/>',
    "ring-slash": '<circle cx="8" cy="8" r="6"/><path d="M4 12 12 4"/>',
    "no-entry": '<circle cx="8" cy="8" r="6"/><path d="M4.5 8h7"/>',
    "diamond": '<path class="full" d="M8 1 15 8 8 15 1 8z"/>',
    "diamond-ring": '<path d="M8 2 14 8 8 14 2 8z"/>',
    "square": '<path class="full" d="M2 2h12v12H2z"/>',
    "square-ring": '<path d="M2.5 2.5h11v11h-11z"/>',
    "square-half": '<path d="M2.5 2.5h11v11h-11z"/><path class="full" d="M2.5 2.5H8v11H2.5z"/>',
    "hourglass": '<path d="M3 2h10L3 14h10z"/>',
    "pause": '<path d="M5 2v12M11 2v12"/>',
    "arrow-right": '<path d="M1 8h12M9 3l5 5-5 5"/>',
    "arrow-up": '<path d="M8 15V3M3 8l5-5 5 5"/>',
    "cross": '<path d="M3 3l10 10M13 3 3 13"/>',
    "triangle": '<path class="full" d="M8 1 15 14H1z"/>',
    "triangle-down": '<path class="full" d="M8 15 1 2h14z"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4v4l3 2"/>',
    "dash": '<path d="M2 8h12"/>',
    "dots": '<path d="M2 8h2M7 8h2M12 8h2"/>',
    "question": '<path d="M4 5a4 4 0 1 1 5 4c-1 .5-1 1-1 2M8 13.5v1"/>',
}


def _shape(name: str) -> str:
    return f'<svg viewBox="0 0 16 16" aria-hidden="true">{_SHAPES.get(name, _SHAPES["question"])}</svg>'


def _look() -> dict[str, Any]:
    """Colours, words and shapes from the one file that the window reads too; the dark theme, as walls are."""
    tokens = tomllib.loads(_resource("themes", "tokens.toml").read_text(encoding="utf-8"))
    colours = {name: value for name, value in tokens["theme"]["dark"].items() if isinstance(value, str)}
    return {"colours": colours, "states": tokens["states"], "serving": tokens["serving"], "clocks": tokens["clocks"]}


def _template() -> Template:
    return Template(_resource("templates", "room.html").read_text(encoding="utf-8"))


def _resource(*parts: str) -> Path:
    for root in (_PACKAGE.parent, _PACKAGE):  # a checkout; an installed package, which carries them inside
        path = root.joinpath("resources", *parts)
        if path.is_file():
            return path
    raise Problem(f"The file {'/'.join(parts)} is missing.", "Install Standdown again.")


def _last_samples(session: Session, surfaces: Iterable[Surface]) -> dict[tuple[str, str], Sample]:
    """The last look at each surface, where this profile's engine kept one within a day; reading makes no file."""
    path = path_beside(session.paths.index)
    if not path.exists():
        return {}
    found: dict[tuple[str, str], Sample] = {}
    now = session.clock.wall_ms()
    try:
        with Telemetry(path) as telemetry:
            for one in surfaces:
                last = telemetry.last(one.instance, one.key, now, limit=1)
                if last:
                    found[one.instance, one.key] = last[-1]
    except sqlite3.Error:
        return found
    return found
