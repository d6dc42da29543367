"""The part of the readable page that looks back: proof of timeliness, what did not go as it was meant to, follow-ups.

Standard library and console.domain only, from the signed entries alone: no setting of the exporter's console is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.domain.actions import Action
from console.domain.after_action import Account, Failure, account_of
from console.domain.forms import Entry
from console.domain.seen import Seen
from console.domain.tasks import Task, tasks_of
from console.exports.evidence import Evidence
from console.exports.words import span, stamp

_LATE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Back:
    """Lines of the three parts."""

    timely: tuple[str, ...]
    failed: tuple[str, ...]
    tasks: tuple[str, ...]


def look_back(evidence: Evidence, mine: Sequence[tuple[str, Entry]], people: Mapping[str, str]) -> Back:
    """Tell it of the entries of one incident."""
    told = [_seen(evidence, ident, entry) for ident, entry in mine]
    account = account_of([*told, *_adopted(evidence, told)], evidence.rosters[-1][1])
    return Back(
        timely=tuple(_timely(account, people)),
        failed=(*_declared_too(account, people), *_failed(evidence, account.failures)),
        tasks=tuple(_task(one, people) for one in tasks_of(told)),
    )  # fmt: skip


def _declared_too(account: Account, people: Mapping[str, str]) -> Iterable[str]:
    for one in account.declared_too:
        yield f"{people.get(one, one)} declared the incident too: of several the first in order is told here"


def _adopted(evidence: Evidence, told: Sequence[Seen]) -> Iterable[Seen]:
    """Facts of before the incident that were taken into it."""
    for name in dict.fromkeys(name for one in told if one.kind == "incident.link" for name in one.about):
        entry = evidence.entries.get(name)
        if entry is not None and (entry.kind, entry.inc) == ("knowledge.fact", None) and name not in evidence.uncounted:
            yield _seen(evidence, name, entry)


def _seen(evidence: Evidence, ident: str, entry: Entry) -> Seen:
    return Seen(
        id=ident, feed=entry.feed, seq=entry.seq, author=entry.author, console=entry.console, kind=entry.kind,
        pub=entry.pub, hlc=entry.hlc, subj=entry.subj, inc=entry.inc, refs=entry.refs,
        disclosed=evidence.named(ident),
    )  # fmt: skip


def _timely(account: Account, people: Mapping[str, str]) -> Iterable[str]:
    for one in account.milestones:
        who = "" if one.author is None else f", by {people.get(one.author, one.author)}"
        late = one.written_ms - one.at_ms
        written = f", written {span(late)} later" if late > _LATE_MS else ""
        text = f": {one.text}" if one.text and one.what != "Declared" else ""
        yield f"{one.what}, {stamp(one.at_ms)}{who}{written}{text}"
    for gap in account.gaps:
        length = span(gap.length_ms) if gap.length_ms >= 0 else f"{span(-gap.length_ms)} the other way round"
        yield f"\u2003{gap.words}: {length}"
    for regime, word, mark in account.marks.aside:
        who = people.get(mark.author or "", mark.author or "")
        yield f"{regime}: {word}, {stamp(mark.written_ms)}, by {who}: {mark.text}"


def _failed(evidence: Evidence, failures: Sequence[Failure]) -> Iterable[str]:
    for one in failures:
        why = f": {one.text}" if one.text else ""
        yield f"{stamp(one.at_ms)} {_about(evidence, one)}{one.words}{why}"


def _about(evidence: Evidence, one: Failure) -> str:
    if not one.doc:
        return ""
    paper = evidence.papers.get(one.doc)
    if paper is None or not isinstance(paper.document, Action) or one.target is None:
        return f"correction {one.doc[:16]} "
    if one.target >= len(paper.document.targets):
        return f"correction {one.doc[:16]} "
    target = paper.document.targets[one.target]
    name = paper.of_target(one.target).get("name")
    return f"{target.lever} on {target.model}, {name if isinstance(name, str) else '(name not disclosed)'} "


def _task(one: Task, people: Mapping[str, str]) -> str:
    owner = one.owner or "nobody named"
    until = "no day named" if one.due_ms is None else f"until {stamp(one.due_ms)}"
    became = "open"
    if one.state != "open" and one.at_ms is not None:
        note = f" ({one.note})" if one.note else ""
        became = f"{one.state} {stamp(one.at_ms)} by {people.get(one.by or '', one.by or '')}{note}"
    return f"{one.text or '(not disclosed)'} [{owner}; {until}]: {became}"
