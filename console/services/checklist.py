"""The checklist of an incident: a response plan begun, tasks set, ticked off, dropped. Each is one durable entry.

Plans are data: the product's, and the profile's own, which count instead of the product's of the same id.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from console.domain.errors import WrongUse
from console.domain.plans import Plan, read_plan
from console.domain.profile import JsonValue
from console.domain.tasks import Task, step_source, task_text, tasks_of
from console.journal.seen import all_seen
from console.journal.values import Draft, Stored
from console.services.about import entries_about
from console.services.product_data import product_path, read_table
from console.services.session import Session

OWN: Final = "plans"
_MINUTE_MS: Final = 60_000
_LEAST_DIGITS: Final = 4
_MOST_FILES: Final = 200


def plans(session: Session) -> tuple[Plan, ...]:
    """Every plan, in order of its id.

    Raises:
        WrongUse: naming a file that cannot be read.
    """
    found = {one.id: one for path in _files(product_path("plans")) for one in [_plan(path)]}
    found.update({one.id: one for path in _files(session.paths.root / OWN) for one in [_plan(path)]})
    return tuple(found[name] for name in sorted(found))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))[:_MOST_FILES] if folder.is_dir() else []


def _plan(path: Path) -> Plan:
    return read_plan(read_table(path), path.name)


def plan_for(session: Session, severity: int) -> Plan | None:
    """The plan meant for a severity; of several the profile's order decides."""
    return next((one for one in plans(session) if severity in one.severities), None)


def tasks_in(session: Session, inc: str, newest: int | None = None) -> tuple[Task, ...]:
    """The tasks of an incident, in the order in which they were set.

    Of the `newest` entries about tasks alone, where that is given: what became of one of these is among them.
    """
    told = session.reader.entries(inc, kinds=("task",), after=None if newest is None else behind(session, inc, newest))
    if newest is not None:
        told = _without_answers_to_others(session, told)
    if not told:
        return ()
    with session.reader.snapshot() as connection:
        later = entries_about(connection, inc, ("amendment", "retraction"), {one.id for one in told})
        # an amendment can be taken back in turn
        later += entries_about(connection, inc, ("retraction",), {one.id for one in later})
    return tasks_of(all_seen([*told, *{one.id: one for one in later}.values()]))


def behind(session: Session, inc: str, newest: int) -> int:
    """The local number behind which the newest entries about tasks lie; 0 where there are no others."""
    sql = (
        "SELECT n FROM entry INDEXED BY entry_told WHERE kind <> 'note' AND kind = 'task' AND inc = ? "
        "ORDER BY n DESC LIMIT 1 OFFSET ?"
    )
    with session.reader.snapshot() as connection:
        row = connection.execute(sql, (inc, newest)).fetchone()
    return 0 if row is None else int(row[0])


def _without_answers_to_others(session: Session, told: list[Stored]) -> list[Stored]:
    """Without what became of tasks that are not among these."""
    about = {one.id: one.about for one in all_seen(told)}
    others = sorted({name for names in about.values() for name in names} - about.keys())
    sql = "SELECT 1 FROM entry WHERE id = ? AND kind = 'task'"
    with session.reader.snapshot() as connection:
        tasks = {name for name in others if connection.execute(sql, (name,)).fetchone() is not None}
    return [one for one in told if tasks.isdisjoint(about[one.id])]


def begin(session: Session, inc: str, named: str) -> tuple[Stored, ...]:
    """Make each step of a plan a task, all in one transaction. What of this plan is a task already is not set again.

    Raises:
        WrongUse: when there is no such plan, or all of it is set already.
    """
    plan = next((one for one in plans(session) if one.id == named), None)
    if plan is None:
        raise WrongUse(f"No response plan is called {named[:60]!r} here.", "See `standdown checklist plans`.")
    there = {one.step for one in tasks_in(session, inc) if one.plan == plan.id}
    now = session.clock.wall_ms()
    drafts: list[Draft] = []
    for step in plan.steps:
        if step.id not in there:
            due = None if step.within_min is None else now + step.within_min * _MINUTE_MS
            values: dict[str, JsonValue] = {
                "text": task_text(step.name, step.role, due), "source": step_source(plan.id, plan.version, step.id),
            }  # fmt: skip
            drafts.append(Draft("task", inc, None, {}, values))
    if not drafts:
        raise WrongUse("Every step of that plan is a task already.", "See `standdown checklist list`.")
    return tuple(session.append_all(drafts))


def add(session: Session, inc: str, text: str, owner: str = "", due_ms: int | None = None) -> Stored:
    """Set a task, with its owner and until when.

    Raises:
        WrongUse: when it says nothing.
    """
    if not text.strip():
        raise WrongUse("There is nothing to do in it.", "Say what is to be done.")
    return session.append(Draft("task", inc, None, {}, {"text": task_text(text, owner, due_ms)}))


def tick(session: Session, task: Task, note: str = "") -> Stored:
    """Say that it is done.

    Raises:
        WrongUse: when it is done already.
    """
    if task.state == "done":
        raise WrongUse("It is done already.", "Open it again if it is not.")
    return _say(session, task, f"Done: {note.strip()}" if note.strip() else "Done.")


def drop(session: Session, task: Task, reason: str) -> Stored:
    """Say that it will not be done, and why.

    Raises:
        WrongUse: without a reason.
    """
    if not reason.strip():
        raise WrongUse("A task is dropped for a reason.", "Say why.")
    return _say(session, task, f"Dropped: {reason.strip()}")


def reopen(session: Session, task: Task, note: str = "") -> Stored:
    """Say that it is open again.

    Raises:
        WrongUse: when it is open.
    """
    if task.state == "open":
        raise WrongUse("It is open.", "Tick it off when it is done.")
    return _say(session, task, f"Open again: {note.strip()}" if note.strip() else "Open again.")


def _say(session: Session, task: Task, text: str) -> Stored:
    set_by = session.reader.entry(task.entry)
    inc = set_by.entry.inc if set_by is not None else None
    return session.append(Draft("task", inc, None, {"of": [task.entry]}, {"text": text}))


def find_task(session: Session, inc: str, named: str) -> Task:
    """The task a person means: its number in the list, its step's id, or the beginning of its entry's id.

    Raises:
        WrongUse: when no single one fits.
    """
    known = tasks_in(session, inc)
    if named.isdecimal() and 1 <= int(named) <= len(known):
        return known[int(named) - 1]
    found = [one for one in known if one.step == named]
    if len(named) >= _LEAST_DIGITS:
        found = found or [one for one in known if one.entry.startswith(named.casefold())]
    if len(found) != 1:
        raise WrongUse(f"No single task is called {named[:60]!r}.", "See `standdown checklist list`.")
    return found[0]
