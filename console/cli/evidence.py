"""`standdown evidence`: attach a file with its hash, for everybody or for named people; open one, pass it on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call

if TYPE_CHECKING:
    from console.services.session import Session
    from console.services.timeline import EvidenceFile

_INCIDENT = click.option("--incident", help="Which incident (default: the only open one).")
_TEXT = click.option("--text", default="", help="What it shows. Everybody reads this.")
_HOW = click.option("--how", default="", help="How and by whom it was obtained. Everybody reads this.")
_FILE = click.argument("file", type=click.Path(path_type=Path))
_IDENTITY = click.option(
    "--identity", type=click.Path(path_type=Path),
    help="Open it with this OpenSSH key file (a writer key that the ssh-agent holds opens nothing).",
)  # fmt: skip


@click.group("evidence")
def command() -> None:
    """Attach a file with its hash, for everybody or for named people; open one, pass it on."""


@command.command(
    epilog="\b\nExamples:\n  standdown evidence add transcript.txt --how 'saved by the on-call engineer'\n"
    "  standdown evidence add names.csv --need-to-know Legal --need-to-know Commander"
)
@_FILE
@_TEXT
@_HOW
@click.option("--need-to-know", "people", metavar="NAME", multiple=True,
              help="Encrypt the file and its name to this person and you; repeat it for more.")  # fmt: skip
@_INCIDENT
@pass_call
def add(call: Call, file: Path, text: str, how: str, people: tuple[str, ...], incident: str | None) -> None:
    """Keep a file's bytes in the record, by SHA-256."""
    from console.services import incidents, sealed

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        if people:
            stored = sealed.attach(session, file, people, inc=inc, text=text, how=how)
            told = _told(session, stored.id)
            call.tell(
                {"ok": True} | told, f"{file.name} is kept encrypted, for {_names(told)}: sha256 {told['sha256']}"
            )
            return
        stored, sha = incidents.attach(session, file, inc=inc, text=text, how=how)
    call.tell({"ok": True, "entry": stored.id, "sha256": sha}, f"{file.name} is kept: sha256 {sha}")


@command.command(
    epilog="\b\nExample:\n  standdown evidence held weights.bin --holder 'Infrastructure lead' --place 'safe 2'"
)
@_FILE
@click.option("--holder", required=True, help="Who holds it.")
@click.option("--place", required=True, help="Where it lies.")
@_TEXT
@_HOW
@_INCIDENT
@pass_call
def held(call: Call, file: Path, holder: str, place: str, text: str, how: str, incident: str | None) -> None:
    """Record a file by hash and size only: who holds it and where. It is read here and never copied."""
    from console.services import incidents, sealed

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        stored = sealed.hold(session, file, inc=inc, holder=holder, place=place, text=text, how=how)
        told = _told(session, stored.id)
    call.tell({"ok": True} | told, f"{file.name} is recorded as held by {holder}, not copied: sha256 {told['sha256']}")


@command.command("open", epilog="\b\nExample:\n  standdown evidence open 3f9a21c0 --to /media/stick")
@click.argument("entry")
@click.option(
    "--to", type=click.Path(path_type=Path), required=True, help="A folder, or a file that does not exist yet."
)
@_IDENTITY
@click.option("--encrypted", is_flag=True, help="As it is kept: `age -d -i KEY` opens it.")
@pass_call
def open_it(call: Call, entry: str, to: Path, identity: Path | None, *, encrypted: bool) -> None:
    """Write a file of the record to a place of yours: decrypted, where it is for named people and you are one."""
    from console.services import opening

    with call.session() as session:
        path = opening.save(session, entry, to, identity=identity, encrypted=encrypted)
    call.tell({"ok": True, "path": str(path)}, f"Written to {path}. Nobody but you may read it; delete it after use.")


@command.command("also-to", epilog="\b\nExample:\n  standdown evidence also-to 3f9a21c0 Legal")
@click.argument("entry")
@click.argument("names", nargs=-1, required=True)
@_IDENTITY
@pass_call
def also_to(call: Call, entry: str, names: tuple[str, ...], identity: Path | None) -> None:
    """Pass a file that you can open on to more people: a further entry, encrypted for those before and these."""
    from console.services import sealed

    with call.session() as session:
        told = _told(session, sealed.share(session, entry, names, identity=identity).id)
    call.tell({"ok": True} | told, f"It is now also for them: {_names(told)}. Entry {told['entry'][:16]}")


@command.command("list")
@_INCIDENT
@pass_call
def listed(call: Call, incident: str | None) -> None:
    """Every file of an incident: for everybody, for named people, or held elsewhere."""
    from console.services import incidents

    with call.session() as session:
        inc = incidents.optional_incident(session, incident)
        found = session.reader.entries(inc, org=inc is None, kinds=("evidence",))
        listed = [_told(session, one.id) for one in found if "blob" in one.disclosed]
    files = [one for one in listed if "sha256" in one]  # what names no file by its hash is in the timeline
    call.tell({"files": files}, *([_line(one) for one in files] or ["No file is attached."]))


def _told(session: Session, entry: str) -> dict[str, Any]:
    from console.services import timeline

    file: EvidenceFile | None = timeline.detail(session, entry).file
    if file is None or file.named is None:
        return {"entry": entry}
    told: dict[str, Any] = {
        "entry": entry, "class": file.named.kind, "sha256": file.sha256, "size": file.size, "here": file.here,
        "name": file.name,
    }  # fmt: skip
    if file.named.kind == "need-to-know":
        told |= {"to": list(file.named.to), "to_names": list(file.to), "mine": file.mine, "strange": file.strange}
    if file.named.kind == "held":
        told |= {"holder": file.named.holder, "place": file.named.place}
    return told


def _names(told: dict[str, Any]) -> str:
    return ", ".join(told["to_names"])


def _line(told: dict[str, Any]) -> str:
    from console.domain.deceit import shown

    name = shown(told["name"]) or ("(its name is encrypted)" if told["class"] == "need-to-know" else "(no name)")
    where = "" if told["here"] or told["class"] == "held" else ", not here yet"
    line = f"{told['entry'][:16]}  {told['class']:<12} {name}, {told['size']:,} bytes{where}, sha256 {told['sha256']}"
    if told["class"] == "held":
        return f"{line}\n      held by {shown(told['holder'])}, {shown(told['place'])}"
    if told["class"] != "need-to-know":
        return line
    mine = "you can open it" if told["mine"] else "you cannot open it"
    return f"{line}\n      for {_names(told)}; {mine}" + (f"\n      {told['strange']}" if told["strange"] else "")
