"""The readable account of one incident: rows in order, the first page's facts, as CSV and as one HTML file.

Standard library and console.domain only. Text from entries is data: escaped everywhere, never a link, never a formula.
It says what is not in here as plainly as what is.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from console.domain.actions import Action
from console.domain.called import told_apart
from console.domain.command import ROLE_KINDS, declared_in
from console.domain.forms import Entry
from console.domain.ids import incident_label
from console.domain.named_file import file_words, named_file
from console.domain.occurred import occurred_at
from console.domain.profile import JsonValue
from console.domain.seen import Seen
from console.domain.spreadsheet import plain_cell
from console.exports import names
from console.exports.evidence import Evidence
from console.exports.looking_back import Back, look_back
from console.exports.rulings import Close, Judge, broke_glass
from console.exports.words import span, stamp

SILENCE_MS = 15 * 60_000
LATE_MS = 15 * 60_000
_SPOKEN: Final[tuple[str, ...]] = (
    "title", "text", "reason", "name", "selector", "briefing", "how", "why", "fields", "request_id", "response",
    "ticket", "contact", "speaker", "who", "signal", "source",
)  # fmt: skip
_PUBLIC: Final[tuple[str, ...]] = (
    "severity", "phase", "status", "role", "person", "to", "regime", "direction", "category", "outcome", "verdict",
    "evidence", "probes", "passes", "target", "attempt", "model", "count", "what",
)  # fmt: skip
_ENDS = {
    "dispatch.accepted": "accepted by the provider", "dispatch.recorded": "read back as recorded",
    "dispatch.enforced": "observed to be enforced", "dispatch.unmeasurable": "recorded, not measurable",
    "dispatch.passed": "still passing", "dispatch.unknown": "outcome unknown", "dispatch.failed": "failed",
    "dispatch.stale": "stale: the state had changed", "dispatch.expired": "expired",
    "dispatch.cancelled": "cancelled", "dispatch.attention": "needs a person", "dispatch.drifted": "undone by others",
    "dispatch.requeued": "queued again", "dispatch.held": "held", "dispatch.intent": "sent, no answer recorded",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `at_ms` is when it happened (as its author said, else as `written_ms`), `written_ms` when written."""

    at_ms: int
    written_ms: int
    who: str
    kind: str
    what: str
    flags: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Account:
    """Everything the readable files are made of."""

    title: str
    label: str
    marks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    known: tuple[str, ...]
    done: tuple[str, ...]
    absent: tuple[str, ...]
    rows: tuple[Row, ...]
    exported: str
    back: Back


def account_of(evidence: Evidence, judge: Judge, close: Close | None) -> Account:
    """Tell one incident from proven evidence."""
    inc = evidence.about.inc
    all_of_it = [(ident, entry) for ident, entry in evidence.entries.items() if entry.inc == inc]
    all_of_it.sort(key=lambda pair: (pair[1].hlc, pair[1].feed, pair[1].seq))
    people = person_names(evidence)
    told = (_row(evidence, close, people, *pair) for pair in all_of_it)
    rows = sorted(told, key=lambda row: (row.at_ms, row.written_ms))
    mine = [pair for pair in all_of_it if pair[0] not in evidence.uncounted]
    ident = _declaration(evidence, mine)
    declared = None if ident is None else evidence.entries[ident]
    title = "" if ident is None else _plain(evidence.named(ident).get("title"))
    first_ms = declared.hlc[0] if declared is not None else evidence.about.exported
    year = datetime.fromtimestamp(first_ms / 1000, UTC).year
    return Account(
        title=title or "(no title disclosed)",
        label=incident_label(inc, year),
        marks=_marks(evidence),
        facts=tuple(_facts(evidence, mine, declared, close)),
        known=tuple(_known(evidence, mine, people)),
        done=tuple(_done(evidence, judge, mine, people)),
        absent=tuple(_absent(evidence, judge, mine, rows, people, close)),
        rows=tuple(rows),
        exported=stamp(evidence.about.exported),
        back=look_back(evidence, mine, people),
    )


