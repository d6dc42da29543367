"""What happened, when, in an incident, for those who look back: milestones, each correction's way, what went wrong.

Folded from entries alone, so that the console, the command line and an auditor's page tell the same. It blames nobody:
it names entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from console.domain.clocks import CLOCK_KINDS, Marks, marks_of
from console.domain.command import ROLE_KINDS, declared_besides, declared_in
from console.domain.forms import Roster
from console.domain.incident_fold import occurred_ms
from console.domain.seen import Seen, carried, in_order

_BY_STEP: Final = {"dispatch.intent": "sent", "dispatch.accepted": "accepted", "dispatch.enforced": "enforced"}
FAILURES: Final[Mapping[str, str]] = {
    "dispatch.failed": "failed", "dispatch.unknown": "was sent, and its outcome was unknown",
    "dispatch.stale": "was not sent: the state had changed", "dispatch.expired": "expired before it was sent",
    "dispatch.passed": "was measured, and calls still got through", "dispatch.drifted": "was undone by others",
    "dispatch.attention": "needed a person", "correction.refused": "was refused by a person",
    "provider.unreachable": "a provider could not be reached",
}  # fmt: skip
STORY_KINDS: Final = tuple(dict.fromkeys((
    *CLOCK_KINDS, *ROLE_KINDS, "observation", "correction.proposed", "correction.approved", "approval.received",
    "dispatch.authorised", "correction.attested", *_BY_STEP, *FAILURES,
)))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One moment that counts: what, when it was so, when it was written (ms), by whom, in which entry."""

    what: str
    at_ms: int
    written_ms: int
    author: str | None
    entry: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that did not go as it was meant to, as an entry recorded it."""

    kind: str
    at_ms: int
    entry: str
    doc: str = ""
    target: int | None = None
    text: str = ""

    @property
    def words(self) -> str:
        """What became of it."""
        return FAILURES[self.kind]


@dataclass(slots=True, kw_only=True)
class Story:
    """One action's way: when proposed, first signed, signed by the second, sent, first and last target enforced (ms).

    `second_ms` is when its quorum was met. `held_ms`: by target, when it was first observed or attested.
    """

    doc: str
    proposed_ms: int
    author: str | None
    signed: dict[str, int] = field(default_factory=dict[str, int])
    second_ms: int | None = None
    sent_ms: int | None = None
    held_ms: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def first_ms(self) -> int | None:
        """When the first person signed."""
        return min(self.signed.values(), default=None)

    @property
    def in_force_ms(self) -> int | None:
        """When the last of its targets that ever held came to hold."""
        return max(self.held_ms.values(), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How long it took from one milestone to another."""

    words: str
    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """How long that is."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All of it. `gaps` are the lengths that count: known to determined to reported; seen to declared to enforced.

    `declared_too` are those who declared it besides, and may command.
    """

    marks: Marks
    milestones: tuple[Milestone, ...]
    stories: tuple[Story, ...]
    failures: tuple[Failure, ...]
    gaps: tuple[Gap, ...]
    declared_too: tuple[str, ...] = ()


def account_of(entries: Iterable[Seen], roster: Roster | None = None) -> Account:
    """The account of one incident; entries of further kinds may be among them and change nothing.

    `roster` says who may command, and so which declaration is the one where there are several.
    """
    good = [one for one in in_order(entries) if one.standing == "good"]
    gone = {name for one in good if one.kind == "retraction" for name in one.about}
    told = [one for one in good if one.id not in gone]
    marks = marks_of(good)
    stories = _stories(told)
    found = _milestones(told, marks, stories, declared_in(told, roster))
    return Account(
        marks=marks, milestones=found, stories=stories, failures=tuple(_failures(told, stories)),
        gaps=tuple(_gaps(found, marks)),
        declared_too=tuple(one.author for one in declared_besides(told, roster) if one.author is not None),
    )  # fmt: skip


# -- milestones --------------------------------------------------------------------------------------------------------


def _milestones(
    told: Sequence[Seen], marks: Marks, stories: Sequence[Story], declared: Seen | None
) -> tuple[Milestone, ...]:
    found: list[Milestone] = []
    seen = min((one for one in told if one.kind == "observation"), key=occurred_ms, default=None)
    if seen is not None:
        found.append(_of(seen, "Earliest signal", occurred_ms(seen)))
    found += [
        Milestone(what=what, at_ms=one.at_ms, written_ms=one.written_ms, author=one.author, entry=one.entry,
                  text=one.text)
        for what, one in (
            *(("First fact", one) for one in marks.facts[:1]),
            *((f"Awareness determined: {_name(one.regime, one.part)}", one) for one in marks.determinations),
            *((f"Reported: {_name(one.regime, one.part)}", one) for one in marks.notifications),
            *((f"Acknowledged: {one.regime}", one) for one in marks.acknowledgements),
        )
    ]  # fmt: skip
    if declared is not None:
        found.append(_of(declared, "Declared", declared.hlc[0]))
    for what, kind in (
        ("First proposed", "correction.proposed"), ("First authorised (quorum met)", "dispatch.authorised"),
        ("First sent", "dispatch.intent"), ("First observed to be enforced", "dispatch.enforced"),
    ):  # fmt: skip
        first = next((one for one in told if one.kind == kind), None)
        if first is not None:
            found.append(_of(first, what, first.hlc[0]))
    last = max((one.in_force_ms for one in stories if one.in_force_ms is not None), default=None)
    if last is not None:
        found.append(Milestone(what="Last target in force", at_ms=last, written_ms=last, author=None, entry=""))
    if marks.closed_ms is not None:
        at = marks.closed_ms
        found.append(Milestone(what="Closed by two", at_ms=at, written_ms=at, author=None, entry=""))
    return tuple(sorted(found, key=lambda one: (one.at_ms, one.written_ms, one.what)))


