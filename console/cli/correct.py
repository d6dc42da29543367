"""`standdown correct`: propose, show, cancel, undo, lift, attest, record by hand."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, moment, pass_call, when
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.services.corrections import Proposal, TargetWish


@click.group("correct")
def command() -> None:
    """Propose, lift, undo and attest corrections."""


def target_of(text: str, *, canary: bool = False) -> TargetWish:
    """`PROVIDER[:SURFACE] LEVER [SELECTOR] [name=value ..]`."""
    from console.services.corrections import TargetWish

    words = shlex.split(text)
    if len(words) < 2:  # noqa: PLR2004  provider and lever at least
        raise WrongUse(f"{text!r} is no target.", "Write 'PROVIDER[:SURFACE] LEVER SELECTOR name=value'.")
    provider, _, surface = words[0].partition(":")
    params = dict(word.split("=", 1) for word in words[2:] if "=" in word)
    rest = [word for word in words[2:] if "=" not in word]
    if len(rest) > 1:
        raise WrongUse(f"{text!r} names more than one selector.", "Give --target once for each.")
    return TargetWish(
        provider=provider, surface=surface, lever=words[1], selector=rest[0] if rest else "", params=params,
        canary=canary,
    )  # fmt: skip


def _from_file(path: Path) -> tuple[list[TargetWish], str]:
    from console.services.corrections import TargetWish

    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise TypeError  # noqa: TRY301  one answer to every file that is not the form
        wishes = [
            TargetWish(
                provider=str(one["provider"]), surface=str(one.get("surface", "")), lever=str(one["lever"]),
                selector=str(one.get("selector", "")), canary=bool(one.get("canary", False)),
                params={str(name): str(value) for name, value in dict(one.get("params", {})).items()},
            )
            for one in found["targets"]
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise WrongUse(
            f"{path} is no correction.",
            'Write JSON: {"reason": "..", "targets": [{"provider": "..", "lever": "..", "selector": ".."}]}.',
        ) from None
    return wishes, str(found.get("reason", ""))


def tell_proposal(call: Call, made: Proposal, more: Mapping[str, Any] | None = None) -> None:
    """What was proposed: every target with what is sent, what it changes and what takes it back."""
    targets: list[dict[str, Any]] = []
    lines = [f"Proposed {made.op}: {len(made.plans)} targets. Gravity {made.action.gravity}: {made.reason}"]
    for at, (target, plan) in enumerate(zip(made.action.targets, made.plans, strict=True)):
        requests = [one.as_json() for one in plan.requests]
        targets.append({
            "target": at, "name": plan.name, "selector": plan.selector, "lever": plan.lever, "by_hand": target.by_hand,
            "canary": target.canary, "reach": target.reach, "reversal": target.reversal, "pre": dict(plan.pre),
            "wanted": dict(plan.wanted), "requests": requests, "revert": [one.as_json() for one in plan.revert],
            "notes": list(plan.notes), "params": dict(plan.params),
        })  # fmt: skip
        lines.append(f"  {at}: {plan.name} [{plan.selector}] {plan.lever}, reach {target.reach}, "
                     f"reversal {target.reversal}"
                     + (", canary" if target.canary else "") + (", by hand" if target.by_hand else ""))  # fmt: skip
        lines += [f"       now  {name} = {value}" for name, value in plan.pre.items()]
        lines += [f"       send {one.method} {one.path} {one.body}" for one in plan.requests]
        lines += [f"       back {one.method} {one.path} {one.body}" for one in plan.revert]
        lines += [f"       {name}: {value}" for name, value in plan.params.items() if value]
        lines += [f"       note: {note}" for note in plan.notes]
    lines.append(f"Nothing moves before it is signed: standdown approve sign {made.sha[:16]}")
    call.tell(
        {"ok": True, "op": made.op, "document": made.sha, "gravity": made.action.gravity, "why": made.reason,
         "direction": made.action.direction, "targets": targets,
         "approve_by_ms": made.action.approve_by, **(more or {})},
        *lines,
    )  # fmt: skip


@command.command(
    epilog="""\b
