"""`standdown outbox`: send what was approved, and watch it take hold."""

from __future__ import annotations

import click

from console.cli.frame import Call, exit_with, pass_call, when


@click.group("outbox")
def command() -> None:
    """Send what was approved, and watch it take hold."""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every target on its way, with its state."""
    from console.services import dispatch

    with call.session() as session:
        rows = dispatch.rows(session)
    found = [
        {"op": r.op, "document": r.doc, "target": r.target, "instance": r.instance, "state": r.state,
         "since_ms": r.since_ms, "attempt": r.attempt, "detail": r.detail, "by_hand": r.by_hand}
        for r in rows
    ]  # fmt: skip
    lines = [f"{r.op} target {r.target}  {r.state:<12} since {when(r.since_ms)}  {r.detail}" for r in rows]
    call.tell({"ok": True, "rows": found}, *(lines or ["The outbox is empty."]))


@command.command(epilog="\b\nExit code 3: something waits for people. 4: something waits for a connection.")
@click.option("--until-settled", "settled", is_flag=True, help="End when nothing is left to do now (else go on).")
@click.option(
    "--for", "seconds", type=click.IntRange(min=1), help="At most so many seconds, then finish what is under way."
)
@click.option("--fast", is_flag=True, hidden=True, help="Short waits between looks and holds, for tests.")
@pass_call
def run(call: Call, settled: bool, seconds: int | None, fast: bool) -> None:  # noqa: FBT001  click hands options by name
    """Be this profile's dispatcher: sync, decide, send, read back, probe."""
    from console.outbox.steps import Pace
    from console.services import dispatch

    pace = Pace(sync_ms=1000, poll_ms=1000, settle_ms=500, hold_ms=2000, stable_ms=3000) if fast else None
    with call.session() as session:
        told = dispatch.run_outbox(
            session, "settled" if settled or seconds else "forever",
            deadline_ms=None if seconds is None else seconds * 1000, pace=pace,
            on_start=lambda: call.progress("Dispatching for this profile ..."),
        )  # fmt: skip
    rows = [{"op": r.op, "target": r.target, "state": r.state, "detail": r.detail} for r in told.rows]
    lines = [f"{r.op} target {r.target}  {r.state}  {r.detail}" for r in told.rows]
    lines += [f"Waits for people: {one}" for one in told.people]
    lines += [f"Waits for a connection: {one}" for one in told.connection]
    lines += [f"Odd: {one}" for one in told.odd]
    result = {
        "ok": told.done, "rows": rows, "people": list(told.people), "connection": list(told.connection),
        "odd": list(told.odd),
    }  # fmt: skip
    call.tell(result, *(lines or ["Nothing to do."]))
    if told.connection:
        exit_with(4)
    if told.people:
        exit_with(3)
