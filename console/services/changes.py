"""What changed at the targets of a correction since it was signed: signed pre-state beside what is read now.

It reads only, each target within a hard deadline. Without an answer it says so, and what was signed still shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.overlap import same
from console.domain.profile import JsonValue
from console.services import corrections, resending, standing
from console.services.session import Session

if TYPE_CHECKING:  # a window that shows what waits needs no provider yet
    from console.outbox.facts import Held
    from console.services.readings import Reading

ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that a lever writes: as it was signed, as it is now, as the correction would leave it (exact texts).

    `now` is None where it could not be read.
    """

    name: str
    signed: str
    now: str | None
    wanted: str

    @property
    def differs(self) -> bool:
        """Whether somebody changed it since it was signed."""
        return self.now is not None and not same(self.now, self.signed)

    @property
    def done(self) -> bool:
        """Whether it is by now as the correction would leave it."""
        return self.now is not None and same(self.now, self.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChange:
    """One target: what it is called, why it is not carried out, and what of it changed. Times are wall-clock ms.

    `unread` says why it could not be read now; empty where it was.
    """

    target: int
    title: str
    where: str
    state: str
    why: str
    signed_ms: int
    read_ms: int
    unread: str
    fields: tuple[FieldChange, ...]

    @property
    def sentence(self) -> str:
        """In a line."""
        if self.unread:
            return f"It could not be read now: {self.unread}."
        changed = [one.name for one in self.fields if one.differs]
        if not changed:
            return "Nothing it would change is otherwise than it was signed."
        if all(one.done for one in self.fields):
            return "It is so already: somebody else did it."
        return f"Changed since it was signed: {', '.join(changed)}."


def changes(session: Session, named: str) -> tuple[TargetChange, ...]:
    """Every target that is left of a correction. It opens sockets: call it on a worker.

    Raises:
        WrongUse: when no single correction is called so.
    """
    from console.services.readings import readings  # noqa: PLC0415  as above

    held = corrections.find_document(session, named)
    corrections.action_of(held)
    left = resending.left_of(session, held.sha)
    read = {one.target: one for one in readings(session, held)} if left else {}
    return tuple(_target(session, held, at, read.get(at)) for at in left)


def _target(session: Session, held: Held, at: int, read: Reading | None) -> TargetChange:
    from console.providers.planned import from_disclosures  # noqa: PLC0415  as above

    action = corrections.action_of(held)
    planned = from_disclosures(action.targets[at], held.disclosed(at), action.direction)
    shown = next(
        target for one in standing.corrections(session, action.inc) if one.doc == held.sha
        for target in one.targets if target.index == at
    )  # fmt: skip
    unread = "" if read is not None and (read.fields or read.how in ("read", "already")) else (
        "it is not read here" if read is None else read.why or read.how
    )  # fmt: skip
    now = {} if read is None else dict(read.fields)
    return TargetChange(
        target=at, title=f"{shown.lever_title}: {planned.name}", where=shown.instance_name, state=shown.state,
        why=shown.detail, signed_ms=planned.pre_read_ms, read_ms=0 if read is None else read.at_ms, unread=unread,
        fields=tuple(
            FieldChange(
                name=name, signed=planned.pre.get(name, ABSENT), now=None if unread else now.get(name, ABSENT),
                wanted=planned.wanted.get(name, planned.pre.get(name, ABSENT)),
            )
            for name in sorted({*planned.pre, *planned.wanted})
        ),
    )  # fmt: skip


def told(found: Sequence[TargetChange]) -> list[dict[str, JsonValue]]:
    """Plain values for `--json`."""
    return [
        {
            "target": one.target, "title": one.title, "where": one.where, "state": one.state, "why": one.why,
            "signed_ms": one.signed_ms, "read_ms": one.read_ms, "unread": one.unread, "sentence": one.sentence,
            "fields": [
                {"name": each.name, "signed": each.signed, "now": each.now, "wanted": each.wanted,
                 "differs": each.differs}
                for each in one.fields
            ],
        }
        for one in found
    ]  # fmt: skip


__all__ = ["FieldChange", "TargetChange", "changes", "told"]
