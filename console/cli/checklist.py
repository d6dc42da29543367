"""`standdown checklist`: the steps of the response plan and every other task, ticked off by whom and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, moment, pass_call, when

if TYPE_CHECKING:
    from console.domain.tasks import Task
    from console.services.session import Session

named = click.option("--incident", help="Which incident (default: the only open one).")


@click.group(
    "checklist",
    epilog="""\b
Examples:
  standdown checklist begin sev-1
  standdown checklist list
  standdown checklist tick 3 "Outputs and logs are kept"
  standdown checklist add "Change the rota" --owner "Commander" --due 2026-12-10T12:00""",
)
def command() -> None:
    """Tasks of an incident: the response plan's steps, follow-ups with owners and dates."""


@command.command("list")
@named
@pass_call
def list_(call: Call, incident: str | None) -> None:
    """Every task, with its number."""
    from console.services import checklist, incidents

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        now = session.clock.wall_ms()
        found = checklist.tasks_in(session, inc)
        rows = [_told(session, one, at, now) for at, one in enumerate(found, start=1)]
        lines = [_line(session, one, at, now) for at, one in enumerate(found, start=1)]
    none = "No task is set: standdown checklist begin sev-1"
    call.tell({"ok": True, "incident": inc, "tasks": rows}, *(lines or [none]))


@command.command()
@pass_call
def plans(call: Call) -> None:
    """Every response plan with its steps; your own lie in the profile, in plans/NAME.toml."""
    from console.services import checklist

    with call.session() as session:
        found = checklist.plans(session)
        folder = session.paths.root / checklist.OWN
    rows = [
        {"plan": one.id, "version": one.version, "name": one.name, "severities": list(one.severities),
         "source": one.source,
         "steps": [{"step": step.id, "name": step.name, "role": step.role, "within_min": step.within_min}
                   for step in one.steps]}
        for one in found
    ]  # fmt: skip
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.id}  {one.name} (version {one.version}, {len(one.steps)} steps)")
        lines += [f"    {step.id:<12} {step.name} ({step.role}"
                  + (f", within {step.within_min} min)" if step.within_min else ")") for step in one.steps]  # fmt: skip
    call.tell({"ok": True, "plans": rows, "own": str(folder)}, *lines)


@command.command()
@click.argument("plan")
@named
@pass_call
def begin(call: Call, plan: str, incident: str | None) -> None:
    """Make each step of a plan a task in the record."""
    from console.services import checklist, incidents

    with call.session() as session:
        stored = checklist.begin(session, incidents.find_incident(session, incident), plan)
    call.tell({"ok": True, "entries": [one.id for one in stored]}, f"{len(stored)} tasks are set.")


@command.command()
@click.argument("text")
@click.option("--owner", default="", help="Who does it: a person or a role.")
@click.option("--due", help="Until when: HH:MM today or an ISO moment.")
@named
@pass_call
def add(call: Call, text: str, owner: str, due: str | None, incident: str | None) -> None:
    """Set a task, with its owner and until when."""
    from console.services import checklist, incidents

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        due_ms = None if due is None else moment(due, session.clock.wall_ms())
        stored = checklist.add(session, inc, text, owner, due_ms)
    call.tell({"ok": True, "entry": stored.id, "due_ms": due_ms}, str(stored.disclosed["text"]))


def _say(call: Call, task: str, incident: str | None, what: str, words: str) -> None:
    from console.services import checklist, incidents

    with call.session() as session:
        found = checklist.find_task(session, incidents.any_incident(session, incident), task)
        if what == "tick":
            stored = checklist.tick(session, found, words)
        elif what == "drop":
            stored = checklist.drop(session, found, words)
        else:
            stored = checklist.reopen(session, found, words)
    call.tell({"ok": True, "entry": stored.id, "task": found.entry}, f"{stored.disclosed['text']} {found.text}")


@command.command()
@click.argument("task")
@click.argument("note", default="")
@named
@pass_call
def tick(call: Call, task: str, note: str, incident: str | None) -> None:
    """Say that TASK (its number, step or entry) is done."""
    _say(call, task, incident, "tick", note)


@command.command()
@click.argument("task")
@click.argument("reason")
@named
@pass_call
def drop(call: Call, task: str, reason: str, incident: str | None) -> None:
    """Say that TASK will not be done, and why."""
    _say(call, task, incident, "drop", reason)


@command.command()
@click.argument("task")
@click.argument("note", default="")
@named
@pass_call
def reopen(call: Call, task: str, note: str, incident: str | None) -> None:
    """Say that TASK is open again."""
    _say(call, task, incident, "reopen", note)


def _told(session: Session, one: Task, number: int, now_ms: int) -> dict[str, Any]:
    return {
        "number": number, "entry": one.entry, "text": one.text, "owner": one.owner, "due_ms": one.due_ms,
        "state": one.state, "overdue": one.overdue(now_ms), "plan": one.plan, "step": one.step, "note": one.note,
        "by": None if one.by is None else session.name_of(one.by), "at_ms": one.at_ms,
    }  # fmt: skip


def _line(session: Session, one: Task, number: int, now_ms: int) -> str:
    box = {"open": "[ ]", "done": "[x]", "dropped": "[-]"}[one.state]
    told = [f"{number:>3} {box} {one.text}", *([f"({one.owner})"] if one.owner else [])]
    if one.state != "open":
        told.append(f"{one.state} by {session.name_of(one.by)} {when(one.at_ms)} {one.note}".rstrip())
    elif one.due_ms is not None:
        told.append(f"{'OVERDUE since' if one.overdue(now_ms) else 'until'} {when(one.due_ms)}")
    return "  ".join(told)
