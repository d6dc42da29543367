"""`standdown approve`: read what would be signed, from its very bytes; sign or refuse, in a terminal only."""

from __future__ import annotations

import sys
from typing import Any

import click

from console.cli.frame import Call, pass_call, when
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
                "document": one.sha, "op": getattr(one.document, "op", None), "proposer": session.name_of(one.proposer),
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
            f"{row['document'][:16]}  {row['op'] or 'closing'}  {row['gravity'] or ''}  by {row['proposer']}",
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


def _decide(call: Call, document: str, decision: str, reason: str) -> None:
    from console.services import approvals, corrections
    from console.services.session import APPROVER

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUse(
            "A signature is given by a person in a terminal.", "Run it in a terminal; there is no way round."
        )
    with call.session() as session:
        held = corrections.find_document(session, document)
        session.person()
        for line in approvals.text(session, held):
            click.echo(line)
        value, what = approvals.varying_value(held)
        click.echo("")
        typed: str = click.prompt(f"To {decision}, type {what} ({value})", prompt_suffix=": ")
        if typed.strip() != value:
            raise WrongUse("That is not what was asked for; nothing was signed.", "Read it again, then try again.")
        stored = approvals.decide(session, held, decision, lambda: _on_terminal(APPROVER), reason=reason)
        standing = approvals.judge(session, held).verdict
    done = "Approved" if decision == "approve" else "Refused"
    call.tell(
        {"ok": True, "entry": stored.id, "met": standing.met, "missing": list(standing.missing)},
        f"{done}, saved as {stored.id[:16]}.",
        *(["Its signatures are complete."] if standing.met else [f"Missing: {one}" for one in standing.missing]),
    )


def _on_terminal(what: str) -> bytes:
    """An approver's passphrase comes from the terminal and from nowhere else."""
    answer: str = click.prompt(f"Passphrase for {what}", hide_input=True)
    return answer.encode()


@command.command()
@click.argument("document")
@click.option("--reason", default="", help="A remark, kept with it.")
@pass_call
def sign(call: Call, document: str, reason: str) -> None:
    """Show it, ask for a value that varies and for your approver passphrase, and sign."""
    _decide(call, document, "approve", reason)


@command.command()
@click.argument("document")
@click.option("--reason", default="", help="Why; kept with it.")
@pass_call
def refuse(call: Call, document: str, reason: str) -> None:
    """Refuse it: this revision ends."""
    _decide(call, document, "refuse", reason)
