"""`standdown list`: thousands of accounts as one correction: match, propose, follow, failures, lift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.correct import target_of, tell_proposal
from console.cli.frame import Call, exit_with, pass_call
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from console.domain.lists import Imported
    from console.services.lists import Matched

_SHOWN = 20


@click.group(
    "list",
    epilog="""\b
  standdown list protect vip-customer-1 --why "contract: call them first"
  standdown list match keys.csv --target 'gateway key.block'
  standdown list propose keys.csv --target 'gateway key.block' --canary 'gateway key.block canary' --reason "campaign"
  standdown list show CORRECTION
  standdown list failures CORRECTION failed.csv
  standdown list sent CORRECTION
  standdown list lift CORRECTION --reason "the campaign is over" """,
)
def command() -> None:
    """Thousands of accounts as one correction, signed once: match, propose, follow, lift."""


def _imported(file: Path, column: str) -> Imported:
    from console.domain.lists import MAX_BYTES, read_list

    try:
        if file.stat().st_size > MAX_BYTES:
            raise WrongUse(f"{file.name} is too long for a list.", "Split it.")
        raw = file.read_bytes()
    except OSError as fault:
        raise WrongUse(f"{file} cannot be read ({fault.strerror}).", "Check the path and its rights.") from None
    return read_list(raw, file.name, column)


def _told(found: Matched) -> tuple[dict[str, Any], list[str]]:
    read = found.imported
    facts = {
        "list": found.sha256, "source": read.source, "column": read.column, "read": read.read, "twice": read.again,
        "refused": [list(one) for one in read.problems], "refused_count": read.refused,
        "odd": [list(one) for one in read.odd], "accounts": len(found.accounts), "already": len(found.already),
        "unknown": [list(one) for one in found.unknown], "protected": [list(one) for one in found.protected],
        "otherwise": [list(one) for one in found.other], "heaviest": [list(one) for one in found.heaviest],
        "taken_off": list(found.taken_off), "report": found.report,
    }  # fmt: skip
    lines = [f"{read.source}: {found.report}."]
    lines += [f"  the ten in use most: {', '.join(f'{a} ({n})' for a, n in found.heaviest)}"] if found.heaviest else []
    lines += [f"  protected  {account}: {why}" for account, why in found.protected[:_SHOWN]]
    lines += [f"  unknown    {account}: {why}" for account, why in found.unknown[:_SHOWN]]
    lines += [f"  otherwise  {account}: {why}" for account, why in found.other[:_SHOWN]]
    lines += [f"  line {number} refused: {why}" for number, why in read.problems[:_SHOWN]]
    lines += [f"  look closely at {account!r}: {why}" for account, why in read.odd[:_SHOWN]]
    if found.template is not None:
        lines += [f"  for each   {one.method} {one.path} {one.body}" for one in found.template.requests]
        lines += [f"  back       {one.method} {one.path} {one.body}" for one in found.template.revert]
    return facts, lines


_TARGET = click.option("--target", required=True, help="'PROVIDER[:SURFACE] LEVER name=value ..', without a selector.")
_COLUMN = click.option("--column", default="", help="Of a table: the column's heading or number.")
_TAKE_OFF = click.option("--take-off", multiple=True, help="A protected account that is restricted all the same.")


@command.command("match")
@click.argument("file", type=click.Path(path_type=Path))
@_TARGET
@_COLUMN
@_TAKE_OFF
@pass_call
def match_(call: Call, file: Path, target: str, column: str, take_off: tuple[str, ...]) -> None:
    """Ask the provider about every line: found, so already, unknown, protected. Nothing is proposed."""
    from console.services import lists

    with call.session() as session:
        found = lists.match(session, target_of(target), _imported(file, column), take_off=take_off)
    facts, lines = _told(found)
    call.tell({"ok": bool(found.accounts), **facts}, *lines)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@_TARGET
@_COLUMN
@_TAKE_OFF
@click.option("--canary", "canaries", multiple=True, help="A canary corrected beside it, with its selector.")
@click.option("--reason", required=True, help="Why; signed with it.")
@click.option("--lift-criteria", default="", help="When it may be lifted; signed with it.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def propose(  # noqa: PLR0913, PLR0917  one option for each thing a person may say
    call: Call, file: Path, target: str, column: str, take_off: tuple[str, ...], canaries: tuple[str, ...],
    reason: str, lift_criteria: str, incident: str | None,
) -> None:  # fmt: skip
    """Match the list and propose it as one correction; both signers see its counts, its hash and 20 rows drawn."""
    from console.services import incidents, lists

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        found = lists.match(session, target_of(target), _imported(file, column), take_off=take_off)
        facts, lines = _told(found)
        call.progress("\n".join(lines))
        made = lists.propose(
            session, inc, found, reason, canaries=[target_of(one, canary=True) for one in canaries],
            criteria=lift_criteria,
        )  # fmt: skip
    tell_proposal(call, made, {"match": facts})


@command.command()
@click.argument("correction")
@pass_call
def show(call: Call, correction: str) -> None:
    """Counts, the rows drawn for both signers, and how far it has gone."""
    from console.services import corrections, list_progress, lists

    with call.session() as session:
        held = corrections.find_document(session, correction)
        listed = lists.listed_in(session, held)
        found = list_progress.progress(session, correction)
    if not listed:
        raise WrongUse("That correction has no list.", "See `standdown correct show`.")
    facts: list[dict[str, Any]] = []
    lines: list[str] = []
    for one, far in zip(listed, found, strict=True):
        facts.append({
            "target": one.target, "count": one.count, "list": one.sha256, "drawn": list(one.drawn),
            "protected": [list(hit) for hit in one.protected], "problem": one.problem, "state": far.state,
            "gone_through": far.gone_through, "sent": far.sent, "already": far.already,
            "failed": [list(row) for row in far.failed],
        })  # fmt: skip
        lines += [f"Target {one.target}: {one.count} accounts, list {one.sha256}", f"    {far.state}. {far.sentence}"]
        lines += [f"    ! {one.problem}"] if one.problem else [f"    drawn  {row}" for row in one.drawn]
        lines += [f"    ! protected on this console: {account} ({why})" for account, why in one.protected]
        lines += [f"    failed {account}: {why}" for account, why in far.failed[:_SHOWN]]
    call.tell({"ok": True, "lists": facts}, *lines)


@command.command()
@click.argument("correction")
@click.argument("file", type=click.Path(path_type=Path))
@pass_call
def failures(call: Call, correction: str, file: Path) -> None:
    """Write the accounts that failed, with the reason, as CSV."""
    from console.services import list_progress

    with call.session() as session:
        count = list_progress.write_failures(session, correction, file)
    call.tell({"ok": True, "failed": count, "file": str(file)}, f"{count} accounts failed; they are in {file}.")


@command.command()
@click.argument("correction")
@pass_call
def sent(call: Call, correction: str) -> None:
    """The exact writes of a set that its provider takes only whole, each proven to have moved nobody else."""
    from console.services import list_sent

    with call.session() as session:
        found = list_sent.sent(session, correction)
    facts = [
        {"target": one.target, "at_ms": one.at_ms, "requests": one.requests, "path": one.path, "put": one.inside,
         "accounts": list(one.accounts), "others": one.others, "problem": one.problem} for one in found
    ]  # fmt: skip
    proven = not any(one.problem for one in found)
    call.tell({"ok": proven, "sent": facts}, *(f"{one.requests[:16]}  {one.sentence}" for one in found))
    if not proven:
        exit_with(1)


@command.command()
@click.argument("correction")
@click.option("--reason", required=True)
@pass_call
def lift(call: Call, correction: str, reason: str) -> None:
    """Propose to give back what a list restricted, by the same list; two signatures again."""
    from console.services import lists

    with call.session() as session:
        made = lists.lift(session, correction, reason)
    tell_proposal(call, made)


@command.command()
@click.argument("account")
@click.option("--why", required=True, help="Own staff, a canary, a named customer: whoever prepares a list reads it.")
@pass_call
def protect(call: Call, account: str, why: str) -> None:
    """Keep an account from every list, unless it is taken off one by one."""
    from console.services import protected

    with call.session() as session:
        protected.protect(session, account, why)
    call.tell({"ok": True, "account": account}, f"{account} is protected.")


@command.command()
@click.argument("account")
@pass_call
def release(call: Call, account: str) -> None:
    """Protect an account no longer."""
    from console.services import protected

    with call.session() as session:
        protected.release(session, account)
    call.tell({"ok": True, "account": account}, f"{account} is protected no longer.")


@command.command("protected")
@pass_call
def protected_(call: Call) -> None:
    """Who is protected, and why."""
    from console.services import protected

    with call.session() as session:
        found = protected.protected(session)
    lines = [f"{account}: {why}" for account, why in sorted(found.items())]
    call.tell({"ok": True, "protected": found}, *(lines or ["Nobody is."]))
