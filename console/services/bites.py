"""Whether a correction bites, over time: for each target what tries of it came to, from acceptance on. It reads only.

What consoles entered is the same everywhere; every single try shows only on the console that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from console.domain.errors import Problem
from console.domain.profile import JsonValue
from console.journal.tries import Tries, Try, path_beside
from console.journal.values import Stored
from console.services import corrections, standing
from console.services.session import Session

if TYPE_CHECKING:
    from console.domain.actions import Action
    from console.services.standing import Standing, TargetStanding

Verdict = Literal["asked", "measuring", "partly", "does not bite", "bites", "not measurable", "undone", "given back"]
_SLACK_MS: Final = 5_000  # what a run of tries came to is entered a moment after its last try
_TRY_MS: Final = 1_000
_LEAST_GAP_MS: Final = 120_000
_REACHED: Final = ("accepted", "recorded", "enforced", "unmeasurable", "attention", "drifted", "lifted", "superseded")
_EVIDENCE: Final = {
    "credential": "its own credential", "canary": "a canary corrected beside it", "usage": "the provider's own count",
    "client-view": "a client's view",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """What tries came to between two moments (ms). `entered`: as a console entered it; else each try as made here."""

    at_ms: int
    until_ms: int
    passed: int = 0
    refused: int = 0
    unclear: int = 0
    entered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One target, from its last acceptance on. Times are wall-clock ms, None where nothing says them.

    `bound_s` is how long its lever may take to bite everywhere, as its adapter says; `bites_since_ms` the first of the
    refusals that measured it, while that still holds. `undone` says what is known of how it was undone.
    """

    target: int
    title: str
    surface: str
    where: str
    state: str
    canary: bool
    evidence: str | None
    accepted_ms: int
    recorded_ms: int | None
    bound_s: int | None
    bites_since_ms: int | None
    undone_ms: int | None
    undone: str
    moments: tuple[Moment, ...]

    @property
    def passed(self) -> int:
        """Tries that still got through."""
        return sum(one.passed for one in self.moments)

    @property
    def refused(self) -> int:
        """Tries that were refused."""
        return sum(one.refused for one in self.moments)

    @property
    def last_pass_ms(self) -> int | None:
        """When one last got through."""
        return max((one.until_ms if one.entered else one.at_ms for one in self.moments if one.passed), default=None)

    @property
    def bound_ms(self) -> int | None:
        """Until when it may take to bite everywhere."""
        return None if self.bound_s is None else self.accepted_ms + self.bound_s * 1_000

    @property
    def verdict(self) -> Verdict:
        """In a word; a yes of the provider is never more than asked."""
        fixed: Mapping[str, Verdict] = {
            "accepted": "asked", "enforced": "bites", "unmeasurable": "not measurable", "drifted": "undone",
            "lifted": "given back", "superseded": "given back",
        }  # fmt: skip
        if self.state in fixed:
            return fixed[self.state]
        if self.passed:
            return "partly" if any(one.refused for one in self.moments) else "does not bite"
        return "measuring"


def series(session: Session, named: str) -> tuple[Series, ...]:
    """Every target of a containment that reached its provider, by number.

    Raises:
        WrongUse: when no single correction is called so.
    """
    held = corrections.find_document(session, named)
    action = corrections.action_of(held)
    found = next((one for one in standing.corrections(session, action.inc) if one.doc == held.sha), None)
    if found is None or found.direction != "contain":
        return ()
    steps = [one for one in session.reader.about(action.op) if one.standing == "good" and one.entry.author is None]
    with Tries(path_beside(session.paths.index)) as kept:
        tries = kept.of(held.sha)
    told = [_series(session, action, found, target, steps, tries) for target in found.targets]
    return tuple(one for one in told if one is not None)


def _series(
    session: Session, action: Action, one: Standing, target: TargetStanding, steps: Sequence[Stored],
    tries: Sequence[Try],
) -> Series | None:  # fmt: skip
    if target.by_word or target.state not in _REACHED:
        return None
    mine = sorted(
        (s for s in steps if s.entry.pub.get("doc") == one.doc and s.entry.pub.get("target") == target.index),
        key=lambda s: (s.entry.hlc, s.feed),
    )
    accepted = [s.entry.hlc[0] for s in mine if s.entry.kind == "dispatch.accepted"]
    if not accepted:
        return None
    since = accepted[-1]
    later = [s for s in mine if s.entry.hlc[0] >= since]
    ids = {s.id for s in later}
    looks = [s for s in steps if s.entry.kind == "reading.observed" and ids & set(_texts(s.entry.pub.get("of")))]
    entered = [m for s in (*later, *looks) if (m := _moment(s)) is not None]
    own = [
        Moment(t.at_ms, t.at_ms + _TRY_MS, t.passed, t.refused, t.unclear, entered=False)
        for t in tries if t.target == target.index and t.at_ms + _TRY_MS >= since
    ]  # fmt: skip
    undone = next((s for s in reversed(later) if s.entry.kind == "dispatch.drifted"), None)
    return Series(
        target=target.index, title=f"{target.lever_title}: {target.name}", surface=target.surface_name,
        where=target.instance_name, state=target.state, canary=target.canary, evidence=target.evidence,
        accepted_ms=since, recorded_ms=_first(later, "dispatch.recorded"), bound_s=_bound(session, action, target),
        bites_since_ms=_bites(later) if target.state == "enforced" else None,
        undone_ms=None if undone is None else undone.entry.hlc[0], undone="" if undone is None else _why(undone),
        moments=_together(entered, own),
    )  # fmt: skip


