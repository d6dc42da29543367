"""`standdown approve`: read what would be signed, from its very bytes; sign or refuse, in a terminal only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from console.cli.carried import answer, carry, take
from console.cli.frame import Call, harmless, pass_call, when
from console.domain.errors import WrongUse


@click.group("approve")
def command() -> None:
    """Read what would be signed, from its very bytes; sign or refuse it."""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Everything that waits for signatures, who can still sign, and what is missing."""
    from console.services import approvals

    with call.session() as session:
        rows: list[dict[str, Any]] = [
            {
                "document": one.sha, "op": getattr(one.document, "op", None),
                "kind": getattr(one.document, "doc_type", "action.v1").partition(".")[0],
                "proposer": session.name_of(one.proposer),
                "gravity": one.verdict.gravity, "reason": one.verdict.reason, "met": one.verdict.met,
                "signed": [session.name_of(p) for p in one.verdict.counted], "missing": list(one.verdict.missing),
                "can_sign": [session.name_of(p) for p in one.verdict.can_sign],
                "cannot": [[session.name_of(p), why] for p, why in one.verdict.cannot],
                "approve_by_ms": getattr(one.document, "approve_by", None),
            }
            for one in approvals.waiting(session)
        ]  # fmt: skip
    lines: list[str] = []
    for row in rows:
        lines += [
            f"{row['document'][:16]}  {row['op'] or row['kind']}  {row['gravity'] or ''}  by {row['proposer']}",
            f"    signed: {', '.join(row['signed']) or 'nobody'}; until {when(row['approve_by_ms'])}",
            *(f"    missing: {one}" for one in row["missing"]),
            f"    can sign: {', '.join(row['can_sign']) or 'nobody here'}",
        ]
    call.tell({"ok": True, "waiting": rows}, *(lines or ["Nothing waits for a signature."]))


@command.command()
@click.argument("document")
@pass_call
def show(call: Call, document: str) -> None:
    """The text that a signer reads, made from the bytes that would be signed."""
    from console.services import approvals, corrections

    with call.session() as session:
        held = corrections.find_document(session, document)
        lines = approvals.text(session, held)
        value, _ = approvals.varying_value(held)
    call.tell({"ok": True, "document": held.sha, "text": lines, "to_type": value}, *lines)


def _decide(call: Call, document: str, decision: str, reason: str, seat: Path | None) -> None:
    from console.services import approvals, corrections
    from console.services.session import APPROVER

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUse(
            "A signature is given by a person in a terminal.", "Run it in a terminal; there is no way round."
        )
    with call.session() as session:
        held = corrections.find_document(session, document)
        guest = None if seat is None else approvals.find_guest(session, seat)
        if guest is None:
            session.person()
        for line in approvals.text(session, held):
            click.echo(harmless(line))
        click.echo("")
        if guest is not None:
            click.echo(harmless(f"{guest.name} signs here at a shared seat, with their own key; the record says so."))
            why = approvals.why_not_counted(session, held, guest) if decision == "approve" else None
            if why:
                raise WrongUse(why, "Sign it at your own console; nothing was signed here.")
        value, what = approvals.varying_value(held)
        typed: str = click.prompt(f"To {decision}, type {what} ({value})", prompt_suffix=": ")
        if typed.strip() != value:
            raise WrongUse("That is not what was asked for; nothing was signed.", "Read it again, then try again.")
        key = APPROVER if guest is None else f"the approver key of {guest.name}"
        stored = approvals.decide(
            session, held, decision, lambda: _on_terminal(key), reason=reason, guest=guest, shown=held.sha
        )
        standing = approvals.judge(session, held).verdict
    done = "Approved" if decision == "approve" else "Refused"
    seated = "" if guest is None else f" by {guest.name} at this console's shared seat"
    call.tell(
        {"ok": True, "entry": stored.id, "met": standing.met, "missing": list(standing.missing),
         "seat": "own" if guest is None else "shared"},
        f"{done}{seated}, saved as {stored.id[:16]}.",
        *(["Its signatures are complete."] if standing.met else [f"Missing: {one}" for one in standing.missing]),
    )  # fmt: skip


def _on_terminal(what: str) -> bytes:
    """An approver's passphrase comes from the terminal and from nowhere else."""
    answer: str = click.prompt(f"Passphrase for {what}", hide_input=True)
    return answer.encode()


_SEAT = click.option(
    "--seat", type=click.Path(path_type=Path, file_okay=False),
    help="A second person signs here with their own key: their profile folder (a stick, or another profile).",
)  # fmt: skip


@command.command()
@pass_call
def seats(call: Call) -> None:
    """Who could take the seat here: members whose profile lies beside this one, with the folder for --seat."""
    from console.services import approvals

    with call.session() as session:
        found = approvals.guests_here(session)
    rows = [{"person": guest.person, "name": guest.name, "folder": str(folder)} for guest, folder in found]
    lines = [harmless(f"{one['name']}: --seat {one['folder']}") for one in rows]
    call.tell({"ok": True, "seats": rows}, *(lines or ["Nobody's profile lies beside this one. Name the folder."]))


@command.command(
    epilog="""\b
Examples:
  standdown approve sign 3f9a1c22
  standdown approve sign 3f9a1c22 --seat /media/stick/approver     (the second person, at this console)"""
)
@click.argument("document")
@click.option("--reason", default="", help="A remark, kept with it.")
@_SEAT
@pass_call
def sign(call: Call, document: str, reason: str, seat: Path | None) -> None:
    """Show it, ask for a value that varies and for your approver passphrase, and sign."""
    _decide(call, document, "approve", reason, seat)


@command.command()
@click.argument("document")
@click.option("--reason", default="", help="Why; kept with it.")
@_SEAT
@pass_call
def refuse(call: Call, document: str, reason: str, seat: Path | None) -> None:
    """Refuse it: this revision ends."""
    _decide(call, document, "refuse", reason, seat)


@command.command()
@click.argument("document")
@click.argument("question")
@pass_call
def ask(call: Call, document: str, question: str) -> None:
    """Ask its proposer something: a note about the proposal. It decides nothing and ends nothing."""
    from console.services import approvals, corrections

    with call.session() as session:
        held = corrections.find_document(session, document)
        stored = approvals.ask(session, held, question)
    call.tell({"ok": True, "entry": stored.id}, f"Asked, saved as {stored.id[:16]}. The proposal stands as it was.")


for each in (carry, take, answer):
    command.add_command(each)
