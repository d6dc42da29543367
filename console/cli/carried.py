"""`standdown approve carry`, `answer`, `take`: a document and its approvals by hand, without any network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call
from console.domain.deceit import shown
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.services.bringing import Received, Taken
    from console.services.carrying import Carried
    from console.services.qr import Grey
    from console.services.session import Session

    ReadPicture = Callable[[Path, bytes], Grey]

_FILE = click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Into one new file.")
_FOLDER = click.Path(path_type=Path, file_okay=False)
_QR = click.option("--qr", "folder", type=_FOLDER, help="As PNG pictures in a folder.")
_WHOLE = click.option("--whole", is_flag=True, help="Pictures with the incident's history too: many more of them.")
_TERMINAL = click.option("--terminal", is_flag=True, help="As QR pictures in this terminal, one after the other.")


@click.command(
    epilog="""\b
Examples:
  standdown approve carry 3f9a1c22 --file /media/stick/block.standdown-ask
  standdown approve carry 3f9a1c22 --qr pictures"""
)
@click.argument("document")
@_FILE
@_QR
@_TERMINAL
@_WHOLE
@pass_call
def carry(
    call: Call, document: str, file: Path | None, folder: Path | None, terminal: bool, whole: bool,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Hand what waits for a signature to a colleague whom no network reaches."""
    from console.services import carrying, corrections

    _require_one(file, folder, terminal=terminal)
    with call.session() as session:
        held = corrections.find_document(session, document)
        made = carrying.ask(session, held, "file" if whole or file is not None else "pictures")
    _hand_over(call, made, file, folder)


@click.command(
    epilog="""\b
Example:
  standdown approve answer 3f9a1c22 --file /media/stick/block.standdown-answer"""
)
@click.argument("document")
@_FILE
@_QR
@_TERMINAL
@pass_call
def answer(call: Call, document: str, file: Path | None, folder: Path | None, terminal: bool) -> None:  # noqa: FBT001  click hands options by name
    """Hand what was signed or refused at this console back to whoever asked for it."""
    from console.services import carrying, corrections

    _require_one(file, folder, terminal=terminal)
    with call.session() as session:
        made = carrying.answer(session, corrections.find_document(session, document))
    _hand_over(call, made, file, folder)


def _require_one(file: Path | None, folder: Path | None, *, terminal: bool) -> None:
    if (file is not None) + (folder is not None) + terminal != 1:
        raise WrongUse("Say how it is to go.", "Give one of --file FILE, --qr FOLDER or --terminal.")


def _hand_over(call: Call, made: Carried, file: Path | None, folder: Path | None) -> None:
    from console.services import carrying

    facts: dict[str, Any] = {"ok": True, "document": made.doc, "asks": made.asks, "bytes": len(made.data)}
    if file is not None:
        carrying.write_file(made, file)
        told = [f"Written to {file}, {len(made.data)} bytes. It is not encrypted: whoever holds it can read it."]
        facts["file"] = str(file)
    elif folder is not None:
        paths = carrying.write_pictures(made, folder)
        told = [f"{len(paths)} pictures are in {folder}. Whoever sees them can read what they hold."]
        facts["pictures"] = [str(path) for path in paths]
    else:
        facts["frames"] = _show(call, made)
        told = [f"All {len(facts['frames'])} frames were shown."]
    told.append("There: standdown approve take FILE or PICTURES ...")
    call.tell(facts, *told)


def _show(call: Call, made: Carried) -> list[str]:
    """Each frame fills the terminal until Enter is pressed; as JSON they are only told."""
    from console.domain.frames import TERMINAL_BYTES
    from console.services import qr

    frames = list(made.frames(TERMINAL_BYTES))
    if call.as_json:
        return frames
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUse("Frames are shown to a person in a terminal.", "Use --qr FOLDER, or --json for their text.")
    for number, frame in enumerate(frames, 1):
        click.clear()
        for line in qr.in_letters(frame):
            click.echo(line, color=True)
        last = number == len(frames)
        click.prompt(
            f"Frame {number} of {len(frames)}. Enter {'ends' if last else 'shows the next'}",
            default="", show_default=False, prompt_suffix=" ",
        )  # fmt: skip
    return frames


@click.command(
    epilog="""\b
Examples:
  standdown approve take /media/stick/block.standdown-ask
  standdown approve take photo-1.jpg photo-2.jpg photo-3.jpg     (any order; it says which frames are missing)"""
)
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_call
def take(call: Call, sources: tuple[Path, ...]) -> None:
    """Take in what a colleague carried here: a file, photographs of QR pictures, a folder of them, frames as text."""
    from console.services.brought import Gathering

    found = Gathering()
    with call.session() as session:
        found.add_files(sources, _picture_reader())
        taken = [_take(session, data, found.faults) for data in found.whole]
        done = [one for one in taken if one is not None]
        rows = [_facts(session, one) for one in done]
    missing = found.missing()
    lines = [line for one, row in zip(done, rows, strict=True) for line in _told(one, row)]
    faults = list(dict.fromkeys(found.faults))
    call.tell(
        {"ok": bool(done), "taken": rows, "missing": missing, "faults": faults},
        *lines, *missing, *(f"  ! {one}" for one in faults), *([] if done else ["Nothing was taken in."]),
    )  # fmt: skip
    if not done:
        from console.cli.frame import exit_with

        exit_with(1)


def _picture_reader() -> ReadPicture:
    def read(path: Path, data: bytes) -> Grey:
        from console.domain.errors import Problem

        try:
            from console.ui.pictures import read_picture
        except ImportError as fault:
            raise Problem(f"Pictures cannot be read here ({fault}).", "Have it carried as a file.") from None
        return read_picture(path, data)

    return read


def _take(session: Session, data: bytes, faults: list[str]) -> Taken | None:
    from console.domain.errors import Problem
    from console.services import bringing

    try:
        return bringing.take(session, data)
    except Problem as fault:
        faults.append(str(fault))
        return None


def _facts(session: Session, one: Taken) -> dict[str, Any]:
    verdict = None if one.standing is None else one.standing.verdict
    return {
        "document": one.doc, "asks": one.asks, "entries": one.entries, "documents": one.documents,
        "rosters": one.rosters, "faults": list(one.faults), "met": verdict is not None and verdict.met,
        "missing": [] if verdict is None else list(verdict.missing),
        "approvals": [
            {"person": session.name_of(each.person), "decision": each.decision, "remark": each.remark,
             "new": each.new, "counts": not each.why_not, "why_not": each.why_not}
            for each in one.records
        ],
    }  # fmt: skip


def _told(one: Taken, row: dict[str, Any]) -> list[str]:
    asks = "asks for a signature" if one.asks else "brings what was decided"
    lines = [f"{one.doc[:16]} {asks}: {one.documents} documents and {one.entries} entries are new here."]
    lines += [_line_of(each, told["person"]) for each, told in zip(one.records, row["approvals"], strict=True)]
    lines += [f"  ! {fault}" for fault in one.faults]
    if one.standing is not None:
        lines += ["Its signatures are complete."] if row["met"] else [f"Missing: {each}" for each in row["missing"]]
    if one.asks:
        lines.append(f"Read it and decide: standdown approve sign {one.doc[:16]}; then: standdown approve answer ...")
    return lines


def _line_of(one: Received, name: str) -> str:
    did = "approved it" if one.decision == "approve" else "refused it"
    known = "" if one.new else " (known here already)"
    why = f"; it does not count: {one.why_not}" if one.why_not else ""
    said = f' They said: "{shown(one.remark)}"' if one.remark else ""
    return f"  {shown(name)} {did}{known}{why}.{said}"