Examples:
  standdown correct propose --reason "exploits" --target 'gateway key.block key-17' --canary 'gateway key.block canary'
  standdown correct propose --reason "exploits" --target 'triton:F-7 model.unload F-7' \\
      --by-hand 'ask support to stop F-7' --at vendor:F-7 --who 'vendor support' --contact +1-555 --ticket T-17
  standdown correct propose --file correction.json"""
)
@click.option("--target", "targets", multiple=True, help="'PROVIDER[:SURFACE] LEVER SELECTOR name=value ..'.")
@click.option("--canary", "canaries", multiple=True, help="As --target; a canary that is corrected with it and probed.")
@click.option("--by-hand", "by_hand", help="What a person or vendor is asked to do.")
@click.option("--at", "at", help="Of the by-hand step: PROVIDER[:SURFACE] (a `manual` provider).")
@click.option("--who", default="", help="Of the by-hand step: who is asked.")
@click.option("--assignee", help="Of the by-hand step: the member who sees to it.")
@click.option("--contact", default="", help="Of the by-hand step.")
@click.option("--ticket", default="", help="Of the by-hand step.")
@click.option("--category", default="shutdown", help="Of the by-hand step.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="The whole correction as a JSON file.")
@click.option("--reason", default="", help="Why; signed with it.")
@click.option("--if-not", "if_not", default="", help="What happens if it is not done; signed with it.")
@click.option("--lift-criteria", default="", help="When it may be lifted; signed with it.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def propose(  # noqa: PLR0913, PLR0917  one option for each thing a person may say
    call: Call, targets: tuple[str, ...], canaries: tuple[str, ...], by_hand: str | None, at: str | None, who: str,
    assignee: str | None, contact: str, ticket: str, category: str, file: Path | None, reason: str,
    if_not: str, lift_criteria: str, incident: str | None,
) -> None:  # fmt: skip
    """Propose a correction; shows the exact requests, pre-state, revert, gravity and reach."""
    from console.services import corrections, incidents

    wishes, told = _from_file(file) if file is not None else ([], "")
    wishes += [target_of(one) for one in targets] + [target_of(one, canary=True) for one in canaries]
    with call.session() as session:
        if by_hand:
            provider, _, surface = (at or "").partition(":")
            if not provider:
                raise WrongUse("A by-hand step needs --at PROVIDER.", "Add one: standdown provider add manual")
            params = {"instruction": by_hand, "who": who, "contact": contact, "ticket": ticket, "category": category}
            person = incidents.find_person(session, assignee) if assignee else None
            wishes.append(
                corrections.TargetWish(
                    provider=provider, surface=surface, lever="manual.ask", selector="",
                    params={name: value for name, value in params.items() if value}, assignee=person,
                )
            )  # fmt: skip
        if not wishes:
            raise WrongUse("A correction needs a target.", "Give --target, --by-hand or --file.")
        inc = incidents.find_incident(session, incident)
        made = corrections.propose(session, inc, wishes, reason or told, criteria=lift_criteria, if_not=if_not)
    tell_proposal(call, made)


@command.command()
@click.argument("correction", required=False)
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def show(call: Call, correction: str | None, incident: str | None) -> None:
    """Every correction of an incident (or one), state by target, as both consoles see it."""
    from console.services import corrections, incidents, overview

    with call.session() as session:
        inc = None if correction else incidents.any_incident(session, incident)
        op = corrections.action_of(corrections.find_document(session, correction)).op if correction else None
        found = overview.corrections(session, inc, op)
    lines: list[str] = []
    for one in found:
        lines.append(f"{one['op']}  {one['direction']}  {one['gravity']}  {one['state']}  ({one['signed']} signed)")
        lines += [
            f"    {t['target']}: {t['name']}  {t['lever']}  {t['state']}  {t['detail']}"
            + (f"  (looked again {when(t['checked_ms'])})" if t["checked_ms"] else "")
            for t in one["targets"]
        ]
    call.tell({"ok": True, "corrections": found}, *(lines or ["No correction is known here."]))


@command.command()
@click.argument("correction")
@click.option("--reason", default="")
@pass_call
def cancel(call: Call, correction: str, reason: str) -> None:
    """Cancel what has not gone yet."""
    from console.services import corrections

    with call.session() as session:
        stored = corrections.cancel(session, correction, reason)
    call.tell({"ok": True, "entry": stored.id}, "Cancelled. What had gone already is not undone by this.")


@command.command()
@click.argument("correction")
@click.option("--reason", default="")
@pass_call
def undo(call: Call, correction: str, reason: str) -> None:
    """Revert exactly to the signed pre-state; a signer alone may sign it within the undo window, once."""
    from console.services import corrections

    with call.session() as session:
        made = corrections.undo(session, correction, reason)
    tell_proposal(call, made)


@command.command()
@click.argument("correction")
@click.option("--reason", required=True)
@pass_call
def lift(call: Call, correction: str, reason: str) -> None:
    """Propose to restore what was restricted; two signatures again."""
    from console.services import corrections

    with call.session() as session:
        made = corrections.lift(session, correction, reason)
    tell_proposal(call, made)


@command.command("attest-by-hand")
@click.argument("correction")
@click.argument("target", type=int)
@click.argument("text")
@click.option("--outcome", type=click.Choice(["done", "promised", "declined"]), default="done")
@click.option("--ticket", default="")
@click.option("--at", "at", help="When it was done: HH:MM today or an ISO moment.")
@pass_call
def attest(call: Call, correction: str, target: int, text: str, outcome: str, ticket: str, at: str | None) -> None:
    """Attest what became of a by-hand target."""
    from console.services import corrections

    with call.session() as session:
        done = None if at is None else moment(at, session.clock.wall_ms())
        stored = corrections.attest(session, correction, target, text, outcome=outcome, ticket=ticket, done_ms=done)
    call.tell({"ok": True, "entry": stored.id}, "Attested.")


@command.command("record-by-hand")
@click.argument("text")
@click.option("--category", default="user", help="user, frequency, capability, use-case or shutdown.")
@click.option("--at", "at", required=True, help="When it was done: HH:MM today or an ISO moment.")
@click.option("--selector", default="", help="What was restricted: the key, the model.")
@click.option("--lever", default="", help="The provider's lever, where it can be watched: key.block.")
@click.option("--provider", help="The connected provider, where it can be watched.")
@click.option("--restore", is_flag=True, help="It gave something back.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def record(  # noqa: PLR0913, PLR0917  one option for each thing a person may say
    call: Call, text: str, category: str, at: str, selector: str, lever: str, provider: str | None,
    restore: bool, incident: str | None,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Record what people did themselves, before or beside the console, with its time."""
    from console.services import corrections, incidents

    with call.session() as session:
        stored = corrections.record_by_hand(
            session, text, inc=incidents.optional_incident(session, incident), category=category,
            done_ms=moment(at, session.clock.wall_ms()), selector=selector, lever=lever, provider=provider,
            direction="restore" if restore else "contain",
        )  # fmt: skip
    call.tell({"ok": True, "entry": stored.id}, f"Saved as {stored.id[:16]}.")


