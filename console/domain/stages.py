"""A staged lift: which part is given back in which order, what holds it, what stops it. Pure rules.

Each stage is a restore of its own with its own signatures. Parts are the same for everybody who reads the plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from console.domain.errors import BadForm, WrongUse
from console.domain.ids import is_id, is_sha256

StageWord = Literal["given-back", "proposed", "holding", "ready", "waiting", "stopped"]
MAX_STAGES: Final = 20
MIN_HOLD_MS: Final = 60_000
MAX_HOLD_MS: Final = 30 * 24 * 3_600_000
STOPS: Final[Mapping[str, str]] = {
    "observation": "somebody records an observation in the incident",
    "severity": "the severity of the incident is raised",
    "drift": "something else of the correction drifts or fails",
    "rate": "an account that was given back makes more than so many calls a minute",
}
_MARK: Final = re.compile(r"(Stage|Put back after stage) (\d{1,2}) of (\d{1,2}), plan ([0-9a-f]{16})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one stage gives back, cumulatively: `percent` of the accounts or targets, or targets by number."""

    percent: int | None = None
    targets: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """As people read and write it."""
        if self.percent is not None:
            return f"{self.percent}%"
        return "targets " + ",".join(str(one) for one in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A criterion that stops the lift; `most` is the number of calls a minute, where it counts them."""

    kind: str
    most: int = 0

    @property
    def text(self) -> str:
        """As a sentence's end."""
        return STOPS[self.kind].replace("so many", str(self.most)) if self.kind == "rate" else STOPS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPlan:
    """A staged lift of one correction: its parts in order, the hold after each, the stops, and when to go on."""

    op: str
    doc: str
    stages: tuple[Part, ...]
    hold_ms: int
    stops: tuple[Stop, ...]
    go_on: str

    def to_bytes(self) -> bytes:
        """The plan as it is kept; its SHA-256 names it."""
        table = {
            "type": "staged-lift", "op": self.op, "doc": self.doc, "hold_ms": self.hold_ms, "go_on": self.go_on,
            "stages": [{"percent": one.percent, "targets": list(one.targets)} for one in self.stages],
            "stops": [{"kind": one.kind, "most": one.most} for one in self.stops],
        }  # fmt: skip
        return json.dumps(table, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()

    @property
    def sha256(self) -> str:
        """The plan's name."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def mark(self, stage: int, *, back: bool = False) -> str:
        """What a stage's proposal says of itself, signed with it; `back` for putting it back after that stage."""
        word = "Put back after stage" if back else "Stage"
        return f"{word} {stage + 1} of {len(self.stages)}, plan {self.sha256[:16]}"


def read_plan(raw: bytes) -> LiftPlan:
    """A plan as it was kept.

    Raises:
        BadForm: when it is none, or not one that `checked` would have let pass.
    """
    try:
        table: Any = json.loads(raw)
        plan = LiftPlan(
            op=table["op"], doc=table["doc"], hold_ms=table["hold_ms"], go_on=table["go_on"],
            stages=tuple(Part(percent=one["percent"], targets=tuple(one["targets"])) for one in table["stages"]),
            stops=tuple(Stop(kind=one["kind"], most=one["most"]) for one in table["stops"]),
        )  # fmt: skip
        sound = is_id(plan.op, "a") and is_sha256(plan.doc) and isinstance(plan.go_on, str)
        if not sound or plan.to_bytes() != raw:
            raise BadForm("plan", "it is no staged lift")
        return checked(plan)
    except (ValueError, KeyError, TypeError, RecursionError, WrongUse):
        raise BadForm("plan", "it is no staged lift") from None


def checked(plan: LiftPlan) -> LiftPlan:
    """The plan, if it is one.

    Raises:
        WrongUse: for stages that do not grow to everything, an odd hold or a stop that there is not.
    """
    if not 1 <= len(plan.stages) <= MAX_STAGES:
        raise WrongUse(f"A staged lift has from 1 to {MAX_STAGES} stages.")
    percents = [one.percent for one in plan.stages]
    if all(one is not None for one in percents):
        numbers = [one for one in percents if one is not None]
        if sorted(set(numbers)) != numbers or numbers[-1] != 100 or numbers[0] < 1:  # noqa: PLR2004  per cent
            raise WrongUse("Percentages grow from stage to stage, and the last is 100%.", "For instance 10% 50% 100%.")
    elif any(one is not None for one in percents):
        raise WrongUse("Stages are all percentages, or all targets by number.")
    else:
        every = [at for one in plan.stages for at in one.targets]
        if len(set(every)) != len(every) or not all(one.targets for one in plan.stages):
            raise WrongUse("Every target stands in one stage, and no stage is empty.")
    if not MIN_HOLD_MS <= plan.hold_ms <= MAX_HOLD_MS:
        raise WrongUse("The hold after a stage is between a minute and 30 days.")
    for one in plan.stops:
        if one.kind not in STOPS or (one.kind == "rate") != (one.most > 0):
            raise WrongUse(f"There is no stop {one.kind!r}.", "Stops: observation, severity, drift, rate=CALLS.")
    return plan


def part_of(text: str) -> Part:
    """A stage as people write it: `10%`, `rest`, or `0,2` (targets by number).

    Raises:
        WrongUse: for anything else.
    """
    word = text.strip()
    if word in ("rest", "all"):
        return Part(percent=100)
    if word.endswith("%") and word[:-1].isascii() and word[:-1].isdigit():
        return Part(percent=int(word[:-1]))
    numbers = [one.strip() for one in word.split(",")]
    if all(one.isascii() and one.isdigit() and len(one) < 4 for one in numbers):  # noqa: PLR2004  at most 200 targets
        return Part(targets=tuple(int(one) for one in numbers))
    raise WrongUse(f"{text!r} is no stage.", "Write 10%, rest, or target numbers like 0,2.")


def stop_of(text: str) -> Stop:
    """A stop as people write it: `observation`, `severity`, `drift`, `rate=60`.

    Raises:
        WrongUse: for anything else.
    """
    kind, _, number = text.strip().partition("=")
    most = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0  # noqa: PLR2004  calls
    if kind not in STOPS or (kind == "rate") != (most > 0):
        raise WrongUse(f"{text!r} is no stop.", "Stops: observation, severity, drift, rate=CALLS.")
    return Stop(kind=kind, most=most)


def share(plan: LiftPlan, stage: int, names: Sequence[str]) -> tuple[str, ...]:
    """What of `names` (accounts of a list, or targets) is given back by this stage, beyond the ones before.

    By percentage: in an order that hangs on the plan alone, so that every console names the same ones.
    """
    part = plan.stages[stage]
    if part.percent is None:
        return tuple(names[at] for at in part.targets if at < len(names))
    ranked = sorted(names, key=lambda one: hashlib.sha256(f"{plan.sha256}{one}".encode()).digest())
    before = plan.stages[stage - 1].percent if stage else 0
    return tuple(ranked[_upto(before or 0, len(names)) : _upto(part.percent, len(names))])


def _upto(percent: int, count: int) -> int:
    """At least one where there is anything to give back."""
    return 0 if percent == 0 else max(1, -(-count * percent // 100)) if count else 0


def marked(text: str) -> tuple[bool, int, str] | None:
    """Of a proposal's criteria: whether it puts back, the stage (from 0) and the beginning of the plan's name."""
    found = _MARK.search(text)
    return None if found is None else (found[1] != "Stage", int(found[2]) - 1, found[4])
