"""`standdown search`: find words in the record, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call, when

if TYPE_CHECKING:
    from collections.abc import Collection

    from console.journal.line import Shown
    from console.journal.projections import Projections
    from console.services.session import Session

_SLICE_S = 1.0
_LEAST_DIGITS = 8


@click.command(
    "search",
    epilog="""\b
Examples:
  standdown search exploit
  standdown search "canary key" --kind decision --incident 7f3a
Every word must occur, at least as the beginning of one. It is plain text: nothing in it is an operator.""",
)
@click.argument("text")
@click.option("--incident", help="Only in this incident: label, id or its end (default: everywhere).")
@click.option("--kind", "kinds", multiple=True, help="Only entries of this kind; may be given more than once.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many.")
@pass_call
def command(call: Call, text: str, incident: str | None, kinds: tuple[str, ...], limit: int) -> None:
    """Find entries by their words, or by the first eight digits of an id."""
    from console.domain.errors import WrongUse
    from console.domain.kinds import KINDS
    from console.journal.projections import Projections
    from console.services import incidents

    for kind in kinds:
        if kind not in KINDS:
            raise WrongUse(f"{kind[:64]!r} is no kind of entry.", f"Give one of {', '.join(sorted(KINDS))}.")
    with call.session() as session, Projections(session.store) as projections:
        inc = None if incident is None else incidents.find_incident(session, incident)
        _keep_up(call, projections)
        found = _find(projections, text, inc, kinds, limit, everywhere=incident is None)
        hits = [_told(session, one) for one in found[:limit]]
    more = len(found) > limit
    lines = [_line(hit) for hit in hits]
    if more:
        lines.append(f"There are more than {limit}: ask for more with --limit, or for less with another word.")
    call.tell({"ok": True, "hits": hits, "more": more}, *(lines or ["Nothing in the record has these words."]))


def _keep_up(call: Call, projections: Projections) -> None:
    """The index first, so that the newest entries are found too; a long wait is told."""
    import time

    said = False
    while not (progress := projections.advance(_SLICE_S)).finished:
        if not said:
            call.progress(f"Reading {progress.total:,} entries for the first search ...")
            said = True
        if progress.elsewhere:
            time.sleep(0.05)


def _find(
    projections: Projections, text: str, inc: str | None, kinds: Collection[str], limit: int, *, everywhere: bool
) -> list[Shown]:
    shelf = projections.shelf
    digits = text.strip().casefold()
    by_id: list[Shown] = []
    if _LEAST_DIGITS <= len(digits) <= 64 and not set(digits) - set("0123456789abcdef"):  # noqa: PLR2004  a SHA-256
        by_id = [
            one for one in shelf.find(digits)
            if (everywhere or one.line.inc == inc) and (not kinds or one.line.kind in kinds)
        ]  # fmt: skip
    numbers = shelf.newest_hits(text, inc, everywhere=everywhere, kinds=kinds, limit=limit + 1)
    known = {one.line.n for one in by_id}
    return by_id + shelf.page([n for n in numbers if n not in known])


def _told(session: Session, one: Shown) -> dict[str, Any]:
    line = one.line
    return {
        "id": line.id, "inc": line.inc, "kind": line.kind, "author": line.author,
        "author_name": session.name_of(line.author), "occurred_ms": line.occurred_ms, "recorded_ms": line.hlc[0],
        "text": line.text or line.fact, "speaker": line.speaker, "amended": one.amended,
        "amended_text": one.amended_text, "retracted": one.retracted, "standing": line.standing,
    }  # fmt: skip


def _line(hit: dict[str, Any]) -> str:
    marks = "".join(f" [{name}]" for name in ("retracted", "amended") if hit[name])
    if hit["standing"] != "good":
        marks += f" [{hit['standing']}]"
    words = str(hit["amended_text"] or hit["text"]).replace("\n", "\n      ")
    spoken = f"{hit['speaker']}: " if hit["speaker"] else ""
    where = "organisation" if hit["inc"] is None else f"..{str(hit['inc'])[-4:]}"
    who = f"{hit['author_name']:<14} {hit['kind']:<18}"
    return f"{when(hit['occurred_ms'])}  {where:<12} {who}{marks} {spoken}{words}  ({hit['id'][:16]})"