@command.command("recorded-by-hand")
@click.option("--incident", "incident", help="Only of this one.")
@pass_call
def recorded(call: Call, incident: str | None) -> None:
    """Every correction that people recorded as made by themselves, the newest first."""
    from dataclasses import asdict

    from console.services import incidents, overview

    with call.session() as session:
        inc = None if incident is None else incidents.any_incident(session, incident)
        found = overview.recorded_by_hand(session, inc)
    lines = [f"{one.entry[:16]}  {when(one.done_ms)}  {one.by}  {one.text}" for one in found]
    call.tell({"ok": True, "recorded": [asdict(one) for one in found]}, *(lines or ["Nothing was recorded by hand."]))


@command.command("watch-by-hand")
@click.argument("entry")
@click.option("--provider", required=True, help="The connected provider.")
@click.option("--lever", required=True)
@click.option("--selector", required=True)
@click.option("--surface", default="")
@pass_call
def watch(call: Call, entry: str, provider: str, lever: str, selector: str, surface: str) -> None:
    """Read back, and where a credential is known probe, what somebody did by hand; reading only."""
    from console.services import overview

    with call.session() as session:
        found = overview.watch(session, entry, provider, lever, selector, surface)
    call.tell({"ok": found["bites"] or found["recorded"], **found}, found["text"])
