"""Tasks of an incident, folded from entries: what is to be done, by whom, until when, and who ticked it off.

A task is an entry; a further task that names it in `pub.of` says in its first word what became of it. Owner and time
stand in the text, as people write them anyway: a field of its own would be a new signed form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal

from console.domain.seen import Seen, in_order
from console.domain.shape import LAST_MS

TaskState = Literal["open", "done", "dropped"]
_WORDS: Final[dict[str, TaskState]] = {"done": "done", "dropped": "dropped", "open again": "open"}
_SAID: Final = re.compile(r"(done|dropped|open again)\s*(?:[:.]\s*(.*))?$", re.IGNORECASE | re.DOTALL)
_OWNER: Final = re.compile(r"\s*\bOwner: ([^\n.]{1,80})\.(?=\s|$)")
_DUE: Final = re.compile(r"\s*\bDue (\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}))?(?: UTC)?\.(?=\s|$)")
_PLAN: Final = re.compile(r"plan ([a-z0-9-]+) v(\d+): ([a-z0-9-]+)")
_DAY_ENDS: Final = "23:59"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do. `plan` and `step` where it came from a response plan; `at_ms` when its state was said, by whom.

    `note` are the words it was ticked off, dropped or opened again with.
    """

    entry: str
    text: str
    author: str | None
    recorded_ms: int
    owner: str = ""
    due_ms: int | None = None
    plan: str = ""
    step: str = ""
    state: TaskState = "open"
    by: str | None = None
    at_ms: int | None = None
    note: str = ""

    def overdue(self, now_ms: int) -> bool:
        """Whether it should have been done by now and is not."""
        return self.state == "open" and self.due_ms is not None and now_ms > self.due_ms


def tasks_of(entries: Iterable[Seen]) -> tuple[Task, ...]:
    """The tasks of one incident, in the order in which they were set. What was taken back is not among them.

    What became of a task is what was said last; words that begin with neither done, dropped nor open again (or that
    were redacted) say nothing of it.
    """
    good = [one for one in in_order(entries) if one.standing == "good" and one.author is not None]
    gone = {name for one in good if one.kind == "retraction" for name in one.about}
    told = [one for one in good if one.kind == "task" and one.id not in gone]
    amended = {name: one.disclosed_text("text") for one in good
               if one.kind == "amendment" and one.id not in gone for name in one.about}  # fmt: skip
    known = {one.id for one in told}
    found: dict[str, Task] = {}
    for one in told:
        about = [name for name in one.about if name in known]
        if not about:
            found[one.id] = _task(one, amended.get(one.id, one.disclosed_text("text")))
            continue
        said = _SAID.match(amended.get(one.id, one.disclosed_text("text")).strip())
        if said is not None:
            for name in about:
                if name in found:
                    found[name] = replace(
                        found[name], state=_WORDS[said[1].casefold()], by=one.author, at_ms=one.hlc[0],
                        note=(said[2] or "").strip(),
                    )  # fmt: skip
    return tuple(found.values())


def _task(one: Seen, text: str) -> Task:
    owner, due = _OWNER.search(text), _DUE.search(text)
    plan = _PLAN.fullmatch(one.disclosed_text("source"))
    return Task(
        entry=one.id, text=words_of(text), author=one.author, recorded_ms=one.hlc[0],
        owner=owner[1].strip() if owner is not None else "", due_ms=_moment(due), plan=plan[1] if plan else "",
        step=plan[3] if plan else "",
    )  # fmt: skip


def words_of(text: str) -> str:
    """What is to be done, without whose it is and until when."""
    return _DUE.sub("", _OWNER.sub("", text)).strip() or text


def _moment(found: re.Match[str] | None) -> int | None:
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2] or _DAY_ENDS}").replace(tzinfo=UTC)
    except ValueError:
        return None
    at_ms = int(at.timestamp() * 1000)
    return at_ms if 0 <= at_ms <= LAST_MS else None


def task_text(text: str, owner: str, due_ms: int | None) -> str:
    """A task in words, as `tasks_of` reads it back."""
    words = " ".join(text.split())
    if words and words[-1] not in ".!?":
        words += "."
    if owner:
        words += f" Owner: {' '.join(owner.replace('.', ' ').split())}."
    if due_ms is not None:
        words += f" Due {datetime.fromtimestamp(due_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC."
    return words


def step_source(plan: str, version: int, step: str) -> str:
    """What the task of a plan's step names as its source."""
    return f"plan {plan} v{version}: {step}"
