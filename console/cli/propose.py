"""`standdown correct plan` and `propose`: what a correction would mean, and proposing it, in a terminal.

Planning reads and writes nothing. A proposal alone moves nothing.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.frame import Call, pass_call
from console.domain.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.services.corrections import Proposal, TargetWish, Trial, TrialTarget
    from console.services.session import Session
    from console.services.undoing import WayBack


@dataclass(kw_only=True)
class Asked:
    """What a person asks for on the command line or in a file, before any of it is looked up."""

    wishes: list[TargetWish] = field(default_factory=list["TargetWish"])
    reason: str = ""
    if_not: str = ""
    criteria: str = ""
    fallback: str = ""
    agreements: tuple[str, ...] = ()
    left: dict[str, str] = field(default_factory=dict[str, str])


def target_of(text: str, *, canary: bool = False) -> TargetWish:
    """`PROVIDER[:SURFACE] LEVER [SELECTOR] [name=value ..]`."""
    from console.services.corrections import TargetWish

    words = shlex.split(text)
    if len(words) < 2:  # noqa: PLR2004  provider and lever at least
        raise WrongUse(f"{text!r} is no target.", "Write 'PROVIDER[:SURFACE] LEVER SELECTOR name=value'.")
    provider, _, surface = words[0].partition(":")
    params = dict(word.split("=", 1) for word in words[2:] if "=" in word)
    rest = [word for word in words[2:] if "=" not in word]
    if len(rest) > 1:
        raise WrongUse(f"{text!r} names more than one selector.", "Give --target once for each.")
    return TargetWish(
        provider=provider, surface=surface, lever=words[1], selector=rest[0] if rest else "", params=params,
        canary=canary,
    )  # fmt: skip


def _from_file(path: Path) -> Asked:
    from console.services.corrections import TargetWish

    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise TypeError  # noqa: TRY301  one answer to every file that is not the form
        wishes = [
            TargetWish(
                provider=str(one["provider"]), surface=str(one.get("surface", "")), lever=str(one["lever"]),
                selector=str(one.get("selector", "")), canary=bool(one.get("canary", False)),
                params={str(name): str(value) for name, value in dict(one.get("params", {})).items()},
            )
            for one in found["targets"]
        ]  # fmt: skip
        texts = {name: str(found.get(name, "")) for name in ("reason", "if_not", "criteria", "fallback")}
        left = {str(name): str(why) for name, why in dict(found.get("left_out", {})).items()}
        terms = tuple(str(one) for one in list(found.get("agreements", ())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise WrongUse(
            f"{path} is no correction.",
            'Write JSON: {"reason": "..", "targets": [{"provider": "..", "lever": "..", "selector": ".."}]}.',
        ) from None
    return Asked(wishes=wishes, left=left, agreements=terms, **texts)


def way_json(way: WayBack) -> dict[str, Any]:
    """From where an undo goes, for programs."""
    return {
        "one_signature": way.alone, "feeds": list(way.feeds), "elsewhere": list(way.elsewhere), "told": way.told,
        "then": way.then,
    }  # fmt: skip


def tell_proposal(call: Call, made: Proposal, more: Mapping[str, Any] | None = None) -> None:
    """What was proposed: every target with what is sent, what it changes and what takes it back."""
    from console.providers.wishes import BACK, PATCH

    targets: list[dict[str, Any]] = []
    lines = [f"Proposed {made.op}: {len(made.plans)} targets. Gravity {made.action.gravity}: {made.reason}"]
    for at, (target, plan) in enumerate(zip(made.action.targets, made.plans, strict=True)):
        requests = [one.as_json() for one in plan.requests]
        targets.append({
            "target": at, "name": plan.name, "selector": plan.selector, "lever": plan.lever, "by_hand": target.by_hand,
            "canary": target.canary, "reach": target.reach, "reversal": target.reversal, "pre": dict(plan.pre),
            "wanted": dict(plan.wanted), "requests": requests, "revert": [one.as_json() for one in plan.revert],
            "notes": list(plan.notes), "params": dict(plan.params),
        })  # fmt: skip
        lines.append(f"  {at}: {plan.name} [{plan.selector}] {plan.lever}, reach {target.reach}, "
                     f"reversal {target.reversal}"
                     + (", canary" if target.canary else "") + (", by hand" if target.by_hand else ""))  # fmt: skip
        lines += [f"       now  {name} = {value}" for name, value in plan.pre.items()]
        lines += [f"       send {one.method} {one.path} {one.body}" for one in plan.requests]
        lines += [f"       back {one.method} {one.path} {one.body}" for one in plan.revert]
        texts = (BACK, PATCH) if made.action.direction == "contain" else (PATCH, BACK)
        lines += [f"       {name}: {value}" for name, value in plan.params.items() if value and name not in texts]
        lines += [f"       | {line}" for line in plan.params.get(texts[1], "").splitlines()]
        lines += [f"       note: {note}" for note in plan.notes]
    lines += [f"  {line}" for line in made.besides]
    if made.way is not None:
        lines += [f"  {line}" for line in (made.way.told, made.way.then) if line]
        more = {**(more or {}), "undo": way_json(made.way)}
    lines.append(f"Nothing moves before it is signed: standdown approve sign {made.sha[:16]}")
    call.tell(
        {"ok": True, "op": made.op, "document": made.sha, "gravity": made.action.gravity, "why": made.reason,
         "direction": made.action.direction, "targets": targets,
         "approve_by_ms": made.action.approve_by, "besides": list(made.besides), **(more or {})},
        *lines,
    )  # fmt: skip


# -- what is asked for -------------------------------------------------------------------------------------------------

_OPTIONS = (
    click.option("--target", "targets", multiple=True, help="'PROVIDER[:SURFACE] LEVER SELECTOR name=value ..'."),
    click.option("--canary", "canaries", multiple=True, help="As --target; corrected with it and probed."),
    click.option("--by-hand", "by_hand", help="What a person or vendor is asked to do."),
    click.option("--at", "at", help="Of the by-hand step: PROVIDER[:SURFACE] (a `manual` provider)."),
    click.option("--who", default="", help="Of the by-hand step: who is asked."),
    click.option("--assignee", help="Of the by-hand step: the member who sees to it."),
    click.option("--contact", default="", help="Of the by-hand step."),
    click.option("--ticket", default="", help="Of the by-hand step."),
    click.option("--category", default="shutdown", help="Of the by-hand step."),
    click.option("--file", "file", type=click.Path(path_type=Path), help="The whole correction as a JSON file."),
    click.option("--incident", help="Which incident (default: the only open one)."),
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _asked(session: Session, told: Mapping[str, Any]) -> Asked:
    """What the options and the file name together."""
    from console.services import incidents
    from console.services.corrections import TargetWish

    asked = _from_file(told["file"]) if told["file"] is not None else Asked()
    asked.wishes += [target_of(one) for one in told["targets"]]
    asked.wishes += [target_of(one, canary=True) for one in told["canaries"]]
    if told["by_hand"]:
        provider, _, surface = (told["at"] or "").partition(":")
        if not provider:
            raise WrongUse("A by-hand step needs --at PROVIDER.", "Add one: standdown provider add manual")
        names = ("who", "contact", "ticket", "category")
        params = {"instruction": told["by_hand"], **{name: told[name] for name in names if told[name]}}
        person = incidents.find_person(session, told["assignee"]) if told["assignee"] else None
        asked.wishes.append(
            TargetWish(provider=provider, surface=surface, lever="manual.ask", params=params, assignee=person)
        )
    if not asked.wishes:
        raise WrongUse("A correction needs a target.", "Give --target, --by-hand or --file.")
    return asked


# -- planning ----------------------------------------------------------------------------------------------------------


@click.command("plan", epilog="\b\nExample:\n  standdown correct plan --target 'gateway key.block key-17'")
@_with_options
@pass_call
def plan(call: Call, /, **told: Any) -> None:  # noqa: ANN401  click hands options by name
    """What a correction would mean: requests, users, work in flight, gaps, who could sign. Reads only."""
    from console.services import corrections, incidents

    with call.session() as session:
        asked = _asked(session, told)
        inc = incidents.optional_incident(session, told["incident"])
        trial = corrections.plan(session, inc, asked.wishes)
        names = {one.person: session.name_of(one.person) for one in session.roster.roster.persons}
    can = [names.get(one, one) for one in trial.can_sign]
    lines = [line for one in trial.targets for line in _trial_lines(one)]
    lines += [f"left out: {one.sentence}" for one in trial.left_out]
    lines += [f"Gravity {trial.gravity or 'not known'}: {trial.why}", f"Users: {_affected(trial)}"]
    lines += [f"Can sign: {', '.join(can) or 'nobody here'}", *(f"missing: {one}" for one in trial.missing)]
    call.tell(
        {"ok": trial.ready, "gravity": trial.gravity, "why": trial.why,
         "targets": list(map(_trial_json, trial.targets)),
         "left_out": [one.sentence for one in trial.left_out], "affected": trial.affected,
         "affected_known": trial.affected_known, "not_countable": trial.uncounted, "can_sign": can,
         "missing": list(trial.missing)},
        *lines, "Nothing was proposed.",
    )  # fmt: skip


def _affected(trial: Trial) -> str:
    known = f"{trial.affected_known} known" if trial.affected_known is not None else "none known"
    more = f"; at {trial.uncounted} of {len(trial.targets)} targets they cannot be counted" if trial.uncounted else ""
    return known + more


def _trial_json(one: TrialTarget) -> dict[str, Any]:
    from console.domain.flight import split

    planned = one.planned
    told: dict[str, Any] = {
        "provider": one.wish.provider, "surface": one.surface.name if one.surface else one.wish.surface,
        "lever": one.wish.lever, "selector": one.wish.selector, "possible": planned is not None,
        "why_not": one.why_not, "waits": one.waits, "instead": [lever.name for lever in one.instead],
        "ways": [*({"lever": lever.name, "title": lever.title, "by_hand": lever.by_hand, "reversal": lever.reversal}
                   for lever in one.instead if lever.name in one.ways),
                 *({"provider": other.provider, "surface": other.surface.name, "by_hand": other.by_hand}
                   for other in one.elsewhere)],
    }  # fmt: skip
    if planned is not None:
        in_flight, notes = split(planned.notes)
        told |= {
            "name": planned.name, "affected": planned.affected, "in_flight": in_flight, "notes": list(notes),
            "pre": dict(planned.pre), "wanted": dict(planned.wanted), "reach": planned.reach,
            "reversal": planned.reversal, "requests": [request.as_json() for request in planned.requests],
            "revert": [request.as_json() for request in planned.revert],
        }  # fmt: skip
    return told


def _way(way: Mapping[str, Any]) -> str:
    """One of several ways: another lever here, or another surface."""
    hand = ", by a person" if way["by_hand"] else ""
    if "lever" in way:
        return f"{way['lever']} ({way['title']}{hand}), reversal {way['reversal']}"
    return f"{way['surface']} at {way['provider']}{hand}: the vendor's own switch"


def _trial_lines(one: TrialTarget) -> list[str]:
    told = _trial_json(one)
    where = f"{told['lever']} {told['selector']} at {told['surface']}"
    if one.ways:
        return [f"{where}: GAP: {told['why_not']}", *(f"    way: {_way(way)}" for way in told["ways"])]
    if not told["possible"]:
        instead = f"; instead: {', '.join(told['instead'])}" if told["instead"] else ""
        return [f"{where}: GAP: {told['why_not']}{instead}"]
    affected = "not countable here" if told["affected"] is None else f"{told['affected']}"
    lines = [f"{where}: can be done, reversal {told['reversal']}", f"    users: {affected}",
             f"    in flight: {told['in_flight']}"]  # fmt: skip
    lines += [f"    milder: {name}" for name in told["instead"]]
    return lines + [f"    send {request['method']} {request['path']}" for request in told["requests"]]


# -- proposing ---------------------------------------------------------------------------------------------------------


@click.command(
    epilog="""\b