def person_names(evidence: Evidence) -> dict[str, str]:
    """Names by person: as the rosters' values disclose them, else as people called themselves in a self-test first."""
    spoken: dict[str, str] = {}
    for ident, entry in sorted(evidence.entries.items(), key=lambda pair: (pair[1].hlc, pair[1].feed)):
        counts = entry.kind == "self-test" and ident not in evidence.uncounted
        name = evidence.named(ident).get("speaker") if counts else None
        if entry.author is not None and isinstance(name, str) and name.strip():
            spoken.setdefault(entry.author, name)
    listed: dict[str, str] = {}
    for sha, roster in evidence.rosters:
        values = evidence.values.get(sha, {})
        for person in roster.persons:
            for digest in person.sd:
                name, value = values.get(digest, ("", None))
                if name == "name" and isinstance(value, str):
                    listed[person.person] = value
    return told_apart(listed, spoken)


def _declaration(evidence: Evidence, mine: list[tuple[str, Entry]]) -> str | None:
    """The id of the incident's declaration, by the rule that says who commands."""
    told = [
        Seen(
            id=ident, feed=entry.feed, seq=entry.seq, author=entry.author, console=entry.console, kind=entry.kind,
            pub=entry.pub, hlc=entry.hlc, subj=entry.subj, inc=entry.inc, refs=entry.refs,
        )
        for ident, entry in mine
        if entry.kind in ROLE_KINDS
    ]  # fmt: skip
    found = declared_in(told, evidence.rosters[-1][1])
    return None if found is None else found.id


def _marks(evidence: Evidence) -> tuple[str, ...]:
    marks: list[str] = []
    if evidence.about.org.startswith("d-"):
        marks.append("PRACTICE")
    if len(evidence.rosters) == 1:
        marks.append("PROVISIONAL: ONE PERSON")
    return tuple(marks)


def _row(evidence: Evidence, close: Close | None, people: dict[str, str], ident: str, entry: Entry) -> Row:
    values = evidence.named(ident)
    said_ms = occurred_at(values.get("occurred"))
    at_ms = entry.hlc[0] if said_ms is None else said_ms
    flags = [f"does not count: {evidence.uncounted[ident]}"] if ident in evidence.uncounted else []
    if entry.hlc[0] - at_ms > LATE_MS:
        flags.append("written later")
    if close is not None and ident in close.after:
        flags.append("after close")
    if len(evidence.values.get(ident, {})) < len(entry.sd):
        flags.append("values withheld or redacted")
    who = f"console {entry.console[-4:]}" if entry.author is None else people.get(entry.author, entry.author)
    return Row(
        at_ms, entry.hlc[0], who, entry.kind, _what(entry, values, people), tuple(flags), evidence.file_of[ident]
    )


def _what(entry: Entry, values: dict[str, JsonValue], people: dict[str, str]) -> str:
    parts = [
        f"{name} {people.get(str(entry.pub[name]), str(entry.pub[name]))}" for name in _PUBLIC if name in entry.pub
    ]
    doc = entry.pub.get("doc")
    if isinstance(doc, str):
        parts.append(f"document {doc[:16]}")
    parts += [
        f"{name}: {_plain(values[name])}" if name != "text" else _plain(values[name])
        for name in _SPOKEN
        if name in values
    ]
    if (file := named_file(entry.pub, values.get("blob"))) is not None:
        parts.append(f"file: {file_words(file, people)}")
    return "; ".join(parts)


