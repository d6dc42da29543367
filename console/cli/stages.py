"""`standdown stages`: give a correction back in stages, each signed by two, with holds and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.correct import tell_proposal
from console.cli.frame import Call, pass_call, when

if TYPE_CHECKING:
    from console.services.staging import Staged


@click.group(
    "stages",
    epilog="""\b
  standdown stages plan CORRECTION --stage 10% --stage 50% --stage rest --hold 30 \\
      --stop observation --stop rate=60 --go-on "the evaluation passes"
  standdown stages show
  standdown stages next PLAN --reason "evaluation 7 passed"     (a restore: two people sign it)
  standdown stages put-back PLAN --reason "it is misused again" """,
)
def command() -> None:
    """Give a correction back in stages: percentages or targets in order, held, stopped, put back."""


def _told(one: Staged) -> tuple[dict[str, Any], list[str]]:
    facts = {
        "plan": one.plan.sha256, "op": one.plan.op, "document": one.plan.doc, "go_on": one.plan.go_on,
        "hold_ms": one.plan.hold_ms, "stops": [stop.text for stop in one.plan.stops], "tripped": list(one.tripped),
        "put_back": one.put_back, "next": one.next, "why_not": one.why_not,
        "stages": [
            {"stage": s.number, "part": s.part.text, "count": s.count, "state": s.word, "document": s.doc,
             "since_ms": s.since_ms, "until_ms": s.until_ms} for s in one.stages
        ],
    }  # fmt: skip
    lines = [f"Plan {one.plan.sha256[:16]}: {one.title}. On when: {one.plan.go_on}"]
    for stage in one.stages:
        held = f", held until {when(stage.until_ms)}" if stage.until_ms is not None else ""
        lines.append(f"    {stage.number + 1}: {stage.part.text} ({stage.count})  {stage.word}{held}")
    lines += [f"    ! {text}" for text in one.tripped]
    lines += [f"    {one.why_not}" if one.why_not else "    The next stage may be proposed."]
    return facts, lines


@command.command()
@click.argument("correction")
@click.option("--stage", "stages", multiple=True, required=True, help="10%, rest, or target numbers like 0,2.")
@click.option("--hold", type=float, default=30, help="Minutes after each stage before the next may be proposed.")
@click.option("--stop", "stops", multiple=True, help="observation, severity, drift, or rate=CALLS a minute.")
@click.option("--go-on", "go_on", required=True, help="When the next stage may follow; its signers read it.")
@pass_call
def plan(
    call: Call, correction: str, stages: tuple[str, ...], hold: float, stops: tuple[str, ...], go_on: str
) -> None:  # fmt: skip
    """Keep a plan; nothing is proposed yet."""
    from console.domain.stages import part_of, stop_of
    from console.services import staging

    with call.session() as session:
        made = staging.plan_lift(
            session, correction, [part_of(one) for one in stages], hold_ms=round(hold * 60_000),
            stops=[stop_of(one) for one in stops], go_on=go_on,
        )  # fmt: skip
    facts, lines = _told(made)
    call.tell({"ok": True, **facts}, *lines)


@command.command()
@click.option("--incident", help="Which incident (default: the only one).")
@pass_call
def show(call: Call, incident: str | None) -> None:
    """Every staged lift of an incident: which stage is given back, held, ready; which stops came true."""
    from console.services import incidents, staging

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        staging.look(session, inc)
        found = [_told(one) for one in staging.staged(session, inc)]
    lines = [line for _, some in found for line in some]
    call.tell({"ok": True, "lifts": [facts for facts, _ in found]}, *(lines or ["No lift is planned in stages."]))


@command.command("next")
@click.argument("plan", default="")
@click.option("--reason", required=True, help="Why the criteria are met; signed with it.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def next_(call: Call, plan: str, reason: str, incident: str | None) -> None:
    """Propose the next stage: a restore of its part; two people sign it."""
    from console.services import incidents, staging

    with call.session() as session:
        made = staging.propose_stage(session, incidents.find_incident(session, incident), plan, reason)
    tell_proposal(call, made)


@command.command("put-back")
@click.argument("plan", default="")
@click.option("--reason", default="", help="Why (default: the stop that came true).")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def put_back(call: Call, plan: str, reason: str, incident: str | None) -> None:
    """Propose to take away again what the stages gave back."""
    from console.services import incidents, staging

    with call.session() as session:
        made = staging.put_back(session, incidents.find_incident(session, incident), plan, reason)
    tell_proposal(call, made)
