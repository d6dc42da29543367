"""`standdown outbox`: what waits, why, until when; and the engine that sends it and watches it take hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, age, exit_with, pass_call, when

if TYPE_CHECKING:
    from console.outbox.item import Row

WAITS_FOR_PEOPLE = 3
WAITS_FOR_CONNECTION = 4


@click.group("outbox")
def command() -> None:
    """Send what was approved, and watch it take hold."""


@command.command("list", epilog="\b\nExample:\n  standdown outbox list")
@pass_call
def list_(call: Call) -> None:
    """Every target that was decided here: its state, since when, why it waits."""
    from console.services import dispatch

    with call.session() as session:
        found = dispatch.rows(session)
        now = session.clock.wall_ms()
    call.tell(
        {"ok": True, "rows": [_told(row) for row in found]},
        *(
            [f"{row.op} target {row.target + 1}: {row.state} for {age(now, row.since_ms)}"
             + (f" - {row.detail}" if row.detail else "") for row in found]
            or ["The outbox is empty."]
        ),
    )  # fmt: skip


@command.command(
    "run",
    epilog="""\b
Examples:
  standdown outbox run                 (until nothing is left to do)
  standdown outbox run --forever       (stay the engine; stop with Ctrl+C)""",
)
@click.option("--forever", is_flag=True, help="Stay the engine until stopped.")
@click.option("--until-settled", is_flag=True, help="Stop when everything is final or waits (the default).")
@click.option("--deadline", "deadline_s", type=int, help="Stop settling after so many seconds.")
@pass_call
def run(call: Call, forever: bool, until_settled: bool, deadline_s: int | None) -> None:  # noqa: FBT001  click hands options by name
    """Be this profile's engine: sync, decide, send, read back, probe. Exit status 3 or 4 where something waits."""
    from console.services import dispatch

    with call.session() as session:
        done = dispatch.run_engine(
            session,
            until="forever" if forever and not until_settled else "settled",
            progress=lambda text: call.progress(f"{when(session.clock.wall_ms())}  {text}"),
            deadline_s=deadline_s,
        )
    call.tell(
        {
            "ok": done.done, "rows": [_told(row) for row in done.rows], "people": list(done.people),
            "connection": list(done.connection), "odd": list(done.odd),
        },
        *(["Nothing is left to do."] if done.done else []),
        *(f"Waits for people: {text}" for text in done.people),
        *(f"Waits for a connection: {text}" for text in done.connection),
        *(f"Odd: {text}" for text in done.odd),
    )  # fmt: skip
    exit_with(0 if done.done else WAITS_FOR_CONNECTION if done.connection else WAITS_FOR_PEOPLE)


def _told(row: Row) -> dict[str, Any]:
    return {
        "doc": row.doc, "target": row.target, "op": row.op, "inc": row.inc, "instance": row.instance,
        "direction": row.direction, "by_hand": row.by_hand, "state": row.state, "attempt": row.attempt,
        "since_ms": row.since_ms, "not_before_ms": row.not_before_ms, "held": row.held, "detail": row.detail,
        "final": row.final,
    }  # fmt: skip