def _moment(stored: Stored) -> Moment | None:
    """What an entry says of tries; None where it says nothing of any."""
    pub, at = stored.entry.pub, stored.entry.hlc[0]
    if stored.entry.kind == "dispatch.passed":
        return Moment(at, at, passed=_number(pub.get("passes")))
    if stored.entry.kind == "dispatch.enforced":
        since, until = _number(pub.get("since")), _number(pub.get("until"))
        return Moment(since or at, until or at, refused=_number(pub.get("probes")))
    if stored.entry.kind == "reading.observed" and pub.get("what") == "probe":
        count = _number(pub.get("count"))
        return Moment(at, at, refused=count) if pub.get("verdict") == "refused" else Moment(at, at, passed=count)
    return None


def _together(entered: Sequence[Moment], own: Sequence[Moment]) -> tuple[Moment, ...]:
    """Every try where it was made here; what was entered of a time of which no try is kept."""
    runs: list[tuple[int, int]] = []
    for one in sorted(own, key=lambda moment: moment.at_ms):
        if runs and one.at_ms - runs[-1][1] <= _LEAST_GAP_MS:
            runs[-1] = (runs[-1][0], one.until_ms)
        else:
            runs.append((one.at_ms, one.until_ms))
    left = [
        one for one in entered
        if not any(one.until_ms >= first - _SLACK_MS and one.at_ms <= last + _SLACK_MS for first, last in runs)
    ]  # fmt: skip
    return tuple(sorted((*own, *left), key=lambda moment: (moment.at_ms, moment.until_ms)))


def _bites(later: Sequence[Stored]) -> int | None:
    found = [one for one in later if one.entry.kind == "dispatch.enforced"]
    return _number(found[-1].entry.pub.get("since")) or None if found else None


def _bound(session: Session, action: Action, target: TargetStanding) -> int | None:
    from console.providers.offered import offered  # noqa: PLC0415  a window that starts measures nothing
    from console.services.providers import instances_of  # noqa: PLC0415  as above

    signed = action.targets[target.index]
    instances = instances_of(session)
    with suppress(Problem, LookupError):
        here = next((one for one in instances.all() if one.id == signed.instance), None)
        name = signed.adapter.split("/", 1)[0]
        levers = instances.registry.manifest(name).levers if here is None else offered(instances.registry, here)
        return next((one.propagation_s for one in levers if one.name == signed.lever), None)
    return None


def _first(later: Sequence[Stored], kind: str) -> int | None:
    return next((one.entry.hlc[0] for one in later if one.entry.kind == kind), None)


def _why(stored: Stored) -> str:
    why = stored.disclosed.get("why")
    return why if isinstance(why, str) else ""


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: JsonValue) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


# -- in words ----------------------------------------------------------------------------------------------------------


def sentence(one: Series, clock: Callable[[int], str]) -> str:
    """What the chart says, in words; `clock` tells a moment."""
    parts = [f"Accepted {clock(one.accepted_ms)}.", _verdict(one, clock), _bound_told(one, clock)]
    if one.moments and all(moment.entered for moment in one.moments):
        parts.append("Single tries show on the console that made them.")
    return " ".join(part for part in parts if part)


def _verdict(one: Series, clock: Callable[[int], str]) -> str:
    tries, passed = one.passed + one.refused, one.last_pass_ms
    last = "" if passed is None else f", the last {clock(passed)}"
    by = f" by {_EVIDENCE.get(one.evidence, one.evidence)}" if one.evidence else ""
    before = f" {one.passed} tries had passed before{last}." if one.passed else " None has passed."
    told: Mapping[Verdict, str] = {
        "asked": "It is not read back yet.",
        "measuring": f"It reads back; {one.refused} tries were refused so far, and none has passed.",
        "partly": f"It reads back and does not bite everywhere: {one.passed} of {tries} tries passed{last}.",
        "does not bite": f"It reads back and does not bite: {one.passed} of {tries} tries passed{last}, none refused.",
        "bites": f"It bites since {clock(one.bites_since_ms or one.accepted_ms)}, measured{by}: "
                 f"{one.refused} tries were refused.{before}",
        "not measurable": "It reads back; whether it bites cannot be measured here.",
        "undone": f"It was undone, seen {clock(one.undone_ms or one.accepted_ms)}. {one.undone}".strip(),
        "given back": "It was given back, or another revision took its place.",
    }  # fmt: skip
    return told[one.verdict]


def _bound_told(one: Series, clock: Callable[[int], str]) -> str:
    bound, passed = one.bound_ms, one.last_pass_ms
    if bound is None:
        return ""
    late = ", and a try passed after that" if passed is not None and passed > bound else ""
    return f"Its lever may take {one.bound_s} s to bite everywhere, until {clock(bound)}{late}."


def told(found: Sequence[Series], clock: Callable[[int], str]) -> list[dict[str, JsonValue]]:
    """Plain values for `--json`."""
    return [
        {
            "target": one.target, "title": one.title, "surface": one.surface, "where": one.where, "state": one.state,
            "canary": one.canary, "verdict": one.verdict, "evidence": one.evidence, "accepted_ms": one.accepted_ms,
            "recorded_ms": one.recorded_ms, "bound_s": one.bound_s, "bound_ms": one.bound_ms,
            "bites_since_ms": one.bites_since_ms, "last_pass_ms": one.last_pass_ms, "passed": one.passed,
            "refused": one.refused, "undone_ms": one.undone_ms, "undone": one.undone, "sentence": sentence(one, clock),
            "moments": [
                {"at_ms": m.at_ms, "until_ms": m.until_ms, "passed": m.passed, "refused": m.refused,
                 "unclear": m.unclear, "entered": m.entered}
                for m in one.moments
            ],
        }
        for one in found
    ]  # fmt: skip


__all__ = ["Moment", "Series", "sentence", "series", "told"]