Examples:
  standdown correct propose --reason "exploits" --target 'gateway key.block key-17' --canary 'gateway key.block canary'
  standdown correct propose --reason "exploits" --target 'gateway key.block key-17 running=stop' \\
      --left-out 'triton:F-7=internal only' --fallback triton:F-6 --agreement 'Acme Ltd'
  standdown correct propose --reason "exploits" --target 'triton:F-7 model.unload F-7' \\
      --by-hand 'ask support to stop F-7' --at vendor:F-7 --who 'vendor support' --contact +1-555 --ticket T-17
  standdown correct propose --file correction.json"""
)
@_with_options
@click.option("--reason", default="", help="Why; signed with it.")
@click.option("--if-not", "if_not", default="", help="What happens if it is not done; signed with it.")
@click.option("--lift-criteria", "criteria", default="", help="When it may be lifted; signed with it.")
@click.option("--fallback", default="", help="What answers instead: PROVIDER:SURFACE or a model (read now), or none.")
@click.option("--agreement", "agreements", multiple=True, help="With whom, or its entry: it allows this; signed so.")
@click.option("--left-out", "left", multiple=True, help="'PROVIDER[:SURFACE]=why' of a surface that is not touched.")
@pass_call
def propose(call: Call, /, **told: Any) -> None:  # noqa: ANN401  click hands options by name
    """Propose a correction; shows the exact requests, pre-state, revert, gravity and reach.

    Whatever surface of the same model it leaves out is signed as left out, with the reason that is given here.
    """
    from console.services import corrections, incidents

    with call.session() as session:
        asked = _asked(session, told)
        for one in told["left"]:
            where, _, why = one.partition("=")
            asked.left[where.strip()] = why.strip()
        inc = incidents.find_incident(session, told["incident"])
        made = corrections.propose(
            session, inc, asked.wishes, told["reason"] or asked.reason, criteria=told["criteria"] or asked.criteria,
            if_not=told["if_not"] or asked.if_not, fallback=told["fallback"] or asked.fallback,
            allowed_by=told["agreements"] or asked.agreements,
            left_out=corrections.displaced(session, asked.wishes, asked.left),
        )  # fmt: skip
    tell_proposal(call, made)


__all__ = ["plan", "propose", "target_of", "tell_proposal"]