def _plain(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return "" if value is None else str(value)


def _facts(
    evidence: Evidence, mine: list[tuple[str, Entry]], declared: Entry | None, close: Close | None
) -> Iterable[tuple[str, str]]:
    def first(kind: str) -> int | None:
        return next((entry.hlc[0] for _, entry in mine if entry.kind == kind), None)

    if declared is not None:
        severities = [entry.pub["severity"] for _, entry in mine if entry.kind == "severity.changed"]
        yield "Declared", f"{stamp(declared.hlc[0])}, SEV-{declared.pub['severity']}"
        if severities:
            yield "Severity later", ", ".join(f"SEV-{one}" for one in severities)
    for what, kind in (("First authorised", "dispatch.authorised"), ("First enforced", "dispatch.enforced")):
        at_ms = first(kind)
        if at_ms is not None:
            after = f", {span(at_ms - declared.hlc[0])} after the declaration" if declared is not None else ""
            yield what, stamp(at_ms) + after
    if close is not None:
        after = f", {span(close.at_ms - declared.hlc[0])} after the declaration" if declared is not None else ""
        yield "Closed by two", stamp(close.at_ms) + after
    letters = lodged(evidence)
    if letters:
        yield "Letters lodged", f"{len(letters)}, the last {stamp(letters[-1][0])}: {letters[-1][1]}"
    yield "Genesis fingerprint", evidence.about.genesis
    yield "Roster in here", f"version {len(evidence.rosters) - 1}"


def lodged(evidence: Evidence) -> list[tuple[int, str]]:
    """The letters that the record says were lodged: when, and what was written of each, with its hash."""
    return sorted(
        (entry.hlc[0], _plain(evidence.named(ident).get("text")) or f"entry {ident[:16]}")
        for ident, entry in evidence.entries.items()
        if entry.kind == "lodging" and ident not in evidence.uncounted
    )


def _known(evidence: Evidence, mine: list[tuple[str, Entry]], people: dict[str, str]) -> Iterable[str]:
    for ident, entry in mine:
        if entry.kind == "knowledge.fact":
            values, since = evidence.named(ident), entry.pub["since_ms"]
            known = _plain(values.get("text")) or "(not disclosed)"
            who = _plain(values.get("who")) or people.get(entry.author or "", entry.author or "")
            yield f"Since {stamp(int(str(since)))}: {known} ({who}; written {stamp(entry.hlc[0])})"


def _done(evidence: Evidence, judge: Judge, mine: list[tuple[str, Entry]], people: dict[str, str]) -> Iterable[str]:
    for ident, entry in mine:
        if entry.kind != "dispatch.authorised":
            continue
        sha = str(entry.pub["doc"])
        paper, verdict = evidence.papers.get(sha), judge.verdicts.get(ident)
        if paper is None or verdict is None or not isinstance(paper.document, Action):
            continue
        who = ", ".join(people.get(one, one) for one in verdict.counted)
        word = "Contain" if paper.document.direction == "contain" else "Restore"
        alone = paper.document.undoes is not None and len(verdict.counted) == 1  # a lift names what it lifts, too
        undo = " (an undo within its signed window)" if alone else ""
        yield f"{word}{undo}, {verdict.gravity}, signed by {who}, authorised {stamp(entry.hlc[0])}:"
        for at, target in enumerate(paper.document.targets):
            name = _plain(paper.of_target(at).get("name")) or "(name not disclosed)"
            yield f"\u2003{target.lever} on {target.model}, {name}: {_state(mine, sha, at)}"
    for ident, entry in mine:
        if entry.kind == "correction.attested":
            values = evidence.named(ident)
            name = _plain(values.get("name")) or _plain(values.get("text")) or "(not disclosed)"
            yield f"By hand, attested by {people.get(entry.author or '', '')}: {name} at {_done_at(entry)}"


def _done_at(entry: Entry) -> str:
    return stamp(int(str(entry.pub["done_ms"])))


def _state(mine: list[tuple[str, Entry]], sha: str, at: int) -> str:
    """The latest word about one target, with the time of enforcement kept."""
    said = [
        entry
        for _, entry in mine
        if entry.kind in _ENDS and entry.pub.get("doc") == sha and entry.pub.get("target") == at
    ]
    if not said:
        return "nothing recorded after the authorisation"
    last = said[-1]
    attested = " (attested by a person)" if last.pub.get("outcome") == "attested" else ""
    return f"{_ENDS[last.kind]}{attested}, {stamp(last.hlc[0])}"


def _by_word(mine: Sequence[tuple[str, Entry]]) -> int:
    """How many corrections nobody read afterwards: what people said of them is all that there is."""
    said: set[object] = set()
    read: set[object] = set()
    for ident, entry in mine:
        at = (str(entry.pub.get("doc")), str(entry.pub.get("target")))
        if entry.kind == "correction.attested":
            said.add(ident if entry.pub.get("doc") is None else at)
        elif entry.kind == "dispatch.recorded":
            read.add(at)
    return len(said - read)


def _absent(
    evidence: Evidence, judge: Judge, mine: list[tuple[str, Entry]], rows: list[Row], people: dict[str, str],
    close: Close | None,
) -> Iterable[str]:  # fmt: skip
    if close is None:
        yield "The incident is not closed: no frontier was signed, so a cut tail would not show beyond the heads named."
    yield from _silences(mine)
    heard = {entry.console for _, entry in mine}
    unheard = [c.console for c in evidence.rosters[-1][1].consoles if c.console not in heard]
    if unheard:
        yield f"Consoles of the roster with no entry in this incident: {', '.join(unheard)}."
    attested = _by_word(mine)
    if attested:
        yield f"{attested} corrections rest on a person's word alone (attested)."
    for sha in broke_glass(evidence):
        ratified = ", ".join(people.get(one, one) for one in judge.ratified_by(sha))
        how = f"ratified by {ratified}" if ratified else "not ratified by anybody: an open finding"
        yield f"Break-glass action (one signature in an emergency) {sha[:16]}: {how}."
    for flag, words in (
        ("written later", "entries were written more than 15 minutes after what they describe"),
        ("after close", "entries came after the close; they are valid, but not part of what was closed"),
        ("values withheld or redacted", "entries have values that are not in here (see redactions.csv)"),
    ):
        count = sum(flag in row.flags for row in rows)
        if count:
            yield f"{count} {words}."
    yield from (f"{note}." for note in evidence.notes)


def _silences(mine: list[tuple[str, Entry]]) -> Iterable[str]:
    for (_, before), (_, after) in pairwise(mine):
        gap = after.hlc[0] - before.hlc[0]
        if gap > SILENCE_MS:
            yield f"Silence of {span(gap)} from {stamp(before.hlc[0])}."


# -- as files ----------------------------------------------------------------------------------------------------------


def to_csv(account: Account) -> bytes:
    """One line for each entry. What a spreadsheet would take for a formula has an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["at", "written", "who", "kind", "what", "flags", "file"])
    for row in account.rows:
        cells = [stamp(row.at_ms), stamp(row.written_ms), row.who, row.kind, row.what, "; ".join(row.flags), row.file]
        writer.writerow(map(plain_cell, cells))
    return out.getvalue().encode()


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#111;"
    "background:#fff}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;"
    "padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}td.what{white-space:pre-wrap}"
    ".mark{border:3px solid #111;padding:.3rem .8rem;font-weight:700;display:inline-block}.flag{font-weight:600}"
    "li{white-space:pre-wrap}"
)


def to_html(account: Account) -> bytes:
    """One file without scripts, links or anything from elsewhere."""
    head = f"{account.label}: {account.title}"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_e(head)}</title><style>{_STYLE}</style></head><body>",
        *(f'<p class="mark">{_e(mark)}</p>' for mark in account.marks),
        f"<h1>{_e(head)}</h1><p>Exported {_e(account.exported)}. All times are UTC.</p>",
        f"<p>This page is a reading aid: what counts are the signed files beside it; see {names.README}.</p>",
        "<h2>When</h2><table>",
        *(f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in account.facts),
        "</table>",
        _list("What was known", account.known, "No knowledge fact was recorded."),
        _list("What was done", account.done, "No correction was authorised or attested."),
        _list("Whether it was in time", account.back.timely, "Nothing that counts was recorded."),
        _list("What did not go as it was meant to", account.back.failed, "Nothing of the kind was recorded."),
        _list("Tasks and follow-ups", account.back.tasks, "None was set."),
        _list("What is not in here", account.absent, "No gap was found."),
        "<h2>Timeline</h2><table><tr><th>When</th><th>Who</th><th>Kind</th><th>What</th><th>Signed file</th></tr>",
        *(_html_row(row) for row in account.rows),
        "</table></body></html>\n",
    ]
    return "\n".join(parts).encode()


def _html_row(row: Row) -> str:
    flags = "".join(f' <span class="flag">[{_e(flag)}]</span>' for flag in row.flags)
    return (
        f"<tr><td>{_e(stamp(row.at_ms))}</td><td>{_e(row.who)}</td><td>{_e(row.kind)}</td>"
        f'<td class="what">{_e(row.what)}{flags}</td><td>{_e(row.file)}</td></tr>'
    )


def _list(title: str, items: Iterable[str], otherwise: str) -> str:
    lines = [f"<li>{_e(item)}</li>" for item in items] or [f"<li>{_e(otherwise)}</li>"]
    return f"<h2>{_e(title)}</h2><ul>{''.join(lines)}</ul>"


def _e(text: str) -> str:
    return html.escape(text, quote=True)
