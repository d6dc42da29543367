"""What a list asks of one account: whether it is a line of it, what is sent for it, and whether the list came to it.

It reads bytes that were signed by their hash, and what consoles entered. One for each transaction: what it read of
entries is as they were then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Planned
from console.domain.actions import Action
from console.domain.errors import BadForm
from console.domain.lists import from_bytes, list_of
from console.domain.profile import JsonValue
from console.journal.values import Stored
from console.outbox.facts import Held
from console.outbox.item import State, state_told
from console.providers.lists import fill
from console.providers.planned import from_disclosures

HELD: Final = "another correction in force holds it"
_MAY_BITE: Final = frozenset(
    {"dispatching", "unknown", "accepted", "recorded", "enforced", "unmeasurable", "attention", "drifted"}
)
_GIVEN: Final = frozenset({"accepted", "recorded"})
_MOST_DIGITS: Final = 9  # another console wrote it: of thousands of digits Python makes no number


@dataclass(frozen=True, slots=True)
class Far:
    """How far a list got: its state and attempts, how many lines it went through, and which failed and why."""

    state: State
    attempt: int
    gone: int
    failed: Mapping[str, str]


@dataclass(slots=True)
class Members:
    """The lists of one place. `blob` gives a file's bytes by their hash, None where they are not here."""

    blob: Callable[[str], bytes | None]
    _lines: dict[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    _plans: dict[tuple[str, int], Planned] = field(default_factory=dict[tuple[str, int], Planned])
    _far: dict[tuple[str, int], Far] = field(default_factory=dict[tuple[str, int], Far])

    def template(self, held: Held, action: Action, at: int) -> Planned:
        """The signed plan of one list.

        Raises:
            Problem: when its values are not here.
        """
        key = (held.sha, at)
        if key not in self._plans:
            self._plans[key] = from_disclosures(action.targets[at], held.disclosed(at), action.direction)
        return self._plans[key]

    def plan_for(self, template: Planned, account: str) -> Planned | None:
        """What a list asks for one account; None where that is no line of it, or its lines are not here."""
        return fill(template, account) if account in self._known(list_of(template.params)) else None

    def came_to(
        self, held: Held, action: Action, at: int, account: str, steps: Callable[[], Sequence[Stored]]
    ) -> bool:  # fmt: skip
        """Whether the list was carried out for this account, or may have been; `steps` are all that was entered of it.

        An account that failed was not; what a restore left because another correction holds it, it gave back.
        """
        key = (held.sha, at)
        if key not in self._far:
            self._far[key] = far_of(steps())
        far = self._far[key]
        restore = action.direction == "restore"
        if (why := far.failed.get(account)) is not None:
            return restore and why == HELD
        if far.state in (_GIVEN if restore else _MAY_BITE) and (far.attempt or far.state != "attention"):
            return True
        sha = list_of(self.template(held, action, at).params)
        return self._known(sha).get(account, far.gone) < far.gone

    def _known(self, sha: str | None) -> Mapping[str, int]:
        if sha is None:
            return {}
        if sha not in self._lines:
            raw = self.blob(sha)
            try:
                lines = () if raw is None else from_bytes(raw, sha)
            except BadForm:
                lines = ()
            self._lines[sha] = {line: number for number, line in enumerate(lines)}
        return self._lines[sha]


def far_of(steps: Sequence[Stored]) -> Far:
    """How far a list got, by its entries in order."""
    state, attempt = state_told([(one.entry.kind, one.entry.pub) for one in steps])
    gone, failed = 0, dict[str, str]()
    for one in steps:
        fields = one.disclosed.get("fields")
        gone = max(gone, number_in(fields, "list.next") or 0)
        failed |= failed_in(fields)
    return Far(state, attempt, gone, failed)


def failed_in(fields: JsonValue) -> dict[str, str]:
    """The failures in one result's fields."""
    found: dict[str, str] = {}
    if isinstance(fields, dict):
        for name, text in fields.items():
            if name.startswith("list.failed.") and isinstance(text, str):
                pairs = (line.partition("\t") for line in text.split("\n"))
                found |= {account: why for account, _, why in pairs if account}
    return found


def number_in(fields: JsonValue, name: str) -> int | None:
    """A whole number in one result's fields."""
    text = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(text, str) or len(text) > _MOST_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


__all__ = ["HELD", "Far", "Members", "failed_in", "far_of", "number_in"]
