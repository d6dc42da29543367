"""How far a list has gone, from the entries of whichever console sends it; who failed and why, also as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.actions import Action
from console.domain.errors import WrongUse
from console.domain.lists import list_of, to_csv
from console.domain.profile import JsonValue
from console.outbox.item import STEP_KINDS, state_told
from console.outbox.lists import failed_in
from console.providers.planned import from_disclosures
from console.runtime import platform
from console.services import corrections
from console.services.session import Session

_HEAD = ("account", "why", "correction", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One list target: how many accounts were gone through, sent, or so already; who failed; and its state."""

    op: str
    target: int
    sha256: str
    count: int
    state: str
    gone_through: int
    sent: int
    already: int
    failed: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """As a line on a screen."""
        told = f"{self.gone_through} of {self.count} accounts gone through: {self.sent} sent, {self.already} so already"
        return f"{told}, {len(self.failed)} failed."


def progress(session: Session, named: str) -> tuple[Progress, ...]:
    """Every list of a correction; empty where it has none."""
    held = corrections.find_document(session, named)
    action = held.document
    if not isinstance(action, Action):
        return ()
    entries = session.reader.entries(action.inc, kinds=STEP_KINDS)
    found: list[Progress] = []
    for at, target in enumerate(action.targets):
        if target.listed is None:
            continue
        planned = from_disclosures(target, held.disclosed(at), action.direction)
        steps = [one for one in entries if one.entry.pub.get("doc") == held.sha and one.entry.pub.get("target") == at]
        done = sent = already = 0
        failed: dict[str, str] = {}
        for one in steps:
            fields = one.disclosed.get("fields")
            done = max(done, _count(fields, "list.next"))
            sent += _count(fields, "list.sent")
            already += _count(fields, "list.already")
            failed |= failed_in(fields)
        state, _ = state_told([(one.entry.kind, one.entry.pub) for one in steps])
        found.append(
            Progress(
                op=action.op, target=at, sha256=list_of(planned.params) or "", count=target.listed,
                state=state if steps else "proposed", gone_through=done, sent=sent,
                already=max(0, min(already, done - sent)), failed=tuple(sorted(failed.items())),
            )
        )  # fmt: skip
    return tuple(found)


def write_failures(session: Session, named: str, path: Path) -> int:
    """The accounts that failed, with the reason, as CSV; how many.

    Raises:
        WrongUse: when that correction has no list, or a file lies there.
    """
    found = progress(session, named)
    if not found:
        raise WrongUse("That correction has no list.", "See `standdown correct show`.")
    if path.exists():
        raise WrongUse(f"{path} is there already.", "Name another file.")
    rows = [(account, why, one.op, one.sha256) for one in found for account, why in one.failed]
    platform.write_durably(path, to_csv(rows, _HEAD).encode())
    return len(rows)


def _count(fields: JsonValue, name: str) -> int:
    text = fields.get(name) if isinstance(fields, dict) else None
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else 0
