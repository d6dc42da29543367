"""`standdown review`: the after-action view of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call, when

if TYPE_CHECKING:
    from console.services.after_action import Review, Way
    from console.services.session import Session


@click.command("review", epilog="\b\nExamples:\n  standdown review\n  standdown review INC-2026-8F3K --json")
@click.argument("incident", required=False)
@pass_call
def command(call: Call, incident: str | None) -> None:
    """What happened, when it was contained, what failed, what is open, what follows and who does it."""
    from console.services import after_action, incidents

    with call.session() as session:
        found = after_action.review(session, incidents.any_incident(session, incident))
        result, lines = _json(session, found), _lines(found)
    call.tell(result, *lines)


def _json(session: Session, found: Review) -> dict[str, Any]:
    from console.services.clock_words import words_of

    return {
        "ok": True, "incident": found.line.inc, "label": found.line.label, "now_ms": found.now_ms,
        "marks": list(found.marks), "containment": found.containment.word, "contained_in_ms": found.contained_ms,
        "held": {"targets": found.held[0], "of": found.held[1], "last_after_ms": found.held[2]},
        "milestones": [
            {"what": one.what, "at_ms": one.at_ms, "written_ms": one.written_ms, "by": session.name_of(one.author),
             "entry": one.entry, "text": one.text}
            for one in found.account.milestones
        ],
        "gaps": [{"words": one.words, "from_ms": one.from_ms, "to_ms": one.to_ms, "length_ms": one.length_ms}
                 for one in found.account.gaps],
        "corrections": [
            {"doc": one.doc, "title": one.title, "direction": one.direction, "state": one.state,
             "proposed_ms": one.proposed_ms, "first_signed_ms": one.first_ms, "quorum_ms": one.second_ms,
             "sent_ms": one.sent_ms, "in_force_ms": one.in_force_ms, "held": one.held, "targets": one.targets}
            for one in found.ways
        ],
        "failures": [{"at_ms": one.at_ms, "about": one.about, "what": one.what, "entry": one.entry}
                     for one in found.troubles],
        "clocks": [{"clock": one.key, "state": one.state, "due_ms": one.due_ms,
                    "words": words_of(one, found.now_ms).line} for one in found.clocks],
        "findings": list(found.findings),
        "follow_ups": [{"text": one.text, "owner": one.owner, "due_ms": one.due_ms, "state": one.state,
                        "entry": one.entry} for one in found.follow_ups],
        "steps": [{"step": one.step, "text": one.text, "state": one.state, "by": one.by, "at_ms": one.at_ms}
                  for one in found.steps],
    }  # fmt: skip


def _lines(found: Review) -> list[str]:
    from console.services.brief import containment_words, zone_of
    from console.services.clock_words import length, words_of

    line = found.line
    told = [*found.marks, f"{line.label}  SEV-{line.severity}  {line.status}  {line.title}"]
    told += [containment_words(found.containment, found.now_ms, zone_of("UTC")), "", "WHEN"]
    for one in found.account.milestones:
        late = f"  (written {length(one.written_ms - one.at_ms)} later)" if one.written_ms - one.at_ms > 60_000 else ""  # noqa: PLR2004  a minute is no delay
        told.append(f"  {when(one.at_ms)}  {one.what}{late}")
    told += ["", "HOW LONG", *(f"  {length(one.length_ms):<16} {one.words}" if one.length_ms >= 0 else
                               f"  {'before it':<16} {one.words}" for one in found.account.gaps)]  # fmt: skip
    told += ["", "CORRECTIONS", *(_way(one) for one in found.ways)] if found.ways else []
    if found.troubles:
        told += ["", "WHAT FAILED"]
        told += [f"  {when(one.at_ms)}  {one.about} {one.what}".rstrip() for one in found.troubles]
    if found.clocks:
        told += ["", "REPORTS", *(f"  {words_of(one, found.now_ms).line}" for one in found.clocks)]
    told += ["", "OPEN FINDINGS", *(f"  - {one}" for one in found.findings or ("None.",))]
    told += ["", "FOLLOW-UPS"]
    told += [
        f"  [{'x' if one.state == 'done' else '-' if one.state == 'dropped' else ' '}] {one.text}"
        f" ({one.owner or 'nobody named'}, {'until ' + when(one.due_ms)[:16] if one.due_ms else 'no day named'})"
        for one in found.follow_ups
    ] or ['  None is set: standdown checklist add "..." --owner ... --due ...']  # fmt: skip
    done = sum(one.state == "done" for one in found.steps)
    return [*told, *([f"  {done} of {len(found.steps)} steps of the response plan are done."] if found.steps else [])]


def _way(one: Way) -> str:
    from console.services.clock_words import length

    steps = [("proposed", one.proposed_ms), ("first signature", one.first_ms), ("quorum", one.second_ms),
             ("sent", one.sent_ms), (f"in force ({one.held} of {one.targets})", one.in_force_ms)]  # fmt: skip
    there = [(what, at) for what, at in steps if at is not None]
    told = [f"{what} {when(at)[11:19]}" if number == 0 else f"{what} +{length(at - there[number - 1][1])}"
            for number, (what, at) in enumerate(there)]  # fmt: skip
    return f"  {one.title} [{one.state}]: {', '.join(told)}"
