"""`standdown adapter`: what speaks to control planes: list, write, try, keep."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.frame import Call, exit_with, pass_call
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from console.services.adapters import AdapterLine, Asked


@click.group("adapter")
def command() -> None:
    """What speaks to control planes: list them, write one of your own, try one that a file declares."""


@command.command("list")
@pass_call
def list_(call: Call) -> None:
    """Every adapter on this computer: shipped, installed beside Standdown, or declared in a file."""
    from console.services import adapters

    found = adapters.known()
    call.tell({"ok": True, "adapters": [asdict(one) for one in found]}, *(_line(one) for one in found))


def _line(one: AdapterLine) -> str:
    if one.broken:
        return f"{one.name:<18} {one.kind:<9} BROKEN: {one.broken}"
    where = f" at {one.address}" if one.address else ""
    unproven = f"; unproven: {', '.join(one.unproven)}" if one.unproven else ""
    return (
        f"{one.name:<18} {one.kind:<9} {one.title}{where}, version {one.version}, contract {one.contract}: "
        f"{', '.join(one.levers)}{unproven}"
    )


@command.command(
    epilog="""\b
Example:
  standdown adapter new our_gateway --folder ~/our-gateway
The manual's page on adapters goes on from there."""
)
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="A new folder (default: standdown-NAME here).")
@pass_call
def new(call: Call, name: str, folder: Path | None) -> None:
    """Write a package that passes the conformance kit and installs through its entry point."""
    from console.services import skeleton

    where = folder or Path(f"standdown-{name.replace('_', '-')}")
    made = skeleton.make(name, where)
    python = sys.executable  # the one that Standdown runs in: no other has the kit
    lines = [f"{len(made)} files in {where}. Its tests pass as they stand:", f"  cd {where} && {python} -m pytest"]
    lines += ["Into Standdown; then `standdown adapter list` names it:", f"  {python} -m pip install {where}"]
    call.tell({"ok": True, "folder": str(where), "files": [str(path) for path in made]}, *lines)


@command.command(
    "try",
    epilog="""\b
Examples:
  standdown adapter try bans.yaml
  standdown adapter try bans.yaml --selector account.ban=u-1
  standdown adapter try bans-test.yaml --selector account.ban=u-1 --pull --caller
Without --pull it only reads. Exit codes: 1 the kit found a fault, 2 the file has one, 4 nothing answers.""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "pairs", multiple=True, help="A setting of the file, name=value.")
@click.option("--selector", "asked", multiple=True, help="LEVER=SELECTOR: plan it, and show the exact requests.")
@click.option("--param", "params", multiple=True, help="A parameter of the lever, name=value.")
@click.option("--check-only", is_flag=True, help="Read the file and send nothing.")
@click.option("--pull", is_flag=True, help="Run the conformance kit: it really pulls; against this computer only.")
@click.option("--caller", is_flag=True, help="With --pull: ask for the caller's credential, to try what is forbidden.")
@pass_call
def try_(
    call: Call, file: Path, pairs: tuple[str, ...], asked: tuple[str, ...], params: tuple[str, ...],
    check_only: bool, pull: bool, caller: bool,  # noqa: FBT001  click hands options by name
) -> None:  # fmt: skip
    """Try an adapter that FILE declares: its faults with their lines, what answers, what would be sent."""
    from console.services import adapters, connection

    usable = adapters.check(file)
    told = usable.manifest
    levers = ", ".join(one.name for one in told.levers)
    lines = [f"{file.name} declares {told.name}, version {told.version}, at {usable.address}: {levers}."]
    if check_only:
        call.tell({"ok": True, "adapter": told.name, "levers": [one.name for one in told.levers]}, *lines)
        return
    wanted = _asked(asked, params)
    if pull and len(wanted) != 1:
        raise WrongUse("--pull takes exactly one --selector.", "Write for instance --selector account.ban=u-1 --pull.")
    settings = _pairs(pairs)
    secrets = {one: call.secret(f"{told.title}: {what}") for one, what in told.secrets.items()}
    if pull:
        if caller:
            secrets["caller"] = call.secret("The caller's credential")
        _pull(call, file, settings, secrets, wanted[0], caller="caller" if caller else None)
        return
    trial = adapters.try_file(file, settings, secrets, wanted)
    connection.require_answer(trial.report, told.title)
    plans = [
        {"lever": one.lever, "selector": one.selector, "why_not": why,
         "plan": None if planned is None else {
             "name": planned.name, "surface": planned.surface_key, "pre": dict(planned.pre),
             "wanted": dict(planned.wanted), "requests": [request.as_json() for request in planned.requests],
             "revert": [request.as_json() for request in planned.revert]}}
        for one, planned, why in trial.plans
    ]  # fmt: skip
    result = {"ok": True, "adapter": told.name, "report": asdict(trial.report), "plans": plans}
    call.tell(result, *lines, *trial.lines)


def _pull(
    call: Call, file: Path, settings: dict[str, str], secrets: dict[str, str], asked: Asked, *, caller: str | None
) -> None:
    from console.services import adapters

    done: list[dict[str, object]] = []
    lines: list[str] = []
    for one in adapters.pull(file, settings, secrets, asked, caller=caller):
        done.append({"name": one.name, "ok": one.ok, "demand": one.demand, "why_not": one.why_not})
        lines.append(
            f"{'ok   ' if one.ok else 'FAULT'} {one.demand}" + (f"\n        {one.why_not}" if one.why_not else "")
        )
        if len(done) % 5 == 0:
            call.progress(f"{len(done)} demands tried ...")
    wrong = sum(not one["ok"] for one in done)
    lines.append(f"{len(done) - wrong} of {len(done)} demands of the contract are met.")
    call.tell({"ok": not wrong, "tried": done}, *lines)
    if wrong:
        exit_with(1)


def _asked(pairs: tuple[str, ...], params: tuple[str, ...]) -> list[Asked]:
    from console.services.adapters import Asked

    given = _pairs(params)
    return [Asked(lever=lever, selector=selector, params=given) for lever, selector in _pairs(pairs).items()]


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise WrongUse(f"{pair!r} is no name=value.", "Write name=value.")
        found[name] = value
    return found


@command.command(epilog="\b\nExample:\n  standdown adapter add bans.yaml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where another file of that name is kept.")
@pass_call
def add(call: Call, file: Path, replace: bool) -> None:  # noqa: FBT001  click hands options by name
    """Keep FILE, so that providers can be connected through the adapter that it declares."""
    from console.services import adapters

    kept = adapters.keep(file, replace=replace)
    call.tell(
        {"ok": True, "adapter": kept.name}, f"Kept. Connect it with `standdown provider add {kept.name} --name ...`."
    )


@command.command()
@click.argument("name")
@pass_call
def remove(call: Call, name: str) -> None:
    """Let go of a kept file. Providers connected through it are shown as broken until it is kept again."""
    from console.services import adapters

    adapters.forget(name)
    call.tell({"ok": True, "adapter": name}, f"{name} is no longer kept here.")


@command.command(epilog="\b\nExample:\n  standdown adapter example bans > bans.yaml")
@click.argument("name")
@pass_call
def example(call: Call, name: str) -> None:
    """Print an example file: flags, firewall, gateway, bans."""
    from console.services import adapters

    text = adapters.example(name)
    call.tell({"ok": True, "text": text}, text.rstrip("\n"))
