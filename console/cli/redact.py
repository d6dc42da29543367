"""`standdown redact`: forget a value everywhere, once two people signed it. It deletes nothing by itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, exit_with, pass_call, when
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.services.redaction import Forgotten, Source

_SHOWN_CHARS = 100


@click.group("redact")
def command() -> None:
    """Forget a secret or a person's data everywhere; two people sign it, the entries stay."""


@command.command()
@click.argument("entry")
@pass_call
def show(call: Call, entry: str) -> None:
    """The values of ENTRY (or a document) that can be redacted, with what amends it."""
    from console.services import redaction

    with call.session() as session:
        sources = redaction.choose(session, entry)
    call.tell({"ok": True, "sources": [_as_json(one) for one in sources]}, *_lines(sources))


@command.command()
@click.argument("words")
@pass_call
def find(call: Call, words: str) -> None:
    """Every value here that holds WORDS (- is standard input, so that they stay out of the shell's history)."""
    from console.services import redaction

    if words == "-":
        words = sys.stdin.read(4096).rstrip("\n")
    with call.session() as session:
        found = redaction.find(session, words)
    rows = [{**_as_json(one), "values": [{"name": v.name, "digest": v.digest} for v in hits]} for one, hits in found]
    lines = [f"{one.holder[:16]}  {', '.join(v.name for v in hits):<12}  {one.title}" for one, hits in found]
    call.tell({"ok": True, "found": rows}, *(lines or ["Nothing here holds these words."]))


@command.command(
    epilog="""\b
Examples:
  standdown redact propose 3f9a1c22 --reason "an access key was pasted"
  standdown redact propose 3f9a1c22 77b0de01 --value text --reason "names a person"
Then two people sign it: standdown approve sign DOCUMENT"""
)
@click.argument("entries", nargs=-1, required=True)
@click.option("--value", "names", multiple=True, help="Only values of this name (see `redact show`; default: all).")
@click.option("--reason", required=True, help="Why; it stays in the record, so say it without the secret.")
@click.option("--hours", type=click.IntRange(1, 24 * 7), default=24, help="How long it may be signed (default 24).")
@pass_call
def propose(call: Call, entries: tuple[str, ...], names: tuple[str, ...], reason: str, hours: int) -> None:
    """Propose to forget values of ENTRIES, with what amends them. Nothing is deleted before two people have signed."""
    from console.services import redaction

    with call.session() as session:
        chosen: dict[str, tuple[str, ...]] = {}
        for named in entries:
            for one in redaction.choose(session, named):
                digests = tuple(v.digest for v in one.values if not names or v.name in names)
                if digests:
                    chosen[one.holder] = digests
        if not chosen:
            raise WrongUse("These entries hold no such value here.", "See `standdown redact show ENTRY`.")
        made = redaction.propose(session, chosen, reason, within_ms=hours * 3_600_000)
    call.tell(
        {"ok": True, "document": made.sha, "entry": made.entry, "values": made.values},
        f"Proposed: forget {made.values} value{'' if made.values == 1 else 's'}. Nothing is deleted yet.",
        *(f"  {one}" for one in redaction.LEAVES),
        f"Two people sign it, one of them qualified to command: standdown approve sign {made.sha[:16]}",
    )


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every redaction, who has signed, and which consoles have carried it out."""
    from console.services import redaction

    with call.session() as session:
        found = redaction.standings(session)
    rows: list[dict[str, Any]] = [
        {
            "document": one.sha, "incident": one.inc, "proposer": one.proposer, "state": one.state,
            "values": one.values,
            "reason": one.reason, "missing": list(one.missing), "approve_by_ms": one.approve_by_ms,
            "done": [{"console": name, "at_ms": at} for name, at in one.done], "open": list(one.open),
        }
        for one in found
    ]  # fmt: skip
    lines: list[str] = []
    for one in found:
        lines.append(f"{one.sha[:16]}  {one.state:<10}  {one.values} value(s)  by {one.proposer}: {one.reason}")
        if one.state == "proposed":
            lines += [*(f"    missing: {text}" for text in one.missing), f"    until {when(one.approve_by_ms)}"]
        lines += [f"    done at {name}, {when(at)}" for name, at in one.done]
        lines += [f"    not heard from {name}: it may still hold them" for name in one.open]
    call.tell({"ok": True, "redactions": rows}, *(lines or ["Nothing is redacted, and nothing is proposed to be."]))


@command.command()
@pass_call
def run(call: Call) -> None:
    """Carry out here what is decided; `sync run`, `outbox run` and the window do it by themselves."""
    from console.services import redaction

    with call.session() as session:
        told = redaction.carry_out(session)
    call.tell({"ok": True, "redactions": as_rows(told)}, *(lines_of(told) or ["Nothing is to be carried out."]))
    if any(one.outcome == "under way" for one in told):
        exit_with(4)


def as_rows(told: Sequence[Forgotten]) -> list[dict[str, str]]:
    """What became of each, for JSON."""
    return [{"document": one.doc, "outcome": one.outcome, "why": one.why} for one in told]


def lines_of(told: Sequence[Forgotten]) -> list[str]:
    """What became of each, for people."""
    words = {
        "done": "carried out here", "under way": "not finished here", "waiting": "cannot be proven here yet",
        "refused": "NOT carried out",
    }  # fmt: skip
    return [f"Redaction {one.doc[:16]}: {words[one.outcome]}. {one.why}".strip() for one in told]


def _as_json(one: Source) -> dict[str, Any]:
    return {
        "holder": one.holder, "document": one.is_document, "title": one.title, "gone": one.gone, "absent": one.absent,
        "values": [{"name": v.name, "digest": v.digest, "text": v.text, "files": sorted(v.files)} for v in one.values],
    }  # fmt: skip


def _lines(sources: Sequence[Source]) -> list[str]:
    from console.domain.deceit import shown

    lines: list[str] = []
    for one in sources:
        lines.append(f"{one.holder[:16]}  {shown(one.title)}")
        for value in one.values:
            text = shown(value.text.replace("\n", " "))
            lines.append(f"    {value.name:<10} {text[:_SHOWN_CHARS]}{' ...' if len(text) > _SHOWN_CHARS else ''}")
        if one.gone:
            lines.append(f"    {one.gone} redacted already")
        if one.absent:
            lines.append(f"    {one.absent} not here yet")
    return lines
