"""`standdown correct`: show, cancel, undo, lift, attest, record by hand; `console.cli.propose` plans and proposes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.frame import Call, moment, pass_call, when
from console.cli.propose import plan, propose, target_of, tell_proposal

if TYPE_CHECKING:
    from console.outbox.by_hand import ByHand

__all__ = ["command", "target_of", "tell_proposal"]


@click.group("correct")
def command() -> None:
    """Propose, lift, undo and attest corrections."""


command.add_command(plan)
command.add_command(propose)


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
@pass_call
def running(call: Call, correction: str) -> None:
    """What runs on where a correction goes or went: batches, jobs, streams, sessions; read now, changing nothing."""
    from console.services import corrections
    from console.services.running import running_now

    with call.session() as session:
        found = running_now(session, corrections.find_document(session, correction))
    told = [{"target": one.target, "name": one.name, "running": one.told, "at_ms": one.at_ms} for one in found]
    lines = [f"{one.target}: {one.name}: {one.told}  (read {when(one.at_ms)})" for one in found]
    call.tell({"ok": True, "targets": told}, *lines)


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


@command.command("by-hand", epilog="\b\nExample:\n  standdown correct by-hand 4f1c0a92 --save .")
@click.argument("correction")
@click.option("--target", type=int, help="Only of this target, by its number.")
@click.option("--save", "save", type=click.Path(path_type=Path), help="Write its text to a new file, or into a folder.")
@pass_call
def by_hand(call: Call, correction: str, target: int | None, save: Path | None) -> None:
    """What a correction asks of people: who does what, and the exact text that they follow, as it is signed."""
    from dataclasses import asdict

    from console.domain.errors import WrongUse
    from console.services import hand_text

    with call.session() as session:
        found = [one for one in hand_text.steps(session, correction) if target in (None, one.target)]
    kept = {one.target: str(hand_text.save(one, save)) for one in found if one.text} if save is not None else {}
    if save is not None and not kept:
        raise WrongUse("No text is asked for there.", "Read what is asked: leave --save away.")
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.target}: {one.name}: {one.instruction}")
        lines += [f"     {name}: {value}" for name, value in one.asked]
        lines += [f"     saved as {kept[one.target]}"] if one.target in kept else []
        lines += [f"     {line}" for line in one.text.splitlines()] if one.target not in kept else []
    steps = [{**asdict(one), "asked": dict(one.asked), "saved": kept.get(one.target)} for one in found]
    call.tell({"ok": True, "steps": steps}, *(lines or ["Nothing of it is asked of people."]))


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
    lines = [f"{one.entry[:16]}  {when(one.done_ms)}  {one.by}  {one.text}{_stands(one.watched)}" for one in found]
    call.tell({"ok": True, "recorded": [asdict(one) for one in found]}, *(lines or ["Nothing was recorded by hand."]))


def _stands(watched: ByHand | None) -> str:
    if watched is None:
        return ""
    said = {"stands": "stands", "undone": "UNDONE", "never": "does not stand"}[watched.stands]
    return f"  [{said}, read {when(watched.read_ms)}]{' ' if watched.why else ''}{watched.why}"


@command.command("watch-by-hand")
@click.argument("entry")
@click.option("--provider", required=True, help="The connected provider.")
@click.option("--lever", required=True)
@click.option("--selector", required=True)
@click.option("--surface", default="")
@pass_call
def watch(call: Call, entry: str, provider: str, lever: str, selector: str, surface: str) -> None:
    """Read back, and where a credential is known probe, what somebody did by hand; reading only.

    What stands is looked at again by itself from then on, while an engine runs here; `status` says when it is undone.
    """
    from console.services import overview

    with call.session() as session:
        found = overview.watch(session, entry, provider, lever, selector, surface)
    call.tell({"ok": found["bites"] or found["recorded"], **found}, found["text"])
