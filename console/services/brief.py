"""The situation in at most fifteen lines, for colleagues, for executives, for customers; plain text for a chat window.

Outside the team only what is marked shareable is quoted, and nothing privileged anywhere. It claims no more than the
record: asked is not recorded, recorded is not enforced, and a person's word is called that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.domain.deceit import shown
from console.domain.errors import WrongUse
from console.domain.profile import JsonValue
from console.journal.values import Draft, Stored
from console.keys import canon
from console.services import picture
from console.services.clock_words import summary
from console.services.picture import Containment, Measure, Picture
from console.services.said import AUDIENCES, DECISIONS, Audience, Said, announce, last_decision
from console.services.session import Session

MAX_LINES: Final = 15
_QUOTE_CHARS: Final = 200
_LISTED: Final = 4
_MINUTE_MS: Final = 60_000
_DAY_MIN: Final = 24 * 60
_PHASES: Final = {"analysis": "monitoring and analysis", "recovery": "recovery and follow-up"}
_DOING: Final = {
    "user": "users or keys restricted", "frequency": "access slowed", "capability": "capabilities taken away",
    "use-case": "uses forbidden", "shutdown": "withdrawn",
}  # fmt: skip
_SURES: Final = (
    ("enforced", "Enforced, as observed"),
    ("recorded", "Recorded by the provider, not measured"),
    ("attested", "On a person's word alone (attested)"),
    ("asked", "Asked and accepted, not read back yet"),
)


@dataclass(frozen=True, slots=True)
class Brief:
    """The situation for one audience at one moment (ms). `quoted` names the entries whose words are in it."""

    title: str
    lines: tuple[str, ...]
    audience: Audience
    at_ms: int
    quoted: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is copied: one line each."""
        return "\n".join(self.lines)

    @property
    def sha256(self) -> str:
        """The hash of the text in UTF-8, which the record of a copy names."""
        return canon.sha256_hex(self.text.encode())


def situation(session: Session, inc: str, audience: Audience, zone: str = "UTC") -> Brief:
    """The situation of an incident as this console knows it now, times in an IANA zone.

    Raises:
        WrongUse: for an unknown audience, zone or incident.
    """
    if audience not in AUDIENCES:
        raise WrongUse(f"{audience!r} is no audience.", f"Give one of {', '.join(AUDIENCES)}.")
    return _Writing(session, picture.take(session, inc), audience, zone_of(zone)).brief()


def record_copy(session: Session, inc: str, brief: Brief) -> Stored:
    """Enter that the situation was copied: for whom, and the hash against which a copy can be held."""
    text = f"The situation was copied for: {brief.audience}. {len(brief.lines)} lines, sha256 {brief.sha256}"
    pub: dict[str, JsonValue] = {"of": list(brief.quoted)} if brief.quoted else {}
    return session.append(Draft("communication", inc, None, pub, {"text": text}))


def zone_of(name: str) -> tzinfo:
    """The IANA zone of this name.

    Raises:
        WrongUse: when this machine knows none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongUse(f"No time zone is called {name[:64]!r} here.", "Give one like Europe/Berlin, or UTC.") from None


def one_line(text: str, most: int = _QUOTE_CHARS) -> str:
    """Anybody's text as one safe line: no breaks, nothing invisible, an ellipsis where it was cut."""
    flat = shown(re.sub(r"\s+", " ", text).strip())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "\u2026"


def span(ms: int) -> str:
    """A length of time as hours and minutes, `00:41`, with days before it where there are any."""
    minutes = max(0, ms) // _MINUTE_MS
    days, rest = divmod(minutes, _DAY_MIN)
    return (f"{days} d " if days else "") + f"{rest // 60:02d}:{rest % 60:02d}"


