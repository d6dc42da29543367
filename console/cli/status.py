"""`standdown status`: every model on every surface, with age."""

from __future__ import annotations

from typing import Any

import click

from console.cli.frame import Call, age, exit_with, pass_call


@click.command("status", epilog="\b\nExit code 4: at least one provider does not answer.")
@pass_call
def command(call: Call) -> None:
    """Look at every provider now; what is not heard is never green."""
    from console.services import dispatch, hand_undone, providers, standing

    with call.session() as session:
        found = providers.status(session)
        known = {(one.instance, one.key): one for one in providers.surfaces(session)}
        now = session.clock.wall_ms()
        rows = dispatch.rows(session)
        by_hand = hand_undone.undone_by_hand(session, standing.corrections(session))
        down = _unreachable_since(session)
        provisional = session.provisional
    result: list[dict[str, Any]] = []
    lines = ["PROVISIONAL: ONE PERSON"] if provisional else []
    lost = False
    for one in found:
        answered = one.look is not None and one.look.reachable
        lost = lost or not answered
        surfaces = [] if one.look is None or one.look.status is None else [
            {"key": s.key, "name": known[one.instance, s.key].name if (one.instance, s.key) in known else s.key,
             "model": s.model, "state": s.state, "restrictions": list(s.restrictions)}
            for s in one.look.status.surfaces
        ]  # fmt: skip
        fault = one.broken or (one.look.fault if one.look else None)
        result.append({
            "instance": one.instance, "name": one.name, "adapter": one.adapter, "reachable": answered,
            "at_ms": one.look.at_ms if one.look else None, "fault": fault, "surfaces": surfaces,
            "unreachable_since_ms": down.get(one.instance),
        })  # fmt: skip
        since = down.get(one.instance)
        head = "answers" if answered else "UNREACHABLE" + (f" for {age(now, since)}" if since else " now")
        seen = f"read {age(now, one.look.at_ms)} ago" if one.look else "never read"
        lines.append(f"{one.name}  {head}  ({seen}){': ' + fault if fault else ''}")
        lines += [
            f"    {s['name']:<28} {s['model']:<20} {s['state']}"
            + (f"  {'; '.join(s['restrictions'])}" if s["restrictions"] else "") for s in surfaces
        ]  # fmt: skip
    undone = [row for row in rows if row.state == "drifted"]
    lines += [
        f"UNDONE by somebody or something, done by hand: {one.name or one.selector}. {one.why}" for one in by_hand
    ]
    lines += [f"UNDONE by somebody or something: {row.op} target {row.target} is drifted" for row in undone]
    pending = [row for row in rows if not row.final]
    lines += [f"queued: {row.op} target {row.target} is {row.state} {row.detail}" for row in pending]
    queue = [{"op": r.op, "target": r.target, "state": r.state, "detail": r.detail} for r in pending]
    drifted = [{"op": r.op, "target": r.target, "state": r.state, "detail": r.detail} for r in undone]
    call.tell(
        {"ok": not lost, "now_ms": now, "providers": result, "queue": queue, "drifted": drifted,
         "undone_by_hand": [{"entry": one.entry, "name": one.name, "since_ms": one.since_ms, "detail": one.why}
                            for one in by_hand]},
        *(lines or ["No provider is connected."]),
    )  # fmt: skip
    if lost:
        exit_with(4)


def _unreachable_since(session: Any) -> dict[str, int]:  # noqa: ANN401  a Session, imported late
    since: dict[str, int] = {}
    for one in session.reader.entries(org=True, kinds=("provider.unreachable", "provider.reachable")):
        instance = str(one.entry.pub["instance"])
        if one.entry.kind == "provider.unreachable":
            since[instance] = int(str(one.entry.pub["since"]))
        else:
            since.pop(instance, None)
    return since