def _of(one: Seen, what: str, at_ms: int) -> Milestone:
    return Milestone(
        what=what, at_ms=at_ms, written_ms=one.hlc[0], author=one.author, entry=one.id,
        text=one.disclosed_text("title", "text"),
    )  # fmt: skip


def _name(regime: str, part: str) -> str:
    return f"{regime} ({part})" if part else regime


def _gaps(milestones: Sequence[Milestone], marks: Marks) -> Iterable[Gap]:
    at = {one.what: one.at_ms for one in reversed(milestones)}
    names = (
        "Earliest signal", "First fact", "Declared", "First authorised (quorum met)", "First observed to be enforced",
    )  # fmt: skip
    there = sorted((name for name in names if name in at), key=lambda name: at[name])  # as it happened
    for before, after in pairwise(there):
        yield Gap(words=f"{before} to {after[:1].lower()}{after[1:]}", from_ms=at[before], to_ms=at[after])
    for one in marks.determinations:
        if marks.facts:
            name = _name(one.regime, one.part)
            yield Gap(words=f"First fact to awareness: {name}", from_ms=marks.facts[0].at_ms, to_ms=one.at_ms)
            yield Gap(words=f"Awareness to its being written: {name}", from_ms=one.at_ms, to_ms=one.written_ms)
    for sent in marks.notifications:
        start = next((one for one in marks.determinations if one.regime == sent.regime), None)
        first = start or (marks.facts[0] if marks.facts else None)
        if first is not None:
            what = "Awareness" if start is not None else "First fact"
            name = _name(sent.regime, sent.part)
            yield Gap(words=f"{what} to report: {name}", from_ms=first.at_ms, to_ms=sent.at_ms)


# -- corrections -------------------------------------------------------------------------------------------------------


def _stories(told: Sequence[Seen]) -> tuple[Story, ...]:
    found: dict[str, Story] = {}
    for one in told:
        doc = one.words("doc")
        if one.kind == "correction.proposed":
            found.setdefault(doc, Story(doc=doc, proposed_ms=one.hlc[0], author=one.author))
            continue
        story = found.get(doc)
        if story is not None:
            _step(story, one)
    return tuple(found.values())


def _step(story: Story, one: Seen) -> None:
    at = one.hlc[0]
    if one.kind in ("correction.approved", "approval.received"):
        signed = carried(one)
        if signed is not None and signed.record.decision == "approve":
            story.signed[signed.record.person] = min(at, story.signed.get(signed.record.person, at))
    elif one.kind == "dispatch.authorised":
        story.second_ms = min(at, story.second_ms or at)
    elif one.kind == "dispatch.intent":
        story.sent_ms = min(at, story.sent_ms or at)
    elif one.kind == "dispatch.enforced":
        target = one.number("target")
        story.held_ms[target] = min(at, story.held_ms.get(target, at))
    elif one.kind == "correction.attested" and one.words("outcome") in ("", "done") and not _given_back(one):
        target, done = one.number("target"), one.number("done_ms")
        story.held_ms[target] = min(done, story.held_ms.get(target, done))


def _given_back(one: Seen) -> bool:
    """What a person gave back holds nothing."""
    return one.words("direction") == "restore"


def _failures(told: Sequence[Seen], stories: Sequence[Story]) -> Iterable[Failure]:
    """Each kind of trouble at each target once, with how it was said first; a provider each time it was gone.

    Calls that got through before a target came to hold are how long that took, and no failure.
    """
    seen: set[tuple[str, str, int]] = set()
    held = {(one.doc, target): at for one in stories for target, at in one.held_ms.items()}
    for one in told:
        if one.kind not in FAILURES:
            continue
        target = one.number("target", -1)
        if one.kind == "dispatch.passed" and one.hlc[0] <= held.get((one.words("doc"), target), 0):
            continue
        key = (one.kind, one.words("doc") or one.id, target)
        if key not in seen:
            seen.add(key)
            yield Failure(
                kind=one.kind, at_ms=one.hlc[0], entry=one.id, doc=one.words("doc"),
                target=target if target >= 0 else None, text=one.disclosed_text("why", "reason", "text"),
            )  # fmt: skip