def when(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A moment with its zone, and with its date where that is not today's."""
    at, now = (datetime.fromtimestamp(ms / 1000, zone) for ms in (at_ms, now_ms))
    name = at.tzname() or "UTC"
    if not name[:1].isalpha():
        offset = at.utcoffset() or timedelta(0)
        name = "UTC" + ("-" if offset < timedelta(0) else "+") + f"{_clock(abs(offset))}"
    return at.strftime("%H:%M" if at.date() == now.date() else "%Y-%m-%d %H:%M") + f" {name}"


def _clock(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def containment_words(found: Containment, now_ms: int, zone: tzinfo) -> str:
    """Whether what was decided holds, in one sentence; it never says contained without saying how sure."""
    ago = span(now_ms - found.since_ms)
    since = when(found.since_ms, now_ms, zone)
    if found.word == "given back":
        return f"NOTHING IN FORCE: everything that was taken away is given back since {since} ({ago})."
    if found.word == "uncontained":
        tail = "nothing is in force" if not found.total else f"none of {found.total} decided corrections is in force"
        return f"UNCONTAINED for {ago}: {tail} since it was declared at {since}."
    counts = _counts(found)
    if found.word == "partly":
        return f"NOT FULLY CONTAINED after {ago}: {found.held} of {found.total} in force ({counts})."
    if found.observed:
        return f"CONTAINED as decided since {since} ({ago}): all {found.total} observed to be enforced."
    return f"IN FORCE as decided since {since} ({ago}), not all observed: {counts}."


def _counts(found: Containment) -> str:
    pairs = (
        (found.enforced, "enforced"), (found.recorded, "recorded"), (found.attested, "attested only"),
        (found.asked, "asked"), (found.waiting, "not yet"),
    )  # fmt: skip
    return ", ".join(f"{count} {word}" for count, word in pairs if count)


class _Writing:
    """One brief being written: which lines, in which order, and what they quote."""

    def __init__(self, session: Session, seen: Picture, audience: Audience, zone: tzinfo) -> None:
        self._session = session
        self._seen = seen
        self._audience: Audience = audience
        self._house = session.settings.house
        self._zone = zone
        self._inside = audience == "internal"
        self._quoted: list[str] = []

    def brief(self) -> Brief:
        seen = self._seen
        title = self._title()
        found = [
            *([". ".join(seen.marks) + "."] if seen.marks else []), title, self._standing(),
            containment_words(seen.containment, seen.now_ms, self._zone), *self._what_happened(), *self._in_force(),
            *self._not_yet(), *self._given_back(), *self._uncovered(), *self._known_and_owed(), *self._decided(),
            f"{self._command()} {update_words(seen, self._zone)}",
        ]  # fmt: skip
        quoted = tuple(dict.fromkeys(self._quoted))
        return Brief(title, tuple(found), self._audience, seen.now_ms, quoted)  # MAX_LINES at most, by construction

    # -- what ----------------------------------------------------------------------------------------------------------

    def _title(self) -> str:
        declared = self._seen.declared
        label = self._seen.line.label
        if declared is None or not declared.title or not declared.may_go_to(self._audience):
            return f"Incident {label}"
        self._quoted += declared.entries
        return f"{label}: {one_line(declared.title)}"

    def _standing(self) -> str:
        line, now = self._seen.line, self._seen.now_ms
        phase = _PHASES.get(line.phase, line.phase)
        declared = f"declared {when(line.declared_ms, now, self._zone)}, {span(now - line.declared_ms)} ago"
        status = "" if line.status == "declared" else f", {line.status}"
        return f"SEV-{line.severity}, {phase}{status}; {declared}; as of {when(now, now, self._zone)}."

    def _what_happened(self) -> list[str]:
        """The declaration's text for colleagues; outside, what was marked to be shared last."""
        told = [
            one for one in self._seen.said
            if one.text and one.may_go_to(self._audience) and one.kind not in (*DECISIONS, "knowledge.fact")
            and (one.kind != "incident.declared" or one is self._seen.declared)
        ]  # fmt: skip
        if self._inside:
            first = [one for one in told if one.kind == "incident.declared"]
            marked = [one for one in told if one.shareable and one.kind != "incident.declared"]
            told = (marked[-1:] or first)[:1]
        return [f"What happened: {self._quote(one, one.text)}" for one in told[-1:]]

    # -- corrections ---------------------------------------------------------------------------------------------------

    def _in_force(self) -> list[str]:
        found: list[str] = []
        for sure, words in _SURES:
            mine = [one for one in self._seen.taken if one.sure == sure and one.authorised]
            told = [self._target(one) for one in mine]
            if sure == "attested":
                told += [self._hand(one.name, one.category, "done") for one in self._hands("contain", "done")]
            if told:
                found.append(f"{words} ({len(told)}): {_listed(told)}.")
        return found

    def _not_yet(self) -> list[str]:
        told: list[str] = []
        for one in self._seen.taken:
            # what is only proposed may never be decided: that is nothing for customers
            if one.sure == "not yet" and (one.authorised or self._audience != "customer"):
                why = one.why
                if self._inside and one.detail and one.detail not in why:
                    why = f"{why}: {one_line(one.detail, 80)}"
                told.append(f"{self._target(one)} [{why}]")
        for outcome in ("promised", "declined"):
            hands = self._hands("contain", outcome)
            told += [f"{self._hand(one.name, one.category, outcome)} [{outcome}, by hand]" for one in hands]
        return [f"Not in force yet ({len(told)}): {_listed(told)}."] if told else []

    def _given_back(self) -> list[str]:
        back = [one for one in self._seen.measures if one.direction == "restore" and not one.canary]
        moving = [one for one in back if one.sure in ("not yet", "asked") and one.authorised]
        told = [f"{self._target(one)} [{one.why}]" for one in moving]
        told += [f"{self._hand(one.name, one.category, 'done')} [by hand]" for one in self._hands("restore", "done")]
        return [f"Being given back or given back by hand ({len(told)}): {_listed(told)}."] if told else []

    def _uncovered(self) -> list[str]:
        """Where the same models are offered and no correction of this incident is under way or in force."""
        covered = {one.surface for one in self._seen.taken}
        concerned = {one.model for one in self._seen.taken}
        open_ones = [one for one in self._seen.surfaces if one.model in concerned and one.surface not in covered]
        if not open_ones or self._audience == "customer":
            return []
        names = [one_line(one.name or one.key, 60) for one in open_ones] if self._inside else []
        which = f": {_listed(names)}" if names else ""
        return [f"Same model, no correction ({len(open_ones)} {_plural(len(open_ones), 'place')}){which}."]

    def _hands(self, direction: str, outcome: str) -> list[picture.ByHand]:
        return [one for one in self._seen.by_hand if one.direction == direction and one.outcome == outcome]

    def _hand(self, name: str, category: str, outcome: str) -> str:
        if self._inside and name:
            return one_line(name, 80)
        done = self._doing(category, "")
        return done if outcome == "done" else f"{done} (asked)"

    def _target(self, one: Measure) -> str:
        """Names only for colleagues; outside, model and kind of correction, and no model that only we see."""
        if self._inside:
            return f"{one.lever}: {one_line(one.name, 60)} at {one_line(one.instance_name, 40)}"
        kind = next((where.kind for where in self._seen.surfaces if where.surface == one.surface), "internal")
        model = "an internal system" if self._audience == "customer" and kind == "internal" else one.model
        return f"{model}, {self._doing(one.category, one.reach)}"

    def _doing(self, category: str, reach: str) -> str:
        """Who only uses a model never withdraws it: its own use is what ends."""
        ours = reach == "only-us" or (not reach and self._house == "use")
        return "our use of it stopped" if category == "shutdown" and ours else _DOING.get(category, category)

    # -- people and words ----------------------------------------------------------------------------------------------

    def _command(self) -> str:
        if not any(role == "commander" for role, _ in self._seen.roles):
            return "Nobody commands."
        if not self._inside:
            return "An incident commander is in command."
        told = [f"{role}: {one_line(self._session.name_of(person), 60)}" for role, person in self._seen.roles]
        return f"In command: {_listed(told)}."

    def _known_and_owed(self) -> list[str]:
        """Since when it was known and which reports are owed, in one line; customers hear nothing of the latter."""
        owed = "" if self._audience == "customer" else summary(self._seen.clocks, self._seen.now_ms)
        found = [*self._known(), *([f"Reporting clocks: {owed}."] if owed else [])]
        return [" ".join(found)] if found else []

    def _known(self) -> list[str]:
        """The earliest fact. When we knew is Legal's to tell outside: a customer hears it only where it is marked."""
        facts = [one for one in self._seen.said if one.kind == "knowledge.fact" and one.since_ms is not None]
        allowed = [one for one in facts if one.may_go_to(self._audience)]
        if self._audience == "exec":
            allowed = [one for one in facts if not one.privileged and one.tlp != "red"]
        if not allowed:
            return []
        first = min(allowed, key=lambda one: one.since_ms or 0)
        since = when(first.since_ms or 0, self._seen.now_ms, self._zone)
        words = f": {self._quote(first, first.text)}" if first.text and first.may_go_to(self._audience) else ""
        return [f"Known since {since}{words}."]

    def _decided(self) -> list[str]:
        last = last_decision(self._seen.said, self._audience)
        if last is None:
            return []
        what = "Last decision, not to act" if last.kind == "decision.not-to-act" else "Last decision"
        return [f"{what}, {when(last.at_ms, self._seen.now_ms, self._zone)}: {self._quote(last, last.text)}"]

    def _quote(self, one: Said, text: str) -> str:
        self._quoted += one.entries
        return f"\u201c{one_line(text)}\u201d"


def update_words(seen: Picture, zone: tzinfo) -> str:
    """When the next update is due, from what was promised in a communication."""
    if seen.update is None:
        return "No next update was promised."
    due, now = seen.update.due_ms, seen.now_ms
    if due >= now:
        return f"Next update due {when(due, now, zone)} (in {span(due - now + _MINUTE_MS - 1)})."
    return f"Next update was due {when(due, now, zone)}: OVERDUE by {span(now - due)}."


def _listed(told: Sequence[str]) -> str:
    """The first few, equal ones counted once, and how many more."""
    counted = [text if count == 1 else f"{count} \u00d7 {text}" for text, count in Counter(told).items()]
    more = len(counted) - _LISTED
    return "; ".join(counted[:_LISTED]) + (f"; and {more} more" if more > 0 else "")


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


__all__ = [
    "AUDIENCES", "Audience", "Brief", "announce", "containment_words", "one_line", "record_copy", "situation", "span",
    "update_words", "when", "zone_of",
]  # fmt: skip
