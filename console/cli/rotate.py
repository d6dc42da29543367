"""`standdown rotate`: a leaked credential at one or several providers: slowed, replaced, seen in use, revoked."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from console.cli.correct import tell_proposal
from console.cli.frame import Call, pass_call, when
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from console.domain.rotation import Use
    from console.services.rotating import Rotated
    from console.services.rotation import Item, Rotating
    from console.services.session import Session


@click.group(
    "rotate",
    epilog="""\b
  standdown rotate begin --why "found in a public repository" \\
      --credential 'gateway key-old key-new slow=key.rpm,rpm=1 revoke=key.block' \\
      --credential 'openai svc_1 svc_2 slow=project.rpm@proj_1,model=atlas,rpm=1 revoke=account.delete'
  standdown rotate slow            (one correction; two people sign it)
  standdown rotate placed 0        (the replacement is where it is used)
  standdown rotate show            (counts again: is the new one seen in use?)
  standdown rotate revoke          (one correction for all that are replaced and seen, or unused for 24 h)

What slows a credential may select something else, its project or its owner: LEVER@WHAT. A provider that does not
answer is left out by name and holds the others up in nothing: call `slow` or `revoke` again for it.""",
)
def command() -> None:
    """Rotate leaked credentials: the reversible sibling first, replacement seen in use, the old one revoked."""


def _item(session: Session, text: str) -> Item:
    """`PROVIDER[:SURFACE] OLD [NEW] slow=LEVER[@WHAT][,name=value ..] revoke=LEVER`."""
    from console.services import planning
    from console.services.planning import TargetWish
    from console.services.rotation import Item

    words = shlex.split(text)
    named = dict(word.split("=", 1) for word in words[1:] if word.startswith(("slow=", "revoke=")))
    rest = [word for word in words[1:] if not word.startswith(("slow=", "revoke="))]
    if not words or not 1 <= len(rest) <= 2 or "revoke" not in named:  # noqa: PLR2004  the old one and the new one
        raise WrongUse(f"{text!r} is no credential.", "Write 'PROVIDER OLD NEW slow=LEVER,name=value revoke=LEVER'.")
    provider, _, surface = words[0].partition(":")
    where = planning.resolve(session, TargetWish(provider=provider, surface=surface, lever=named["revoke"]))
    slowing, *params = named.get("slow", "").split(",")
    sibling, _, slow_at = slowing.partition("@")
    pairs = tuple((name, value) for name, _, value in (one.partition("=") for one in params))
    return Item(
        instance=where.instance, surface=where.surface, old=rest[0], new=rest[1] if len(rest) > 1 else "",
        sibling=sibling, params=pairs, revoke=named["revoke"], slow_at=slow_at,
    )  # fmt: skip


def _look(call: Call, session: Session, inc: str) -> None:
    from console.services import rotation

    for line in rotation.look(session, inc):
        call.progress(f"Not read: {line}.")


def calls(one: Use | None) -> int | None:
    """The calls that were counted; None where none are."""
    return None if one is None or one.last_ms is not None else one.asked


def last_ms(one: Use | None) -> int | None:
    """The last use that is known: by its provider, or when the count last grew."""
    return None if one is None else (one.last_ms or None) if one.last_ms is not None else one.grew_ms


def _told(one: Rotating) -> tuple[dict[str, Any], list[str]]:
    facts = {
        "rotation": one.rotation.sha256, "why": one.rotation.why, "proposed": sorted(one.proposed),
        "ready": list(one.ready),
        "credentials": [
            {"number": at, "old": h.item.old, "new": h.item.new, "state": h.word, "fact": h.fact, "slowed": h.slowed,
             "placed_ms": h.placed_ms, "proposed": sorted(h.steps), "old_calls": calls(h.old),
             "old_last_ms": last_ms(h.old), "new_calls": calls(h.new), "new_last_ms": last_ms(h.new)}
            for at, h in enumerate(one.items)
        ],
    }  # fmt: skip
    lines = [f"Rotation {one.rotation.sha256[:16]}: {one.rotation.why}"]
    for at, held in enumerate(one.items):
        used = "its use is not told here"
        if held.old is not None and held.old.last_ms is not None:
            used = f"last used {when(held.old.last_ms) if held.old.last_ms else 'never, as far as is known there'}"
        elif held.old is not None:
            used = f"{held.old.asked} calls counted, last growing {when(held.old.grew_ms)}"
        new = f" -> {held.item.new}" if held.item.new else ""
        lines.append(f"    {at}: {held.item.old}{new}  {held.word}{', slowed' if held.slowed else ''}; {used}")
    return facts, lines


@command.command()
@click.option("--credential", "credentials", multiple=True, required=True, help="See the example below.")
@click.option("--why", required=True, help="What leaked, and how it is known.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def begin(call: Call, credentials: tuple[str, ...], why: str, incident: str | None) -> None:
    """Keep what is rotated and why; nothing is proposed yet."""
    from console.services import incidents, rotation

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        made = rotation.begin(session, inc, [_item(session, one) for one in credentials], why)
        _look(call, session, inc)
        made = rotation.find(session, inc, made.rotation.sha256)
    facts, lines = _told(made)
    call.tell({"ok": True, **facts}, *lines)


@command.command()
@click.option("--incident", help="Which incident (default: the only one).")
@pass_call
def show(call: Call, incident: str | None) -> None:
    """Count anew, and show where each credential stands."""
    from console.services import incidents, rotation

    with call.session() as session:
        inc = incidents.any_incident(session, incident)
        _look(call, session, inc)
        found = [_told(one) for one in rotation.rotations(session, inc)]
    lines = [line for _, some in found for line in some]
    call.tell({"ok": True, "rotations": [facts for facts, _ in found]}, *(lines or ["No credential is rotated."]))


def _tell(call: Call, found: Rotated) -> None:
    for one in found.left:
        call.progress(f"Left for later: {one.old} ({one.why}).")
    left = [{"number": one.number, "old": one.old, "why": one.why} for one in found.left]
    tell_proposal(call, found.made, {"left": left})


@command.command()
@click.argument("rotation", default="")
@click.option("--reason", default="", help="Why (default: why it is rotated).")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def slow(call: Call, rotation: str, reason: str, incident: str | None) -> None:
    """Propose the reversible sibling for every old credential, as one correction."""
    from console.services import incidents, rotating

    with call.session() as session:
        found = rotating.slow(session, incidents.find_incident(session, incident), rotation, reason)
    _tell(call, found)


@command.command()
@click.argument("number", type=int)
@click.argument("rotation", default="")
@click.option("--text", default="", help="Where, and by whom.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def placed(call: Call, number: int, rotation: str, text: str, incident: str | None) -> None:
    """Say that a replacement is where it is used; from now on its use is looked for."""
    from console.services import incidents
    from console.services import rotation as service

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        stored = service.placed(session, inc, rotation, number, text)
        _look(call, session, inc)
    call.tell({"ok": True, "entry": stored.id}, "Kept. `standdown rotate show` counts whether it is used.")


@command.command()
@click.argument("rotation", default="")
@click.option("--reason", default="", help="Why (default: why it is rotated).")
@click.option("--all", "every", is_flag=True, help="Also those still in use: what uses them stops.")
@click.option("--incident", help="Which incident (default: the only open one).")
@pass_call
def revoke(call: Call, rotation: str, reason: str, every: bool, incident: str | None) -> None:  # noqa: FBT001  click hands options by name
    """Propose to revoke all that are replaced and seen in use, or unused for 24 h, as one correction."""
    from console.services import incidents, rotating

    with call.session() as session:
        inc = incidents.find_incident(session, incident)
        _look(call, session, inc)
        found = rotating.revoke(session, inc, rotation, reason, all_of_them=every)
    _tell(call, found)
